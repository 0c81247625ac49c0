"""The published form: the schema accepts what the law reads and refuses what it refuses; docs/terms.md is of today."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from fastapi.testclient import TestClient

from app.presets.reference import FAMILIES, every_kind, reference, terms_schema
from app.presets.shelf import preset, presets
from app.sla.terms import TermsError, read_terms
from tests.sla.test_terms import BASE
from tests.sla.vector_files import load

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "terms.md").read_text(encoding="utf-8")
SCHEMA = terms_schema()


def test_the_drafts_and_the_worked_examples_fit_the_schema() -> None:
    form = jsonschema_rs.Draft202012Validator(SCHEMA)
    for item in presets():
        assert form.is_valid(item.written), item.name
    for vector in load("terms.json")["vectors"]:
        whole = {**vector["terms"], "timezone": vector["timezone"], "currency": vector["currency"]}
        assert form.is_valid(whole), vector["id"]


@pytest.mark.parametrize(
    "change",
    [
        {"target_percent": 99.9},
        {"target": "99.9"},
        {"maintenance": {"notice": 48}},
        {"credit": {"kind": "generous"}},
        {"credit": {"kind": "flat", "percent": 5.5}},
        {"period": {"kind": "billing_cycle", "anchor_day": 32}},
        {"denominator": "fixed:0"},
        {"currency": "euro"},
        {"target_percent": "1e2"},
    ],
)
def test_what_the_law_refuses_the_schema_refuses(change: dict[str, Any]) -> None:
    assert not jsonschema_rs.Draft202012Validator(SCHEMA).is_valid({**BASE, **change})
    with pytest.raises(TermsError):
        read_terms({**BASE, **change})


def test_the_schema_is_served(viewer: TestClient) -> None:
    assert viewer.get("/api/v1/terms/schema").json() == SCHEMA


def test_every_kind_has_an_example() -> None:
    assert every_kind() == {kind for _, _, kinds in FAMILIES for kind in kinds}


def test_every_field_of_a_credit_is_in_the_schema() -> None:
    assert set(SCHEMA["$defs"]["PerUnit"]["properties"]) >= {"percent", "unit_minutes", "rounding", "basis", "scope"}


def test_the_page_is_of_today() -> None:
    """`kept terms schema --markdown` prints the generated half."""
    marker = "<!-- generated: kept terms schema --markdown -->\n\n"
    assert marker in PAGE
    assert PAGE.partition(marker)[2] == reference()


def test_the_page_names_every_draft() -> None:
    for item in presets():
        assert f"`{item.name}`" in PAGE
        assert preset(item.name) is item


def test_every_field_says_what_it_means_with_a_right_value() -> None:
    """Of the whole terms and of every clause inside; a kind's own name is its example."""
    for model in (SCHEMA, *SCHEMA["$defs"].values()):
        for name, field in model.get("properties", {}).items():
            one = field["anyOf"][0] if name == "termination" else field
            assert one["description"], name
            assert one.get("examples") or "const" in one or name == "promise", name


def test_the_examples_of_the_new_clauses_are_right() -> None:
    new = ("guarantees", "metrics", "bases", "stacking", "preconditions", "needs_review", "remedy_form")
    whole = {**BASE, "credit": {"kind": "none"}, **{name: SCHEMA["properties"][name]["examples"][0] for name in new}}
    assert jsonschema_rs.Draft202012Validator(SCHEMA).is_valid(whole)
    terms = read_terms(whole)
    assert (terms.guarantees[0].name, terms.metrics[0].name) == ("network", "latency")
