"""Many observations: little memory, and nothing left of an import that was killed."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from app.probes.tables import Monitor

ROOT = Path(__file__).resolve().parents[2]
START = datetime(2025, 1, 1, tzinfo=UTC)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """200,000 observations of two monitors, the way an export of a year comes: one after the other."""
    path = tmp_path / "half-a-year.csv"
    with path.open("w") as out:
        out.write("at,monitor,state,latency_ms,error\n")
        for name in "ab":
            for n in range(100_000):
                stamp = (START + timedelta(minutes=n)).isoformat()
                out.write(
                    f"{stamp},{name},down,,connect_timeout\n" if n % 997 < 3 else f"{stamp},{name},up,{n % 400},\n"
                )
    return path


def start(engine: sa.Engine, file: Path, *halt: str) -> subprocess.Popen[str]:
    url = engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-W", "error", "-m", "tests.probes.importer", url, str(file), *halt]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def counts(engine: sa.Engine) -> list[int]:
    tables = ("observation", "observed_run", "import_batch", "entry")
    with engine.connect() as connection:
        return [connection.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one() for table in tables]


@pytest.fixture
def ready(engine: sa.Engine, session: Session, service_id: UUID, monitors: list[Monitor]) -> sa.Engine:
    session.commit()
    return engine


def test_of_a_killed_import_nothing_is_there_and_the_next_one_needs_little_memory(ready: sa.Engine, file: Path) -> None:
    before = counts(ready)
    with start(ready, file, "halt") as process:
        assert process.stdout is not None
        assert [process.stdout.readline().strip() for _ in range(2)] == ["ready", "half"]
        process.send_signal(signal.SIGKILL)
        assert process.wait(30) == -signal.SIGKILL
    assert counts(ready) == before
    with start(ready, file) as process:
        said, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    added, grown = said.split()[1:]
    assert int(added) == 200_000
    assert int(grown) < 100 << 20
    observations, _, batches, entries = counts(ready)
    assert (observations, batches, entries) == (200_000, before[2] + 1, before[3] + 1)
