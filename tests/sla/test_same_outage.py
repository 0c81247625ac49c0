"""The same outage under ten clauses: 24 h down, the first 2 h announced. Sun 7 June 2026 20:00 to Mon 8 June 20:00.

30-day month: 43200 minutes. A = all of it maintenance, B = the announced 2 h excluded (1320 min, 96.9444 %), C =
nothing excluded (1440 min, 96.6667 %). The terms are the drafts that come with Kept, with the maintenance clause the
comparison is about; where no draft has the clause, it is written out.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from app.presets.shelf import preset
from app.sla.settlement import settlement
from tests.sla.cases import a_case, a_span, a_window, june, some_terms

WINDOW_END = {"A": "2026-{m}-08T20:00:00Z", "B": "2026-{m}-07T22:00:00Z"}
# A table of 5 to 30 %: which row applies turns on the month's length.
CRUCIAL = {"target_percent": "99.9", "credit": {"kind": "uptime_tiers", "tiers": [
    {"below": "99.9", "percent": "5"}, {"below": "99.0", "percent": "10"}, {"below": "98.0", "percent": "20"},
    {"below": "97.0", "percent": "30"}]}}  # fmt: skip
PRO_RATA = {"target_percent": "99.9", "credit": {"kind": "multiple", "multiplier": "1", "basis": "excess"}}


def paid(terms: dict[str, Any], reading: str, month: str = "06") -> dict[str, Any]:
    """The example settled, in UTC; a ticket is opened as the outage begins."""
    start = f"2026-{month}-07T20:00:00Z"
    windows = []
    if reading in WINDOW_END:
        windows.append({
            "kind": "scheduled", "announced_at": f"2026-{month}-01T00:00:00Z", "promised_start": start,
            "promised_end": WINDOW_END[reading].format(m=month), "actual_start": start,
            "actual_end": f"2026-{month}-08T20:00:00Z", "outcome": "performed",
        })  # fmt: skip
    return settlement({
        "kind": "availability", "terms": terms, "month": f"2026-{month}", "timezone": "UTC", "currency": "USD",
        "monthly_fee": "100.00", "downtime": [{"start": start, "end": f"2026-{month}-08T20:00:00Z"}],
        "maintenance": windows, "tickets": [start],
    })  # fmt: skip


def drafted(name: str) -> dict[str, Any]:
    """The draft with the clause the comparison turns on: announced maintenance is excluded."""
    terms = {**preset(name).written, "timezone": "UTC", "currency": "USD"}
    return {**terms, "maintenance": {"scheduled_excluded": True}}


CASES = [
    # by hand: B, then C. Percent of the fee before any cap; what is paid.
    ("aws-ec2-region", "30.000000", "30.000000", "30.00", "30.00"),  # 96.94 and 96.67 are below 99, not below 95
    ("leaseweb-public-cloud", "50.000000", "50.000000", "50.00", "50.00"),  # below 99, not below 95
    ("liquid-web", "30.555556", "33.333333", "30.56", "33.33"),  # 10 × 1320/43200, 10 × 1440/43200
    ("upcloud", "100.000000", "100.000000", "100.00", "100.00"),  # 50 × 3.06 % = 152.8 %, the incident's cap 100 %
    ("ovh-dedicated", "55.000000", "60.000000", "55.00", "60.00"),  # 22 × 2.5, 24 × 2.5
    ("rackspace-dedicated", "220.000000", "240.000000", "100.00", "100.00"),  # 44 × 5, 48 × 5: capped
    ("virteche", "283.333333", "310.000000", "283.33", "310.00"),  # (1320 - 43.2)/15 = 85.12; 1396.8/15 = 93.12 days
    ("stablehost", "290.000000", "320.000000", "290.00", "320.00"),  # 99.9 - 96.9444 = 29.56 tenths; 32.33; no cap
]


@pytest.mark.parametrize(("name", "b", "c", "paid_b", "paid_c"), CASES)
def test_the_table_from_the_drafts(name: str, b: str, c: str, paid_b: str, paid_c: str) -> None:
    terms = drafted(name)
    assert (paid(terms, "A")["credit_amount"], paid(terms, "A")["breach"]) == ("0.00", False)
    found_b, found_c = paid(terms, "B"), paid(terms, "C")
    assert (found_b["downtime_minutes_counted"], found_b["uptime_percent"]) == ("1320", "96.944444")
    assert (found_c["downtime_minutes_counted"], found_c["uptime_percent"]) == ("1440", "96.666667")
    assert (found_b["credit_percent_uncapped"], found_c["credit_percent_uncapped"]) == (b, c)
    assert (found_b["credit_amount"], found_c["credit_amount"]) == (paid_b, paid_c)


def test_days_are_whole_days() -> None:
    assert [paid(drafted("virteche"), reading)["units"] for reading in "BC"] == [85, 93]


def test_the_length_of_the_month_decides_a_tier() -> None:
    """Crucial-type, by its % column: 30 days 1320/43200 leaves 96.94 % (30 %), 31 days 1320/44640 leaves 97.04 %."""
    terms = {**CRUCIAL, "maintenance": {"scheduled_excluded": True}}
    assert [paid(terms, reading)["credit_percent"] for reading in "ABC"] == ["0.000000", "30.000000", "30.000000"]
    july = paid(terms, "B", "07")
    assert (july["period_minutes"], july["uptime_percent"], july["credit_percent"]) == (
        "44640", "97.043011", "20.000000",
    )  # fmt: skip
    # C in 31 days: 1 - 1440/44640 = 96.774 %, below 97 either way.
    assert paid(terms, "C", "07")["credit_percent"] == "30.000000"


def test_pro_rata_beyond_the_allowance() -> None:
    """(1320 - 43.2)/43200 = 2.9556 %, (1440 - 43.2)/43200 = 3.2333 %."""
    terms = {**PRO_RATA, "maintenance": {"scheduled_excluded": True}}
    assert [paid(terms, reading)["credit_percent"] for reading in "ABC"] == ["0.000000", "2.955556", "3.233333"]


def test_the_judge_reads_the_same_three_ways() -> None:
    """The same hours of June 2025 as observations and a window, under 2.5 % per 60 minutes of EUR 400.00."""
    from app.sla.judge import judge

    terms = some_terms(credit={"kind": "per_unit", "percent": "2.5", "unit_minutes": 60})
    down = a_span(june(7, 20), 1440)
    for minutes, percent in ((1440, None), (120, Fraction(55)), (None, Fraction(60))):
        windows = () if minutes is None else (a_window(june(7, 20), minutes, notice_hours=96),)
        credit = judge(a_case(down, terms=terms, windows=windows)).credit
        assert (credit.percent if credit is not None else None) == percent
