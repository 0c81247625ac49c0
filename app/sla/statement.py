"""The judged period: the one value that API, pages, command line and papers all show.

Durations are `timedelta` (exact), availabilities `Fraction` in 0..1 or None where nothing is known,
money `Decimal` already rounded once. Nothing here is a float and nothing is printed text except
titles, reasons and the lines of the calculation.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from app.sla.case import FindingVerdict, SiteCurrent, Source
from app.sla.periods import Period
from app.sla.spans import Span
from app.sla.verdicts import Flag as Flag
from app.sla.verdicts import Outcome as Outcome
from app.sla.verdicts import PromiseStatus as PromiseStatus
from app.sla.verdicts import Verdict as Verdict

METHOD_VERSION = "1"


@dataclass(frozen=True, slots=True)
class StateTotals:
    """Exact time per state inside a span; they sum to its length."""

    up: timedelta
    degraded: timedelta
    down: timedelta
    unknown: timedelta
    out_of_service: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class StateSpan:
    span: Span
    state: str


@dataclass(frozen=True, slots=True)
class Witness:
    """Who saw an outage: a monitor of the service, or a site of it (`site_id`) by one of its own monitors."""

    name: str
    site_id: str | None
    first_failed_at: datetime
    last_failed_at: datetime


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Downtime of one site alone: probably its own application, so no claim rests on it unless somebody says so."""

    site_id: str
    name: str
    span: Span
    in_period: timedelta
    why: str


@dataclass(frozen=True, slots=True)
class DownPart:
    """A piece of the raw downtime of the period: counted, with its outage's number, or not, with the clause that says
    so. All of them together are the raw downtime to the second."""

    span: Span
    outage: int | None
    counted: bool
    clause: str  # "" where counted
    why: str


@dataclass(frozen=True, slots=True)
class Outage:
    """A confirmed down span with its bounds. `span` is as held, whole; `counted_span` clipped to the period."""

    number: int
    span: Span
    open: bool  # still down as at
    first_failed_at: datetime
    last_failed_at: datetime
    last_good_at: datetime | None
    first_good_at: datetime | None
    at_least: timedelta
    as_held: timedelta
    at_most: timedelta | None  # None: no good observation on one side
    in_period: timedelta
    excused: timedelta
    counted: timedelta
    monitors: tuple[str, ...]  # names of those that saw it
    window_ids: tuple[str, ...]  # windows it overlaps
    witnesses: tuple[Witness, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """One of the three readings. `down` is what this reading counts; `known` its denominator."""

    key: str  # raw | announced_removed | sla_method
    down: timedelta
    known: timedelta
    availability: Fraction | None
    projected_known: timedelta  # the whole period less unknown so far, if nothing more happens
    projected_availability: Fraction | None


@dataclass(frozen=True, slots=True)
class Excused:
    """A span of downtime the terms excuse, and the clause that does."""

    span: Span
    window_id: str
    clause: str


@dataclass(frozen=True, slots=True)
class WindowVerdict:
    window_id: str
    work_id: str
    attempt: int  # 1, 2, 3 … within the work, in order of announced start
    outcome: Outcome
    derived_outcome: Outcome  # what the evidence alone says; differs only where a person overrode it
    override_by: str | None
    override_reason: str | None
    flags: tuple[Flag, ...]
    open: bool  # work not established as over: ratios print with "≥"
    promised: Span
    announced_at: datetime
    notice: timedelta  # received -> start, elapsed
    notice_required: timedelta | None
    notice_met: bool | None
    actual_start: datetime | None
    actual_end: datetime | None
    start_delay: timedelta | None
    downtime: timedelta
    downtime_ratio: Fraction | None
    work_open: timedelta | None
    work_ratio: Fraction | None
    excuses: bool  # its announced span excuses downtime under the terms
    why_not: str  # the reason where it does not
    evidence: tuple[str, ...]  # sentences with the sources the outcome rests on


@dataclass(frozen=True, slots=True)
class StepVerdict:
    window_id: str
    step: int | None
    text: str
    verdict: FindingVerdict
    found: str
    at: datetime | None
    source: Source | None


@dataclass(frozen=True, slots=True)
class Promise:
    """One promise against its fact. `figure`/`target` are durations or a share; whichever applies."""

    kind: str  # availability | window | procedure | notice | response | repair | next_update
    subject: str  # window id, ticket id, …
    title: str
    status: PromiseStatus
    promised_at: datetime | None
    due_at: datetime | None
    met_at: datetime | None
    figure: timedelta | Fraction | None
    target: timedelta | Fraction | None
    open: bool  # the figure is still growing
    source: Source | None
    clause: str | None  # None: "no clause"
    text: str  # the sentence that states it
    credit: Credit | None = None  # what the contract pays for this promise by itself


@dataclass(frozen=True, slots=True)
class CalculationLine:
    label: str
    value: str  # exact, as written in the sheet: "79200 s", "2512800/2592000"
    note: str = ""


@dataclass(frozen=True, slots=True)
class Credit:
    """What the contract pays for the guarantee, with every step. `amount` is rounded once, half up."""

    percent: Fraction
    uncapped_percent: Fraction
    cap_applied: bool
    amount: Decimal
    currency: str
    base: Decimal
    tier_below: Fraction | None
    final: bool  # False while the period runs: what it would come to
    lines: tuple[CalculationLine, ...]
    lower_amount: Decimal | None = None  # where the least time down pays less: the amount to claim


@dataclass(frozen=True, slots=True)
class Argument:
    """One thing the provider may say, the time it would take away by itself, the clause it turns on, our answer."""

    key: str  # announced | maintenance | ticket_clock | sites
    says: str
    removes: timedelta
    clause: str
    answer: str


@dataclass(frozen=True, slots=True)
class CounterReading:
    """The figure as the provider would compute it, every argument granted. Nothing of it is our reading."""

    down: timedelta
    availability: Fraction | None
    breach: bool
    credit: Credit | None
    arguments: tuple[Argument, ...]


@dataclass(frozen=True, slots=True)
class Deadline:
    earliest: date
    latest: date  # last local calendar day
    too_late_from: datetime  # first instant at which it is late
    clause: str
    missed: bool


@dataclass(frozen=True, slots=True)
class DayTotals:
    """One local day of the period, for the calendar."""

    day: date
    span: Span
    down: timedelta
    unknown: timedelta
    announced: timedelta
    future: bool  # not yet reached as at


@dataclass(frozen=True, slots=True)
class MonthTotals:
    """One bar of the twelve-month chart."""

    period: Period
    down: timedelta
    counted: timedelta
    unknown: timedelta
    known: timedelta
    allowed: timedelta | None
    so_far: bool


@dataclass(frozen=True, slots=True)
class SiteVerdict:
    site_id: str
    name: str
    state: SiteCurrent
    reachable: bool | None
    working: bool | None
    current: bool | None
    checked_at: datetime | None
    checked_by: Source | None
    down: timedelta  # in the period, the site's own monitors and its service's together, counted once
    first_down_at: datetime | None
    last_down_at: datetime | None  # end of the last down span in the period; None where none or still down


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of the period under one version of the terms, judged by it alone."""

    number: int
    span: Span
    terms_id: str
    effective_from: date
    target: Fraction | None
    readings: tuple[Reading, ...]
    allowed: timedelta | None
    verdict: Verdict
    breach: bool
    credit: Credit | None


@dataclass(frozen=True, slots=True)
class GuaranteeVerdict:
    """One of several guarantees of the terms (network, power, host, …) over its own period."""

    name: str
    period: Period
    target: Fraction | None
    readings: tuple[Reading, ...]
    allowed: timedelta | None
    verdict: Verdict
    breach: bool
    credit: Credit | None
    deadline: Deadline | None
    paid: bool  # False: stacking leaves its credit out of the sum
    clause: str
    counted_spans: tuple[Span, ...] = ()  # over its own period


@dataclass(frozen=True, slots=True)
class Right:
    """A right to leave for repeated failures; it lapses when it is not used by its last local day."""

    title: str
    clause: str
    accrued: str  # the instant or the month that completed it, as text of the calculation
    accrued_at: datetime
    exercise_by: date
    lapsed: bool


@dataclass(frozen=True, slots=True)
class Statement:
    service_id: str
    service_name: str
    period: Period
    as_at: datetime
    method: str
    so_far: bool
    elapsed: Span | None  # the part of the period judged; None before it began
    totals: StateTotals
    coverage: Fraction | None
    gaps: tuple[StateSpan, ...]  # unknown spans
    target: Fraction | None
    allowed: timedelta | None
    readings: tuple[Reading, ...]
    verdict: Verdict
    breach: bool  # established: the target cannot be met any more, or the closed period missed it
    outages: tuple[Outage, ...]
    excused: tuple[Excused, ...]
    counted_spans: tuple[Span, ...]
    announced: tuple[Span, ...]
    windows: tuple[WindowVerdict, ...]
    steps: tuple[StepVerdict, ...]
    promises: tuple[Promise, ...]
    credit: Credit | None
    deadline: Deadline | None
    days: tuple[DayTotals, ...]
    months: tuple[MonthTotals, ...]
    sites: tuple[SiteVerdict, ...]
    notes: tuple[str, ...]  # what a reader must know: terms changed inside the period, boundary between bounds, …
    counter: CounterReading | None = None  # None: nothing counts, or nothing the provider may say changes it
    down_parts: tuple[DownPart, ...] = ()
    calculation: tuple[CalculationLine, ...] = ()  # from the raw downtime to the third reading; it adds up exactly
    left_out: tuple[LeftOut, ...] = ()
    parts: tuple[Part, ...] = ()  # two or more where the terms change inside the period, else none
    guarantees: tuple[GuaranteeVerdict, ...] = ()  # those beside the main one
    rights: tuple[Right, ...] = ()
    by_hand: tuple[str, ...] = ()  # clauses that nobody reckons: to be settled by hand
    preconditions: tuple[str, ...] = ()  # what must hold before anything is paid: a checklist for a person
    remedy_form: str | None = None
    needs_review: tuple[str, ...] = ()  # paths of the terms nobody has put a name to yet
    terms_id: str | None = None  # the version in force at the period's end
    due: Decimal | None = None  # all credits together: after stacking and the cap over all, rounded once
    due_lines: tuple[CalculationLine, ...] = ()  # how `due` comes about
    due_least: Decimal | None = None  # `due` on the least time, where a boundary lies between the bounds: what to claim
