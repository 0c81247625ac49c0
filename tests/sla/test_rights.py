"""The right to leave as at a moment: since when, until which day, lapsed or not. Months of 2025, Europe/Berlin."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from app.sla.case import Case, DatedTerms, Monitor, State
from app.sla.judge import judge
from app.sla.periods import calendar_month, midnight, months_before
from app.sla.rights import months_back
from app.sla.seen import terms_at
from app.sla.statement import Statement
from tests.sla.cases import a_case, a_window, some_terms
from tests.timeline import steady

ZONE = "Europe/Berlin"
M = timedelta(minutes=1)
JUNE = calendar_month("2025-06", ZONE)
THREE = {"kind": "months_below", "below_percent": "99.5", "count": 3, "notice_within_days": 30}
# 99.5 % leaves 216 min of a month of 30 days and 223.2 of one of 31.


def local(month: int, day: int, hour: int = 0) -> datetime:
    return midnight(date(2025, month, day), ZONE) + timedelta(hours=hour)


def a_year(down: dict[int, int], clause: dict[str, Any], as_at: datetime, *, silent: dict[int, int] | None = None,
           month: str = "2025-06", **changes: Any) -> Case:  # fmt: skip
    """Watched each minute from January on; `down` minutes from noon of the 10th of each month named, and `silent`
    minutes nobody looked from noon of the 20th."""
    spells, cursor = [], local(1, 1)
    for number in range(1, 9):
        for day, length, state in ((10, down.get(number, 0), State.DOWN), (20, (silent or {}).get(number, 0), None)):
            noon = local(number, day, 12)
            if length:
                spells.append((cursor, noon, State.UP))
                if state is not None:
                    spells.append((noon, noon + length * M, state))
                cursor = noon + length * M
    spells.append((cursor, local(9, 1), State.UP))
    period = calendar_month(month, ZONE)
    terms = some_terms(timezone=ZONE, termination=clause)
    monitor = Monitor("m1", "HTTP", M, 1, steady(*spells))
    return a_case(period=period, as_at=as_at, terms=terms, monitors=(monitor,),
                  periods_before=months_before(period, 5), **changes)  # fmt: skip


def told(statement: Statement) -> list[tuple[str, str, bool]]:
    return [(right.accrued, right.exercise_by.isoformat(), right.lapsed) for right in statement.rights]


@pytest.mark.parametrize(
    ("down", "as_at", "rights"),
    [
        ({4: 240, 5: 240, 6: 240}, local(7, 1), [("with 2025-06", "2025-07-30", False)]),
        ({4: 240, 5: 240, 6: 240}, local(6, 30, 23), []),  # June is not over
        ({4: 240, 5: 223, 6: 240}, local(7, 1), []),  # May has 31 days: 223 min are not below 99.5 %
        ({4: 240, 5: 224, 6: 240}, local(7, 1), [("with 2025-06", "2025-07-30", False)]),
        ({4: 216, 5: 240, 6: 240}, local(7, 1), []),  # April exactly on the limit: not below it
        ({3: 240, 4: 240, 5: 240}, local(7, 1), [("with 2025-05", "2025-06-30", True)]),  # lapsed with June
        ({2: 240, 3: 240, 4: 240}, local(7, 1), []),  # ran out on 30 May: not of June any more
        ({3: 240, 4: 240, 5: 240, 6: 240}, local(7, 1), [("with 2025-06", "2025-07-30", False)]),  # arose anew
    ],
)
def test_months_below(down: dict[int, int], as_at: datetime, rights: list[tuple[str, str, bool]]) -> None:
    assert told(judge(a_year(down, THREE, as_at))) == rights


@pytest.mark.parametrize(("as_at", "lapsed"), [(local(7, 31) - timedelta(microseconds=1), False), (local(7, 31), True)])
def test_it_lapses_with_its_last_local_day(as_at: datetime, lapsed: bool) -> None:
    statement = judge(a_year({4: 240, 5: 240, 6: 240}, THREE, as_at))
    (right,) = statement.rights
    assert (right.exercise_by, right.lapsed) == (date(2025, 7, 30), lapsed)
    assert right.accrued_at == local(7, 1)
    note = "it lapsed with 30 July 2025" if lapsed else "it must be used by 30 July 2025"
    assert f"Right to leave (3 months in a row below 99.5 %): arose with 2025-06; {note}." in statement.notes


def test_an_unproven_month_does_not_count() -> None:
    """April: 200 min down and 5000 unknown. Below of the known time, but not whichever way."""
    facts = a_year({4: 200, 5: 240, 6: 240}, THREE, local(7, 1), silent={4: 5000})
    statement = judge(facts)
    assert statement.rights == ()
    assert any(
        note.startswith("2025-04 is below 99.5 % only if its unknown time was down too") for note in statement.notes
    )
    whichever = judge(a_year({4: 240, 5: 240, 6: 240}, THREE, local(7, 1), silent={4: 5000}))
    assert told(whichever) == [("with 2025-06", "2025-07-30", False)]


def test_what_is_excused_does_not_count() -> None:
    facts = a_year({4: 240, 5: 240, 6: 240}, THREE, local(7, 1))
    window = a_window(local(5, 10, 12), 120)
    assert judge(facts).rights
    assert judge(replace(facts, windows=(window,))).rights == ()


@pytest.mark.parametrize(
    ("clause", "down", "right"),
    [
        ({"kind": "outage_count", "count": 2, "longer_than_minutes": 30, "window_days": 40}, {5: 31, 6: 31},
         ("Tue 10 June 2025 12:31", "2025-07-10", False)),
        ({"kind": "outage_count", "count": 2, "longer_than_minutes": 31, "window_days": 40}, {5: 31, 6: 31}, None),
        ({"kind": "outage_count", "count": 2, "longer_than_minutes": 30, "window_days": 31}, {5: 31, 6: 31}, None),
        ({"kind": "aggregate_downtime", "over_minutes": 100, "window_days": 60}, {5: 60, 6: 60},
         ("Tue 10 June 2025 12:40:01", "2025-07-10", False)),
        ({"kind": "aggregate_downtime", "over_minutes": 120, "window_days": 60}, {5: 60, 6: 60}, None),
    ],
)  # fmt: skip
def test_rolling_windows(clause: dict[str, Any], down: dict[int, int], right: tuple[str, str, bool] | None) -> None:
    assert told(judge(a_year(down, clause, local(7, 1)))) == ([right] if right else [])


def test_an_outage_that_still_runs_completes_no_count() -> None:
    clause = {"kind": "outage_count", "count": 1, "longer_than_minutes": 30, "window_days": 30}
    facts = a_year({6: 120}, clause, local(6, 10, 13))
    assert judge(facts).rights == ()
    assert told(judge(replace(facts, as_at=local(6, 10, 15)))) == [("Tue 10 June 2025 14:00", "2025-07-10", False)]


def test_earlier_months_are_judged_by_their_own_terms() -> None:
    facts = a_year({4: 240, 5: 240, 6: 240}, THREE, local(7, 1))
    new = facts.terms[0].terms
    lenient = some_terms(timezone=ZONE, counting={"min_outage_seconds": 18000})  # only five hours or more counted
    before = DatedTerms("old", date(2024, 1, 1), date(2025, 6, 1), lenient)
    dated = replace(facts, terms=(DatedTerms("new", date(2025, 6, 1), None, new),), terms_before=(before,))
    assert terms_at(dated, local(5, 10)) is before
    assert judge(dated).rights == ()


def test_how_far_back_a_clause_looks() -> None:
    def back(**clause: Any) -> int:
        return months_back([some_terms(termination=clause)])

    assert months_back([some_terms()]) == 0
    assert back(**THREE) == 5  # three months, and thirty days in which it runs
    assert back(kind="months_below", below_percent="99", count=2, consecutive=False, window_months=12) == 14
    assert back(kind="outage_count", count=3, window_days=90) == 6
    assert back(kind="months_below", below_percent="99", count=2, consecutive=False) == 38


def test_months_further_back_than_the_trend() -> None:
    facts = a_year(
        {4: 240, 5: 240, 6: 240},
        THREE,
        local(7, 1),
    )
    shorter = replace(facts, periods_before=(), periods_earlier=months_before(JUNE, 5))
    assert told(judge(shorter)) == [("with 2025-06", "2025-07-30", False)]
    assert len(judge(shorter).months) == 1  # the trend stays as long as it was
    assert judge(replace(facts, periods_before=())).rights == ()
