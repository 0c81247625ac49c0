"""Every monitor of a service is asked at the very start and end of its windows and every minute between, for certain:
also one that is asked hourly, one whose answer is long in coming, and one whose window is announced while it waits."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from app.prober.clocks import micros
from app.prober.schedule import Turns, occasion
from app.probes.desk import LocalDesk
from app.probes.vault import Vault
from app.watching.queries import occasions
from tests import build
from tests.build import Body, post
from tests.watching.conftest import END as WINDOW_END
from tests.watching.conftest import START as WINDOW_START
from tests.world.plan import Notes, prober, watching
from tests.world.time import DAY, Hours, living

SECOND = 1_000_000
START = micros(DAY)
OPENS, CLOSES = START + 3600 * SECOND, START + 10_800 * SECOND


def test_the_moments_of_a_window_follow_from_the_last_question() -> None:
    window, minute = [(600, 600 + 150 * SECOND)], 60 * SECOND
    assert occasion(window, 0, 60) == 600
    assert occasion(window, 600, 60) == 600 + 150 * SECOND  # every minute is its own interval
    asked = [moment := 0] + [moment := occasion(window, moment, 3600) or 0 for _ in range(4)]
    assert asked == [0, 600, 600 + minute, 600 + 2 * minute, 600 + 150 * SECOND]
    assert occasion(window, 600 + 150 * SECOND, 3600) is None
    assert occasion(window, 600 + 149 * SECOND, 60) == 600 + 150 * SECOND
    assert occasion([(5, 9), (1, 3)], 0, 60) == 1


def test_a_question_in_between_does_not_use_up_the_turn() -> None:
    turns = Turns("monitor", 60, Random(7))
    first = turns.next(START)
    assert turns.next(START + 1) == turns.next(first - 1) == first
    assert first < turns.next(first) <= first + 63 * SECOND
    assert turns.next(START - 86_400 * SECOND) < START  # the clock was set back


def test_start_end_and_every_minute_between_and_the_usual_turns_besides() -> None:
    late = watching(3, interval=86_400)
    told = ((OPENS, CLOSES),)
    given = [replace(watching(1, interval=3600), windows=told), replace(watching(2), windows=told), late]
    desk = Notes(given)
    loop = Hours(DAY)

    def fate(host: str, second: int) -> str:  # the hourly one gets no answer for five seconds over the end
        return "mute" if host == "host1.example" and 10_798 <= second < 10_803 else "up"

    async def run() -> None:
        made = prober(desk, loop, fate, coarse=True)
        running = asyncio.ensure_future(made.run())
        await asyncio.sleep(3000)
        desk.given = [*given[:2], replace(late, windows=told)]  # announced while it sleeps until tomorrow
        await asyncio.sleep(3 * 3600)
        made.stop()
        await running

    living(run(), loop)
    for key in (1, 2, 3):
        asked = [answer.at for answer in desk.answers if answer.key == key]
        inside = [at for at in asked if OPENS <= at <= CLOSES + 6 * SECOND]
        assert inside[0] - OPENS < SECOND / 100
        assert any(0 <= at - CLOSES < (6 if key == 1 else 0.01) * SECOND for at in inside)
        assert max(after - before for before, after in pairwise(inside)) <= (66 if key == 1 else 62.1) * SECOND
        assert len(inside) <= (250 if key == 2 else 126)
    every_minute = [answer.at for answer in desk.answers if answer.key == 2]
    before = [at for at in every_minute if at < OPENS]
    assert abs((every_minute[-1] - before[-1]) % (60 * SECOND) - 30 * SECOND) >= 27 * SECOND  # its place is what it was
    hourly = [answer.at for answer in desk.answers if answer.key == 1]
    assert len([at for at in hourly if at < OPENS]) <= 2
    assert len([at for at in hourly if at > CLOSES + 20 * SECOND]) <= 1  # the retry of the failure left out


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_the_prober_is_handed_the_windows_of_the_next_hours(
    owner: TestClient, engine: sa.Engine, host: Body, window: Body, tmp_path: Path
) -> None:
    shop = build.site(owner)
    post(owner, f"/sites/{shop['id']}/placements", {"service_id": host["id"], "from_at": "2025-01-01T00:00:00Z"})
    post(owner, "/monitors", {"address": "https://shop.larkfield.example/", "interval_seconds": 3600})
    elsewhere = build.service(owner, name="HOST-2", provider_id=host["provider_id"])
    post(owner, "/monitors", {"address": "https://other.example/", "service_id": elsewhere["id"]})
    at = [WINDOW_START - timedelta(hours=7)]
    desk = LocalDesk(engine, Vault(tmp_path / "key"), lambda: at[0], occasions=occasions)

    def handed() -> dict[str, tuple[tuple[int, int], ...]] | None:
        given = desk._assignments()
        return None if given is None else {one.spec.host: one.windows for one in given}

    assert handed() == {"shop.larkfield.example": (), "other.example": ()}
    assert handed() is None
    at[0] += timedelta(hours=1)
    told = (micros(WINDOW_START), micros(WINDOW_END))
    assert handed() == {"shop.larkfield.example": (told,), "other.example": ()}
    at[0] = WINDOW_END + timedelta(minutes=4)
    assert handed() is None
    post(owner, f"/windows/{window['id']}/withdraw", {"at": "2025-06-27T10:00:00+02:00", "text": "Postponed."})
    assert handed() == {"shop.larkfield.example": (), "other.example": ()}
