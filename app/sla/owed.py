"""The credit of a measured period, with every step written down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

from app.sla.case import Case
from app.sla.clauses import NoChargeHours, NoCredit, UptimeTiers
from app.sla.counting import Counted, clock_hours, length_of, minutes
from app.sla.credits import Owed, Settled, rounded, settle, tier_for
from app.sla.deadlines import deadline
from app.sla.periods import Period, local_days
from app.sla.readings import Measured
from app.sla.spans import Span, total
from app.sla.statement import CalculationLine, Credit, Deadline, Outage
from app.sla.terms import MONTHLY, Sla
from app.sla.wording import clause, percent, seconds


@dataclass(frozen=True, slots=True)
class Reckoned:
    """A credit beside what it comes to before the one rounding, and the outages it is for."""

    credit: Credit
    exact: Fraction
    incidents: tuple[Span, ...]


def part_of(period: Period, whole: Period | None) -> Fraction:
    """The part of a whole period by time; one where it is no part."""
    return Fraction(1) if whole is None else minutes(period.span.length) / minutes(whole.span.length)


def fee_base(case: Case, measured: Measured, whole: Period | None = None) -> Fraction:
    """The base of the credit: the monthly fee, or the amount the terms give the base they name; of a part of a period
    its part by time. Where the terms measure only the part in service, the same part of it."""
    terms = measured.terms
    fee = Fraction(case.monthly_fee)
    if terms is None:
        return fee
    named = terms.base(terms.credit_base)
    fee = (fee if named is None else named) * part_of(measured.period, whole)
    if terms.denominator != "in_service" or case.in_service is None:
        return fee
    inside = measured.period.span.clip(case.in_service)
    return fee * minutes(inside.length) / minutes(measured.period.span.length) if inside is not None else Fraction(0)


def credit_of(case: Case, measured: Measured, whole: Period | None = None) -> Credit | None:
    """What the contract pays for the period's availability; None where it pays nothing: no breach, no such clause."""
    found = reckon(case, measured, whole)
    return found.credit if found is not None else None


def reckon(case: Case, measured: Measured, whole: Period | None = None) -> Reckoned | None:
    """`credit_of` before its rounding. `whole`: the period that `measured` is a part of."""
    terms, counted = measured.terms, measured.counted
    if terms is None or counted is None or isinstance(terms.credit, NoCredit):
        return None
    if terms.requires_breach and not measured.breach:
        return None
    if not terms.requires_breach and not counted.minutes:
        return None
    base = fee_base(case, measured, whole)
    share = part_of(measured.period, whole)
    uptime = measured.sla.projected_availability
    days = whole or measured.period
    owed = Owed(
        counted.minutes,
        tuple(length for _, length in counted.incidents),
        minutes(measured.sla.projected_known),
        uptime,
        terms.target,
        sum(1 for _ in local_days(days.span, days.zone)),
        base,
        clock_hours(counted) if isinstance(terms.credit, NoChargeHours) else (),
        terms.base("renewal_fee"),
        share,
    )
    cap_on = capped_on(case, terms)
    settled = settle(
        terms.credit, owed, terms.cap_percent, terms.min_credit, case.currency, terms.total_cap_percent,
        cap_on * share if cap_on is not None else None,
    )  # fmt: skip
    tier = settled.formula.tier
    credit = Credit(
        percent=settled.percent,
        uncapped_percent=settled.formula.percent,
        cap_applied=settled.cap_applied,
        amount=settled.amount,
        currency=case.currency,
        base=rounded(base, case.currency),
        tier_below=Fraction(tier.below) / 100 if tier is not None else None,
        final=measured.closed,
        lines=_lines(measured, terms, owed, settled, case),
    )
    exact = Fraction(0) if settled.below_minimum else settled.exact
    return Reckoned(credit, exact, tuple(span for span, _ in counted.incidents))


def capped_on(case: Case, terms: Sla) -> Fraction | None:
    """What caps are percent of, where that is not the credit's own base."""
    if terms.cap_base == terms.credit_base or terms.cap_base == "credit_base":
        return None
    named = terms.base(terms.cap_base)
    if named is None and terms.cap_base in MONTHLY and terms.base(terms.credit_base) is not None:
        return Fraction(case.monthly_fee)
    return named


def _lines(measured: Measured, terms: Sla, owed: Owed, settled: Settled, case: Case) -> tuple[CalculationLine, ...]:
    reading = measured.sla
    good = max(reading.projected_known - reading.down, timedelta(0))
    lines = [
        CalculationLine("Period", seconds(measured.period.span.length), measured.period.label),
        CalculationLine("Denominator", seconds(reading.projected_known), f"{terms.denominator}, without unknown time"),
        CalculationLine("Unknown", seconds(measured.unknown)),
        CalculationLine("Down", seconds(measured.down), "raw"),
        CalculationLine("Excused", seconds(total([part.span for part in measured.excused]))),
        CalculationLine("Counted", seconds(reading.down), "SLA method"),
    ]
    if owed.uptime is not None:
        exact = f"{_plain(good)}/{_plain(reading.projected_known)}"
        lines.append(CalculationLine("Availability", exact, percent(owed.uptime)))
    if terms.target_percent is not None:
        met = "missed" if measured.breach else "met"
        lines.append(CalculationLine("Target", f"{terms.target_percent} %", met))
    lines.append(CalculationLine("Credit", f"{_number(settled.formula.percent)} %", settled.formula.said))
    if terms.cap_percent is not None:
        cap = "applied" if settled.cap_applied else "not reached"
        lines.append(CalculationLine("Cap", f"{terms.cap_percent} %", cap))
    on = "monthly fee" if terms.base(terms.credit_base) is None else terms.credit_base.replace("_", " ")
    if owed.share != 1:
        on = f"{owed.share} of the {on}: its part of the period by time"
    lines.append(CalculationLine("Base", f"{rounded(owed.fee, case.currency)} {case.currency}", on))
    if settled.below_minimum and terms.min_credit is not None:
        rule = terms.min_credit.rule.replace("_", " ")
        lines.append(CalculationLine("Minimum", f"{rule} {terms.min_credit.amount}", "not reached: nothing is paid"))
    lines.append(CalculationLine("Amount", f"{settled.amount} {case.currency}", "rounded once, half up"))
    return tuple(lines)


def _plain(length: timedelta) -> str:
    return seconds(length).removesuffix(" s")


def _number(value: Fraction) -> str:
    if value.denominator == 1:
        return str(value.numerator)
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return format(exact.normalize(), "f") if Fraction(exact) == value else f"{value.numerator}/{value.denominator}"


def deadline_of(measured: Measured, credit: Credit | None, case: Case, whole: Period | None = None) -> Deadline | None:
    """Until when it must be claimed; no credit, no deadline."""
    if credit is None or not credit.amount or measured.terms is None or measured.counted is None:
        return None
    incidents = [span for span, _ in measured.counted.incidents]
    period = whole or measured.period
    return deadline(measured.terms.claim, period, incidents, case.as_at, clause(measured.terms, "claim"))


@dataclass(frozen=True, slots=True)
class Boundary:
    """What is said where a tier, or the target, lies between the bounds, and what the least time down pays."""

    note: str
    lower_amount: Decimal | None


def boundary_of(
    case: Case, measured: Measured, outages: Sequence[Outage], credit: Credit | None, whole: Period | None = None
) -> Boundary | None:
    """None where every bound of what was observed comes to the same row of the terms."""
    terms = measured.terms
    target = measured.target
    if terms is None or measured.counted is None or not measured.breach or target is None:
        return None
    known = minutes(measured.sla.projected_known)
    if known <= 0:
        return None
    zero = timedelta(0)
    less = sum((o.as_held - o.at_least for o in outages if o.counted), zero)
    more = sum((o.at_most - o.as_held for o in outages if o.counted and o.at_most is not None), zero)
    down = measured.counted.minutes
    low, held, high = (
        1 - min(max(down + minutes(change), Fraction(0)), known) / known for change in (-less, zero, more)
    )

    def step(uptime: Fraction) -> object:
        if isinstance(terms.credit, UptimeTiers):
            return tier_for(terms.credit.tiers, uptime), uptime < target
        return uptime < target

    if step(low) == step(held) == step(high):
        return None
    note = (
        f"A boundary of the terms lies between the bounds of what was observed: at least "
        f"{seconds(length_of(max(down - minutes(less), Fraction(0))))}, as held {seconds(measured.sla.down)}, "
        f"at most {seconds(length_of(down + minutes(more)))}. The credit is reckoned on the time as held."
    )
    if credit is None or step(low) == step(held):
        return Boundary(note, None)
    least = credit_of(case, at_least(measured, outages), whole)
    lower = least.amount if least is not None else rounded(Fraction(0), case.currency)
    if lower >= credit.amount:
        return Boundary(note, None)
    note += (
        f" On the least time it is {lower} {case.currency} instead of {credit.amount}: the lower is the one to claim."
    )
    return Boundary(note, lower)


def at_least(measured: Measured, outages: Sequence[Outage]) -> Measured:
    """The period with each outage that counts no longer than from its first to its last failure."""
    assert measured.counted is not None
    pieces = list(measured.counted.pieces)
    for outage in outages:
        spare = minutes(outage.as_held - outage.at_least) if outage.counted else Fraction(0)
        for index, piece in enumerate(pieces):
            if spare and piece.span.overlaps(outage.span):
                taken = min(piece.minutes, spare)
                pieces[index] = replace(piece, minutes=piece.minutes - taken)
                spare -= taken
    held = [piece.minutes for piece in measured.counted.pieces]
    taken_away = sum(held, Fraction(0)) - sum((piece.minutes for piece in pieces), Fraction(0))
    counted = replace(
        measured.counted, pieces=tuple(pieces), minutes=max(measured.counted.minutes - taken_away, Fraction(0))
    )
    return recounted(measured, counted, measured.denominator, measured.sla.projected_known)


def recounted(measured: Measured, counted: Counted, denominator: Fraction, known: timedelta) -> Measured:
    """The same period with another count: its third reading and its breach follow, nothing else does."""
    whole, down = minutes(known), counted.minutes
    uptime = 1 - min(down, whole) / whole if whole > 0 else None
    sla = replace(measured.sla, down=length_of(down), projected_known=known, projected_availability=uptime)
    breach = measured.target is not None and denominator > 0 and down > (1 - measured.target) * denominator
    readings = (*measured.readings[:2], sla)
    return replace(measured, counted=counted, denominator=denominator, readings=readings, breach=breach)
