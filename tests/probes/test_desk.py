"""The prober's desk at the database: answers are written once, whatever happens, by one prober at a time."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from random import Random
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlmodel import Session, select

from app.db import transaction
from app.evidence.tables import Entry
from app.prober.clocks import Gap, micros
from app.prober.engine import Answer, Displaced, Health
from app.prober.outcome import UP, Fault, Phases, failed
from app.prober.spec import HttpSpec
from app.probes.actions import create_monitor, retire_monitor
from app.probes.desk import LocalDesk
from app.probes.importing.fields import instant
from app.probes.importing.runs import fold
from app.probes.importing.storing import Contradiction
from app.probes.recording import record, without
from app.probes.tables import Measurement, Monitor, Observation, ObservedRun, OwnOutage, Prober
from app.probes.vault import Sealed, Vault
from app.sla.timeline import STALE_INTERVALS
from tests.conftest import NOW
from tests.probes.conftest import THEN, watch

START = micros(NOW - timedelta(hours=2))
DOWN = failed(Fault.REFUSED, "nobody there")
LATER = failed(Fault.LATE)


def answers(monitor: Monitor, *seconds: float, outcome: object = UP) -> list[Answer]:
    assert monitor.key is not None
    phases = Phases(dns=100, connect=2000, first_byte=7000, total=9100, address="192.0.2.7")
    return [Answer(monitor.key, START + int(second * 1_000_000), outcome, phases) for second in seconds]  # type: ignore[arg-type]


def runs(session: Session) -> list[tuple[int, int, int, int, int]]:
    query = select(ObservedRun).order_by(ObservedRun.monitor, ObservedRun.first_at)  # type: ignore[arg-type]
    return [(r.monitor, r.first_at, r.last_at, r.state, r.count) for r in session.exec(query)]


def test_answers_are_observations_with_what_was_measured(session: Session, monitors: list[Monitor]) -> None:
    a, b = monitors
    said = [*answers(a, 0, 60), *answers(a, 120, outcome=DOWN), *answers(b, 5)]
    assert record(session, said) == 4
    rows = session.exec(select(Observation).where(Observation.monitor == a.key)).all()
    told = [(row.state, row.latency_ms, row.error) for row in rows]
    assert told == [(0, 9, None), (0, 9, None), (2, None, "refused")]
    measured = session.get(Measurement, (a.key, START + 120_000_000))
    assert measured is not None
    assert (measured.total_us, measured.detail, measured.address) == (9100, "nobody there", "192.0.2.7")
    assert [run[3:] for run in runs(session)] == [(0, 2), (2, 1), (0, 1)]


def test_a_batch_twice_or_half_or_late_adds_nothing_twice(session: Session, monitors: list[Monitor]) -> None:
    a, _ = monitors
    said = answers(a, 0, 60, 120)
    assert record(session, said) == 3
    before = runs(session)
    assert record(session, said) == 0
    assert record(session, [*said[1:], *answers(a, 180)]) == 1
    assert record(session, answers(a, 90)) == 1
    assert record(session, []) == 0
    assert [run[4] for run in runs(session)] == [5]
    assert runs(session) != before


def test_a_contradiction_is_found_and_can_be_left_out(session: Session, monitors: list[Monitor]) -> None:
    a, _ = monitors
    record(session, answers(a, 0, 60))
    session.commit()
    other = [*answers(a, 60, outcome=DOWN), *answers(a, 120)]
    with pytest.raises(Contradiction) as said:
        record(session, other)
    session.rollback()
    assert record(session, without(other, said.value)) == 1


def test_in_whatever_order_and_however_often_the_runs_are_those_of_one_fold(
    session: Session, monitors: list[Monitor]
) -> None:
    """A property over random streams: late, repeated, cut anywhere."""
    random = Random(5)
    for monitor, count in zip(monitors, (160, 120), strict=True):
        at, stream = 0.0, []
        for _ in range(count):
            at += random.choice((1, 10, 60, 60, 60, 200, 900))
            stream += answers(monitor, at, outcome=random.choice((UP, UP, UP, DOWN, LATER)))
        handed = stream + random.sample(stream, 40)
        random.shuffle(handed)
        while handed:
            cut = random.randint(1, 40)
            record(session, handed[:cut])
            handed = handed[cut:]
        expected: list = []  # type: ignore[type-arg]
        codes = {"up": 0, "down": 2, "unknown": 3}
        limit = STALE_INTERVALS * monitor.interval_seconds * 1_000_000
        fold(expected, [one.at for one in stream], [codes[str(one.outcome.state)] for one in stream], limit)
        found = [run[1:] for run in runs(session) if run[0] == monitor.key]
        assert found == [(run.first, run.last, run.state, run.count) for run in expected]


# --- the desk ---------------------------------------------------------------------------------------------------------


def desk(engine: sa.Engine, folder: Path, still: float = 0.3) -> LocalDesk:
    return LocalDesk(engine, Vault(folder / "secret.key"), lambda: NOW, still)


@pytest.fixture
def asking(session: Session, service_id: UUID, engine: sa.Engine, tmp_path: Path) -> Monitor:
    """A monitor that asks, and one that does not."""
    watch(session, service_id, "imported")
    made = create_monitor(
        session, name="shop", service_id=service_id, site_id=None, interval_seconds=60, confirm_after=3,
        source="own probe", now=THEN, spec=HttpSpec(url="https://shop.example/"),
        headers={"Authorization": "Basic abc"}, vault=Vault(tmp_path / "secret.key"),
    )  # fmt: skip
    session.commit()
    return made


def test_what_is_asked_is_handed_out_once_and_again_when_it_changes(
    session: Session, engine: sa.Engine, tmp_path: Path, asking: Monitor
) -> None:
    async def run() -> None:
        made = desk(engine, tmp_path)
        await made.enter()
        (one,) = await made.assignments() or []
        assert (one.id, one.new, one.headers) == (str(asking.id), True, {"Authorization": "Basic abc"})
        assert await made.assignments() is None
        with transaction(engine) as other:
            row = other.get(Monitor, asking.key)
            assert row is not None
            retire_monitor(other, row, until_at=NOW, reason="moved", now=NOW)
        assert await made.assignments() == []
        await made.leave()

    asyncio.run(run())
    assert "abc" not in (session.exec(select(Entry.body).where(Entry.kind == "monitor.created")).all()[-1])
    stored = session.connection().execute(sa.text("select sealed from monitor where kind = 'http'")).scalar()
    assert b"abc" not in bytes(stored)
    assert (tmp_path / "secret.key").stat().st_mode & 0o077 == 0
    with pytest.raises(Sealed, match="another key"):
        Vault(tmp_path / "other.key").open(bytes(stored))


def test_failures_in_a_row_are_remembered_over_a_restart(engine: sa.Engine, tmp_path: Path, asking: Monitor) -> None:
    async def run() -> None:
        first = desk(engine, tmp_path)
        await first.enter()
        await first.record([*answers(asking, 0), *answers(asking, 60, 70, outcome=DOWN)], [], Health())
        await first.leave()
        second = desk(engine, tmp_path)
        await second.enter()  # at once: the first one left in order
        (one,) = await second.assignments() or []
        assert (one.failures, one.new) == (2, False)
        await second.leave()

    asyncio.run(run())


def test_one_prober_at_a_time_and_one_that_lost_its_place_writes_nothing(
    session: Session, engine: sa.Engine, tmp_path: Path, asking: Monitor
) -> None:
    async def run() -> None:
        first, second = desk(engine, tmp_path), desk(engine, tmp_path)
        await first.enter()
        waiting = asyncio.ensure_future(second.enter())
        for turn in range(6):  # for as long as it shows a turn now and then, nobody takes its place
            await asyncio.sleep(0.1)
            await first.record(answers(asking, turn), [], Health(monitors=1))
            assert not waiting.done()
        await asyncio.wait_for(waiting, 5)  # it shows none any more, as if it had been killed
        with pytest.raises(Displaced):
            await first.record(answers(asking, 100), [], Health())
        await first.leave()  # which takes nobody's place away
        await second.record(answers(asking, 200), [], Health(monitors=1))
        await second.leave()

    asyncio.run(run())
    assert [row.at - START for row in session.exec(select(Observation))] == [0, 1e6, 2e6, 3e6, 4e6, 5e6, 200e6]
    row = session.exec(select(Prober)).one()
    assert (row.holder, row.health["monitors"]) == (None, 1)


def test_our_own_outages_are_measured_facts_and_a_contradiction_stops_nothing(
    session: Session, engine: sa.Engine, tmp_path: Path, asking: Monitor
) -> None:
    async def run() -> None:
        made = desk(engine, tmp_path)
        await made.enter()
        gap = Gap(START, START + 60_000_000, "our own clock jumped by +60.0 s, or the machine slept")
        await made.record(answers(asking, 0), [gap], Health())
        await made.record([*answers(asking, 0, outcome=DOWN), *answers(asking, 60)], [], Health())
        await made.leave()

    asyncio.run(run())
    outage = session.exec(select(OwnOutage)).one()
    assert (outage.start_at, outage.source) == (instant(START), "M")
    assert [row.state for row in session.exec(select(Observation))] == [0, 0]
    entry = session.exec(select(Entry).where(Entry.kind == "own_outage.recorded")).one()
    assert (entry.actor, entry.source) == ("prober", "M")
