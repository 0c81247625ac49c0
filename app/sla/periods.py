"""The contract's periods, cut in the contract's zone and handed on as UTC spans. Daylight saving lives only here.

Kinds: `calendar_month` ("2025-06"), `billing_cycle` ("2025-06", with its anchor day: the cycle that begins in that
month), `calendar_quarter` ("2025-Q2"), `calendar_year` ("2025"), `rolling_days` ("30 days to 2025-06-30").
A bound is the first instant at which the local clock shows midnight; where midnight is skipped, the change itself.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from app.sla.spans import Span, utc

FIRST_YEAR, LAST_YEAR = 1970, 2199  # wide enough for any contract, narrow enough to catch "0205-06"
KINDS = ("calendar_month", "billing_cycle", "calendar_quarter", "calendar_year", "rolling_days")
MONTHLY = ("calendar_month", "billing_cycle")


class PeriodError(ValueError):
    """A period or a zone that does not exist."""


@dataclass(frozen=True, slots=True)
class Period:
    """`label` is what people call it ("2025-06"), `span` its exact UTC bounds, `anchor` the billing day or the
    number of rolling days where the kind needs one."""

    kind: str
    label: str
    zone: str
    span: Span
    anchor: int | None = None

    @property
    def monthly(self) -> bool:
        """Whether it follows its like month by month: a calendar month, a billing cycle."""
        return self.kind in MONTHLY

    @property
    def first_day(self) -> date:
        """The local day the period starts on."""
        return self.span.start.astimezone(zone_of(self.zone)).date()

    @property
    def last_day(self) -> date:
        """The last local day of the period."""
        return (self.span.end - timedelta(microseconds=1)).astimezone(zone_of(self.zone)).date()


@lru_cache(maxsize=64)
def zone_of(name: str) -> ZoneInfo:
    """The IANA zone. Raises `PeriodError` for a name that is none."""
    try:
        if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_+\-]*(/[A-Za-z0-9_+\-]+)*", name):
            raise ValueError
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError) as error:  # ZoneInfoNotFoundError is a KeyError
        raise PeriodError(f"{name!r} is not a time zone; for example Europe/Berlin") from error


def first_instant(wall: datetime, zone: str, *, last: bool = False) -> datetime:
    """The UTC instant at which the zone's clock first (or, with `last`, last) shows the naive `wall`.

    A clock time that is skipped in spring is the moment of the change.
    """
    tz = zone_of(zone)
    early = wall.replace(tzinfo=tz, fold=0).astimezone(UTC)
    late = wall.replace(tzinfo=tz, fold=1).astimezone(UTC)
    if early <= late:
        return late if last else early
    low, high = late, early  # skipped: the change lies between the two readings, the offset tells the sides apart
    after = high.astimezone(tz).utcoffset()
    while high - low > timedelta(microseconds=1):
        middle = low + (high - low) // 2
        if middle.astimezone(tz).utcoffset() == after:
            high = middle
        else:
            low = middle
    return high


def midnight(day: date, zone: str) -> datetime:
    """The first instant of the local `day`, in UTC."""
    return first_instant(datetime.combine(day, time.min), zone)


def _year_month(label: str, what: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{4})-(\d{2})", label) if isinstance(label, str) else None
    year, month = (int(match[1]), int(match[2])) if match else (0, 0)
    if not (FIRST_YEAR <= year <= LAST_YEAR and 1 <= month <= 12):
        raise PeriodError(f"{label!r} is not a {what} between {FIRST_YEAR}-01 and {LAST_YEAR}-12; for example 2025-06")
    return year, month


def _shift(year: int, month: int, by: int) -> tuple[int, int]:
    index = year * 12 + month - 1 + by
    return index // 12, index % 12 + 1


def add_months(day: date, months: int) -> date:
    """The same day of a later (or earlier) month; the last day of that month where it has no such day."""
    year, month = _shift(day.year, day.month, months)
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def _anchored(year: int, month: int, anchor: int) -> date:
    return date(year, month, min(anchor, monthrange(year, month)[1]))


def _days(kind: str, label: str, zone: str, first: date, after: date, anchor: int | None = None) -> Period:
    return Period(kind, label, zone, Span(midnight(first, zone), midnight(after, zone)), anchor)


def calendar_month(label: str, zone: str) -> Period:
    """`calendar_month("2025-06", "Europe/Berlin")`: 1 June 00:00 to 1 July 00:00 local. Raises `PeriodError`."""
    year, month = _year_month(label, "month")
    zone_of(zone)
    return _days("calendar_month", label, zone, date(year, month, 1), date(*_shift(year, month, 1), 1))


def billing_cycle(label: str, zone: str, anchor_day: int) -> Period:
    """The cycle that starts in month `label` on `anchor_day`, clamped to the month's last day (31 Jan, 28 Feb)."""
    year, month = _year_month(label, "billing cycle")
    zone_of(zone)
    if isinstance(anchor_day, bool) or not isinstance(anchor_day, int) or not 1 <= anchor_day <= 31:
        raise PeriodError(f"anchor_day {anchor_day!r} is not a day of the month; for example 6")
    first, after = _anchored(year, month, anchor_day), _anchored(*_shift(year, month, 1), anchor_day)
    return _days("billing_cycle", label, zone, first, after, anchor_day)


def calendar_quarter(label: str, zone: str) -> Period:
    """`calendar_quarter("2025-Q2", zone)`."""
    match = re.fullmatch(r"(\d{4})-Q([1-4])", label) if isinstance(label, str) else None
    if not match or not FIRST_YEAR <= int(match[1]) <= LAST_YEAR:
        raise PeriodError(f"{label!r} is not a quarter; for example 2025-Q2")
    year, month = int(match[1]), 3 * int(match[2]) - 2
    zone_of(zone)
    return _days("calendar_quarter", label, zone, date(year, month, 1), date(*_shift(year, month, 3), 1))


def calendar_year(label: str, zone: str) -> Period:
    """`calendar_year("2025", zone)`."""
    if not isinstance(label, str) or not re.fullmatch(r"\d{4}", label) or not FIRST_YEAR <= int(label) <= LAST_YEAR:
        raise PeriodError(f"{label!r} is not a year; for example 2025")
    zone_of(zone)
    return _days("calendar_year", label, zone, date(int(label), 1, 1), date(int(label) + 1, 1, 1))


def rolling_days(last_day: date, days: int, zone: str) -> Period:
    """The `days` local days that end with `last_day`."""
    if isinstance(days, bool) or not isinstance(days, int) or not 1 <= days <= 3660:
        raise PeriodError(f"{days!r} is not a number of rolling days; for example 30")
    zone_of(zone)
    first = last_day - timedelta(days=days - 1)
    label = f"{days} days to {last_day.isoformat()}"
    return _days("rolling_days", label, zone, first, last_day + timedelta(days=1), days)


def month_of(instant: datetime, zone: str) -> Period:
    """The calendar month the instant falls in, by the zone's clock."""
    local = utc(instant).astimezone(zone_of(zone))
    return calendar_month(f"{local.year:04d}-{local.month:02d}", zone)


def shifted(period: Period, by: int) -> Period:
    """The period `by` places later (earlier when negative), of the same kind, zone and anchor."""
    if period.kind == "rolling_days":
        days = period.anchor or 1
        return rolling_days(period.last_day + timedelta(days=days * by), days, period.zone)
    if period.kind == "calendar_year":
        return calendar_year(f"{int(period.label) + by:04d}", period.zone)
    if period.kind == "calendar_quarter":
        index = int(period.label[:4]) * 4 + int(period.label[-1]) - 1 + by
        return calendar_quarter(f"{index // 4:04d}-Q{index % 4 + 1}", period.zone)
    year, month = _shift(*_year_month(period.label, "month"), by)
    label = f"{year:04d}-{month:02d}"
    if period.kind == "billing_cycle":
        return billing_cycle(label, period.zone, period.anchor or 1)
    return calendar_month(label, period.zone)


def months_before(period: Period, n: int) -> tuple[Period, ...]:
    """The `n` periods before this one, oldest first: the trend."""
    return tuple(shifted(period, -k) for k in range(n, 0, -1))


def months_around(period: Period, n: int, as_at: datetime) -> tuple[Period, ...]:
    """The trend beside a period: the `n` before it, oldest first, where periods follow one another month by month. Else
    the calendar months up to its last one that has begun, `n` and that one: it is no month itself."""
    if period.monthly:
        return months_before(period, n)
    last = month_of(max(min(as_at, period.span.end - timedelta(microseconds=1)), period.span.start), period.zone)
    return (*months_before(last, n), last)


def local_days(span: Span, zone: str) -> Iterator[tuple[date, Span]]:
    """Each local day that `span` touches with its part of it: 23, 24 or 25 hours for a whole one.

    A day the zone skipped altogether (Samoa, 30 December 2011) does not appear.
    """
    day = span.start.astimezone(zone_of(zone)).date()
    start = midnight(day, zone)
    while start < span.end:
        following = midnight(day + timedelta(days=1), zone)
        if start < following:
            part = Span(start, following).clip(span)
            if part is not None:
                yield day, part
        day, start = day + timedelta(days=1), following


def daily_windows(span: Span, zone: str, start_local: time, end_local: time) -> Iterator[Span]:
    """A window that recurs every local day, `start_local` to `end_local` by the clock, clipped to `span`.

    From the first time the clock shows the start to the last time it shows the end: 02:00 to 05:00 is two hours
    on the night in spring and, where 02:00 happens twice, four in autumn. An end not after the start is next day's.
    """
    over_midnight = timedelta(days=1 if end_local <= start_local else 0)
    day = span.start.astimezone(zone_of(zone)).date() - timedelta(days=1)
    while midnight(day, zone) < span.end:
        start = first_instant(datetime.combine(day, start_local), zone)
        end = first_instant(datetime.combine(day + over_midnight, end_local), zone, last=True)
        if start < end and (part := Span(start, end).clip(span)) is not None:
            yield part
        day += timedelta(days=1)
