"""What a template may do with a value: print it as a date, a time, a length, in the letter's language and zone."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date as Day
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time
from babel.lists import format_list
from babel.units import format_unit

PLAIN = frozenset({"upper", "lower", "capitalize", "trim", "length", "first", "last"})
"""Filters of the template language itself that are let through: none of them grows a text."""
ASK = "{% if x is not none %}"


@dataclass(frozen=True, slots=True)
class Printed:
    """Values as a letter in this language and zone prints them. Raises ValueError for a value of another sort."""

    language: str
    zone: str

    @property
    def locale(self) -> Locale:
        return Locale.parse(self.language, sep="-")

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"date": self.date, "time": self.time, "moment": self.moment, "duration": self.duration,
                "listed": self.listed, "join": self.join}  # fmt: skip

    def _there(self, value: Any, what: str) -> datetime:
        if not isinstance(value, datetime):
            raise ValueError(_takes(value, what, "a moment, such as as_at"))
        return value.astimezone(ZoneInfo(self.zone))

    def date(self, value: Any) -> str:
        """ "Saturday, 28 June", "Samstag, 28. Juni"."""
        if isinstance(value, Day) and not isinstance(value, datetime):
            return self._day(value, "full")
        return self._day(self._there(value, "date").date(), "full")

    def _day(self, day: Day, length: str) -> str:
        """As the language writes it, without the year where that stands last."""
        pattern = str(self.locale.date_formats[length].pattern)
        return _plain(format_date(day, re.sub(r"[,\s]*('?de'?\s+)?y+$", "", pattern), locale=self.locale))

    def time(self, value: Any) -> str:
        """ "22:00"."""
        return _plain(format_time(self._there(value, "time"), "short", locale=self.locale))

    def moment(self, value: Any) -> str:
        """ "28 June, 22:00", "28. Juni, 22:00"."""
        there = self._there(value, "moment")
        return f"{self._day(there.date(), 'long')}, {self.time(value)}"

    def duration(self, value: Any) -> str:
        """Of seconds: "24 hours", "1 Stunde, 30 Minuten". Never rounded."""
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise ValueError(_takes(value, "duration", "seconds, such as body.down_seconds"))
        parts = ((value // 3600, "hour"), (value % 3600 // 60, "minute"), (value % 60, "second"))
        said = [format_unit(number, unit, "long", locale=self.locale) for number, unit in parts if number]
        return _plain(", ".join(said) or format_unit(0, "minute", "long", locale=self.locale))

    def listed(self, value: Any) -> str:
        """ "pages, shop and mail", "Seiten, Shop und Mail"."""
        return _plain(format_list(_texts(value, "listed"), "standard", locale=self.locale))

    def join(self, value: Any, between: Any = ", ") -> str:
        """ "pages; shop; mail"."""
        if not isinstance(between, str) or len(between) > 10:
            raise ValueError("the filter join takes a short text to stand between: {{ body.known|join('; ') }}")
        return between.join(_texts(value, "join"))


def _texts(value: Any, what: str) -> list[str]:
    if not isinstance(value, tuple | list) or not all(isinstance(item, str) for item in value):
        raise ValueError(_takes(value, what, "a list of texts, such as body.known"))
    return list(value)


def _takes(value: Any, what: str, wanted: str) -> str:
    if value is None:
        return f"the filter {what} has a value that this letter does not have; ask for it first: {ASK}"
    return f"the filter {what} takes {wanted}"


def _plain(text: str) -> str:
    """With plain spaces: the printer keeps figures together by itself."""
    return text.replace("\u202f", " ").replace("\xa0", " ")
