"""Clauses no shared example exercises, each settled from plain data. April 2026: 43200 minutes; the fee is 300.00."""

from __future__ import annotations

import re
from typing import Any

import pytest

from app.sla.settlement import settlement
from app.sla.terms import TermsError

ALL = {"target_percent": "100"}


def spell(start: str, end: str, **more: str) -> dict[str, str]:
    return {"start": f"2026-04-{start}:00Z", "end": f"2026-04-{end}:00Z", **more}


def settled(credit: dict[str, Any], *down: dict[str, str], facts: dict[str, Any] | None = None, **terms: Any) -> Any:
    return settlement({
        "id": "x", "kind": "availability", "terms": {**ALL, "credit": credit, **terms}, "month": "2026-04",
        "timezone": "UTC", "currency": "USD", "monthly_fee": "300.00", "downtime": list(down), "maintenance": [],
        **(facts or {}),
    })  # fmt: skip


FLAT = {"kind": "flat", "percent": "5"}
HOUR = spell("03T10:00", "03T11:00")


def test_flat() -> None:
    found = settled(FLAT, HOUR)
    assert (found["credit_percent"], found["credit_amount"], found["units"]) == ("5.000000", "15.00", None)


def test_hours_of_the_clock_not_charged() -> None:
    """10:50 to 12:05: 10 min of hour 10, 60 of 11, 5 of 12. Over 6 minutes: two hours of 720, 300.00 × 2/720 = 0.83."""
    found = settled({"kind": "no_charge_hours", "over_minutes": 6}, spell("03T10:50", "03T12:05"))
    assert (found["units"], found["credit_amount"]) == (2, "0.83")
    # Two short pieces of one hour add up: 4 + 3 = 7 minutes.
    two = [spell("03T10:10", "03T10:14"), spell("03T10:40", "03T10:43")]
    assert settled({"kind": "no_charge_hours", "over_minutes": 6}, *two)["units"] == 1
    # Without a limit: 75 minutes are two started hours.
    assert settled({"kind": "no_charge_hours"}, spell("03T10:50", "03T12:05"))["units"] == 2


def test_steps_of_an_availability_clause() -> None:
    steps = {"kind": "steps", "rows": [{"over_minutes": 60, "percent": "20"}, {"over_minutes": 120, "percent": "40"}]}
    assert settled(steps, HOUR)["credit_percent"] == "0.000000"  # exactly 60 is not over 60
    assert settled(steps, spell("03T10:00", "03T11:01"))["credit_percent"] == "20.000000"


def test_rolling_days() -> None:
    """30 days to 30 April begin on 1 April; 28 days on 3 April: the outage of 2 April is not in them."""
    early = spell("02T10:00", "02T11:00")
    for days, minutes in ((30, "60"), (28, "0")):
        found = settled(FLAT, early, period={"kind": "rolling_days", "days": days})
        assert (found["downtime_minutes_counted"], found["period_minutes"]) == (minutes, str(days * 1440))


@pytest.mark.parametrize(
    "facts",
    [
        {"confirmations": ["2026-04-03T10:20:00Z"]},
        {"events": {"provider_confirmed_at": "2026-04-03T10:20:00Z"}},
        {"provider_confirmed_at": "2026-04-03T10:20:00Z"},
        {"downtime": [spell("03T10:00", "03T11:00", provider_confirmed_at="2026-04-03T10:20:00Z")]},
    ],
)
def test_the_clock_starts_when_the_provider_confirms(facts: dict[str, Any]) -> None:
    found = settled(FLAT, HOUR, facts=facts, counting={"clock_start": "provider_confirmed"})
    assert found["downtime_minutes_counted"] == "40"
    assert settled(FLAT, HOUR, counting={"clock_start": "provider_confirmed"})["downtime_minutes_counted"] == "0"


def test_a_ticket_starts_the_clock_of_its_own_outage_only() -> None:
    """10:00 to 11:00 with a ticket at 10:30, 11:00 to 12:00 without one: 10:30 to 11:00 counts."""
    rows = [HOUR, spell("03T11:00", "03T12:00")]
    found = settled(FLAT, *rows, facts={"tickets": ["2026-04-03T10:30:00Z"]}, counting={"clock_start": "ticket_opened"})
    assert found["downtime_minutes_counted"] == "30"


def test_one_credit_is_never_more_than_all_together() -> None:
    unit = {"kind": "per_unit", "percent": "5", "unit_minutes": 10}  # 6 × 5 = 30 %
    found = settled(unit, HOUR, cap_percent="100", total_cap_percent="20")
    assert (found["credit_percent_uncapped"], found["cap_applied"], found["credit_amount"]) == (
        "30.000000", True, "60.00",
    )  # fmt: skip


def test_a_day_and_a_cap_of_the_renewal_fee() -> None:
    """Renewal 3650.00: a day is 10.00. Two started hours 20.00; forty 400.00, capped at 10 % of 3650.00 = 365.00,
    which is more than the monthly fee."""
    clause = {"kind": "days_per_unit", "unit_minutes": 60, "rounding": "started", "day_value": {"kind": "renewal"}}
    capped = {"cap_percent": "10", "cap_base": "renewal_fee", "facts": {"renewal_fee": "3650.00"}}
    assert settled(clause, spell("03T10:00", "03T11:01"), **capped)["credit_amount"] == "20.00"
    found = settled(clause, spell("03T00:00", "04T16:00"), **capped)
    assert (found["units"], found["cap_applied"], found["credit_amount"]) == (40, True, "365.00")
    with pytest.raises(TermsError, match=r"needs renewal_fee.*for example"):
        settled(clause, HOUR)


def test_another_base_than_the_monthly_fee() -> None:
    found = settled(FLAT, HOUR, credit_base="annual_fee", facts={"annual_fee": "3000.00"})
    assert (found["credit_percent"], found["credit_amount"]) == ("5.000000", "150.00")
    with pytest.raises(TermsError, match="annual_fee"):
        settled(FLAT, HOUR, credit_base="annual_fee")


def test_a_part_of_a_month_in_service() -> None:
    """In service from 16 April: 21600 minutes; 60 of them down."""
    start = "2026-04-16T00:00:00Z"
    for facts in ({"in_service": {"start": start, "end": None}}, {"in_service_from": start}):
        found = settled(FLAT, spell("20T10:00", "20T11:00"), HOUR, facts=facts, denominator="in_service")
        assert (found["denominator_minutes"], found["downtime_minutes_observed"]) == ("21600", "60")


def test_a_repair_that_is_still_open_has_taken_until_the_day_asked_for() -> None:
    promise = {"name": "part", "clock_start": "identified_at", "clock_stop": "replaced_at", "target_minutes": 60,
               "credit": {"kind": "per_unit", "percent": "5", "unit_minutes": 60, "rounding": "started"}}  # fmt: skip
    case = {"kind": "repair", "terms": {"promise": promise}, "month": "2026-04", "timezone": "UTC", "currency": "USD",
            "monthly_fee": "500.00", "events": {"identified": "2026-04-09T10:00:00Z"}}  # fmt: skip
    with pytest.raises(TermsError, match=r"events\.replaced_at: is missing"):
        settlement(case)
    found = settlement({**case, "as_of": "2026-04-09T13:30:00Z"})  # 210 min, 150 over: 3 × 5 % = 75.00
    assert (found["minutes_over"], found["units"], found["credit_amount"]) == ("150", 3, "75.00")


@pytest.mark.parametrize(
    ("facts", "path"),
    [({"tickets": ["2026-04-03T09:59:59Z"]}, "tickets[0]"),
     ({"confirmations": ["2026-04-01T00:00:00Z"]}, "confirmations[0]"),
     ({"ticket_opened_at": "2026-04-03T09:00:00Z"}, "ticket_opened_at")],
)  # fmt: skip
def test_a_ticket_before_its_outage_is_refused(facts: dict[str, Any], path: str) -> None:
    with pytest.raises(TermsError, match=re.escape(f"{path}: lies before its outage")):
        settled(FLAT, HOUR, facts=facts, counting={"clock_start": "ticket_opened"})


def test_of_several_outages_each_ticket_stands_with_its_own() -> None:
    rows = [HOUR, spell("03T12:00", "03T13:00", ticket_opened_at="2026-04-03T11:30:00Z")]
    with pytest.raises(TermsError, match=r"downtime\[1\]\.ticket_opened_at: lies before its outage"):
        settled(FLAT, *rows, counting={"clock_start": "ticket_opened"})
