"""Periods in the contract's zone. Lengths in hours of elapsed time."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from app.sla.periods import (
    Period,
    PeriodError,
    add_months,
    billing_cycle,
    calendar_month,
    calendar_quarter,
    calendar_year,
    daily_windows,
    first_instant,
    local_days,
    month_of,
    months_before,
    rolling_days,
    shifted,
)
from app.sla.spans import Span


def z(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("label", "zone", "start", "hours"),
    [
        ("2025-06", "Europe/Berlin", "2025-05-31T22:00", 720),
        ("2025-03", "Europe/Berlin", "2025-02-28T23:00", 743),  # 31 days less the hour of Sun 30 March
        ("2025-10", "Europe/Berlin", "2025-09-30T22:00", 745),  # 31 days and the hour of Sun 26 October
        ("2024-02", "UTC", "2024-02-01T00:00", 696),  # leap
        ("2025-02", "UTC", "2025-02-01T00:00", 672),
        ("2025-06", "Asia/Kolkata", "2025-05-31T18:30", 720),  # +05:30
        ("2025-06", "Asia/Kathmandu", "2025-05-31T18:15", 720),  # +05:45
        ("2025-04", "Australia/Lord_Howe", "2025-03-31T13:00", 720.5),  # its change is half an hour: Sun 6 April
        ("2025-04", "Africa/Cairo", "2025-03-31T22:00", 719),  # Fri 25 April begins at 01:00
        ("2011-12", "Pacific/Apia", "2011-12-01T10:00", 720),  # Fri 30 December was skipped
    ],
)
def test_calendar_month(label: str, zone: str, start: str, hours: float) -> None:
    period = calendar_month(label, zone)
    assert period.span.start == z(start)
    assert period.span.length == timedelta(hours=hours)
    assert (period.kind, period.label, period.zone) == ("calendar_month", label, zone)
    assert sum((span.length for _, span in local_days(period.span, zone)), timedelta(0)) == period.span.length


@pytest.mark.parametrize(
    ("label", "zone", "day", "hours"),
    [
        ("2025-03", "Europe/Berlin", 30, 23),
        ("2025-10", "Europe/Berlin", 26, 25),
        ("2025-04", "Australia/Lord_Howe", 6, 24.5),
        ("2025-04", "Africa/Cairo", 25, 23),
        ("2025-06", "Asia/Kathmandu", 1, 24),
    ],
)
def test_local_days(label: str, zone: str, day: int, hours: float) -> None:
    lengths = {found.day: span.length for found, span in local_days(calendar_month(label, zone).span, zone)}
    assert lengths[day] == timedelta(hours=hours)


def test_a_day_that_was_skipped_does_not_appear() -> None:
    days = [day.day for day, _ in local_days(calendar_month("2011-12", "Pacific/Apia").span, "Pacific/Apia")]
    assert days == [*range(1, 30), 31]


@pytest.mark.parametrize("label", ["2025-13", "2025-00", "25-6", "2025-6", "2025", "", "1969-12", "2200-01", "next"])
def test_a_month_that_does_not_exist(label: str) -> None:
    with pytest.raises(PeriodError, match="for example 2025-06"):
        calendar_month(label, "Europe/Berlin")


@pytest.mark.parametrize("zone", ["Europe/Nowhere", "", "../etc/passwd", "/etc/localtime", "Berlin Time"])
def test_a_zone_that_does_not_exist(zone: str) -> None:
    with pytest.raises(PeriodError, match="for example Europe/Berlin"):
        calendar_month("2025-06", zone)


@pytest.mark.parametrize(
    ("period", "start", "end", "last_day"),
    [
        (billing_cycle("2025-06", "UTC", 6), "2025-06-06T00:00", "2025-07-06T00:00", date(2025, 7, 5)),
        # anchor 31: 31 January to 27 February, then 28 February to 30 March
        (billing_cycle("2026-01", "UTC", 31), "2026-01-31T00:00", "2026-02-28T00:00", date(2026, 2, 27)),
        (billing_cycle("2026-02", "UTC", 31), "2026-02-28T00:00", "2026-03-31T00:00", date(2026, 3, 30)),
        (calendar_quarter("2025-Q2", "UTC"), "2025-04-01T00:00", "2025-07-01T00:00", date(2025, 6, 30)),
        (calendar_year("2025", "UTC"), "2025-01-01T00:00", "2026-01-01T00:00", date(2025, 12, 31)),
        (rolling_days(date(2025, 6, 30), 30, "UTC"), "2025-06-01T00:00", "2025-07-01T00:00", date(2025, 6, 30)),
    ],
)
def test_other_kinds(period: Period, start: str, end: str, last_day: date) -> None:
    assert (period.span.start, period.span.end) == (z(start), z(end))
    assert period.last_day == last_day
    assert shifted(shifted(period, 1), -1) == period
    assert shifted(period, 1).span.start == period.span.end


@pytest.mark.parametrize("wrong", [0, 32, True])
def test_an_anchor_day_that_does_not_exist(wrong: int) -> None:
    with pytest.raises(PeriodError, match="for example 6"):
        billing_cycle("2025-06", "UTC", wrong)


def test_wrong_quarter_year_and_days() -> None:
    for make, label in ((calendar_quarter, "2025-Q5"), (calendar_year, "25")):
        with pytest.raises(PeriodError, match="for example 2025"):
            make(label, "UTC")
    with pytest.raises(PeriodError, match="for example 30"):
        rolling_days(date(2025, 6, 30), 0, "UTC")


def test_months_before() -> None:
    june = calendar_month("2025-02", "Europe/Berlin")
    assert [period.label for period in months_before(june, 3)] == ["2024-11", "2024-12", "2025-01"]


def test_month_of() -> None:
    # Mon 30 June 2025 22:00 UTC is Tue 1 July 00:00 in Berlin
    assert month_of(z("2025-06-30T21:59"), "Europe/Berlin").label == "2025-06"
    assert month_of(z("2025-06-30T22:00"), "Europe/Berlin").label == "2025-07"


def test_months_clamp() -> None:
    assert add_months(date(2025, 1, 31), 1) == date(2025, 2, 28)
    assert add_months(date(2025, 12, 31), -10) == date(2025, 2, 28)


@pytest.mark.parametrize(
    ("wall", "last", "instant"),
    [
        ("2025-03-30T02:30", False, "2025-03-30T01:00"),  # skipped in Berlin: the change itself, 01:00 UTC
        ("2025-10-26T02:30", False, "2025-10-26T00:30"),  # twice in Berlin: first in summer time
        ("2025-10-26T02:30", True, "2025-10-26T01:30"),  # and last in winter time
        ("2025-06-10T02:30", True, "2025-06-10T00:30"),
    ],
)
def test_first_instant(wall: str, last: bool, instant: str) -> None:
    assert first_instant(datetime.fromisoformat(wall), "Europe/Berlin", last=last) == z(instant)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("America/New_York", "2025-03-09", 2),  # 02:00 is skipped: 03:00 to 05:00
        ("Europe/Berlin", "2025-10-26", 4),  # 02:00 happens twice
        ("America/New_York", "2025-11-02", 3),
        ("America/New_York", "2025-06-10", 3),
    ],
)
def test_nightly_window(zone: str, day: str, hours: int) -> None:
    noon = z(f"{day}T12:00")
    found = list(daily_windows(Span(noon - timedelta(hours=14), noon), zone, time(2), time(5)))
    assert [span.length for span in found] == [timedelta(hours=hours)]


def test_a_window_over_midnight() -> None:
    span = Span(z("2025-06-10T00:00"), z("2025-06-11T12:00"))
    found = list(daily_windows(span, "UTC", time(22), time(4)))
    assert [(s.start.hour, s.end.hour) for s in found] == [(0, 4), (22, 4)]
