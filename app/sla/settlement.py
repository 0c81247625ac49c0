"""A contract's worked example on plain data: the same counting, credits and deadlines the judge uses.

    settlement({"kind": "availability", "terms": {…}, "month": "2026-04", "timezone": "UTC", "currency": "USD",
                "monthly_fee": "120.00", "downtime": [{"start": …, "end": …}], "maintenance": []})

Kinds: `availability`, `repair`, `termination`. The answer is printed text: minutes to four decimals where they are not
whole, percent to six, half up; the law itself compares exact ratios only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from app.sla.clauses import AggregateDowntime, MonthsBelow, OutageCount
from app.sla.clocks import timed_owed
from app.sla.counting import Counted, count, minutes
from app.sla.credits import Owed, Settled, rounded, settle
from app.sla.deadlines import LastMoment, last_moments
from app.sla.excuse import Cover, excused_by
from app.sla.periods import Period, calendar_month, local_days
from app.sla.spans import Span, clip, intersect, total, union, utc
from app.sla.termination import right_to_leave
from app.sla.terms import Sla, TermsError, named_period, read_terms

NO_COVER = ("no_show", "cancelled")


def settlement(case: Mapping[str, Any]) -> dict[str, Any]:
    """The example's answer. Raises `TermsError` for terms, or facts, that cannot be read."""
    kinds = {"availability": _availability, "repair": _repair, "termination": _termination}
    try:
        answer = kinds[case["kind"]]
        terms = read_terms({**case["terms"], "timezone": case["timezone"], "currency": case["currency"]})
        return answer(case, terms, named_period(terms, case["month"]))
    except (KeyError, TypeError) as error:
        raise TermsError(
            f"the example lacks, or misspells, {error}; for example "
            '{"kind": "availability", "terms": {…}, "month": "2026-04", "timezone": "UTC", "currency": "USD", …}'
        ) from error


def _availability(case: Mapping[str, Any], terms: Sla, period: Period) -> dict[str, Any]:
    outages = union(_spans(case["downtime"]))
    in_service = _span(case["in_service"]) if case.get("in_service") else None
    life = clip(outages, in_service) if in_service is not None else outages
    excluded = [part.span for part in excused_by(_covers(case["maintenance"], terms), life, terms, period)]
    tickets = [_instant(at) for at in case.get("tickets", ())]
    counted = count(outages, excluded, terms, period.span, in_service, tickets)
    observed = clip(life, period.span)
    excluded_here = total(intersect(observed, excluded))
    whole = _denominator(terms, period, in_service, excluded_here)
    uptime = max(1 - counted.minutes / whole, Fraction(0)) if whole else None
    breach = uptime is not None and terms.target is not None and uptime < terms.target
    owed = Owed(
        counted.minutes, tuple(m for _, m in counted.incidents), whole, uptime, terms.target,
        sum(1 for _ in local_days(period.span, period.zone)), Fraction(Decimal(case["monthly_fee"])),
    )  # fmt: skip
    settled = settle(terms.credit, owed, terms.cap_percent, terms.min_credit, terms.currency)
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
        **_claim(case, terms, period, counted, settled if due else None),
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


def _claim(
    case: Mapping[str, Any], terms: Sla, period: Period, counted: Counted, settled: Settled | None
) -> dict[str, Any]:
    moments: tuple[LastMoment, ...] = ()
    if settled is not None and settled.amount:
        moments = last_moments(terms.claim, period, [span for span, _ in counted.incidents])
    first = moments[0] if moments else None
    out: dict[str, Any] = {
        "claim_deadline": _deadline(first) if first else None,
        "claim_too_late_from_utc": _stamp(first.too_late_from) if first else None,
        "claim_deadlines_by_outage": [_deadline(moment) for moment in moments],
    }
    if "as_of" in case:
        out["claim_open"] = first is not None and _instant(case["as_of"]) < first.too_late_from
    return out


def _denominator(terms: Sla, period: Period, in_service: Span | None, excluded: timedelta) -> Fraction:
    rule = terms.denominator
    if rule.startswith("fixed:"):
        return Fraction(int(rule.removeprefix("fixed:")))
    whole = period.span.length
    if rule in ("in_service", "less_excluded") and in_service is not None:
        whole = total(clip([in_service], period.span))
    return minutes(whole - excluded if rule == "less_excluded" else whole)


def _covers(rows: Sequence[Mapping[str, Any]], terms: Sla) -> list[Cover]:
    """The windows that excuse: notice met, and the work not a mere promise."""
    rules, covers = terms.maintenance, []
    for index, row in enumerate(rows):
        if row["outcome"] in NO_COVER:
            continue
        promised, performed = _pair(row, "promised"), _pair(row, "actual")
        emergency = row["kind"] == "emergency"
        if emergency:
            valid = rules.emergency is not None and rules.emergency.excluded
        else:
            asked = timedelta(seconds=int(Fraction(rules.min_notice_hours or 0) * 3600))
            given = promised is not None and promised.start - _instant(row["announced_at"]) >= asked
            valid = bool(rules.scheduled_excluded) and given
        if valid:
            covers.append(Cover(str(row.get("id", index)), emergency, promised, performed))
    return covers


def _repair(case: Mapping[str, Any], terms: Sla, period: Period) -> dict[str, Any]:
    promise = terms.promises[0]
    start, stop = _instant(case["events"][promise.clock_start]), _instant(case["events"][promise.clock_stop])
    target = timedelta(seconds=int(Fraction(promise.target_minutes) * 60))
    over = max(stop - start - target, timedelta(0))
    fee = Fraction(Decimal(case["monthly_fee"]))
    days = sum(1 for _ in local_days(period.span, period.zone))
    owed = timed_owed(stop - start, target, promise, minutes(period.span.length), fee, days)
    settled = settle(promise.credit, owed, promise.cap_percent, terms.min_credit, terms.currency)
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


def _termination(case: Mapping[str, Any], terms: Sla, period: Period) -> dict[str, Any]:
    clause = terms.termination[0]
    assert isinstance(clause, MonthsBelow | OutageCount | AggregateDowntime)
    months = [
        (calendar_month(label, period.zone), Fraction(Decimal(share)) / 100)
        for label, share in case.get("monthly_uptimes", ())
    ]
    right = right_to_leave(clause, period.zone, months, _spans(case["downtime"]))
    if right is None:
        return {"right_accrues_in": None, "exercise_by": None}
    accrued = right.accrued.label if isinstance(right.accrued, Period) else _stamp(right.accrued)
    return {"right_accrues_in": accrued, "exercise_by": right.exercise_by.isoformat()}


def _instant(text: str) -> datetime:
    return utc(datetime.fromisoformat(text))


def _span(row: Mapping[str, Any]) -> Span:
    return Span(_instant(row["start"]), _instant(row["end"]))


def _spans(rows: Sequence[Mapping[str, Any]]) -> list[Span]:
    return [_span(row) for row in rows]


def _pair(row: Mapping[str, Any], which: str) -> Span | None:
    start, end = row.get(f"{which}_start"), row.get(f"{which}_end")
    return Span(_instant(start), _instant(end)) if start is not None and end is not None else None


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
