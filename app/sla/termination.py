"""The right to leave: when repeated failures give it, and until when it must be used.

Months below a share, a number of outages or an amount of downtime in a rolling window. Exactly on the limit gives no
right; windows are reckoned to the second. Source: the terms vocabulary, "termination".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise

from app.sla.clauses import AggregateDowntime, MonthsBelow, OutageCount
from app.sla.periods import Period, zone_of
from app.sla.spans import Span, between, clip, total, union


@dataclass(frozen=True, slots=True)
class RightToLeave:
    """`accrued` is the moment it arose, or the month that completed it."""

    accrued: datetime | Period
    exercise_by: date  # last local day


def right_to_leave(
    clause: MonthsBelow | OutageCount | AggregateDowntime,
    zone: str,
    months: Sequence[tuple[Period, Fraction]] = (),
    outages: Sequence[Span] = (),
) -> RightToLeave | None:
    """The first time the clause gives the right; None where it never does. `months` are (period, uptime 0..1), oldest
    first."""
    return next(accruals(clause, zone, months, outages), None)


def accruals(
    clause: MonthsBelow | OutageCount | AggregateDowntime,
    zone: str,
    months: Sequence[tuple[Period, Fraction]] = (),
    outages: Sequence[Span] = (),
) -> Iterator[RightToLeave]:
    """Every time the clause gives the right, in order: each further month, outage or crossing gives it anew."""
    within = timedelta(days=clause.notice_within_days)
    if isinstance(clause, MonthsBelow):
        for month in _months_below(clause, months):
            yield RightToLeave(month, month.last_day + within)
        return
    window = timedelta(days=clause.window_days)
    if isinstance(clause, OutageCount):
        moments = _counted(clause, outages, window)
    else:
        moments = _aggregate(timedelta(seconds=int(Fraction(clause.over_minutes) * 60)), union(outages), window)
    for accrued in moments:
        yield RightToLeave(accrued, accrued.astimezone(zone_of(zone)).date() + within)


def _months_below(clause: MonthsBelow, months: Sequence[tuple[Period, Fraction]]) -> Iterator[Period]:
    limit, run = Fraction(clause.below_percent) / 100, 0
    bad: list[int] = []
    for index, (period, uptime) in enumerate(months):
        below = uptime < limit
        run = run + 1 if below else 0
        if below:
            bad.append(index)
        if clause.consecutive:
            reached = run >= clause.count
        else:
            recent = [i for i in bad if clause.window_months is None or i > index - clause.window_months]
            reached = below and len(recent) >= clause.count
        if reached:
            yield period


def _counted(clause: OutageCount, outages: Sequence[Span], window: timedelta) -> Iterator[datetime]:
    least = timedelta(seconds=int(Fraction(clause.longer_than_minutes) * 60))
    long = sorted((span for span in union(outages) if span.length > least), key=lambda span: span.end)
    for first, last in zip(long, long[clause.count - 1 :], strict=False):
        if last.end - first.start <= window:
            yield last.end


def _aggregate(over: timedelta, outages: Sequence[Span], window: timedelta) -> Iterator[datetime]:
    """Each first whole second at which the window behind it holds more than `over` of downtime.

    Between two edges (of outages, or of outages leaving the window) the amount changes evenly.
    """
    shifts = (timedelta(0), window)
    edges = sorted({edge + shift for span in outages for edge in (span.start, span.end) for shift in shifts})
    above = False
    for start, end in pairwise(edges):
        at_start, at_end = _behind(start, outages, window), _behind(end, outages, window)
        if at_end > over and not above:
            reached = start + max(over - at_start, timedelta(0))  # it grows second by second
            yield reached.replace(microsecond=0) + timedelta(seconds=1)
        above = at_end > over


def _behind(moment: datetime, outages: Sequence[Span], window: timedelta) -> timedelta:
    return total(clip(outages, between(moment - window, moment)))
