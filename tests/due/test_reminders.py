"""The days on which somebody is reminded, and the months worth judging: worked examples, no database."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.due import periods
from app.due.periods import Version
from app.due.reminders import level_at, reminders
from app.sla.periods import midnight
from app.sla.terms import Sla

BERLIN = "Europe/Berlin"


@pytest.mark.parametrize(
    ("earliest", "latest", "wanted"),
    [
        # Tue 1 to Wed 30 July, 29 days: 1 + 14 = Tue 15, 1 + 23 = Thu 24
        ("2025-07-01", "2025-07-30", [("half", "07-15"), ("four_fifths", "07-24"), ("last_day", "07-30")]),
        # 5 days: 1 + 2, 1 + 4
        ("2025-07-01", "2025-07-06", [("half", "07-03"), ("four_fifths", "07-05"), ("last_day", "07-06")]),
        # one day: half and four fifths both fall on its first, where the later of them stands
        ("2025-07-01", "2025-07-02", [("four_fifths", "07-01"), ("last_day", "07-02")]),
        ("2025-07-01", "2025-07-01", [("last_day", "07-01")]),
        # over the change of the clocks on Sun 26 October; days are counted, not hours
        ("2025-10-20", "2025-10-30", [("half", "10-25"), ("four_fifths", "10-28"), ("last_day", "10-30")]),
    ],
)
def test_half_four_fifths_and_the_last_day(earliest: str, latest: str, wanted: list[tuple[str, str]]) -> None:
    last = date.fromisoformat(latest)
    over = midnight(date.fromordinal(last.toordinal() + 1), BERLIN)
    found = reminders(date.fromisoformat(earliest), last, BERLIN, over)
    assert [(mark.level, f"{mark.day:%m-%d}") for mark in found] == wanted
    assert {f"{mark.at.astimezone(ZoneInfo(BERLIN)):%H:%M}" for mark in found} == {"08:00"}


def test_where_eight_is_too_late_it_is_midnight() -> None:
    # an outage ended Wed 2 July 06:30 in Berlin, 24 hours to claim: too late from Thu 3 July 06:30
    over = datetime(2025, 7, 3, 4, 30, tzinfo=UTC)
    *_, last = reminders(date(2025, 7, 2), date(2025, 7, 3), BERLIN, over)
    assert last.at == datetime(2025, 7, 2, 22, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "level"),
    [
        ("2025-07-15T05:59:59Z", "coming"),
        ("2025-07-15T06:00:00Z", "half"),
        ("2025-07-24T06:00:00Z", "four_fifths"),
        ("2025-07-30T06:00:00Z", "last_day"),
        ("2025-07-30T21:59:59Z", "last_day"),
        ("2025-07-30T22:00:00Z", "missed"),
    ],
)
def test_how_far_the_days_have_run(now: str, level: str) -> None:
    over = datetime(2025, 7, 30, 22, 0, tzinfo=UTC)
    marks = reminders(date(2025, 7, 1), date(2025, 7, 30), BERLIN, over)
    assert level_at(marks, over, datetime.fromisoformat(now)) == level


def version(claim: dict[str, Any] | None, **more: Any) -> Version:
    terms = {"timezone": BERLIN, "currency": "EUR", "target_percent": "99.9", "claim": claim,
             "credit": {"kind": "uptime_tiers", "tiers": [{"below": "99.9", "percent": "10"}]}} | more  # fmt: skip
    return Version(date(2020, 1, 1), None, Sla.model_validate(terms))


@pytest.mark.parametrize(
    ("claim", "months"),
    [
        ({"kind": "automatic"}, []),
        (None, ["2025-07", "2025-06"]),
        # 30 June + 30 days = 30 July is to come; 31 May + 30 days = 30 June was missed 15 days ago
        ({"kind": "days_after_period_end", "n": 30}, ["2025-07", "2025-06"]),
        # 31 May + 31 days = 1 July, missed less than a fortnight ago, stays in sight
        ({"kind": "days_after_period_end", "n": 31}, ["2025-07", "2025-06", "2025-05"]),
        ({"kind": "months_after_period_end", "n": 2}, ["2025-07", "2025-06", "2025-05"]),
        ({"kind": "end_of_nth_period_after", "n": 2}, ["2025-07", "2025-06", "2025-05"]),
        # 7 days after an incident: one that ended with June still shows as missed
        ({"kind": "days_after_incident", "n": 7}, ["2025-07", "2025-06"]),
        # 1 July 00:00 in Berlin + 12 h: a fortnight ago to the second
        ({"kind": "hours_after_incident", "n": 12}, ["2025-07"]),
    ],
)
def test_only_months_whose_claim_can_be_open_are_judged(claim: dict[str, Any] | None, months: list[str]) -> None:
    now = datetime(2025, 7, 15, 10, 0, tzinfo=UTC)
    found = periods.open_periods([version(claim)], BERLIN, now)
    assert [item.label for item, open_ in found if open_] == months


def test_where_nothing_is_paid_nothing_is_judged() -> None:
    now = datetime(2025, 7, 15, 10, 0, tzinfo=UTC)
    free = version({"kind": "days_after_period_end", "n": 30}, credit={"kind": "none"})
    assert periods.open_periods([free], BERLIN, now) == []


def test_a_right_to_leave_keeps_its_month_in_sight() -> None:
    right = {"kind": "outage_count", "count": 1, "window_days": 30, "notice_within_days": 30}
    now = datetime(2025, 7, 15, 10, 0, tzinfo=UTC)
    found = periods.open_periods([version({"kind": "automatic"}, termination=right)], BERLIN, now)
    assert [(item.label, claim) for item, claim in found] == [("2025-07", False), ("2025-06", False)]
