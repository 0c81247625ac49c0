"""How it was, over HTTP: response times and states by the hour, uptime by period, outages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query
from pydantic import Field
from sqlmodel import Session, col, select

from app.access.guard import Viewer
from app.errors import BadInput, found
from app.fields import Instant, Out, Zone
from app.probes.history.sums import steps
from app.probes.queries import Observed, as_law, observed, own_outages
from app.probes.storage.hours import hour_at, start_of
from app.probes.storage.sketch import percentile
from app.probes.tables import Monitor
from app.sla.periods import local_days, month_of, shifted
from app.sla.spans import Span, union
from app.sla.timeline import Failure, read
from app.web.edge import NowDep, Router, SessionDep

router = Router(tags=["observations"])
DAY = timedelta(days=1)
MOST_POINTS, MOST_PERIODS, MOST_OUTAGES = 2000, 400, 1000
TICK = timedelta(microseconds=1)


class PointOut(Out):
    """What was observed from `start_at` to before `end_at`. Percentiles are of the answers that came, each at most
    0.8 % off; null where none came."""

    start_at: datetime
    end_at: datetime
    up: Annotated[int, Field(description="Observations.")]
    degraded: int
    down: int
    unknown: int
    p50_ms: int | None
    p95_ms: int | None
    p99_ms: int | None


class SeriesOut(Out):
    step_hours: int
    items: list[PointOut]


class UptimeOut(Out):
    """Seconds in each state, as observed: a failure counts from its first observation, confirmed or not. What nobody
    saw, and our own outages, are unknown and count for nothing. Percentages are cut off, never rounded up."""

    start_at: datetime
    end_at: datetime
    up_seconds: int
    degraded_seconds: int
    down_seconds: int
    unknown_seconds: int
    uptime_percent: Annotated[str | None, Field(description="Of the time that is known; null where none is.")]
    coverage_percent: Annotated[str, Field(description="How much of the time is known.")]


class UptimePage(Out):
    items: list[UptimeOut]
    whole: UptimeOut


class BoundsOut(Out):
    """`at_most_seconds` is null where no good answer stands on one of its sides."""

    at_least_seconds: Annotated[int, Field(description="First to last failed observation.")]
    held_seconds: Annotated[int, Field(description="As held: what counts.")]
    at_most_seconds: Annotated[int | None, Field(description="Last good to first good observation.")]


class OutageOut(Out):
    """A confirmed run of failures of this monitor. It dates from the first of them."""

    start_at: datetime
    end_at: Annotated[datetime | None, Field(description="Null while it lasts.")]
    first_failed_at: datetime
    last_failed_at: datetime
    last_good_at: datetime | None
    first_good_at: datetime | None
    bounds: BoundsOut


class OutagesOut(Out):
    items: list[OutageOut]


From = Annotated[Instant | None, Query(alias="from", description="By default a day before `to`.")]
To = Annotated[Instant | None, Query(description="By default now.")]
Step = Annotated[int | None, Query(ge=1, le=8784, description="Hours; by default what gives 200 points at the most.")]
By = Annotated[Literal["day", "month", "whole"], Query(description="How the span is cut, in `zone`.")]
ZoneIn = Annotated[Zone, Query(description="Where days and months begin.", examples=["Europe/Berlin"])]


@router.get("/monitors/{monitor_id}/series", dependencies=[Viewer])
def series(
    monitor_id: UUID, session: SessionDep, now: NowDep, from_: From = None, to: To = None, step: Step = None
) -> SeriesOut:
    """For a chart: how often each state was observed and how long answers took, by whole hours of UTC or several of
    them. From sums that stay when the single observations are let go."""
    span = _span(from_, to, now)
    low, high = hour_at(span.start), hour_at(span.end - TICK) + 1
    length = step or max(1, -(-(high - low) // 200))
    if (high - low) / length > MOST_POINTS:
        raise BadInput(
            f"would give {-(-(high - low) // length)} points; {MOST_POINTS} are the most",
            field="step", example=str(-(-(high - low) // MOST_POINTS)),
        )  # fmt: skip
    key = _monitor(session, monitor_id).key or 0
    items = []
    for one in steps(session, key, low, high, length):
        up, degraded, down, unknown = one.rollup.counts
        p50, p95, p99 = (percentile(one.rollup.latencies, percent) for percent in (50, 95, 99))
        items.append(
            PointOut(
                start_at=start_of(one.low), end_at=start_of(one.high), up=up, degraded=degraded, down=down,
                unknown=unknown, p50_ms=p50, p95_ms=p95, p99_ms=p99,
            )
        )  # fmt: skip
    return SeriesOut(step_hours=length, items=items)


@router.get("/monitors/{monitor_id}/uptime", dependencies=[Viewer])
def uptime(
    monitor_id: UUID, session: SessionDep, now: NowDep, from_: From = None, to: To = None, by: By = "day",
    zone: ZoneIn = "UTC",
) -> UptimePage:  # fmt: skip
    """How much of each day or month it was up, and how much of it is known, from the states' own edges."""
    monitor, span = _monitor(session, monitor_id), _span(from_, to, now)
    cut = list(_cut(span, by, zone))
    items = [_uptime(one, observed(session, [monitor.id], one)[monitor.id]) for one in cut]
    return UptimePage(items=items, whole=_uptime(span, observed(session, [monitor.id], span)[monitor.id]))


@router.get("/monitors/{monitor_id}/outages", dependencies=[Viewer])
def outages(
    monitor_id: UUID, session: SessionDep, now: NowDep, from_: From = None, to: To = None
) -> OutagesOut:  # fmt: skip
    """The confirmed outages this one monitor saw that touch the span, oldest first, as they stand now, each with its
    bounds. What counts as an outage of a service is in its statement."""
    span = _span(from_, to, now)
    seen = Span(span.start - DAY, max(span.end, now))
    (monitor,) = as_law(session, [_monitor(session, monitor_id)], seen)
    own = union(one.span for one in own_outages(session, seen))
    failures = [one for one in read(monitor, now, own).failures if one.held.overlaps(span)]
    return OutagesOut(items=[_outage(one, now) for one in failures[:MOST_OUTAGES]])


def _span(from_: datetime | None, to: datetime | None, now: datetime) -> Span:
    end = min(to or now, now)
    start = from_ or end - DAY
    if start >= end:
        raise BadInput("must lie before `to`, and before now", field="from", example=(end - DAY).isoformat())
    return Span(start, end)


def _cut(span: Span, by: str, zone: str) -> Iterator[Span]:
    if by == "whole":
        yield span
        return
    if span.length > MOST_PERIODS * (DAY if by == "day" else 28 * DAY):
        raise BadInput(f"is more than {MOST_PERIODS} of them; take larger ones", field="by", example="month")
    if by == "day":
        for _, day in local_days(span, zone):
            yield day
        return
    month = month_of(span.start, zone)
    while month.span.start < span.end:
        yield Span(max(month.span.start, span.start), min(month.span.end, span.end))
        month = shifted(month, 1)


def _uptime(span: Span, one: Observed) -> UptimeOut:
    known = one.up + one.degraded + one.down
    return UptimeOut(
        start_at=span.start, end_at=span.end, up_seconds=_seconds(one.up), degraded_seconds=_seconds(one.degraded),
        down_seconds=_seconds(one.down), unknown_seconds=_seconds(one.unknown),
        uptime_percent=_percent(one.up + one.degraded, known) if known else None,
        coverage_percent=_percent(known, span.length),
    )  # fmt: skip


def _percent(part: timedelta, whole: timedelta) -> str:
    """Four decimals, the rest cut off: what was not whole never reads 100."""
    number = (part // TICK) * 1_000_000 // (whole // TICK)
    return f"{number // 10_000}.{number % 10_000:04d}"


def _seconds(length: timedelta) -> int:
    return round(length.total_seconds())


def _outage(one: Failure, now: datetime) -> OutageOut:
    most = None
    if one.last_good_at is not None and one.first_good_at is not None:
        most = _seconds(one.first_good_at - one.last_good_at)
    return OutageOut(
        start_at=one.held.start, end_at=None if one.held.end >= now else one.held.end,
        first_failed_at=one.first_failed_at, last_failed_at=one.last_failed_at, last_good_at=one.last_good_at,
        first_good_at=one.first_good_at,
        bounds=BoundsOut(
            at_least_seconds=_seconds(one.last_failed_at - one.first_failed_at), held_seconds=_seconds(one.held.length),
            at_most_seconds=most,
        ),
    )  # fmt: skip


def _monitor(session: Session, monitor_id: UUID) -> Monitor:
    return found(session.exec(select(Monitor).where(col(Monitor.id) == monitor_id)).first(), "monitor", monitor_id)
