"""The drafts: they load as any terms, each clause quoted or marked, and they come along in the wheel's package."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.errors import NotFound
from app.presets.shelf import names, preset, presets
from app.presets.words import OWN, in_words
from app.sla.faults import document_faults
from app.sla.terms import Sla


def document(name: str) -> Any:
    return json.loads((files("app.presets") / "data" / f"{name}.json").read_text(encoding="utf-8"))


def test_there_are_enough() -> None:
    assert len(names()) >= 15
    assert len({item.provider for item in presets()}) >= 15


@pytest.mark.parametrize("name", names())
def test_a_draft_loads_through_the_terms_and_nothing_stands_inside_that_is_not_theirs(name: str) -> None:
    data = document(name)
    assert set(data) <= {"name", "provider", "product", "draft", "note", "terms"}
    assert (data["name"], data["draft"]) == (name, "compare with your own contract")
    assert not document_faults(data)
    assert Sla.model_validate_json(json.dumps(data["terms"])) == preset(name).terms


@pytest.mark.parametrize("name", names())
def test_every_clause_of_a_draft_is_quoted_with_its_source(name: str) -> None:
    terms = preset(name).terms
    written = {key for key in preset(name).written if key in Sla.model_fields}
    written -= {"version", "timezone", "currency", "exclusions", "manual", "source_quotes", "interpretations"}
    written -= {"preconditions", "needs_review"}
    quoted = {path.split(".")[0] for path in terms.source_quotes}
    told = quoted | {path.split(".")[0] for path in terms.interpretations}
    assert written - told <= {"period", "remedy_form", "cap_base"}, "a clause with neither quotation nor note"
    assert {"target_percent", "credit"} <= quoted
    for path, quote in terms.source_quotes.items():
        assert re.search(r"undated|verified", quote.source), f"{path}: its source does not say how old it is"
        assert len(quote.text) < 200


@pytest.mark.parametrize("name", names())
def test_what_was_read_into_a_draft_waits_for_a_name(name: str) -> None:
    terms = preset(name).terms
    assert "timezone" in terms.needs_review  # no copy says which clock cuts the period
    for path, note in terms.interpretations.items():
        reading = note.removeprefix("In our own short words, not the provider's.").strip()
        assert path == "currency" or (terms.needs_review.get(path) == reading if reading else True), path


@pytest.mark.parametrize("name", names())
def test_a_draft_is_told_in_plain_words(name: str) -> None:
    lines = in_words(preset(name).terms)
    assert all(line.words or line.quote or line.note for line in lines)
    text = " ".join(line.words for line in lines)
    assert not re.search(r"None|Decimal|[a-z]_[a-z]|\{", text)


def test_what_is_not_the_provider_s_text_is_marked() -> None:
    azure = preset("azure-vm").terms
    assert not azure.interpretations["claim"].startswith(OWN)  # quoted
    assert azure.interpretations["credit"].startswith(OWN)


@pytest.mark.parametrize("name", ["nosuch", "../shelf", "AWS", "", "x" * 400])
def test_a_name_that_is_none(name: str) -> None:
    with pytest.raises(NotFound):
        preset(name)


def test_over_the_api(viewer: TestClient) -> None:
    listed = viewer.get("/api/v1/terms/presets").json()["items"]
    assert [item["name"] for item in listed] == list(names())
    one = viewer.get("/api/v1/terms/presets/leaseweb-public-cloud").json()
    assert (one["provider"], one["draft"]) == ("Leaseweb", "compare with your own contract")
    assert one["terms"]["target_percent"] == "99.99"
    notice = next(line for line in one["clauses"] if line["path"] == "maintenance.min_notice_hours")
    assert notice["words"] == "If announced at least 72 hours ahead."
    lost = viewer.get("/api/v1/terms/presets/leaseweb")
    assert lost.status_code == 404
    assert "leaseweb-public-cloud" in lost.json()["detail"]


def test_a_stranger_sees_nothing(app_client: TestClient) -> None:
    for path in ("presets", "presets/kinsta", "schema"):
        assert app_client.get(f"/api/v1/terms/{path}").status_code == 401


def test_a_draft_is_entered_as_terms(owner: TestClient) -> None:
    provider = owner.post("/api/v1/providers", json={"name": "Leaseweb"}).json()
    service = owner.post("/api/v1/services", json={
        "provider_id": provider["id"], "name": "HOST-1", "monthly_fee": "100.00", "currency": "EUR",
        "zone": "Europe/Amsterdam"}).json()  # fmt: skip
    agreement = owner.post("/api/v1/agreements", json={"service_id": service["id"], "title": "Cloud"}).json()
    for name in names():
        if preset(name).terms.timezone == "Europe/Amsterdam":
            terms = owner.get(f"/api/v1/terms/presets/{name}").json()["terms"]
            body = {"effective_from": "2025-01-01", "terms": terms}
            entered = owner.post(f"/api/v1/agreements/{agreement['id']}/terms", json=body)
            assert entered.status_code == 201, entered.text


def test_the_newer_clauses_in_plain_words() -> None:
    terms = Sla.model_validate({
        "timezone": "UTC", "currency": "EUR", "stacking": "highest", "bases": {"renewal_fee": "120.00"},
        "guarantees": [{"name": "network", "target_percent": "100", "monitors": ["ping"]}],
        "metrics": [{"name": "speed", "metric": "latency_ms", "statistic": "p95", "over": "day", "limit": "80"}],
        "preconditions": ["A ticket was opened."], "needs_review": {"stacking": "The text is silent."},
    })  # fmt: skip
    said = {line.path: line.words for line in in_words(terms)}
    assert said["guarantees.0"] == "Network: available at least 100 %, measured on ping."
    assert said["metrics.0"] == "Speed: answering time (p95) at most 80 ms each day."
    assert said["stacking"] == "Several credits for one event: only the highest is paid."
    assert said["bases.renewal_fee"] == "Renewal fee: 120.00 EUR."
    assert said["preconditions.0"] == "Only if: A ticket was opened."
    assert said["needs_review.stacking"].endswith("puts a name to it: The text is silent.")
