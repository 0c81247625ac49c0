"""kill -9 of an agent and of its server at random moments over a simulated day, with real processes in between."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import httpx
import pytest
import sqlalchemy as sa
from sqlmodel import Session, col, select

from app.prober.spec import HttpSpec
from app.probes.actions import create_monitor
from app.probes.importing.fields import instant
from app.probes.locations.actions import add_location
from app.probes.tables import STATES, Monitor, Observation, ObservedRun
from app.sla.timeline import runs_of
from tests.probes.away import ask, fate, serve
from tests.probes.conftest import THEN
from tests.running import FORKS, free_port

DAY = datetime(2025, 6, 1, tzinfo=UTC)
HOSTS = 2


@contextmanager
def ended(process: Any) -> Iterator[Any]:
    """Whatever happens, the process does not outlive the test."""
    process.start()
    try:
        yield process
    finally:
        process.kill()
        process.join(30)


def served(url: str, folder: Path, port: int) -> Any:
    return FORKS.Process(target=serve, args=(url, str(folder), port))


def answers(port: int, process: Any) -> None:
    for _ in range(600):
        try:
            if httpx.get(f"http://127.0.0.1:{port}/health", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            assert process.exitcode is None, "the server did not start"
            time.sleep(0.05)
    raise AssertionError("the server does not answer")


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_killed_at_random_moments_on_either_side(
    session: Session, engine: sa.Engine, service_id: UUID, tmp_path: Path
) -> None:
    random = Random(5)
    _, token = add_location(session, name="york", now=THEN)
    for number in range(HOSTS):
        create_monitor(
            session, name=f"shop {number}", service_id=service_id, site_id=None, interval_seconds=60, confirm_after=3,
            source="own probe", now=THEN, spec=HttpSpec(url=f"http://host{number}.example/", timeout_ms=5000),
            locations=["york"], agreement="all",
        )  # fmt: skip
    session.commit()
    url, port = engine.url.render_as_string(hide_password=False), free_port()
    spool, says = tmp_path / "spool", tmp_path / "says"
    start, end = DAY, DAY + timedelta(days=1)
    kills = {"agent": 0, "server": 0}
    lives: list[tuple[datetime, datetime]] = []  # between a kill and the next life
    server = served(url, tmp_path, port)
    server.start()
    try:
        answers(port, server)
        says.touch()
        for life in range(4):
            last = life == 3
            arguments = (f"http://127.0.0.1:{port}", token, str(spool), start.isoformat(), end.isoformat(), str(says))
            before = says.stat().st_size
            with ended(FORKS.Process(target=ask, args=arguments)) as agent:
                until = random.randint(12_000, 22_000)  # bytes it says before it is killed; a day has well over 100,000
                cut = random.randint(1_000, 9_000)
                while agent.exitcode is None:
                    size = says.stat().st_size - before
                    if size >= cut and life < 3:
                        server.kill()
                        server.join(30)
                        kills["server"] += 1
                        time.sleep(random.uniform(0, 0.3))
                        server = served(url, tmp_path, port)
                        server.start()
                        cut = 1 << 40
                    if not last and size >= until:
                        time.sleep(random.uniform(0, 0.02))
                        agent.kill()
                        kills["agent"] += 1
                        break
                    time.sleep(0.01)
                agent.join(60)
                assert agent.exitcode == (0 if last else -9)
            whole = [line.split() for line in says.read_text().split("\n")]
            newest = instant(max(int(line[1]) for line in whole if len(line) == 3))
            following = newest + timedelta(seconds=random.randint(600, 2500))
            lives.append((newest, following))
            start = following
    finally:
        server.kill()
        server.join(30)
    said = says.read_text().split("\n")
    assert said[-2] == "done"
    assert kills == {"agent": 3, "server": 3}
    on_disk: dict[tuple[str, int], str] = {}
    held: dict[tuple[str, int], str] = {}
    for line in said:
        if line == "on disk":
            on_disk |= held
            held = {}
        elif len(parts := line.split()) == 3:
            held[parts[0], int(parts[1])] = parts[2]
    ids = {row.key: str(row.id) for row in session.exec(select(Monitor).where(col(Monitor.part_of).is_not(None)))}
    rows = session.exec(select(Observation).order_by(col(Observation.at))).all()
    found = {(ids[row.monitor], row.at): str(STATES[row.state]) for row in rows}
    assert len(found) == len(rows) > 1500
    # all that was promised is there; what is there beside it was on disk when the word of it was cut off
    assert on_disk.items() <= found.items()
    assert len(found) - len(on_disk) < 60
    for (_, at), state in found.items():
        second = int((instant(at) - DAY).total_seconds())
        near = second % 7200 in range(599, 602) or second % 7200 in range(7198, 7200) or second % 7200 < 2
        assert near or (state == "down") == (fate("", second) == "refused")
    for key in ids:
        seen = [(instant(row.at), STATES[row.state]) for row in rows if row.monitor == key]
        wanted = [(run.state, run.first_at, run.last_at, run.count) for run in runs_of(seen, timedelta(seconds=60))]
        stored = session.exec(select(ObservedRun).where(ObservedRun.monitor == key).order_by(col(ObservedRun.first_at)))
        assert [(STATES[r.state], instant(r.first_at), instant(r.last_at), r.count) for r in stored] == wanted
        # nobody asked between the lives, but for what was on disk two minutes before word of it: nothing is in it
        for newest, following in lives[:-1]:
            assert not [at for at, _ in seen if newest + timedelta(seconds=250) < at < following]
