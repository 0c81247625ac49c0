"""A service watched by two monitors, and what they saw in a drawing, one sign a minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from sqlmodel import select

from app.db import transaction
from app.prober.clocks import micros
from app.prober.engine import Answer
from app.prober.outcome import UP, Fault, Phases, failed
from app.probes.recording import record
from app.probes.tables import Monitor
from app.sla.case import State
from app.watching.actions import watch_tick
from tests import build
from tests.build import Body, post

START = datetime(2025, 6, 28, 20, tzinfo=UTC)  # 22:00 in Berlin
END = START + timedelta(hours=2)
MINUTE = timedelta(minutes=1)
DOWN, SLOW = failed(Fault.TIMEOUT), failed(Fault.SLOW, state=State.DEGRADED)
SIGNS = {".": UP, "#": DOWN, "~": SLOW}


def saw(engine: sa.Engine, drawing: str, start: datetime, *names: str) -> None:
    """Answers a minute apart; `?` is none. A sign may be repeated: `.*120`."""
    signs = "".join(part[0] * int(part[2:] or 1) for part in drawing.split())
    with transaction(engine) as session:
        monitors = session.exec(select(Monitor)).all()
        answers = [
            Answer(monitor.key or 0, micros(start + place * MINUTE), SIGNS[sign], Phases(total=200_000))
            for monitor in monitors
            if not names or monitor.name in names
            for place, sign in enumerate(signs)
            if sign != "?"
        ]
        record(session, answers)


def ticks(engine: sa.Engine, first: datetime, last: datetime, step: timedelta = MINUTE) -> None:
    while first <= last:
        watch_tick(engine, first)
        first += step


@pytest.fixture
def host(owner: TestClient) -> Body:
    made = build.service(owner)
    for name in ("HTTP", "SSH"):
        body = {"service_id": made["id"], "name": name, "source": "own probe", "confirm_after": 2}
        post(owner, "/monitors", body)
    return made


@pytest.fixture
def window(owner: TestClient, host: Body) -> Body:
    """Sat 28 June 22:00-24:00, announced four days before."""
    return build.window(
        owner, work_id=build.work(owner, services=[host["id"]])["id"], start_at=START.isoformat(),
        end_at=END.isoformat(), announced_at="2025-06-24T16:30:00+02:00",
    )  # fmt: skip


def kinds(client: TestClient, window: Body) -> list[str]:
    return [one["kind"] for one in build.get(client, f"/windows/{window['id']}/watch")["entries"]]


def id_of(row: Body) -> UUID:
    return UUID(row["id"])
