"""The typed clauses a contract is made of: periods, counting, maintenance, credits, deadlines.

Every number is a decimal string or a whole number ("99.9", 48), kept exactly; a float is refused, because 99.9
as a float is already another number. Unknown keys are refused with their path. Source: the terms vocabulary.
"""

from __future__ import annotations

from datetime import time
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema

from app.sla.described import example, words
from app.sla.numbers import Count, Days, Number, Percent, Positive, Share, Zone

Rounding = Literal["full", "started"]
Scope = Literal["cumulative", "per_incident"]
Basis = Literal["total", "excess"]


class Clause(BaseModel):
    """What all clauses share: frozen, and an unknown key is an error that names its path."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Every field comes with what it means and a right value."""
        schema: dict[str, Any] = handler(core)
        for name, field in handler.resolve_ref_schema(schema).get("properties", {}).items():
            field["description"] = words(cls.__name__, name)
            if (right := example(cls.__name__, name)) is not None:
                field["examples"] = [right]
        return schema


# Periods ---------------------------------------------------------------------------------------------------------


class CalendarMonth(Clause):
    kind: Literal["calendar_month"] = "calendar_month"


class BillingCycle(Clause):
    kind: Literal["billing_cycle"]
    anchor_day: Annotated[int, Field(strict=True, ge=1, le=31)]


class CalendarQuarter(Clause):
    kind: Literal["calendar_quarter"]


class CalendarYear(Clause):
    kind: Literal["calendar_year"]


class RollingDays(Clause):
    kind: Literal["rolling_days"]
    days: Count


PeriodClause = Annotated[
    CalendarMonth | BillingCycle | CalendarQuarter | CalendarYear | RollingDays, Field(discriminator="kind")
]

# Counting --------------------------------------------------------------------------------------------------------


class Exact(Clause):
    kind: Literal["exact"] = "exact"


class WholeMinutes(Clause):
    """Each counted piece is cut down to whole minutes."""

    kind: Literal["whole_minutes"]


class Buckets(Clause):
    """Clock-aligned stretches of `minutes`, counted when wholly (`whole`) or at all (`any`) down."""

    kind: Literal["buckets"]
    minutes: Count
    rule: Literal["whole", "any"] = "whole"


class Together(Clause):
    """Sites of one service that fail together are an outage of the service: at least so many of them, and at least
    this share of those observed at that moment."""

    min_sites: Count = 2
    min_share_percent: Share = Decimal(50)


class Counting(Clause):
    clock_start: Literal["outage", "ticket_opened", "provider_confirmed"] = "outage"
    min_outage_seconds: Number = Decimal(0)
    min_outage_rule: Literal["at_least", "longer_than"] = "at_least"
    merge_gap_seconds: Number = Decimal(0)
    quantum: Annotated[Exact | WholeMinutes | Buckets, Field(discriminator="kind")] = Exact()
    measured_by: str | None = None
    together: Together = Together()


# Maintenance -----------------------------------------------------------------------------------------------------


class Recurring(Clause):
    """Every local day from `start_local` to `end_local`, by the clock of `timezone`."""

    start_local: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
    end_local: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
    timezone: Zone

    @property
    def hours(self) -> tuple[time, time]:
        return time.fromisoformat(self.start_local), time.fromisoformat(self.end_local)


class Emergency(Clause):
    excluded: bool = False
    max_downtime_minutes: Number | None = None


class Maintenance(Clause):
    """None for `scheduled_excluded` means the contract is silent: nothing is excused."""

    scheduled_excluded: bool | None = None
    min_notice_hours: Number | None = None
    covers: Literal["promised_window", "performed_work"] = "promised_window"
    max_hours_per_period: Number | None = None
    recurring: Recurring | None = None
    emergency: Emergency | None = None


# Credits ---------------------------------------------------------------------------------------------------------


class NoCredit(Clause):
    kind: Literal["none"] = "none"


class Tier(Clause):
    below: Share
    percent: Share
    inclusive: bool = False  # True: "at or below"


class UptimeTiers(Clause):
    """Best to worst; the last row the uptime is below applies."""

    kind: Literal["uptime_tiers"]
    tiers: Annotated[tuple[Tier, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _ordered(self) -> UptimeTiers:
        for better, worse in zip(self.tiers, self.tiers[1:], strict=False):
            if worse.below >= better.below or worse.percent < better.percent:
                raise ValueError(
                    f"tiers must run from best to worst: below {worse.below} -> {worse.percent} % stands after "
                    f"below {better.below} -> {better.percent} %; for example 99.9 -> 10, 99.0 -> 30, 95.0 -> 100"
                )
        return self


class Flat(Clause):
    kind: Literal["flat"]
    percent: Percent


class PerUnit(Clause):
    """`percent` of the fee for each `unit_minutes` of downtime."""

    kind: Literal["per_unit"]
    percent: Percent
    unit_minutes: Positive
    rounding: Rounding = "full"
    basis: Basis = "total"
    scope: Scope = "cumulative"
    deductible_minutes: Number = Decimal(0)


class DayValue(Clause):
    """What one credited day is worth: the fee over a fixed number of days, over the period's days, or a 365th (or
    another number of `days`) of a renewal fee."""

    kind: Literal["fixed", "period_days", "renewal"] = "period_days"
    days: Positive | None = None
    renewal_fee: Number | None = None

    @model_validator(mode="after")
    def _has_days(self) -> DayValue:
        if self.kind == "fixed" and self.days is None:
            raise ValueError('a fixed day value needs its days; for example {"kind": "fixed", "days": 30}')
        return self


class DaysPerUnit(Clause):
    kind: Literal["days_per_unit"]
    unit_minutes: Positive
    rounding: Rounding = "full"
    basis: Basis = "total"
    scope: Scope = "cumulative"
    deductible_minutes: Number = Decimal(0)
    days_each: Number = Decimal(1)
    initial_days: Number = Decimal(0)
    day_value: DayValue = DayValue()


class Multiple(Clause):
    """`multiplier` times the fee for the time down: fee / hours of the period (or a fixed number of hours)."""

    kind: Literal["multiple"]
    multiplier: Number
    hourly_divisor: Literal["actual"] | Positive = "actual"
    basis: Basis = "total"
    scope: Scope = "cumulative"
    incident_cap_percent: Percent | None = None


class DurationRow(Clause):
    under_minutes: Number | None
    hours: Number


class DurationTable(Clause):
    """Per incident: the first row it is shorter than gives hours of fee, `hours_per_fee` of them being a whole fee."""

    kind: Literal["duration_table"]
    rows: Annotated[tuple[DurationRow, ...], Field(min_length=1)]
    hours_per_fee: Positive

    @model_validator(mode="after")
    def _ordered(self) -> DurationTable:
        for row, following in zip(self.rows, self.rows[1:], strict=False):
            if row.under_minutes is None or (
                following.under_minutes is not None and following.under_minutes <= row.under_minutes
            ):
                raise ValueError("rows must grow, the open one last; for example under 10, under 60, then null")
        return self


class PerShortfall(Clause):
    """`percent` for each `step_percent` by which the uptime falls short of the target."""

    kind: Literal["per_shortfall"]
    step_percent: Positive
    percent: Percent
    rounding: Rounding = "full"


class NoChargeHours(Clause):
    """Each hour of downtime is not charged; with `over_minutes`, each hour of the clock (UTC) with more downtime than
    that."""

    kind: Literal["no_charge_hours"]
    over_minutes: Number | None = None
    rounding: Rounding = "started"
    hourly_divisor: Literal["actual"] | Positive = "actual"


class StepRow(Clause):
    over_minutes: Number
    percent: Percent


class Steps(Clause):
    """The last row whose `over_minutes` the time taken exceeds applies."""

    kind: Literal["steps"]
    rows: Annotated[tuple[StepRow, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _ordered(self) -> Steps:
        for row, following in zip(self.rows, self.rows[1:], strict=False):
            if following.over_minutes <= row.over_minutes:
                raise ValueError("steps must grow; for example over 120 -> 20, over 360 -> 40")
        return self


CreditClause = Annotated[
    NoCredit
    | UptimeTiers
    | Flat
    | PerUnit
    | DaysPerUnit
    | Multiple
    | DurationTable
    | PerShortfall
    | NoChargeHours
    | Steps,
    Field(discriminator="kind"),
]


class MinCredit(Clause):
    rule: Literal["greater_than", "at_least"]
    amount: Number


# Deadlines and the right to leave --------------------------------------------------------------------------------


class Claim(Clause):
    """When the credit must be asked for. `automatic` needs no asking."""

    kind: Literal[
        "automatic",
        "days_after_incident",
        "hours_after_incident",
        "days_after_period_end",
        "months_after_period_end",
        "end_of_nth_period_after",
    ]
    n: Days | None = None
    anchor: Literal["start", "end"] = "end"
    business_days: bool = False

    @model_validator(mode="after")
    def _has_n(self) -> Claim:
        if self.kind != "automatic" and self.n is None:
            raise ValueError(f'{self.kind} needs n; for example {{"kind": "{self.kind}", "n": 30}}')
        return self


class MonthsBelow(Clause):
    kind: Literal["months_below"]
    below_percent: Share
    count: Count
    consecutive: bool = True
    window_months: Count | None = None
    notice_within_days: Days = 30


class OutageCount(Clause):
    kind: Literal["outage_count"]
    count: Count
    longer_than_minutes: Number = Decimal(0)
    window_days: Count
    notice_within_days: Days = 30


class AggregateDowntime(Clause):
    kind: Literal["aggregate_downtime"]
    over_minutes: Number
    window_days: Count
    notice_within_days: Days = 30


TerminationClause = Annotated[MonthsBelow | OutageCount | AggregateDowntime, Field(discriminator="kind")]
