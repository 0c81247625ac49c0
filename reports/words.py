"""Dates, durations, shares, money as they are printed. Nothing here decides a figure; it only writes it down.

Durations are whole seconds and never rounded. Spaces are plain: `kept_together` turns those inside a figure into
no-break spaces where a paragraph could tear it apart.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Literal
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time
from babel.numbers import format_decimal

from .documents import (
    InMilliseconds,
    InMoney,
    InPercent,
    InSeconds,
    InShare,
    InTimes,
    InWords,
    Measure,
    Money,
    OnDay,
    Share,
    Span,
)

Answer = Literal["met", "breached", "unproven"]
MINUTE, HOUR, DAY, WEEK = 60, 3600, 86400, 604800
_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
FIGURE = re.compile(
    rf"(?<=[\d≥]) (?=[\d%×]|(?:h|min|s|d|{_MONTHS})\b)|(?<=\d [hd]) (?=\d)|(?<=min) (?=\d\d s\b)|(?<=[A-Z]{{3}}) (?=\d)"
    rf"|(?<=(?:June|July)) (?=\d{{4}})"
)


def duration(seconds: int) -> str:
    """Exact: "45 s", "43 min 12 s", "24 h 00 min", "107 h 55 min", from a week on "31 d 15 h"."""
    if seconds < 0:
        raise ValueError("a duration cannot be negative")
    if seconds < MINUTE:
        return f"{seconds} s"
    rest = seconds % MINUTE
    tail = f" {rest:02d} s" if rest else ""
    if seconds < HOUR:
        return f"{seconds // MINUTE} min{tail}"
    if seconds < WEEK:
        return f"{seconds // HOUR} h {seconds % HOUR // MINUTE:02d} min{tail}"
    minutes = seconds % HOUR // MINUTE
    return f"{seconds // DAY} d {seconds % DAY // HOUR} h" + (f" {minutes:02d} min" if minutes or rest else "") + tail


def brief(seconds: int) -> str:
    """As `duration`, without the parts that are nothing: "2 h", "1 h 30 min", "4 d"."""
    parts = (
        (seconds // DAY if seconds >= WEEK else 0, "d"),
        ((seconds % DAY if seconds >= WEEK else seconds) // HOUR, "h"),
        (seconds % HOUR // MINUTE, "min"),
        (seconds % MINUTE, "s"),
    )
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "0 s"


def clock(seconds: int) -> str:
    """A duration as h:mm, "22:00"; with seconds only where there are some: "0:43:12"."""
    hours, minutes, rest = seconds // HOUR, seconds % HOUR // MINUTE, seconds % MINUTE
    return f"{hours}:{minutes:02d}:{rest:02d}" if rest else f"{hours}:{minutes:02d}"


def minutes(seconds: int) -> str:
    """Minutes for a chart label: "1,440", "43.2" (a tenth rounded half up; whole minutes have no decimals)."""
    if seconds % MINUTE == 0:
        return f"{seconds // MINUTE:,}"
    tenths = (seconds * 20 + MINUTE) // (2 * MINUTE)
    return f"{tenths // 10:,}.{tenths % 10}"


def _decimals(value: Fraction, places: int, half_up: bool = True) -> str:
    scaled = value * 10**places
    whole = (scaled.numerator * 2 + scaled.denominator) // (scaled.denominator * 2) if half_up else int(scaled)
    digits = str(whole).rjust(places + 1, "0")
    return f"{digits[:-places]}.{digits[-places:]}" if places else digits


def percent(share: Share, target: str | None = None, places: int = 4) -> str:
    """ "96.9444 %": rounded half up, at least `places` decimals, more where fewer would mislead.

    Never 100 while anything is missing, never 0 while anything is there, and never on the wrong side of `target` (a
    decimal percentage): the decimals grow until the printed figure gives the same verdict as the exact one.
    """
    value = Fraction(share.numerator * 100, share.denominator)
    if value in (0, 100):
        return f"{int(value)} %"
    aim = Fraction(target) if target is not None else None
    while True:
        text = _decimals(value, places)
        shown = Fraction(text)
        misleads = shown in (0, 100) or (
            aim is not None and ((shown < aim) != (value < aim) or (shown == aim) != (value == aim))
        )
        if not misleads:
            return f"{text} %"
        places += 1


def percent_text(decimal: str) -> str:
    """A promised or agreed percentage as it stands in the contract: "99.9 %"."""
    return f"{decimal} %"


def times(share: Share, still_open: bool = False) -> str:
    """ "12.0×": half up to one decimal. Open: "≥ 12.0×", rounded down, for "at least" must be true.

    More decimals where one would read 1.0 although the promise was exceeded.
    """
    value = Fraction(share.numerator, share.denominator)
    places = 1
    while value > 1 and Fraction(_decimals(value, places, not still_open)) <= 1 and places < 6:
        places += 1
    return ("≥ " if still_open else "") + _decimals(value, places, not still_open) + "×"


def kept_together(text: str) -> str:
    """The same text with no-break spaces inside its figures, for running paragraphs."""
    return FIGURE.sub("\u00a0", text)


@dataclass(frozen=True)
class Words:
    """Printed words for one zone and language. `year` is the year that goes without saying (the as-at year)."""

    zone: str
    language: str
    year: int

    @property
    def locale(self) -> Locale:
        return Locale.parse(self.language, sep="-")

    @property
    def american(self) -> bool:
        return self.language == "en-US"

    def local(self, at: datetime) -> datetime:
        return at.astimezone(ZoneInfo(self.zone))

    def time(self, at: datetime, with_seconds: bool = False) -> str:
        """ "22:00", "22:00:30"; the repeated hour of the clock change carries its zone: "02:30 CET"."""
        there = self.local(at)
        seconds = with_seconds or there.second
        if self.american:
            text = format_time(there, "h:mm:ss a" if seconds else "h:mm a", locale=self.locale).replace("\u202f", " ")
        else:
            text = there.strftime("%H:%M:%S" if seconds else "%H:%M")
        twice = there.replace(fold=0).utcoffset() != there.replace(fold=1).utcoffset()
        return f"{text} {there.tzname()}" if twice else text

    def day(self, day: date, weekday: bool = True, year: bool | None = None) -> str:
        """ "Sat 28 June"; with the year where it is not the as-at year, or where asked."""
        show_year = day.year != self.year if year is None else year
        if self.american:
            pattern = ("EEE, " if weekday else "") + "MMMM d" + (", y" if show_year else "")
        else:
            pattern = ("EEE " if weekday else "") + "d MMMM" + (" y" if show_year else "")
        return format_date(day, pattern, locale=self.locale)

    def long_day(self, day: date) -> str:
        """ "30 July 2025", "July 30, 2025"."""
        return self.day(day, weekday=False, year=True)

    def short_day(self, day: date) -> str:
        """ "Sat 28 Jun": for tables and charts."""
        pattern = "EEE MMM d" if self.american else "EEE d MMM"
        return format_date(day, pattern + (" y" if day.year != self.year else ""), locale=self.locale)

    def moment(self, at: datetime) -> str:
        """ "Sat 28 June 22:00"."""
        return f"{self.day(self.local(at).date())}{',' if self.american else ''} {self.time(at)}"

    def dated_moment(self, at: datetime) -> str:
        """With the year, as a document's head needs it: "Mon 30 June 2025 06:00"."""
        return f"{self.day(self.local(at).date(), year=True)}{',' if self.american else ''} {self.time(at)}"

    def short_moment(self, at: datetime, with_seconds: bool = False) -> str:
        """ "Sat 28 Jun 22:00", for tables."""
        return f"{self.short_day(self.local(at).date())} {self.time(at, with_seconds)}"

    def offset(self, at: datetime) -> str:
        """ "+02:00"."""
        minutes_east = int((self.local(at).utcoffset() or timedelta(0)).total_seconds()) // 60
        sign = "-" if minutes_east < 0 else "+"
        return f"{sign}{abs(minutes_east) // 60:02d}:{abs(minutes_east) % 60:02d}"

    def zone_label(self, at: datetime) -> str:
        """ "CEST (UTC+02:00)" at that moment; a zone without letters prints its name."""
        name = self.local(at).tzname() or self.zone
        return f"{self.zone if name[:1] in '+-' else name} (UTC{self.offset(at)})"

    def zone_over(self, first: datetime, last: datetime) -> str:
        """The zone of a stretch of time; names both offsets where the clocks change in it."""
        one, two = self.zone_label(first), self.zone_label(last)
        return one if one == two else f"{one}, then {two}"

    def _end(self, start: datetime, end: datetime) -> str | None:
        """The end's clock time where it lies on the start's day; midnight closes that day as 24:00."""
        first, last = self.local(start), self.local(end)
        if first.date() == last.date():
            return self.time(end)
        if last.date() == first.date() + timedelta(days=1) and last.strftime("%H%M%S") == "000000":
            return "midnight" if self.american else "24:00"
        return None

    def between(self, start: datetime, end: datetime, short: bool = False) -> str:
        """ "Sat 28 June 22:00–24:00", or both ends in full."""
        say = self.short_moment if short else self.moment
        last = self._end(start, end)
        return f"{say(start)}–{last}" if last else f"{say(start)} – {say(end)}"

    def span(self, span: Span, short: bool = False) -> str:
        return self.between(span.start_at, span.end_at, short)

    def span_in_prose(self, span: Span) -> str:
        """ "Saturday 28 June from 22:00 to midnight"."""
        first = self.local(span.start_at)
        pattern = "EEEE, MMMM d" if self.american else "EEEE d MMMM"
        day = format_date(first.date(), pattern, locale=self.locale)
        end = self._end(span.start_at, span.end_at)
        end = "midnight" if end == "24:00" else end or self.moment(span.end_at)
        return f"{day} from {self.time(span.start_at)} to {end}"

    def weekday(self, at: datetime) -> str:
        return format_date(self.local(at).date(), "EEEE", locale=self.locale)

    def month(self, first: date, short: bool = False) -> str:
        return format_date(first, "MMM" if short else "MMMM y", locale=self.locale)

    def money(self, money: Money) -> str:
        """ "EUR 120.00", grouped from a thousand on; as many decimals as the amount was decided with."""
        places = len(money.amount.partition(".")[2])
        pattern = "#,##0" + ("." + "0" * places if places else "")
        return f"{money.currency} {format_decimal(Decimal(money.amount), pattern, locale=self.locale)}"

    def measure(self, figure: Measure, target: str | None = None) -> str:
        """Any decided figure. `target` (a decimal percentage) keeps a printed availability on its side of it."""
        match figure:
            case InSeconds():
                return ("≥ " if figure.open else "") + duration(figure.seconds)
            case InShare():
                return percent(figure.share, target)
            case InTimes():
                return times(figure.share, figure.open)
            case InPercent():
                return percent_text(figure.percent)
            case InMilliseconds():
                return f"{figure.milliseconds} ms"
            case InMoney():
                return self.money(figure.money)
            case OnDay():
                return self.long_day(date.fromisoformat(figure.day))
            case InWords():
                return figure.text


def utc(at: datetime) -> str:
    """ISO 8601 in UTC to the second: "2025-06-28T20:00:00Z"."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
