"""The one list of promises: every kind, in every status it can have, with figure, source and clause. June 2025, UTC."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.sla.case import (
    Case,
    Event,
    Finding,
    FindingVerdict,
    Procedure,
    Said,
    SaidKind,
    Step,
    Ticket,
    TicketReply,
    Work,
)
from app.sla.judge import judge
from app.sla.spans import Span
from app.sla.statement import Promise
from tests.sla.cases import JUNE, SOURCE, a_case, a_monitor, a_span, a_window, june, some_terms

M, HOUR = timedelta(minutes=1), timedelta(hours=1)
NIGHT = june(10, 22)
QUOTES = {
    "target_percent": {"text": "Available 99.9 % of each month."},
    "maintenance.min_notice_hours": {"text": "Announced 48 hours ahead."},
    "promises.0": {"text": "Urgent tickets are answered within an hour."},
    "promises.1": {"text": "Failed parts are replaced within a day."},
}
TERMS = some_terms(
    promises=[
        {"name": "first_reply", "clock_start": "urgent_ticket_opened", "clock_stop": "first_human_reply",
         "target_minutes": 60},
        {"name": "part_replaced", "clock_start": "provider_confirmed", "clock_stop": "part_replaced",
         "target_minutes": 1440},
    ],
    source_quotes=QUOTES,
)  # fmt: skip


def said(kind: SaidKind, at: datetime) -> Said:
    return Said(kind, at, at, "", SOURCE)


def worked(*words: Said, **more: Any) -> dict[str, Any]:
    return {"windows": (a_window(NIGHT, said=words, **more),)}


def procedure(*verdicts: FindingVerdict) -> tuple[Work, ...]:
    steps = tuple(Step(number, f"step {number}") for number in (1, 2))
    findings = tuple(Finding("w1", n, verdict, NIGHT + HOUR, "so", SOURCE) for n, verdict in enumerate(verdicts, 1))
    return (Work("work", "Clone", "clone", (Procedure(june(5), steps, SOURCE),), findings),)


def ticket(*replies: int, due: tuple[int, ...] = ()) -> dict[str, Any]:
    opened = june(10, 12)
    moments = tuple(TicketReply(opened + n * M, "them", True) for n in replies)
    return {"tickets": (Ticket("t1", "NG-1", "down", "urgent", opened, moments, tuple(opened + n * M for n in due)),)}


def event(name: str, at: datetime) -> Event:
    return Event(name, at, "i1", "", SOURCE)


STARTED, ENDED = said(SaidKind.STARTED, NIGHT), said(SaidKind.ENDED, NIGHT + HOUR)
DONE, SKIPPED = FindingVerdict.AS_AGREED, FindingVerdict.SKIPPED
DAY = timedelta(days=1)
CASES: list[tuple[str, str, str | None, dict[str, Any]]] = [
    ("availability", "kept", "target_percent", {}),
    ("availability", "broken", "target_percent", {"monitors": (a_monitor(a_span(june(3), 44)),)}),
    ("availability", "open", "target_percent", {"as_at": june(20)}),
    ("availability", "unproven", "target_percent", {"monitors": (a_monitor(unknown=(a_span(june(3), 300),)),)}),
    ("window", "kept", None, worked(STARTED, ENDED)),
    ("window", "broken", None, worked(STARTED, said(SaidKind.ENDED, NIGHT + 3 * HOUR))),
    ("window", "open", None, {**worked(), "as_at": june(9)}),
    ("window", "unproven", None, {**worked(), "monitors": ()}),
    ("notice", "kept", "maintenance.min_notice_hours", worked(STARTED, ENDED, notice_hours=48)),
    ("notice", "broken", "maintenance.min_notice_hours", worked(STARTED, ENDED, notice_hours=47)),
    ("procedure", "kept", None, {**worked(STARTED, ENDED), "works": procedure(DONE, DONE)}),
    ("procedure", "broken", None, {**worked(STARTED, ENDED), "works": procedure(DONE, SKIPPED)}),
    ("procedure", "open", None, {**worked(STARTED), "works": procedure(DONE), "as_at": NIGHT + HOUR}),
    ("procedure", "unproven", None, {**worked(STARTED, ENDED), "works": procedure(DONE)}),
    ("response", "kept", "promises.0", ticket(60)),
    ("response", "broken", "promises.0", ticket(61)),
    ("response", "open", "promises.0", {**ticket(), "as_at": june(10, 12, 30)}),
    ("repair", "kept", "promises.1",
     {"events": (event("provider_confirmed", june(10)), event("part_replaced", june(11)))}),
    ("repair", "broken", "promises.1", {"events": (event("provider_confirmed", june(10)),)}),
    ("repair", "open", "promises.1", {"events": (event("provider_confirmed", june(10)),), "as_at": june(10, 12)}),
    ("next_update", "kept", None, ticket(30, 100, due=(120,))),
    ("next_update", "broken", None, ticket(30, due=(120,))),
    ("next_update", "open", None, {**ticket(30, due=(120,)), "as_at": june(10, 13)}),
]  # fmt: skip


def the(kind: str, case: Case) -> Promise:
    (found,) = (promise for promise in judge(case).promises if promise.kind == kind)
    return found


@pytest.mark.parametrize(("kind", "status", "clause", "facts"), CASES)
def test_every_kind_in_every_status(kind: str, status: str, clause: str | None, facts: dict[str, Any]) -> None:
    found = the(kind, a_case(terms=TERMS, **facts))
    assert found.status.value == status
    assert found.clause == (QUOTES[clause]["text"] if clause else None)
    assert found.text
    assert found.source is not None
    if kind in ("availability", "notice", "response", "repair", "next_update"):
        assert found.figure is not None
        assert found.target is not None


def test_where_nothing_was_measured_no_source_is_claimed() -> None:
    found = the("availability", a_case(terms=TERMS, monitors=()))
    assert (found.status.value, found.source, found.figure) == ("unproven", None, None)


def test_a_clock_of_a_ticket_of_last_month_runs_on() -> None:
    """Opened on 31 May 23:50, answered on 1 June 00:40: 50 min of 60, and never answered: still open in June."""
    opened = june(1) - 10 * M
    answered = Ticket("t0", "NG-0", "down", "urgent", opened, (TicketReply(june(1, 0, 40), "them", True),))
    found = the("response", a_case(terms=TERMS, tickets_before=(answered,)))
    assert (found.status.value, found.figure) == ("kept", 50 * M)
    never = replace(answered, replies=(), next_update_due=(june(2),))
    assert the("response", a_case(terms=TERMS, tickets_before=(never,))).status.value == "broken"
    assert the("next_update", a_case(terms=TERMS, tickets_before=(never,))).status.value == "broken"
    over = replace(answered, replies=(TicketReply(june(1) - 5 * M, "them", True),))
    assert not [p for p in judge(a_case(terms=TERMS, tickets_before=(over,))).promises if p.kind == "response"]


def test_a_ticket_of_last_month_starts_the_contracts_clock_over_its_end() -> None:
    """Down from 31 May 23:30 to 1 June 01:00, reported at 23:50: the hour of June counts in June."""
    down = Span(june(1) - 30 * M, june(1, 1))
    terms = some_terms(counting={"clock_start": "ticket_opened"})
    reported = Ticket("t0", "NG-0", "down", "urgent", june(1) - 10 * M)
    facts = a_case(down, terms=terms)
    assert judge(facts).readings[2].down == timedelta(0)
    assert judge(replace(facts, tickets_before=(reported,))).readings[2].down == HOUR
    assert facts.period == JUNE
