"""A period in which the terms change, judged in parts. June 2025, UTC, 30 days at EUR 400.00; new on Mon 16 June."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.sla.case import Case, DatedTerms
from app.sla.judge import judge
from app.sla.spans import Span, union
from app.sla.statement import PromiseStatus, Statement, Verdict
from app.sla.terms import Sla
from tests.sla.cases import a_case, a_monitor, a_span, a_window, june, some_terms
from tests.sla.test_judge import REPAIR, event, unseen

M = timedelta(minutes=1)


def tiers(*rows: tuple[str, str]) -> dict[str, Any]:
    return {"kind": "uptime_tiers", "tiers": [{"below": below, "percent": percent} for below, percent in rows]}


OLD: dict[str, Any] = {"target_percent": "99", "credit": tiers(("99", "5"), ("95", "100"))}
NEW: dict[str, Any] = {"target_percent": "99.9", "credit": tiers(("99.9", "10"), ("99.0", "30"))}


def dated(old: Sla | None, new: Sla | None, change: date = date(2025, 6, 16)) -> tuple[DatedTerms, ...]:
    out = [DatedTerms("old", date(2024, 1, 1), change, old)] if old is not None else []
    return (*out, *([DatedTerms("new", change, None, new)] if new is not None else []))


def split(*down: Span, old: dict[str, Any] | None = OLD, new: dict[str, Any] | None = NEW, **facts: Any) -> Case:
    before, after = (some_terms(**terms) if terms is not None else None for terms in (old, new))
    return replace(a_case(*down, **facts), terms=dated(before, after))


def amounts(statement: Statement) -> list[str]:
    return ["-" if part.credit is None else str(part.credit.amount) for part in statement.parts]


@pytest.mark.parametrize(
    ("down", "verdicts", "each", "amount"),
    [
        # allowed: 1 % of 21600 min = 216 min, then 0.1 % of 21600 = 21.6 min
        ([], "met met", ["-", "-"], None),
        ([a_span(june(3), 60)], "met met", ["-", "-"], None),  # 60 of 216: under the new text alone it were missed
        ([a_span(june(20), 60)], "met breached", ["-", "20.00"], "20.00"),  # 99.72 %: 10 % of 200
        ([a_span(june(20), 21)], "met met", ["-", "-"], None),
        ([a_span(june(3), 300)], "breached met", ["10.00", "-"], "10.00"),  # 98.61 %: 5 % of 200
        ([a_span(june(3), 300), a_span(june(20), 60)], "breached breached", ["10.00", "20.00"], "30.00"),
        # over the change, 30 min on each side: 30 of 216, 30 of 21.6
        ([a_span(june(15, 23, 30), 60)], "met breached", ["-", "20.00"], "20.00"),
    ],
)
def test_each_part_under_its_own_terms(down: list[Span], verdicts: str, each: list[str], amount: str | None) -> None:
    statement = judge(split(*down))
    assert " ".join(part.verdict.value for part in statement.parts) == verdicts
    assert amounts(statement) == each
    assert (str(statement.credit.amount) if statement.credit else None) == amount
    assert statement.verdict.value == ("breached" if "breached" in verdicts else "met")
    assert statement.breach is ("breached" in verdicts)
    assert statement.allowed == 216 * M + 21 * M + timedelta(seconds=36)
    assert [part.terms_id for part in statement.parts] == ["old", "new"]
    assert statement.terms_id == "new"
    assert [part.target for part in statement.parts] == [Fraction(99, 100), Fraction(999, 1000)]
    assert statement.readings[0].down == sum((span.length for span in down), timedelta(0))
    (note,) = (note for note in statement.notes if "terms changed" in note)
    assert note == (
        "The terms changed within the period; it is judged in two parts: 1 to 15 June 2025, under the terms from "
        "1 January 2024, 99 % promised; 16 to 30 June 2025, under the terms from 16 June 2025, 99.9 % promised."
    )


def test_the_minimum_length_is_asked_of_the_whole_outage() -> None:
    """23:30 to 00:30 is one of 60 min, longer than 45; each half alone would be too short."""
    least = {"counting": {"min_outage_seconds": 2700}}
    statement = judge(split(a_span(june(15, 23, 30), 60), old={**OLD, **least}, new={**NEW, **least}))
    assert [part.readings[2].down for part in statement.parts] == [30 * M, 30 * M]
    assert statement.readings[2].down == 60 * M


def test_each_part_excuses_by_its_own_terms() -> None:
    """The old text excuses announced work, the new one is silent: 22:00 to 02:00, half of it on each side."""
    facts = split(a_span(june(15, 22), 240), windows=(a_window(june(15, 22), 240),), new={**NEW, "maintenance": {}})
    statement = judge(facts)
    assert [part.readings[2].down for part in statement.parts] == [0 * M, 120 * M]
    assert [part.span for part in statement.excused] == [a_span(june(15, 22), 120)]


def test_the_sum_is_rounded_once() -> None:
    """Half of 100.05 is 50.025; 10 % of it 5.0025, twice 10.005: half up 10.01, where rounded parts come to 10.00."""
    down = (a_span(june(3), 60), a_span(june(20), 60))
    facts = split(*down, old={**NEW, "claim": {"kind": "automatic"}}, monthly_fee=Decimal("100.05"))
    statement = judge(facts)
    assert amounts(statement) == ["5.00", "5.00"]
    assert statement.credit is not None
    assert str(statement.credit.amount) == "10.01"
    lines = {line.label: line for line in statement.credit.lines}
    assert lines["Amount"].note == "5.0025 + 5.0025, rounded once, half up"
    assert lines["Part 1: Base"].value == "50.03 EUR"
    assert lines["Part 1: Base"].note == "1/2 of the monthly fee: its part of the period by time"
    assert lines["Part 2"].note == "16 to 30 June 2025, under the terms from 16 June 2025, 99.9 % promised"


def test_caps_and_minimum_are_each_parts_own() -> None:
    """600 min under 5 % per 30 min: 20 × 5 % of 400 = 400.00, at most 100 % of that part's 200.00."""
    unit = {"credit": {"kind": "per_unit", "percent": "5", "unit_minutes": 30}, "cap_percent": "100"}
    assert amounts(judge(split(a_span(june(20), 600), new={**NEW, **unit}))) == ["-", "200.00"]
    # 60 min: 2 × 5 % of 400, as on any other day of a month
    assert amounts(judge(split(a_span(june(20), 60), new={**NEW, **unit}))) == ["-", "40.00"]
    least = {"min_credit": {"rule": "greater_than", "amount": "20.00"}}
    assert amounts(judge(split(a_span(june(20), 60), new={**NEW, **least}))) == ["-", "0.00"]


def test_a_part_without_terms_promises_nothing() -> None:
    statement = judge(split(a_span(june(3), 60), a_span(june(20), 600), new=None))
    assert [part.verdict for part in statement.parts] == [Verdict.MET, Verdict.UNPROVEN]
    assert (statement.verdict, statement.credit) == (Verdict.MET, None)
    assert statement.readings[0].down == 660 * M
    assert statement.readings[2].down == 60 * M
    assert any("16 to 30 June 2025, without terms: nothing is promised" in note for note in statement.notes)
    late = judge(split(a_span(june(20), 60), old=None))
    assert [part.terms_id for part in late.parts] == ["", "new"]
    assert late.verdict is Verdict.BREACHED


def test_no_service_and_no_terms_is_no_change() -> None:
    """Leased from 16 June, under terms from 16 June: the time before is nobody's, and the month is judged whole."""
    facts = split(a_span(june(20), 60), old=None, in_service=Span(june(16), datetime(2200, 1, 1, tzinfo=UTC)))
    statement = judge(facts)
    assert statement.parts == ()
    assert statement.verdict is Verdict.BREACHED


def test_versions_that_read_the_same_are_no_change() -> None:
    quoted = {"source_quotes": {"target_percent": {"text": "99.9 %"}}, "version": "renewed"}
    statement = judge(split(a_span(june(20), 60), old=NEW, new={**NEW, **quoted}))
    assert statement.parts == ()
    assert statement.credit is not None
    assert str(statement.credit.amount) == "40.00"
    assert not any("terms changed" in note for note in statement.notes)


@pytest.mark.parametrize(
    ("unknown", "verdict"),
    [
        ([], Verdict.MET),
        ([unseen(june(20), 30)], Verdict.UNPROVEN),  # more than the 21.6 min the new text leaves
        ([unseen(june(3), 30)], Verdict.MET),  # less than the 216 min of the old one
    ],
)
def test_unproven_if_a_part_is(unknown: list[Span], verdict: Verdict) -> None:
    assert judge(split(monitors=(a_monitor(unknown=tuple(unknown)),))).verdict is verdict


def test_so_far() -> None:
    """On Tue 10 June the second part is still to come: open, unless the first is lost already."""
    assert judge(split(as_at=june(10))).verdict is Verdict.OPEN
    lost = judge(split(a_span(june(3), 300), as_at=june(10)))
    assert (lost.verdict, [part.verdict for part in lost.parts]) == (Verdict.BREACHED, [Verdict.BREACHED, Verdict.OPEN])
    assert lost.credit is not None
    assert not lost.credit.final


def test_the_earliest_deadline_of_a_part_that_pays() -> None:
    """Fri 20 June and ten days is Mon 30 June; the old text's 30 days after the period run to Wed 30 July."""
    soon = {"claim": {"kind": "days_after_incident", "n": 10}}
    both = judge(split(a_span(june(3), 300), a_span(june(20), 60), new={**NEW, **soon}))
    assert both.deadline is not None
    assert both.deadline.latest == date(2025, 6, 30)
    first = judge(split(a_span(june(3), 300), new={**NEW, **soon}))
    assert first.deadline is not None
    assert first.deadline.latest == date(2025, 7, 30)  # of the whole period's end, not the part's


def test_the_ledger_lists_each_part() -> None:
    events = (event("provider_confirmed", june(10)), event("part_replaced", june(17)))
    statement = judge(split(a_span(june(20), 60), old={**OLD, "promises": [REPAIR]}, events=events))
    promised = [(p.title, p.status) for p in statement.promises if p.kind == "availability"]
    assert promised == [
        ("Available 99 % of 2025-06, part 1", PromiseStatus.KEPT),
        ("Available 99.9 % of 2025-06, part 2", PromiseStatus.BROKEN),
    ]
    # the clock began under the old text, which promises a repair; the new one does not
    assert [p.status for p in statement.promises if p.kind == "repair"] == [PromiseStatus.BROKEN]


def test_the_counter_reading_is_each_parts_too() -> None:
    """Announced with too little notice: the provider takes it out all the same, and nothing is left of the 20.00."""
    late = a_window(june(20), 60, notice_hours=1)
    found = judge(split(a_span(june(20), 60), windows=(late,))).counter
    assert found is not None
    assert (found.down, found.breach, found.credit) == (0 * M, False, None)


def test_a_change_of_a_fixed_month_keeps_its_part_of_it() -> None:
    """43200 min whatever the month: half of June is 21600 of them, so 22 min are more than a thousandth."""
    fixed = {**NEW, "denominator": "fixed:43200"}
    assert judge(split(a_span(june(20), 22), new=fixed)).breach
    assert not judge(split(a_span(june(20), 21), new=fixed)).breach


minutes_down = st.lists(st.tuples(st.integers(0, 29 * 1440), st.integers(1, 400)), max_size=4)


@settings(max_examples=25, deadline=None)
@given(minutes_down, st.integers(2, 30))
def test_parts_add_up_to_the_whole(down: list[tuple[int, int]], day: int) -> None:
    """The same text on both sides, but for the claim: what counts adds up, and what is paid for time is paid alike."""
    spans = tuple(a_span(june(1) + start * M, length) for start, length in down)
    pro_rata = {"target_percent": "100", "credit": {"kind": "multiple", "multiplier": "10"}, "cap_percent": None}
    one, other = some_terms(**pro_rata), some_terms(**pro_rata, version="2", claim={"kind": "automatic"})
    facts = a_case(monitors=(a_monitor(*union(spans)),))
    whole = judge(replace(facts, terms=dated(one, one, date(2025, 6, day))))
    halves = judge(replace(facts, terms=dated(one, other, date(2025, 6, day))))
    assert (len(whole.parts), len(halves.parts)) == (0, 2)
    assert sum((part.readings[2].down for part in halves.parts), timedelta(0)) == whole.readings[2].down
    assert halves.readings == whole.readings
    assert (halves.credit.amount if halves.credit else None) == (whole.credit.amount if whole.credit else None)
    assert halves.totals == whole.totals
