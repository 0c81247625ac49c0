"""Reads: monitors with their runs as the law wants them, what was seen of all sites, our own outages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

from app.probes.importing.fields import EPOCH, micros
from app.probes.locations.tables import UNKNOWN, LocationGap
from app.probes.tables import STATES, Monitor, OwnOutage
from app.sla import case
from app.sla.case import State
from app.sla.spans import Span, clip, union
from app.sla.sweep import sweep, totals
from app.sla.timeline import GOOD, read

NONE, FOREVER = -(1 << 62), 1 << 62
_AROUND = timedelta(days=31)
_GOOD = tuple(code for code, state in enumerate(STATES) if state in GOOD)
_TABLES = SQLModel.metadata.tables
_RUN, _MONITOR, _OWN = _TABLES["observed_run"], _TABLES["monitor"], _TABLES["own_outage"]


def monitors_of(session: Session, service_id: UUID, span: Span) -> list[case.Monitor]:
    """The monitors of a service, by name, each with the runs that decide `span`: those overlapping it, and back to
    the last good answer before it and on to the first good one after it, which bound an outage at its edges."""
    here = select(Monitor).where(Monitor.service_id == service_id, col(Monitor.part_of).is_(None))
    return as_law(session, session.exec(here.order_by(col(Monitor.name))).all(), span)


def site_monitors_of(session: Session, site_ids: Collection[UUID], span: Span) -> dict[UUID, tuple[case.Monitor, ...]]:
    """The same for many sites at once, in two queries; every site asked for has its place, if only an empty one."""
    rows: list[Monitor] = []
    for part in _parts(list(site_ids)):
        here = select(Monitor).where(col(Monitor.site_id).in_(part), col(Monitor.part_of).is_(None))
        rows += session.exec(here.order_by(col(Monitor.name)))
    out: dict[UUID, list[case.Monitor]] = {site_id: [] for site_id in site_ids}
    for row, monitor in zip(rows, as_law(session, rows, span), strict=True):
        if row.site_id is not None:
            out[row.site_id].append(monitor)
    return {site_id: tuple(monitors) for site_id, monitors in out.items()}


def own_outages(session: Session, span: Span, as_at: datetime | None = None) -> list[case.OwnOutage]:
    """When we were offline ourselves inside `span`: what was noted by `as_at` (None: by now) and not withdrawn."""
    query = select(OwnOutage).where(col(OwnOutage.start_at) < span.end, col(OwnOutage.end_at) > span.start)
    rows = session.exec(query.order_by(col(OwnOutage.start_at), col(OwnOutage.id)))
    return [
        case.OwnOutage(Span(row.start_at, row.end_at), row.reason)
        for row in rows
        if (as_at is None or row.created_at <= as_at)
        and (row.withdrawn_at is None or (as_at is not None and row.withdrawn_at > as_at))
    ]


class Observed(NamedTuple):
    """Time per state of one monitor inside a span, as observed: a failure counts from its first observation,
    confirmed or not. What no observation covers, and our own outages, is `unknown`; the four sum to the span."""

    up: timedelta
    degraded: timedelta
    down: timedelta
    unknown: timedelta

    @property
    def coverage(self) -> Fraction:
        """The share of the span in which the state is known."""
        known = self.up + self.degraded + self.down
        return Fraction(known // _TICK, (known + self.unknown) // _TICK)


_TICK = timedelta(microseconds=1)


def observed(session: Session, monitor_ids: Collection[UUID] | None, span: Span) -> dict[UUID, Observed]:
    """What each monitor saw inside `span`: "all sites, one month" in one query over the runs. None: all monitors."""
    rows = _sums(session, monitor_ids, span)
    sums = {id_: (up, degraded, down) for id_, up, degraded, down, _, _ in rows}
    away = any(row.away for row in rows[:1])  # the same in each
    own = union(clip((outage.span for outage in own_outages(session, span)), span)) if away else ()
    for one in own:
        for id_, *less in _sums(session, monitor_ids, one):
            up, degraded, down = sums[id_]
            sums[id_] = up - less[0], degraded - less[1], down - less[2]
    whole = (span.end - span.start) // _TICK
    out = {
        id_: Observed(
            timedelta(0, 0, up), timedelta(0, 0, degraded), timedelta(0, 0, down),
            timedelta(0, 0, whole - up - degraded - down),
        )
        for id_, (up, degraded, down) in sums.items()
    }  # fmt: skip
    together = [row.id for row in rows if row.together]
    return out | _agreed(session, together, span, own) if together else out


def _agreed(session: Session, monitor_ids: Sequence[UUID], span: Span, own: Sequence[Span]) -> dict[UUID, Observed]:
    """The same of those that are asked from several locations: as these agree, failure by failure."""
    rows: list[Monitor] = []
    if session.exec(select(Monitor.key).where(col(Monitor.part_of).is_not(None)).limit(1)).first() is not None:
        for part in _parts(monitor_ids):
            rows += session.exec(select(Monitor).where(col(Monitor.id).in_(part)))
    out = {}
    for row, monitor in zip(rows, as_law(session, rows, span), strict=True):
        each = tuple(replace(one, confirm_after=1) for one in monitor.locations)
        held = sweep((span.start, span.end), read(replace(monitor, locations=each), span.end, own).segments)
        found = totals(held, timedelta(0))
        out[row.id] = Observed(*(found.get(state.value, timedelta(0)) for state in STATES))
    return out


def _sums(session: Session, monitor_ids: Collection[UUID] | None, span: Span) -> list[Any]:
    """A row for each monitor: its id, microseconds up, degraded and down, whether several locations ask for it, and
    whether we were offline ourselves in the span."""
    edges = {"low": micros(span.start), "high": micros(span.end), "start": span.start, "end": span.end}
    connection = session.connection()
    if monitor_ids is None:
        return list(connection.execute(_EVERY, edges).all())
    out: list[Any] = []
    for part in _parts(list(monitor_ids)):
        out += connection.execute(_SOME, edges | {"ids": part}).all()
    return out


_LOW, _HIGH = sa.bindparam("low", type_=sa.BigInteger), sa.bindparam("high", type_=sa.BigInteger)
_UNTIL = sa.case((_RUN.c.held_until > _HIGH, _HIGH), else_=_RUN.c.held_until)
_SINCE = sa.case((_RUN.c.first_at < _LOW, _LOW), else_=_RUN.c.first_at)
_KNOWN = [code for code, state in enumerate(STATES) if state is not State.UNKNOWN]
_ASKED = sa.select(_MONITOR.c.key).where(_MONITOR.c.id.in_(sa.bindparam("ids", expanding=True)))
_AWAY = sa.exists().where(
    _OWN.c.start_at < sa.bindparam("end"), _OWN.c.end_at > sa.bindparam("start"), _OWN.c.withdrawn_at.is_(None)
)


def _told(runs: sa.Select[Any]) -> sa.Select[Any]:
    held = runs.group_by(_RUN.c.monitor).subquery()
    return sa.select(
        _MONITOR.c.id,
        *(sa.func.coalesce(held.c[f"state_{code}"], 0) for code in _KNOWN),
        _MONITOR.c.agreement.is_not(None).label("together"),
        _AWAY.label("away"),
    ).outerjoin_from(_MONITOR, held, held.c.monitor == _MONITOR.c.key)


_HELD = sa.select(
    _RUN.c.monitor,
    *(
        sa.cast(sa.func.sum(_UNTIL - _SINCE).filter(_RUN.c.state == code), sa.BigInteger).label(f"state_{code}")
        for code in _KNOWN
    ),
).where(_RUN.c.held_until > _LOW, _RUN.c.first_at < _HIGH)
_EVERY = _told(_HELD).where(_MONITOR.c.part_of.is_(None))
_SOME = _told(_HELD.where(_RUN.c.monitor.in_(_ASKED))).where(_MONITOR.c.key.in_(_ASKED))


def as_law(session: Session, monitors: Sequence[Monitor], span: Span) -> list[case.Monitor]:
    """Monitors as the law reads them, in the order given; one that is asked from several locations has theirs by name,
    each with its runs."""
    places: dict[int | None, list[Monitor]] = defaultdict(list)
    for part in _parts([monitor.key for monitor in monitors if monitor.agreement is not None]):
        for row in session.exec(select(Monitor).where(col(Monitor.part_of).in_(part)).order_by(col(Monitor.location))):
            places[row.part_of].append(row)
    asked = [one for monitor in monitors for one in places[monitor.key] or (monitor,)]
    runs = _runs(session, asked, span)
    gaps = _gaps(session, {one.location for one in asked if one.location is not None}, span)

    def one(row: Monitor) -> case.Monitor:
        return case.Monitor(
            str(row.id), row.name, timedelta(seconds=row.interval_seconds), row.confirm_after,
            tuple(runs[row.key or 0]), row.until_at, tuple(one(part) for part in places[row.key]),
            row.agreement or "", tuple(gaps[row.location]),
        )  # fmt: skip

    return [one(row) for row in monitors]


def _gaps(session: Session, locations: Collection[str], span: Span) -> dict[str | None, tuple[Span, ...]]:
    """What is unknown at each location inside the span, and as far around it as anything held can reach."""
    out: dict[str | None, list[Span]] = defaultdict(list)
    if not locations:
        return defaultdict(tuple)
    near = Span(span.start - _AROUND, span.end + _AROUND)
    for name, start, end in session.exec(
        select(LocationGap.location, LocationGap.start_at, LocationGap.end_at)
        .where(col(LocationGap.location).in_(sorted(locations)), col(LocationGap.kind).in_(UNKNOWN))
        .where(col(LocationGap.end_at) > near.start, col(LocationGap.start_at) < near.end)
    ):
        out[name].append(Span(start, end))
    return defaultdict(tuple, {name: union(spans) for name, spans in out.items()})


def _runs(session: Session, monitors: Sequence[Monitor], span: Span) -> dict[int, list[case.ObservedRun]]:
    low, high = micros(span.start), micros(span.end)
    runs: dict[int, list[case.ObservedRun]] = defaultdict(list)
    good_before = _edge(low, before=True)
    good_after = _edge(high, before=False)
    query = (
        sa.select(_RUN.c.monitor, _RUN.c.state, _RUN.c.first_at, _RUN.c.last_at, _RUN.c.count)
        .select_from(_MONITOR)
        .join(
            _RUN,
            sa.and_(
                _RUN.c.monitor == _MONITOR.c.key,
                _RUN.c.first_at >= sa.func.coalesce(good_before, NONE),
                _RUN.c.first_at <= sa.func.coalesce(good_after, FOREVER),
            ),
        )
        .order_by(_RUN.c.monitor, _RUN.c.first_at)
    )
    for part in _parts([monitor.key for monitor in monitors]):
        for key, state, first, last, count in session.connection().execute(query.where(_MONITOR.c.key.in_(part))):
            run = case.ObservedRun(STATES[state], EPOCH + timedelta(0, 0, first), EPOCH + timedelta(0, 0, last), count)
            runs[key].append(run)
    return runs


def _edge(edge: int, *, before: bool) -> sa.ScalarSelect[int]:
    """The first moment of the nearest good run that ends before, or begins after, the edge."""
    other = _RUN.alias().c
    side = (other.last_at < edge, other.first_at < edge) if before else (other.first_at >= edge,)
    return (
        sa.select(other.first_at)
        .where(other.monitor == _MONITOR.c.key, other.state.in_(_GOOD), *side)
        .order_by(other.first_at.desc() if before else other.first_at)
        .limit(1)
        .correlate(_MONITOR)
        .scalar_subquery()
    )


def _parts(keys: Sequence[UUID | int | None], size: int = 500) -> Iterable[list[UUID | int | None]]:
    for place in range(0, len(keys), size):
        yield list(keys[place : place + size])
