"""The breach report: a claim for a service credit, or a request for goodwill, with its evidence."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from .annex import Clause, Method, Outage, Site, SiteCounts, Step
from .audit import DataAudit
from .claim import CounterReading, CreditLine, Due, GuaranteeLine, LeftOut, PartLine, RightLine, SignLine
from .header import Header, Period, Provider, Request, Service, Target
from .ledger import Window, WindowTotals
from .monthly import Reading
from .reckoning import Reckoning
from .values import Count, DecimalText, Digest, Instant, Line, Measure, Money, Seconds, Source, Text, Value


class ClaimLine(Value):
    """The claim's identity. `basis` goodwill changes the heading: the contract may leave no credit due."""

    number: Line
    basis: Literal["credit", "goodwill"]
    previously_claimed: bool
    filed_on: date | None
    last_claim_day: date | None
    deadline_clause: Line | None
    good_standing: Literal["yes", "no", "not_stated"]
    tickets: tuple[Line, ...]


class Checked(Value):
    """A precondition of the terms as somebody of ours answered it."""

    text: Line
    answer: Literal["holds", "does_not", "unknown"]
    note: Line | None


class Input(Value):
    """One input of the amount: a name and its decided figure."""

    name: Line
    value: Measure


class OtherReading(Value):
    """What the sum would be on another reading of the contract; shown when it differs."""

    reading: Line
    counted_seconds: Seconds
    amount: Money


class Amount(Value):
    """The amount box: clause quoted, formula, inputs, result, cap, tax. Decided and rounded once by the law.

    `as_held` is what the terms pay on the time as held, where the lower `amount` is claimed. `credits` lists each
    credit where there is more than one.
    """

    clause_ref: Line
    clause_quote: Text | None
    formula: Line
    inputs: tuple[Input, ...]
    amount: Money
    capped_at: Money | None
    tax_note: Line | None
    other_reading: OtherReading | None
    as_held: Money | None = None
    credits: tuple[CreditLine, ...] = ()


class Said(Value):
    """A statement with where and when it was made or measured."""

    text: Text
    source: Source
    at: Instant | None
    exhibit: Line | None = None


class Pair(Value):
    """One promise beside what happened."""

    about: Line
    promised: Said
    happened: Said


class Deviation(Value):
    """A numbered difference between promise and fact, tied to its exhibits."""

    number: Line
    about: Literal["date", "duration", "procedure", "data", "communication", "measured"]
    text: Text
    exhibits: Annotated[tuple[Line, ...], Field(min_length=1)]


class Effect(Value):
    """What it did to us. `site_seconds` is the sum of downtime over all sites; `staff_seconds` is a statement."""

    sites_affected: Count
    sites_total: Count
    site_seconds: Seconds
    announcements: Count
    corrections: Count
    updates: Count
    letters: Count
    staff_seconds: Seconds | None
    statement: Text | None


class Exhibit(Value):
    """One line of the evidence index."""

    number: Line
    what: Line
    obtained_from: Line
    obtained_at: Instant
    sha256: Digest | None


class BreachReport(Value):
    """One event or one period in breach, for the provider's billing and support. Never a client contact in it.

    `evidence` names the appendix. `draft_reasons` say why it may not go out yet. `preconditions` is a checklist,
    `by_hand` what the contract says and nobody reckons. `sign_off` are the lines to agree or disagree with.
    """

    kind: Literal["breach"] = "breach"
    header: Header
    provider: Provider
    service: Service
    period: Period
    claim: ClaimLine
    evidence: Line
    draft_reasons: tuple[Line, ...]
    target: Target | None
    tier_below_percent: DecimalText | None
    readings: Annotated[tuple[Reading, ...], Field(min_length=3, max_length=3)]
    amount: Amount | None
    opening: Text | None
    """The claim's first words, by the agency; None prints the standard opening."""
    impact: Text | None
    """The specific impact; needed when the measured figure stays within the promise."""
    counter: CounterReading | None
    left_out: tuple[LeftOut, ...]
    preconditions: tuple[Line, ...]
    by_hand: tuple[Line, ...]
    remedy_form: Line | None
    parts: tuple[PartLine, ...]
    guarantees: tuple[GuaranteeLine, ...]
    rights: tuple[RightLine, ...]
    attachments: tuple[Line, ...]
    windows: tuple[Window, ...]
    window_totals: WindowTotals
    pairs: tuple[Pair, ...]
    deviations: tuple[Deviation, ...]
    effect: Effect
    requests: tuple[Request, ...]
    reply_by: date
    undisputed_payment_continues: bool
    exhibits: tuple[Exhibit, ...]
    outages: tuple[Outage, ...]
    site_counts: SiteCounts
    sites: tuple[Site, ...]
    sign_off: tuple[SignLine, ...]
    calculation: tuple[Step, ...]
    clauses: tuple[Clause, ...]
    method: Method
    reckoning: Reckoning | None
    checklist: tuple[Checked, ...] = ()
    """The preconditions as they were answered when the claim was approved; printed instead of `preconditions`."""
    due: Due | None = None
    """Where more than one credit takes part."""
    audit: DataAudit | None = None
    """What became of files and databases, where that was compared; the sites that are not current."""
