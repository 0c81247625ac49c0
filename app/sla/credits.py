"""What the contract pays: formula on exact ratios -> incident cap -> period cap -> minimum -> one rounding.

Percents are Fractions of the fee base until the amount; the amount is rounded once, half up, to the currency's
minor unit. Source: the terms vocabulary, "Order of computation" and its conventions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor

from app.sla.clauses import (
    CreditClause,
    DaysPerUnit,
    DurationTable,
    Flat,
    MinCredit,
    Multiple,
    NoChargeHours,
    PerShortfall,
    PerUnit,
    Steps,
    Tier,
    UptimeTiers,
)

# Currencies whose smallest coin is not a hundredth (ISO 4217).
MINOR_UNITS = dict.fromkeys(
    ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF",
     "XPF"), 0,
) | dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3)  # fmt: skip


def rounded(amount: Fraction, currency: str) -> Decimal:
    """Half up, once, to the currency's minor unit: JPY has none, EUR two places, KWD three."""
    places = MINOR_UNITS.get(currency, 2)
    scaled = amount * 10**places
    value = (scaled.numerator * 2 + scaled.denominator) // (scaled.denominator * 2)
    return Decimal(value).scaleb(-places)


@dataclass(frozen=True, slots=True)
class Owed:
    """What a formula reads. Minutes exact; `days` is the number of local days of the whole period.

    In a part of a period `fee` is that part's. What is paid for time (units, days, hours) is worth as much there as
    anywhere; what is paid for a share of time is a share of the part's fee.
    """

    minutes: Fraction
    incidents: tuple[Fraction, ...]  # counted minutes of each, by time
    denominator: Fraction
    uptime: Fraction | None
    target: Fraction | None
    days: int
    fee: Fraction
    clock_hours: tuple[Fraction, ...] = ()  # counted minutes in each hour of the clock that has any
    renewal_fee: Fraction | None = None
    share: Fraction = Fraction(1)  # of the whole period's fee, where only a part of the period is reckoned


@dataclass(frozen=True, slots=True)
class Bases:
    """What is reckoned on something else than the fee: the cap's amount, and the renewal fee a day is a part of."""

    cap: Fraction | None = None
    renewal_fee: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Formula:
    """Percent of the fee before the caps, and how it came about."""

    percent: Fraction
    units: int | None = None
    tier: Tier | None = None
    said: str = ""


@dataclass(frozen=True, slots=True)
class Settled:
    """The credit with every step. `percent` is capped, and zero where the minimum is not reached."""

    formula: Formula
    percent: Fraction
    cap_applied: bool
    exact: Fraction
    amount: Decimal
    below_minimum: bool


def settle(
    credit: CreditClause, owed: Owed, cap_percent: Decimal | None, minimum: MinCredit | None, currency: str,
    total_cap_percent: Decimal | None = None, cap_on: Fraction | None = None,
) -> Settled:  # fmt: skip
    """The credit for a guarantee that is breached (or needs no breach). `cap_on` is what the caps are percent of,
    where that is not the fee; one credit is never more than the cap over all of them."""
    formula = percent_of(credit, owed)
    caps = [Fraction(limit) for limit in (cap_percent, total_cap_percent) if limit is not None]
    cap = min(caps) if caps else None
    if cap is not None and cap_on is not None and owed.fee:
        cap = cap * cap_on / owed.fee
    percent = formula.percent if cap is None else min(formula.percent, cap)
    exact = owed.fee * percent / 100
    short = minimum is not None and not _reaches(exact, minimum)
    amount = rounded(Fraction(0) if short else exact, currency)
    capped = cap is not None and formula.percent > cap
    return Settled(formula, Fraction(0) if short else percent, capped, exact, amount, short)


def _reaches(exact: Fraction, minimum: MinCredit) -> bool:
    least = Fraction(minimum.amount)
    return exact > least if minimum.rule == "greater_than" else exact >= least


def percent_of(credit: CreditClause, owed: Owed) -> Formula:
    """The clause's formula, uncapped but for its own incident cap."""
    for kind, formula in FORMULAS:
        if isinstance(credit, kind):
            return formula(credit, owed)
    return Formula(Fraction(0), said="no credit")


def tier_for(tiers: Sequence[Tier], uptime: Fraction) -> Tier | None:
    """The last row the uptime (0..1) is below, or at where the row is inclusive."""
    out = None
    for tier in tiers:
        limit = Fraction(tier.below) / 100
        if uptime < limit or (tier.inclusive and uptime == limit):
            out = tier
    return out


def _tiers(credit: UptimeTiers, owed: Owed) -> Formula:
    tier = tier_for(credit.tiers, owed.uptime) if owed.uptime is not None else None
    if tier is None:
        return Formula(Fraction(0), said="below no tier")
    return Formula(Fraction(tier.percent), tier=tier, said=f"below {tier.below} %: {tier.percent} % of the fee")


def _flat(credit: Flat, owed: Owed) -> Formula:
    return Formula(Fraction(credit.percent), said=f"{credit.percent} % of the fee")


def _units(credit: PerUnit | DaysPerUnit, owed: Owed) -> int:
    step, free = Fraction(credit.unit_minutes), Fraction(credit.deductible_minutes)
    whole: Callable[[Fraction], int] = ceil if credit.rounding == "started" else floor
    parts = owed.incidents if credit.scope == "per_incident" else (owed.minutes,)
    allowed = _allowance(owed) if credit.basis == "excess" else Fraction(0)
    units = 0
    for part in parts:
        over = max(part - allowed, Fraction(0))  # the allowance is used up in order of time
        allowed = max(allowed - part, Fraction(0))
        units += whole(max(over - free, Fraction(0)) / step)
    return units


def _allowance(owed: Owed) -> Fraction:
    return (1 - owed.target) * owed.denominator if owed.target is not None else Fraction(0)


def _per_unit(credit: PerUnit, owed: Owed) -> Formula:
    units = _units(credit, owed)
    return Formula(units * Fraction(credit.percent) / owed.share, units, said=f"{units} × {credit.percent} %")


def _days(credit: DaysPerUnit, owed: Owed) -> Formula:
    units = _units(credit, owed)
    days = units * Fraction(credit.days_each)
    if owed.minutes > 0:
        days += Fraction(credit.initial_days)
    value = credit.day_value
    if value.kind == "renewal":
        renewal = Fraction(value.renewal_fee) if value.renewal_fee is not None else owed.renewal_fee
        if renewal is None or not owed.fee:
            return Formula(Fraction(0), units, said=f"{days} days of a renewal fee that is not known")
        one = renewal / Fraction(value.days or 365) / owed.fee
    else:
        whole = Fraction(value.days) if value.kind == "fixed" and value.days is not None else Fraction(owed.days)
        one = 1 / (whole * owed.share)
    return Formula(days * one * 100, units, said=f"{days} days of fee")


def _multiple(credit: Multiple, owed: Owed) -> Formula:
    hours = _hours(credit, owed)
    cap = None if credit.incident_cap_percent is None else Fraction(credit.incident_cap_percent) / owed.share
    parts = owed.incidents if credit.scope == "per_incident" or cap is not None else (owed.minutes,)
    allowed = _allowance(owed) if credit.basis == "excess" else Fraction(0)
    percent = Fraction(0)
    for part in parts:
        over = max(part - allowed, Fraction(0))
        allowed = max(allowed - part, Fraction(0))
        share = Fraction(credit.multiplier) * over / 60 / hours * 100
        percent += share if cap is None else min(share, cap)
    return Formula(percent, said=f"{credit.multiplier} × the fee for the time")


def _hours(credit: Multiple | NoChargeHours, owed: Owed) -> Fraction:
    """The hours the fee is for."""
    if credit.hourly_divisor == "actual":
        return owed.denominator / 60
    return Fraction(credit.hourly_divisor) * owed.share


def _table(credit: DurationTable, owed: Owed) -> Formula:
    hours = Fraction(0)
    for part in owed.incidents:
        row = next((r for r in credit.rows if r.under_minutes is None or part < Fraction(r.under_minutes)), None)
        hours += Fraction(row.hours) if row is not None else Fraction(credit.rows[-1].hours)
    units = int(hours) if hours.denominator == 1 else None
    whole = Fraction(credit.hours_per_fee) * owed.share
    return Formula(hours / whole * 100, units, said=f"{hours} hours of fee")


def _shortfall(credit: PerShortfall, owed: Owed) -> Formula:
    if owed.uptime is None or owed.target is None:
        return Formula(Fraction(0), 0)
    steps = max(owed.target - owed.uptime, Fraction(0)) * 100 / Fraction(credit.step_percent)
    units = ceil(steps) if credit.rounding == "started" else floor(steps)
    return Formula(units * Fraction(credit.percent), units, said=f"{units} × {credit.percent} %")


def _no_charge(credit: NoChargeHours, owed: Owed) -> Formula:
    hours = _hours(credit, owed)
    if credit.over_minutes is not None:
        units = sum(1 for part in owed.clock_hours if part > Fraction(credit.over_minutes))
    else:
        units = ceil(owed.minutes / 60) if credit.rounding == "started" else floor(owed.minutes / 60)
    return Formula(Fraction(units) / hours * 100, units, said=f"{units} hours not charged")


def _steps(credit: Steps, owed: Owed) -> Formula:
    rows = [row for row in credit.rows if owed.minutes > Fraction(row.over_minutes)]
    if not rows:
        return Formula(Fraction(0), said="over no step")
    return Formula(Fraction(rows[-1].percent), said=f"over {rows[-1].over_minutes} min: {rows[-1].percent} %")


FORMULAS: tuple[tuple[type, Callable[..., Formula]], ...] = (
    (UptimeTiers, _tiers),
    (Flat, _flat),
    (PerUnit, _per_unit),
    (DaysPerUnit, _days),
    (Multiple, _multiple),
    (DurationTable, _table),
    (PerShortfall, _shortfall),
    (NoChargeHours, _no_charge),
    (Steps, _steps),
)
