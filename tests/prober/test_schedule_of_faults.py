"""A day of faults on a schedule, probed, folded and judged, against the schedule itself, second by second."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from random import Random

import pytest

from app.prober.clocks import micros
from app.sla import case
from app.sla.case import State
from app.sla.spans import Span
from app.sla.timeline import outages, own_spans, read, runs_of
from tests.world.plan import Notes, prober, watching
from tests.world.time import DAY, Hours, living

DAYS = 1
HOSTS = 3
INTERVAL, CONFIRM, LIMIT = 60, 3, 5
RETRIES = (CONFIRM - 1) * 10 + CONFIRM * LIMIT  # what an outage must last to be seen three times for sure


def schedule(random: Random) -> dict[str, list[tuple[int, int, str]]]:
    """For each host its faults: from, to (seconds), kind. Some are blips shorter than the confirmation."""
    out = {}
    for number in range(HOSTS):
        faults, at = [], 300
        while at < DAYS * 86_400 - 20_000:
            at += random.randint(1_000, 9_000)
            length = random.choice((4, 20, 200, 900, 7_200))
            faults.append((at, at + length, random.choice(("refused", "mute"))))
            at += length
        out[f"host{number}.example"] = faults
    return out


def at(second: float) -> datetime:
    return DAY + timedelta(seconds=second)


@pytest.fixture(scope="module")
def plan() -> dict[str, list[tuple[int, int, str]]]:
    return schedule(Random(11))


@pytest.fixture(scope="module")
def notes(plan: dict[str, list[tuple[int, int, str]]]) -> Notes:
    desk = Notes([watching(key, interval=INTERVAL, confirm_after=CONFIRM) for key in range(HOSTS)])
    loop = Hours(DAY)

    def fate(host: str, second: int) -> str:
        return next((kind for low, high, kind in plan[host] if low <= second < high), "up")

    async def run() -> None:
        made = prober(desk, loop, fate, online=lambda: not 60_000 <= loop.time() < 62_000, coarse=True)
        running = asyncio.ensure_future(made.run())
        await asyncio.sleep(DAYS * 86_400)
        made.stop()
        await running

    living(run(), loop)
    return desk


def series(desk: Notes, key: int) -> case.Monitor:
    seen = sorted((answer.at, answer.outcome.state) for answer in desk.answers if answer.key == key)
    stamped = [(DAY + timedelta(microseconds=moment - micros(DAY)), state) for moment, state in seen]
    interval = timedelta(seconds=INTERVAL)
    return case.Monitor(str(key), f"host{key}", interval, CONFIRM, tuple(runs_of(stamped, interval)))


def test_every_outage_lies_within_its_bounds_and_none_is_invented(
    notes: Notes, plan: dict[str, list[tuple[int, int, str]]]
) -> None:
    end = at(DAYS * 86_400)
    own = own_spans([case.OwnOutage(Span(at((g.start - micros(DAY)) / 1e6), at((g.end - micros(DAY)) / 1e6)), "")
                     for g in notes.gaps])  # fmt: skip
    found = missed = 0
    for key in range(HOSTS):
        held = outages([read(series(notes, key), end, own)], end)
        faults = [(at(low), at(high)) for low, high, _ in plan[f"host{key}.example"]]
        seen = set()
        for outage in held:
            (true,) = [(low, high) for low, high in faults if low < outage.span.end and outage.span.start < high]
            seen.add(true)
            found += 1
            if any(span.start <= outage.span.end and outage.span.start <= span.end for span in own):
                continue
            assert true[0] <= outage.first_failed_at + timedelta(seconds=LIMIT), key
            assert outage.last_failed_at <= true[1], key
            assert outage.at_least <= true[1] - true[0]
            assert outage.last_good_at is not None
            assert outage.first_good_at is not None
            assert outage.last_good_at <= true[0]
            assert outage.first_good_at >= true[1] - timedelta(seconds=LIMIT)
            assert abs((outage.span.end - outage.span.start) - (true[1] - true[0])) <= timedelta(seconds=INTERVAL + 12)
        for low, high in faults:
            if (low, high) not in seen:
                missed += 1
                blind = any(span.start < high and low < span.end for span in own)
                assert blind or high - low < timedelta(seconds=INTERVAL + RETRIES), (key, low, high)
    assert found > 10
    assert missed > 3  # the blips


def test_second_by_second(notes: Notes, plan: dict[str, list[tuple[int, int, str]]]) -> None:
    """Where it says up it was up, where it says down it was down, but for the seconds between two answers."""
    end = at(DAYS * 86_400)
    own = own_spans([case.OwnOutage(Span(at((g.start - micros(DAY)) / 1e6), at((g.end - micros(DAY)) / 1e6)), "")
                     for g in notes.gaps])  # fmt: skip
    for key in range(HOSTS):
        said: list[State] = [State.UNKNOWN] * (DAYS * 86_400)
        for low, high, state in read(series(notes, key), end, own).segments:
            for second in range(int((low - DAY).total_seconds()), int((high - DAY).total_seconds())):
                said[second] = state
        truth = [State.UP] * len(said)
        near = [False] * len(said)
        for low_second, high_second, _ in plan[f"host{key}.example"]:
            for second in range(low_second, high_second):
                truth[second] = State.DOWN
            short = high_second - low_second < INTERVAL + RETRIES  # too short to be confirmed for sure
            for edge in (low_second, high_second):
                for second in range(edge - LIMIT - 1, min(len(near), edge + INTERVAL + 12)):
                    near[second] = True
            for second in range(low_second, high_second if short else low_second):
                near[second] = True
        known = (second for second, state in enumerate(said) if state is not State.UNKNOWN)
        wrong = [second for second in known if said[second] is not truth[second] and not near[second]]
        assert wrong == []
        unknown = sum(state is State.UNKNOWN for state in said)
        ours = sum((span.end - span.start).total_seconds() for span in own)
        assert unknown <= ours + 60 + 180 * len(plan[f"host{key}.example"])
