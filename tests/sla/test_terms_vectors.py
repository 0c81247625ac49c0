"""Fifty-one contracts, settled twice: from plain data, and by the judge from observations and windows."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from app.sla.case import Case, DatedTerms, Monitor, Said, SaidKind, State, Window
from app.sla.judge import judge
from app.sla.settlement import settlement
from app.sla.spans import Span, union
from app.sla.terms import TermsError, named_period, read_terms
from tests.sla.cases import SOURCE
from tests.sla.vector_files import load
from tests.timeline import steady

VECTORS = load("terms.json")["vectors"]
AVAILABILITY = [vector for vector in VECTORS if vector["kind"] == "availability"]
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"])
def test_vector(vector: dict[str, Any]) -> None:
    expected = {key: value for key, value in vector["expected"].items() if key != "notes"}
    assert settlement(vector) == expected


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def as_case(vector: dict[str, Any]) -> Case:
    """The example as facts: a monitor asked every second, each piece of maintenance as a window with its words."""
    terms = read_terms({**vector["terms"], "timezone": vector["timezone"], "currency": vector["currency"]})
    period = named_period(terms, vector["month"])
    start, end = period.span.start - timedelta(days=40), period.span.end + timedelta(days=40)
    spells, cursor = [], start
    for outage in union(Span(instant(row["start"]), instant(row["end"])) for row in vector["downtime"]):
        spells += [(cursor, outage.start, State.UP), (outage.start, outage.end, State.DOWN)]
        cursor = outage.end
    spells.append((cursor, end, State.UP))
    monitor = Monitor("m1", "probe", SECOND, 1, steady(*spells, interval=SECOND))
    return Case(
        "s1", "service", Decimal(vector["monthly_fee"]), vector["currency"], None, period, end,
        (DatedTerms("t1", date(2020, 1, 1), None, terms),), (monitor,),
        windows=tuple(as_window(row, index, end) for index, row in enumerate(vector["maintenance"])),
    )  # fmt: skip


def as_window(row: dict[str, Any], index: int, end: datetime) -> Window:
    actual = row["actual_start"] and Span(instant(row["actual_start"]), instant(row["actual_end"]))
    promised = row["promised_start"] and Span(instant(row["promised_start"]), instant(row["promised_end"]))
    if actual:
        said = (
            Said(SaidKind.STARTED, actual.start, end, "", SOURCE),
            Said(SaidKind.ENDED, actual.end, end, "", SOURCE),
        )
    else:
        said = (Said(SaidKind.NOT_CARRIED_OUT, promised.start, end, "", SOURCE),)
    return Window(
        f"w{index}", f"work{index}", promised or actual, instant(row["announced_at"]), SOURCE,
        emergency=row["kind"] == "emergency", said=said,
    )  # fmt: skip


@pytest.mark.parametrize("vector", AVAILABILITY, ids=lambda vector: vector["id"])
def test_the_judge_settles_it_the_same_way(vector: dict[str, Any]) -> None:
    expected, statement = vector["expected"], judge(as_case(vector))
    assert statement.breach is expected["breach"]
    amount = statement.credit.amount if statement.credit is not None else Decimal(0)
    assert amount == Decimal(expected["credit_amount"])
    counted = Decimal(statement.readings[2].down / timedelta(minutes=1)).quantize(Decimal("1e-4"))
    assert counted == Decimal(expected["downtime_minutes_counted"])
    if expected["claim_deadline"] is None:
        assert statement.deadline is None
    else:
        assert statement.deadline is not None
        assert statement.deadline.too_late_from == instant(expected["claim_too_late_from_utc"])


def test_an_example_that_lacks_a_field_is_refused() -> None:
    with pytest.raises(TermsError, match="for example"):
        settlement({"kind": "availability"})
