"""The words of L4, L5, L6, L10 and L11: while it lasts, when it is over, and what corrects a letter."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from app.fields import Day, In, Instant, Line
from app.notices.wording.always import Common, Few, Short


class _Running(Common):
    """Known, not known, doing."""

    expected_end_at: Instant | None = None
    known: Few
    not_known: Few
    doing: Few
    fallback: Short | None = None
    fallback_decided_at: Instant | None = None


class OverrunWords(_Running):
    """L4: still not back. Known, not known, doing."""

    kind: Literal["L4"]


class OutageWords(_Running):
    """L10: an outage outside any window."""

    kind: Literal["L10"]


class Check(In):
    """One thing tried once it was back."""

    what: Annotated[Short, Field(examples=["the contact form"])]
    result: Annotated[Short, Field(examples=["a message arrived"])]
    at: Instant


class BackWords(Common):
    """L5: back and checked. That each site is reachable, working and current is read from the record."""

    kind: Literal["L5"]
    checks: Annotated[list[Check], Field(min_length=1, max_length=6)]
    current_to_at: Annotated[Instant | None, Field(description="The newest entry that was found.")] = None
    tell_ratio: Annotated[bool, Field(description="Whether to say how many times the announced time it took.")] = False
    not_checked: Annotated[list[Short], Field(max_length=4, default_factory=list)]
    look_at: Annotated[list[Short], Field(max_length=3, default_factory=list)]
    tell_by: Annotated[Day | None, Field(description="The day by which the client says what is missing.")] = None
    kept_until: Annotated[Day | None, Field(description="The last day the old copy is kept.")] = None


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


class Corrected(In):
    """Whole sentences: what was written, and what is true."""

    wrote: Annotated[Line, Field(examples=["Your website will be back at midnight."])]
    correct: Annotated[Line, Field(examples=["Nobody can say yet when it will be back."])]

    @model_validator(mode="after")
    def _differ(self) -> Corrected:
        if self.wrote.casefold().rstrip(". ") == self.correct.casefold().rstrip(". "):
            raise ValueError("what was written and what is correct must differ")
        return self


class CorrectionWords(Common):
    """L11: something in the letter it follows was not right."""

    kind: Literal["L11"]
    lines: Annotated[list[Corrected], Field(min_length=1, max_length=4)]
