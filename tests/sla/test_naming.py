"""Which period a month names, and which one a moment lies in, also where the terms come to measure otherwise."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from app.sla.naming import InForce, period_at, period_before, period_named
from app.sla.periods import Period, months_around
from app.sla.terms import Sla, read_terms
from app.sla.wording import period_code, period_words

ZONE = "Europe/Berlin"
MONTH: dict[str, Any] = {"kind": "calendar_month"}
CYCLE = {"kind": "billing_cycle", "anchor_day": 31}
QUARTER, YEAR, ROLLING = {"kind": "calendar_quarter"}, {"kind": "calendar_year"}, {"kind": "rolling_days", "days": 30}


def sla(period: dict[str, Any]) -> Sla:
    return read_terms({"timezone": ZONE, "currency": "EUR", "period": period})


def always(period: dict[str, Any]) -> InForce:
    return lambda day: sla(period)


def none(day: date) -> None:
    return None


def said(period: Period) -> tuple[str, str, str]:
    return period_words(period), period_code(period), period.kind


@pytest.mark.parametrize(
    ("clause", "month", "words", "code"),
    [
        (MONTH, "2025-02", "February 2025", "2025-02"),
        (CYCLE, "2025-02", "28 February to 30 March 2025", "2025-02-cycle-31"),
        (CYCLE, "2024-12", "31 December 2024 to 30 January 2025", "2024-12-cycle-31"),
        (QUARTER, "2025-06", "2nd quarter 2025", "2025-Q2"),
        (YEAR, "2025-06", "2025", "2025-year"),
        (ROLLING, "2025-02", "30 days to 28 February 2025", "2025-02-28-days-30"),
    ],
)
def test_a_month_names_its_period(clause: dict[str, Any], month: str, words: str, code: str) -> None:
    assert said(period_named(always(clause), month, ZONE)) == (words, code, clause["kind"])
    assert said(period_named(none, month, ZONE))[2] == "calendar_month"


@pytest.mark.parametrize(
    ("clause", "words"),
    [
        (MONTH, "March 2025"),
        (CYCLE, "28 February to 30 March 2025"),  # the cycle of 31 March has not begun
        (QUARTER, "1st quarter 2025"),
        (YEAR, "2025"),
        (ROLLING, "30 days to 15 March 2025"),
    ],
)
def test_a_moment_lies_in_its_period(clause: dict[str, Any], words: str) -> None:
    now = datetime(2025, 3, 15, 12, 0, tzinfo=UTC)
    period = period_at(always(clause), now, ZONE)
    assert period_words(period) == words
    assert period.span.start <= now < period.span.end
    assert said(period_at(none, now, ZONE))[0] == "March 2025"


def test_the_terms_of_the_months_last_day_decide() -> None:
    """Calendar months until 14 June, quarters from 15 June on."""

    def changed(day: date) -> Sla:
        return sla(MONTH if day < date(2025, 6, 15) else QUARTER)

    assert [period_named(changed, f"2025-0{n}", ZONE).label for n in (5, 6, 7)] == ["2025-05", "2025-Q2", "2025-Q3"]
    assert period_before(changed, period_named(changed, "2025-07", ZONE), ZONE).label == "2025-Q2"
    assert period_before(changed, period_named(changed, "2025-06", ZONE), ZONE).label == "2025-03"
    rolling = period_named(always(ROLLING), "2025-02", ZONE)
    assert period_before(always(ROLLING), rolling, ZONE).last_day == date(2025, 1, 31)


def test_the_trend_is_of_like_periods_else_of_months_that_have_begun() -> None:
    now = datetime(2025, 5, 20, tzinfo=UTC)
    cycle = period_named(always(CYCLE), "2025-04", ZONE)
    assert [one.first_day.isoformat() for one in months_around(cycle, 2, now)] == ["2025-02-28", "2025-03-31"]
    quarter = period_named(always(QUARTER), "2025-05", ZONE)
    months = months_around(quarter, 2, now)
    assert [(one.kind, one.label) for one in months] == [("calendar_month", f"2025-0{n}") for n in (3, 4, 5)]
    over = datetime(2025, 9, 1, tzinfo=UTC)
    assert [one.label for one in months_around(quarter, 1, over)] == ["2025-05", "2025-06"]
