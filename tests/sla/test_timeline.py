"""Observations to states. Drawings: one sign a minute from Tue 10 June 2025 12:00 UTC; `.` up `#` down `~` degraded
`?` nothing observed. An observation holds until the next, at most three minutes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import repeat

import pytest

from app.sla.case import Monitor, ObservedRun, State
from app.sla.spans import Span, total
from app.sla.timeline import Series, combine, down_spans, known_runs, outages, read, runs_of
from tests.sla.cases import a_span, june
from tests.timeline import MINUTE, monitor, observations

NOON = june(10, 12)


def minutes(series: Series | list[Series], until: int) -> str:
    """The states minute by minute, drawn back: `.` up `#` down `~` degraded `?` unknown."""
    many = [series] if isinstance(series, Series) else series
    within = Span(NOON, NOON + until * MINUTE)
    signs = {State.UP: ".", State.DOWN: "#", State.DEGRADED: "~", State.UNKNOWN: "?"}
    out = ""
    for start, end, state in combine(many, within, within.end):
        out += signs[state] * ((end - start) // MINUTE)
    return out


@pytest.mark.parametrize(
    ("drawing", "confirm_after", "states"),
    [
        ("..##..", 1, "..##.."),
        ("..??..", 1, "......"),  # two minutes of silence: the last answer still holds
        ("..?????..", 1, "....???.."),  # it holds for 3 min from its own minute, then nobody knows
        ("##?????..", 1, "####???.."),  # so does a failure
        ("..#...", 2, "......"),  # one failure of two: not an outage, it stays up
        ("..##..", 2, "..##.."),  # two of two: an outage, from the first of them
        ("..##..", 3, "......"),
        ("~~#~~", 2, "~~~~~"),  # what it stays is what it was
        ("..#?????..", 2, "..??????.."),  # one failure, then silence: nobody can confirm it, nobody can deny it
        ("..#?????#..", 2, "..###???#.."),  # two failures with only silence between are consecutive
        ("..#?????.#..", 2, "..??????...."),  # a good answer between: they are not
        ("..#", 2, "..?"),  # one failure as at: pending
        ("..##", 2, "..##"),
        ("???..", 1, "???.."),  # nothing before the first observation
    ],
)
def test_states(drawing: str, confirm_after: int, states: str) -> None:
    until = NOON + len(drawing) * MINUTE
    assert minutes(read(monitor(drawing, NOON, confirm_after=confirm_after), until), len(drawing)) == states


@pytest.mark.parametrize(
    ("drawings", "states"),
    [
        (["..##....", "....##.."], "..####.."),  # down if any is down
        (["..##..", "..##.."], "..##.."),  # the same outage counts once
        (["......", "~~~..."], "~~~..."),
        (["..??????..", ".........."], "....????.."),  # else unknown if one is blind
        (["..??????..", "~~~~~~~~~~"], "~~~~????~~"),
        (["..??????..", "....##...."], "....##??.."),  # a failure is known, whoever is blind
        (["......", "???..."], "......"),  # it takes part from its first observation on
    ],
)
def test_several_monitors(drawings: list[str], states: str) -> None:
    until = NOON + len(drawings[0]) * MINUTE
    many = [read(monitor(drawing, NOON, id=str(i)), until) for i, drawing in enumerate(drawings)]
    assert minutes(many, len(drawings[0])) == states
    assert minutes(many[::-1], len(drawings[0])) == states


def test_a_retired_monitor_blinds_nobody() -> None:
    gone = monitor("....", NOON, id="old", until=NOON + 4 * MINUTE)
    stays = monitor("..........", NOON, id="new")
    until = NOON + 10 * MINUTE
    assert minutes([read(gone, until), read(stays, until)], 10) == ".........."


def test_our_own_outage_is_unknown_and_its_failures_do_not_count() -> None:
    # Our line was cut 12:02 to 12:06: the failures at 12:02 … 12:05 are ours. One real failure stands at 12:06.
    own = [Span(NOON + 2 * MINUTE, NOON + 6 * MINUTE)]
    until = NOON + 10 * MINUTE
    assert minutes(read(monitor("..#####...", NOON, confirm_after=2), until, own), 10) == "..????...."
    assert minutes(read(monitor("..######..", NOON, confirm_after=2), until, own), 10) == "..????##.."
    assert down_spans([read(monitor("..######..", NOON, confirm_after=2), until, own)]) == (
        a_span(NOON + 6 * MINUTE, 2),
    )  # fmt: skip


def test_observations_after_the_moment_do_not_exist() -> None:
    watch = monitor("...#######", NOON, confirm_after=2)
    assert minutes(read(watch, NOON + 3 * MINUTE), 3) == "..."  # at 12:03 the first failure is just being seen
    series = read(watch, NOON + timedelta(minutes=3, seconds=30))
    assert series.pending == NOON + 3 * MINUTE
    assert series.failures == ()
    (run,) = known_runs(watch.runs[1:], NOON + 5 * MINUTE)
    assert run == ObservedRun(State.DOWN, NOON + 3 * MINUTE, NOON + 5 * MINUTE, 3)


@pytest.mark.parametrize(
    ("drawing", "least", "held", "most", "is_open"),
    [
        # first failure 12:02, last 12:04; good at 12:01 and 12:05
        ("..###..", 2, 3, 4, False),
        ("..#..", 0, 1, 2, False),
        # nothing good before it, or after it: no upper bound
        ("###..", 2, 3, None, False),
        ("..###", 2, 3, None, True),
        # two minutes unseen on each side widen only the upper bound: good 12:01, failed 12:04 to 12:05, good 12:08
        ("..??##??..", 1, 4, 7, False),
    ],
)
def test_bounds(drawing: str, least: int, held: int, most: int | None, is_open: bool) -> None:
    until = NOON + len(drawing) * MINUTE
    (outage,) = outages([read(monitor(drawing, NOON), until)], until)
    assert outage.at_least == least * MINUTE
    assert outage.span.length == held * MINUTE
    assert outage.at_most == (None if most is None else most * MINUTE)
    assert outage.open is is_open


def test_bounds_of_two_monitors() -> None:
    #  a: failed 12:02 12:03 12:04, good 12:01 and 12:05        b: failed 12:05 12:06, good 12:04 and 12:07
    until = NOON + 10 * MINUTE
    many = [read(monitor(d, NOON, id=d, name=d), until) for d in ("..###.....", ".....##...")]
    (outage,) = outages(many, until)
    assert outage.span == a_span(NOON + 2 * MINUTE, 5)
    assert outage.at_least == 3 * MINUTE  # 12:02 to 12:04 and 12:05 to 12:06
    assert outage.at_most == 6 * MINUTE  # 12:01 to 12:07
    assert len(outage.monitors) == 2


def test_failures_far_apart_are_two_outages() -> None:
    until = NOON + 12 * MINUTE
    assert len(outages([read(monitor("..##....##..", NOON), until)], until)) == 2


def test_runs_of_folds() -> None:
    found = list(runs_of(observations("..#?.????.", NOON), MINUTE))
    assert [(run.state.value, (run.first_at - NOON) // MINUTE, (run.last_at - NOON) // MINUTE, run.count)
            for run in found] == [("up", 0, 1, 2), ("down", 2, 2, 1), ("up", 4, 4, 1), ("up", 9, 9, 1)]  # fmt: skip


def test_runs_of_at_one_instant_keeps_the_worst() -> None:
    twice = [(NOON, State.UP), (NOON, State.DOWN), (NOON, State.UP)]
    assert list(runs_of(twice, MINUTE)) == [ObservedRun(State.DOWN, NOON, NOON, 1)]


def test_runs_of_refuses_time_that_runs_backwards() -> None:
    with pytest.raises(ValueError, match=r"in order of time.*for example"):
        list(runs_of([(NOON, State.UP), (NOON - MINUTE, State.UP)], MINUTE))


def test_runs_of_streams() -> None:
    def endless() -> Iterator[tuple[datetime, State]]:
        at = NOON
        for state in repeat(State.UP):
            yield at, state
            at += 5 * MINUTE  # each one stale before the next: a run each

    stream = runs_of(endless(), MINUTE)
    assert [next(stream).count for _ in range(3)] == [1, 1, 1]


def test_no_observation_at_all() -> None:
    silent = Monitor("m1", "m1", MINUTE, 1, ())
    assert minutes(read(silent, NOON + 5 * MINUTE), 5) == "?????"
    assert total(down_spans([read(silent, NOON)])) == timedelta(0)
