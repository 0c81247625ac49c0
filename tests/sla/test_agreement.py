"""Several locations ask the same: what they agree on, from when to when, and what cannot be decided.

Tue 10 June 2025, UTC, one sign a minute from 10:00 on.
"""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sla.agreement import RULES, needed, rule_text
from app.sla.case import Monitor, State
from app.sla.judge import judge
from app.sla.spans import Span, total
from app.sla.sweep import WORST_KNOWN, joined, sweep
from app.sla.timeline import Series, combine, outages, read
from tests.sla.cases import CLOSED, JUNE, a_case, june
from tests.timeline import MINUTE, runs, steady

TEN = june(10, 10)
SIGNS = {State.UP: ".", State.DOWN: "#", State.DEGRADED: "~", State.UNKNOWN: "?"}
LATER = TEN + timedelta(days=1)


def at(minute: int) -> datetime:
    return TEN + minute * MINUTE


def places(*drawings: str, rule: str = "majority", confirm: int = 1) -> Monitor:
    parts = tuple(
        Monitor(f"m{n}", f"shop from {'abcdef'[n]}", MINUTE, confirm, runs(drawing, TEN))
        for n, drawing in enumerate(drawings)
    )
    return Monitor("m", "shop", MINUTE, confirm, (), locations=parts, agreement=rule)


def drawn(series: Series, minutes: int) -> str:
    """The state in the middle of each minute."""
    whole = joined(sweep((TEN, at(minutes)), series.segments, rank=WORST_KNOWN))
    middles = [at(n) + MINUTE / 2 for n in range(minutes)]
    return "".join(SIGNS[next(state for a, b, state in whole if a <= middle < b)] for middle in middles)


@pytest.mark.parametrize(
    ("rule", "seen", "expected"),
    [
        ("majority", ("...##..", "...##..", "......."), "...##.."),
        ("majority", ("...##..", ".......", "......."), "......."),  # one of three is a bad path
        ("any", ("...##..", ".......", "......."), "...##.."),
        ("all", ("...##..", "...##..", "......."), "......."),
        ("all", ("...##..", "..###..", "...###."), "..###.."),  # from the first failure of those that agree
        ("2", ("...##..", "....##.", "......."), "...##.."),  # until so many are down no more
        ("3", ("...##..", "...##..", "...#..."), "...#..."),
        # one that fails for long alone does not lend its hours: b was up until minute 5
        ("2", (".######.", ".....##.", "........"), ".....##."),
        ("majority", ("~~~~...", "~~.....", "......."), "~~....."),
        # the third is silent: nothing after three minutes; one down and one silent is undecided, two up are up
        ("majority", ("........#..", ".......###.", ".??????????"), ".......##?."),
        ("any", ("........", ".???????"), "...?????"),
        ("all", ("..####..", ".???????"), "...???.."),
        ("2", (".......", ".......", "???????"), "......."),  # one that never answered casts no doubt on two
        ("2", ("..##...", ".......", "???????"), "..??..."),
    ],
)
def test_what_the_locations_agree_on(rule: str, seen: tuple[str, ...], expected: str) -> None:
    minutes = len(expected)
    assert drawn(read(places(*seen, rule=rule), LATER), minutes) == expected


def test_how_many_are_needed() -> None:
    assert [needed(rule, 3) for rule in (*RULES, "2")] == [1, 2, 3, 2]
    assert [needed("majority", n) for n in (1, 2, 3, 4, 5)] == [1, 2, 2, 3, 3]
    assert rule_text("majority", 5) == "3 of its 5 locations"


def test_an_outage_dates_from_the_first_failure_and_keeps_its_bounds() -> None:
    """Seconds apart: a fails at 10:03:10, b at 10:03:40; both answered at :10 and :40 of the minute before."""
    a = Monitor("a", "shop from a", MINUTE, 1, runs("...###..", at(0) + timedelta(seconds=10)))
    b = Monitor("b", "shop from b", MINUTE, 1, runs("...##...", at(0) + timedelta(seconds=40)))
    c = Monitor("c", "shop from c", MINUTE, 1, runs("........", at(0) + timedelta(seconds=55)))
    series = read(Monitor("m", "shop", MINUTE, 1, (), locations=(a, b, c), agreement="2"), LATER)
    (found,) = outages([series], LATER)
    first, last_good, good = at(3) + timedelta(seconds=10), at(2) + timedelta(seconds=40), at(5) + timedelta(seconds=40)
    assert (found.span, found.first_failed_at) == (Span(first, good), first)
    assert (found.last_good_at, found.first_good_at) == (last_good, good)
    # at least: both between failures of their own, 10:03:40 to 10:04:40; at most 10:02:40 to 10:05:40
    assert (found.at_least, found.span.length, found.at_most) == (
        timedelta(seconds=60), timedelta(seconds=150), timedelta(seconds=180)
    )  # fmt: skip
    assert series.apart == (Span(good, at(6) + timedelta(seconds=10)),)


def test_one_answer_between_two_outages_bounds_both() -> None:
    series = read(places(".########.", ".###.####.", "..........", rule="2"), LATER)
    first, second = outages([series], LATER)
    assert (first.span, second.span) == (Span(at(1), at(4)), Span(at(5), at(9)))
    assert (first.first_good_at, second.last_good_at) == (at(4), at(4))
    assert second.first_failed_at == at(5)


def test_a_location_that_was_away_before_it_failed_dates_nothing_back() -> None:
    """b was silent for twenty minutes, and came back down: a's failures before are one location's alone."""
    silent = "." + "?" * 19
    series = read(places("." * 5 + "#" * 20 + ".", silent + "#" * 5 + ".", rule="all"), LATER)
    (found,) = outages([series], LATER)
    assert found.span.start == at(20)
    assert (found.last_good_at, found.first_good_at) == (at(4), at(25))
    assert drawn(series, 26) == "....." + "?" * 15 + "#" * 5 + "."


def test_failures_are_confirmed_where_they_are_seen() -> None:
    assert drawn(read(places(".#...", ".#...", rule="2", confirm=2), LATER), 5) == "....."
    assert drawn(read(places(".##..", ".##..", rule="2", confirm=2), LATER), 5) == ".##.."
    assert drawn(read(places("..#", "..#", rule="2", confirm=2), at(3)), 3) == "..?"


def test_a_retired_location_takes_no_part_from_then_on() -> None:
    three = places(".........", "..####...", "..####...", rule="majority")
    gone = replace(three, locations=(*three.locations[:2], replace(three.locations[2], until=at(4))))
    # of two, the majority is two: b alone is none
    assert drawn(read(gone, LATER), 9) == "..##....."
    two = replace(gone, agreement="2", locations=(gone.locations[1], gone.locations[2]))
    assert drawn(read(two, LATER), 9) == "..##??..."  # "2" stays two: one alone decides nothing while it is down


def test_our_own_outages_and_a_locations_are_unknown() -> None:
    own = (Span(at(3), at(5)),)
    assert drawn(read(places(".######.", ".######.", rule="2"), LATER, own), 8) == ".##??##."
    cut = places(".######.", ".######.", "........", rule="2")
    cut = replace(cut, locations=(replace(cut.locations[0], gaps=own), *cut.locations[1:]))
    assert drawn(read(cut, LATER), 8) == ".##??##."  # the second says down, the third up, the first nothing


drawings = st.text(alphabet=".#?~", min_size=1, max_size=40)


@given(st.lists(drawings, min_size=1, max_size=5), st.sampled_from([*RULES, "1", "2"]), st.integers(1, 3), st.randoms())
def test_every_drawing_is_decided_by_counting(
    seen: list[str], rule: str, confirm: int, shuffler: random.Random
) -> None:
    """Minute by minute against the count of the locations' own states; nothing depends on their order."""
    monitor = places(*seen, rule=rule, confirm=confirm)
    now = at(max(len(drawing) for drawing in seen) + 5)
    series = read(monitor, now)
    shuffled = list(monitor.locations)
    shuffler.shuffle(shuffled)
    again = read(replace(monitor, locations=tuple(shuffled)), now)
    assert (again.segments, again.failures, again.apart) == (series.segments, series.failures, series.apart)
    need = needed(rule, len(seen))
    minutes = max(len(drawing) for drawing in seen) + 5
    said, each = drawn(series, minutes), [drawn(part, minutes) for part in series.parts]
    starts = series.first_at
    for minute, state in enumerate(said):
        here = "".join(one[minute] for one in each)
        down, silent = here.count("#"), here.count("?") + max(0, need - len(seen))
        if starts is None or at(minute) < starts:
            assert state == "?"
        elif down >= need:
            assert state == "#"
        elif state == "#":  # dated back: the next minute that is counted is down, and somebody failed already
            assert down, (seen, minute)
            assert "#" in said[minute + 1 :]
        elif down + silent >= need:
            assert state == "?"
        else:
            assert state == ("~" if down + here.count("~") >= need else ".")
    assert total([f.held for f in series.failures]) == said.count("#") * MINUTE
    for outage in outages([series], now):
        assert outage.at_least <= outage.span.length
        assert outage.at_most is None or outage.span.length <= outage.at_most
    assert combine([series], Span(TEN, now), now)[-1][1] == now


@given(drawings, st.integers(1, 3))
def test_any_of_one_location_is_that_location(drawing: str, confirm: int) -> None:
    one, alone = places(drawing, rule="any", confirm=confirm), places(drawing).locations[0]
    now = at(len(drawing) + 5)
    series, expected = read(one, now), read(replace(alone, confirm_after=confirm), now)
    assert drawn(series, len(drawing) + 5) == drawn(expected, len(drawing) + 5)
    held = [(f.span, f.last_good_at, f.first_good_at, f.at_least) for f in outages([expected], now)]
    assert [(f.span, f.last_good_at, f.first_good_at, f.at_least) for f in outages([series], now)] == held


def test_the_statement_names_its_witnesses_and_says_who_is_missing() -> None:
    def whole(name: str, drawing: str) -> Monitor:
        after = TEN + len(drawing) * MINUTE
        before = steady((june(1) - MINUTE, TEN, State.UP))
        return Monitor(name, f"shop from {name}", MINUTE, 1,
                       (*before, *runs(drawing, TEN), *steady((after, JUNE.span.end + MINUTE, State.UP))))  # fmt: skip

    parts = (
        whole("berlin", "..####..#."),
        whole("york", "...###...."),
        Monitor("lima", "shop from lima", MINUTE, 1, ()),
    )
    monitor = Monitor("m", "shop", MINUTE, 1, (), locations=parts, agreement="2")
    statement = judge(a_case(monitors=(monitor,), as_at=CLOSED))
    (outage,) = statement.outages
    assert outage.monitors == ("shop",)
    assert [(one.name, one.first_failed_at, one.last_failed_at) for one in outage.witnesses] == [
        ("shop from berlin", at(2), at(5)),
        ("shop from york", at(3), at(5)),
    ]
    assert [note for note in statement.notes if "shop" in note] == [
        "shop leaves 1 min undecided; that time is unknown.",
        "shop is down where 2 of its 3 locations are down at once; one that is silent decides nothing.",
        "shop from lima has given no observation; that location is missing.",
        "shop: for 1 min fewer locations than agreed were down; that is no outage.",
    ]
