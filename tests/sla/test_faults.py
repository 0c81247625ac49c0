"""Everything that is wrong with terms, at once: each with its path, a reason, and what would be right."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.sla.faults import document_faults, faults, remarks, unrepeated
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
        ({"guarantees": [{"name": "network", "target_percent": "100"}, {"name": "network", "target_percent": "99"}]},
         "guarantees.1.name", "two guarantees are called 'network'"),
        ({"guarantees": [{"name": "a", "target_percent": "100"}], "metrics": [
            {"name": "a", "metric": "latency_ms", "limit": "80"}]}, "metrics.0.name", "two guarantees"),
        ({"guarantees": [{"name": "network", "target_percent": "100", "credit": tiers(("99.9", "10"))}]},
         "guarantees.0.credit.tiers.0.below", "from 99.9 % up to the target"),
        ({"guarantees": [{"name": "network", "target_percent": "99.9", "cap_percent": "5",
                          "credit": tiers(("99.9", "10"))}]}, "guarantees.0.cap_percent", "gives 10 %"),
        ({"guarantees": [{"name": "network", "target_percent": "99.9", "colour": "red"}]}, "guarantees.0.colour",
         "no field"),
        ({"stacking": "hihgest"}, "stacking", "is none of all, highest, first_listed"),
        ({"stacking": ""}, "stacking", "is none of"),
        ({"bases": {"renewal_fee": 120.5}}, "bases.renewal_fee", "written as text"),
        ({"needs_review": {"credit.tiers.7": "?"}}, "needs_review.credit.tiers.7", "no clause"),
        ({"metrics": [{"name": "l", "metric": "latency_ms", "statistic": "p0", "limit": "80"}]},
         "metrics.0.statistic", "pattern"),
        ({"metrics": [{"name": "l", "metric": "packet_loss_percent", "statistic": "p95", "limit": "1"}]}, "metrics.0",
         "share of all observations"),
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


def test_what_may_surprise_is_said_and_is_no_fault() -> None:
    """Day 31 is right, and clamps; a clause that waits for a name is right, and stops a claim."""
    data = {**BASE, "period": {"kind": "billing_cycle", "anchor_day": 31}, "needs_review": {"period": "31st or last?"}}
    assert not faults(data)
    day, doubt = remarks(data)
    assert day.startswith("period.anchor_day: day 31 is not in every month; in February, April, June,")
    assert doubt.startswith("needs_review.period: 31st or last?")
    assert remarks({"terms": data}) == (day, doubt)
    versions = [{"effective_from": "2024-01-01", "effective_to": None, "terms": data}]
    assert remarks(versions)[0].startswith("versions.0.terms.period.anchor_day")
    guarantee = {"name": "a", "target_percent": "99", "period": {"kind": "billing_cycle", "anchor_day": 30}}
    assert remarks({**BASE, "guarantees": [guarantee]})[0].startswith("guarantees.0.period.anchor_day: day 30")
    assert not remarks(BASE)
    for odd in (None, 3, "x", [None], {"versions": 3}, {"terms": 3}, {"guarantees": 3}):
        assert not remarks(odd)


def test_the_examples_are_right_themselves() -> None:
    assert not faults(TERMS)
    for name, value in FIELDS.items():
        if name in ("credit", "period", "counting", "maintenance", "claim", "promises", "termination", "min_credit"):
            assert not faults({**BASE, name: value}), name


@pytest.mark.parametrize("vector", load("terms.json")["vectors"], ids=lambda vector: vector["id"])
def test_every_worked_example_is_without_fault(vector: dict[str, Any]) -> None:
    assert not faults({**vector["terms"], "timezone": vector["timezone"], "currency": vector["currency"]})
