"""Until when a credit must be claimed: the last local day, and the first instant that is too late.

A day counts to its local midnight. Months clamp to their last day. Business days are Monday to Friday; holidays are
not known. Incident deadlines run from the whole outage, the earliest first. Where a text leaves two readings the
earlier one stands. Source: the terms vocabulary, "claim".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.sla.clauses import Claim
from app.sla.periods import Period, add_months, midnight, shifted, zone_of
from app.sla.spans import Span
from app.sla.statement import Deadline


@dataclass(frozen=True, slots=True)
class LastMoment:
    """`exact` where the clause runs to the second."""

    latest: date
    too_late_from: datetime
    exact: bool = False


def last_moments(claim: Claim | None, period: Period, incidents: Sequence[Span]) -> tuple[LastMoment, ...]:
    """For a period-anchored clause one, for an incident-anchored clause one for each incident, earliest first."""
    if claim is None or claim.kind == "automatic" or claim.n is None:
        return ()
    zone, n = period.zone, claim.n
    if claim.kind == "hours_after_incident":
        ends = [(_anchor(span, claim) + timedelta(hours=n)) for span in incidents]
        moments = [LastMoment(_day_before(end, zone), end, exact=True) for end in ends]
    elif claim.kind == "days_after_incident":
        moments = [_to_midnight(_plus_days(_anchor_day(span, claim, zone), n, claim), zone) for span in incidents]
    elif claim.kind == "days_after_period_end":
        moments = [_to_midnight(_plus_days(period.last_day, n, claim), zone)]
    elif claim.kind == "months_after_period_end":
        moments = [_to_midnight(add_months(period.last_day, n), zone)]
    else:
        moments = [_to_midnight(shifted(period, n).last_day, zone)]
    return tuple(sorted(moments, key=lambda moment: moment.too_late_from))


def deadline(
    claim: Claim | None, period: Period, incidents: Sequence[Span], as_at: datetime, clause: str
) -> Deadline | None:
    """The earliest deadline that applies; None where nothing must be asked for. `incidents` are those that count."""
    moments = last_moments(claim, period, incidents)
    if not moments or claim is None:
        return None
    if claim.kind.endswith("_incident"):
        earliest = min(_day_of(span.end, period.zone) for span in incidents)
    else:
        earliest = period.last_day + timedelta(days=1)
    first = moments[0]
    return Deadline(earliest, first.latest, first.too_late_from, clause, as_at >= first.too_late_from)


def _anchor(span: Span, claim: Claim) -> datetime:
    return span.start if claim.anchor == "start" else span.end


def _anchor_day(span: Span, claim: Claim, zone: str) -> date:
    # An outage that ends at midnight ended with the old day: the earlier reading.
    return _day_of(span.start, zone) if claim.anchor == "start" else _day_before(span.end, zone)


def _day_of(instant: datetime, zone: str) -> date:
    return instant.astimezone(zone_of(zone)).date()


def _day_before(instant: datetime, zone: str) -> date:
    return _day_of(instant - timedelta(microseconds=1), zone)


def _plus_days(day: date, n: int, claim: Claim) -> date:
    if not claim.business_days:
        return day + timedelta(days=n)
    left = n
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < 5
    return day


def _to_midnight(day: date, zone: str) -> LastMoment:
    return LastMoment(day, midnight(day + timedelta(days=1), zone))
