"""Monitors, files and own outages over the API: as its owner, as a viewer, as a stranger."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from tests.build import API, NOBODY, Body, entries, get, post, refused, service, site

FILE = (
    "at,monitor,state,latency_ms,error\n"
    "2025-06-28T19:59:00Z,HOST-1 from Berlin,up,183,\n"
    "2025-06-28T20:00:00Z,HOST-1 from Berlin,down,,connect_timeout\n"
    "2025-06-28T20:01:00Z,HOST-1 from Berlin,down,,connect_timeout\n"
    "2025-06-28T20:02:00.5Z,HOST-1 from Berlin,up,190,\n"
)
CSV = {"content-type": "text/csv; charset=utf-8"}


def monitor(client: TestClient, **values: Any) -> Body:
    if not {"service_id", "site_id"} & set(values):
        values["service_id"] = service(client)["id"]
    usual = {"name": "HOST-1 from Berlin", "interval_seconds": 60, "source": "own probe, Berlin"}
    return post(client, "/monitors", usual | values)


def upload(client: TestClient, content: str | bytes = FILE, headers: dict[str, str] = CSV, query: str = "") -> Any:
    data = content.encode() if isinstance(content, str) else content
    return client.post(f"{API}/observations{query}", content=data, headers=headers)


def test_a_monitor_of_a_service_or_of_a_site(owner: TestClient) -> None:
    made = monitor(owner)
    assert (made["confirm_after"], made["site_id"], made["until_at"]) == (2, None, None)
    shop = site(owner)
    of_site = monitor(owner, name="shop", site_id=shop["id"], confirm_after=3)
    assert [item["name"] for item in get(owner, "/monitors")["items"]] == ["HOST-1 from Berlin", "shop"]
    assert [item["id"] for item in get(owner, "/monitors", site_id=shop["id"])["items"]] == [of_site["id"]]
    assert [item["id"] for item in get(owner, "/monitors", service_id=made["service_id"])["items"]] == [made["id"]]
    assert get(owner, f"/monitors/{made['id']}") == made | {
        "observations": 0, "first_at": None, "last_at": None, "state": None,
    }  # fmt: skip
    assert entries(owner, f"monitor:{made['id']}")[0]["kind"] == "monitor.created"


def test_what_a_monitor_may_not_be(owner: TestClient) -> None:
    made = monitor(owner)
    body = {key: made[key] for key in ("service_id", "interval_seconds", "source")} | {"name": "another"}
    refused(owner, "/monitors", body | {"name": made["name"]}, 409, "name")
    refused(owner, "/monitors", body | {"name": NOBODY}, 422, "name")
    refused(owner, "/monitors", body | {"service_id": NOBODY}, 404, "service_id", example=False)
    refused(owner, "/monitors", body | {"service_id": None, "site_id": NOBODY}, 404, "site_id", example=False)
    refused(owner, "/monitors", body | {"site_id": NOBODY}, 422, "body", example=False)
    refused(owner, "/monitors", body | {"interval_seconds": 0}, 422, "interval_seconds")
    refused(owner, "/monitors", body | {"interval_seconds": 86_401}, 422, "interval_seconds")
    refused(owner, "/monitors", body | {"confirm_after": 0}, 422, "confirm_after")
    refused(owner, "/monitors", body | {"colour": "red"}, 422, "colour")


def test_a_monitor_is_retired_once(owner: TestClient) -> None:
    made = monitor(owner)
    path = f"/monitors/{made['id']}/retire"
    refused(owner, path, {"until_at": "2025-07-02T00:00:00Z", "reason": "moved"}, 422, "until_at")
    refused(owner, path, {"until_at": "2025-06-30T00:00:00Z", "reason": ""}, 422, "reason")
    assert post(owner, path, {"until_at": "2025-06-30T00:00:00+02:00", "reason": "moved"}, 200)["until_at"]
    refused(owner, path, {"until_at": "2025-06-30T00:00:00Z", "reason": "moved"}, 409, "monitor_id", example=False)


def test_a_file_is_taken_in_and_read_back(owner: TestClient, viewer: TestClient) -> None:
    made = monitor(owner)
    answer = upload(owner, query="?name=june.csv")
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert (body["rows"], body["added"], body["already_there"], body["repeated"]) == (4, 4, 0, False)
    assert (body["first_at"], body["last_at"]) == ("2025-06-28T19:59:00Z", "2025-06-28T20:02:00.500000Z")
    assert body["states"] == {"up": 2, "degraded": 0, "down": 2, "unknown": 0}
    assert body["monitors"] == [{"id": made["id"], "name": made["name"], "rows": 4}]
    assert body["file"] == "june.csv"
    entry = get(viewer, "/evidence/entries", limit=500)["items"][-1]
    assert (entry["seq"], entry["kind"], entry["actor"]) == (body["entry"], "observations.imported", "token:test-owner")
    assert get(viewer, "/imports")["items"] == [
        {key: value for key, value in body.items() if key != "repeated"}
    ]  # fmt: skip

    path = f"/monitors/{made['id']}"
    seen = get(viewer, path)
    assert (seen["observations"], seen["state"], seen["last_at"]) == (4, "up", "2025-06-28T20:02:00.500000Z")
    first = get(viewer, f"{path}/observations", limit=3)
    assert first["items"][2] == {
        "at": "2025-06-28T20:01:00Z", "state": "down", "latency_ms": None, "error": "connect_timeout",
    }  # fmt: skip
    rest = get(viewer, f"{path}/observations", limit=3, after=first["next"])
    assert [item["at"] for item in rest["items"]] == ["2025-06-28T20:02:00.500000Z"]
    assert rest["next"] is None
    edges = {"from": "2025-06-28T22:00:00+02:00", "to": "2025-06-28T20:01:00Z"}
    assert [item["state"] for item in get(viewer, f"{path}/observations", **edges)["items"]] == ["down"]

    runs = get(viewer, f"{path}/runs")["items"]
    assert [(run["state"], run["count"]) for run in runs] == [("up", 1), ("down", 2), ("up", 1)]
    assert runs[1]["held_until"] == "2025-06-28T20:02:00.500000Z"
    assert runs[2]["held_until"] == "2025-06-28T20:05:00.500000Z"
    cut = get(viewer, f"{path}/runs", **{"from": "2025-06-28T20:01:30Z", "to": "2025-06-28T20:02:00Z"})["items"]
    assert [run["state"] for run in cut] == ["down"]
    page = get(viewer, f"{path}/runs", limit=1)
    assert get(viewer, f"{path}/runs", limit=5, after=page["next"])["items"] == runs[1:]


def test_the_same_file_in_other_clothes(owner: TestClient) -> None:
    monitor(owner)
    first = upload(owner).json()
    packed = upload(owner, gzip.compress(FILE.encode()), CSV | {"content-encoding": "gzip"}).json()
    assert (packed["repeated"], packed["added"], packed["already_there"]) == (True, 0, 4)
    assert packed["entry"] == first["entry"]
    as_lines = [
        dict(zip(("at", "monitor", "state"), line.split(",")[:3], strict=True)) for line in FILE.split("\n")[1:-1]
    ]
    lines = "\n".join(map(json.dumps, as_lines))
    again = upload(owner, lines, {"content-type": "application/x-ndjson"}).json()
    assert (again["repeated"], again["added"], again["already_there"]) == (False, 0, 4)
    asked = upload(owner, lines + "\n", {"content-type": "application/gzip"}, "?format=ndjson").json()
    assert asked["rows"] == 4


def test_a_bad_file_is_a_problem_with_its_lines(owner: TestClient) -> None:
    monitor(owner)
    before = get(owner, "/evidence/head")
    answer = upload(owner, FILE.replace("20:00:00Z", "20:00:00").replace("190", "fast"))
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    errors = answer.json()["errors"]
    assert [error["field"] for error in errors] == ["line 3: at", "line 5: latency_ms"]
    assert errors[0]["example"] == "2025-06-28T22:00:00+02:00"
    assert get(owner, "/evidence/head") == before
    assert get(owner, "/imports")["items"] == []
    upload(owner)
    contradicted = upload(owner, FILE.replace("up,183", "down,"))
    assert contradicted.status_code == 409
    assert "recorded is up" in contradicted.json()["errors"][0]["reason"]


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x", "", "text/plain"])
def test_another_kind_of_body_is_refused_with_what_to_send(owner: TestClient, kind: str) -> None:
    monitor(owner)
    answer = upload(owner, FILE, {"content-type": kind} if kind else {})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "Content-Type"
    assert "text/csv" in answer.json()["errors"][0]["example"]


def test_a_file_may_be_larger_than_a_request(owner: TestClient) -> None:
    monitor(owner)
    lines = [
        f"2025-06-{day:02d}T{hour:02d}:{minute:02d}:00Z,HOST-1 from Berlin,up,183,\n"
        for day in range(1, 21) for hour in range(24) for minute in range(60)
    ]  # fmt: skip
    content = FILE.split("\n", 1)[0] + "\n" + "".join(lines)
    assert len(content) > 1 << 20
    assert upload(owner, content).json()["added"] == 28_800


def test_a_viewer_and_a_stranger(owner: TestClient, viewer: TestClient, app_client: TestClient) -> None:
    made = monitor(owner)
    assert upload(viewer).status_code == 403
    assert upload(app_client).status_code == 401
    for path in (f"/monitors/{made['id']}", "/monitors", f"/monitors/{made['id']}/runs", "/own-outages", "/imports"):
        assert app_client.get(API + path).status_code == 401
    assert viewer.post(f"{API}/own-outages", json={}).status_code == 403
    assert owner.get(f"{API}/monitors/{NOBODY}/observations").status_code == 404


def test_while_a_file_is_sent_the_database_is_free(owner: TestClient, engine: sa.Engine) -> None:
    """A slow upload holds no lock: another writer comes in between two of its parts."""
    monitor(owner)
    wrote = []

    def parts() -> Any:
        yield FILE[:80].encode()
        with engine.begin() as connection:
            connection.execute(sa.text("UPDATE monitor SET confirm_after = 3"))
        wrote.append(True)
        yield FILE[80:].encode()

    answer = owner.post(f"{API}/observations", content=parts(), headers=CSV)
    assert answer.status_code == 201, answer.text
    assert wrote


def test_our_own_outages(owner: TestClient, viewer: TestClient) -> None:
    body = {
        "start_at": "2025-06-12T03:10:00+02:00", "end_at": "2025-06-12T04:10:00+02:00",
        "reason": "our own connection was cut",
    }  # fmt: skip
    made = post(owner, "/own-outages", body)
    assert (made["seconds"], made["source"], made["withdrawn_at"]) == (3600, "N", None)
    assert entries(owner, f"own_outage:{made['id']}")[0]["occurred_at"] == "2025-06-12T01:10:00.000000Z"
    refused(owner, "/own-outages", body | {"end_at": body["start_at"]}, 422, "end_at")
    refused(owner, "/own-outages", body | {"end_at": "2025-07-01T09:01:00+02:00"}, 422, "end_at")
    refused(owner, "/own-outages", body | {"start_at": "2025-06-12T03:10:00"}, 422, "start_at")
    refused(owner, "/own-outages", body | {"source": "X"}, 422, "source", example=False)
    path = f"/own-outages/{made['id']}/withdraw"
    assert post(owner, path, {"reason": "it was another day"}, 200)["withdrawn_reason"] == "it was another day"
    refused(owner, path, {"reason": "again"}, 409, "own_outage_id", example=False)
    assert [item["id"] for item in get(viewer, "/own-outages")["items"]] == [made["id"]]
