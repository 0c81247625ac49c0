"""Windows watched minute by minute: what is noticed, when, once, and that no outcome is decided by the clock."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from app.watching.actions import watch_tick
from tests import build
from tests.build import Body, entries, get, post
from tests.watching.conftest import END, MINUTE, START, kinds, saw, ticks

on_sqlite = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
HOUR = timedelta(hours=1)


def watch(client: TestClient, window: Body) -> Any:
    return get(client, f"/windows/{window['id']}/watch")


def alerts(client: TestClient) -> list[tuple[str, str]]:
    return [(one["kind"], one["title"]) for one in get(client, "/alerts")["items"]]


def test_a_window_of_which_nothing_is_seen_ends_awaiting_its_outcome_with_the_evidence(
    owner: TestClient, engine: sa.Engine, window: Body
) -> None:
    assert watch(owner, window)["entries"] == []
    at = START - HOUR
    for minutes in (61, 1, 29, 30, 30, 29, 1, 1):  # the answers come as they would, and the tick runs behind them
        saw(engine, f".*{minutes}", at)
        at += minutes * MINUTE
        watch_tick(engine, at - MINUTE * 11 / 12)
    seen = watch(owner, window)
    assert (seen["state"], seen["outcome"]) == ("ended", "awaiting_outcome")
    opened, last = seen["entries"]
    assert (opened["kind"], opened["at"]) == ("opened", "2025-06-28T20:00:00Z")
    assert opened["text"] == "The announced start has come: 2 of 2 monitors answer. No sign of work yet."
    assert (last["kind"], last["at"], last["created_at"]) == (
        "no_sign", "2025-06-28T22:00:00Z", "2025-06-28T22:00:05Z",
    )  # fmt: skip
    assert "HOST-1: 240 of 240 observations were good, 2 h 00 min of 2 h 00 min known." in last["text"]
    assert "counts as not carried out only when a person or the provider says so" in last["text"]
    (host,) = last["evidence"]["services"]
    assert (host["good"], host["observations"], host["known_seconds"], host["unknown_seconds"]) == (240, 240, 7200, 0)
    assert [(one["name"], one["good"]) for one in host["monitors"]] == [("HTTP", 120), ("SSH", 120)]
    assert (host["outages"], host["words"], host["outcome"]) == ([], 0, "awaiting_outcome")
    assert alerts(owner) == [
        ("window_starts", "HOST-1: window 1 begins, announced until Sun 29 June 2025 00:00"),
        ("no_sign_of_work", "HOST-1: window 1 is over: no sign of work"),
    ]
    logged = [one for one in entries(owner) if one["kind"].startswith("window.watched")]
    assert [(one["kind"], one["source"], one["actor"]) for one in logged] == [
        ("window.watched_opened", "M", "watch"), ("window.watched_no_sign", "M", "watch"),
    ]  # fmt: skip
    # days later it is still awaited; then the provider says so, and only that establishes it
    watch_tick(engine, END + 33 * HOUR)
    assert watch(owner, window)["outcome"] == "awaiting_outcome"
    said = {"kind": "not_carried_out", "at": END.isoformat(), "said_at": (END + 34 * HOUR).isoformat(), "source": "P"}
    post(owner, f"/windows/{window['id']}/said", said | {"text": "The amount of data was underestimated."})
    watch_tick(engine, END + 35 * HOUR)
    settled = watch(owner, window)
    assert (settled["state"], settled["outcome"]) == ("over", "not_carried_out")
    assert "underestimated" in settled["entries"][-1]["text"]
    watch_tick(engine, END + 36 * HOUR)
    assert kinds(owner, window) == ["opened", "no_sign", "over"]


def test_an_overrun_is_noticed_in_its_minute_once_by_however_many(
    owner: TestClient, engine: sa.Engine, window: Body
) -> None:
    saw(engine, ".*60 #*120", START - HOUR)
    ticks(engine, START + 10 * MINUTE, START + 11 * MINUTE)
    assert kinds(owner, window) == ["opened", "down"]
    watch_tick(engine, END + MINUTE / 60)  # the answers of midnight are not there yet: it waits for them
    assert kinds(owner, window) == ["opened", "down"]
    saw(engine, "#*2", END)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: watch_tick(engine, END + MINUTE / 6), range(4)))
    last = watch(owner, window)["entries"][-1]
    assert (last["kind"], last["at"]) == ("overrunning", "2025-06-28T22:00:00Z")
    assert last["text"].startswith(
        "Still down at the announced end, since Sat 28 June 2025 22:00: overrunning from Sun 29 June 2025 00:00 on."
    )
    saw(engine, "#*58 .*10", END + 2 * MINUTE)
    ticks(engine, END + 2 * MINUTE, END + 70 * MINUTE, 10 * MINUTE)
    assert kinds(owner, window) == ["opened", "down", "overrunning", "answered"]
    assert watch(owner, window)["outcome"] == "overrunning"  # that it answers again closes nothing
    assert [kind for kind, _ in alerts(owner)] == ["window_starts", "window_overruns"]


@on_sqlite
def test_what_kept_did_not_see_while_it_was_down_is_said_and_noticed_afterwards(
    owner: TestClient, engine: sa.Engine, host: Body, window: Body
) -> None:
    saw(engine, ".*90 ?*60 .*60", START - HOUR)  # from 22:30 to 23:30 nothing was measured
    watch_tick(engine, END + 30 * MINUTE)
    last = watch(owner, window)["entries"][-1]
    assert (last["kind"], last["created_at"]) == ("no_sign", "2025-06-28T22:30:00Z")
    assert "58 min from Sat 28 June 2025 22:32 is unknown: nothing was measured then." in last["text"]
    (figures,) = last["evidence"]["services"]
    assert figures["unknown"] == [["2025-06-28T20:32:00.000000Z", "2025-06-28T21:30:00.000000Z"]]
    assert (figures["known_seconds"], figures["unknown_seconds"]) == (62 * 60, 58 * 60)
    assert [kind for kind, _ in alerts(owner)] == ["no_sign_of_work"]  # that it began is no news any more
    # late answers of another place say that it was down then, and beyond the end: known better, said anew
    body = {"service_id": host["id"], "name": "Frankfurt", "source": "agent", "confirm_after": 2}
    post(owner, "/monitors", body)
    saw(engine, ".*95 #*90 .*10", START - HOUR, "Frankfurt")
    watch_tick(engine, END + 50 * MINUTE)
    assert kinds(owner, window) == ["opened", "down", "no_sign", "overrunning", "answered"]
    assert watch(owner, window)["outcome"] == "overrunning"
    assert [kind for kind, _ in alerts(owner)] == ["no_sign_of_work", "window_overruns"]


@on_sqlite
def test_nothing_seen_at_all_a_failure_too_short_and_work_that_came_back_are_told_apart(
    owner: TestClient, engine: sa.Engine, host: Body, window: Body
) -> None:
    later = {"start_at": (END + HOUR).isoformat(), "end_at": (END + 2 * HOUR).isoformat()}
    more = {
        name: build.window(owner, work_id=window["work_id"], announced_at="2025-06-24T16:30:00+02:00", **given)
        for name, given in {
            "short": later,
            "back": {"start_at": (END + 3 * HOUR).isoformat(), "end_at": (END + 4 * HOUR).isoformat()},
            "silent": {"start_at": (END + 20 * HOUR).isoformat(), "end_at": (END + 21 * HOUR).isoformat()},
        }.items()
    }
    saw(engine, ".*200 #*1 .*100", START)  # one failure at 01:20 local, too few for an outage
    saw(engine, "#*30 .*60", END + 3 * HOUR + 5 * MINUTE)
    watch_tick(engine, END + 30 * HOUR)
    shown = {name: watch(owner, one)["entries"] for name, one in more.items()}
    assert [one["kind"] for one in shown["short"]] == ["opened", "awaiting"]
    assert "118 of 120 observations were good" in shown["short"][-1]["text"]
    assert shown["short"][-1]["evidence"]["services"][0]["monitors"][0]["failures_too_few"] == 1
    assert [one["kind"] for one in shown["back"]] == ["opened", "down", "answered", "awaiting"]
    assert "It was down 30 min in the window." in shown["back"][-1]["text"]
    assert [one["kind"] for one in shown["silent"]] == ["opened", "unseen"]
    assert watch(owner, more["silent"])["outcome"] == "unknown"
    quiet = [one["quiet"] for one in get(owner, "/alerts")["items"]]
    assert sum("long after" in str(one) for one in quiet) == 3  # more than a day late: written down, nobody disturbed


@on_sqlite
def test_what_was_taken_back_or_never_announced_is_not_watched(
    owner: TestClient, engine: sa.Engine, host: Body, window: Body
) -> None:
    post(owner, f"/windows/{window['id']}/withdraw", {"at": "2025-06-27T10:00:00+02:00", "text": "Postponed."})
    unannounced = build.window(
        owner, work_id=window["work_id"], start_at=START.isoformat(), end_at=END.isoformat(),
        announced_at=END.isoformat(), announced=False,
    )  # fmt: skip
    saw(engine, ".*200", START - HOUR)
    ticks(engine, START, END + MINUTE, 30 * MINUTE)
    assert kinds(owner, window) == kinds(owner, unannounced) == []
    assert watch(owner, window)["outcome"] == "withdrawn_late"
    assert alerts(owner) == []
    assert owner.get(f"{build.API}/windows/{build.NOBODY}/watch").status_code == 404
