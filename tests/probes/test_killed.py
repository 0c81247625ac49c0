"""kill -9 at random moments over simulated days: what was acknowledged is there, once; the rest is a gap."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlmodel import Session, col, select

from app.prober.spec import HttpSpec
from app.probes.actions import create_monitor
from app.probes.importing.fields import instant
from app.probes.tables import STATES, Observation, ObservedRun
from app.sla.timeline import runs_of
from tests.probes.conftest import THEN
from tests.running import CLEAN, ROOT


@pytest.mark.parametrize(("engine", "kills"), [("sqlite", 2), ("postgres", 1)], indirect=["engine"])
def test_killed_at_random_moments(
    session: Session, engine: sa.Engine, kills: int, service_id: UUID, tmp_path: Path
) -> None:  # fmt: skip
    random = Random(3)
    for number in range(5):
        create_monitor(
            session, name=f"shop {number}", service_id=service_id, site_id=None, interval_seconds=60, confirm_after=3,
            source="own probe", now=THEN, spec=HttpSpec(url=f"http://host{number}.example/", timeout_ms=5000),
        )  # fmt: skip
    session.commit()
    url = engine.url.render_as_string(hide_password=False)
    start = datetime(2025, 6, 1, tzinfo=UTC)
    acknowledged: dict[tuple[int, int], str] = {}
    for _ in range(kills):
        command = [sys.executable, "-m", "tests.probes.killed", url, str(tmp_path), start.isoformat()]
        process = subprocess.Popen(command, cwd=ROOT, env=CLEAN, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        held: dict[tuple[int, int], str] = {}
        batches, last = 0, random.randint(40, 90)
        for line in process.stdout:
            if line == "written\n":
                acknowledged |= held
                held = {}
                batches += 1
            else:
                key, at, state = line.split()
                held[int(key), int(at)] = state
            if batches == last:
                time.sleep(random.uniform(0, 0.05))  # somewhere in the next batch, or in writing it
                process.kill()
                break
        for line in process.stdout.read().split("\n"):  # what it still said before the end
            if line == "written":
                acknowledged |= held
                held = {}
            elif len(line.split()) == 3:
                key, at, state = line.split()
                held[int(key), int(at)] = state
        process.stdout.close()
        assert process.wait(30) == -9
        newest = max(at for _, at in acknowledged)
        start = instant(newest) + timedelta(seconds=random.randint(200, 5000))
    rows = session.exec(select(Observation)).all()
    found = {(row.monitor, row.at): str(STATES[row.state]) for row in rows}
    assert len(found) == len(rows) > 500
    assert acknowledged.items() <= found.items()
    for key in {key for key, _ in found}:
        seen = [(instant(at), STATES[row.state]) for row in sorted(rows, key=lambda row: row.at)
                if row.monitor == key for at in (row.at,)]  # fmt: skip
        wanted = [(run.state, run.first_at, run.last_at, run.count) for run in runs_of(seen, timedelta(seconds=60))]
        stored = session.exec(select(ObservedRun).where(ObservedRun.monitor == key).order_by(col(ObservedRun.first_at)))
        assert [(STATES[r.state], instant(r.first_at), instant(r.last_at), r.count) for r in stored] == wanted
        assert len(wanted) >= kills  # the time between a kill and the next start is nobody's
