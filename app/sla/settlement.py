"""A contract's worked example on plain data: the same counting, credits and deadlines the judge uses.

    settlement({"kind": "availability", "terms": {…}, "month": "2026-04", "timezone": "UTC", "currency": "USD",
                "monthly_fee": "120.00", "downtime": [{"start": …, "end": …}], "maintenance": []})

Kinds: `availability`, `repair`, `termination`. The answer is printed text: minutes to four decimals where they are not
whole, percent to six, half up; the law itself compares exact ratios only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from app.sla.clauses import AggregateDowntime, MonthsBelow, OutageCount
from app.sla.clocks import timed_owed
from app.sla.counting import Counted, clock_hours, count, minutes
from app.sla.credits import Owed, Settled, rounded, settle
from app.sla.deadlines import LastMoment, last_moments
from app.sla.excuse import excused_by
from app.sla.periods import Period, PeriodError, calendar_month, local_days
from app.sla.spans import Span, clip, intersect, total, union
from app.sla.termination import right_to_leave
from app.sla.terms import Sla, TermsError
from app.sla.worked import Example, wrong


def settlement(case: Mapping[str, Any]) -> dict[str, Any]:
    """The example's answer. Raises `TermsError` for terms, or facts, that cannot be read."""
    example = Example(case)
    kinds = {"availability": _availability, "repair": _repair, "termination": _termination}
    try:
        return kinds[example.kind](example)
    except PeriodError as error:
        raise TermsError(f"{'monthly_uptimes' if example.kind == 'termination' else 'month'}: {error}") from error
    except (OverflowError, ValueError) as error:
        if isinstance(error, TermsError):
            raise
        raise wrong("example", f"holds a number out of all measure ({error})", '"n": 30') from error


def _availability(example: Example) -> dict[str, Any]:
    terms, period, bases = example.terms, example.period, example.bases
    outages, in_service = example.downtime, example.in_service
    held = union(outages)
    life = clip(held, in_service) if in_service is not None else held
    excluded = [part.span for part in excused_by(example.covers, life, terms, period)]
    tickets = example.clock(("tickets",), "ticket_opened")
    confirmed = example.clock(("confirmations",), "provider_confirmed")
    counted = count(outages, excluded, terms, period.span, in_service, tickets, confirmed)
    observed = clip(life, period.span)
    excluded_here = total(intersect(observed, excluded))
    whole = _denominator(terms, period, in_service, excluded_here)
    uptime = max(1 - counted.minutes / whole, Fraction(0)) if whole else None
    breach = uptime is not None and terms.target is not None and uptime < terms.target
    owed = Owed(
        counted.minutes, tuple(m for _, m in counted.incidents), whole, uptime, terms.target,
        sum(1 for _ in local_days(period.span, period.zone)), example.fee, clock_hours(counted), bases.renewal_fee,
    )  # fmt: skip
    settled = settle(
        terms.credit, owed, terms.cap_percent, terms.min_credit, terms.currency, terms.total_cap_percent, bases.cap
    )
    due = breach or not terms.requires_breach
    return {
        "period_start_utc": _stamp(period.span.start),
        "period_end_utc": _stamp(period.span.end),
        "period_minutes": _minutes(minutes(period.span.length)),
        "denominator_minutes": _minutes(whole),
        "downtime_minutes_observed": _minutes(minutes(total(observed))),
        "downtime_minutes_excluded": _minutes(minutes(excluded_here)),
        "downtime_minutes_counted": _minutes(counted.minutes),
        "outages_counted": len(counted.pieces),
        "uptime_percent": _six(uptime * 100) if uptime is not None else None,
        "breach": breach,
        **_credit(settled, due, terms.currency),
        **_claim(example, counted, settled if due else None),
    }


def _credit(settled: Settled, due: bool, currency: str) -> dict[str, Any]:
    if not due:
        return {
            "tier": None, "units": None, "credit_percent_uncapped": _six(Fraction(0)), "cap_applied": False,
            "credit_percent": _six(Fraction(0)), "credit_amount": str(rounded(Fraction(0), currency)),
        }  # fmt: skip
    tier = settled.formula.tier
    return {
        "tier": None if tier is None else f"{'<=' if tier.inclusive else '<'}{tier.below}",
        "units": settled.formula.units,
        "credit_percent_uncapped": _six(settled.formula.percent),
        "cap_applied": settled.cap_applied,
        "credit_percent": _six(settled.percent),
        "credit_amount": str(settled.amount),
    }


def _claim(example: Example, counted: Counted, settled: Settled | None) -> dict[str, Any]:
    moments: tuple[LastMoment, ...] = ()
    if settled is not None and settled.amount:
        moments = last_moments(example.terms.claim, example.period, [span for span, _ in counted.incidents])
    first = moments[0] if moments else None
    out: dict[str, Any] = {
        "claim_deadline": _deadline(first) if first else None,
        "claim_too_late_from_utc": _stamp(first.too_late_from) if first else None,
        "claim_deadlines_by_outage": [_deadline(moment) for moment in moments],
    }
    as_of = example.as_of
    if as_of is not None:
        out["claim_open"] = first is not None and as_of < first.too_late_from
    return out


def _denominator(terms: Sla, period: Period, in_service: Span | None, excluded: timedelta) -> Fraction:
    rule = terms.denominator
    if rule.startswith("fixed:"):
        return Fraction(int(rule.removeprefix("fixed:")))
    whole = period.span.length
    if rule in ("in_service", "less_excluded") and in_service is not None:
        whole = total(clip([in_service], period.span))
    return minutes(whole - excluded if rule == "less_excluded" else whole)


def _repair(example: Example) -> dict[str, Any]:
    terms, period = example.terms, example.period
    if not terms.promises:
        raise wrong("terms.promise", "is missing: a repair is judged by its timed promise", _PROMISE)
    promise = terms.promises[0]
    start, stop = example.event(promise.clock_start), example.event(promise.clock_stop)
    if start is None:
        raise wrong(f"events.{promise.clock_start}", "is missing: the clock starts at it", '"2026-04-09T10:00:00Z"')
    stop = stop or example.as_of
    if stop is None:
        raise wrong(f"events.{promise.clock_stop}", "is missing: the clock stops at it", '"2026-04-09T12:00:00Z"')
    if stop < start:
        raise wrong(f"events.{promise.clock_stop}", f"lies before {promise.clock_start}", '"2026-04-09T12:00:00Z"')
    target = timedelta(microseconds=int(Fraction(promise.target_minutes) * 60_000_000))
    over = max(stop - start - target, timedelta(0))
    days = sum(1 for _ in local_days(period.span, period.zone))
    bases = example.bases
    owed = timed_owed(stop - start, target, promise, minutes(period.span.length), example.fee, days)
    owed = replace(owed, renewal_fee=bases.renewal_fee)
    settled = settle(
        promise.credit, owed, promise.cap_percent, terms.min_credit, terms.currency, terms.total_cap_percent, bases.cap
    )
    credit = _credit(settled, bool(over), terms.currency)
    moments = last_moments(terms.claim, period, [Span(start, stop)]) if over and settled.amount else ()
    return {
        "minutes_taken": _minutes(minutes(stop - start)),
        "minutes_over": _minutes(minutes(over)),
        "breach": bool(over),
        "units": credit["units"],
        "cap_applied": credit["cap_applied"],
        "credit_percent": credit["credit_percent"],
        "credit_amount": credit["credit_amount"],
        "claim_deadline": _deadline(moments[0]) if moments else None,
        "claim_too_late_from_utc": _stamp(moments[0].too_late_from) if moments else None,
    }


def _termination(example: Example) -> dict[str, Any]:
    if not example.terms.termination:
        raise wrong("terms.termination", "is missing", _TERMINATION)
    clause, zone = example.terms.termination[0], example.period.zone
    assert isinstance(clause, MonthsBelow | OutageCount | AggregateDowntime)
    months = [(calendar_month(label, zone), uptime) for label, uptime in example.uptimes]
    right = right_to_leave(clause, zone, months, example.downtime)
    if right is None:
        return {"right_accrues_in": None, "exercise_by": None}
    accrued = right.accrued.label if isinstance(right.accrued, Period) else _stamp(right.accrued)
    return {"right_accrues_in": accrued, "exercise_by": right.exercise_by.isoformat()}


_PROMISE = '{"name": "part", "clock_start": "identified_at", "clock_stop": "replaced_at", "target_minutes": 60}'
_TERMINATION = '{"kind": "outage_count", "count": 3, "window_days": 30}'


def _stamp(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _deadline(moment: LastMoment) -> str:
    return _stamp(moment.too_late_from) if moment.exact else moment.latest.isoformat()


def _half_up(value: Fraction, places: int) -> Decimal:
    scaled = value * 10**places
    return Decimal((scaled.numerator * 2 + scaled.denominator) // (scaled.denominator * 2)).scaleb(-places)


def _six(value: Fraction) -> str:
    return format(_half_up(value, 6), "f")


def _minutes(value: Fraction) -> str:
    text = format(_half_up(value, 4), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
