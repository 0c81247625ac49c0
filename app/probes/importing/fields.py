"""The five fields of an observation: each a memory of values already read, which reads a new one when it is missed.

A lookup costs a fraction of reading the text again, and the same few thousand values make up most of a file. The
memories are bounded. What cannot be read raises Wrong, with a reason and an example.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta
from uuid import UUID

from app.fields import EARLIEST, LATEST
from app.probes.tables import CODES

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CLOCKS_APART = timedelta(seconds=5)  # how far ahead of ours a prober's clock may run
REMEMBERED = 50_000
LONGEST_ERROR = 200
SLOWEST_MS = 86_400_000
INSTANT = "2025-06-28T22:00:00+02:00"
_FULL = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d([.,]\d{1,6}0*)?)?(Z|[+-]\d\d(:?\d\d(:\d\d)?)?)", re.ASCII | re.IGNORECASE
)


class Wrong(ValueError):
    """A value that is not what it must be."""

    def __init__(self, reason: str, example: str | None = None, field: str = "") -> None:
        self.reason, self.example, self.field = reason, example, field
        super().__init__(reason)


def micros(moment: datetime) -> int:
    """Microseconds since 1970 in UTC."""
    passed = moment - EPOCH
    return (passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds


def instant(at: int) -> datetime:
    """Microseconds since 1970 as a moment in UTC."""
    return EPOCH + timedelta(microseconds=at)


FIRST, LAST = micros(EARLIEST), micros(LATEST)


class Times(dict[str, int]):
    """ISO 8601 with its offset, to microseconds since 1970; nothing after `latest`."""

    def __init__(self, latest: int) -> None:
        super().__init__()
        self.latest = latest

    def __missing__(self, text: str) -> int:
        try:
            moment = datetime.fromisoformat(text)
            plain = text[10] == "T" and text[13] == ":" and len(text) <= 27
            if moment.tzinfo is None or not (plain or _FULL.fullmatch(text)):
                raise ValueError
            at = micros(moment)
        except (ValueError, TypeError, IndexError, OverflowError):
            raise Wrong(_why_no_time(text), INSTANT) from None
        if at > self.latest:
            raise Wrong(f"{text} lies in the future; an observation is what happened", INSTANT)
        if not FIRST <= at < LAST:
            raise Wrong("must lie between 1990 and 2200", INSTANT)
        if len(self) >= REMEMBERED:
            self.clear()
        self[text] = at
        return at


def _why_no_time(text: str) -> str:
    if not text:
        return "is needed and was not given"
    shown = text[:40]
    if re.fullmatch(r"\s*[-+]?[\d.,]+\s*", text):
        return f"{shown} is a bare number, which one reads as seconds and another as milliseconds; write the time out"
    if re.fullmatch(r"[\d-]{10}([T ][\d:.,]+)?", text):
        return f"{shown} says no offset from UTC, so nobody knows which moment it means"
    if re.search(r"[.,]\d{7,}", text):
        return f"{shown} is finer than a microsecond; write at most six decimals"
    return f"{shown!r} is not a time in ISO 8601 with its offset"


class Monitors(dict[str, int]):
    """A monitor's name or id, to its key."""

    def __missing__(self, text: str) -> int:
        try:
            canonical = str(UUID(text))
        except ValueError:
            canonical = ""
        if canonical in self and canonical != text:
            return self[canonical]
        if not text:
            raise Wrong("is needed and was not given", "HOST-1 from Berlin")
        raise Wrong(
            f"no monitor has the name or id {text[:80]!r}; GET /api/v1/monitors lists them, POST there makes one",
            next(iter(self), "HOST-1 from Berlin"),
        )


class States(dict[str, int]):
    """A state, to its code."""

    def __init__(self) -> None:
        super().__init__(CODES)

    def __missing__(self, text: str) -> int:
        said = f"{text[:40]!r} is no state" if text else "is needed and was not given"
        raise Wrong(f"{said}; states are {', '.join(CODES)}", "down")


class Latencies(dict["str | int | None", "int | None"]):
    """Whole milliseconds; None where nothing was given."""

    def __init__(self) -> None:
        super().__init__({"": None, None: None})

    def __missing__(self, value: str | int) -> int:
        if isinstance(value, str) and not (value.isascii() and value.isdigit() and len(value) <= 9):
            raise Wrong(f"{value[:40]!r} is not a number of whole milliseconds", "183")
        number = int(value)
        if not 0 <= number <= SLOWEST_MS:
            raise Wrong(f"must lie between 0 and {SLOWEST_MS} ms, which is a day", "183")
        if len(self) >= REMEMBERED:
            self.clear()
            self.__init__()  # type: ignore[misc]
        self[value] = number
        return number


class Errors(dict["str | None", "str | None"]):
    """The class of a failure, in one printable line; None where nothing was given."""

    def __init__(self) -> None:
        super().__init__({"": None, None: None})

    def __missing__(self, text: str) -> str:
        if len(text) > LONGEST_ERROR:
            raise Wrong(f"is longer than {LONGEST_ERROR} characters", "connect_timeout")
        for sign in text:
            if unicodedata.category(sign) in ("Cc", "Cs", "Cn", "Co", "Zl", "Zp"):
                raise Wrong(f"has the character U+{ord(sign):04X}, which cannot be printed", "connect_timeout")
        if len(self) >= 5_000:
            self.clear()
            self.__init__()  # type: ignore[misc]
        self[text] = text
        return text
