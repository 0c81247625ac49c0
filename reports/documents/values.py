"""The small values every document is made of: text, instants, spans, seconds, shares, money.

Units, once for all documents: a duration is an integer number of SECONDS; an instant is an aware datetime in UTC; a
day is a calendar date in the header's zone; a share is an exact pair of integers; money and percentages are decimal
strings. Nothing here is ever computed again by a template: `reports.words` prints it, `reports.reconcile` compares it.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator


class Value(BaseModel):
    """A frozen value: unknown keys are refused, nothing is coerced, JSON out and in again is the same value."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)


def _says_something(text: str) -> str:
    if not text.strip():
        raise ValueError("must say something; for example 'drive-array clone'")
    return text


def _in_utc(at: datetime) -> datetime:
    if at.utcoffset() != timedelta(0):
        raise ValueError("must be an aware instant in UTC; for example 2025-06-28T20:00:00Z")
    return at.astimezone(UTC)


@cache
def _zones() -> frozenset[str]:
    """Looked for once: the search through the folders takes longer than writing a letter's words."""
    return frozenset(available_timezones())


def _known_zone(name: str) -> str:
    if name not in _zones():
        raise ValueError(f"{name[:40]!r} is no IANA zone; for example 'Europe/Berlin'")
    ZoneInfo(name)
    return name


_DECIMAL = re.compile(r"-?\d{1,15}(\.\d{1,6})?", re.ASCII)


def _decimal(text: str) -> str:
    if not _DECIMAL.fullmatch(text):
        raise ValueError("must be a decimal number as text; for example '120.00'")
    return text


Text = Annotated[str, StringConstraints(max_length=6000), AfterValidator(_says_something)]
"""Plain text, never markup, never blank."""
Line = Annotated[str, StringConstraints(max_length=400), AfterValidator(_says_something)]
"""Plain text meant for one line or one table cell."""
MOST_SITES = 500
"""Sites a letter may be about; beyond twelve they are listed in its annex."""
Instant = Annotated[datetime, AfterValidator(_in_utc)]
"""An aware datetime in UTC."""
Seconds = Annotated[int, Field(ge=0)]
"""A duration in whole seconds."""
Count = Annotated[int, Field(ge=0)]
Zone = Annotated[str, AfterValidator(_known_zone)]
"""An IANA zone name, used to print instants only."""
DecimalText = Annotated[str, AfterValidator(_decimal)]
"""A decimal number as text, printed as it stands."""
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""A SHA-256, 64 lower-case hexadecimal digits."""
Source = Literal["P", "M", "T", "C", "N"]
"""Where a fact comes from: P provider, M measured, T ticket, C client, N our note."""
Verdict = Literal["kept", "broken", "open", "unproven"]
Answer = Literal["met", "breached", "unproven", "not_promised"]
"""Against the availability promised; not_promised where the terms promise none."""


class Span(Value):
    """A half-open stretch of time [start_at, end_at), never empty."""

    start_at: Instant
    end_at: Instant

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.end_at <= self.start_at:
            raise ValueError("end_at must be later than start_at; for example 20:00Z to 22:00Z")
        return self

    @property
    def seconds(self) -> int:
        return int((self.end_at - self.start_at).total_seconds())


class Share(Value):
    """An exact fraction of two integers, both in seconds (up of period, taken of promised)."""

    numerator: Seconds
    denominator: Annotated[int, Field(gt=0)]


class Money(Value):
    """A decimal amount as text and an ISO 4217 currency: 120.00 EUR."""

    amount: DecimalText
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


class InSeconds(Value):
    """A duration in seconds; `open` prints it with "≥": it is still running."""

    unit: Literal["seconds"] = "seconds"
    seconds: Seconds
    open: bool = False


class InShare(Value):
    """An availability, printed as a percentage from the exact pair (up seconds, period seconds)."""

    unit: Literal["share"] = "share"
    share: Share


class InTimes(Value):
    """A multiple (taken seconds, promised seconds), printed "12.0×"; `open` prints "≥ 12.0×"."""

    unit: Literal["times"] = "times"
    share: Share
    open: bool = False


class InPercent(Value):
    """A percentage that is itself a promise or a rate: "99.9"."""

    unit: Literal["percent"] = "percent"
    percent: DecimalText


class InMilliseconds(Value):
    """A measured answer time: "95", "95.417"."""

    unit: Literal["milliseconds"] = "milliseconds"
    milliseconds: DecimalText


class InMoney(Value):
    unit: Literal["money"] = "money"
    money: Money


class InWords(Value):
    """For what has no number: "did not take place", "clone as agreed"."""

    unit: Literal["words"] = "words"
    text: Line


class OnDay(Value):
    """A calendar day in the header's zone."""

    unit: Literal["day"] = "day"
    day: Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")]


Measure = Annotated[
    InSeconds | InShare | InTimes | InPercent | InMilliseconds | InMoney | InWords | OnDay, Field(discriminator="unit")
]
"""A decided figure with its unit: durations, shares, multiples, percentages, answer times, money, words, days."""
