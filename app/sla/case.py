"""The facts of one service and one period, as plain values: what `judge` reads and all that it reads.

Every instant is an aware datetime in UTC. Every fact carries the moment it became known to us
(`at`, `announced_at`, `said_at`, …); facts later than `Case.as_at` do not exist for that judgement.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from app.sla.assessed import Assessment
from app.sla.periods import Period
from app.sla.spans import Span
from app.sla.terms import Sla


class State(StrEnum):
    UP = "up"
    DEGRADED = "degraded"
    DOWN = "down"
    UNKNOWN = "unknown"


class SourceCode(StrEnum):
    """Where a fact comes from, in the letters printed beside it."""

    MEASURED = "M"
    PROVIDER = "P"
    TICKET = "T"
    CLIENT = "C"
    NOTE = "N"


@dataclass(frozen=True, slots=True)
class Source:
    """`ref` names the row (`message:0197…`), `label` is what a paper prints ("e-mail, 3 June 10:05")."""

    code: SourceCode
    ref: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class ObservedRun:
    """Consecutive observations of one state by one monitor, none of them further apart than the stale limit."""

    state: State
    first_at: datetime
    last_at: datetime
    count: int


@dataclass(frozen=True, slots=True)
class Monitor:
    """One series of observations. An observation holds until the next one, at most `stale_after` long."""

    id: str
    name: str
    interval: timedelta
    confirm_after: int  # this many failures in a row make an outage; it dates from the first of them
    runs: tuple[ObservedRun, ...]  # by first_at; also those just before and just after the period, for the bounds
    until: datetime | None = None  # retired: it takes no part from then on, and its silence says nothing
    locations: tuple[Monitor, ...] = ()  # several ask the same: then they have the runs, and it has none of its own
    agreement: str = ""  # how many of them make it down: any, majority, all, or a number
    gaps: tuple[Span, ...] = ()  # when whoever asks was cut off, or its clock was wrong: unknown

    @property
    def stale_after(self) -> timedelta:
        return 3 * self.interval


@dataclass(frozen=True, slots=True)
class OwnOutage:
    """A span in which we were offline ourselves: everything measured in it is unknown."""

    span: Span
    reason: str


@dataclass(frozen=True, slots=True)
class Step:
    number: int
    text: str


class FindingVerdict(StrEnum):
    AS_AGREED = "as_agreed"
    CHANGED = "changed"
    SKIPPED = "skipped"
    ADDED = "added"
    NOT_OBSERVED = "not_observed"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was done instead of, or as, an agreed step. `step` is None for something added."""

    window_id: str
    step: int | None
    verdict: FindingVerdict
    at: datetime
    text: str
    source: Source
    scope_change: bool = False


@dataclass(frozen=True, slots=True)
class Procedure:
    """The steps as agreed at one moment; a later agreement is a new Procedure."""

    agreed_at: datetime
    steps: tuple[Step, ...]
    source: Source


@dataclass(frozen=True, slots=True)
class Work:
    id: str
    title: str
    kind: str
    procedures: tuple[Procedure, ...] = ()
    findings: tuple[Finding, ...] = ()


class SaidKind(StrEnum):
    """What somebody (a person of ours, or the provider) stated about a window."""

    STARTED = "started"
    ENDED = "ended"  # the work is over; `at` is when it ended
    PARTLY = "partly_completed"
    ROLLED_BACK = "rolled_back"
    NOT_CARRIED_OUT = "not_carried_out"


@dataclass(frozen=True, slots=True)
class Said:
    """A statement about a window: `at` is what it speaks of, `said_at` when it was said to us."""

    kind: SaidKind
    at: datetime
    said_at: datetime
    text: str
    source: Source


@dataclass(frozen=True, slots=True)
class OutcomeOverride:
    outcome: str  # a value of statement.Outcome
    by: str
    reason: str
    at: datetime

    def __post_init__(self) -> None:
        if not self.by.strip() or not self.reason.strip():
            raise ValueError(
                'an outcome is overridden only with a name and a reason; for example by="M. Brandt", '
                'reason="the provider\'s log, seen on 3 July, shows the clone finished at 23:40"'
            )


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """The promise was taken back. `silent` = without any notice to us (then `at` is when we learned of it)."""

    at: datetime
    text: str
    source: Source
    silent: bool = False


@dataclass(frozen=True, slots=True)
class Window:
    """One promised attempt at a work. Never overwritten: `replaces` names the window it reschedules."""

    id: str
    work_id: str
    span: Span
    announced_at: datetime
    source: Source
    role: str = "primary"  # primary | backup
    impact: str = "OUTAGE"
    announced: bool = True  # False: nothing was promised; the span is what happened
    emergency: bool = False
    confirmed_at: datetime | None = None
    replaces: str | None = None
    rescheduled_at: datetime | None = None  # when the row that replaces this one was announced
    withdrawal: Withdrawal | None = None
    said: tuple[Said, ...] = ()
    override: OutcomeOverride | None = None
    text: str = ""  # the promise in the provider's own words
    attempt: int | None = None  # 1, 2, 3 … within its work over all periods; None: counted within the case


@dataclass(frozen=True, slots=True)
class TicketReply:
    at: datetime
    by: str
    human: bool  # an automatic reply does not stop a response clock
    text: str = ""


@dataclass(frozen=True, slots=True)
class Ticket:
    id: str
    number: str
    subject: str
    urgency: str  # urgent | normal
    opened_at: datetime
    replies: tuple[TicketReply, ...] = ()
    next_update_due: tuple[datetime, ...] = ()  # "we will write by 04:00": each moment promised, in order
    next_update_promised_at: tuple[datetime, ...] = ()  # when each of these was promised, where it is known


@dataclass(frozen=True, slots=True)
class Event:
    """A moment a timed promise's clock starts or stops at, e.g. `provider_confirmed`, `part_replaced`."""

    name: str
    at: datetime
    subject: str  # the incident or ticket it belongs to; clocks pair within one subject
    text: str
    source: Source


class SiteCurrent(StrEnum):
    """The last of the four answers, told apart as far as somebody looked."""

    CURRENT = "current"
    OLD = "old"
    DOWN = "down"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class SiteCheck:
    """Per-site answers at a moment: each True, False or None (not looked at)."""

    at: datetime
    reachable: bool | None
    working: bool | None
    current: bool | None
    source: Source
    text: str = ""


@dataclass(frozen=True, slots=True)
class Site:
    """A website on the service during `placed` (one span per stay)."""

    id: str
    name: str
    placed: tuple[Span, ...]
    monitors: tuple[Monitor, ...] = ()
    checks: tuple[SiteCheck, ...] = ()


@dataclass(frozen=True, slots=True)
class Gauge:
    """What a metric promise reads in one stretch of time: counts and sums of its observations, never these themselves.
    `over`: answers slower than the limit; `ranked_ms`: the nearest-rank percentile the promise asks for."""

    name: str  # of the metric promise
    span: Span
    asked: int
    failed: int
    answered: int = 0  # good answers whose time is known
    total_ms: int = 0
    largest_ms: int | None = None
    over: int = 0
    ranked_ms: int | None = None
    gone: int = 0  # answers that can only be counted any more: they may have been anything


@dataclass(frozen=True, slots=True)
class DatedTerms:
    """Terms in force from `effective_from` up to but not including `effective_to` (local days in the terms' zone)."""

    id: str
    effective_from: date
    effective_to: date | None
    terms: Sla


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the human account, for the chronology."""

    at: datetime
    recorded_at: datetime
    text: str
    source: Source


@dataclass(frozen=True, slots=True)
class Case:
    """All facts for one service and period. `periods_before` are the earlier months of the trend, oldest first;
    where the period is itself no month, all its months that have begun and those before them."""

    service_id: str
    service_name: str
    monthly_fee: Decimal
    currency: str
    in_service: Span | None  # None: throughout
    period: Period
    as_at: datetime
    terms: tuple[DatedTerms, ...]
    monitors: tuple[Monitor, ...]
    own_outages: tuple[OwnOutage, ...] = ()
    works: tuple[Work, ...] = ()
    windows: tuple[Window, ...] = ()
    tickets: tuple[Ticket, ...] = ()
    events: tuple[Event, ...] = ()
    sites: tuple[Site, ...] = ()
    lines: tuple[Line, ...] = ()
    periods_before: tuple[Period, ...] = field(default=())
    gauges: tuple[Gauge, ...] = ()  # of the metric promises, stretch by stretch
    unreviewed: tuple[str, ...] = ()  # doubtful clauses of the terms nobody has put a name to
    periods_earlier: tuple[Period, ...] = ()  # further back still, as far as a right to leave looks; oldest first
    terms_before: tuple[DatedTerms, ...] = ()  # versions in force in the earlier periods alone
    windows_before: tuple[Window, ...] = ()  # settled before the period: they excuse in the earlier ones alone
    tickets_before: tuple[Ticket, ...] = ()  # opened and last answered before the period: their clocks may still run
    assessment: Assessment | None = None  # the newest audit of the sites' files and databases

    @property
    def every_window(self) -> tuple[Window, ...]:
        """The windows of the earlier periods, then those of this one."""
        return (*self.windows_before, *self.windows)

    @property
    def every_ticket(self) -> tuple[Ticket, ...]:
        """The tickets of before the period, then those of this one."""
        return (*self.tickets_before, *self.tickets)

    def tickets_since(self, moment: datetime) -> tuple[Ticket, ...]:
        """The tickets of the period, and those of before it that were opened at that moment or later: an outage that
        began in the month before brings its ticket."""
        return (*(ticket for ticket in self.tickets_before if ticket.opened_at >= moment), *self.tickets)
