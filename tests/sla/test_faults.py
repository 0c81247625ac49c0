"""Everything that is wrong with terms, at once: each with its path, a reason, and what would be right."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.sla.faults import document_faults, faults, unrepeated
from app.sla.periods import shifted
from app.sla.samples import FIELDS, TERMS
from app.sla.terms import named_period, read_terms
from tests.sla.vector_files import load

BASE: dict[str, Any] = {"timezone": "UTC", "currency": "EUR", "target_percent": "99.9"}


def tiers(*rows: tuple[str, str]) -> dict[str, Any]:
    return {"kind": "uptime_tiers", "tiers": [{"below": below, "percent": percent} for below, percent in rows]}


@pytest.mark.parametrize(
    ("change", "path", "reason"),
    [
        ({"credit": tiers(("99.0", "10"), ("95.0", "30"))}, "credit.tiers.0.below", "from 99.0 % up to the target"),
        ({"credit": tiers(("99.99", "10"))}, "credit.tiers.0.below", "lies above the target"),
        ({"credit": tiers(("99.0", "30"), ("99.9", "10"))}, "credit", "from best to worst"),
        ({"credit": tiers(("99.9", "10"), ("95.0", "100")), "cap_percent": "50"}, "cap_percent", "credit.tiers.1"),
        ({"cap_percent": "100", "total_cap_percent": "50"}, "total_cap_percent", "below cap_percent"),
        ({"target_percent": 99.9}, "target_percent", "written as text"),
        ({"target": "99.9"}, "target", "no field of the terms (perhaps target_percent?)"),
        ({"maintenance": {"notice": 48}}, "maintenance.notice", "no field"),
        ({"credit": {"kind": "none", "steps": []}}, "credit.steps", "no field"),
        ({"period": {"kind": "billing_cycle", "anchor_day": 32}}, "period.anchor_day", "31"),
        ({"period": {"kind": "fortnight"}}, "period", "fortnight"),
        ({"denominator": "fixed"}, "denominator", "fixed: with a number"),
        ({"credit": {"kind": "multiple", "multiplier": "1", "hourly_divisor": "often"}}, "credit.hourly_divisor",
         "number of hours"),
        ({"source_quotes": {"uptime": {"text": "x"}}}, "source_quotes.uptime", "no field"),
        ({"target_percent": None, "credit": tiers(("99.9", "10"))}, "target_percent", "never falls due"),
    ],
)  # fmt: skip
def test_a_fault_has_path_reason_and_example(change: dict[str, Any], path: str, reason: str) -> None:
    found = {fault.path: fault for fault in faults({**BASE, **change})}
    assert reason in found[path].reason
    assert found[path].example


def test_all_at_once() -> None:
    data = {
        "timezone": "Berlin", "target_percent": 99.9, "tariff": 1, "cap_percent": "20",
        "credit": tiers(("99.0", "30")), "source_quotes": {"uptime": {"text": "x"}},
    }  # fmt: skip
    assert {fault.path for fault in faults(data)} == {
        "timezone", "currency", "target_percent", "tariff", "cap_percent", "source_quotes.uptime",
    }  # fmt: skip
    assert {fault.path for fault in faults({**data, "target_percent": "99.9"})} >= {"credit.tiers.0.below", "tariff"}


def test_what_a_contract_really_says_is_noted_and_no_fault() -> None:
    """Some tables do leave gaps, some caps do lie below a tier: a note says that somebody saw it."""
    data = {**BASE, "credit": tiers(("99.0", "100")), "cap_percent": "50"}
    assert len(faults(data)) == 2
    notes = {"credit": "The table begins at 99.0.", "cap_percent": "50 % of the month, says the text."}
    assert not faults({**data, "interpretations": notes})


def test_the_fee_has_another_currency() -> None:
    assert [fault.path for fault in faults(BASE, "USD")] == ["currency"]
    assert not faults(BASE, "EUR")


def test_versions_that_share_a_day() -> None:
    def version(start: Any, end: Any) -> dict[str, Any]:
        return {"effective_from": start, "effective_to": end, "terms": BASE}

    assert not document_faults([version("2024-01-01", "2025-01-01"), version("2025-01-01", None)])
    found = document_faults({"versions": [version("2024-01-01", "2025-01-02"), version("2025-01-01", None)]})
    assert [(fault.path, fault.example) for fault in found] == [("versions.1.effective_from", '"2025-01-02"')]
    assert "versions.0" in found[0].reason
    wrong = [version("2025-02-30", None), {}, version("2025-01-01", "2025-01-01")]
    paths = [fault.path for fault in document_faults(wrong)]
    assert paths == ["versions.0.effective_from", "versions.1", "versions.2.effective_to"]


def test_terms_beside_their_provider_keep_their_path() -> None:
    assert [fault.path for fault in document_faults({"provider": "X", "terms": {**BASE, "tariff": 1}})] == [
        "terms.tariff"
    ]


@pytest.mark.parametrize("data", [None, 3, "99.9", [], True])
def test_what_is_no_object_is_said(data: Any) -> None:
    assert faults(data)


def test_a_key_that_stands_twice_is_not_dropped() -> None:
    with pytest.raises(ValueError, match='"currency" stands twice'):
        json.loads('{"currency": "EUR", "currency": "USD"}', object_pairs_hook=unrepeated)


def test_anchor_day_31_in_february() -> None:
    """The 31st is the last day of a shorter month: 31 January to 28 February, then to 31 March."""
    terms = read_terms({**BASE, "period": {"kind": "billing_cycle", "anchor_day": 31}})
    january = named_period(terms, "2026-01")
    assert (january.first_day.isoformat(), january.last_day.isoformat()) == ("2026-01-31", "2026-02-27")
    february = shifted(january, 1)
    assert (february.first_day.isoformat(), february.last_day.isoformat()) == ("2026-02-28", "2026-03-30")


def test_the_examples_are_right_themselves() -> None:
    assert not faults(TERMS)
    for name, value in FIELDS.items():
        if name in ("credit", "period", "counting", "maintenance", "claim", "promises", "termination", "min_credit"):
            assert not faults({**BASE, name: value}), name


@pytest.mark.parametrize("vector", load("terms.json")["vectors"], ids=lambda vector: vector["id"])
def test_every_worked_example_is_without_fault(vector: dict[str, Any]) -> None:
    assert not faults({**vector["terms"], "timezone": vector["timezone"], "currency": vector["currency"]})
