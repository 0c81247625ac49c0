"""What the API shows of the counter-reading and of the lower amount."""

from __future__ import annotations

from app.sla.judge import judge
from app.statements.shown import statement_out
from tests.sla.cases import a_case, a_span, a_window, june
from tests.sla.test_counter import DOWN, ticket


def test_the_counter_reading_is_shown() -> None:
    shown = statement_out(judge(a_case(DOWN, windows=(a_window(june(7, 20)),), tickets=(ticket(7, 20),))))
    assert shown.counter is not None
    assert (shown.counter.down, shown.counter.breach, shown.counter.credit_amount) == (0, False, None)
    assert [(one.key, one.removes) for one in shown.counter.arguments] == [("maintenance", 79200)]


def test_the_lower_amount_is_shown() -> None:
    shown = statement_out(judge(a_case(a_span(june(3), 433))))
    assert shown.credit is not None
    assert (shown.credit.amount, shown.credit.lower_amount) == ("120.00", "40.00")


def test_nothing_is_shown_where_nothing_counts() -> None:
    assert statement_out(judge(a_case())).counter is None
