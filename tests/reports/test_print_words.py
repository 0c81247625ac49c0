"""Printed words: durations, percentages that never mislead, dates in their zone."""

from datetime import UTC, date, datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.documents import InSeconds, InShare, InTimes, Money, OnDay, Share, Span
from reports.words import Words, brief, clock, duration, kept_together, minutes, percent, times

BERLIN = Words("Europe/Berlin", "en-GB", 2025)
NEW_YORK = Words("America/New_York", "en-US", 2025)


def share(up: int, whole: int) -> Share:
    return Share(numerator=up, denominator=whole)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (45, "45 s"),
        (2592, "43 min 12 s"),  # 0.1 % of 30 days
        (3600, "1 h 00 min"),
        (6300, "1 h 45 min"),  # 105 min
        (86400, "24 h 00 min"),
        (86430, "24 h 00 min 30 s"),
        (388500, "107 h 55 min"),  # 4 × 24 h + 11 h 55 min
        (2732400, "31 d 15 h"),  # 31 × 86,400 + 15 × 3,600
        (604860, "7 d 0 h 01 min"),
    ],
)
def test_duration(seconds: int, said: str) -> None:
    assert duration(seconds) == said


def test_shorter_durations() -> None:
    assert (brief(7200), brief(5400), brief(0)) == ("2 h", "1 h 30 min", "0 s")
    assert (clock(79200), clock(2592), clock(60)) == ("22:00", "0:43:12", "0:01")
    assert (minutes(86400), minutes(2592), minutes(2678)) == ("1,440", "43.2", "44.6")


@given(st.integers(min_value=0, max_value=10**8))
def test_no_duration_loses_a_second(seconds: int) -> None:
    units = {"d": 86400, "h": 3600, "min": 60, "s": 1}
    for said in (duration(seconds), brief(seconds)):
        parts = said.split()
        assert sum(int(n) * units[unit] for n, unit in zip(parts[::2], parts[1::2], strict=True)) == seconds


@pytest.mark.parametrize(
    ("up", "whole", "target", "said"),
    [
        (2527200 - 86400, 2527200, "99.9", "96.5812 %"),
        (2527200 - 79200, 2527200, "99.9", "96.8661 %"),
        (2592000 - 86400, 2592000, "99.9", "96.6667 %"),
        (2592000 - 79200, 2592000, "99.9", "96.9444 %"),
        (2592000, 2592000, "99.9", "100 %"),
        (2591999, 2592000, "99.9", "99.99996 %"),  # 4 decimals would say 100.0000
        (9989999, 10000000, "99.9", "99.89999 %"),  # 99.89999 is below 99.9; 4 decimals would say 99.9000
        (9990001, 10000000, "99.9", "99.90001 %"),
        (999, 1000, "99.9", "99.9000 %"),  # exactly on the target
        (0, 1000, None, "0 %"),
        (1, 10**8, None, "0.000001 %"),
    ],
)
def test_percent(up: int, whole: int, target: str | None, said: str) -> None:
    assert percent(share(up, whole), target) == said


@given(st.integers(1, 10**8), st.integers(0, 10**8), st.sampled_from(["99.9", "99.95", "99", "95.0", "100"]))
def test_a_printed_percentage_gives_the_exact_verdict(whole: int, up: int, target: str) -> None:
    up = min(up, whole)
    shown, exact = Fraction(percent(share(up, whole), target)[:-2]), Fraction(up * 100, whole)
    assert (shown < Fraction(target)) == (exact < Fraction(target))
    assert (shown == 100) == (up == whole)
    assert abs(shown - exact) <= Fraction(1, 20000)


def test_times() -> None:
    assert times(share(86400, 7200)) == "12.0×"
    assert times(share(115200, 7200), still_open=True) == "≥ 16.0×"
    assert times(share(9340, 7200)) == "1.3×"  # 1.297… half up
    assert times(share(9340, 7200), still_open=True) == "≥ 1.2×"  # "at least" never rounds up
    assert times(share(7201, 7200)) == "1.0001×"  # exceeded, so it must not read 1.0


def test_dates_in_their_zone() -> None:
    start = at("2025-06-28T20:00:00")
    assert BERLIN.moment(start) == "Sat 28 June 22:00"
    assert BERLIN.dated_moment(at("2025-06-30T04:00:00")) == "Mon 30 June 2025 06:00"
    assert BERLIN.zone_label(start) == "CEST (UTC+02:00)"
    assert BERLIN.span(Span(start_at=start, end_at=at("2025-06-28T22:00:00"))) == "Sat 28 June 22:00–24:00"
    assert BERLIN.span_in_prose(Span(start_at=start, end_at=at("2025-06-28T22:00:00"))) == (
        "Saturday 28 June from 22:00 to midnight"
    )
    assert BERLIN.moment(at("2024-12-31T23:30:00")) == "Wed 1 January 00:30"
    assert BERLIN.moment(at("2024-12-31T12:00:00")) == "Tue 31 December 2024 13:00"
    assert NEW_YORK.moment(start) == "Sat, June 28, 4:00 PM"
    assert NEW_YORK.long_day(date(2025, 7, 30)) == "July 30, 2025"


def test_the_hour_that_comes_twice_names_its_zone() -> None:
    # Sun 26 October 2025: 03:00 CEST becomes 02:00 CET
    assert BERLIN.time(at("2025-10-26T00:30:00")) == "02:30 CEST"
    assert BERLIN.time(at("2025-10-26T01:30:00")) == "02:30 CET"
    assert BERLIN.time(at("2025-10-26T02:30:00")) == "03:30"
    assert BERLIN.zone_over(at("2025-10-01T00:00:00"), at("2025-10-31T00:00:00")) == (
        "CEST (UTC+02:00), then CET (UTC+01:00)"
    )


def test_money_and_measures() -> None:
    assert BERLIN.money(Money(amount="120.00", currency="EUR")) == "EUR 120.00"
    assert BERLIN.money(Money(amount="12345", currency="JPY")) == "JPY 12,345"
    assert BERLIN.measure(InSeconds(seconds=2732400, open=True)) == "≥ 31 d 15 h"
    assert BERLIN.measure(InTimes(share=share(86400, 7200))) == "12.0×"
    assert BERLIN.measure(InShare(share=share(9989999, 10000000)), "99.9") == "99.89999 %"
    assert BERLIN.measure(OnDay(day="2025-07-30")) == "30 July 2025"


def test_a_figure_is_not_torn_apart() -> None:
    assert kept_together("took 24 h 00 min, EUR 120.00 on 28 June") == (
        "took 24\u00a0h\u00a000\u00a0min, EUR\u00a0120.00 on 28\u00a0June"
    )
