"""The monthly provider report: did you do what you promised this month?"""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from .annex import Clause, Coverage, Event, Method, Outage, Site, SiteCounts, Step
from .audit import DataAudit
from .claim import Due, GuaranteeLine, LeftOut, RightLine
from .header import Header, Period, PriorRequest, Provider, Request, Service, Target
from .ledger import Promise, Response, Window, WindowTotals
from .values import Answer, DecimalText, Line, Money, Seconds, Share, Text, Value


class Figure(Value):
    """Downtime of one reading over one length of time; `availability` is the pair (up, whole) in seconds.

    `availability` is None when there is nothing to judge from: it prints "unproven", never 100 %. Where no availability
    is promised the answer is not_promised.
    """

    down_seconds: Seconds
    availability: Share | None
    answer: Answer


class Reading(Value):
    """One of the three readings. `so_far` counts the elapsed part (open months only), `month` the whole month:
    final when closed, else what it comes to if nothing more happens."""

    name: Literal["raw", "announced_removed", "sla_method"]
    so_far: Figure | None
    month: Figure


class Day(Value):
    """One local day: `length_seconds` is 86,400 but for the two days of the clock change.

    state: measured (observed, whole or in part: `unknown_seconds` says), no_data (nothing observed), not_reached (the
    day begins after the as-at time). `announced` outlines a day with an announced window.
    """

    day: date
    state: Literal["measured", "no_data", "not_reached"]
    length_seconds: Annotated[int, Field(ge=82800, le=90000)]
    down_seconds: Seconds
    unknown_seconds: Seconds
    announced: bool


class MonthBar(Value):
    """Downtime (raw) of one of the last twelve months, or billing cycles; None when nothing was observed.

    `month` is its first day.

    `allowed_seconds` is None where no promise was in force; `incomplete` marks a month with gaps of our own.
    """

    month: date
    down_seconds: Seconds | None
    allowed_seconds: Seconds | None
    incomplete: bool = False


class Credit(Value):
    """What the contract pays: a percentage of a base, the amount decided and rounded by the law, not by the page.

    `tier_below_percent` is the row of the terms where they pay by rows, else None; `how` says how else. `asked` is the
    amount to claim: lower than `amount` where a boundary of the terms lies between the bounds of what was observed.
    """

    tier_below_percent: DecimalText | None
    how: Line | None = None
    credit_percent: DecimalText
    base: Money
    amount: Money
    asked: Money | None = None
    clause: Line | None


class MonthlyProviderReport(Value):
    """One service and one period of its contract, for the provider's account manager and the agency's owner."""

    kind: Literal["monthly_provider"] = "monthly_provider"
    header: Header
    provider: Provider
    service: Service
    period: Period
    target: Target | None
    readings: Annotated[tuple[Reading, ...], Field(min_length=3, max_length=3)]
    credit: Credit | None
    last_claim_day: date | None
    windows: tuple[Window, ...]
    window_totals: WindowTotals
    days: tuple[Day, ...]
    months: Annotated[tuple[MonthBar, ...], Field(min_length=12, max_length=12)]
    site_counts: SiteCounts
    sites_in_question: bool = True
    """False where nothing touched the sites, so that "not checked" is no news and is not reported as any."""
    coverage: Coverage
    promises: tuple[Promise, ...]
    responses: tuple[Response, ...]
    requests: tuple[Request, ...]
    prior_requests: tuple[PriorRequest, ...]
    sign_off: tuple[Line, ...]
    """References of the promises the provider is asked to agree or disagree with, in order."""
    outages: tuple[Outage, ...]
    sites: tuple[Site, ...]
    chronology: tuple[Event, ...]
    calculation: tuple[Step, ...]
    clauses: tuple[Clause, ...]
    method: Method
    left_out: tuple[LeftOut, ...] = ()
    """Sites that were down alone: no part of any figure that counts."""
    guarantees: tuple[GuaranteeLine, ...] = ()
    """All of them, where the terms give more than one."""
    due: Due | None = None
    """Where more than one credit takes part."""
    rights: tuple[RightLine, ...] = ()
    audit: DataAudit | None = None
    """What became of files and databases, where that was compared."""
    remark: Text | None = None
    """A remark in the agency's own words, printed under the verdict."""
