"""Hours that are sealed: whatever comes late, twice or out of order, between whichever rounds, what is derived and what
is read back is what a plain list of all observations gives."""

from __future__ import annotations

import io
from collections import Counter
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session, select

from app.db import reader, transaction
from app.probes.importing.fields import instant, micros
from app.probes.importing.files import import_file
from app.probes.queries import monitors_of
from app.probes.storage import chunks, days, merkle, reading, rollups, sealing, sketch
from app.probes.storage.chunks import Seen
from app.probes.storage.hours import HOUR
from app.probes.storage.merging import merge_all
from app.probes.storage.tables import Chunk
from app.probes.storage.verifying import verify
from app.probes.tables import CODES, STATES, Monitor, Observation
from app.sla import timeline
from app.sla.case import State
from app.sla.spans import Span
from tests.conftest import NOW
from tests.probes.conftest import THEN
from tests.probes.test_runs import SEEN, as_csv, folded, stored

ON_SQLITE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)  # where no database decides
START = micros(THEN)
DAY = timedelta(days=1)


def seal_all(engine: sa.Engine, now: datetime) -> int:
    """How many chunks were sealed by now."""
    done = 0
    while (one := sealing.seal(engine, now)).chunks or one.more:
        done += one.chunks
    return done


values = st.one_of(st.none(), st.integers(0, 5_000_000), st.integers(0, 900).map(lambda n: n * 1000))
words = st.one_of(st.none(), st.text(st.characters(codec="utf-8"), max_size=12))


@st.composite
def hours_of_rows(draw: st.DrawFn) -> list[Seen]:
    ats = sorted(draw(st.sets(st.one_of(st.integers(0, HOUR - 1), st.integers(0, 59).map(lambda n: n * 60_000_000)),
                              min_size=1, max_size=40)))  # fmt: skip
    rows = []
    for at in ats:
        state, total = draw(st.integers(0, 3)), draw(values)
        latency = (
            chunks.latency_of(state, total)
            if draw(st.booleans())
            else draw(st.one_of(st.none(), st.integers(0, 86_400_000)))
        )
        rest = [draw(values) for _ in range(4)]
        rows.append(Seen(1000 * HOUR + at, state, latency, draw(words), *rest, total, *(draw(words) for _ in range(3))))
    return rows


@settings(max_examples=80, deadline=None)
@given(hours_of_rows(), st.one_of(st.none(), st.just("ab" * 32)))
def test_an_hour_comes_out_as_it_went_in(rows: list[Seen], replaces: str | None) -> None:
    packed = chunks.pack(1000, rows, replaces)
    assert list(chunks.unpack(1000, packed).rows()) == rows
    assert chunks.replaced(packed) == replaces
    later = [row._replace(at=row.at + 3 * HOUR) for row in rows]
    day = days.pack(41, [*rows, *later], {1003: replaces} if replaces else {})
    assert list(days.unpack(41, day).rows()) == [*rows, *later]
    assert days.hours_in(41, day[: days.HEAD]) == [1000, 1003]
    assert days.replaced_in(41, day) == ({1003: replaces} if replaces else {})
    few = chunks.unpack(1000, packed, whole=False)
    assert (few.at, few.state, few.latency_ms) == tuple([row[i] for row in rows] for i in range(3))


@settings(max_examples=80, deadline=None)
@given(st.lists(st.integers(0, 86_400_000), min_size=1, max_size=300), st.sampled_from([1, 50, 95, 99, 100]))
def test_a_percentile_is_off_by_less_than_one_per_cent(latencies: list[int], percent: int) -> None:
    """However many hours it is put together from, through what is stored of each."""
    whole = rollups.Rollup()
    for part in (latencies[0::2], latencies[1::2]):
        day = {7: rollups.Sealed(5, 1, rollups.fold([0] * len(part), part))}
        if part:
            assert rollups.unpack(rollups.pack(day)) == day
        whole.add(rollups.unpack(rollups.pack(day))[7].rollup)
    rank = -(-len(latencies) * percent // 100)
    exact = sorted(latencies)[max(rank, 1) - 1]
    found = sketch.percentile(whole.latencies, percent)
    assert found is not None
    assert abs(found - exact) * 127 <= exact


@pytest.mark.parametrize("broken", [b"", b"\0", b"\1abc", b"\0\5\0\1", b"\2short", b"\0" + b"\xff" * 30])
def test_bytes_that_are_no_hour_are_refused(broken: bytes) -> None:
    with pytest.raises(chunks.Broken):
        chunks.unpack(1000, broken)
    with pytest.raises(chunks.Broken):
        days.unpack(41, broken)


def test_an_hour_cut_anywhere_is_refused_or_something_else() -> None:
    rows = [Seen(1000 * HOUR + n * 60_000_000, 0, 100 + n, None) for n in range(59)]
    packed = chunks.pack(1000, rows)
    for length in range(len(packed)):
        with suppress(chunks.Broken):
            assert list(chunks.unpack(1000, packed[:length]).rows()) != rows


def test_the_way_from_a_digest_to_its_root() -> None:
    digests = [f"{n:064x}" for n in range(11)]
    for count in range(1, 12):
        root = merkle.root(digests[:count])
        for place in range(count):
            way = merkle.path(digests[:count], place)
            assert merkle.climbed(digests[place], way) == root
            assert merkle.climbed(digests[place - 1], way) != root or count == 1


moments = st.one_of(
    st.integers(0, 360).map(lambda n: n * 30_000_000),  # half minutes of three hours: gaps of exactly the stale limit
    st.integers(0, 3 * HOUR),
)
streams = st.lists(st.tuples(st.sampled_from("ab"), moments, st.sampled_from(STATES)),
                   min_size=1, max_size=50, unique_by=lambda one: one[:2])  # fmt: skip


@st.composite
def lives(draw: st.DrawFn) -> list[list[SEEN] | float]:
    """Pieces of a stream, in order, late, twice; and between them hours at which rounds are held."""
    stream = draw(streams)
    ordered = sorted(stream, key=lambda one: one[1]) if draw(st.booleans()) else draw(st.permutations(stream))
    cuts = sorted(draw(st.sets(st.integers(0, len(ordered)), max_size=5)) | {0, len(ordered)})
    out: list[list[SEEN] | float] = []
    for low, high in pairwise(cuts):
        piece = list(ordered[low:high]) + draw(st.lists(st.sampled_from(ordered[: high or 1]), max_size=6))
        out += [piece, *draw(st.lists(st.sampled_from([1.1, 2.1, 5.0]), max_size=1))]
    return out


def check(engine: sa.Engine, monitors: list[Monitor], stream: set[SEEN]) -> None:
    """Everything derived, against the same from scratch."""
    with Session(reader(engine)) as session:
        _check(session, monitors, stream)


def _check(session: Session, monitors: list[Monitor], stream: set[SEEN]) -> None:
    for monitor in monitors:
        assert monitor.key is not None
        mine = sorted((START + at, CODES[state]) for name, at, state in stream if name == monitor.name)
        read = [pair for part in reading.columns(session, monitor.key, 0, 1 << 60)
                for pair in zip(part.at, part.state, strict=True)]  # fmt: skip
        assert read == mine
        assert stored(session, monitor) == folded(list(stream), monitor.name)
        summed: Counter[int] = Counter()
        for hour in {at // HOUR for at, _ in mine}:
            rollup = rollups.Rollup()
            for _, sealed in reading.sealed_hours(session, monitor.key, hour, hour + 1):
                rollup.add(sealed.rollup)
            late = reading.table_rows(session, monitor.key, hour * HOUR, (hour + 1) * HOUR)
            rollup.add(rollups.fold([row.state for row in late], [row.latency_ms for row in late]))
            wanted = rollups.fold([state for at, state in mine if at // HOUR == hour], [])
            assert rollup.counts == wanted.counts
            summed.update({state: count for state, count in enumerate(rollup.counts) if count})
        assert summed == Counter(state for _, state in mine)
    span = Span(THEN - DAY, THEN + 2 * DAY)
    as_at = THEN + DAY
    for one in monitors_of(session, monitors[0].service_id, span):
        series = sorted((instant(START + at), state) for name, at, state in stream if name == one.name)
        scratch = timeline.read(
            type(one)(one.id, one.name, one.interval, one.confirm_after, tuple(timeline.runs_of(series, one.interval))),
            as_at,
        )
        assert timeline.read(one, as_at).failures == scratch.failures


def taken(engine: sa.Engine, piece: list[SEEN]) -> None:
    with transaction(engine) as writing:
        import_file(writing, io.BytesIO(as_csv(piece).encode()), name="x", format="csv", now=NOW)


def lived(engine: sa.Engine, monitors: list[Monitor], life: list[list[SEEN] | float]) -> None:
    stream: set[SEEN] = set()
    for step in life:
        if isinstance(step, float):
            seal_all(engine, THEN + timedelta(hours=step))
            if step > 2:
                merge_all(engine, THEN + 2 * DAY)  # so that what comes later comes for a day that is packed
        elif step:
            taken(engine, step)
            stream |= set(step)
    check(engine, monitors, stream)
    seal_all(engine, NOW)
    check(engine, monitors, stream)
    with Session(reader(engine)) as session:
        assert not verify(session).faults
    merge_all(engine, NOW)
    check(engine, monitors, stream)
    with Session(reader(engine)) as session:
        for emptied in (Observation, Chunk):
            assert session.exec(select(sa.func.count()).select_from(emptied)).one() == 0
        checked = verify(session)
    assert not checked.faults
    assert checked.observations == len(stream)


@ON_SQLITE
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lives())
def test_any_life(session: Session, engine: sa.Engine, monitors: list[Monitor], life: list[list[SEEN] | float]) -> None:
    session.commit()
    try:
        lived(engine, monitors, life)
    finally:
        with engine.begin() as connection:
            for table in ("observation", "measurement", "observed_run", "import_batch", "chunk", "chunk_day",
                          "observed_day", "seal_round", "stored"):  # fmt: skip
                connection.execute(sa.text(f"DELETE FROM {table}"))


def test_a_long_life(session: Session, engine: sa.Engine, monitors: list[Monitor]) -> None:
    """On both databases: most in order, some late, some twice, rounds in between."""
    session.commit()
    random, life, at, stream = Random(4711), list[list[SEEN] | float](), 0, list[SEEN]()
    for number in range(900):
        at += random.choice([10_000_000, 59_999_000, 60_000_000, 60_001_000, 180_000_001])
        stream.append((random.choice("ab"), at, random.choice([State.UP] * 8 + list(STATES))))
        stream = list({one[:2]: one for one in stream}.values())
        if number % 150 == 149:
            late = random.sample(stream, 20)
            life += [[one for one in stream if random.random() < 0.8] + late, at / HOUR]
    lived(engine, monitors, [*life, stream])
