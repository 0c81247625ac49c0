"""A place that is asked from and falls silent; a window of which an agent's batches are all there is."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from sqlmodel import select

from app.db import transaction
from app.prober.clocks import micros
from app.prober.remote.form import AnswerPart, Batch
from app.probes.locations.actions import found, retire_location
from app.probes.locations.batches import take
from app.probes.tables import Monitor
from app.watching.actions import watch_tick
from app.watching.silence import bound, location_tick
from tests import build
from tests.build import Body, get, post
from tests.conftest import NOW
from tests.watching.conftest import END, MINUTE, START, kinds

on_sqlite = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
HOUR = timedelta(hours=1)
SPOOL = "0" * 32
SAID = {".": "up", "#": "down"}


def told(client: TestClient) -> list[str]:
    return [one["title"] for one in get(client, "/alerts", kind="location_silent")["items"]]


def heard(engine: sa.Engine, now: datetime, drawing: str = "", start: datetime = START) -> None:
    """A batch of york's agent comes: answers of its monitors a minute apart, or none; `?` is none."""
    signs = "".join(part[0] * int(part[2:] or 1) for part in drawing.split())
    with transaction(engine) as session:
        records = [
            AnswerPart(n=n, k="a", m=str(id_), at=micros(start + (n - 1) * MINUTE), s=SAID[sign], off=0)
            for id_ in session.exec(select(Monitor.id).where(Monitor.location == "york"))
            for n, sign in enumerate(signs, 1)
            if sign != "?"
        ]
        batch = Batch(location="york", spool=SPOOL, records=records, sent_at=micros(now), off=0)
        take(session, found(session, "york"), batch, f"{now:%s} {drawing}", now)


def york(owner: TestClient, service_id: str, **values: Any) -> Body:
    body = {"address": "https://shop.example/", "name": "shop", "service_id": service_id, "locations": ["york"]}
    return post(owner, "/monitors", body | values)


def test_so_long_a_location_may_say_nothing() -> None:
    # three of its shortest interval, three minutes at the least, an hour at the most
    assert [bound(seconds) for seconds in (10, 60, 300, 86_400)] == [3 * MINUTE, 3 * MINUTE, 15 * MINUTE, HOUR]


def test_a_location_that_falls_silent_is_told_once_and_once_when_it_is_heard_again(
    owner: TestClient, engine: sa.Engine
) -> None:
    post(owner, "/locations", {"name": "york"})
    at = NOW + 30 * 24 * HOUR
    location_tick(engine, at)
    assert told(owner) == []  # nobody is asked from there
    york(owner, build.service(owner)["id"], interval_seconds=120)
    heard(engine, at)
    for minute in (1, 5.9, 6, 6.1, 7):  # noticed after three intervals of two minutes, watched for one more
        location_tick(engine, at + minute * MINUTE)
    assert told(owner) == []
    heard(engine, at + 7.2 * MINUTE)  # Kept itself was away: the agent comes back at once, and nobody is told
    location_tick(engine, at + 7.3 * MINUTE)
    assert told(owner) == []
    for minute in (14, 15, 15.1, 40):
        location_tick(engine, at + minute * MINUTE)
    assert told(owner) == ["The location york is silent"]
    (alert,) = get(owner, "/alerts")["items"]
    assert "has not been heard since 31 Jul 07:07:12Z" in alert["text"]
    heard(engine, at + 50 * MINUTE, ".*40", at + 8 * MINUTE)
    for minute in (50, 51):
        location_tick(engine, at + minute * MINUTE)
    assert told(owner)[1:] == ["The location york is heard again"]
    # it falls silent once more: another silence; then it is retired, and there is nothing left to tell
    for minute in (60, 61, 62):
        location_tick(engine, at + minute * MINUTE)
    assert told(owner)[2:] == ["The location york is silent"]
    post(owner, f"/monitors/{get(owner, '/monitors')['items'][0]['id']}/retire",
         {"until_at": NOW.isoformat(), "reason": "moved"}, 200)  # fmt: skip
    with transaction(engine) as session:
        retire_location(session, found(session, "york"), reason="given up", now=at + 63 * MINUTE)
    for minute in (64, 300):
        location_tick(engine, at + minute * MINUTE)
    assert len(told(owner)) == 3


@on_sqlite
def test_a_location_whose_agent_never_came_is_told(owner: TestClient, engine: sa.Engine) -> None:
    post(owner, "/locations", {"name": "york"})
    york(owner, build.service(owner)["id"])
    for minute in (2, 4, 5, 90):
        location_tick(engine, NOW + minute * MINUTE)
    (alert,) = get(owner, "/alerts")["items"]
    assert "not been heard yet: its agent never came" in alert["text"]


@on_sqlite
def test_a_window_is_watched_by_an_agents_batches_alone(owner: TestClient, engine: sa.Engine) -> None:
    """What comes late from its disk makes it known: first that nothing was seen, then that it overran."""
    host = build.service(owner)
    post(owner, "/locations", {"name": "york"})
    york(owner, host["id"])
    work = build.work(owner, services=[host["id"]])["id"]
    first, second = (
        build.window(owner, work_id=work, announced_at="2025-06-20T16:30:00+02:00",
                     start_at=(START + day).isoformat(), end_at=(END + day).isoformat())
        for day in (timedelta(0), timedelta(days=1))
    )  # fmt: skip
    heard(engine, START, ".*60", START - HOUR)
    watch_tick(engine, START + 5 * MINUTE)
    heard(engine, END + MINUTE, ".*122", START)
    watch_tick(engine, END + MINUTE)
    assert kinds(owner, first) == ["opened", "no_sign"]
    last = get(owner, f"/windows/{first['id']}/watch")["entries"][-1]
    assert "120 of 120 observations were good, 2 h 00 min of 2 h 00 min known" in last["text"]
    assert [one["name"] for one in last["evidence"]["services"][0]["monitors"]] == ["shop"]
    # the second night its line is cut from before the start until long after the end
    day = timedelta(days=1)
    heard(engine, START + day - 10 * MINUTE, ".*50", START + day - HOUR)
    watch_tick(engine, END + day + 2 * MINUTE)
    assert kinds(owner, second) == ["opened", "unseen"]
    heard(engine, END + day + 3 * HOUR, ".*5 #*230 .*60", START + day)
    watch_tick(engine, END + day + 3 * HOUR)
    assert kinds(owner, second) == ["opened", "down", "unseen", "overrunning", "answered"]
    seen = get(owner, f"/windows/{second['id']}/watch")
    assert seen["outcome"] == "overrunning"
    assert [one["kind"] for one in get(owner, "/alerts")["items"]] == [
        "window_starts", "no_sign_of_work", "window_ended", "window_overruns",
    ]  # fmt: skip
