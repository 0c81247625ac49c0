"""Which periods are worth judging, pure: those that can still be claimed for, or could until a fortnight ago.

Read off the clauses alone, without a single observation, so that what is due is found without judging a history.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.sla.clauses import Claim, NoCredit
from app.sla.deadlines import last_moments
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


def open_months(versions: Sequence[Version], zone: str, now: datetime) -> list[tuple[Period, bool]]:
    """The running month and the ended ones of which something may still be open, newest first: a claim (True), or a
    right to leave alone."""
    running = month_of(now, zone)
    reach = max((_reach(rule) for version in versions for rule in rules_of(version.sla)), default=0)
    leaving = [_notice(version.sla) for version in versions]
    reach = max([reach, *(2 + days // 28 for days in leaving if days is not None)])
    out = []
    for period in (running, *reversed(months_before(running, min(reach, FARTHEST)))):
        version = next((item for item in versions if item.covers(period.last_day)), None)
        if version is None:
            continue
        days = _notice(version.sla)
        leave = days is not None and now < period.span.end + (days + 1) * DAY
        claim = any(_open(rule, period, running, now) for rule in rules_of(version.sla))
        if claim or leave:
            out.append((period, claim))
    return out


def _notice(sla: Sla) -> int | None:
    """The days in which a right to leave must be used; None where there is none."""
    return max((one.notice_within_days for one in sla.termination), default=None)


def _reach(rule: Claim | None) -> int:
    """How many months back this clause can reach, generously."""
    if rule is None:
        return SILENT
    if rule.kind == "automatic" or rule.n is None:
        return 0
    if rule.kind == "hours_after_incident":
        return 2 + rule.n // (24 * 28)
    if rule.kind in ("days_after_incident", "days_after_period_end"):
        return 3 + (rule.n * 7 // 5 if rule.business_days else rule.n) // 28
    return 2 + rule.n


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
