"""The contract as data: one agreement's terms, frozen, exact, with the text each value was read from.

    Sla.model_validate({"timezone": "Europe/Berlin", "currency": "EUR", "target_percent": "99.9", …})

Raises `TermsError` (through `read_terms`) or pydantic's `ValidationError`; both name the field's path.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Annotated, Any

from pydantic import Field, ValidationError, model_validator

from app.sla.clauses import (
    BillingCycle,
    CalendarMonth,
    CalendarQuarter,
    CalendarYear,
    Claim,
    Clause,
    Counting,
    CreditClause,
    Maintenance,
    MinCredit,
    NoCredit,
    PeriodClause,
    RollingDays,
    TerminationClause,
)
from app.sla.numbers import Number, Percent, Share, Zone
from app.sla.periods import Period, billing_cycle, calendar_month, calendar_quarter, calendar_year, rolling_days
from app.sla.promised import Attribution, Denominator, Guarantee, MetricPromise, TimedPromise

EXAMPLE = '{"timezone": "Europe/Berlin", "currency": "EUR", "target_percent": "99.9", "credit": {"kind": "none"}}'

# The union's tags stand in pydantic's path and in no document: a reader looks for `credit.tiers`.
KINDS = frozenset({
    "calendar_month", "billing_cycle", "calendar_quarter", "calendar_year", "rolling_days", "exact", "whole_minutes",
    "buckets", "none", "uptime_tiers", "flat", "per_unit", "days_per_unit", "multiple", "duration_table",
    "per_shortfall", "no_charge_hours", "steps", "months_below", "outage_count", "aggregate_downtime",
})  # fmt: skip


class TermsError(ValueError):
    """Terms that cannot be read, with the path of the field and an example of what is right."""


class SourceQuote(Clause):
    """Where a value was read: the clause's own words, its address or paper, and the day we looked."""

    text: str
    source: str = ""
    retrieved_on: date | None = None


Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
MONTHLY = ("monthly_fee", "fee", "credit_base")  # what a base may be called where it is the monthly fee itself
STACKING = ("all", "highest", "first_listed")  # any other text is settled by hand


class Sla(Clause):
    """All the law reads of an agreement. `target_percent` None: no availability is promised."""

    version: str | None = None
    timezone: Zone
    currency: Currency
    target_percent: Share | None = None
    period: PeriodClause = CalendarMonth()
    denominator: Denominator = "actual"
    attribution: Attribution = "clip"
    counting: Counting = Counting()
    maintenance: Maintenance = Maintenance()
    credit: CreditClause = NoCredit()
    credit_base: str = "monthly_fee"
    requires_breach: bool = True
    cap_percent: Percent | None = None
    cap_base: str = "monthly_fee"
    total_cap_percent: Percent | None = None
    stacking: str | None = None
    remedy_form: str | None = None
    min_credit: MinCredit | None = None
    claim: Claim | None = None
    guarantees: tuple[Guarantee, ...] = ()  # those beside the first, which stands in the fields above
    metrics: tuple[MetricPromise, ...] = ()
    bases: dict[str, Number] = Field(default_factory=dict)  # amounts beside the monthly fee, by the name bases use
    promises: tuple[TimedPromise, ...] = ()
    termination: tuple[TerminationClause, ...] = ()
    exclusions: tuple[str, ...] = ()  # in the contract's words: facts a person weighs, not arithmetic
    preconditions: tuple[str, ...] = ()  # what must hold before anything is paid: a checklist for a person
    manual: tuple[str, ...] = ()  # clauses kept as text: to be settled by hand
    source_quotes: dict[str, SourceQuote] = Field(default_factory=dict)
    interpretations: dict[str, str] = Field(default_factory=dict)
    needs_review: dict[str, str] = Field(default_factory=dict)  # path -> why: no claim until somebody names themselves

    @model_validator(mode="before")
    @classmethod
    def _one_or_many(cls, data: Any) -> Any:
        """A single `promise` or `termination` may be written without a list."""
        if not isinstance(data, Mapping):
            return data
        out = dict(data)
        if "promise" in out and "promises" not in out:
            out["promises"] = [out.pop("promise")]
        if isinstance(out.get("termination"), Mapping):
            out["termination"] = [out["termination"]]
        return out

    @model_validator(mode="after")
    def _paths_exist(self) -> Sla:
        """A quotation belongs to a field that exists; what is to be reviewed, to a clause that stands here."""
        for path in (*self.source_quotes, *self.interpretations):
            if path.split(".")[0].split("[")[0] not in type(self).model_fields:
                raise ValueError(f"{path!r} names no field of the terms; for example maintenance.min_notice_hours")
        for path in self.needs_review:
            if not holds(self, path):
                raise ValueError(f"{path!r} names no clause of these terms; for example maintenance.min_notice_hours")
        names = [*(one.name for one in self.guarantees), *(one.name for one in self.metrics)]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f'two guarantees are called {name!r}; for example "network" and "power"')
        return self

    @property
    def target(self) -> Fraction | None:
        """The promised share of time, 0 to 1."""
        return None if self.target_percent is None else Fraction(self.target_percent) / 100

    def base(self, name: str) -> Fraction | None:
        """The amount the terms give a base; None for the monthly fee, and for what nobody knows."""
        return Fraction(self.bases[name]) if name in self.bases else None

    @property
    def by_hand(self) -> tuple[str, ...]:
        """What this version keeps but does not compute: to be settled by hand."""
        out = list(self.manual)
        for what, name in _reckoned_on(self):
            if name not in MONTHLY and name not in self.bases:
                out.append(f"{what} is reckoned on {name}, not on the monthly fee; the terms give no amount for it.")
        if self.stacking is not None and self.stacking not in STACKING:
            out.append(f"Several credits for one event: {self.stacking}.")
        if self.total_cap_percent is not None and (self.guarantees or self.metrics or self.promises):
            out.append(f"How the cap of {self.total_cap_percent} % over all credits is shared among several.")
        return tuple(out)


def _reckoned_on(terms: Sla) -> tuple[tuple[str, str], ...]:
    out = [("The credit", terms.credit_base), ("The cap", terms.cap_base)]
    for one in terms.guarantees:
        out += [(f"The credit for {one.name}", one.credit_base), (f"The cap for {one.name}", one.cap_base)]
    return tuple(out)


def holds(value: Any, path: str) -> bool:
    """Whether the path leads to a field that stands in the document: "credit.tiers.0.below"."""
    for part in path.replace("[", ".").replace("]", "").split("."):
        if isinstance(value, Clause) and part in type(value).model_fields:
            value = getattr(value, part)
        elif isinstance(value, Mapping) and part in value:
            value = value[part]
        elif isinstance(value, tuple) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            return False
    return True


def named_period(terms: Sla, month: str) -> Period:
    """The period of these terms that begins in (rolling: ends with; year and quarter: contains) the month "2025-06"."""
    zone, clause = terms.timezone, terms.period
    if isinstance(clause, BillingCycle):
        return billing_cycle(month, zone, clause.anchor_day)
    calendar = calendar_month(month, zone)
    if isinstance(clause, CalendarQuarter):
        return calendar_quarter(f"{month[:4]}-Q{(int(month[5:]) + 2) // 3}", zone)
    if isinstance(clause, CalendarYear):
        return calendar_year(month[:4], zone)
    if isinstance(clause, RollingDays):
        return rolling_days(calendar.last_day, clause.days, zone)
    return calendar


def field_path(loc: tuple[int | str, ...], *, unknown: bool = False) -> str:
    """A document's path of pydantic's: without the tags of its unions ("credit.tiers.0.below"). The end of an
    `unknown` field's path is the document's own, whatever it is called."""
    last = len(loc) - 1
    return ".".join(
        str(part) for index, part in enumerate(loc) if index == 0 or (unknown and index == last) or not _tag(part)
    )


def _tag(part: int | str) -> bool:
    return part in KINDS or re.match(r"literal\[|function-|constrained-|decimal$", str(part)) is not None


def read_terms(data: Any, under: str = "") -> Sla:
    """`Sla` from plain data. Raises `TermsError` naming each wrong field's path (behind `under`), with an example."""
    try:
        return Sla.model_validate(data)
    except ValidationError as error:
        lines = []
        for item in error.errors(include_url=False):
            path = under + field_path(item["loc"], unknown=item["type"] == "extra_forbidden") or "terms"
            message = str(item["msg"]).removeprefix("Value error, ")
            example = "" if "for example" in message else f"; for example {EXAMPLE}"
            lines.append(f"{path}: {message}{example}")
        raise TermsError("; ".join(lines)) from error


__all__ = ["Sla", "SourceQuote", "TermsError", "TimedPromise", "named_period", "read_terms"]
