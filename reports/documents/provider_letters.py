"""Letters to the provider: P1 to P6. One page each, P6 at most two. They carry no client's name, contact or address."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from .header import Header
from .ledger import Outcome
from .letters import Layout
from .values import Count, DecimalText, Digest, Instant, Line, Money, Seconds, Share, Span, Text, Value

LETTER_NAMES = {
    "P1": "method-statement request",
    "P2": "outage ticket",
    "P3": "preservation and information",
    "P4": "claim, covering letter",
    "P5": "reminder",
    "P6": "letter before claim",
}
PAGES = {"P6": 2}
"""How many pages a letter may have; one where it is not named."""


class ProviderAddress(Value):
    """Who is written to: the provider, a desk or person there where one is known, the account we have."""

    name: Line
    attention: Line | None
    address: Annotated[tuple[Line, ...], Field(max_length=4)]
    account: Line | None


class Asked(Value):
    """One numbered request: what is asked, in what form the answer is wanted, and until when.

    A moment at local midnight is the end of the day before it.
    """

    number: Annotated[str, Field(pattern=r"^R\d{1,3}$")]
    text: Line
    answer: Line
    wanted_at: Instant
    first_wanted_at: Instant | None = None


class CopySum(Value):
    """What an announced time must hold. Decimal units: 1 TB = 1,000,000 MB = 10^12 bytes.

    `needed_mb_per_second` is volume ÷ time, rounded up to three figures or to whole MB/s; `reckoned_bytes` is the
    volume, or one terabyte where none is known. `takes_seconds` is rounded up, `takes_hours` half up to a tenth,
    `fits_bytes` (what the stated rate moves in the window) is exact.
    """

    volume_bytes: Annotated[int, Field(gt=0)] | None
    volume_source: Line | None
    window_seconds: Annotated[int, Field(gt=0)]
    reckoned_bytes: Annotated[int, Field(gt=0)]
    needed_mb_per_second: DecimalText
    rate_bytes_per_second: Annotated[int, Field(gt=0)] | None
    rate_source: Line | None
    takes_seconds: Seconds | None
    takes_hours: DecimalText | None
    fits_bytes: Count | None


class Attempt(Value):
    """An earlier window of the same work and what became of it. `said` is who said so, and when."""

    promised: Span
    outcome: Outcome
    said: Line | None


class MethodStatement(Value):
    """P1. `hold` says that the window is announced to nobody before the answers; else `announce_at` says when."""

    letter: Literal["P1"] = "P1"
    work: Line
    window: Span
    announced_in: Line
    sites: Count
    arithmetic: CopySum
    passed: Annotated[tuple[Attempt, ...], Field(max_length=6)]
    announce_at: Instant | None


class OutageTicket(Value):
    """P2. With `window` the announced time has ended; without one nothing was announced.

    `down_seconds` runs from the first failure to the as-at time, `beyond_seconds` from the window's end to it.
    `points` are the places that measure, and all of them saw it.
    """

    letter: Literal["P2"] = "P2"
    window: Span | None
    announced_in: Line | None
    first_failed_at: Instant
    last_failed_at: Instant
    last_good_at: Instant | None
    down_seconds: Seconds
    beyond_seconds: Seconds | None
    affected: Annotated[tuple[Line, ...], Field(min_length=1, max_length=6)]
    points: Annotated[tuple[Line, ...], Field(min_length=1, max_length=6)]
    errors: Line | None
    sites: Count


class Departure(Value):
    """An agreed step (None for something added), and what we know was done."""

    agreed: Line | None
    found: Line
    source: Line


class Preservation(Value):
    """P3. `at_risk` runs from the start of the work to the moment it answered again, or to the as-at time."""

    letter: Literal["P3"] = "P3"
    window: Span
    announced_in: Line
    agreed_at: Instant | None
    agreed_in: Line | None
    departures: Annotated[tuple[Departure, ...], Field(max_length=5)]
    departures_left_out: Count
    at_risk: Span | None
    keep_until: date
    sites_total: Count
    sites_current: Count


class ClaimCover(Value):
    """P4: the covering letter; the claim itself is the paper it names. Without an amount it is the nil case.

    `rest_unannounced`: nothing of the counted time lies in an announced window.
    """

    letter: Literal["P4"] = "P4"
    claim: Line
    paper: Line
    paper_digest: Digest
    period: Line
    amount: Money | None
    base: Money | None
    credit_percent: DecimalText | None
    credit_clause: Line | None
    maintenance_clause: Line | None
    raw_seconds: Seconds
    counted_seconds: Seconds
    rest_unannounced: bool
    outages: Count
    down_from: Instant | None
    not_carried_out: Count
    longest_ratio: Share | None
    letters: Count
    announcements: Count
    previously_claimed: bool


class Reminder(Value):
    """P5. `age_seconds` runs from the moment it was sent to the as-at time; `asked` is how many items it had."""

    letter: Literal["P5"] = "P5"
    about: Line
    about_kind: Literal["P1", "P2", "P3", "P4"]
    claim: Line | None
    sent_at: Instant
    sent_how: Line
    age_seconds: Seconds
    age_days: Count
    asked: Annotated[int, Field(ge=1)]
    reminder: Annotated[int, Field(ge=1)]


class Quoted(Value):
    """A clause relied on, in its own words."""

    ref: Line
    quote: Text | None
    source: Line | None


class Told(Value):
    """One line of the summary of facts."""

    at: Instant | None
    text: Line
    source: Line


class SumLine(Value):
    """One line of how the sum is made up."""

    what: Line
    value: Line


class ReliedOn(Value):
    """A document relied on. `sha256` where it was kept whole."""

    what: Line
    dated_at: Instant
    sha256: Digest | None


class BeforeClaim(Value):
    """P6: basis, facts, what is wanted, how the sum is made up, documents, reply by, readiness to settle."""

    letter: Literal["P6"] = "P6"
    agreement: Line
    period: Line
    claim: Line | None
    basis: Annotated[tuple[Quoted, ...], Field(min_length=1, max_length=6)]
    facts: Annotated[tuple[Told, ...], Field(min_length=1, max_length=14)]
    amount: Money
    sum: Annotated[tuple[SumLine, ...], Field(min_length=1, max_length=8)]
    relied_on: Annotated[tuple[ReliedOn, ...], Field(min_length=1, max_length=12)]
    settle: Line


ProviderBody = Annotated[
    MethodStatement | OutageTicket | Preservation | ClaimCover | Reminder | BeforeClaim,
    Field(discriminator="letter"),
]


class ProviderLetter(Value):
    """One letter to a provider. `ref` is our reference; a request's full name is the ref and its number.

    `approved_by` is None until somebody put their name to it; `remark` is a sentence of the agency's own.
    """

    kind: Literal["provider_letter"] = "provider_letter"
    header: Header
    layout: Layout
    ref: Line
    to: ProviderAddress
    service: Line
    approved_by: Line | None
    remark: Line | None
    requests: Annotated[tuple[Asked, ...], Field(min_length=1, max_length=12)]
    body: ProviderBody

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.layout == "us") != (self.header.paper == "Letter"):
            raise ValueError("layouts din5008b and uk are printed on A4, layout us on Letter")
        if self.header.status == "issued" and self.approved_by is None:
            raise ValueError("approved_by is needed on an issued letter; for example 'Dana Reyes'")
        return self
