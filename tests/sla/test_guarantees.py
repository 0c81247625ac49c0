"""Several guarantees in one contract, and what all credits come to. June 2025, UTC: 43200 min, EUR 400.00 a month."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from app.sla.case import Case, DatedTerms
from app.sla.due import Payable, due_of, events
from app.sla.judge import judge
from app.sla.spans import Span
from app.sla.statement import GuaranteeVerdict, PromiseStatus, Statement, Verdict
from tests.sla.cases import CLOSED, JUNE, a_case, a_monitor, a_span, june, some_terms
from tests.sla.test_judge import REPAIR, event

M = timedelta(minutes=1)
NETWORK: dict[str, Any] = {
    "name": "network", "target_percent": "100", "monitors": ["ping"], "cap_percent": "100",
    "credit": {"kind": "per_unit", "percent": "5", "unit_minutes": 30},
    "claim": {"kind": "days_after_incident", "n": 3},
}  # fmt: skip
POWER: dict[str, Any] = {"name": "power", "target_percent": "99.9", "credit": {"kind": "flat", "percent": "7"}}
FLAT: dict[str, Any] = {"credit": {"kind": "flat", "percent": "10"}, "cap_percent": None}


def two(http: list[Span], ping: list[Span], **terms: Any) -> Case:
    """A service with two monitors: pages, and the network."""
    monitors = (a_monitor(*http, id="http"), a_monitor(*ping, id="ping"))
    return a_case(monitors=monitors, terms=some_terms(**{**FLAT, "guarantees": [NETWORK], **terms}))


def only(statement: Statement) -> GuaranteeVerdict:
    (one,) = statement.guarantees
    return one


def test_each_is_measured_on_its_own_monitors() -> None:
    """60 min of pages alone miss 99.9 % (43.2 min) and leave the network at 100 %; 10 % of 400 is 40.00."""
    statement = judge(two([a_span(june(3), 60)], []))
    network = only(statement)
    assert (statement.verdict, network.verdict) == (Verdict.BREACHED, Verdict.MET)
    assert (network.name, network.target, network.period, network.paid) == ("network", Fraction(1), JUNE, True)
    assert network.readings[2].down == 0 * M
    assert network.clause == "guarantees.0.target_percent"
    assert (network.credit, network.deadline) == (None, None)
    assert statement.due == Decimal("40.00")
    kinds = [(p.title, p.status) for p in statement.promises if p.kind == "availability"]
    assert kinds[1] == ("network: available 100 % of 2025-06", PromiseStatus.KEPT)


def test_both_are_paid_where_nothing_is_said_of_stacking() -> None:
    """Both down for 60 min: 10 % of 400, and 2 × 5 % of 400: 80.00 together; said once."""
    statement = judge(two([a_span(june(3), 60)], [a_span(june(3), 60)]))
    network = only(statement)
    assert network.credit is not None
    assert str(network.credit.amount) == "40.00"
    assert network.counted_spans == (a_span(june(3), 60),)
    assert network.deadline is not None
    assert network.deadline.latest == date(2025, 6, 6)  # Tue 3 June and three days
    assert statement.due == Decimal("80.00")
    assert [(line.label, line.value) for line in statement.due_lines] == [
        ("Availability", "40.00 EUR"), ("Network", "40.00 EUR"), ("Several credits for one event", "all"),
        ("Due", "80.00 EUR"),
    ]  # fmt: skip
    assert statement.due_lines[2].note == "the terms do not say how several go together"


@pytest.mark.parametrize(
    ("stacking", "ping", "due", "paid"),
    [
        ("all", [a_span(june(3), 90)], "100.00", True),  # 40 + 3 × 5 % of 400
        ("highest", [a_span(june(3), 90)], "60.00", True),  # 60 of the network over 40
        ("highest", [a_span(june(3), 30)], "40.00", False),  # 20 of the network below 40
        ("first_listed", [a_span(june(3), 90)], "40.00", False),
    ],
)
def test_stacking(stacking: str, ping: list[Span], due: str, paid: bool) -> None:
    """Pages are down for 60 min on Tue 3 June: 10 % of 400 is 40.00, for the same event as the network's."""
    statement = judge(two([a_span(june(3), 60)], ping, stacking=stacking))
    assert (statement.due, only(statement).paid) == (Decimal(due), paid)


def payables(*rows: tuple[str, int, int, int]) -> list[Payable]:
    return [Payable(name, Fraction(amount), (a_span(june(day), length),)) for name, amount, day, length in rows]


def test_credits_for_different_events() -> None:
    """A and B share Tue 3 June, C is of Fri 20 June."""
    rows = payables(("A", 40, 3, 60), ("B", 60, 3, 30), ("C", 5, 20, 30))
    assert events(rows) == ((0, 1), (2,))
    for stacking, amount, paid in (
        ("all", "105.00", (True, True, True)),
        ("highest", "65.00", (False, True, True)),
        ("first_listed", "45.00", (True, False, True)),
    ):
        due = due_of(a_case(), some_terms(stacking=stacking), rows)
        assert due is not None
        assert (str(due.amount), due.paid) == (amount, paid)
    # linked over a third: A and C do not overlap, B overlaps both
    assert events(payables(("A", 1, 3, 60), ("C", 1, 4, 60), ("B", 1, 3, 1500))) == ((0, 1, 2),)


def test_what_nobody_reckons_is_left_to_a_person() -> None:
    statement = judge(two([a_span(june(3), 60)], [a_span(june(3), 60)], stacking="as the provider sees fit"))
    assert statement.due is None
    assert statement.due_lines[-1].note == "to be settled by hand"
    assert "Several credits for one event: as the provider sees fit." in statement.by_hand
    # one credit alone needs nobody
    assert judge(two([a_span(june(3), 60)], [], stacking="as the provider sees fit")).due == Decimal("40.00")


def test_a_cap_over_all_credits() -> None:
    """40 + 40 is 80; 15 % of 400 is 60."""
    statement = judge(two([a_span(june(3), 60)], [a_span(june(3), 60)], total_cap_percent="15"))
    assert statement.due == Decimal("60.00")
    lines = {line.label: line for line in statement.due_lines}
    assert (lines["Sum"].value, lines["Cap over all credits"].note) == ("80.00 EUR", "applied")
    assert lines["Cap over all credits"].value == "15 % = 60.00 EUR"
    assert any("shared among several" in text for text in statement.by_hand)
    # of another base: 15 % of 1000 is 150, not reached
    more = judge(two([a_span(june(3), 60)], [a_span(june(3), 60)], total_cap_percent="15",
                     cap_base="yearly_fee", bases={"yearly_fee": "1000.00"}))  # fmt: skip
    assert more.due == Decimal("80.00")


def test_one_guarantee_is_due_as_its_credit() -> None:
    statement = judge(a_case(a_span(june(3), 60)))
    assert statement.credit is not None
    assert statement.due == statement.credit.amount
    assert judge(a_case()).due is None


def test_clocks_take_part_in_the_sum() -> None:
    """121 min over a day's repair: 3 started hours at 5 % of 400 are 60.00, beside 10 % for the outage: 100.00."""
    events_ = (event("provider_confirmed", june(10, 12)), event("part_replaced", june(11, 14, 1)))
    facts = a_case(a_span(june(10, 12), 60), events=events_, terms=some_terms(**FLAT, promises=[REPAIR]))
    assert judge(facts).due == Decimal("100.00")
    highest = some_terms(**FLAT, promises=[REPAIR], stacking="highest")
    assert judge(replace(facts, terms=(DatedTerms("t1", date(2024, 1, 1), None, highest),))).due == Decimal("60.00")


@pytest.mark.parametrize(
    ("clauses", "due", "left"),
    [
        # 10 % of 80.00 for the affected item, not of the fee
        ({**FLAT, "credit_base": "item", "bases": {"item": "80.00"}}, "8.00", 0),
        ({**FLAT, "credit_base": "item"}, "40.00", 1),  # nobody knows it: on the fee, and settled by hand
        # 10 % of 400 is 40, at most 3 % of 1200 is 36
        ({**FLAT, "cap_percent": "3", "cap_base": "renewal_fee", "bases": {"renewal_fee": "1200.00"}}, "36.00", 0),
        # 10 % of 80 is 8, at most 1 % of the monthly 400 is 4
        ({**FLAT, "credit_base": "item", "bases": {"item": "80.00"}, "cap_percent": "1"}, "4.00", 0),
        # two units of 30 min: two days of a renewal fee, each 730/365 = 2
        ({"credit": {"kind": "days_per_unit", "unit_minutes": 30, "day_value": {"kind": "renewal"}},
          "bases": {"renewal_fee": "730.00"}}, "4.00", 0),
    ],
)  # fmt: skip
def test_bases(clauses: dict[str, Any], due: str, left: int) -> None:
    statement = judge(a_case(a_span(june(3), 60), terms=some_terms(**clauses)))
    assert statement.due == Decimal(due)
    assert len(statement.by_hand) == left


@pytest.mark.parametrize(
    ("period", "label", "allowed"),
    [
        ({"kind": "rolling_days", "days": 60}, "60 days to 2025-06-30", 86.4),  # 2 May to 30 June
        ({"kind": "calendar_quarter"}, "2025-Q2", 131.04),  # 91 days
        ({"kind": "calendar_year"}, "2025", 525.6),
        ({"kind": "calendar_month"}, "2025-06", 43.2),
    ],
)
def test_its_own_period(period: dict[str, Any], label: str, allowed: float) -> None:
    terms = some_terms(guarantees=[{**POWER, "period": period}])
    power = only(judge(a_case(terms=terms, as_at=datetime(2026, 1, 3, tzinfo=UTC))))
    assert power.period.label == label
    assert power.allowed is not None
    assert power.allowed / M == pytest.approx(allowed)


def test_what_is_not_recorded_far_enough_back_is_unproven_and_says_so() -> None:
    """Only June is observed: of sixty days to its end, thirty are unknown."""
    terms = some_terms(guarantees=[{**POWER, "period": {"kind": "rolling_days", "days": 60}}])
    statement = judge(a_case(terms=terms))
    assert only(statement).verdict is Verdict.UNPROVEN
    assert "power is judged over its own period: 2 May to 30 June 2025." in statement.notes
    assert any(note.startswith("power is unproven: 719 h") for note in statement.notes)  # an hour of May was observed


def test_a_year_is_judged_so_far() -> None:
    """A statement of June has no facts of July: the year is open, unless what it allows (525.6 min) is used up."""
    terms = some_terms(guarantees=[{**POWER, "period": {"kind": "calendar_year"}}])
    later = datetime(2026, 1, 3, tzinfo=UTC)
    assert only(judge(a_case(terms=terms, as_at=later))).verdict is Verdict.OPEN
    lost = only(judge(a_case(a_span(june(3), 526), terms=terms, as_at=later)))
    assert lost.verdict is Verdict.BREACHED
    assert lost.credit is not None
    assert (str(lost.credit.amount), lost.credit.final) == ("28.00", False)


def test_a_billing_cycle_is_judged_beside_the_month() -> None:
    """The one that ends in June runs from 6 May to 5 June: an outage on 10 June is of the next."""
    terms = some_terms(period={"kind": "billing_cycle", "anchor_day": 6})
    for day, due in ((3, Decimal("40.00")), (10, None)):
        monitor = a_monitor(a_span(june(day), 60), period=replace(JUNE, span=Span(june(1) - 40 * 1440 * M, june(30))))
        statement = judge(a_case(monitors=(monitor,), terms=terms))
        first = only(statement)
        assert (first.name, first.period.first_day, first.period.last_day) == (
            "availability", date(2025, 5, 6), date(2025, 6, 5),
        )  # fmt: skip
        assert first.verdict is (Verdict.BREACHED if due else Verdict.MET)
        assert statement.due == due


def test_a_monitor_it_does_not_have() -> None:
    statement = judge(a_case(terms=some_terms(guarantees=[NETWORK])))
    assert only(statement).verdict is Verdict.UNPROVEN
    assert "network is measured on ping, which the service does not have." in statement.notes


def test_a_guarantee_that_comes_with_new_terms() -> None:
    """From 16 June the network is promised too: an outage before is not of it."""
    old, new = some_terms(), some_terms(guarantees=[{**NETWORK, "monitors": []}])
    versions = (DatedTerms("old", date(2024, 1, 1), date(2025, 6, 16), old),
                DatedTerms("new", date(2025, 6, 16), None, new))  # fmt: skip
    early = judge(replace(a_case(a_span(june(3), 30)), terms=versions))
    assert (early.parts, only(early).verdict, early.due) == ((), Verdict.MET, None)
    late = judge(replace(a_case(a_span(june(20), 30)), terms=versions))
    assert (only(late).verdict, late.due) == (Verdict.BREACHED, Decimal("20.00"))


def test_what_is_left_to_a_person_stands_in_the_statement() -> None:
    terms = some_terms(
        preconditions=["The account is in good standing."], remedy_form="credit on the next invoice",
        needs_review={"credit": "The table and its text disagree."}, manual=["Credits lapse after a year."],
    )  # fmt: skip
    statement = judge(a_case(terms=terms, unreviewed=("credit",), as_at=CLOSED))
    assert statement.preconditions == ("The account is in good standing.",)
    assert statement.remedy_form == "credit on the next invoice"
    assert statement.by_hand == ("Credits lapse after a year.",)
    assert statement.needs_review == ("credit",)
    assert any("Nobody has put a name to credit yet" in note and "disagree" in note for note in statement.notes)


def test_not_breached_and_paid_all_the_same() -> None:
    free = {**POWER, "target_percent": "99", "requires_breach": False, "credit": NETWORK["credit"]}
    one = only(judge(a_case(a_span(june(3), 30), terms=some_terms(guarantees=[free]))))
    assert (one.verdict, str(one.credit and one.credit.amount)) == (Verdict.MET, "20.00")
