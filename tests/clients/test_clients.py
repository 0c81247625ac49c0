"""Clients and the people there, as they were on any day."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from fastapi.testclient import TestClient
from sqlmodel import Session

from app.clients import actions, queries
from app.errors import Conflict
from tests.build import API, NOBODY, at_once, entries, get, larkfield, post, refused, service
from tests.conftest import NOW

OKAFOR: dict[str, Any] = {
    "salutation": "Ms Okafor",
    "name": "Ngozi Okafor",
    "email": "n.okafor@larkfield.example",
    "since_at": "2025-01-01T00:00:00Z",
}


def test_a_whole_client_is_entered_with_one_request(owner: TestClient) -> None:
    hosted = service(owner)
    placed = {"service_id": hosted["id"], "from_at": "2024-07-01T00:00:00+02:00"}
    sites = [
        {"name": "Shop.Larkfield.example.", "number": "S-014", "placements": [placed]},
        {"name": "larkfield.example"},
    ]
    made = larkfield(owner, contacts=[OKAFOR], sites=sites)
    assert [site["name"] for site in made["sites"]] == ["shop.larkfield.example", "larkfield.example"]
    assert made["contacts"][0]["salutation"] == "Ms Okafor"
    (stay,) = get(owner, "/placements", service_id=hosted["id"])["items"]
    assert stay["site_id"] == made["sites"][0]["id"]
    kinds = [entry["kind"] for entry in entries(owner)][-5:]
    assert kinds == ["client.added", "contact.added", "site.added", "site.placed", "site.added"]
    assert get(owner, f"/clients/{made['id']}") == {
        name: value for name, value in made.items() if name not in ("contacts", "sites")
    }


def test_one_wrong_part_leaves_nothing_of_a_client_behind(owner: TestClient) -> None:
    hosted = service(owner)
    stay = {"service_id": hosted["id"], "from_at": "2024-07-01T00:00:00+02:00"}
    twice = {"name": "shop.larkfield.example", "placements": [stay, stay]}
    base = {"number": "C-017", "name": "Larkfield Garden Centre", "zone": "Europe/London"}
    for part, status, field in [
        ({"contacts": [OKAFOR, OKAFOR | {"email": None}]}, 422, "contacts.1.email"),
        ({"contacts": [OKAFOR | {"prefers": "paper"}]}, 422, "contacts.0.prefers"),  # no address
        ({"contacts": [OKAFOR | {"since_at": "2025-07-01T07:00:01Z"}]}, 422, "contacts.0.since_at"),
        ({"contacts": [OKAFOR | {"salutation": "\u0000"}]}, 422, "contacts.0.salutation"),
        ({"sites": [{"name": "a.example"}, {"name": "a.example"}]}, 409, "sites.1.name"),
        ({"sites": [{"name": "https://a.example/"}]}, 422, "sites.0.name"),
        ({"sites": [twice]}, 409, "sites.0.placements.1.from_at"),
        ({"language": "english"}, 422, "language"),
    ]:
        refused(owner, "/clients", base | part, status, field)
    nowhere = {"name": "a.example", "placements": [stay | {"service_id": NOBODY}]}
    refused(owner, "/clients", base | {"sites": [nowhere]}, 404, "sites.0.placements.0.service_id", example=False)
    assert get(owner, "/clients")["items"] == []
    assert get(owner, "/sites")["items"] == []


def test_a_number_is_one_clients(owner: TestClient) -> None:
    larkfield(owner)
    again = {"number": "C-017", "name": "Fernhill Dental", "zone": "Europe/London"}
    assert "Larkfield" in refused(owner, "/clients", again, 409, "number")["detail"]
    assert get(owner, "/clients", number="C-018")["items"] == []


def test_a_client_moves_house(owner: TestClient) -> None:
    made = larkfield(owner, contacts=[OKAFOR | {"prefers": "paper"}])
    address = f"/clients/{made['id']}"
    moved = owner.patch(API + address, json={"address": ["1 New Street", "York"]}).json()
    assert moved["address"] == ["1 New Street", "York"]
    assert moved["name"] == made["name"]
    refused(owner, address, {}, 422, "body", "PATCH")
    refused(owner, address, {"zone": None}, 422, "zone", "PATCH", example=False)
    refused(owner, address, {"address": []}, 409, "address", "PATCH", example=False)
    log = entries(owner, f"client:{made['id']}")
    assert [entry["kind"] for entry in log] == ["client.added", "client.changed"]
    assert "Larkfield" not in json.dumps(log)


def test_who_had_the_letter_of_a_day_stays_answerable(owner: TestClient, session: Session) -> None:
    made = larkfield(owner, contacts=[OKAFOR])
    first = made["contacts"][0]
    change = {"salutation": "Mr Lindqvist", "name": "Per Lindqvist", "email": "p@larkfield.example"}
    changed = owner.patch(f"{API}/contacts/{first['id']}", json=change | {"at": "2025-06-10T09:00:00Z"}).json()
    assert changed["replaces"] == first["id"]
    assert changed["id"] != first["id"]
    assert get(owner, f"/contacts/{first['id']}")["ended_at"] == "2025-06-10T09:00:00Z"
    for at, names in [
        ("2024-12-31T00:00:00Z", []),
        ("2025-06-10T08:59:59Z", ["Ngozi Okafor"]),
        ("2025-06-10T09:00:00Z", ["Per Lindqvist"]),
    ]:
        listed = get(owner, "/contacts", client_id=made["id"], at=at)["items"]
        assert [contact["name"] for contact in listed] == names
        client_id, moment = UUID(made["id"]), datetime.fromisoformat(at)
        found = queries.contacts_at(session, [client_id], moment)[client_id]
        session.rollback()
        assert [contact.name for contact in found] == names


def test_a_contact_is_changed_where_it_stands_now(owner: TestClient) -> None:
    made = larkfield(owner, contacts=[OKAFOR])
    first = f"/contacts/{made['contacts'][0]['id']}"
    refused(owner, first, {}, 422, "body", "PATCH")
    refused(owner, first, {"email": None}, 422, "email", "PATCH")
    refused(owner, first, {"name": None}, 422, "name", "PATCH", example=False)
    refused(owner, first, {"phone": "1", "at": "2024-12-31T00:00:00Z"}, 422, "at", "PATCH")
    refused(owner, first, {"phone": "1", "at": "2025-07-02T00:00:00Z"}, 422, "at", "PATCH")
    changed = owner.patch(API + first, json={"receives": False, "email": None}).json()
    problem = refused(owner, first, {"phone": "1"}, 409, "contact_id", "PATCH")
    assert problem["errors"][0]["example"] == changed["id"]
    now = f"/contacts/{changed['id']}"
    assert post(owner, f"{now}/end", {}, 200)["ended_at"] == "2025-07-01T07:00:00Z"
    refused(owner, f"{now}/end", {}, 409, "contact_id", example=False)
    kinds = [entry["kind"] for entry in entries(owner, f"contact:{changed['id']}")]
    assert kinds == ["contact.changed", "contact.ended"]


def test_two_people_cannot_change_one_contact_apart(owner: TestClient, engine: sa.Engine) -> None:
    contact = UUID(larkfield(owner, contacts=[OKAFOR])["contacts"][0]["id"])

    def change(session: Session) -> None:
        actions.change_contact(session, contact, {"phone": "+44 1904 555 010"}, now=NOW)

    error = at_once(engine, change, change)
    assert isinstance(error, Conflict)
    assert error.field == "contact_id"


def test_a_person_is_erased_and_the_log_stays_whole(owner: TestClient, engine: sa.Engine) -> None:
    made = larkfield(owner, contacts=[OKAFOR])
    first = made["contacts"][0]["id"]
    second = owner.patch(f"{API}/contacts/{first}", json={"phone": "+44 1904 555 010"}).json()["id"]
    erased = post(owner, f"/contacts/{second}/erase", None, 200)
    assert (erased["name"], erased["email"], erased["phone"]) == ("(erased)", None, None)
    with engine.connect() as connection:
        rows = connection.execute(sa.text("select salutation, name, email, phone, salt from contact")).all()
    assert {tuple(row) for row in rows} == {("(erased)", "(erased)", None, None, "")}
    (entry,) = [entry for entry in entries(owner) if entry["kind"] == "contact.erased"]
    assert set(entry["body"]["contacts"]) == {first, second}
    assert "Okafor" not in json.dumps(entries(owner))
    assert get(owner, "/evidence/verify")["whole"] is True
    refused(owner, f"/contacts/{first}/erase", {}, 409, "contact_id", example=False)


def test_only_the_owner_erases(owner: TestClient, app_client: TestClient) -> None:
    contact = larkfield(owner)["contacts"][0]["id"]
    token = post(owner, "/tokens", {"name": "desk", "role": "operator"})["token"]
    answer = app_client.post(f"{API}/contacts/{contact}/erase", headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == 403
    assert get(owner, f"/contacts/{contact}")["name"] == "Ngozi Okafor"


def test_contacts_of_many_clients_come_in_one_answer(owner: TestClient, session: Session) -> None:
    ids = [UUID(larkfield(owner, number=f"C-{n:03}", contacts=[OKAFOR] * (n % 3))["id"]) for n in range(4)]
    found = queries.contacts_at(session, ids, datetime(2025, 7, 1, tzinfo=UTC) - timedelta(days=1))
    assert [len(found[id_]) for id_ in ids] == [0, 1, 2, 0]
    assert set(queries.clients(session, ids)) == set(ids)
