"""A file is taken in whole or not at all; what is wrong is named with its line, the reason and what is right."""

from __future__ import annotations

import gzip
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from app.errors import BadInput, Conflict
from app.evidence.actions import entries, head
from app.probes.importing.files import import_file
from app.probes.tables import Monitor
from tests.conftest import NOW
from tests.probes.conftest import Take

HEAD = "at,monitor,state,latency_ms,error\n"
GOOD = "2025-06-28T22:00:00+02:00,a,up,183,\n"
DOWN = "2025-06-28T20:01:00Z,a,down,,connect_timeout\n"


def rows(session: Session) -> list[tuple[object, ...]]:
    query = sa.text("SELECT monitor, at, state, latency_ms, error FROM observation ORDER BY monitor, at")
    return [tuple(row) for row in session.connection().execute(query)]


EVENING = 1_751_140_800_000_000  # 2025-06-28T20:00:00Z in microseconds


@pytest.mark.parametrize(
    "content",
    [
        HEAD + GOOD + DOWN,
        (HEAD + GOOD + DOWN).rstrip("\n"),
        HEAD + GOOD + DOWN + "\n\n",
        (HEAD + GOOD + DOWN).replace("\n", "\r\n"),
        "\ufeff" + HEAD + GOOD + DOWN,
        "state,error,at,latency_ms,monitor\nup,,2025-06-28T20:00Z,183,a\ndown,connect_timeout,2025-06-28 20:01Z,,a\n",
        '"at","monitor","state","latency_ms","error"\n"2025-06-28T20:00:00Z","a","up","183",""\n' + DOWN,
        HEAD + DOWN + GOOD,
    ],
    ids=["plain", "no line end", "blank lines", "CRLF", "BOM", "other order", "quotes", "backwards"],
)
def test_every_way_of_writing_csv(session: Session, monitors: list[Monitor], take: Take, content: str) -> None:
    result = take(content)
    key = monitors[0].key
    assert rows(session) == [(key, EVENING, 0, 183, None), (key, EVENING + 60_000_000, 2, None, "connect_timeout")]
    assert (result.batch.rows, result.added, result.already_there) == (2, 2, 0)
    assert result.batch.states == {"up": 1, "degraded": 0, "down": 1, "unknown": 0}
    assert (result.batch.first_at, result.batch.last_at) == (
        datetime(2025, 6, 28, 20, tzinfo=UTC), datetime(2025, 6, 28, 20, 1, tzinfo=UTC),
    )  # fmt: skip


def test_json_lines(session: Session, monitors: list[Monitor], take: Take) -> None:
    lines = [
        {"at": "2025-06-28T22:00:00+02:00", "monitor": str(monitors[0].id).upper(), "state": "up", "latency_ms": 183},
        {"state": "down", "monitor": "a", "at": "2025-06-28T20:01:00Z", "latency_ms": None, "error": "connect_timeout"},
        {"state": "unknown", "monitor": "b", "at": "2025-06-28T20:01:00Z", "error": None},
    ]
    take("\n".join(map(json.dumps, lines)), "ndjson")
    a, b = (monitor.key for monitor in monitors)
    assert rows(session) == [
        (a, EVENING, 0, 183, None),
        (a, EVENING + 60_000_000, 2, None, "connect_timeout"),
        (b, EVENING + 60_000_000, 3, None, None),
    ]


def test_less_than_a_second_survives_and_errors_come_back_as_they_were(
    session: Session, monitors: list[Monitor], take: Take
) -> None:
    error = "back\\slash; \\N, it's 100 % \\t Ünïcode 🚀"
    take(f'at,monitor,state,error\n2025-06-28T20:00:00.000001Z,a,down,"{error}"\n2025-06-28T20:00:00.1Z,a,down,\\N\n')
    key = monitors[0].key
    assert rows(session) == [(key, EVENING + 1, 2, None, error), (key, EVENING + 100_000, 2, None, "\\N")]


def test_the_same_file_again_adds_nothing_however_it_is_packed(
    session: Session, monitors: list[Monitor], take: Take
) -> None:
    first = take(HEAD + GOOD + DOWN)
    log = head(session)
    for again in (take(HEAD + GOOD + DOWN, name="other.csv"), take(gzip.compress((HEAD + GOOD + DOWN).encode()))):
        assert again.repeated
        assert (again.added, again.already_there, again.batch.id) == (0, 2, first.batch.id)
    assert head(session) == log


def test_a_file_whose_import_was_taken_back_is_taken_in_anew(
    session: Session, monitors: list[Monitor], take: Take
) -> None:
    session.commit()
    assert take(HEAD + GOOD + DOWN).added == 2
    session.rollback()
    assert rows(session) == []
    again = take(HEAD + GOOD + DOWN)
    assert (again.repeated, again.added) == (False, 2)


def test_what_is_there_already_adds_nothing(session: Session, monitors: list[Monitor], take: Take) -> None:
    take(HEAD + GOOD)
    both = take(HEAD + GOOD.replace("183", "999") + DOWN + DOWN)
    assert (both.batch.rows, both.added, both.already_there) == (3, 1, 2)
    assert [row[3] for row in rows(session)] == [183, None]  # the first answer stays as it was
    nothing = take(HEAD + GOOD + GOOD)
    assert (nothing.added, nothing.repeated) == (0, False)


@pytest.mark.parametrize("many", [0, 9000], ids=["near", "far"])
def test_another_state_for_the_same_moment_is_a_contradiction(
    session: Session, monitors: list[Monitor], take: Take, many: int
) -> None:
    start = datetime(2025, 6, 1, tzinfo=UTC)
    between = "".join(f"{(start + timedelta(minutes=n)).isoformat()},b,up,,\n" for n in range(many))
    take(HEAD + GOOD)
    session.commit()
    flipped = GOOD.replace("up", "down")
    with pytest.raises(Conflict, match="recorded is up") as refused:
        take(HEAD + DOWN + between + flipped)
    assert refused.value.problem()["errors"][0]["field"] == f"line {3 + many}: state"
    session.rollback()
    later = GOOD.replace("22:00:00", "22:07:00")
    with pytest.raises(Conflict, match="but line 2 of this file says up") as refused:
        take(HEAD + later + between + DOWN + later.replace("up", "unknown") + later.replace("up", "degraded"))
    assert [error["field"] for error in refused.value.problem()["errors"]] == [
        f"line {4 + many}: state", f"line {5 + many}: state",
    ]  # fmt: skip
    session.rollback()
    assert len(rows(session)) == 1


def test_the_log_says_what_was_taken_in(session: Session, monitors: list[Monitor], take: Take) -> None:
    batch = take(HEAD + GOOD + DOWN).batch
    entry = list(entries(session))[-1]
    assert (entry["kind"], entry["source"], entry["seq"]) == ("observations.imported", "M", batch.entry)
    assert entry["subject"] == f"import_batch:{batch.id}"
    assert entry["occurred_at"] == "2025-06-28T20:01:00.000000Z"
    body = entry["body"]
    assert (body["file"], body["sha256"], body["rows"], body["added"]) == ("june.csv", batch.digest, 2, 2)
    assert body["monitors"][0]["monitor"] == str(monitors[0].id)
    assert entry["attachments"] == []


def test_a_refused_file_leaves_nothing_behind(session: Session, monitors: list[Monitor], take: Take) -> None:
    session.commit()
    before = head(session)
    start = datetime(2025, 6, 1, tzinfo=UTC)
    many = "".join(f"{(start + timedelta(minutes=n)).isoformat()},a,up,,\n" for n in range(9_000))
    with pytest.raises(BadInput, match="line 9002: state"):
        take(HEAD + many + DOWN.replace("down", "Down"))
    session.rollback()
    assert rows(session) == []
    assert head(session) == before
    assert take(HEAD + many + DOWN).added == 9_001


def test_a_pipe_is_read_too(session: Session, monitors: list[Monitor]) -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    result = import_file(session, Pipe((HEAD + GOOD).encode()), name="-", format="csv", now=NOW)
    assert result.added == 1


def test_progress_ends_at_the_end(session: Session, monitors: list[Monitor], tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    path = tmp_path / "june.csv"
    path.write_text(HEAD + GOOD + DOWN)
    import_file(
        session, path, name="x" * 300, format="csv", now=NOW, progress=lambda done, total: told.append((done, total))
    )
    assert told[-1] == (path.stat().st_size, path.stat().st_size)
