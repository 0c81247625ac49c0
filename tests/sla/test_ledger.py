"""Every second of the raw downtime is counted with its outage or not with its clause. June 2025, UTC."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sla.case import Ticket
from app.sla.judge import judge
from app.sla.spans import Span
from app.sla.statement import Statement
from tests.sla.cases import a_case, a_span, a_window, june, some_terms

M, S = timedelta(minutes=1), timedelta(seconds=1)
WORDS = "Work announced two days ahead is not downtime."


def ticket(at: datetime) -> Ticket:
    return Ticket("t", "T-1", "Down", "urgent", at)


def told(statement: Statement) -> list[tuple[int, bool, str]]:
    return [(part.span.length // M, part.counted, part.clause) for part in statement.down_parts]


def lines(statement: Statement) -> dict[str, str]:
    return {line.label: line.value for line in statement.calculation}


def test_an_excused_window_and_its_overrun() -> None:
    terms = some_terms(source_quotes={"maintenance.scheduled_excluded": {"text": WORDS}})
    statement = judge(a_case(a_span(june(10, 22), 180), windows=(a_window(june(10, 22)),), terms=terms))
    assert told(statement) == [(120, False, WORDS), (60, True, "")]
    excused, overrun = statement.down_parts
    assert excused.why == "Inside the announced window 1, Tue 10 June 2025 22:00 to Wed 11 June 2025 00:00."
    assert (excused.outage, overrun.outage, overrun.why) == (1, 1, "Outage 1; nothing excuses it.")
    assert lines(statement) == {
        "Raw downtime": "10800 s", "Excused": "-7200 s", "Counted downtime": "3600 s", "SLA method": "3600 s",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("window", "why"),
    [
        ({"notice_hours": 24}, "It was announced 24 h 00 min before its start; the terms ask for 48 h 00 min."),
        ({"announced": False}, "Nothing was announced."),
        ({"emergency": True, "notice_hours": 1}, "The terms do not excuse emergency work."),
    ],
)
def test_what_a_window_does_not_excuse_says_why(window: dict[str, Any], why: str) -> None:
    statement = judge(a_case(a_span(june(10, 22), 180), windows=(a_window(june(10, 22), **window),)))
    assert told(statement) == [(120, True, ""), (60, True, "")]
    assert statement.down_parts[0].why == f"Window 1 lies over it and excuses none of it: {why}"


@pytest.mark.parametrize(
    ("down", "terms", "more", "parts"),
    [
        # 4 min are shorter than 5: not counted
        ([(3, 4), (5, 6)], {"counting": {"min_outage_seconds": 300}}, {},
         [(4, False, "counting.min_outage_seconds"), (6, True, "")]),
        # the first hour of two is excused, then the maintenance hours are used up
        ([(10, 180)], {"maintenance": {"scheduled_excluded": True, "max_hours_per_period": "1"}},
         {"windows": (a_window(june(10)),)},
         [(60, False, "maintenance.scheduled_excluded"), (60, True, ""), (60, True, "")]),
        # a ticket 30 min into the first outage, none in the second
        ([(3, 90), (5, 20)], {"counting": {"clock_start": "ticket_opened"}}, {"tickets": (ticket(june(3, 0, 30)),)},
         [(30, False, "counting.clock_start"), (60, True, ""), (20, False, "counting.clock_start")]),
        # hours of every day
        ([(3, 90)], {"maintenance": {"recurring": {"start_local": "00:00", "end_local": "01:00", "timezone": "UTC"}}},
         {}, [(60, False, "maintenance.recurring"), (30, True, "")]),
        # over the month's start, counted whole where it began
        ([(1, 90)], {"attribution": "start_period"}, {}, [(90, True, "")]),
        # before the service existed is no downtime of it at all
        ([(3, 90)], {}, {"in_service": Span(june(3, 1), june(30))}, [(30, True, "")]),
    ],
)  # fmt: skip
def test_each_second_has_its_clause(
    down: list[tuple[int, int]], terms: dict[str, Any], more: dict[str, Any], parts: list[tuple[int, bool, str]]
) -> None:
    spans = [a_span(june(day), length) for day, length in down]
    statement = judge(a_case(*spans, terms=some_terms(**terms), **more))
    assert told(statement) == parts


def test_an_outage_of_the_month_before_belongs_to_it() -> None:
    over = Span(june(1) - 30 * M, june(1) + 45 * M)
    statement = judge(a_case(over, a_span(june(3), 10), terms=some_terms(attribution="start_period")))
    assert told(statement) == [(45, False, "attribution"), (10, True, "")]
    assert lines(statement)["Of another period"] == "-2700 s"


def test_the_end_of_an_outage_that_began_here() -> None:
    over = Span(june(30, 23, 30), june(30, 23, 59) + 31 * M)
    statement = judge(a_case(over, terms=some_terms(attribution="start_period")))
    assert told(statement) == [(30, True, "")]
    assert (lines(statement)["Whole outages"], lines(statement)["SLA method"]) == ("1800 s", "3600 s")


def test_gaps_and_quanta_are_lines() -> None:
    merged = some_terms(counting={"merge_gap_seconds": 300})
    statement = judge(a_case(a_span(june(3), 10), a_span(june(3, 0, 14), 10), terms=merged))
    assert (lines(statement)["Merge gap"], lines(statement)["SLA method"]) == ("240 s", "1440 s")
    buckets = some_terms(counting={"quantum": {"kind": "buckets", "minutes": 5, "rule": "whole"}})
    statement = judge(a_case(a_span(june(3, 0, 2), 10), terms=buckets))  # 00:02 to 00:12 fills 00:05 to 00:10 alone
    assert (lines(statement)["Quantum"], lines(statement)["SLA method"]) == ("-300 s", "300 s")


def test_without_terms_no_clause_is_named() -> None:
    statement = judge(replace(a_case(a_span(june(3), 60)), terms=()))
    assert told(statement) == [(60, False, "no clause")]
    assert "SLA method" not in lines(statement)


COUNTING = st.fixed_dictionaries({
    "clock_start": st.sampled_from(["outage", "ticket_opened"]),
    "min_outage_seconds": st.sampled_from([0, 240, 600]),
    "merge_gap_seconds": st.sampled_from([0, 180]),
    "quantum": st.sampled_from([{"kind": "exact"}, {"kind": "whole_minutes"}, {"kind": "buckets", "minutes": 5}]),
})  # fmt: skip
MAINTENANCE = st.sampled_from([
    {}, {"scheduled_excluded": True}, {"scheduled_excluded": True, "max_hours_per_period": "0.5"},
    {"scheduled_excluded": True, "covers": "performed_work"},
    {"recurring": {"start_local": "09:50", "end_local": "10:20", "timezone": "UTC"}},
])  # fmt: skip
DOWN = st.lists(st.tuples(st.integers(-90, 200), st.integers(1, 90)), max_size=5)


@given(DOWN, COUNTING, MAINTENANCE, st.sampled_from(["clip", "start_period"]), st.booleans(), st.integers(0, 150))
def test_the_parts_are_the_raw_downtime_to_the_second(
    down: list[tuple[int, int]], counting: dict[str, Any], maintenance: dict[str, Any], attribution: str,
    in_service: bool, as_at: int,
) -> None:  # fmt: skip
    ten = june(1, 1)
    spans: list[Span] = []
    for start, length in sorted(down):
        span = a_span(ten + start * M, length)
        if not spans or span.start > spans[-1].end:
            spans.append(span)
    terms = some_terms(counting=counting, maintenance=maintenance, attribution=attribution)
    statement = judge(
        a_case(
            *spans, terms=terms, windows=(a_window(ten, 45),), tickets=(ticket(ten + 10 * M),),
            in_service=Span(june(1, 0, 30), june(20)) if in_service else None, as_at=ten + as_at * M,
        )
    )  # fmt: skip
    parts = statement.down_parts
    assert sum((part.span.length for part in parts), timedelta(0)) == statement.readings[0].down
    assert all(one.span.end <= other.span.start for one, other in pairwise(parts))
    for part in parts:
        (outage,) = [one for one in statement.outages if one.number == part.outage]
        assert outage.span.clip(part.span) == part.span
        assert bool(part.clause) is not part.counted
        assert part.why
    sums = [int(value.removesuffix(" s")) for label, value in lines(statement).items() if label not in SUMS]
    excused = sum((part.span.length for part in statement.excused), timedelta(0))
    known = sum((part.span.length for part in parts if not part.counted), timedelta(0))
    assert excused <= known
    raw, counted = (int(lines(statement)[label].removesuffix(" s")) for label in ("Raw downtime", "Counted downtime"))
    assert counted * S == sum((part.span.length for part in parts if part.counted), timedelta(0))
    assert raw + sum(sums) == statement.readings[2].down // S


SUMS = ("Raw downtime", "Counted downtime", "SLA method")
