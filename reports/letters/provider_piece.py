"""A piece of a provider letter's body, and the few phrases its letters share."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from ..sentences import number
from ..words import Words

MEGA, GIGA, TERA = 10**6, 10**9, 10**12
_ORDINALS = ("", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


@dataclass(frozen=True)
class Piece:
    """lead, text, note, head: `text`; facts and quote: `rows` of (name, value); points: `rows` of one item each;
    table: `rows` below `columns`, `widths` in percent."""

    kind: Literal["lead", "text", "note", "head", "facts", "quote", "points", "table"]
    text: str = ""
    rows: tuple[tuple[str, ...], ...] = ()
    columns: tuple[str, ...] = ()
    widths: tuple[int, ...] = ()


@dataclass(frozen=True)
class Sheet:
    subject: str
    salutation: str
    pieces: tuple[Piece, ...]
    closing: tuple[str, ...]


def ordinal(count: int) -> str:
    return _ORDINALS[count] if count < len(_ORDINALS) else f"{count}th"


def until(w: Words, at: datetime) -> str:
    """ "Thu 26 June 12:00"; local midnight closes the day before: "the end of Mon 14 July"."""
    there = w.local(at)
    if there.strftime("%H%M%S") == "000000":
        return f"the end of {w.day((there - timedelta(days=1)).date())}"
    return w.moment(at)


def ended(w: Words, at: datetime) -> str:
    """ "24:00 on Sat 28 June", "02:00 on Sun 29 June": midnight closes the day before."""
    there = w.local(at)
    if there.strftime("%H%M%S") == "000000":
        return f"{'midnight' if w.american else '24:00'} on {w.day((there - timedelta(days=1)).date())}"
    return f"{w.time(at)} on {w.day(there.date())}"


def amount(bytes_: int) -> str:
    """ "2 TB", "1.08 TB", "720 GB": exact, in the largest unit that leaves at least one."""
    for unit, name in ((TERA, "TB"), (GIGA, "GB"), (MEGA, "MB")):
        if bytes_ >= unit or unit == MEGA:
            return f"{_exact(bytes_, unit)} {name}"
    raise AssertionError(bytes_)


def _exact(bytes_: int, unit: int) -> str:
    whole, rest = divmod(bytes_, unit)
    digits = str(rest).rjust(len(str(unit)) - 1, "0").rstrip("0")
    return f"{whole:,}.{digits}" if digits else f"{whole:,}"


def listed(items: Sequence[str]) -> str:
    """ "a, b and c"."""
    return ", ".join(items[:-1]) + f" and {items[-1]}" if len(items) > 1 else items[0]


def points(count: int) -> str:
    """ "our measuring point", "either of our two measuring points", "any of our three measuring points"."""
    if count == 1:
        return "our measuring point"
    return f"{'either' if count == 2 else 'any'} of our {number(count)} measuring points"
