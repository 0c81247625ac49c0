"""The loop: spread, retries, limits, what is ours and what is theirs, a desk that is away, an orderly end."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any

from app.prober.clocks import micros
from app.prober.engine import Prober
from app.prober.outcome import Fault
from app.sla.case import State
from tests.world.plan import Fate, Notes, prober, watching
from tests.world.time import DAY, Hours, living

START = micros(DAY)


def up(host: str, second: int) -> str:
    return "up"


def lived(
    desk: Notes, length: float, fate: Fate = up, *, then: Callable[[Prober, Hours], Any] | None = None, **more: Any
) -> Hours:
    """Lets a prober live for so many seconds; `then` is called with it at each whole minute."""
    loop = Hours(DAY)

    async def run() -> None:
        made = prober(desk, loop, fate, **more)
        running = asyncio.ensure_future(made.run())
        while loop.time() < length:
            await asyncio.sleep(min(60.0, length - loop.time()))
            if then is not None:
                then(made, loop)
        made.stop()
        await running

    living(run(), loop)
    return loop


def times(desk: Notes, key: int) -> list[float]:
    return [(answer.at - START) / 1_000_000 for answer in desk.answers if answer.key == key]


def test_each_monitor_has_its_own_place_in_the_minute_and_keeps_it() -> None:
    desk = Notes([watching(key) for key in range(120)])
    lived(desk, 1500)
    per_second = Counter(int(second) for key in range(120) for second in times(desk, key) if second > 60)
    assert max(per_second.values()) <= 12  # 2 a second would be perfectly even; aligned minutes would make it 120
    for key in range(120):
        turns = times(desk, key)[1:]
        assert 23 <= len(turns) <= 25
        gaps = [after - before for before, after in pairwise(turns[1:])]
        assert all(57.9 <= gap <= 62.1 for gap in gaps), key
    again = Notes([watching(key) for key in range(120)])
    lived(again, 300)
    for key in range(120):
        assert abs(times(again, key)[2] - times(desk, key)[2]) <= 2.1


def test_a_new_monitor_is_asked_at_once_and_a_retired_one_never_again() -> None:
    desk = Notes([watching(1)])

    def change(made: Prober, loop: Hours) -> None:
        if round(loop.time()) == 120:
            desk.given = [watching(2)]

    lived(desk, 300, then=change)
    assert times(desk, 1)[0] < 1
    assert max(times(desk, 1)) < 123
    assert 120 < times(desk, 2)[0] < 123


def test_many_new_ones_are_no_burst() -> None:
    desk = Notes([watching(key) for key in range(600)])
    lived(desk, 30)
    per_second = Counter(int(times(desk, key)[0]) for key in range(600))
    assert max(per_second.values()) < 120
    assert max(per_second) <= 12


def test_a_failure_is_asked_about_again_until_it_is_confirmed() -> None:
    desk = Notes([watching(1)])
    lived(desk, 600, lambda host, second: "refused" if 100 <= second < 300 else "up")
    failures = [(answer.at - START) / 1e6 for answer in desk.answers if answer.outcome.state is State.DOWN]
    gaps = [round(after - before) for before, after in pairwise(failures)]
    assert gaps[:2] == [10, 10]
    assert all(gap > 30 for gap in gaps[2:])
    assert {answer.outcome.fault for answer in desk.answers} == {None, Fault.REFUSED}


def test_no_monitor_overlaps_itself_and_no_host_is_asked_by_too_many() -> None:
    running: Counter[str] = Counter()
    most: defaultdict[str, int] = defaultdict(int)

    def during(host: str) -> None:
        running[host] += 1
        most[host] = max(most[host], running[host])
        asyncio.get_running_loop().call_later(2.02, running.subtract, [host])

    shared = [watching(key, interval=5, host="one.example") for key in range(40)]
    alone = watching(99, interval=1, host="alone.example")
    lived(Notes([*shared, alone]), 60, lambda host, second: "slow", during=during, per_host=4)
    assert most["one.example"] == 4
    assert most["alone.example"] == 1


def test_our_own_outage_is_unknown_and_its_span_is_recorded() -> None:
    desk = Notes([watching(key) for key in range(20)])

    def online() -> bool:
        return not 1000 <= asyncio.get_running_loop().time() < 1700

    lived(desk, 2400, lambda host, second: "mute" if 1000 <= second < 1700 else "up", online=online)
    states = Counter((answer.outcome.state, answer.outcome.fault) for answer in desk.answers)
    assert set(states) == {(State.UP, None), (State.UNKNOWN, Fault.OFFLINE)}
    spans = [((gap.start - START) / 1e6, (gap.end - START) / 1e6) for gap in desk.gaps]
    assert len(spans) == 3  # in pieces of five minutes, so that a kill loses little
    assert all(before[1] == after[0] for before, after in pairwise(spans))
    assert 995 <= spans[0][0] <= 1012
    assert 1700 <= spans[-1][1] <= 1706


def test_a_real_failure_while_we_are_online_stays_theirs() -> None:
    desk = Notes([watching(1)])
    lived(desk, 600, lambda host, second: "refused" if second > 200 else "up", online=lambda: True)
    assert desk.gaps == []
    assert desk.answers[-1].outcome.state is State.DOWN


def test_a_clock_that_jumps_makes_a_span_of_our_own() -> None:
    for jump in (timedelta(hours=1), timedelta(minutes=-5)):
        desk = Notes([watching(key) for key in range(5)])

        def turn(made: Prober, loop: Hours, jump: timedelta = jump) -> None:
            if round(loop.time()) == 300:
                loop.shift = jump

        lived(desk, 1200, then=turn)
        (gap,) = desk.gaps
        assert abs((gap.end - gap.start) / 1e6 - abs(jump.total_seconds())) < 1
        assert abs((min(gap.start, gap.end) - START) / 1e6 - (300 if jump > timedelta(0) else 0)) < 1
        assert len({(answer.key, answer.at) for answer in desk.answers}) == len(desk.answers)


def test_a_desk_that_is_away_loses_nothing() -> None:
    desk = Notes([watching(key, interval=5) for key in range(10)], broken=20)
    lived(desk, 300)
    for key in range(10):
        gaps = [after - before for before, after in pairwise(times(desk, key))]
        assert max(gaps) < 11
    assert len(desk.answers) > 500
    assert desk.health is not None
    assert desk.health.asked >= len(desk.answers)


def test_at_the_end_what_was_answered_is_written() -> None:
    desk = Notes([watching(key, interval=2) for key in range(50)])
    kept: list[Prober] = []
    lived(desk, 60.7, then=lambda made, loop: kept.append(made))
    assert desk.health is not None
    assert kept[0].answers == []
    assert abs(desk.health.asked - len(desk.answers)) == 0


def test_a_loop_that_is_too_late_blames_nobody() -> None:
    """The steady clock stands for our own machine: it moves on by five seconds while a question waits."""
    desk = Notes([watching(1)])
    loop = Hours(DAY)

    def stall(host: str) -> None:
        if 200 <= loop.time() < 300:
            loop.leap.passed += 6

    async def run() -> None:
        made = prober(desk, loop, lambda host, second: "mute" if 190 <= second < 300 else "up", during=stall)
        running = asyncio.ensure_future(made.run())
        await asyncio.sleep(500)
        made.stop()
        await running

    living(run(), loop)
    late = [answer for answer in desk.answers if answer.outcome.fault is Fault.LATE]
    assert late
    assert all(answer.outcome.state is State.UNKNOWN and answer.phases.total is None for answer in late)
    assert not [a for a in desk.answers if a.outcome.state is State.DOWN and 200e6 <= a.at - START < 290e6]
