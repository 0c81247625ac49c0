"""Other places to ask from: who may do what, what an agent is handed, what becomes of its batches."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from sqlmodel import Session, col, select

from app.access.tables import Token
from app.prober.clocks import micros
from app.prober.remote.form import packed
from app.probes import queries
from app.probes.locations.actions import found
from app.probes.tables import Monitor, Observation
from app.sla.case import State
from app.sla.spans import Span
from app.sla.timeline import outages, read
from tests.build import API, Body, entries, get, post, refused, service
from tests.conftest import NOW

SPOOL, OTHER = "0" * 32, "1" * 32
MINUTE = timedelta(minutes=1)
SECRET = "Basic a2VwdDpzZWNyZXQ="


def agent(owner: TestClient, name: str, scheme: str = "https") -> TestClient:
    """The agent of a location that is made for it."""
    token = post(owner, "/locations", {"name": name})["token"]
    headers = {"authorization": f"Bearer {token}"}
    return TestClient(owner.app, headers=headers, base_url=f"{scheme}://kept.example")


def shop(owner: TestClient, *locations: str, **values: Any) -> Body:
    usual = {"address": "https://shop.larkfield.example/", "name": "shop", "locations": list(locations)}
    if "service_id" not in values:
        values["service_id"] = service(owner)["id"]
    return post(owner, "/monitors", usual | values)


def tasks(client: TestClient, name: str, spool: str = SPOOL, **more: Any) -> Any:
    return client.get(f"{API}/agent/assignments", params={"location": name, "spool": spool}, **more)


def answered(id_: str, at: datetime, state: str = "up", n: int = 1, off: int | None = 0, **more: Any) -> Body:
    return {"n": n, "k": "a", "m": id_, "at": micros(at), "s": state, "off": off} | more


def batch(location: str, *records: Body, spool: str = SPOOL, **more: Any) -> Body:
    return {"location": location, "spool": spool, "records": records, "sent_at": micros(NOW), "off": 0} | more


def push(client: TestClient, body: Body, status: int = 200) -> Body:
    sent = client.post(f"{API}/agent/batches", content=packed(body), headers={"content-encoding": "gzip"})
    assert sent.status_code == status, sent.text
    return dict(sent.json())


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_an_agent_reaches_its_two_doors_and_nobody_else_does(
    owner: TestClient, viewer: TestClient, engine: sa.Engine
) -> None:
    frankfurt, york = agent(owner, "frankfurt"), agent(owner, "york")
    for path in ("/monitors", "/status", "/tokens/me", "/evidence/entries", "/locations"):
        assert frankfurt.get(API + path).status_code == 403, path
    assert frankfurt.post(f"{API}/monitors", json={}).status_code == 403
    for client in (owner, viewer):
        assert tasks(client, "frankfurt").status_code == 403
        assert "this needs agent" in push(client, batch("frankfurt"), 403)["detail"]
    assert "not of 'york'" in tasks(frankfurt, "york").json()["detail"]
    assert "not of 'frankfurt'" in push(york, batch("frankfurt"), 403)["detail"]
    with Session(engine) as session:
        assert {token.name: token.role for token in session.exec(select(Token))}["agent york"] == "agent"
        assert "kept_" not in str([entry for entry in entries(owner)])
    # another token, then none at all
    again = post(owner, "/locations/york/token")["token"]
    assert tasks(york, "york").status_code == 401
    assert tasks(TestClient(owner.app, headers={"authorization": f"Bearer {again}"}), "york").status_code == 200
    assert post(owner, "/locations/york/retire", {"reason": "given up"}, 200)["until_at"]
    refused(owner, "/locations/york/retire", {"reason": "again"}, 409, "name", example=False)
    refused(owner, "/locations/york/token", {}, 409, "name", example=False)
    for name, status in (("frankfurt", 409), ("here", 422), ("Frankfurt am Main", 422), ("-", 422)):
        refused(owner, "/locations", {"name": name}, status, "name")
    assert owner.post(f"{API}/tokens", json={"name": "x", "role": "agent"}).status_code == 422


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_what_a_monitor_may_say_of_its_locations(owner: TestClient) -> None:
    host = service(owner)["id"]
    agent(owner, "york")
    usual = {"address": "tcp://shop.larkfield.example:22", "service_id": host, "name": "ports"}
    for body, field in (
        ({"locations": ["york", "lima"]}, "locations.1"),
        ({"locations": ["york", "york"]}, "locations"),
        ({"locations": ["york", "here"], "agreement": 3}, "agreement"),
        ({"agreement": "all"}, "locations"),
        ({"locations": ["york"], "address": None, "check": {"kind": "heartbeat"}}, "locations"),
        ({"locations": ["york"], "address": None, "source": "theirs"}, "locations"),
    ):
        refused(owner, "/monitors", usual | body, 422, field)
    refused(owner, "/monitors", usual | {"locations": ["york"], "name": "x" * 191}, 422, "name", example=False)
    made = shop(owner, "here", "york", service_id=host, agreement=2)
    assert (made["agreement"], made["location"]) == ("2", None)
    refused(
        owner, "/monitors", usual | {"name": "shop from york", "locations": ["here"]} | {"name": "shop"}, 409, "name"
    )
    assert [one["name"] for one in get(owner, "/monitors")["items"]] == ["shop"]
    parts = [one["body"] for one in entries(owner) if one["kind"] == "monitor.created"][1:]
    assert [(one["name"], one["source"]) for one in parts] == [
        ("shop from here", "own probe"), ("shop from york", "own probe, york")
    ]  # fmt: skip
    # the location cannot go while two must agree, and one series cannot go alone
    refused(owner, "/locations/york/retire", {"reason": "no"}, 409, "name")
    part = tasks(TestClient(owner.app, base_url="https://kept.example",
                            headers={"authorization": f"Bearer {post(owner, '/locations/york/token')['token']}"}),
                 "york").json()["monitors"][0]  # fmt: skip
    gone = {"until_at": "2025-07-01T06:00:00Z", "reason": "no"}
    refused(owner, f"/monitors/{part['id']}/retire", gone, 409, "monitor_id", example=False)
    post(owner, f"/monitors/{made['id']}/retire", gone, 200)
    assert get(owner, f"/monitors/{part['id']}")["until_at"] == "2025-07-01T06:00:00Z"
    post(owner, "/locations/york/retire", {"reason": "yes"}, 200)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_an_agent_is_handed_what_asking_takes_and_no_more(owner: TestClient) -> None:
    york = agent(owner, "york")
    plain = TestClient(owner.app, headers=york.headers, base_url="http://kept.example")
    host = service(owner, name="HOST-1 of a client")["id"]
    shop(owner, "here", "york", service_id=host, headers={"Authorization": SECRET})
    shop(owner, "york", service_id=host, name="ports", address="tcp://8.8.8.8:22")
    given = tasks(york, "york")
    first, second = given.json()["monitors"]
    assert set(first) == {"id", "interval_seconds", "confirm_after", "check", "headers", "windows"}
    assert (first["headers"], second["headers"]) == ({"Authorization": SECRET}, None)
    assert "HOST-1" not in given.text
    assert "shop from" not in given.text
    assert second["check"]["ports"] == [22]
    same = tasks(york, "york", headers={"if-none-match": given.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    # nobody on the way may read a header: without TLS the monitor is withheld, and that is said
    open_ = tasks(plain, "york").json()
    assert ([one["id"] for one in open_["monitors"]], open_["withheld"]) == ([second["id"]], 1)
    assert SECRET not in str(entries(owner))
    assert tasks(york, "york", spool="short").status_code == 422
    # one agent at a time: a second one is given nothing while the first is heard of; its answers are taken all the same
    assert push(york, batch("york"))["holds"] is True
    assert tasks(york, "york", spool=OTHER).status_code == 409
    other = push(york, batch("york", answered(second["id"], NOW - MINUTE), spool=OTHER))
    assert (other["holds"], other["added"]) == (False, 1)
    shown = get(owner, "/locations")["items"][0]
    assert (shown["asks"], shown["offset_ms"], shown["clock_wrong"]) == (True, 0, False)


def parts_of(session: Session) -> dict[str | None, str]:
    return {row.location: str(row.id) for row in session.exec(select(Monitor).where(col(Monitor.part_of).is_not(None)))}


def seen(session: Session) -> list[tuple[str, int, int]]:
    """(location, minutes before NOW, state) of everything recorded."""
    named = {row.key: row.location for row in session.exec(select(Monitor))}
    rows = session.exec(select(Observation).order_by(col(Observation.monitor), col(Observation.at)))
    return [(named[row.monitor] or "", (micros(NOW) - row.at) // 60_000_000, row.state) for row in rows]


def test_a_batch_counts_once_and_whole_or_not_at_all(owner: TestClient, engine: sa.Engine) -> None:
    york = agent(owner, "york")
    shop(owner, "here", "york")
    with Session(engine) as session:
        ids = parts_of(session)
    one = answered(
        ids["york"], NOW - 3 * MINUTE, "down", 1, f="refused", d="nobody there", p=[1000, 2000, None, None, 3000]
    )
    two = answered(ids["york"], NOW - 2 * MINUTE, "up", 2, ip="203.0.113.7", p=[1000, 2000, 3000, 4000, 183_000])
    three = answered(ids["york"], NOW - MINUTE, "up", 3)
    first = push(york, batch("york", one, two))
    assert (first["added"], first["known"], first["repeated"], first["now"]) == (2, 0, False, micros(NOW))
    again = push(york, batch("york", one, two))
    assert (again["added"], again["known"], again["repeated"]) == (0, 2, True)
    other_cut = push(york, batch("york", one, two, three))
    assert (other_cut["added"], other_cut["known"]) == (1, 2)
    before = push(york, batch("york", one, two))  # the first once more, late
    assert (before["added"], before["repeated"]) == (0, False)
    with Session(engine) as session:
        assert seen(session) == [("york", 3, 2), ("york", 2, 0), ("york", 1, 0)]
    shown = get(owner, f"/monitors/{ids['york']}/measurements")["items"]
    assert [(row["state"], row["error"], row["address"], row["detail"]) for row in shown] == [
        ("up", None, "203.0.113.7", None),
        ("down", "refused", None, "nobody there"),
    ]

    # half a batch, a damaged one, one that says too much, one that is none
    later = answered(ids["york"], NOW, "up", 4)
    body = packed(batch("york", later))
    for wrong, said in (
        (body[: len(body) // 2], "broke off"),
        (body[:-3], "broke off"),
        (body[:40] + b"\0" + body[41:], "nothing of the batch"),
        (body + b"more", "behind its end"),
        (packed(batch("york", later, {"n": 5, "k": "a"})), "Field required"),
        (packed(batch("york", later, {**later, "s": "fine"})), "should be 'up'"),
        (packed(batch("york", *[later] * 2001)), "at most 2000"),
        (b"", "broke off"),
    ):
        answer = york.post(f"{API}/agent/batches", content=wrong, headers={"content-encoding": "gzip"})
        assert answer.status_code == 422, answer.text
        assert said in answer.json()["detail"], answer.text
        assert answer.json()["errors"][0]["example"]
    bomb = packed({"location": "y" * (17 << 20)})
    assert len(bomb) < 100_000
    assert "larger than" in york.post(f"{API}/agent/batches", content=bomb, headers={"content-encoding": "gzip"}).text
    assert york.post(f"{API}/agent/batches", content=json.dumps(batch("york"))).status_code == 200  # unpacked is fine
    with Session(engine) as session:
        assert len(seen(session)) == 3


def test_what_cannot_count_is_left_out_and_said(owner: TestClient, engine: sa.Engine) -> None:
    york = agent(owner, "york")
    shop(owner, "here", "york")
    with Session(engine) as session:
        ids = parts_of(session)
    hour = 3_600_000_000
    good = answered(ids["york"], NOW - 3 * MINUTE, "up", 1)
    sent = push(york, batch(
        "york", good,
        answered(ids["york"], NOW - 2 * MINUTE, "down", 2, f="refused", off=5_000_001),
        answered(ids["york"], NOW - 2 * MINUTE, "down", 3, f="refused", off=-hour),
        answered(ids["york"], NOW - 2 * MINUTE, "down", 4, f="refused", off=None),
        answered(ids["york"], NOW + 6 * MINUTE / 60, "up", 5),  # six seconds ahead of us
        answered(ids["here"], NOW - MINUTE, "down", 6, f="refused"),  # another location's monitor
        answered("01997a3e-7c1b-7d2e-9f00-5a6b7c8d9e0f", NOW - MINUTE, "down", 7, f="refused"),
        off=-hour,
    ))  # fmt: skip
    assert (sent["added"], sent["refused"], sent["strange"]) == (1, 4, 2)
    shown = get(owner, "/locations")["items"][0]
    assert (shown["offset_ms"], shown["clock_wrong"]) == (-3_600_000, True)
    assert get(owner, "/location-gaps")["items"] == []  # it is still going on
    # what says another state than the one recorded is left out; what is right beside it is not
    sent = push(york, batch("york", good | {"s": "down", "f": "refused"}, answered(ids["york"], NOW - MINUTE, "up", 8)))
    assert (sent["added"], sent["contradicting"], sent["known"]) == (1, 1, 0)
    (gap,) = get(owner, "/location-gaps", location="york")["items"]
    assert (gap["kind"], gap["answers"]) == ("refused", 4)
    assert gap["reason"] == "the agent's clock was -3600.0 s off ours: its answers count for nothing"
    # dated by our clock, as far as that is known: 06:57:55 to 07:00:00, which is now
    assert (gap["start_at"][11:19], gap["end_at"][11:19]) == ("06:57:54", "07:00:00")
    with Session(engine) as session:
        assert seen(session) == [("york", 3, 0), ("york", 1, 0)]

    told = {
        "n": 9,
        "k": "g",
        "why": "we were offline",
        "since": micros(NOW - 9 * MINUTE),
        "until": micros(NOW - MINUTE),
    }
    lost = {"n": 10, "k": "l", "why": "full", "since": micros(NOW - hour // 60_000_000 * MINUTE), "answers": 57,
            "until": micros(NOW - 9 * MINUTE)}  # fmt: skip
    for _ in range(2):
        push(york, batch("york", told, lost, sent_at=micros(NOW) + _))
    gaps = [(one["kind"], one["answers"], one["reason"]) for one in get(owner, "/location-gaps")["items"]]
    assert gaps == [("refused", 4, gap["reason"]), ("offline", None, "we were offline"), ("lost", 57, "full")]
    logged = [entry["kind"] for entry in entries(owner)]
    assert logged.count("location.gap") == 3


def test_the_state_is_what_the_locations_agree_on(owner: TestClient, engine: sa.Engine) -> None:
    clients = {name: agent(owner, name) for name in ("lima", "york")}
    made = shop(owner, "here", "lima", "york", confirm_after=1)
    with Session(engine) as session:
        ids = parts_of(session)
        host = session.exec(select(Monitor.service_id).limit(1)).one()

    def tell(name: str, drawing: str, start: int) -> None:
        states = {".": "up", "#": "down"}
        records = [
            answered(ids[name], NOW - (start - n) * MINUTE, states[sign], n + 1, f="refused" if sign == "#" else None)
            for n, sign in enumerate(drawing)
        ]
        push(clients[name], batch(name, *records))

    tell("york", "....###.##", 11)
    tell("lima", "....##....", 11)
    shown = get(owner, f"/monitors/{made['id']}/state")
    places = {one["location"]: (one["state"], one["missing"]) for one in shown["locations"]}
    assert places == {"here": ("unknown", True), "lima": ("up", False), "york": ("down", False)}
    assert (shown["state"], shown["agreement"]) == ("unknown", "majority")  # one of three down, one silent: undecided
    assert shown["detail"] == "1 of 3 locations is missing: here; down at york"
    # 06:49 to now: down while both were, at 06:53 and 06:54; undecided at 06:55 and from 06:57 on
    day = shown["last_day"]
    assert (day["up"], day["degraded"], day["down"]) == (5 * 60, 0, 120)
    with Session(engine) as session:
        (monitor,) = queries.monitors_of(session, host, Span(NOW - timedelta(hours=1), NOW))
        assert [one.name for one in monitor.locations] == ["shop from here", "shop from lima", "shop from york"]
        (outage,) = outages([read(monitor, NOW)], NOW)
        assert outage.span == Span(NOW - 7 * MINUTE, NOW - 5 * MINUTE)
    tell("lima", "##", 1)
    shown = get(owner, f"/monitors/{made['id']}/state")
    assert (shown["state"], shown["confirmed"], shown["error"]) == ("down", True, "refused")
    assert shown["since_at"] == "2025-07-01T06:59:00Z"  # york failed before, while lima still answered
    listed = get(owner, "/status")["items"]
    assert [(one["name"], one["state"]) for one in listed] == [("shop", "down")]
    metrics = owner.get("/metrics").text
    assert 'kept_monitor_state{monitor="shop",state="down"} 1.0' in metrics
    assert 'kept_location_asks{location="york"} 1.0' in metrics
    assert State(shown["state"]) is State.DOWN
    whole = get(owner, f"/monitors/{made['id']}")
    assert (whole["observations"], whole["state"], whole["location"]) == (22, "down", None)
    # a file cannot speak for all of them at once
    file = b"at,monitor,state\n2025-06-01T00:00:00Z,shop,up\n"
    sent = owner.post(f"{API}/observations", content=file, headers={"content-type": "text/csv"})
    assert (sent.status_code, "no monitor has the name or id 'shop'" in sent.text) == (422, True)
    with Session(engine) as session:
        assert found(session, "york").seen_at is not None
    assert datetime.fromisoformat(shown["last_at"]) <= datetime.now(UTC)
