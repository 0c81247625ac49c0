"""Which periods are worth judging, pure: those that can still be claimed for, or could until a fortnight ago.

Read off the clauses alone, without a single observation, so that what is due is found without judging a history.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.sla.clauses import Claim, NoCredit, RollingDays
from app.sla.deadlines import last_moments
from app.sla.naming import InForce, period_at, period_before, period_named
from app.sla.periods import Period, month_of, months_before
from app.sla.terms import Sla

MISSED_SHOWN = timedelta(days=14)  # a missed deadline stays in sight this long
SILENT = 1  # where the terms name no deadline, this many ended months are looked at
FARTHEST = 60  # months looked back, whatever a clause says
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Version:
    """Terms with the local days they are in force."""

    effective_from: date
    effective_to: date | None
    sla: Sla

    def covers(self, day: date) -> bool:
        return self.effective_from <= day and (self.effective_to is None or day < self.effective_to)


def rules_of(sla: Sla) -> tuple[Claim | None, ...]:
    """The clauses on claiming of everything that pays; none where nothing does."""
    paying = [sla.claim] if not isinstance(sla.credit, NoCredit) or _others_pay(sla) else []
    return (*paying, *(one.claim or sla.claim for one in sla.guarantees if not isinstance(one.credit, NoCredit)))


def _others_pay(sla: Sla) -> bool:
    credits = [item.credit for item in sla.promises] + [item.credit for item in sla.metrics]
    return any(not isinstance(credit, NoCredit) for credit in credits)


def pays_without_downtime(sla: Sla) -> bool:
    """Whether a credit may be owed for a period in which nothing was ever down."""
    return _others_pay(sla)


def running(versions: Sequence[Version], zone: str, now: datetime) -> Period:
    """The period that runs at `now`, by the terms in force on that day. Of rolling days it is the one that ends with
    the month: named by months, a period keeps its name from one day to the next."""
    period = period_at(_in_force(versions), now, zone)
    if period.kind != "rolling_days":
        return period
    named = period_named(_in_force(versions), month_of(now, zone).label, zone)
    return named if named.span.start <= now else period


def before(versions: Sequence[Version], zone: str, period: Period) -> Period:
    """The period before this one."""
    return period_before(_in_force(versions), period, zone)


def _in_force(versions: Sequence[Version]) -> InForce:
    return lambda day: next((item.sla for item in reversed(versions) if item.covers(day)), None)


def open_periods(versions: Sequence[Version], zone: str, now: datetime) -> list[tuple[Period, bool]]:
    """The running period and the ended ones of which something may still be open, newest first: a claim (True), or a
    right to leave alone."""
    here = running(versions, zone, now)
    month = month_of(now, zone)
    reach = max((_reach(rule, _months_of(version.sla)) for version in versions for rule in rules_of(version.sla)),
                default=0)  # fmt: skip
    leaving = [_notice(version.sla) for version in versions]
    reach = max([reach, *(1 + _months_of(version.sla) + days // 28
                          for version, days in zip(versions, leaving, strict=True) if days is not None)])  # fmt: skip
    in_force = _in_force(versions)
    months = (month, *reversed(months_before(month, min(reach, FARTHEST))))
    named = [period_named(in_force, one.label, zone) for one in months]
    out = []
    for period in dict.fromkeys((here, *named)):
        version = next((item for item in versions if item.covers(period.last_day)), None)
        if version is None or now < period.span.start:
            continue
        days = _notice(version.sla)
        leave = days is not None and now < period.span.end + (days + 1) * DAY
        claim = any(_open(rule, period, here, now) for rule in rules_of(version.sla))
        if claim or leave:
            out.append((period, claim))
    return out


def _months_of(sla: Sla) -> int:
    """How many calendar months a period of these terms can touch, less one where it is itself a month."""
    clause = sla.period
    if isinstance(clause, RollingDays):
        return 2 + clause.days // 28
    return {"billing_cycle": 2, "calendar_quarter": 3, "calendar_year": 12}.get(clause.kind, 1)


def _notice(sla: Sla) -> int | None:
    """The days in which a right to leave must be used; None where there is none."""
    return max((one.notice_within_days for one in sla.termination), default=None)


def _reach(rule: Claim | None, months: int) -> int:
    """How many months back this clause can reach, generously, over periods that touch so many."""
    if rule is None:
        return SILENT * months
    if rule.kind == "automatic" or rule.n is None:
        return 0
    if rule.kind == "hours_after_incident":
        return 1 + months + rule.n // (24 * 28)
    if rule.kind in ("days_after_incident", "days_after_period_end"):
        return 2 + months + (rule.n * 7 // 5 if rule.business_days else rule.n) // 28
    return 1 + months + rule.n * (months if rule.kind == "end_of_nth_period_after" else 1)


def _open(rule: Claim | None, period: Period, running: Period, now: datetime) -> bool:
    if rule is None:
        return period == running or (running.span.start - period.span.end) < SILENT * 28 * DAY
    if rule.kind == "automatic" or rule.n is None:
        return False
    if rule.kind == "hours_after_incident":
        last = period.span.end + timedelta(hours=rule.n)
    elif rule.kind == "days_after_incident":
        last = period.span.end + (rule.n * 7 // 5 + 4 if rule.business_days else rule.n + 1) * DAY
    else:
        last = last_moments(rule, period, ())[0].too_late_from
    return period == running or now < last + MISSED_SHOWN
