"""The period day by day, and the months before it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from app.sla.counting import length_of
from app.sla.periods import Period, local_days
from app.sla.readings import Measured, measure
from app.sla.seen import Seen, terms_of
from app.sla.spans import inside, total
from app.sla.statement import DayTotals, MonthTotals, WindowVerdict


def days(seen: Seen, measured: Measured) -> tuple[DayTotals, ...]:
    """Every local day of the period, 23, 24 or 25 hours long; the days to come are marked."""
    down = [part for stay in seen.in_service(measured.elapsed) for part in inside(seen.down, stay)]
    unknown = seen.unknown(measured.elapsed)
    return tuple(
        DayTotals(
            day=day,
            span=span,
            down=total(inside(down, span)),
            unknown=total(inside(unknown, span)),
            announced=total(inside(measured.announced, span)),
            future=span.start >= seen.as_at,
        )
        for day, span in local_days(measured.period.span, measured.period.zone)
    )


def months(
    seen: Seen, this: Measured, windows: tuple[WindowVerdict, ...], allowed: timedelta | None
) -> tuple[MonthTotals, ...]:
    """The earlier periods, oldest first, and this one last where it is a month, each by the terms in force at its own
    end; what this one allows is given, for its terms may have changed within it."""
    last = (replace(_bar(this), allowed=allowed),) if this.period.monthly else ()
    return (*(_bar(one) for one in _measured(seen, seen.case.periods_before, windows)), *last)


def _measured(seen: Seen, periods: Iterable[Period], windows: tuple[WindowVerdict, ...]) -> Iterable[Measured]:
    for period in periods:
        yield measure(seen, period, terms_of(seen.case, period), windows)


def _bar(measured: Measured) -> MonthTotals:
    target = measured.target
    return MonthTotals(
        period=measured.period,
        down=measured.down,
        counted=measured.sla.down,
        unknown=measured.unknown,
        known=sum((measured.totals.get(name, timedelta(0)) for name in ("up", "degraded", "down")), timedelta(0)),
        allowed=length_of((1 - target) * measured.denominator) if target is not None else None,
        so_far=not measured.closed,
    )
