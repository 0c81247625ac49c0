"""What the words of every letter have: what the client has to do, when they hear from us next, an apology."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, model_validator

from app.fields import In, Instant, Line

Short = Annotated[Line, Field(max_length=160)]
Few = Annotated[list[Short], Field(min_length=1, max_length=4)]


@dataclass(frozen=True, slots=True)
class Same:
    """Marks text that is the same in every language: a name, a number, an address."""


Name = Annotated[Line, Field(max_length=120), Same()]


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


class Closing(In):
    """As `Common`, of a letter after which nothing more has to come."""

    your_part: Annotated[
        Line | None, Field(max_length=300, description="What the client has to do; left out: nothing.")
    ] = None
    next_contact_at: Annotated[Instant | None, Field(description="When they hear from us next.")] = None
    next_contact_words: Annotated[Short | None, Field(examples=["when the old drives are wiped"])] = None
    apology: Annotated[Line | None, Field(max_length=200)] = None
