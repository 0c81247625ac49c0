"""Sites of one service that fail together are one outage with as many witnesses; one alone is left out, visibly.

June 2025, UTC. Sites are drawn one sign a minute from Tue 10 June 10:00 on; before and after they answered.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sla.case import Case, Monitor, Site, State
from app.sla.clauses import Together
from app.sla.judge import judge
from app.sla.seen import look
from app.sla.spans import Span, intersect, minus, total, union
from app.sla.statement import Statement, Witness
from app.sla.together import quorum
from tests.sla.cases import CLOSED, JUNE, a_case, a_monitor, a_span, june, some_terms
from tests.timeline import runs, steady

M = timedelta(minutes=1)
TEN = june(10, 10)
ALWAYS = Span(june(1) - timedelta(days=400), june(1) + timedelta(days=400))


def at(minute: int) -> datetime:
    return TEN + minute * M


def a_site(drawing: str, name: str = "a", placed: Span = ALWAYS, confirm_after: int = 1) -> Site:
    """Answered each minute of June but for what is drawn from 10:00 on; its monitor is of its own."""
    after = TEN + len(drawing) * M
    before = steady((june(1) - M, TEN, State.UP))
    series = (*before, *runs(drawing, TEN), *steady((after, JUNE.span.end + M, State.UP)))
    return Site(name, f"{name}.example", (placed,), (Monitor(f"{name}-m", name, M, confirm_after, series),))


def sites(*drawings: str, **more: Any) -> tuple[Site, ...]:
    return tuple(a_site(drawing, chr(97 + index), **more) for index, drawing in enumerate(drawings))


def judged(*drawings: str, **changes: Any) -> Statement:
    return judge(a_case(**{"sites": sites(*drawings), **changes}))


@pytest.mark.parametrize(
    ("drawings", "down", "left"),
    [
        (["...", "..."], 0, []),
        ([".###.", "....."], 0, [("a", 3)]),  # one of two: alone, though it is half of them
        ([".###.", ".###."], 3, []),
        ([".###.", ".###.", "....."], 3, []),
        # 5 sites: two are less than half, three are enough; of c's 4 minutes 2 are together with a and b
        ([".###.", ".###.", ".....", ".....", "....."], 0, [("a", 3), ("b", 3)]),
        (["..####..", "..####..", "....####", "........", "........"], 2, [("a", 2), ("b", 2), ("c", 2)]),
        # sites nobody observed have no voice: what they answered at 09:59 holds until 10:02
        (["...###.", "...###.", "???????", "???????", "???????"], 3, []),
        # a fails a minute before the others: the edge of the outage, not an outage of its own
        (["####.", ".###."], 3, []),
        (["######.", "...###."], 3, [("a", 3)]),  # three minutes before: its own trouble first
    ],
)
def test_together_or_alone(drawings: list[str], down: int, left: list[tuple[str, int]]) -> None:
    statement = judged(*drawings)
    assert statement.readings[0].down == down * M
    assert [(one.site_id, one.in_period // M) for one in statement.left_out] == left
    assert statement.readings[2].down == down * M  # what is left out does not reach the contract's reading


def test_one_outage_with_its_witnesses() -> None:
    """The service's monitor failed 10:02 to 10:06, two sites 10:01 to 10:05 and 10:03 to 10:08."""
    own = a_monitor(Span(at(2), at(6)), id="HOST-1")
    statement = judged(".####.....", "...#####..", ".........", monitors=(own,))
    (outage,) = statement.outages
    assert outage.span == Span(at(2), at(6))  # together 10:03 to 10:05 lies inside it: counted once
    assert statement.totals.down == 4 * M
    assert outage.witnesses == (
        Witness("HOST-1", None, at(2), at(5)),
        Witness("a.example", "a", at(1), at(4)),
        Witness("b.example", "b", at(3), at(6)),  # it failed until 10:07; the service answered again at 10:06
    )
    assert [(one.site_id, one.span) for one in statement.left_out] == [("b", Span(at(6), at(8)))]
    assert statement.left_out[0].why.startswith("1 of 3 sites observed failed at once; together are at least 2 of them")


def test_bounds_come_from_the_sites() -> None:
    """a: last good 10:00, fails 10:01-10:06, good 10:07. b: silent 10:02, last good 10:01, fails 10:03-10:05, silent
    10:06, good 10:07. Together as held 10:03 to 10:07; sure 10:03 to 10:05; possible 10:01 to 10:07."""
    (outage,) = judged(".######.", "..?###?.").outages
    assert (outage.at_least, outage.as_held, outage.at_most) == (2 * M, 4 * M, 6 * M)
    assert (outage.first_failed_at, outage.last_failed_at) == (at(3), at(5))
    assert (outage.last_good_at, outage.first_good_at) == (at(1), at(7))
    assert outage.monitors == ("2 sites together",)


def test_still_running_and_never_seen_good() -> None:
    drawn = tuple(
        replace(site, monitors=(replace(site.monitors[0], runs=runs("#####", TEN)),)) for site in sites(".", ".")
    )
    (outage,) = judge(a_case(sites=drawn, as_at=at(5))).outages
    assert (outage.open, outage.at_most, outage.last_good_at, outage.first_good_at) == (True, None, None, None)
    assert (outage.as_held, outage.at_least) == (5 * M, 4 * M)


@pytest.mark.parametrize(
    ("rule", "down"),
    [
        ({}, 0),  # two of five are less than half
        ({"min_share_percent": "40"}, 3),  # exactly two of five: enough
        ({"min_share_percent": "40.1"}, 0),
        ({"min_sites": 3, "min_share_percent": "0"}, 0),
        ({"min_sites": 1, "min_share_percent": "0"}, 4),  # the contract counts any site
    ],
)
def test_the_terms_may_say_how_many(rule: dict[str, Any], down: int) -> None:
    terms = some_terms(counting={"together": rule})
    statement = judged("..###.", ".###..", "......", "......", "......", terms=terms)
    assert statement.readings[0].down == (2 * M if down == 3 else down * M)


def test_a_site_speaks_only_while_it_stood_there() -> None:
    moved = Span(at(3), ALWAYS.end)
    statement = judge(a_case(sites=(a_site(".######.", "a"), a_site(".######.", "b", placed=moved))))
    assert statement.readings[0].down == 4 * M  # 10:03 to 10:07
    assert [(one.site_id, one.in_period) for one in statement.left_out] == [("a", 2 * M)]


def test_a_short_run_of_failures_is_no_witness() -> None:
    statement = judged(".#..", ".#..", sites=sites(".#..", ".#..", confirm_after=2))
    assert (statement.totals.down, statement.left_out) == (timedelta(0), ())


def test_sites_alone_speak_for_a_service_without_a_monitor() -> None:
    """Up while any answers, down while they fail together, else unknown."""
    statement = judge(a_case(sites=sites(".###.", ".###.", "?????"), monitors=(), as_at=at(5)))
    assert statement.totals.down == 3 * M
    assert statement.coverage == 1
    assert any("has no monitor of its own" in note for note in statement.notes)
    lone = judge(a_case(sites=sites(".###."), monitors=(), as_at=at(5)))
    assert (lone.totals.down, lone.totals.unknown) == (timedelta(0), 3 * M)  # it may be the site, it may be the server


def test_the_lower_amount_holds_for_what_sites_saw() -> None:
    """7 h 12 min may be down below 99.0 % of 30 days. Sites every 5 min: held 7 h 15, at least 7 h 10: 10 % at least,
    30 % as held."""
    five = 5 * M
    back = TEN + 435 * M
    spells = ((june(1), TEN, State.UP), (TEN, back, State.DOWN), (back, JUNE.span.end + five, State.UP))
    seen = tuple(
        Site(name, name, (ALWAYS,), (Monitor(name, name, five, 1, steady(*spells, interval=five)),)) for name in "ab"
    )
    statement = judge(a_case(sites=seen))
    (outage,) = statement.outages
    assert (outage.at_least, outage.as_held) == (430 * M, 435 * M)
    assert statement.credit is not None
    assert (str(statement.credit.amount), str(statement.credit.lower_amount)) == ("120.00", "40.00")


def test_the_counter_reading_takes_from_what_sites_saw() -> None:
    statement = judged("." + 60 * "#" + ".", "." + 60 * "#" + ".")
    assert statement.counter is not None
    found = {one.key: one for one in statement.counter.arguments}
    assert {key: one.removes for key, one in found.items()} == {"ticket_clock": 60 * M, "sites": 60 * M}
    assert found["sites"].answer.startswith("The service's own monitor still answered; 2 of its sites failed at once.")
    assert not statement.counter.breach
    both = judge(a_case(a_span(at(1), 60), sites=sites("." + 60 * "#" + ".", "." + 60 * "#" + ".")))
    assert both.counter is not None
    assert [one.key for one in both.counter.arguments] == ["ticket_clock"]  # its own monitor saw it too


def test_the_statement_says_its_rule() -> None:
    notes = judged(".###.", ".....").notes
    assert any("at least 2 of them and 50 %" in note for note in notes)
    assert not any("failed at once" in note for note in judge(a_case()).notes)


SPANS = st.lists(
    st.tuples(st.integers(0, 40), st.integers(1, 10)).map(lambda pair: a_span(at(pair[0]), pair[1])), max_size=4
)


@given(st.lists(SPANS, max_size=5), st.integers(1, 3), st.sampled_from(["0", "34", "50", "100"]))
def test_every_minute_is_counted_as_by_hand(down: list[list[Span]], least: int, share: str) -> None:
    rule = Together.model_validate({"min_sites": least, "min_share_percent": share})
    everywhere = [(Span(TEN, at(60)),) for _ in down]
    found = quorum([union(spans) for spans in down], everywhere, rule)
    by_hand = 0
    for minute in range(60):
        failed = sum(1 for spans in down if intersect(spans, [a_span(at(minute), 1)]))
        by_hand += failed >= least and failed * 100 >= int(share) * len(down)
    assert total(found) == by_hand * M


DRAWINGS = st.lists(st.text(alphabet=".#?~", min_size=20, max_size=20), min_size=1, max_size=4)


def case_of(drawings: list[str], own: str) -> Case:
    monitor = Monitor("m", "m", M, 1, (*steady((june(1), TEN, State.UP)), *runs(own, TEN)))
    return a_case(sites=sites(*drawings), monitors=(monitor,), as_at=at(20))


@given(DRAWINGS, st.text(alphabet=".#?", min_size=20, max_size=20))
def test_a_sites_downtime_is_the_services_or_left_out_or_an_edge(drawings: list[str], own: str) -> None:
    statement = judge(case_of(drawings, own))
    service = [outage.span for outage in statement.outages]
    for outage in statement.outages:
        assert outage.at_least <= outage.as_held
        assert outage.at_most is None or outage.at_most >= outage.as_held
        assert outage.witnesses
    for site in statement.sites:
        alone = [one.span for one in statement.left_out if one.site_id == site.site_id]
        assert not intersect(alone, service)
    for one in look(case_of(drawings, own)).sites:
        alone = [left.span for left in statement.left_out if left.site_id == one.site.id]
        for rest in minus(one.down, union(service, alone)):
            assert rest.length <= M


def test_judged_in_any_order() -> None:
    drawn = sites(".###.", "..###", ".....")
    assert judge(a_case(sites=drawn[::-1], as_at=CLOSED)) == judge(a_case(sites=drawn, as_at=CLOSED))
