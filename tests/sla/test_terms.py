"""The contract as data: exact, frozen, and particular about its keys."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from pydantic import ValidationError

from app.sla.terms import Sla, TermsError, named_period, read_terms
from tests.sla.story_case import terms as story_terms
from tests.sla.vector_files import load

BASE: dict[str, Any] = {"timezone": "Europe/Berlin", "currency": "EUR", "target_percent": "99.9"}
VECTORS = load("terms.json")["vectors"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"])
def test_every_contract_is_read_and_written_back(vector: dict[str, Any]) -> None:
    terms = read_terms({**vector["terms"], "timezone": vector["timezone"], "currency": vector["currency"]})
    assert Sla.model_validate_json(terms.model_dump_json()) == terms


def test_the_story_terms() -> None:
    terms = story_terms()
    assert terms.target == Fraction(999, 1000)
    assert terms.maintenance.min_notice_hours == Decimal(48)
    assert [promise.name for promise in terms.promises] == ["first_reply", "part_replaced"]
    assert terms.claim is not None
    assert terms.claim.n == 30


def test_numbers_are_exact_and_frozen() -> None:
    terms = read_terms({**BASE, "target_percent": "99.99"})
    assert terms.target == Fraction(9999, 10000)
    with pytest.raises(ValidationError):
        terms.currency = "USD"  # type: ignore[misc]


def tiers(*rows: tuple[str, str]) -> dict[str, Any]:
    return {"kind": "uptime_tiers", "tiers": [{"below": below, "percent": percent} for below, percent in rows]}


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"target_percent": 99.9}, "target_percent"),  # a float is another number
        ({"target_percent": True}, "target_percent"),
        ({"target_percent": "101"}, "target_percent"),
        ({"target_percent": "-1"}, "target_percent"),
        ({"target_percent": "99,9"}, "target_percent"),
        ({"target_percent": "1e2"}, "target_percent"),
        ({"cap_percent": "-5"}, "cap_percent"),
        ({"timezone": "Berlin"}, "timezone"),
        ({"currency": "euro"}, "currency"),
        ({"target": "99.9"}, "target"),  # unknown key
        ({"maintenance": {"notice": 48}}, "maintenance.notice"),
        ({"maintenance": {"min_notice_hours": "-48"}}, "maintenance.min_notice_hours"),
        ({"maintenance": {"recurring": {"start_local": "25:00", "end_local": "05:00", "timezone": "UTC"}}},
         "maintenance.recurring.start_local"),
        ({"credit": tiers(("99.0", "30"), ("99.9", "10"))}, "credit"),  # not from best to worst
        ({"credit": tiers(("99.9", "30"), ("99.0", "10"))}, "credit"),
        ({"credit": tiers(("99.9", "101"))}, "credit.tiers.0.percent"),
        ({"credit": tiers()}, "credit.tiers"),
        ({"credit": {"kind": "generous"}}, "credit"),
        ({"credit": {"kind": "per_unit", "percent": "5", "unit_minutes": "0"}}, "credit.unit_minutes"),
        ({"credit": {"kind": "duration_table", "hours_per_fee": "672", "rows": [
            {"under_minutes": 60, "hours": 1}, {"under_minutes": 10, "hours": 2}]}}, "credit"),
        ({"credit": {"kind": "steps", "rows": [
            {"over_minutes": 60, "percent": "1"}, {"over_minutes": 60, "percent": "2"}]}}, "credit"),
        ({"claim": {"kind": "days_after_period_end"}}, "claim"),
        ({"period": {"kind": "billing_cycle", "anchor_day": 32}}, "period.anchor_day"),
        ({"denominator": "fixed:0"}, "denominator"),
        ({"promises": [{"name": "reply", "clock_start": "a", "clock_stop": "b", "target_minutes": "0"}]},
         "promises.0.target_minutes"),
        ({"source_quotes": {"uptime": {"text": "99.9 %"}}}, "terms"),
        ({"credit": {"kind": "days_per_unit", "unit_minutes": "30", "day_value": {"kind": "fixed"}}},
         "credit.day_value"),
    ],
)  # fmt: skip
def test_what_is_refused_names_its_field_and_shows_what_is_right(change: dict[str, Any], path: str) -> None:
    with pytest.raises(TermsError) as caught:
        read_terms({**BASE, **change})
    assert any(line.startswith(f"{path}") for line in str(caught.value).split("; "))
    assert "for example" in str(caught.value)


def test_what_is_missing_is_named() -> None:
    with pytest.raises(TermsError, match=r"timezone: .*currency: "):
        read_terms({})
    with pytest.raises(TermsError, match="for example"):
        read_terms("99.9")


def test_what_it_cannot_reckon_it_keeps() -> None:
    words = {"manual": ["Credits lapse with the account."], "stacking": "the highest alone"}
    bases = {"total_cap_percent": "150", "credit_base": "the affected item", "cap_base": "annual fee"}
    terms = read_terms({**BASE, **words, **bases})
    assert len(terms.by_hand) == 4  # the cap over all is reckoned; how several would share it is not asked here
    known = read_terms({**BASE, **bases, "bases": {"the affected item": "80.00", "annual fee": "4800.00"}})
    assert not known.by_hand


@pytest.mark.parametrize(
    ("period", "label"),
    [
        ({"kind": "calendar_month"}, "2025-06"),
        ({"kind": "billing_cycle", "anchor_day": 6}, "2025-06"),
        ({"kind": "calendar_quarter"}, "2025-Q2"),
        ({"kind": "calendar_year"}, "2025"),
        ({"kind": "rolling_days", "days": 30}, "30 days to 2025-06-30"),
    ],
)
def test_named_period(period: dict[str, Any], label: str) -> None:
    assert named_period(read_terms({**BASE, "period": period}), "2025-06").label == label
