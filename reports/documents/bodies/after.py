"""L7 and L8: what may be missing, and the full account once it is over. Both name who approved them."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from ..ledger import Outcome, Stretch
from ..values import MOST_SITES, Instant, Line, Money, Seconds, Share, Source, Span, Value
from .compared import Compared

DataState = Literal["complete", "missing", "older", "recovered", "unknown"]


class AtRisk(Value):
    """One kind of data on one of the client's sites: "Shop orders" - unknown - "about 40".

    `about` is the approximate number concerned; `personal` whether the kind holds personal data. `kind` None: the
    site's files and databases, as an audit found them: `files` and `entries` of them are not what they were.
    """

    host_name: Line
    kind: Line | None
    state: DataState
    personal: Literal["yes", "no", "unknown"]
    about: Line | None = None
    files: Annotated[int, Field(ge=0)] | None = None
    entries: Annotated[int, Field(ge=0)] | None = None


class Happened(Value):
    """A line of a chronology or of a decision log."""

    at: Instant
    text: Line
    source: Source | None = None


class PossibleLoss(Value):
    """L7: entries may be missing. One page and an annex; a person approves it by name.

    `at_risk` runs from the start of the copy to the switch; `before_failure` from the restored backup to the failure,
    where something was restored. `loss` is "confirmed" only when it is; else the letter says that it cannot be ruled
    out. `aware_at` is when we learned of it, `provider_told_at` when the provider told us. `we_are` is our role for
    the client's personal data. `data_contact` answers questions on personal data. `decisions` is the decision log.
    """

    letter: Literal["L7"] = "L7"
    at_risk: Span
    before_failure: Span | None = None
    loss: Literal["possible", "confirmed"]
    rows: Annotated[tuple[AtRisk, ...], Field(min_length=1, max_length=3 * MOST_SITES)]
    last_copy_at: Instant | None
    last_copy_tested: bool
    consequences: Annotated[tuple[Line, ...], Field(max_length=4)] = ()
    measures: Annotated[tuple[Line, ...], Field(min_length=1, max_length=5)]
    options: Annotated[tuple[Line, ...], Field(max_length=4)] = ()
    aware_at: Instant
    provider_told_at: Instant | None
    old_copies_kept_until: date | None
    we_are: Literal["processor", "controller", "not_settled"]
    data_contact: Line
    data_contact_reach: Line
    decisions: Annotated[tuple[Happened, ...], Field(max_length=12)] = ()
    compared: Compared | None = None
    approved_by: Line | None


class ReportedAttempt(Value):
    """One announced window and what became of it.

    `took_place` "no" has neither seconds nor ratio. `down_seconds` is the sum of its stretches of state "down";
    `down_ratio` (down, promised).
    """

    number: Annotated[int, Field(ge=1)]
    promised: Span
    promised_seconds: Seconds
    outcome: Outcome
    took_place: Literal["yes", "partly", "no"]
    stretches: tuple[Stretch, ...] = ()
    down_seconds: Seconds | None
    down_ratio: Share | None


class ReportedSite(Value):
    """What became of one of the client's own sites over the event."""

    host_name: Line
    down_seconds: Seconds
    back_at: Instant | None
    data: DataState


class Change(Value):
    """What will be different: by whom, until when."""

    text: Line
    owner: Line
    by: date | None


class Ask(Value):
    """What we ask of the provider, and how it stands."""

    text: Line
    state: Literal["open", "answered", "answered_in_part", "refused", "withdrawn"]


class CreditToYou(Value):
    """What the client gets, and where it appears: "on the July invoice"."""

    amount: Money
    how: Line


class FinalReport(Value):
    """L8: the full account, two pages. `about` names the event as a title in the letter's language ("the June server
    move", "Serverumzug im Juni").

    `announced_seconds` and `down_seconds` are the sums over `attempts`; an outage without a window has no attempts:
    then `outage` is its span and `down_seconds` its length. `sites` are the client's own. A cause is printed with its
    status; without a cause the status is "not_known". Where `compared` found a site equal, "complete" reads "equal to
    the copy of …". `approved_by` is the person who answers for it.
    """

    letter: Literal["L8"] = "L8"
    about: Line
    attempts: Annotated[tuple[ReportedAttempt, ...], Field(max_length=8)]
    outage: Span | None = None
    announced_seconds: Seconds
    down_seconds: Seconds
    sites: Annotated[tuple[ReportedSite, ...], Field(min_length=1, max_length=MOST_SITES)]
    data: DataState
    timeline: Annotated[tuple[Happened, ...], Field(min_length=1, max_length=10)]
    cause: Line | None
    cause_status: Literal["confirmed", "stated", "not_known"]
    cause_by: Line | None = None
    done: Annotated[tuple[Line, ...], Field(min_length=1, max_length=6)]
    changes: Annotated[tuple[Change, ...], Field(max_length=5)] = ()
    asked: Annotated[tuple[Ask, ...], Field(max_length=5)] = ()
    credit: CreditToYou | None = None
    still_check: Annotated[tuple[Line, ...], Field(max_length=4)] = ()
    compared: Compared | None = None
    approved_by: Line | None
