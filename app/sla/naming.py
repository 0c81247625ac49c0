"""Which period a month names, and which one a moment lies in, under terms that may change.

The terms in force on the month's last day say how it is measured: the cycle that begins in the month, the quarter or
year that contains it, the rolling days that end with it. Without terms it is the calendar month.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

from app.sla.clauses import RollingDays
from app.sla.periods import Period, calendar_month, month_of, rolling_days, shifted, zone_of
from app.sla.terms import Sla, named_period

InForce = Callable[[date], Sla | None]
"""The terms in force on a day; None where there are none."""


def period_named(in_force: InForce, month: str, zone: str) -> Period:
    """The period the month names. `zone`: of the calendar month where nothing is in force. Raises `PeriodError`."""
    calendar = calendar_month(month, zone)
    terms = in_force(calendar.last_day)
    return calendar if terms is None else named_period(terms, month)


def period_at(in_force: InForce, moment: datetime, zone: str) -> Period:
    """The period the moment lies in, by the terms in force on its day; rolling days end with that day."""
    today = moment.astimezone(zone_of(zone)).date()
    terms = in_force(today)
    if terms is None:
        return month_of(moment, zone)
    if isinstance(terms.period, RollingDays):
        return rolling_days(moment.astimezone(zone_of(terms.timezone)).date(), terms.period.days, terms.timezone)
    month = month_of(moment, terms.timezone).label
    period = named_period(terms, month)
    return shifted(period, -1) if moment < period.span.start else period


def period_before(in_force: InForce, period: Period, zone: str) -> Period:
    """The period before this one, by the terms of its own time: a first quarter may follow a last December."""
    day = period.last_day if period.kind == "rolling_days" else period.first_day
    return period_named(in_force, f"{day.replace(day=1) - timedelta(days=1):%Y-%m}", zone)
