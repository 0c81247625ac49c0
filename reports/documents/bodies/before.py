"""L1, L2, L3: what is told before a window, and after one in which nothing took place."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from ..values import Instant, Line, Seconds, Source, Span, Value


class FunctionEffect(Value):
    """What the work means for one function: "E-mail" - "arrives later, nothing is lost"."""

    function: Line
    effect: Line


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
    """L2: it did not take place. `down_seconds` is what we measured on the client's sites in the window; None: it was
    taken back before its end, so it will not take place."""

    letter: Literal["L2"] = "L2"
    notice_ref: Line
    notice_sent_at: Instant
    window: Span
    down_seconds: Seconds | None
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
