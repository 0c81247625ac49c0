"""How it is now: each monitor's last answer, since when it has been so, and what the last day was like.

A monitor that is asked from several locations is as they agree; each of them is told beside it, a missing one first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

from app.probes.importing.fields import instant, micros
from app.probes.queries import Observed, as_law, observed, own_outages
from app.probes.storage import reading
from app.probes.tables import STATES, Monitor, Prober
from app.sla.case import State
from app.sla.spans import Span, clip, union
from app.sla.timeline import GOOD, Series, read

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
    places: tuple[Now, ...] = ()  # its locations, where it is asked from several

    @property
    def missing(self) -> bool:
        """Nothing is heard from it."""
        return self.state is State.UNKNOWN and self.error is None


def states(session: Session, monitors: Sequence[Monitor], now: datetime) -> list[Now]:
    """In the order given. A monitor from which nothing has come for longer than its last answer holds is unknown."""
    together = [monitor for monitor in monitors if monitor.agreement is not None]
    parts = _places(session, together)
    last: dict[int, Any] = {}
    keys = [monitor.key for monitor in (*monitors, *(one for each in parts.values() for one in each))]
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
        for row in session.connection().execute(query.add_columns(_SEEN.c.at.label("seen_at"))):
            last[row._mapping["monitor"]] = _whole(session, row._mapping, micros(now))
    days = observed(session, [monitor.id for monitor in monitors], Span(now - DAY, now)) if monitors else {}
    agreed = _agreed(session, together, now)
    out = []
    for monitor in monitors:
        if monitor.agreement is None:
            out.append(_now(monitor, last.get(monitor.key or 0), days.get(monitor.id), now))
            continue
        places = tuple(_now(one, last.get(one.key or 0), None, now) for one in parts[monitor.key])
        out.append(_together(monitor, places, agreed[monitor.key], days.get(monitor.id), now))
    return out


def _places(session: Session, monitors: Sequence[Monitor]) -> dict[int | None, list[Monitor]]:
    """Of each monitor, the series of its locations that are still asked, by name."""
    out: dict[int | None, list[Monitor]] = {monitor.key: [] for monitor in monitors}
    keys = list(out)
    for place in range(0, len(keys), TOGETHER):
        here = col(Monitor.part_of).in_(keys[place : place + TOGETHER])
        live = select(Monitor).where(here, col(Monitor.until_at).is_(None))
        for row in session.exec(live.order_by(col(Monitor.location))):
            out[row.part_of].append(row)
    return out


def _agreed(
    session: Session, monitors: Sequence[Monitor], now: datetime
) -> dict[int | None, tuple[State, datetime | None, bool]]:  # fmt: skip
    """What the locations of each agree on: the state as observed, since when, and whether it is an outage already."""
    if not monitors:
        return {}
    span = Span(now - DAY, now)
    own = union(clip((outage.span for outage in own_outages(session, span)), span))
    out: dict[int | None, tuple[State, datetime | None, bool]] = {}
    for row, law in zip(monitors, as_law(session, monitors, span), strict=True):
        at_once = replace(law, locations=tuple(replace(one, confirm_after=1) for one in law.locations))
        state, since = _last(read(at_once, now, own), now)
        out[row.key] = (state, since, _last(read(law, now, own), now)[0] is State.DOWN)
    return out


def _last(series: Series, now: datetime) -> tuple[State, datetime | None]:
    """The state that reaches up to now, and since when."""
    if not series.segments:
        return State.UNKNOWN, series.first_at
    start, end, state = series.segments[-1]
    if end < now:
        return State.UNKNOWN, end
    for before, until, same in reversed(series.segments[:-1]):
        if same is not state or until != start:
            break
        start = before
    return state, start


def _together(
    monitor: Monitor, places: tuple[Now, ...], agreed: tuple[State, datetime | None, bool], day: Observed | None,
    now: datetime,
) -> Now:  # fmt: skip
    state, since, confirmed = agreed
    down = [one for one in places if one.state is State.DOWN]
    good = [one for one in places if one.state in GOOD and one.last_at is not None]
    newest = max(good, key=lambda one: one.last_at or now, default=None)
    said = []
    if silent := [one.monitor.location or "" for one in places if one.missing]:
        verb = "is" if len(silent) == 1 else "are"
        said.append(f"{len(silent)} of {len(places)} locations {verb} missing: {', '.join(silent)}")
    if down:
        said.append(f"down at {', '.join(one.monitor.location or '' for one in down)}")
    return Now(
        monitor, state, since, max((one.last_at for one in places if one.last_at is not None), default=None), confirmed,
        max((one.failures for one in down), default=0), newest.latency_ms if newest is not None else None,
        down[0].error if down else None, "; ".join(said) or None, day, places,
    )  # fmt: skip


def _whole(session: Session, run: Any, now: int) -> Any:
    """With what was measured, also where the last answer's hour is sealed already."""
    if run["seen_at"] is not None or run["held_until"] < now:
        return run
    seen = reading.one(session, run["monitor"], run["last_at"])
    told = {} if seen is None else {name: getattr(seen, name) for name in ("latency_ms", "error", "detail")}
    return dict(run) | told


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
