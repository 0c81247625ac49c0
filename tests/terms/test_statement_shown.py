"""The statement as JSON: complete, whole seconds, and enough to reckon it anew with nothing but integers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from fractions import Fraction
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.sla.judge import judge
from app.sla.statement import Statement
from app.statements import example, shapes
from app.statements.shown import statement_out
from tests.sla.cases import a_case, a_span, a_window, june, some_terms
from tests.sla.story_case import story


def as_json(case: Any) -> dict[str, Any]:
    return dict(json.loads(statement_out(judge(case), case).model_dump_json()))


def test_nothing_of_the_statement_is_left_out() -> None:
    """But for the calendar and the trend, which the papers carry."""
    renamed = {"gaps": "unknown_spans", "totals": "up", "months": "", "days": ""}
    for name in Statement.__dataclass_fields__:
        wanted = renamed.get(name, name)
        assert not wanted or wanted in shapes.StatementOut.model_fields, name


def seconds(span: dict[str, Any]) -> int:
    start, end = (datetime.fromisoformat(span[name]) for name in ("start", "end"))
    return int((end - start).total_seconds())


def spans(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if set(value) == {"start", "end", "seconds"}:
            yield value
        for item in value.values():
            yield from spans(item)
    elif isinstance(value, list):
        for item in value:
            yield from spans(item)


TERMS = [
    {},
    {"counting": {"min_outage_seconds": 600}},
    {"counting": {"quantum": {"kind": "buckets", "minutes": 5}}},
    {"maintenance": {"scheduled_excluded": True, "max_hours_per_period": "1"}},
    {"credit": {"kind": "uptime_tiers", "tiers": [{"below": "99.99", "percent": "25"}]}, "cap_percent": "20"},
]


@pytest.mark.parametrize("terms", TERMS)
def test_anybody_can_reckon_it_anew(terms: dict[str, Any]) -> None:
    """From the JSON alone: raw, excused, counted, availability, tier, cap, amount."""
    down = (a_span(june(10, 22), 600), a_span(june(12), 5))
    figures = as_json(a_case(*down, windows=(a_window(june(10, 22)),), terms=some_terms(**terms)))
    assert all(span["seconds"] == seconds(span) for span in spans(figures))
    raw, _, sla = figures["readings"]
    parts = figures["down_parts"]
    assert sum(part["span"]["seconds"] for part in parts) == raw["down"]
    assert sum(span["seconds"] for span in (item["span"] for item in figures["excused"])) == sum(
        part["span"]["seconds"] for part in parts if not part["counted"] and part["clause"].startswith("maintenance")
    )
    lines = {line["label"]: line["value"] for line in figures["calculation"]}
    extra = sum(
        int(lines[label].removesuffix(" s")) for label in ("Merge gap", "Whole outages", "Quantum") if label in lines
    )
    assert sum(part["span"]["seconds"] for part in parts if part["counted"]) + extra == sla["down"]
    known = figures["period"]["seconds"] - sum(span["seconds"] for span in figures["unknown_spans"])
    assert known == sla["projected_known"]
    uptime = 1 - Fraction(sla["down"], known)
    assert uptime == Fraction(*(sla["projected_availability"][name] for name in ("numerator", "denominator")))
    used = figures["inputs"]["terms"][0]["terms"]
    percent = Fraction(0)
    for tier in used["credit"]["tiers"]:
        if uptime < Fraction(tier["below"]) / 100:
            percent = Fraction(tier["percent"])
    percent = min(percent, Fraction(used["cap_percent"]))
    cents = Fraction(figures["inputs"]["monthly_fee"]) * percent
    assert figures["credit"]["amount"] == f"{int(cents) // 100}.{int(cents) % 100:02d}"


def test_no_number_with_a_point() -> None:
    def floats(value: Any) -> Iterator[float]:
        if isinstance(value, float):
            yield value
        for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            yield from floats(item)

    figures = as_json(story(datetime.fromisoformat("2025-07-01T09:00:00+02:00")))
    assert list(floats(figures)) == []
    assert figures["credit"]["amount"] == "120.00"


def test_the_example_of_the_description_is_judged_by_the_law() -> None:
    figures = example.judged()["figures"]
    shapes.StatementOut.model_validate(figures)
    assert (figures["credit"]["amount"], figures["verdict"]) == ("120.00", "breached")
    assert [one["name"] for one in figures["outages"][0]["witnesses"]] == ["HOST-1 from Berlin", "thornbury.example"]
    assert [one["name"] for one in figures["left_out"]] == ["larkfield.example"]
    assert [part["counted"] for part in figures["down_parts"]] == [False, True]
    assert figures["rights"][0]["exercise_by"] == "2025-07-29"


def told(value: Any) -> Any:
    """What a description may hold: it leaves out what is null."""
    if isinstance(value, dict):
        return {key: told(item) for key, item in value.items() if item is not None}
    return [told(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_the_description_shows_the_example(viewer: TestClient) -> None:
    schema = viewer.get("/openapi.json").json()["components"]["schemas"]["Judged"]
    assert schema["examples"] == [told(example.judged())]
