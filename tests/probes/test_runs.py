"""However observations arrive (in any order, in any pieces, again and again), the runs are those of one plain fold."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlmodel import Session

from app.probes.importing import runs as deriving
from app.probes.importing.fields import instant, micros
from app.probes.importing.files import import_file
from app.probes.tables import STATES, Monitor
from app.sla.case import State
from app.sla.timeline import STALE_INTERVALS, runs_of
from tests.conftest import NOW
from tests.probes.conftest import THEN, Take

SEEN = tuple[str, int, State]  # monitor, microseconds after THEN, state
SECONDS = {"a": 60, "b": 10}


def as_csv(observations: list[SEEN]) -> str:
    lines = [f"{(THEN + timedelta(microseconds=at)).isoformat()},{name},{state}" for name, at, state in observations]
    return "\n".join(["at,monitor,state", *lines])


@contextmanager
def undone(session: Session) -> Iterator[None]:
    """What is written inside is taken back."""
    savepoint = session.begin_nested()
    try:
        yield
    finally:
        savepoint.rollback()
        session.expire_all()


def stored(session: Session, monitor: Monitor) -> list[tuple[State, datetime, datetime, int, int]]:
    rows = session.connection().execute(
        sa.text("SELECT state, first_at, last_at, count, held_until FROM observed_run WHERE monitor = :m ORDER BY 2"),
        {"m": monitor.key},
    )
    return [(STATES[row[0]], instant(row[1]), instant(row[2]), row[3], row[4]) for row in rows]


def folded(observations: list[SEEN], name: str) -> list[tuple[State, datetime, datetime, int, int]]:
    """The runs of one monitor from scratch, by the law's own fold, with where each ends."""
    series = sorted({(THEN + timedelta(microseconds=at), state) for who, at, state in observations if who == name})
    interval = timedelta(seconds=SECONDS[name])
    runs = list(runs_of(series, interval))
    ends = [run.first_at for run in runs[1:]] + [datetime.max.replace(tzinfo=THEN.tzinfo)]
    return [
        (run.state, run.first_at, run.last_at, run.count, micros(min(end, run.last_at + STALE_INTERVALS * interval)))
        for run, end in zip(runs, ends, strict=False)
    ]


moments = st.one_of(
    st.integers(0, 40).map(lambda n: n * 30_000_000),  # half minutes: gaps of exactly the stale limit happen
    st.integers(0, 1_200_000_000),
)
seen = st.tuples(st.sampled_from("ab"), moments, st.sampled_from(STATES))
streams = st.lists(seen, min_size=1, max_size=60, unique_by=lambda one: one[:2])


@st.composite
def arrivals(draw: st.DrawFn) -> tuple[list[SEEN], list[list[SEEN]]]:
    """A stream, and the pieces it arrives in: some in order, some late, some twice."""
    stream = draw(streams)
    order = draw(st.sampled_from(["time", "any"]))
    ordered = sorted(stream, key=lambda one: one[1]) if order == "time" else draw(st.permutations(stream))
    cuts = sorted(draw(st.sets(st.integers(0, len(ordered)), max_size=6)) | {0, len(ordered)})
    pieces = [list(ordered[low:high]) for low, high in pairwise(cuts)]
    again = draw(st.lists(st.sampled_from(ordered), max_size=8))
    for one in again:
        pieces[draw(st.integers(0, len(pieces) - 1))].append(one)
    return stream, pieces


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(arrivals())
@example(([("a", 0, State.UP), ("a", 180_000_000, State.UP)], [[("a", 180_000_000, State.UP)], [("a", 0, State.UP)]]))
@example(([("a", 0, State.UP), ("a", 180_000_000, State.UP)], [[("a", 0, State.UP)], [("a", 180_000_000, State.UP)]]))
@example(([("a", 0, State.UP), ("a", 180_000_001, State.UP)], [[("a", 0, State.UP), ("a", 180_000_001, State.UP)]]))
def test_any_order_any_pieces_any_repeats(
    session: Session, monitors: list[Monitor], arrived: tuple[list[SEEN], list[list[SEEN]]]
) -> None:
    stream, pieces = arrived
    with undone(session):
        for piece in pieces:
            import_file(session, io.BytesIO(as_csv(piece).encode()), name="x", format="csv", now=NOW)
        for monitor in monitors:
            assert stored(session, monitor) == folded(stream, monitor.name)


def test_many_pieces_of_a_long_stream(session: Session, monitors: list[Monitor], take: Take) -> None:
    random = Random(88207)
    stream: list[SEEN] = []
    for name in "ab":
        at, state = 0, State.UP
        for _ in range(1500):
            at += random.choice([9_999_999, 10_000_000, 30_000_000, 60_000_000, 180_000_001])
            state = random.choice([state] * 9 + list(STATES))
            stream.append((name, at, state))
    stream.sort(key=lambda one: one[1])
    parts = [stream[place : place + 300] for place in range(0, len(stream), 300)]
    random.shuffle(parts)
    for part in parts:
        take(as_csv(part + random.sample(part, 5)))
    for monitor in monitors:
        assert stored(session, monitor) == folded(stream, monitor.name)


@pytest.mark.parametrize("at_once", [1, 2, 3])
def test_small_portions_give_the_same(session: Session, monitors: list[Monitor], take: Take, at_once: int) -> None:
    """The seams between what is read or written at a time leave no trace."""
    stream: list[SEEN] = [("a", 60_000_000 * n, STATES[(n // 3 % 2) * 2]) for n in range(20)]
    usual = deriving.AT_ONCE
    deriving.AT_ONCE = at_once
    try:
        take(as_csv(stream[5:12]))
        take(as_csv(stream[14:]))
        take(as_csv(stream[:5] + stream[12:14]))
    finally:
        deriving.AT_ONCE = usual
    assert stored(session, monitors[0]) == folded(stream, "a")


def test_the_log_holds_the_digest_of_what_is_stored(session: Session, monitors: list[Monitor], take: Take) -> None:
    """Whether a stretch came in order or late, its line in the log is what its observations fold into today."""
    from app.evidence.actions import entries

    minutes: list[SEEN] = [("a", 60_000_000 * n, STATES[2 if n in (4, 5) else 0]) for n in range(12)]
    for piece in (minutes[:2], minutes[2:3], minutes[8:], minutes[3:8]):  # begun, carried on, after a silence, late
        take(as_csv(piece))
        body = [entry for entry in entries(session) if entry["kind"] == "observations.imported"][-1]["body"]
        (line,) = body["monitors"]
        seal = hashlib.sha256()
        for state, first, last, count, _ in folded(piece, "a"):
            seal.update(f"{micros(first)}\t{micros(last)}\t{STATES.index(state)}\t{count}\n".encode())
        assert line["runs_sha256"] == seal.hexdigest()
        assert line["rows"] == len(piece)
