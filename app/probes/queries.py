"""Reads: monitors with their runs as the law wants them, what was seen of all sites, our own outages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

from app.probes.importing.fields import EPOCH, micros
from app.probes.locations.tables import UNKNOWN, LocationGap
from app.probes.tables import STATES, Monitor, OwnOutage
from app.sla import case
from app.sla.spans import Span, clip, union
from app.sla.sweep import sweep, totals
from app.sla.timeline import GOOD, read

NONE, FOREVER = -(1 << 62), 1 << 62
_AROUND = timedelta(days=31)
_GOOD = tuple(code for code, state in enumerate(STATES) if state in GOOD)
_RUN, _MONITOR = SQLModel.metadata.tables["observed_run"], SQLModel.metadata.tables["monitor"]


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


@dataclass(frozen=True, slots=True)
class Observed:
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
    sums = _sums(session, monitor_ids, span)
    for own in union(clip((outage.span for outage in own_outages(session, span)), span)):
        for monitor, parts in _sums(session, monitor_ids, own).items():
            for code, length in enumerate(parts):
                sums[monitor][code] -= length
    whole = (span.end - span.start) // _TICK
    out = {}
    for monitor, (up, degraded, down, _) in sums.items():
        lengths = (up, degraded, down, whole - up - degraded - down)
        out[monitor] = Observed(*(timedelta(microseconds=length) for length in lengths))
    return out | _agreed(session, list(sums), span)


def _agreed(session: Session, monitor_ids: Sequence[UUID], span: Span) -> dict[UUID, Observed]:
    """The same of those that are asked from several locations: as these agree, failure by failure."""
    rows: list[Monitor] = []
    if session.exec(select(Monitor.key).where(col(Monitor.part_of).is_not(None)).limit(1)).first() is not None:
        for part in _parts(monitor_ids):
            rows += session.exec(select(Monitor).where(col(Monitor.id).in_(part), col(Monitor.agreement).is_not(None)))
    own = union(clip((outage.span for outage in own_outages(session, span)), span))
    out = {}
    for row, monitor in zip(rows, as_law(session, rows, span), strict=True):
        each = tuple(replace(one, confirm_after=1) for one in monitor.locations)
        held = sweep((span.start, span.end), read(replace(monitor, locations=each), span.end, own).segments)
        found = totals(held, timedelta(0))
        out[row.id] = Observed(*(found.get(state.value, timedelta(0)) for state in STATES))
    return out


def _sums(session: Session, monitor_ids: Collection[UUID] | None, span: Span) -> dict[UUID, list[int]]:
    """Microseconds per state (by its code) and monitor."""
    edges = {"low": micros(span.start), "high": micros(span.end)}
    connection = session.connection()
    sums: dict[UUID, list[int]] = {}
    for part in [None] if monitor_ids is None else _parts(list(monitor_ids)):
        found = connection.execute(_KEYS if part is None else _EVERY.where(_MONITOR.c.id.in_(part))).all()
        ids = {key: id_ for key, id_ in found}
        sums |= {id_: [0] * len(STATES) for id_ in ids.values()}
        query = _HELD if part is None else _HELD.where(_RUN.c.monitor.in_(list(ids)))
        for key, state, total in connection.execute(query, edges):
            if key in ids:
                sums[ids[key]][state] = int(total)
    return sums


_LOW, _HIGH = sa.bindparam("low", type_=sa.BigInteger), sa.bindparam("high", type_=sa.BigInteger)
_UNTIL = sa.case((_RUN.c.held_until > _HIGH, _HIGH), else_=_RUN.c.held_until)
_SINCE = sa.case((_RUN.c.first_at < _LOW, _LOW), else_=_RUN.c.first_at)
_EVERY = sa.select(_MONITOR.c.key, _MONITOR.c.id)
_KEYS = _EVERY.where(_MONITOR.c.part_of.is_(None))
_HELD = (
    sa.select(_RUN.c.monitor, _RUN.c.state, sa.cast(sa.func.sum(_UNTIL - _SINCE), sa.BigInteger))
    .where(_RUN.c.held_until > _LOW, _RUN.c.first_at < _HIGH)
    .group_by(_RUN.c.monitor, _RUN.c.state)
)


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
