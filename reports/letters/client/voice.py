"""One language speaking: its strings with their values, and figures, days and times as it writes them."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache, cached_property

from babel import Locale
from babel.dates import format_date, format_time, get_timezone_name
from babel.numbers import format_decimal, get_decimal_symbol
from babel.units import format_unit

from ... import words
from ...documents import Money, Share, Span
from ...words import Words
from .catalogue import Strings, strings_of

_UNIT = re.compile(r"(\d+) (d|h|min|s)\b")
_LONG = ((words.HOUR, "duration-hour"), (words.MINUTE, "duration-minute"), (1, "duration-second"))


@dataclass(frozen=True)
class Voice:
    """The words of one language for one zone. `year` goes without saying; another is written out."""

    strings: Strings
    language: str
    zone: str
    year: int

    def __call__(self, key: str, n: int | None = None, /, **values: str) -> str:
        """The text of this key; with `n` the form that goes with the number, `{count}` as a word."""
        entry = self.strings[key]
        if isinstance(entry, Mapping):
            assert n is not None, key
            entry = entry.get(self.locale.plural_form(n), entry["other"])
        assert isinstance(entry, str), key
        if n is not None:
            values.setdefault("count", self.number(n))
        return entry.format(**values)

    @cached_property
    def locale(self) -> Locale:
        return Locale.parse(self.language, sep="-")

    @cached_property
    def plain(self) -> Words:
        """The clock of the zone, and the figures of all papers."""
        return Words(self.zone, "en-GB", self.year)

    def _list(self, key: str) -> tuple[str, ...]:
        entry = self.strings[key]
        assert isinstance(entry, tuple), key
        return entry

    def number(self, count: int) -> str:
        """A small number as a word: "two"; larger ones as figures."""
        small = self._list("numbers")
        return small[count] if count < len(small) else format_decimal(count, locale=self.locale)

    def ordinal(self, count: int) -> str:
        known = self._list("ordinals")
        return known[count] if count < len(known) else self("ordinal_beyond", n=str(count))

    def joined(self, items: Iterable[str]) -> str:
        """ "one, two and three"."""
        *before, last = items
        return self("and", before=", ".join(before), last=last) if before else last

    def quoted(self, text: str) -> str:
        return self("quoted", text=text)

    # days and times

    def local(self, at: datetime) -> datetime:
        return self.plain.local(at)

    def _date(self, key: str, day: date) -> str:
        return format_date(day, self(f"dates.{key}"), locale=self.locale)

    def _on(self, key: str, day: date, year: bool | None = None) -> str:
        shown = day.year != self.year if year is None else year
        return self._date(f"{key}_year" if shown else key, day)

    def time(self, at: datetime) -> str:
        """ "22:00"; the hour that comes twice carries its zone."""
        there = self.local(at)
        key = "dates.time_seconds" if there.second else "dates.time"
        text = format_time(there, self(key), locale=self.locale).replace("\u202f", " ")
        if there.replace(fold=0).utcoffset() == there.replace(fold=1).utcoffset():
            return text
        return self("dates.twice", time=text, zone=self._zone_name(at))

    def clock(self, at: datetime) -> str:
        """As a sentence says it: "22:00", "midnight"."""
        midnight = self.local(at).strftime("%H%M%S") == "000000"
        return self("dates.midnight") if midnight else self("dates.clock", time=self.time(at))

    def day(self, at: datetime) -> str:
        """ "Sat 28 June"; with its year where it is not the letter's."""
        return self._on("day", self.local(at).date())

    def plain_day(self, at: datetime | date) -> str:
        """ "28 June"."""
        return self._on("plain_day", self.local(at).date() if isinstance(at, datetime) else at)

    def full_day(self, at: datetime) -> str:
        """ "Saturday 28 June"."""
        return self._date("full_day", self.local(at).date())

    def days(self, span: Span) -> str:
        """The days a span touches: "28 June", "28 June to 29 June"."""
        first, last = span.start_at, span.end_at - timedelta(seconds=1)
        one, two = self.plain_day(first), self.plain_day(last)
        return one if one == two else self("dates.day_span", first=one, last=two)

    def weekday(self, at: datetime) -> str:
        return format_date(self.local(at).date(), "EEEE", locale=self.locale)

    def month(self, first: date) -> str:
        return self._date("month", first)

    def moment(self, at: datetime) -> str:
        """ "Sat 28 June 22:00"."""
        return self("dates.moment", day=self.day(at), time=self.time(at))

    def dated_moment(self, at: datetime) -> str:
        """With the year: "Mon 30 June 2025 06:00"."""
        return self("dates.moment", day=self._on("day", self.local(at).date(), True), time=self.time(at))

    def short_moment(self, at: datetime) -> str:
        """For tables: "Sat 28 Jun 22:00"."""
        return self("dates.moment", day=self._on("short_day", self.local(at).date()), time=self.time(at))

    def stamp(self, at: datetime) -> str:
        """For the foot of a page, where there is little room: "29.06.2025, 08:00"."""
        return self("dates.stamp", day=self._date("stamp_day", self.local(at).date()), time=self.time(at))

    def since(self, at: datetime, as_at: datetime) -> str:
        """The time alone on the letter's own day, else the moment."""
        return self.clock(at) if self.local(at).date() == self.local(as_at).date() else self.moment(at)

    def _zone_name(self, at: datetime) -> str:
        there = self.local(at)
        name: str = get_timezone_name(there, "short", locale=self.locale)
        if name.isalpha():
            return name
        name = there.tzname() or self.zone
        return self.zone if name[:1] in "+-" else name

    def zone_label(self, at: datetime) -> str:
        """ "CEST (UTC+02:00)"."""
        return f"{self._zone_name(at)} (UTC{self.plain.offset(at)})"

    def _end(self, span: Span, midnight: str) -> str | None:
        """The end's time where it lies on the start's day; None where it does not."""
        first, last = self.local(span.start_at), self.local(span.end_at)
        if first.date() == last.date():
            return self.time(span.end_at)
        if last.date() == first.date() + timedelta(days=1) and last.strftime("%H%M%S") == "000000":
            return self(midnight)
        return None

    def span(self, span: Span) -> str:
        """ "Sat 28 June 22:00–24:00", or both ends in full."""
        last = self._end(span, "dates.midnight_end")
        if last is None:
            return self("dates.span_days", first=self.moment(span.start_at), last=self.moment(span.end_at))
        return self("dates.span", day=self.day(span.start_at), first=self.time(span.start_at), last=last)

    def span_in_prose(self, span: Span) -> str:
        """ "Saturday 28 June from 22:00 to midnight"."""
        last = self._end(span, "dates.midnight_end_in_prose")
        return self(
            "dates.span_in_prose" if last else "dates.span_in_prose_days",
            day=self.full_day(span.start_at),
            first=self.time(span.start_at),
            last=last or self.moment(span.end_at),
        )

    def until(self, span: Span) -> str:
        """ "22:00 to midnight"."""
        last = self._end(span, "dates.midnight_end_in_prose")
        key = "dates.until" if last else "dates.until_days"
        return self(key, first=self.time(span.start_at), last=last or self.moment(span.end_at))

    # figures

    def _in_units(self, text: str) -> str:
        return _UNIT.sub(lambda found: self(f"units.{found[2]}", n=found[1]), text)

    def duration(self, seconds: int) -> str:
        """ "24 h 00 min": whole seconds, never rounded."""
        return self._in_units(words.duration(seconds))

    def brief(self, seconds: int) -> str:
        """ "2 h", "1 h 30 min"."""
        return self._in_units(words.brief(seconds))

    def in_prose(self, seconds: int) -> str:
        """ "24 hours", "1 hour 30 minutes"."""
        parts: list[str] = []
        for unit, name in _LONG:
            count, seconds = divmod(seconds, unit)
            if count or (unit == 1 and not parts):
                parts.append(format_unit(count, name, length="long", locale=self.locale).replace("\xa0", " "))
        return " ".join(parts)

    def _decimal(self, text: str) -> str:
        return text.replace(".", get_decimal_symbol(self.locale))

    def percent(self, share: Share, target: str | None = None) -> str:
        return self("units.percent", n=self._decimal(words.percent(share, target).removesuffix(" %")))

    def percent_text(self, decimal: str) -> str:
        return self("units.percent", n=self._decimal(decimal))

    def times(self, share: Share) -> str:
        """ "12.0×"."""
        return self._decimal(words.times(share))

    def money(self, money: Money) -> str:
        places = len(money.amount.partition(".")[2])
        pattern = "#,##0" + ("." + "0" * places if places else "")
        amount = format_decimal(Decimal(money.amount), pattern, locale=self.locale)
        return self("units.money", currency=money.currency, amount=amount)

    def keep(self, text: str) -> str:
        """The same text with no-break spaces inside its figures."""
        return _inside(self.language).sub("\u00a0", text)


@cache
def _inside(language: str) -> re.Pattern[str]:
    """The spaces no line may break at: between a number and what it counts, between a day and its month."""
    if language.partition("-")[0] == "en":
        return words.FIGURE
    months = "|".join(map(re.escape, Locale.parse(language, sep="-").months["format"]["wide"].values()))
    return re.compile(rf"(?<=[\d≥]) (?=[\w%×])|(?<=\d\.) (?=(?:{months})\b)")


def voice_of(language: str, zone: str, as_at: datetime) -> Voice:
    """The voice of a letter: its language, its zone, the year of its moment."""
    year = Words(zone, "en-GB", as_at.year).local(as_at).year
    return Voice(strings_of(language), language, zone, year)
