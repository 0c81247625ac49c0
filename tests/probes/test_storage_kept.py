"""What is sealed stays as it was: read back with all that was measured, proven, held while somebody needs it, let go in
the open, damaged never unseen; and a process that is killed loses nothing and does nothing twice."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlmodel import Session, select

from app.db import reader, transaction
from app.errors import Conflict
from app.evidence.actions import entries
from app.evidence.tables import Entry
from app.migrate import MIGRATIONS, downgrade, upgrade
from app.prober.engine import Answer
from app.prober.outcome import Fault, Outcome, Phases
from app.probes.importing.storing import Contradiction
from app.probes.recording import record
from app.probes.storage import days, merkle, reading
from app.probes.storage.hours import HOUR, hour_at, key
from app.probes.storage.merging import merge_all
from app.probes.storage.proving import proof
from app.probes.storage.retention import Hold, edge_of, let_go
from app.probes.storage.tables import Chunk, ChunkDay
from app.probes.storage.verifying import verify
from app.probes.tables import CODES, Measurement, Monitor, Observation
from app.sla.case import State
from tests.conftest import NOW
from tests.probes.conftest import THEN, watch
from tests.probes.sealer import seal_until_done
from tests.probes.test_runs import SEEN, folded, stored
from tests.probes.test_storage import ON_SQLITE, START, check, seal_all, taken
from tests.running import FORKS

DAY = timedelta(days=1)
MINUTES = 60_000_000


def minutes(name: str, low: int, high: int, down: Sequence[int] = ()) -> list[SEEN]:
    return [(name, n * MINUTES, State.DOWN if n in down else State.UP) for n in range(low, high)]


def nobody(_session: Session, _now: datetime) -> list[Hold]:
    return []


def test_what_was_measured_comes_back_and_an_answer_twice_is_one(
    session: Session, engine: sa.Engine, monitors: list[Monitor]
) -> None:
    session.commit()
    one = monitors[0].key or 0
    failed = Outcome(State.DOWN, Fault.STATUS, "503 \u2603", "ab" * 32)
    answers = [
        Answer(one, START + n * MINUTES, failed if n % 7 == 3 else Outcome(State.UP),
               Phases(812, 11_433, None, 98_760 + n, 123_456 + 137 * n, address="203.0.113.10"))
        for n in range(60)
    ]  # fmt: skip
    with transaction(engine) as writing:
        assert record(writing, answers) == 60
        before = [(row, writing.get_one(Measurement, (one, row.at))) for row in writing.exec(select(Observation))]
    seal_all(engine, NOW)
    with Session(reader(engine)) as seen:
        newest = reading.newest(seen, one, 100)
        assert [row.at for row in newest] == sorted((row.at for row, _ in before), reverse=True)
        for row, (was, measured) in zip(reversed(newest), before, strict=True):
            assert row._asdict() == {**was.model_dump(exclude={"monitor"}), **measured.model_dump(exclude={"monitor"})}
        assert newest[1].total_us == 131_000  # whole milliseconds, as latency_ms has them
        assert newest[1].latency_ms == 131
        assert newest[1].dns_us == 800  # below ten, tenths
        assert reading.one(seen, one, answers[3].at).error == "status"  # type: ignore[union-attr]
    with transaction(engine) as writing:
        assert record(writing, answers) == 0
        assert writing.exec(select(sa.func.count()).select_from(Measurement)).one() == 0
        new = Answer(one, START + 61 * MINUTES, Outcome(State.UP), Phases())
        assert record(writing, [*answers, new]) == 1
    wrong = [*answers[:9], Answer(one, answers[9].at, failed, Phases())]
    with pytest.raises(Contradiction) as said, transaction(engine) as writing:
        record(writing, wrong)
    assert [(found.line, found.says, found.recorded) for found in said.value.found] == [(9, 2, 0)]


@ON_SQLITE
def test_a_line_that_contradicts_what_is_sealed_is_named(
    engine: sa.Engine, session: Session, monitors: list[Monitor]
) -> None:
    session.commit()
    taken(engine, minutes("a", 0, 120))
    seal_all(engine, NOW)
    taken(engine, minutes("a", 121, 125))  # some of it is in the table
    for wrong, line in ((70, 72), (123, 125)):
        with pytest.raises(Conflict, match=f"line {line}: state: says down for a .* but recorded is up"):
            taken(engine, minutes("a", 0, 120) + minutes("a", 120, 126, (123,)) if wrong == 123
                  else minutes("a", 0, 126, (70,)))  # fmt: skip


def test_let_go_in_the_open_and_never_what_somebody_needs(
    session: Session, engine: sa.Engine, monitors: list[Monitor]
) -> None:
    session.commit()
    stream = minutes("a", 0, 2880, range(600, 660)) + minutes("b", 0, 1500)
    taken(engine, stream)
    seal_all(engine, THEN + DAY + timedelta(minutes=6))  # the first day; its round is a day old in time
    assert merge_all(engine, THEN + DAY + timedelta(minutes=6)) == (2, 48)
    seal_all(engine, THEN + 3 * DAY)
    a, b = (one.key or 0 for one in monitors[:2])
    now = datetime(2025, 8, 3, tzinfo=THEN.tzinfo)
    assert edge_of(now, 2) == THEN + 2 * DAY
    whole = proof_of(engine, "a", THEN + timedelta(hours=5))

    def held(_session: Session, _now: datetime) -> list[Hold]:
        return [Hold(frozenset({b}), START + 10 * HOUR, START + 11 * HOUR, "claim C-1: filed")]

    dry = let_go(engine, now, months=2, holds=held, dry=True)
    check(engine, monitors, set(stream))
    done = let_go(engine, now, months=2, holds=held)
    told = (done.chunks, done.observations, done.held, done.why, done.more)
    assert told == (24, 1440, 24, ("claim C-1: filed",), False)
    assert done == dry
    with Session(reader(engine)) as seen:
        lost = reading.digests(seen, a, reading.gone(seen, a, START, START + 100 * HOUR))
        assert [one.hour - hour_at(THEN) for one, _, _ in lost] == list(range(24))
        assert lost[5][1] == whole
        there = [at for part in reading.columns(seen, a, START, START + 30 * HOUR) for at in part.at]
        assert there == [START + n * MINUTES for n in range(1440, 1800)]
        tally = reading.tally(seen, a, START, START + 48 * HOUR)
        assert (tally.counts, tally.gone) == ([2820, 0, 60, 0], 1440)
        checked = verify(seen)
        assert (checked.faults, checked.gone) == ([], 24)
        body = json.loads(seen.exec(select(Entry.body).where(Entry.kind == "observations.let_go")).one())
        assert (body["chunks"], body["kept_months"], body["monitors"]) == (24, 2, 1)
        assert proof(seen, "a", THEN + timedelta(hours=5)).lines is None
    with pytest.raises(Conflict, match="were let go when their time was over"):
        taken(engine, minutes("a", 1430, 1445))
    late: list[SEEN] = [("a", 1440 * MINUTES + 30_000_000, State.UP), ("a", 1700 * MINUTES + 5, State.DOWN)]
    taken(engine, late)  # into the run that began before, of which the first day is gone
    with Session(reader(engine)) as seen:
        assert stored(seen, monitors[0]) == folded(stream + late, "a")
    assert let_go(engine, now, months=2, holds=held).chunks == 0  # before it is sealed nothing of `a` goes
    seal_all(engine, NOW)
    assert let_go(engine, now, months=2, holds=nobody).chunks == 24  # the claim is settled
    taken(engine, [("a", 2000 * MINUTES + 5, State.DEGRADED)])
    seal_all(engine, NOW)
    merge_all(engine, NOW)
    later = datetime(2025, 9, 1, tzinfo=THEN.tzinfo)
    assert let_go(engine, later, months=2, holds=nobody).chunks == 1  # of b: of a one hour was sealed again of late
    with Session(reader(engine)) as seen:
        assert not verify(seen).faults
    assert let_go(engine, NOW + 99 * DAY, months=2, holds=nobody).chunks == 24
    with Session(reader(engine)) as seen:
        assert stored(seen, monitors[0]) == folded([*stream, *late, ("a", 2000 * MINUTES + 5, State.DEGRADED)], "a")


def proof_of(engine: sa.Engine, name: str, hour: datetime) -> str:
    """The digest, once its lines and its way have been gone by hand."""
    with Session(reader(engine)) as seen:
        found = proof(seen, name, hour)
        assert found.lines is not None
        assert hashlib.sha256("".join(found.lines).encode()).hexdigest() == found.digest
        assert merkle.climbed(found.digest, found.way) == found.root
        entry = next(one for one in entries(seen) if one["seq"] == found.entry)
        assert entry["body"]["root"] == found.root
        return found.digest


@ON_SQLITE
def test_what_waits_for_its_round_is_not_let_go_and_damage_is_seen(
    session: Session, engine: sa.Engine, monitors: list[Monitor]
) -> None:
    session.commit()
    taken(engine, minutes("a", 0, 300, (70,)) + minutes("b", 0, 60))
    seal_all(engine, THEN + DAY)
    taken(engine, [("a", 5, State.UP)])
    now, a = NOW + timedelta(days=400), monitors[0].key or 0
    assert let_go(engine, now, months=12, holds=nobody, dry=True).chunks == 1  # of b alone
    hour = hour_at(THEN)
    spoiled = {
        "changed": "UPDATE chunk SET data = (SELECT data FROM chunk WHERE key = :other) WHERE key = :k",
        "unreadable": "UPDATE chunk SET data = x'01ffff' WHERE key = :k",
        "missing": "DELETE FROM chunk WHERE key = :k AND :other > 0",
        "rollup": "UPDATE observed_day SET data = (SELECT data FROM observed_day ORDER BY key DESC LIMIT 1) "
        "WHERE key = (SELECT min(key) FROM observed_day) AND :k < :other",
        "unsealed": "INSERT INTO chunk (key, data) SELECT :k + 5, data FROM chunk WHERE key = :other",
        "round": "UPDATE seal_round SET leaves = CAST(substr(leaves, 1, 10) || x'aa' || substr(leaves, 12) AS BLOB) "
        "WHERE :k < :other",
    }
    for what, harm in spoiled.items():
        with Session(engine) as broken:
            broken.connection().execute(sa.text(harm), {"k": key(hour, a), "other": key(hour + 1, a)})
            assert what in {fault.what for fault in verify(broken).faults}, what
            broken.rollback()
    assert merge_all(engine, THEN + 2 * DAY) == (2, 6)
    first = key(hour // 24, a)
    with Session(reader(engine)) as seen:
        assert not verify(seen).faults
        rows = list(days.unpack(hour // 24, seen.get_one(ChunkDay, first).data).rows())
    other = days.pack(hour // 24, [rows[0]._replace(state=3), *rows[1:]], {})
    spoiled = {
        "changed": "UPDATE chunk_day SET data = :other WHERE key = :k",
        "unreadable": "UPDATE chunk_day SET data = CAST(substr(:other, 1, 8) AS BLOB) WHERE key = :k",
        "missing": "DELETE FROM chunk_day WHERE key = :k AND :other > ''",
        "unsealed": "INSERT INTO chunk_day (key, data) SELECT :k + 5, :other",
    }
    for what, harm in spoiled.items():
        with Session(engine) as broken:
            broken.connection().execute(sa.text(harm), {"k": first, "other": other})
            assert {fault.what for fault in verify(broken).faults} == {what}
            broken.rollback()
    with transaction(engine) as broken:
        broken.connection().execute(sa.text(spoiled["changed"]), {"k": first, "other": other})
    assert seal_all(engine, NOW) == 0  # what came late is not put with what nobody can vouch for
    with Session(reader(engine)) as seen:
        assert seen.exec(select(sa.func.count()).select_from(Observation)).one() == 1
    taken(engine, minutes("a", 300, 400))
    assert seal_all(engine, NOW) == 2  # and hinders nothing else


@ON_SQLITE
def test_what_is_of_another_kind_is_found_and_stops_nothing(
    session: Session, engine: sa.Engine, monitors: list[Monitor]
) -> None:
    """SQLite takes anything in any column, and whoever has its file can write it. Each is a fault, none a defect."""
    session.commit()
    taken(engine, minutes("a", 0, 1500) + minutes("b", 0, 60))
    seal_all(engine, NOW)
    assert merge_all(engine, THEN + 2 * DAY) == (2, 25)
    taken(engine, [("b", 30 * MINUTES + 7, State.UP)])
    seal_all(engine, NOW)
    with engine.begin() as connection:
        names = connection.execute(sa.text("select name from sqlite_master where type = 'trigger'")).scalars().all()
        for name in names:
            connection.exec_driver_sql(f"drop trigger {name}")
    other = ("'text'", "7.5", "-5", "cast(x'32ff' as text)", "'[1]'")
    columns = ("seal_round.leaves", "seal_round.root", "seal_round.entry", "entry.body", "chunk.data", "chunk_day.data",
               "observed_day.data")  # fmt: skip
    changes = [(column.split("."), value) for column in columns for value in other]
    for (table, column), value in [*changes, (("chunk", "key"), str(2**63 - 1)), (("monitor", "id"), "'none'")]:
        with Session(engine) as broken:
            last = f"(select max(rowid) from {table})"
            broken.connection().exec_driver_sql(f"update {table} set {column} = {value} where rowid = {last}")
            assert verify(broken).faults, (table, column, value)
            broken.rollback()
    with Session(reader(engine)) as seen:
        assert not verify(seen).faults


def test_days_are_hours_again_before_there_were_days(
    session: Session, engine: sa.Engine, monitors: list[Monitor]
) -> None:
    """The migration, on both databases: down with late hours beside their day, and up again."""
    session.commit()
    taken(engine, minutes("a", 0, 1500, range(70, 90)) + minutes("b", 30, 90))
    seal_all(engine, NOW)
    hourly = chunk_rows(engine)
    taken(engine, [("a", 5, State.UP)])
    seal_all(engine, NOW)
    assert merge_all(engine, NOW) == (3, 27)
    taken(engine, [("a", 7, State.UP), ("b", 31 * MINUTES + 7, State.UP)])
    seal_all(engine, NOW)
    late = chunk_rows(engine)
    assert len(late) == 2
    (step,) = (path.name[:4] for path in MIGRATIONS.glob("versions/*_days_of_observations.py"))
    downgrade(engine, step)
    downgrade(engine, "-1")
    before = chunk_rows(engine)
    assert before.keys() == hourly.keys()
    assert {one for one, content in hourly.items() if before[one] != content} == late.keys()
    assert late.items() <= before.items()
    upgrade(engine)
    with Session(reader(engine)) as seen:
        assert not verify(seen).faults
    assert merge_all(engine, NOW) == (3, 27)
    with Session(reader(engine)) as seen:
        checked = verify(seen)
    assert (checked.chunks, checked.observations, checked.faults) == (27, 1563, [])


def chunk_rows(engine: sa.Engine) -> dict[int, bytes]:
    with Session(reader(engine)) as seen:
        return {one.key: bytes(one.data) for one in seen.exec(select(Chunk))}


def test_killed_while_it_seals(session: Session, engine: sa.Engine, service_id: UUID) -> None:
    series = [watch(session, service_id, f"m{n}", 1800) for n in range(24)]
    session.commit()
    random, stream = Random(11), list[SEEN]()
    for n in range(36 * 2):
        for one in series:
            stream.append((one.name, n * 30 * MINUTES, random.choice([State.UP] * 9 + [State.DOWN])))
    taken(engine, stream)
    keys = [one.key or 0 for one in series]
    url = engine.url.render_as_string(hide_password=False)
    killed = 0
    for _ in range(3):
        process = FORKS.Process(target=seal_until_done, args=(url, NOW))
        process.start()
        with engine.connect() as looking:  # it is at work: somewhere in a round, or between two
            until = time.monotonic() + 30
            rounds = count(looking)
            while process.is_alive() and count(looking) == rounds and time.monotonic() < until:
                time.sleep(0.002)
        time.sleep(random.uniform(0, 0.15))
        process.kill()
        process.join(30)
        killed += process.exitcode == -9
        with Session(reader(engine)) as seen:
            assert not verify(seen).faults
            rows = [(seen_of, row.at) for seen_of, row in reading.rows(seen, keys, START, START + 48 * HOUR)]
            assert len(rows) == len(set(rows)) == len(stream)
    assert killed
    seal_until_done(url, NOW)
    with Session(reader(engine)) as seen:
        assert verify(seen).observations == len(stream)
        states = [row.state for _, row in reading.rows(seen, keys, START, START + 48 * HOUR)]
        assert states == [CODES[state] for _, _, state in stream]


def count(connection: sa.Connection) -> int:
    with connection.begin():
        return int(connection.execute(sa.text("select count(*) from seal_round")).scalar_one())
