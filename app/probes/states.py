"""How it is now: each monitor's last answer, since when it has been so, and what the last day was like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from app.probes.importing.fields import instant, micros
from app.probes.queries import Observed, observed
from app.probes.tables import STATES, Monitor, Prober
from app.sla.case import State
from app.sla.spans import Span

DAY = timedelta(days=1)
LOST = timedelta(seconds=30)  # a prober that has not been seen for so long is not running
TOGETHER = 500
_TABLES = SQLModel.metadata.tables
_MONITOR, _RUN, _SEEN = _TABLES["monitor"], _TABLES["observed_run"], _TABLES["observation"]
_MEASURED = _TABLES["measurement"]


@dataclass(frozen=True, slots=True)
class Now:
    """One monitor's state at a moment. `confirmed`: a failure that counts as an outage already."""

    monitor: Monitor
    state: State
    since_at: datetime | None
    last_at: datetime | None
    confirmed: bool
    failures: int
    latency_ms: int | None
    error: str | None
    detail: str | None
    day: Observed | None


def states(session: Session, monitors: Sequence[Monitor], now: datetime) -> list[Now]:
    """In the order given. A monitor from which nothing has come for longer than its last answer holds is unknown."""
    last: dict[int, Any] = {}
    keys = [monitor.key for monitor in monitors]
    for place in range(0, len(keys), TOGETHER):
        newest = _RUN.alias()
        first = sa.select(sa.func.max(newest.c.first_at)).where(newest.c.monitor == _MONITOR.c.key).scalar_subquery()
        query = (
            sa.select(_RUN, _SEEN.c.latency_ms, _SEEN.c.error, _MEASURED.c.detail)
            .select_from(_MONITOR)
            .join(_RUN, (_RUN.c.monitor == _MONITOR.c.key) & (_RUN.c.first_at == first))
            .outerjoin(_SEEN, (_SEEN.c.monitor == _RUN.c.monitor) & (_SEEN.c.at == _RUN.c.last_at))
            .outerjoin(_MEASURED, (_MEASURED.c.monitor == _SEEN.c.monitor) & (_MEASURED.c.at == _SEEN.c.at))
            .where(_MONITOR.c.key.in_(keys[place : place + TOGETHER]))
        )
        last |= {row._mapping["monitor"]: row._mapping for row in session.connection().execute(query)}
    days = observed(session, [monitor.id for monitor in monitors], Span(now - DAY, now)) if monitors else {}
    return [_now(monitor, last.get(monitor.key or 0), days.get(monitor.id), now) for monitor in monitors]


def _now(monitor: Monitor, run: Any, day: Observed | None, now: datetime) -> Now:
    if run is None:
        return Now(monitor, State.UNKNOWN, None, None, False, 0, None, None, None, day)
    state, since, last_at = STATES[run["state"]], instant(run["first_at"]), instant(run["last_at"])
    failures = run["count"] if state is State.DOWN else 0
    if run["held_until"] < micros(now):
        since = instant(run["held_until"])
        return Now(monitor, State.UNKNOWN, since, last_at, False, 0, None, None, "nothing has come since", day)
    confirmed = failures >= monitor.confirm_after
    return Now(
        monitor, state, since, last_at, confirmed, failures, run["latency_ms"], run["error"], run["detail"], day
    )  # fmt: skip


def prober(session: Session) -> Prober | None:
    """Who probes for this database, and how that one is doing."""
    return session.get(Prober, "here")


def runs(row: Prober | None, now: datetime) -> bool:
    return row is not None and row.holder is not None and now - row.seen_at < LOST
