"""The judged period as JSON: every shape, what each field means, and a right value for it.

Durations are whole seconds, shares exact fractions beside a printed percentage, money decimal text, moments in UTC.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field

Seconds = Annotated[int, Field(description="Whole seconds.", examples=[79200])]
Money = Annotated[str, Field(description="Decimal text, rounded once, half up.", examples=["120.00"])]
Number = Annotated[str, Field(description="A number of percent, six decimals at the most.", examples=["30"])]
Words = Annotated[str, Field(description="The clause's own words where they were quoted, else its field.",
                             examples=["maintenance.scheduled_excluded"])]  # fmt: skip
Moment = Annotated[datetime, Field(description="In UTC.", examples=["2025-06-28T20:00:00Z"])]
Day = Annotated[date, Field(description="By the contract's calendar.", examples=["2025-07-30"])]


class ShareOut(BaseModel):
    """An exact fraction and its percentage to six decimals, half up, for display only."""

    numerator: Annotated[int, Field(examples=[349])]
    denominator: Annotated[int, Field(examples=[360])]
    percent: Annotated[str, Field(examples=["96.944444"])]


class SpanOut(BaseModel):
    """From `start` up to but not including `end`."""

    start: Moment
    end: Moment
    seconds: Seconds


class PeriodOut(SpanOut):
    """What the contract measures over, from its first instant up to but not including its last day's end."""

    kind: Annotated[
        str,
        Field(
            description="calendar_month, billing_cycle, calendar_quarter, calendar_year or rolling_days.",
            examples=["calendar_month"],
        ),
    ]
    anchor: Annotated[int | None, Field(description="The billing day, or the number of rolling days.")] = None


class SourceOut(BaseModel):
    code: Annotated[str, Field(description="M measured, P provider, T ticket, C client, N note.", examples=["P"])]
    ref: Annotated[str, Field(description="The row it stands in.", examples=["message:0197"])]
    label: Annotated[str, Field(examples=["e-mail, 24 June 16:30"])]


class LineOut(BaseModel):
    """One line of a calculation."""

    label: Annotated[str, Field(examples=["Excused"])]
    value: Annotated[str, Field(description="Exact, as in the sheet.", examples=["-7200 s", "2512800/2592000"])]
    note: Annotated[str, Field(examples=["Inside the announced window 3."])] = ""


class ReadingOut(BaseModel):
    """What one way of reading counts. The availability is 1 - down/known."""

    key: Annotated[str, Field(description="raw, announced_removed or sla_method.", examples=["sla_method"])]
    down: Seconds
    known: Seconds
    availability: ShareOut | None
    projected_known: Annotated[int, Field(description="Known seconds of the whole period, if nothing more happens.")]
    projected_availability: Annotated[
        ShareOut | None, Field(description="What the period comes to if nothing more happens.")
    ]


class WindowOut(BaseModel):
    window_id: str
    work_id: str
    attempt: Annotated[int, Field(description="1, 2, 3 … within the work.", examples=[3])]
    outcome: Annotated[str, Field(examples=["overrunning"])]
    derived_outcome: Annotated[str, Field(description="What the evidence alone says.", examples=["overrunning"])]
    override_by: str | None
    override_reason: str | None
    flags: Annotated[list[str], Field(examples=[["procedure_changed"]])]
    open: Annotated[bool, Field(description="Not established as over: its ratios still grow.")]
    promised: SpanOut
    announced_at: Moment
    notice: Annotated[int, Field(description="Seconds from the announcement to the start.", examples=[365400])]
    notice_required: Seconds | None
    notice_met: bool | None
    actual_start: Moment | None
    actual_end: Moment | None
    start_delay: int | None
    downtime: Seconds
    downtime_ratio: Annotated[str | None, Field(description="Exact: down over promised.", examples=["12", "5/4"])]
    work_open: Seconds | None
    work_ratio: str | None
    excuses: Annotated[bool, Field(description="Its announced span excuses downtime under the terms.")]
    why_not: Annotated[str, Field(examples=["The work was not carried out."])]
    evidence: list[str]


class StepOut(BaseModel):
    """An agreed step of a procedure against what was done."""

    window_id: str
    step: int | None
    text: Annotated[str, Field(examples=["stop writes"])]
    verdict: Annotated[str, Field(description="as_agreed, changed, skipped, added or not_observed.")]
    found: str
    at: Moment | None
    source: SourceOut | None


class WitnessOut(BaseModel):
    """Who saw the outage: a monitor of the service, or a site of it by its own monitors."""

    name: Annotated[str, Field(examples=["thornbury.example"])]
    site_id: Annotated[str | None, Field(description="null: a monitor of the service.", examples=["S-001"])]
    first_failed_at: Moment
    last_failed_at: Moment


class OutageOut(BaseModel):
    """A confirmed outage, whole, with its bounds and the part of it that counts in the period."""

    number: Annotated[int, Field(examples=[1])]
    span: Annotated[SpanOut, Field(description="As held: from the first failure to the first good answer.")]
    open: Annotated[bool, Field(description="Still down as at.")]
    first_failed_at: Moment
    last_failed_at: Moment
    last_good_at: Moment | None
    first_good_at: Moment | None
    at_least: Annotated[int, Field(description="Seconds from the first failure to the last.", examples=[86340])]
    as_held: Seconds
    at_most: Annotated[int | None, Field(description="Seconds from the last good answer to the next; null: not known.")]
    in_period: Seconds
    excused: Seconds
    counted: Seconds
    monitors: list[str]
    window_ids: list[str]
    witnesses: list[WitnessOut]


class LeftOutOut(BaseModel):
    """Downtime of one site alone: no claim rests on it."""

    site_id: Annotated[str, Field(examples=["S-007"])]
    name: Annotated[str, Field(examples=["larkfield.example"])]
    span: SpanOut
    in_period: Seconds
    why: str


class DownPartOut(BaseModel):
    """A piece of the raw downtime. All of them are disjoint, in order, and sum to the raw reading."""

    span: SpanOut
    outage: Annotated[int | None, Field(description="The number of its outage.", examples=[1])]
    counted: bool
    clause: Annotated[str, Field(description="The clause that takes it out; empty where it counts.")]
    why: Annotated[str, Field(examples=["Inside the announced window 3."])]


class ExcusedOut(BaseModel):
    span: SpanOut
    window_id: Annotated[str, Field(description="`recurring`: the hours of every day that the terms name.")]
    clause: Words


class CreditOut(BaseModel):
    amount: Money
    currency: Annotated[str, Field(examples=["EUR"])]
    percent: Number
    uncapped_percent: Number
    cap_applied: bool
    tier_below_percent: Annotated[str | None, Field(examples=["99"])]
    base: Annotated[str, Field(description="What it is a share of.", examples=["400.00"])]
    lower_amount: Annotated[
        str | None, Field(description="Where the least time down pays less: the amount to claim.", examples=["40.00"])
    ]
    final: Annotated[bool, Field(description="False while the period runs.")]
    lines: list[LineOut]


class PromiseOut(BaseModel):
    """One promise against its fact, listed also where it is worth nothing."""

    kind: Annotated[
        str, Field(description="availability, window, procedure, notice, response, repair, next_update or metric.")
    ]
    subject: str
    title: str
    status: Annotated[str, Field(description="kept, broken, open or unproven.", examples=["broken"])]
    text: str
    promised_at: Moment | None
    due_at: Moment | None
    met_at: Moment | None
    figure_seconds: int | None
    figure_share: ShareOut | None
    figure_microseconds: Annotated[int | None, Field(description="Of a measured latency.", examples=[412000])]
    target_seconds: int | None
    target_share: ShareOut | None
    target_microseconds: Annotated[int | None, Field(description="Of a promised latency.", examples=[300000])]
    open: Annotated[bool, Field(description="Its figure still grows.")]
    source: SourceOut | None
    clause: Annotated[str | None, Field(description="null: no clause of the contract says so.")]
    credit: Annotated[CreditOut | None, Field(description="What the contract pays for this promise by itself.")]


class ArgumentOut(BaseModel):
    key: Annotated[str, Field(description="announced, maintenance, ticket_clock or sites.", examples=["maintenance"])]
    says: Annotated[str, Field(examples=["All of it was maintenance."])]
    removes: Annotated[int, Field(description="Whole seconds it would take away by itself.", examples=[79200])]
    clause: Words
    answer: Annotated[str, Field(description="What we answer.")]


class CounterOut(BaseModel):
    """Every argument granted at once. Nothing of it is our reading."""

    down: Seconds
    availability: ShareOut | None
    breach: bool
    credit_amount: Annotated[str | None, Field(description="null: nothing would be due.", examples=["40.00"])]
    credit_lower_amount: Annotated[
        str | None, Field(description="Where the least time down pays less under this reading too.")
    ]
    currency: str | None
    arguments: list[ArgumentOut]


class DeadlineOut(BaseModel):
    earliest: Day
    latest: Annotated[date, Field(description="The last local day.", examples=["2025-07-30"])]
    too_late_from: Moment
    clause: Words
    missed: bool


class PartOut(BaseModel):
    """A stretch of the period under one version of the terms, judged by it alone."""

    number: int
    span: SpanOut
    terms_id: str
    effective_from: Day
    target: ShareOut | None
    readings: list[ReadingOut]
    allowed: Seconds | None
    verdict: str
    breach: bool
    credit: CreditOut | None


class GuaranteeOut(BaseModel):
    """One of several guarantees of the terms, over its own period."""

    name: Annotated[str, Field(examples=["network"])]
    period: PeriodOut
    label: Annotated[str, Field(examples=["2025-06"])]
    target: ShareOut | None
    readings: list[ReadingOut]
    allowed: Seconds | None
    verdict: str
    breach: bool
    credit: CreditOut | None
    deadline: DeadlineOut | None
    paid: Annotated[bool, Field(description="False: stacking leaves its credit out of the sum.")]
    clause: Words
    counted_spans: Annotated[list[SpanOut], Field(description="Over its own period.")]


class RightOut(BaseModel):
    """A right to leave for repeated failures; it lapses when it is not used by its last day."""

    title: Annotated[str, Field(examples=["3 months in a row below 99.5 %"])]
    clause: Words
    accrued: Annotated[str, Field(description="What completed it.", examples=["with 2025-06"])]
    accrued_at: Moment
    exercise_by: Annotated[date, Field(description="The last local day.", examples=["2025-07-30"])]
    lapsed: Annotated[bool, Field(description="As at the moment of judging.")]


class SiteOut(BaseModel):
    site_id: Annotated[str, Field(examples=["S-001"])]
    name: str
    state: Annotated[str, Field(description="current, old, down or unknown.", examples=["current"])]
    checked_at: Moment | None
    down: Seconds


class TermsUsedOut(BaseModel):
    """A version of the terms, every field said."""

    terms_id: str
    effective_from: Day
    effective_to: Annotated[date | None, Field(description="The first day it no longer holds; null: it still does.")]
    terms: Annotated[dict[str, Any], Field(description="As GET /terms/schema describes it, defaults written out.")]


class TicketOut(BaseModel):
    number: Annotated[str, Field(examples=["NG-88207"])]
    opened_at: Moment


class InputsOut(BaseModel):
    """What a third party needs beside the figures to reckon them anew."""

    monthly_fee: Annotated[str, Field(examples=["400.00"])]
    currency: Annotated[str, Field(examples=["EUR"])]
    in_service: Annotated[SpanOut | None, Field(description="null: throughout.")]
    terms: list[TermsUsedOut]
    tickets: Annotated[list[TicketOut], Field(description="They start the clock where the terms say so.")]
    confirmed_at: Annotated[list[Moment], Field(description="When the provider confirmed a fault.")]


class StatementOut(BaseModel):
    service_id: str
    service_name: Annotated[str, Field(examples=["HOST-1"])]
    period: PeriodOut
    label: Annotated[str, Field(examples=["2025-06"])]
    zone: Annotated[str, Field(examples=["Europe/Berlin"])]
    as_at: Moment
    method: Annotated[str, Field(description="The version of the rules.", examples=["1"])]
    so_far: Annotated[bool, Field(description="The period still ran.")]
    elapsed: Annotated[SpanOut | None, Field(description="The part judged; null: it had not begun.")]
    verdict: Annotated[str, Field(description="met, breached, unproven or open.", examples=["breached"])]
    breach: bool
    target: ShareOut | None
    allowed: Seconds | None
    up: Seconds
    degraded: Seconds
    down: Seconds
    unknown: Seconds
    out_of_service: Seconds
    coverage: Annotated[ShareOut | None, Field(description="The share of the time in which the state is known.")]
    unknown_spans: list[SpanOut]
    readings: list[ReadingOut]
    outages: list[OutageOut]
    down_parts: Annotated[list[DownPartOut], Field(description="Every second of the raw downtime, and its clause.")]
    calculation: Annotated[list[LineOut], Field(description="From the raw downtime to the third reading; it adds up.")]
    left_out: Annotated[list[LeftOutOut], Field(description="Sites that failed alone.")]
    excused: list[ExcusedOut]
    counted_spans: list[SpanOut]
    announced: list[SpanOut]
    windows: list[WindowOut]
    steps: list[StepOut]
    promises: list[PromiseOut]
    credit: CreditOut | None
    due: Annotated[
        str | None, Field(description="All credits together, rounded once; null: none.", examples=["120.00"])
    ]
    due_least: Annotated[
        str | None, Field(description="The same on the least time, where a boundary lies between: the sum to claim.")
    ]
    due_lines: Annotated[list[LineOut], Field(description="How `due` comes about.")]
    deadline: DeadlineOut | None
    counter: Annotated[
        CounterOut | None,
        Field(description="The figure as the provider would compute it; null: nothing they may say changes it."),
    ]
    parts: Annotated[list[PartOut], Field(description="Where the terms change inside the period.")]
    guarantees: Annotated[list[GuaranteeOut], Field(description="Those beside the first.")]
    rights: Annotated[list[RightOut], Field(description="To leave the contract.")]
    terms_id: str | None
    by_hand: Annotated[list[str], Field(description="Clauses nobody reckons: to be settled by hand.")]
    preconditions: Annotated[list[str], Field(description="What must hold before anything is paid.")]
    remedy_form: Annotated[str | None, Field(examples=["credit on the next invoice"])]
    needs_review: Annotated[list[str], Field(description="Paths of clauses nobody has put a name to.")]
    sites: list[SiteOut]
    site_counts: Annotated[dict[str, int], Field(examples=[{"current": 71, "old": 31, "down": 6, "unknown": 12}])]
    notes: list[str]
    inputs: Annotated[InputsOut | None, Field(description="What a third party needs beside the figures.")] = None
