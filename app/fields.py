"""Values as they come in: each type says what it refuses, why, and what would be right.

Used by the request shapes of every room, so that no naive time, unknown zone, control character or
number too large for a column gets past the edge.
"""

from __future__ import annotations

import re
import unicodedata
import zoneinfo
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Literal
from uuid import UUID

import idna
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from app.errors import BadInput

EARLIEST, LATEST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def _clean(text: str) -> str:
    """Refuses what no paper can print and no database should hold; line ends become \\n."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    for sign in text:
        if sign in "\n\t":
            continue
        if unicodedata.category(sign) in ("Cc", "Cs", "Cn", "Co") or sign in "\u2028\u2029\ufeff":
            raise ValueError(f"has the character U+{ord(sign):04X}, which cannot be printed; leave it out")
    return text


def _one_line(text: str) -> str:
    text = _clean(text)
    if "\n" in text or "\t" in text:
        raise ValueError("must be one line, without tabs or line ends")
    if not text.strip():
        raise ValueError("must not be empty")
    return text.strip()


def _paragraphs(text: str) -> str:
    return _clean(text).strip()


def _words(text: str) -> str:
    text = _paragraphs(text)
    if not text:
        raise ValueError("must not be empty")
    return text


def printable(value: Any) -> Any:
    """A JSON value with every text in it made clean, names included. Raises ValueError for the first that cannot be."""
    match value:
        case str():
            return _clean(value)
        case dict():
            return {_clean(name): printable(item) for name, item in value.items()}
        case list():
            return [printable(item) for item in value]
    return value


def _instant(value: datetime) -> datetime:
    if value.tzinfo is None or value.utcoffset() is None:
        raise ValueError("needs its offset from UTC, e.g. 2025-06-07T22:00:00+02:00 or 2025-06-07T20:00:00Z")
    try:
        moment = value.astimezone(UTC)
    except OverflowError:
        raise ValueError("is out of range, e.g. 2025-06-07T22:00:00+02:00 is right") from None
    if not EARLIEST <= moment < LATEST:
        raise ValueError("must lie between 1990 and 2200, e.g. 2025-06-07T22:00:00+02:00")
    return moment


def _not_a_number(value: Any) -> Any:
    """An instant is text: a bare number would be read as Unix seconds by one and milliseconds by another."""
    if isinstance(value, bool | int | float):
        raise ValueError("must be text in ISO 8601 with its offset, e.g. 2025-06-07T22:00:00+02:00")
    if isinstance(value, str) and re.fullmatch(r"\s*[-+]?[\d.]+\s*", value):
        raise ValueError("must be a date with time and offset, e.g. 2025-06-07T22:00:00+02:00")
    return value


def _day(value: date) -> date:
    if not 1990 <= value.year < 2200:
        raise ValueError("must lie between 1990 and 2200, e.g. 2025-06-30")
    return value


def _text_only(value: Any) -> Any:
    if isinstance(value, bool | int | float) or (
        isinstance(value, str) and not re.match(r"\s*\d{4}-\d\d-\d\d\s*$", value)
    ):
        raise ValueError("must be a day as YYYY-MM-DD, e.g. 2025-06-30")
    return value


@cache
def zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


def _zone(name: str) -> str:
    if name not in zones():
        raise ValueError(f"no time zone is called {name!r}; use a name of the IANA list, e.g. Europe/Berlin")
    return name


def _month(text: str) -> str:
    if not re.fullmatch(r"(19[9]\d|20\d\d|21\d\d)-(0[1-9]|1[0-2])", text):
        raise ValueError("no such month; write YYYY-MM, e.g. 2025-06")
    return text


def address(text: str) -> str:
    """An e-mail address as it stands on the wire: the domain in ASCII, in small letters. Raises ValueError."""
    local, _, domain = text.strip().rpartition("@")
    try:
        domain = idna.encode(domain, uts46=True).decode("ascii") if not domain.isascii() else domain.lower()
    except UnicodeError:  # idna's own error is one
        domain = ""
    if (
        not re.fullmatch(r"[^@\s<>\"(),;:\\\[\]]{1,64}", local)
        or any(unicodedata.category(sign)[0] == "C" for sign in local)
        or local.startswith(".") or local.endswith(".") or ".." in local
        or len(domain) > 253
        or not re.fullmatch(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", domain)
    ):  # fmt: skip
        raise ValueError("is not an e-mail address, e.g. anna@example.org")
    return f"{local}@{domain}"


def _amount(value: Any) -> Any:
    if isinstance(value, bool | int | float):
        raise ValueError('must be text, so that no cent is lost to binary fractions, e.g. "400.00"')
    if isinstance(value, str) and not re.fullmatch(r"\d{1,12}(\.\d{1,4})?", value.strip()):
        raise ValueError('must be a plain amount with at most four decimals, e.g. "400.00"')
    return value


def happened(moment: datetime, now: datetime, field: str) -> datetime:
    """The moment of something that has happened. Raises BadInput when it still lies ahead of `now`."""
    if moment > now:
        stamp = now.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        raise BadInput(f"has not come yet: it is {stamp} now", field=field, example=stamp)
    return moment


Line = Annotated[str, Field(max_length=200, examples=["HOST-1"]), AfterValidator(_one_line)]
Text = Annotated[
    str, Field(max_length=20_000, examples=["The amount of data was underestimated."]), AfterValidator(_paragraphs)
]
Words = Annotated[
    str, Field(max_length=20_000, examples=["The amount of data was underestimated."]), AfterValidator(_words)
]
Source = Annotated[
    Literal["M", "P", "T", "C", "N"],
    Field(description="Where the fact comes from: Measured, Provider, Ticket, Client, Note of ours.", examples=["N"]),
]
Instant = Annotated[
    datetime, BeforeValidator(_not_a_number), AfterValidator(_instant), Field(examples=["2025-06-07T22:00:00+02:00"])
]
Day = Annotated[date, BeforeValidator(_text_only), AfterValidator(_day), Field(examples=["2025-06-30"])]
Zone = Annotated[str, Field(max_length=60, examples=["Europe/Berlin"]), AfterValidator(_zone)]
Month = Annotated[str, Field(max_length=7, examples=["2025-06"]), AfterValidator(_month)]
Email = Annotated[
    str, Field(max_length=254, examples=["anna@example.org"]), AfterValidator(_one_line), AfterValidator(address)
]
Currency = Annotated[str, Field(pattern="^[A-Z]{3}$", examples=["EUR"])]
Amount = Annotated[
    Decimal,
    BeforeValidator(_amount),
    Field(ge=0, max_digits=16, decimal_places=4, examples=["400.00"]),
    PlainSerializer(
        lambda value: format(
            value.quantize(Decimal("0.01")) if value == value.quantize(Decimal("0.01")) else value, "f"
        ),
        return_type=str,
    ),
    WithJsonSchema({"type": "string", "pattern": r"^\d{1,12}(\.\d{1,4})?$", "examples": ["400.00"]}),
]
Id = Annotated[UUID, Field(examples=["01997a3e-7c1b-7d2e-9f00-5a6b7c8d9e0f"])]


class In(BaseModel):
    """The base of every request shape: unknown fields are refused by name."""

    model_config = ConfigDict(extra="forbid", str_max_length=50_000_000)


class Out(BaseModel):
    """The base of every answer; reads straight from a row."""

    model_config = ConfigDict(from_attributes=True)
