"""What a contract promises beside its first guarantee: clocks between two events, further guarantees, measured figures.

What a further guarantee leaves out (its period, what counts, what is excused, until when it is claimed) is as the terms
around it have it: most contracts say these things once, for all of them.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, model_validator

from app.sla.clauses import (
    Claim,
    Clause,
    Counting,
    CreditClause,
    Maintenance,
    MinCredit,
    NoCredit,
    PeriodClause,
)
from app.sla.numbers import Number, Percent, Positive, Share

Name = Annotated[str, Field(min_length=1, max_length=80)]
Denominator = Literal["actual", "in_service", "less_excluded"] | Annotated[str, Field(pattern=r"^fixed:[1-9]\d{0,8}$")]
Attribution = Literal["clip", "start_period"]
STATISTIC = r"^(mean|max|p([1-9]|[1-9]\d)(\.\d{1,3})?)$"


class TimedPromise(Clause):
    """A clock from one named event to another: first reply, replacement of a part, restore, deployment.

    Events drawn from tickets: `ticket_opened`, `urgent_ticket_opened`, `first_human_reply`. Any other name is an
    event of the case ("provider_confirmed", "part_replaced"). A trailing "_at" in a name does not matter.
    """

    name: Annotated[str, Field(min_length=1)]
    clock_start: Annotated[str, Field(min_length=1)]
    clock_stop: Annotated[str, Field(min_length=1)]
    target_minutes: Positive
    credit: CreditClause = NoCredit()
    cap_percent: Percent | None = None


class Guarantee(Clause):
    """One more guaranteed share of time (network, power, host, …), on monitors of its own where it names them."""

    name: Name
    target_percent: Share
    monitors: tuple[Name, ...] = ()  # by name; none: all of the service's
    period: PeriodClause | None = None
    denominator: Denominator | None = None
    attribution: Attribution | None = None
    counting: Counting | None = None
    maintenance: Maintenance | None = None
    credit: CreditClause = NoCredit()
    credit_base: str = "monthly_fee"
    requires_breach: bool = True
    cap_percent: Percent | None = None
    cap_base: str = "monthly_fee"
    min_credit: MinCredit | None = None
    claim: Claim | None = None


class MetricPromise(Clause):
    """A figure measured with every observation against a limit: how slow, or how many answers lost, at most."""

    name: Name
    metric: Literal["latency_ms", "packet_loss_percent"]
    statistic: Annotated[str, Field(pattern=STATISTIC)] = "mean"
    over: Literal["period", "day", "hour"] = "period"
    limit: Number
    monitors: tuple[Name, ...] = ()
    credit: CreditClause = NoCredit()
    cap_percent: Percent | None = None

    @model_validator(mode="after")
    def _loss_is_a_share(self) -> MetricPromise:
        if self.metric == "packet_loss_percent":
            if self.statistic != "mean":
                raise ValueError('packet loss is a share of all observations: its statistic is "mean"')
            if self.limit > 100:
                raise ValueError(f'{self.limit} is not a percentage between 0 and 100; for example "0.5"')
        return self

    @property
    def percentile(self) -> Decimal | None:
        """95 of "p95"; None for a mean and for the largest."""
        found = re.fullmatch(r"p(\d+(\.\d+)?)", self.statistic)
        return Decimal(found[1]) if found else None
