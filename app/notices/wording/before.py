"""The words of L1, L2 and L3: before a window, and after one in which nothing took place."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from app.fields import In, Instant, Line
from app.notices.wording.always import Common, Short


class Effect(In):
    function: Annotated[Short, Field(examples=["E-mail"])]
    effect: Annotated[Short, Field(examples=["not affected"])]


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
