"""Monitors that ask, over the API: what suits by default, what is refused, how it is now, heartbeats, figures."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from sqlmodel import Session, select

from app.db import transaction
from app.prober.clocks import micros
from app.prober.engine import Answer
from app.prober.outcome import UP, Fault, Phases, failed
from app.probes.heartbeats import silences
from app.probes.recording import record
from app.probes.tables import Heartbeat, Monitor
from tests.build import Body, entries, get, post, refused, service, site
from tests.conftest import NOW

on_sqlite = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
SHOP = "https://shop.larkfield.example"
DOWN = failed(Fault.STATUS, "503", body=b"<p>maintenance</p>")


def answered(engine: sa.Engine, monitor: Body, *said: tuple[float, Any]) -> None:
    """The monitor's answers, each so many seconds before NOW."""
    with transaction(engine) as session:
        key = session.exec(select(Monitor.key).where(Monitor.name == monitor["name"])).one()
        assert key is not None
        phases = Phases(dns=10, connect=20, total=12_345, address="192.0.2.7")
        record(session, [Answer(key, micros(NOW - timedelta(seconds=ago)), one, phases) for ago, one in said])


@on_sqlite
def test_adding_a_site_by_its_address_is_enough(owner: TestClient) -> None:
    shop = site(owner)
    made = post(owner, "/monitors", {"address": f"{SHOP}/"})
    assert (made["site_id"], made["service_id"], made["kind"]) == (shop["id"], None, "http")
    assert (made["name"], made["interval_seconds"], made["confirm_after"]) == ("shop.larkfield.example", 60, 3)
    assert made["check"]["url"] == f"{SHOP}/"
    assert made["source"] == "own probe"
    refused(owner, "/monitors", {"address": f"{SHOP}/"}, 409, "name")
    assert post(owner, "/monitors", {"address": "tls://www.shop.larkfield.example"})["site_id"] == shop["id"]


@on_sqlite
def test_headers_are_never_shown_again(owner: TestClient, engine: sa.Engine) -> None:
    host = service(owner)["id"]
    body = {"service_id": host, "address": SHOP, "headers": {"X-Key": "hunter2", "Authorization": "Basic abcdef"}}
    made = post(owner, "/monitors", body)
    assert made["headers"] == ["Authorization", "X-Key"]
    everything = [made, get(owner, f"/monitors/{made['id']}"), get(owner, "/monitors"), entries(owner)]
    assert "hunter2" not in str(everything)
    assert "abcdef" not in str(everything)


WRONG: list[tuple[Body, int, str]] = [
    ({"address": "gopher://a.example"}, 422, "address"),
    ({"address": "https://ann:hunter2@a.example"}, 422, "address"),
    ({"address": "http://127.0.0.1/"}, 422, "address"),
    ({"address": "http://localhost:8080/"}, 422, "address"),
    ({"address": "http://[::ffff:169.254.169.254]/"}, 422, "address"),
    ({"check": {"kind": "tcp", "name": "10.0.0.1", "ports": [22]}}, 422, "check"),
    ({"address": SHOP, "interval_seconds": 0}, 422, "interval_seconds"),
    ({"address": SHOP, "headers": {"Connection": "close"}}, 422, "headers"),
    ({"address": SHOP, "headers": {"X-A": "a\r\nHost: b"}}, 422, "headers"),
    ({"address": "tls://a.example", "headers": {"X-A": "a"}}, 422, "headers"),
    ({"check": {"kind": "http", "url": SHOP, "timeout_ms": 60_000}}, 422, "check.timeout_ms"),
    ({"interval_seconds": 60}, 422, "name"),
    ({"name": "imported"}, 422, "source"),
]


@on_sqlite
@pytest.mark.parametrize(("body", "status", "field"), WRONG)
def test_what_is_refused_says_what_would_be_right(owner: TestClient, body: Body, status: int, field: str) -> None:
    problem = refused(owner, "/monitors", {"service_id": service(owner)["id"]} | body, status, field, example=False)
    assert "hunter2" not in str(problem)


@on_sqlite
@pytest.mark.parametrize(
    ("check", "field"),
    [
        ({"kind": "colour"}, "check"),
        ({"kind": "http", "url": SHOP, "pattern": "(a"}, "check.http.pattern"),
        ({"kind": "http", "url": SHOP, "status": "2xx"}, "check.http.status"),
    ],
)
def test_a_bad_check_is_named(owner: TestClient, check: Body, field: str) -> None:
    refused(owner, "/monitors", {"service_id": service(owner)["id"], "check": check}, 422, field, example=False)


@on_sqlite
def test_nobody_knows_which_site_is_meant(owner: TestClient) -> None:
    refused(owner, "/monitors", {"address": "https://unknown.example"}, 422, "site_id")
    refused(owner, "/monitors", {"address": SHOP, "check": {"kind": "http", "url": SHOP}}, 422, "body", example=False)


@on_sqlite
def test_a_short_interval_shortens_the_time_limit(owner: TestClient) -> None:
    made = post(owner, "/monitors", {"service_id": service(owner)["id"], "address": SHOP, "interval_seconds": 5})
    assert made["check"]["timeout_ms"] == 4000


def test_how_it_is_now(owner: TestClient, viewer: TestClient, engine: sa.Engine) -> None:
    host = service(owner)["id"]
    names = ("up", "slow", "failing", "out", "gone", "new")
    made = {name: post(owner, "/monitors", {"service_id": host, "address": SHOP, "name": name}) for name in names}
    slow = failed(Fault.SLOW, "took 4000 ms", state=UP.state.__class__("degraded"))
    answered(engine, made["up"], (120, UP), (60, UP), (1, UP))
    answered(engine, made["slow"], (30, slow))
    answered(engine, made["failing"], (70, UP), (10, DOWN))
    answered(engine, made["out"], (90, UP), (30, DOWN), (20, DOWN), (10, DOWN))
    answered(engine, made["gone"], (3600, UP))
    shown = get(viewer, "/status")
    now = {one["name"]: one for one in shown["items"]}
    told = {name: (one["state"], one["confirmed"], one["failures"], one["error"]) for name, one in now.items()}
    assert told == {
        "up": ("up", False, 0, None), "slow": ("degraded", False, 0, "slow"), "failing": ("down", False, 1, "status"),
        "out": ("down", True, 3, "status"), "gone": ("unknown", False, 0, None), "new": ("unknown", False, 0, None),
    }  # fmt: skip
    assert now["up"]["latency_ms"] == 12
    assert now["out"]["detail"] == "503: maintenance"
    assert now["out"]["since_at"] == "2025-07-01T06:59:30Z"
    assert now["out"]["last_day"] == {"up": 60, "degraded": 0, "down": 30, "unknown": 86_310}
    assert shown["prober"]["running"] is False
    assert get(viewer, f"/monitors/{made['out']['id']}/state") == now["out"]
    (first, *_) = get(viewer, f"/monitors/{made['out']['id']}/measurements")["items"]
    assert (first["state"], first["total_us"], first["address"]) == ("down", 12_000, "192.0.2.7")
    assert len(first["digest"]) == 64

    figures = viewer.get("/metrics")
    assert figures.headers["content-type"].startswith("text/plain")
    assert 'kept_monitor_state{monitor="out",state="down"} 1.0' in figures.text
    assert 'kept_monitor_state{monitor="gone",state="up"} 0.0' in figures.text
    assert 'kept_monitor_latency_seconds{monitor="up"} 0.012' in figures.text
    assert "kept_prober_running 0.0" in figures.text


def beating(owner: TestClient) -> tuple[Body, str]:
    made = post(owner, "/monitors", {
        "service_id": service(owner)["id"], "name": "nightly backup", "interval_seconds": 300,
        "check": {"kind": "heartbeat", "grace_seconds": 30},
    })  # fmt: skip
    return made, post(owner, f"/monitors/{made['id']}/heartbeat")["path"]


@on_sqlite
def test_a_heartbeat_is_called_without_a_token(owner: TestClient, app_client: TestClient, engine: sa.Engine) -> None:
    made, path = beating(owner)
    assert get(owner, f"/monitors/{made['id']}/state")["state"] == "unknown"
    assert app_client.post(path).json() == {"heard": True}
    assert app_client.post(path).status_code == 200  # twice in a second is once
    assert get(owner, f"/monitors/{made['id']}")["observations"] == 1
    assert get(owner, f"/monitors/{made['id']}/state")["state"] == "up"
    assert app_client.get("/heartbeats/nobody").status_code == 404
    assert path.rpartition("/")[2] not in str(entries(owner))
    with Session(engine) as session:
        assert session.exec(select(Heartbeat.secret)).one() != path.rpartition("/")[2]
    again = post(owner, f"/monitors/{made['id']}/heartbeat")["path"]
    assert app_client.get(path).status_code == 404
    assert app_client.get(again).status_code == 200
    refused(owner, f"/monitors/{post(owner, '/monitors', {'service_id': made['service_id'], 'address': SHOP})['id']}"
            "/heartbeat", {}, 409, "monitor_id")  # fmt: skip


@on_sqlite
def test_a_site_may_say_by_itself_that_it_is_down(owner: TestClient, app_client: TestClient) -> None:
    made, path = beating(owner)
    assert app_client.get(path, params={"state": "down", "note": "the backup failed"}).status_code == 200
    now = get(owner, f"/monitors/{made['id']}/state")
    assert (now["state"], now["error"], now["detail"]) == ("down", "content", "the backup failed")
    assert app_client.get(path, params={"state": "purple"}).status_code == 422


def test_a_call_that_does_not_come_is_dated_to_when_it_was_due(owner: TestClient, engine: sa.Engine) -> None:
    _, path = beating(owner)
    long_ago = NOW - timedelta(days=1)
    with Session(engine) as session:
        assert silences(session, listening_since=long_ago, now=NOW + timedelta(days=1)) == []  # never called yet
    assert owner.get(path).status_code == 200
    with transaction(engine) as session:
        assert silences(session, listening_since=long_ago, now=NOW + timedelta(seconds=329)) == []
        late = NOW + timedelta(seconds=931)
        missing = silences(session, listening_since=long_ago, now=late)
        assert [one.at - micros(NOW) for one in missing] == [330e6, 630e6, 930e6]
        assert {one.outcome.fault for one in missing} == {Fault.SILENT}
        record(session, missing)
        assert silences(session, listening_since=long_ago, now=late) == []
        following = silences(session, listening_since=long_ago, now=late + timedelta(seconds=300))
        assert [one.at - micros(NOW) for one in following] == [1230e6]
        started = NOW + timedelta(seconds=800)  # we were not there to hear before that
        assert silences(session, listening_since=started, now=NOW + timedelta(seconds=1129)) == []
