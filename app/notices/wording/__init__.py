"""The words a person gives for one round of letters: one shape per kind, complete or refused."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from app.fields import In, Instant, Line

Short = Annotated[Line, Field(max_length=160)]
Few = Annotated[list[Short], Field(min_length=1, max_length=4)]


class Effect(In):
    function: Annotated[Short, Field(examples=["E-mail"])]
    effect: Annotated[Short, Field(examples=["not affected"])]


class Common(In):
    """What every letter says: what the client has to do, and when they hear from us next."""

    your_part: Annotated[
        Line | None, Field(max_length=300, description="What the client has to do; left out: nothing.")
    ] = None
    next_contact_at: Annotated[Instant | None, Field(description="When they hear from us next.")] = None
    next_contact_words: Annotated[Short | None, Field(examples=["as soon as there is a date we trust"])] = None
    apology: Annotated[Line | None, Field(max_length=200)] = None

    @model_validator(mode="after")
    def _says_when(self) -> Common:
        if self.next_contact_at is None and self.next_contact_words is None:
            raise ValueError(
                "a letter says when the client hears from us next: give next_contact_at or next_contact_words"
            )
        return self


class PlannedWords(Common):
    """L1: planned downtime."""

    kind: Literal["L1"]
    work: Annotated[Line, Field(examples=["The drives in the server are being copied to new ones."])]
    longest_expected_minutes: Annotated[int | None, Field(ge=1, le=100_000)] = None
    effects: Annotated[list[Effect], Field(min_length=1, max_length=5)]
    confirmed_by: Annotated[Short, Field(examples=["the provider, by e-mail"])]
    confirmed_at: Instant
    freeze_from_at: Instant | None = None
    backup_at: Instant | None = None
    if_it_overruns: Short
    word_by_at: Instant


class NotDoneWords(Common):
    """L2: it did not take place. A reason goes with who gave it."""

    kind: Literal["L2"]
    reason: Short | None = None
    reason_by: Annotated[Short | None, Field(examples=["the provider"])] = None
    reason_status: Literal["confirmed", "stated", "not_known"]
    restrictions_lifted: bool = True

    @model_validator(mode="after")
    def _reason_has_a_giver(self) -> NotDoneWords:
        given = self.reason is not None and self.reason_by is not None
        if given == (self.reason_status == "not_known"):
            raise ValueError("reason and reason_by are given together, with reason_status stated or confirmed")
        return self


class MovedWords(Common):
    """L3: a new date. What is different this time, and where we know it from."""

    kind: Literal["L3"]
    work: Line
    what_changed: Line
    what_changed_source: Literal["M", "P", "T", "C", "N"]
    freeze_from_at: Instant | None = None
    backup_at: Instant | None = None
    word_by_at: Instant


class OverrunWords(Common):
    """L4: still not back. Known, not known, doing."""

    kind: Literal["L4"]
    expected_end_at: Instant | None = None
    known: Few
    not_known: Few
    doing: Few
    fallback: Short | None = None
    fallback_decided_at: Instant | None = None


class Function(In):
    function: Annotated[Short, Field(examples=["Orders"])]
    state: Annotated[Short, Field(examples=["entries since Saturday 22:00 not confirmed"])]
    expected_at: Instant | None = None
    workaround: Short | None = None


class PartlyWords(Common):
    """L6: reachable, but not everything is there. `cause` only where it is confirmed."""

    kind: Literal["L6"]
    copy_from_at: Instant | None = None
    functions: Annotated[list[Function], Field(min_length=1, max_length=6)]
    editing_allowed: bool
    cause: Short | None = None


Words = Annotated[PlannedWords | NotDoneWords | MovedWords | OverrunWords | PartlyWords, Field(discriminator="kind")]
