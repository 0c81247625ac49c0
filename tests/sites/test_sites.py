"""Sites: whose, on which service from when, and whether they are back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from sqlmodel import Session

from app.errors import Conflict
from app.sites import actions, queries
from app.sites.tables import SiteCheck
from app.sla.spans import Span
from tests.build import API, NOBODY, at_once, entries, get, larkfield, post, refused, service, site
from tests.conftest import NOW

JUNE = Span(datetime(2025, 5, 31, 22, tzinfo=UTC), datetime(2025, 6, 30, 22, tzinfo=UTC))


def stay(service_id: str, start: str, end: str | None = None) -> dict[str, Any]:
    return {"service_id": service_id, "from_at": start, "to_at": end}


def test_a_site_has_one_name_until_it_ends(owner: TestClient) -> None:
    made = site(owner)
    body = {"client_id": made["client_id"], "name": "SHOP.larkfield.example"}
    assert made["id"] in refused(owner, "/sites", body, 409, "name")["detail"]
    refused(owner, "/sites", body | {"name": "other.example", "number": "S-014"}, 409, "number")
    refused(owner, "/sites", body | {"client_id": NOBODY}, 404, "client_id", example=False)
    for name in (
        "localhost",
        "a b.example",
        "-a.example",
        "a.example/x",
        "a..example",
        f"{'a' * 64}.example",
        "a_b.example",
    ):
        refused(owner, "/sites", body | {"name": name}, 422, "name")
    refused(owner, f"/sites/{made['id']}/end", {"at": "2025-07-02T00:00:00Z"}, 422, "at")
    post(owner, f"/sites/{made['id']}/end", {"at": "2025-06-30T00:00:00Z"}, 200)
    refused(owner, f"/sites/{made['id']}/end", {"at": "2025-06-30T00:00:00Z"}, 409, "at", example=False)
    again = post(owner, "/sites", body)
    assert [item["id"] for item in get(owner, "/sites", name="shop.larkfield.example")["items"]] == [
        made["id"],
        again["id"],
    ]
    assert [entry["kind"] for entry in entries(owner, f"site:{made['id']}")] == ["site.added", "site.ended"]
    assert get(owner, f"/sites/{again['id']}") == again
    assert len(get(owner, "/sites", client_id=made["client_id"])["items"]) == 2


def test_the_database_itself_keeps_current_names_apart(owner: TestClient, session: Session) -> None:
    made = site(owner)
    session.add(actions.Site(created_at=NOW, client_id=UUID(made["client_id"]), name=made["name"]))
    with pytest.raises(sa.exc.IntegrityError):
        session.flush()


def test_a_site_sits_on_one_service_at_a_time(owner: TestClient) -> None:
    first = service(owner)
    second = service(owner, provider_id=first["provider_id"], name="HOST-2")
    placed = f"/sites/{site(owner)['id']}/placements"
    there = post(owner, placed, stay(first["id"], "2024-07-01T00:00:00Z"))
    problem = refused(owner, placed, stay(second["id"], "2025-07-01T00:00:00Z"), 409, "from_at")
    assert "HOST-1" in problem["detail"]
    assert problem["placement"] == {"id": there["id"], "service_id": first["id"]}
    refused(owner, placed, stay(second["id"], "2024-01-01T00:00:00Z", "2024-07-02T00:00:00Z"), 409, "to_at")
    refused(owner, placed, stay(second["id"], "2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z"), 422, "to_at")
    refused(owner, placed, stay(NOBODY, "2026-01-01T00:00:00Z"), 404, "service_id", example=False)
    end = f"/placements/{there['id']}/end"
    refused(owner, end, {"to_at": "2024-07-01T00:00:00Z"}, 422, "to_at")
    assert post(owner, end, {"to_at": "2025-07-05T18:00:00Z"}, 200)["to_at"] == "2025-07-05T18:00:00Z"
    refused(owner, end, {"to_at": "2025-07-06T18:00:00Z"}, 409, "to_at", example=False)
    refused(owner, placed, stay(second["id"], "2025-07-05T17:59:59Z"), 409, "from_at")
    moved = post(owner, placed, stay(second["id"], "2025-07-05T18:00:00Z"))
    assert [item["id"] for item in get(owner, "/placements", site_id=there["site_id"])["items"]] == [
        there["id"],
        moved["id"],
    ]
    assert [item["id"] for item in get(owner, "/sites", service_id=second["id"])["items"]] == [there["site_id"]]
    problem = refused(owner, f"/sites/{there['site_id']}/end", {"at": "2025-06-30T00:00:00Z"}, 409, "at")
    assert "HOST-1" in problem["detail"]
    kinds = [entry["kind"] for entry in entries(owner, f"placement:{there['id']}")]
    assert kinds == ["site.placed", "site.placement_ended"]


def test_two_writers_cannot_both_place_a_site(owner: TestClient, engine: sa.Engine) -> None:
    hosted, made = UUID(service(owner)["id"]), UUID(site(owner)["id"])

    def place(session: Session) -> None:
        actions.place(session, made, service_id=hosted, from_at=NOW, now=NOW)

    assert isinstance(at_once(engine, place, place), Conflict)


def test_what_was_seen_must_not_contradict_itself(owner: TestClient) -> None:
    made = site(owner)
    address = f"/sites/{made['id']}/checks"
    at = {"at": "2025-06-30T03:40:00Z"}
    for answers, field in [
        ({"reachable": False, "working": True}, "working"),
        ({"reachable": False, "current": True}, "current"),
        ({"working": False, "current": True}, "current"),
        ({}, "note"),
        ({"reachable": True, "at": "2025-07-01T07:00:00.000001Z"}, "at"),
        ({"reachable": True, "source": "X"}, "source"),
        ({"reachable": "maybe"}, "reachable"),
    ]:
        refused(owner, address, at | answers, 422, field)
    refused(owner, f"/sites/{NOBODY}/checks", at | {"reachable": True}, 404, "site_id", example=False)
    seen = post(owner, address, at | {"reachable": True, "working": True, "current": False, "source": "M"})
    (entry,) = entries(owner, f"site_check:{seen['id']}")
    assert (entry["kind"], entry["source"], entry["occurred_at"]) == (
        "site.checked", "M", "2025-06-30T03:40:00.000000Z",
    )  # fmt: skip
    post(owner, address, at | {"note": "The page seen before came from a cache."})
    assert len(get(owner, address)["items"]) == 2


def test_whether_a_site_is_back_is_read_from_its_newest_check(owner: TestClient) -> None:
    made = site(owner)
    address = f"/sites/{made['id']}"
    post(
        owner, f"{address}/checks", {"at": "2025-06-30T04:00:00Z", "reachable": True, "working": True, "current": False}
    )
    post(owner, f"{address}/checks", {"at": "2025-06-29T04:00:00Z", "reachable": False})  # written down late
    post(owner, f"{address}/checks", {"at": "2025-06-30T05:00:00Z", "reachable": True})
    post(
        owner, f"{address}/checks", {"at": "2025-06-30T06:00:00Z", "reachable": True, "working": True, "current": True}
    )
    for as_at, state, unknown in [
        ("2025-06-29T03:59:59Z", "unknown", ["reachable", "working", "current"]),
        ("2025-06-29T04:00:00Z", "down", ["working", "current"]),
        ("2025-06-30T04:30:00Z", "old", []),
        ("2025-06-30T05:00:00Z", "unknown", ["working", "current"]),  # it answers: that closes nothing
        (None, "current", []),
    ]:
        found = get(owner, f"{address}/state", **({"as_at": as_at} if as_at else {}))
        assert (found["state"], found["unknown"]) == (state, unknown)
    assert found["checked_at"] == "2025-06-30T06:00:00Z"
    assert found["as_at"] == "2025-07-01T07:00:00Z"


def test_of_two_checks_at_one_moment_the_later_recorded_counts(owner: TestClient, session: Session) -> None:
    made = UUID(site(owner)["id"])
    for reachable in (True, False):
        session.add(SiteCheck(created_at=NOW, site_id=made, at=NOW, reachable=reachable, source="N"))
        session.flush()
    assert queries.newest_checks(session, [made], NOW)[made].reachable is False


def test_the_states_of_a_service_are_those_of_the_sites_on_it_then(owner: TestClient) -> None:
    hosted = service(owner)
    ended = stay(hosted["id"], "2024-07-01T00:00:00Z", "2025-06-30T00:00:00Z")
    open_ = stay(hosted["id"], "2025-06-01T00:00:00Z")
    sites = [
        {"name": "a.example", "placements": [ended]},
        {"name": "b.example", "placements": [open_]},
        {"name": "c.example"},
    ]
    made = larkfield(owner, sites=sites)["sites"]
    post(owner, f"/sites/{made[1]['id']}/checks", {"at": "2025-06-29T20:00:00Z", "working": False})
    for as_at, states in [
        ("2025-05-31T00:00:00Z", {"a.example": "unknown"}),
        ("2025-06-29T23:00:00Z", {"a.example": "unknown", "b.example": "down"}),
        ("2025-06-30T00:00:00Z", {"b.example": "down"}),
    ]:
        listed = get(owner, "/site-states", service_id=hosted["id"], as_at=as_at)["items"]
        assert {item["name"]: item["state"] for item in listed} == states
    assert len(get(owner, "/site-states", limit=2)["items"]) == 2
    assert len(get(owner, "/site-states")["items"]) == 3
    assert owner.get(f"{API}/site-states", params={"service_id": NOBODY}).status_code == 404


def test_many_checks_at_once_all_or_none(owner: TestClient) -> None:
    sites = [{"name": f"s{number}.larkfield.example", "number": f"S-{number:03}"} for number in range(20)]
    made = larkfield(owner, sites=sites)["sites"]
    checks = [
        {"site_id": item["id"], "at": f"2025-06-30T03:{minute:02}:00Z", "reachable": True, "source": "M"}
        for minute in range(50)
        for item in made
    ]
    wrong = [*checks[:-1], checks[-1] | {"reachable": False, "working": True}]
    refused(owner, "/site-checks", {"checks": wrong}, 422, "checks.999.working")
    stranger = [checks[0], checks[1] | {"site_id": NOBODY}]
    refused(owner, "/site-checks", {"checks": stranger}, 404, "checks.1.site_id", example=False)
    refused(owner, "/site-checks", {"checks": []}, 422, "checks")
    refused(owner, "/site-checks", {"checks": [*checks, checks[0]]}, 422, "checks")
    assert get(owner, f"/sites/{made[0]['id']}/checks")["items"] == []
    assert len(post(owner, "/site-checks", {"checks": checks})["items"]) == 1000
    assert get(owner, "/evidence/verify")["entries"] >= 1000


def test_the_sites_of_a_period_come_with_their_stays_and_checks(owner: TestClient, session: Session) -> None:
    hosted = service(owner)
    before = stay(hosted["id"], "2024-07-01T00:00:00Z", "2025-05-31T22:00:00Z")  # ends as June begins
    again = stay(hosted["id"], "2025-06-15T00:00:00Z")
    sites = [
        {"name": "b.example", "number": "S-002", "placements": [before, again]},
        {"name": "a.example", "number": "S-010", "placements": [again]},
        {"name": "c.example", "number": "S-001", "placements": [before]},
    ]
    made = larkfield(owner, sites=sites)["sites"]
    for at in ("2025-06-30T06:00:00Z", "2025-06-29T06:00:00Z", "2025-06-30T22:00:00Z"):
        post(owner, f"/sites/{made[0]['id']}/checks", {"at": at, "reachable": True})
    found = queries.sites_on(session, UUID(hosted["id"]), JUNE)
    assert [item.site.number for item in found] == ["S-002", "S-010"]
    assert [len(item.placements) for item in found] == [2, 1]
    assert [check.at.day for check in found[0].checks] == [29, 30]
    assert found[1].checks == ()
