"""Letters to one client about that client's sites: L1, L2, L3, L4, L6. One page, at most 260 words."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from .header import Header
from .values import Instant, Line, Seconds, Source, Span, Value

Layout = Literal["din5008b", "uk", "us"]


class Recipient(Value):
    """The client written to. `client_id` must be that of every site in the letter."""

    client_id: Line
    name: Line
    attention: Line | None = None
    address: Annotated[tuple[Line, ...], Field(min_length=1, max_length=5)]
    salutation: Line


class LetterSite(Value):
    """One of the client's own sites and its state at the as-at time."""

    client_id: Line
    host_name: Line
    state: Literal["up", "down", "not_current", "unknown"]


class FunctionEffect(Value):
    """What the work means for one function: "E-mail" - "arrives later, nothing is lost"."""

    function: Line
    effect: Line


class FunctionState(Value):
    """One function and how it stands. `expected_at` None prints "not known"."""

    function: Line
    state: Line
    expected_at: Instant | None
    workaround: Line | None


class Planned(Value):
    """L1: planned downtime. `word_by_at` is when the client hears from us if it is not back."""

    letter: Literal["L1"] = "L1"
    work: Line
    window: Span
    longest_expected_seconds: Seconds | None
    effects: Annotated[tuple[FunctionEffect, ...], Field(min_length=1, max_length=5)]
    confirmed_by: Line
    confirmed_at: Instant
    freeze_from_at: Instant | None
    backup_at: Instant | None
    if_it_overruns: Line
    word_by_at: Instant


class NotCarriedOut(Value):
    """L2: it did not take place. `down_seconds` is what we measured on the client's sites in the window."""

    letter: Literal["L2"] = "L2"
    notice_ref: Line
    notice_sent_at: Instant
    window: Span
    down_seconds: Seconds
    reason: Line | None
    reason_by: Line | None
    reason_status: Literal["confirmed", "stated", "not_known"]
    new_window: Span | None
    restrictions_lifted: bool

    @model_validator(mode="after")
    def _a_reason_has_a_giver(self) -> Self:
        if (self.reason_status == "not_known") != (self.reason is None) or (self.reason is None) != (
            self.reason_by is None
        ):
            raise ValueError("reason and reason_by go together with reason_status 'stated' or 'confirmed'")
        return self


class Rescheduled(Value):
    """L3: a new date. `notice_seconds` runs from the letter to the new start."""

    letter: Literal["L3"] = "L3"
    notice_ref: Line
    work: Line
    old: Span
    new: Span
    attempt: Annotated[int, Field(ge=2)]
    what_changed: Line
    what_changed_source: Source
    notice_seconds: Seconds
    freeze_from_at: Instant | None
    backup_at: Instant | None
    word_by_at: Instant


class Overrunning(Value):
    """L4: in progress and past the announced end, update `update`.

    `beyond_seconds` runs from the announced end to the as-at time; `down_seconds` from `down_from`.
    """

    letter: Literal["L4"] = "L4"
    update: Annotated[int, Field(ge=1)]
    announced: Span
    down_from: Instant
    down_seconds: Seconds
    beyond_seconds: Seconds
    expected_end_at: Instant | None
    known: Annotated[tuple[Line, ...], Field(min_length=1, max_length=4)]
    not_known: Annotated[tuple[Line, ...], Field(min_length=1, max_length=4)]
    doing: Annotated[tuple[Line, ...], Field(min_length=1, max_length=4)]
    procedure_changed: Line | None
    fallback: Line | None
    fallback_decided_at: Instant | None


class PartlyDone(Value):
    """L6: reachable, but not everything is there. `copy_from_at` is the moment the shown content stems from."""

    letter: Literal["L6"] = "L6"
    announced: Span
    reachable_since: Instant
    down_seconds: Seconds
    copy_from_at: Instant | None
    functions: Annotated[tuple[FunctionState, ...], Field(min_length=1, max_length=6)]
    editing_allowed: bool
    cause: Line | None
    """Printed only when the cause is confirmed; otherwise leave it None."""


Body = Annotated[Planned | NotCarriedOut | Rescheduled | Overrunning | PartlyDone, Field(discriminator="letter")]


class ClientLetter(Value):
    """One letter to one client. `ref` is our reference "{event}/{n}".

    `your_part` is what the client has to do; None prints that nothing is needed. `next_contact_at` is when the client
    hears from us next; None only where `next_contact_words` says when. `provider_name` is printed instead of "the
    provider" when `name_provider` is true.
    """

    kind: Literal["letter"] = "letter"
    header: Header
    layout: Layout
    ref: Line
    recipient: Recipient
    sites: Annotated[tuple[LetterSite, ...], Field(min_length=1, max_length=12)]
    name_provider: bool
    provider_name: Line | None
    your_part: Line | None
    next_contact_at: Instant | None
    next_contact_words: Line | None
    apology: Line | None
    body: Body

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.name_provider and self.provider_name is None:
            raise ValueError("provider_name is needed when name_provider is true; for example 'Northgate Hosting'")
        if self.next_contact_at is None and self.next_contact_words is None:
            raise ValueError("next_contact_at or next_contact_words is needed; for example 2025-06-29T02:00:00Z")
        if (self.layout == "us") != (self.header.paper == "Letter"):
            raise ValueError("layouts din5008b and uk are printed on A4, layout us on Letter")
        return self
