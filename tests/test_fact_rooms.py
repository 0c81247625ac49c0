"""What holds in every room of facts: its doors, its documentation, its texts, its log."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from tests.build import API, HOSTILE, NOBODY, get, incident, larkfield, message, post, provider, refused, service, work

ON_SQLITE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)  # where no database decides
ROOMS = {"agency", "agreements", "clients", "sites", "messages", "maintenance", "outcomes", "incidents"}


def doors(client: TestClient) -> list[tuple[str, str]]:
    paths = get(client, "/../../openapi.json")["paths"]
    return [
        (method, path)
        for path, methods in paths.items()
        for method, operation in methods.items()
        if ROOMS & set(operation.get("tags", ()))
    ]


@ON_SQLITE
def test_no_door_opens_without_a_token_and_a_viewer_only_reads(app_client: TestClient, viewer: TestClient) -> None:
    found = doors(app_client)
    assert len(found) > 70
    for method, path in found:
        there = path.replace("{", NOBODY + "{").split("{")
        address = "".join([there[0], *(part.partition("}")[2] for part in there[1:])])
        assert app_client.request(method, address, json={}).status_code == 401, path
        status = viewer.request(method, address, json={}).status_code
        assert status == 403 if method != "get" else status in (200, 404), (method, path, status)


@ON_SQLITE
def test_every_field_that_can_be_sent_shows_an_example_and_every_door_says_what_it_does(
    app_client: TestClient,
) -> None:
    schema = get(app_client, "/../../openapi.json")
    sent = {
        operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        for methods in schema["paths"].values()
        for operation in methods.values()
        if ROOMS & set(operation.get("tags", ()))
        and "application/json" in operation.get("requestBody", {}).get("content", {})
    }
    assert len(sent) > 20
    for name in sorted(sent):
        for field, told in schema["components"]["schemas"][name]["properties"].items():
            inner = [told, *told.get("anyOf", ()), *told.get("allOf", ())]
            assert any("examples" in part for part in inner), f"{name}.{field} has no example"
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            if ROOMS & set(operation.get("tags", ())) and method != "get":
                assert operation.get("description"), f"{method} {path} says nothing"


def test_hostile_text_comes_back_as_it_went_in(owner: TestClient) -> None:
    there = provider(owner, name=HOSTILE, account=HOSTILE)
    assert get(owner, f"/providers/{there['id']}")["name"] == HOSTILE
    assert get(owner, "/providers", name=HOSTILE)["items"] == [there]
    hosted = service(owner, provider_id=there["id"], name=HOSTILE, kind=HOSTILE)
    job = work(owner, services=[hosted["id"]], title=HOSTILE, scope=f"{HOSTILE}\n\t{HOSTILE}")
    assert get(owner, f"/works/{job['id']}")["scope"] == f"{HOSTILE}\n\t{HOSTILE}"
    client = larkfield(owner, number=HOSTILE, name=HOSTILE, address=[HOSTILE, HOSTILE])
    assert get(owner, "/clients", number=HOSTILE)["items"][0]["address"] == [HOSTILE, HOSTILE]
    assert client["name"] == HOSTILE
    told = message(owner, provider_id=there["id"], subject=HOSTILE, text=HOSTILE, filename=HOSTILE)
    kept = owner.get(f"{API}/messages/{told['id']}/content")
    assert kept.content == HOSTILE.encode()
    assert kept.headers["content-disposition"].isascii()
    case = incident(owner, service_id=hosted["id"], title=HOSTILE)
    note = {"occurred_at": "2025-06-29T04:10:00Z", "text": HOSTILE, "said_by": HOSTILE}
    assert post(owner, f"/incidents/{case['id']}/notes", note)["said_by"] == HOSTILE
    assert get(owner, "/evidence/verify")["whole"] is True


@ON_SQLITE
def test_what_no_paper_can_print_is_refused_by_name(owner: TestClient) -> None:
    for sign in ("\u0000", "\u0007", "\u2028", "\ufeff"):
        answer = owner.post(f"{API}/providers", json={"name": f"North{sign}gate"})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "name"
        assert f"U+{ord(sign):04X}" in answer.json()["errors"][0]["reason"]
    for body in (b'{"name": "\\ud800"}', b'{"name": "N", "\\ud800": 1}'):  # half a character
        answer = owner.post(f"{API}/providers", content=body, headers={"content-type": "application/json"})
        assert answer.status_code == 422


@ON_SQLITE
def test_a_value_that_cannot_be_is_refused_with_one_that_can(owner: TestClient) -> None:
    right = {
        "provider_id": NOBODY,
        "name": "HOST-1",
        "monthly_fee": "400.00",
        "currency": "EUR",
        "zone": "Europe/Berlin",
    }
    for field, value in [
        ("monthly_fee", 400.0),
        ("monthly_fee", "1e5"),
        ("monthly_fee", "9999999999999"),
        ("currency", "Euro"),
        ("zone", "Europe/Nowhere"),
        ("in_service_from", "2024-07-01T00:00:00"),
        ("in_service_from", 1_700_000_000),
        ("name", " "),
        ("name", "x" * 201),
        ("provider_id", "7"),
        ("colour", "blue"),
    ]:
        refused(owner, "/services", right | {field: value}, 422, field)


def test_lists_come_in_pages(owner: TestClient) -> None:
    names = [f"Provider {number}" for number in range(7)]
    for name in names:
        provider(owner, name=name)
    seen, cursor = [], None
    while True:
        answer = get(owner, "/providers", limit=3, **({"after": cursor} if cursor else {}))
        seen += [item["name"] for item in answer["items"]]
        cursor = answer["next"]
        if cursor is None:
            break
    assert seen == names
