"""Outages, sites alone, slowness and a missing prober: told once as they begin and end; what was announced is quiet."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from sqlmodel import select

from app.db import transaction
from app.probes.tables import Prober
from app.watching.actions import watch_tick
from app.watching.tables import Trouble
from app.watching.telling import prober_tick, trouble_tick
from tests import build
from tests.build import Body, get, post
from tests.watching.conftest import END, MINUTE, START, saw

on_sqlite = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
BEFORE = START - timedelta(hours=10)  # Sat 28 June 12:00 in Berlin


def told(client: TestClient) -> list[tuple[Any, ...]]:
    items = get(client, "/alerts", limit=500)["items"]
    return [(one["kind"], one["title"], one["quiet"]) for one in items]


def test_an_outage_is_told_once_as_it_begins_and_as_it_ends(owner: TestClient, engine: sa.Engine, host: Body) -> None:
    saw(engine, ".*60 #", BEFORE)
    trouble_tick(engine, BEFORE + 60.5 * MINUTE)
    assert told(owner) == []  # one failure is none
    saw(engine, "#*3", BEFORE + 61 * MINUTE)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: trouble_tick(engine, BEFORE + 63 * MINUTE), range(4)))
    (first,) = get(owner, "/alerts")["items"]
    assert (first["kind"], first["title"]) == ("outage", "HOST-1 is down since Sat 28 June 2025 13:00")
    assert first["text"].startswith("Seen by HTTP, SSH. The last good answer came Sat 28 June 2025 12:59.")
    assert first["service_id"] == host["id"]
    trouble_tick(engine, BEFORE + 75 * MINUTE)  # nothing has come since: silence ends nothing
    saw(engine, "#*20 .*5", BEFORE + 64 * MINUTE)
    for minute in (84.5, 85, 90):
        trouble_tick(engine, BEFORE + minute * MINUTE)
    saw(engine, "#*3 .*3", BEFORE + 89 * MINUTE)  # an outage that nobody ran through is told when it is over
    trouble_tick(engine, BEFORE + 94.5 * MINUTE)
    assert told(owner)[1:] == [
        ("outage_ended", "HOST-1 answers again since Sat 28 June 2025 13:24", None),
        ("outage", "HOST-1 was down for 3 min from Sat 28 June 2025 13:29", None),
    ]
    trouble_tick(engine, BEFORE + 600 * MINUTE)
    assert len(told(owner)) == 3


@on_sqlite
def test_what_was_announced_is_quiet_and_its_overrun_is_not(owner: TestClient, engine: sa.Engine, window: Body) -> None:
    saw(engine, ".*60 #*30 .*30", START - 60 * MINUTE)
    trouble_tick(engine, START + 3 * MINUTE)
    trouble_tick(engine, START + 32 * MINUTE)
    saw(engine, "#*80 .*5", START + 60 * MINUTE)
    for minute in (65, 121, 122, 143):
        watch_tick(engine, START + minute * MINUTE)
        trouble_tick(engine, START + minute * MINUTE)
    quiet = "inside window 1, announced until Sun 29 June 2025 00:00"
    assert told(owner) == [
        ("outage", "HOST-1 is down since Sat 28 June 2025 22:00", quiet),
        ("outage_ended", "HOST-1 answers again since Sat 28 June 2025 22:30", quiet),
        ("window_starts", "HOST-1: window 1 begins, announced until Sun 29 June 2025 00:00", None),
        ("outage", "HOST-1 is down since Sat 28 June 2025 23:00", quiet),
        ("window_overruns", "HOST-1: window 1 overruns its announced end Sun 29 June 2025 00:00", None),
        ("outage_ended", "HOST-1 answers again since Sun 29 June 2025 00:20", None),
    ]


@pytest.mark.parametrize(
    "change",
    [{"impact": "NO-IMPACT"}, {"announced_at": (START - timedelta(hours=3)).isoformat()}, {"withdrawn": True}],
    ids=["said to do no harm", "too late a notice", "taken back"],
)
@on_sqlite
def test_an_outage_in_a_window_that_does_not_cover_it_is_told(
    owner: TestClient, engine: sa.Engine, host: Body, change: Body
) -> None:
    agreement = post(owner, "/agreements", {"service_id": host["id"], "title": "Managed server"})
    body = {"effective_from": "2025-01-01", "source": "contract", "retrieved_on": "2025-01-15", "terms": build.TERMS}
    post(owner, f"/agreements/{agreement['id']}/terms", body | {"text": "99.9 % a month."})
    given = {"announced_at": "2025-06-24T16:30:00+02:00"} | {k: v for k, v in change.items() if k != "withdrawn"}
    made = build.window(
        owner, work_id=build.work(owner, services=[host["id"]])["id"], start_at=START.isoformat(),
        end_at=END.isoformat(), **given,
    )  # fmt: skip
    if "withdrawn" in change:
        post(owner, f"/windows/{made['id']}/withdraw", {"at": "2025-06-27T10:00:00+02:00", "text": "Postponed."})
    saw(engine, ".*60 #*30", START - 60 * MINUTE)
    trouble_tick(engine, START + 3 * MINUTE)
    assert told(owner) == [("outage", "HOST-1 is down since Sat 28 June 2025 22:00", None)]


@on_sqlite
def test_sites_that_fail_together_are_one_alert_and_a_site_alone_waits_for_the_others(
    owner: TestClient, engine: sa.Engine
) -> None:
    host, client = build.service(owner), build.larkfield(owner)
    for n in range(6):
        made = build.site(owner, client_id=client["id"], name=f"s{n}.example", number=f"S-{n}")
        if n < 5:  # the last sits on no service
            body = {"service_id": host["id"], "from_at": "2025-01-01T00:00:00Z"}
            post(owner, f"/sites/{made['id']}/placements", body)
        body = {"site_id": made["id"], "name": f"s{n}", "source": "own probe", "confirm_after": 2}
        post(owner, "/monitors", body)
    saw(engine, ".*60", BEFORE)
    at = BEFORE + 60 * MINUTE
    saw(engine, "#*3 .*3", at, "s0")
    saw(engine, ".*6", at, "s1", "s2", "s3", "s4")
    saw(engine, "#*6", at, "s5")
    trouble_tick(engine, at + 1.5 * MINUTE)
    assert [title.split(" since")[0] for _, title, _ in told(owner)] == ["s5 is down"]
    trouble_tick(engine, at + 2.5 * MINUTE)
    trouble_tick(engine, at + 5.5 * MINUTE)
    saw(engine, "#*5 .*5", at + 6 * MINUTE, "s0", "s1", "s2", "s3")
    saw(engine, "~*10", at + 6 * MINUTE, "s4")
    trouble_tick(engine, at + 8 * MINUTE)
    trouble_tick(engine, at + 15.5 * MINUTE)
    saw(engine, ".*3", at + 16 * MINUTE)
    trouble_tick(engine, at + 18.5 * MINUTE)
    said = [(kind, title.split(" since")[0]) for kind, title, _ in told(owner)]
    assert said == [
        ("outage", "s5 is down"), ("outage", "s0 is down"), ("outage_ended", "s0 answers again"),
        ("outage", "HOST-1 is down"), ("degraded", "HOST-1 is slow or not current"),
        ("outage_ended", "HOST-1 answers again"), ("degraded", "HOST-1 is no longer slow"),
        ("outage_ended", "s5 answers again"),
    ]  # fmt: skip
    together = get(owner, "/alerts", kind="outage")["items"][2]
    assert "s0.example, s1.example, s2.example, s3.example" in together["text"]


@on_sqlite
def test_a_monitor_that_was_retired_tells_nothing_more(owner: TestClient, engine: sa.Engine, host: Body) -> None:
    saw(engine, ".*60 #*5", BEFORE)
    trouble_tick(engine, BEFORE + 64 * MINUTE)
    for one in get(owner, "/monitors")["items"]:
        until = (BEFORE + 65 * MINUTE).isoformat()
        post(owner, f"/monitors/{one['id']}/retire", {"until_at": until, "reason": "moved"}, status=200)
    trouble_tick(engine, BEFORE + 70 * MINUTE)
    assert len(told(owner)) == 1
    with transaction(engine) as session:
        assert session.exec(select(Trouble)).one().ended_at is not None


@on_sqlite
def test_a_prober_that_is_missing_is_told_after_a_minute_and_when_it_is_back(
    owner: TestClient, engine: sa.Engine
) -> None:
    prober_tick(engine, START)
    assert told(owner) == []  # nobody is to be asked
    post(owner, "/monitors", {"address": "https://shop.example/", "service_id": build.service(owner)["id"]})
    now = START + timedelta(days=30)

    def seen(at: Any) -> None:
        with transaction(engine) as session:
            row = session.get(Prober, "here") or Prober(name="here", turn=1, since_at=at, seen_at=at, health={})
            row.holder, row.seen_at = "me", at
            session.add(row)

    seen(now)
    prober_tick(engine, now + MINUTE / 4)
    seen(now + MINUTE)
    prober_tick(engine, now + 2 * MINUTE)  # a restart, perhaps
    seen(now + 2.5 * MINUTE)
    prober_tick(engine, now + 2.6 * MINUTE)
    assert told(owner) == []
    for minute in (4, 4.5, 5, 6, 7):
        prober_tick(engine, now + minute * MINUTE)
    seen(now + 8 * MINUTE)
    prober_tick(engine, now + 8 * MINUTE)
    prober_tick(engine, now + 8.1 * MINUTE)
    assert [title for _, title, _ in told(owner)] == ["Kept's prober does not run", "Kept's prober asks again"]
