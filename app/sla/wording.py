"""How the law writes durations and moments inside its reasons. Figures elsewhere stay values."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from fractions import Fraction

from app.sla.periods import Period, zone_of
from app.sla.terms import Sla

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("", "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
           "November", "December")  # fmt: skip


def elapsed(length: timedelta) -> str:
    """ "107 h 55 min"; seconds only where there are any."""
    sign = "-" if length < timedelta(0) else ""
    microseconds = abs(length) // timedelta(microseconds=1)
    seconds, rest = divmod(microseconds, 1_000_000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    text = f"{hours} h {minutes:02d} min" if hours else f"{minutes} min"
    if rest:
        return f"{sign}{text} {seconds}.{f'{rest:06d}'.rstrip('0')} s"
    return f"{sign}{text} {seconds} s" if seconds else sign + text


def long_elapsed(length: timedelta) -> str:
    """ "31 d 15 h": for what runs for days; shorter than two days as `elapsed`."""
    days, rest = divmod(length, timedelta(days=1))
    if days < 2:
        return elapsed(length)
    hours, rest = divmod(rest, timedelta(hours=1))
    return f"{days} d {hours} h" + (f" {elapsed(rest)}" if rest else "")


def moment(instant: datetime, zone: str) -> str:
    """ "Sat 28 June 2025 22:00", by the clock of `zone`."""
    local = instant.astimezone(zone_of(zone))
    clock = f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"
    return f"{_DAYS[local.weekday()]} {local.day} {_MONTHS[local.month]} {local.year} {clock}"


def days(first: date, last: date | None = None) -> str:
    """ "1 to 14 June 2025", "28 June to 3 July 2025", "14 June 2025"."""
    end = last or first
    text = f"{end.day} {_MONTHS[end.month]} {end.year}"
    if end == first:
        return text
    if (first.year, first.month) == (end.year, end.month):
        return f"{first.day} to {text}"
    year = f" {first.year}" if first.year != end.year else ""
    return f"{first.day} {_MONTHS[first.month]}{year} to {text}"


def period_words(period: Period) -> str:
    """ "June 2025", "15 June to 14 July 2025", "2nd quarter 2025", "2025", "30 days to 30 June 2025"."""
    first, last = period.first_day, period.last_day
    if period.kind == "calendar_month":
        return f"{_MONTHS[first.month]} {first.year}"
    if period.kind == "calendar_quarter":
        return f"{('1st', '2nd', '3rd', '4th')[int(period.label[-1]) - 1]} quarter {first.year}"
    if period.kind == "calendar_year":
        return str(first.year)
    return days(first, last) if period.kind == "billing_cycle" else f"{period.anchor} days to {days(last)}"


def period_code(period: Period) -> str:
    """The period as numbers of documents have it, another for each: "2025-06", "2025-06-cycle-15", "2025-Q2",
    "2025-year", "2025-06-30-days-30"."""
    if period.kind == "billing_cycle":
        return f"{period.label}-cycle-{period.anchor}"
    if period.kind == "rolling_days":
        return f"{period.last_day:%Y-%m-%d}-days-{period.anchor}"
    return f"{period.label}-year" if period.kind == "calendar_year" else period.label


def seconds(length: timedelta) -> str:
    """ "79200 s", exactly."""
    whole, rest = divmod(length // timedelta(microseconds=1), 1_000_000)
    return f"{whole}.{rest:06d} s" if rest else f"{whole} s"


def percent(share: Fraction, places: int = 4, target: Fraction | None = None) -> str:
    """ "96.5812 %", half up; more places where fewer would read as 100 %, as 0 %, or as the wrong side of `target`."""
    scaled = share * 100
    while True:
        step = 10**places
        value = (scaled.numerator * step * 2 + scaled.denominator) // (scaled.denominator * 2)
        plain = share in (0, 1) or 0 < value < 100 * step
        sided = target is None or (share < target) == (Fraction(value, 100 * step) < target)
        if (plain and sided) or places >= 24:
            return f"{value // step}.{value % step:0{places}d} %"
        places += 1


def exactly(value: Fraction) -> str:
    """ "13.325" where the decimals end, else the fraction."""
    for places in range(2, 7):
        scaled = value * 10**places
        if scaled.denominator == 1:
            return f"{scaled.numerator // 10**places}.{scaled.numerator % 10**places:0{places}d}"
    return f"{value.numerator}/{value.denominator}"


def times(ratio: Fraction) -> str:
    """ "12.0×", half up to one place."""
    tenths = (ratio.numerator * 20 + ratio.denominator) // (ratio.denominator * 2)
    return f"{tenths // 10}.{tenths % 10}×"


def clause(terms: Sla, path: str) -> str:
    """The contract's own words for a field where they were quoted, else the field's path."""
    probe = path
    while probe:
        quote = terms.source_quotes.get(probe)
        if quote is not None:
            return quote.text
        probe = probe.rpartition(".")[0]
    return path
