"""The agency: entered by the owner, each state kept."""

from __future__ import annotations

import json
from typing import Any

from fastapi.testclient import TestClient

from tests.build import API, entries, get, refused

BRIGHTWELL: dict[str, Any] = {
    "name": "Brightwell Web Studio",
    "address": ["Lindenstraße 12", "10969 Berlin"],
    "contact_person": "Anna Brightwell",
    "email": "hello@brightwell.example",
    "zone": "Europe/Berlin",
}


def test_the_agency_is_entered_changed_and_remembered(owner: TestClient, viewer: TestClient) -> None:
    assert viewer.get(f"{API}/agency").status_code == 404
    first = owner.put(f"{API}/agency", json=BRIGHTWELL)
    assert first.status_code == 200
    assert first.json()["letter_layout"] == "din5008b"
    owner.put(f"{API}/agency", json=BRIGHTWELL | {"name": "Brightwell & Sons", "name_provider": "always"})
    now = get(viewer, "/agency")
    assert (now["name"], now["name_provider"]) == ("Brightwell & Sons", "always")
    states = [entry for entry in entries(owner) if entry["kind"] == "agency.set"]
    assert [entry["body"]["name"] for entry in states] == ["Brightwell Web Studio", "Brightwell & Sons"]
    assert "Anna" not in json.dumps(states)


def test_the_agency_must_be_printable(owner: TestClient) -> None:
    for field, value in [
        ("address", []),
        ("zone", "Berlin"),
        ("email", "hello"),
        ("locale", "xx-XX"),
        ("letter_layout", "a4"),
        ("paper", "A5"),
        ("name_provider", "sometimes"),
        ("contact_person", ""),
    ]:
        refused(owner, "/agency", BRIGHTWELL | {field: value}, 422, field, "PUT")
