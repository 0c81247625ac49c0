"""The statement as a whole: what is known, what is not, and what each promise came to. June 2025, UTC."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest

from app.sla.breaches import broken
from app.sla.case import Case, Event, Site, SiteCheck, SiteCurrent, Ticket, TicketReply
from app.sla.judge import judge
from app.sla.periods import months_before
from app.sla.spans import Span
from app.sla.statement import Promise, PromiseStatus, Statement, Verdict
from tests.sla.cases import CLOSED, JUNE, SOURCE, a_case, a_monitor, a_span, a_window, june, some_terms
from tests.timeline import monitor

M = timedelta(minutes=1)


def unseen(start: datetime, minutes: int) -> Span:
    """A silence that leaves exactly `minutes` unknown: the answer before it holds two minutes longer."""
    return Span(start - 2 * M, start + minutes * M)


@pytest.mark.parametrize(
    ("down", "unknown", "as_at", "verdict", "breach"),
    [
        (0, 0, CLOSED, Verdict.MET, False),
        (43, 0, CLOSED, Verdict.MET, False),  # 43.2 min allowed
        (44, 0, CLOSED, Verdict.BREACHED, True),
        (40, 3, CLOSED, Verdict.MET, False),  # were the 3 min down too, still met
        (40, 4, CLOSED, Verdict.UNPROVEN, False),  # met only if they were up
        (44, 4000, CLOSED, Verdict.BREACHED, True),  # missed whichever way
        (0, 4000, CLOSED, Verdict.UNPROVEN, False),
        (0, 0, june(20), Verdict.OPEN, False),
        (40, 0, june(20), Verdict.OPEN, False),
        (44, 0, june(20), Verdict.BREACHED, True),  # cannot be met any more
        (0, 0, datetime(2025, 5, 20, tzinfo=UTC), Verdict.OPEN, False),  # not begun
    ],
)
def test_verdict(down: int, unknown: int, as_at: datetime, verdict: Verdict, breach: bool) -> None:
    gaps = (unseen(june(12), unknown),) if unknown else ()
    failed = [a_span(june(3), down)] if down else []
    statement = judge(a_case(as_at=as_at, monitors=(a_monitor(*failed, unknown=gaps),)))
    assert (statement.verdict, statement.breach) == (verdict, breach)
    if as_at == CLOSED:
        assert statement.totals.unknown == unknown * M
        assert statement.coverage == 1 - Fraction(unknown, 43_200)
        assert statement.gaps == tuple(s for s in statement.gaps if s.state == "unknown")
        assert sum((gap.span.length for gap in statement.gaps), timedelta(0)) == unknown * M


def test_no_observation_is_never_a_hundred_percent() -> None:
    statement = judge(a_case(monitors=()))
    assert statement.coverage == 0
    assert [reading.availability for reading in statement.readings] == [None, None, None]
    assert statement.verdict is Verdict.UNPROVEN
    assert statement.promises[0].status is PromiseStatus.UNPROVEN
    assert "Nothing was monitored: the whole period is unknown." in statement.notes


def test_before_the_period_nothing_is_judged() -> None:
    statement = judge(a_case(as_at=datetime(2025, 5, 20, tzinfo=UTC)))
    assert statement.elapsed is None
    assert statement.coverage is None
    assert statement.readings[0].availability is None
    assert statement.readings[0].projected_availability == 1
    assert all(day.future for day in statement.days)


def test_without_terms_the_facts_still_stand() -> None:
    statement = judge(replace(a_case(a_span(june(3), 60)), terms=()))
    assert statement.readings[0].down == 60 * M
    assert statement.readings[2].availability is None
    assert (statement.target, statement.allowed, statement.credit) == (None, None, None)
    assert statement.verdict is Verdict.UNPROVEN
    assert any("No terms were in force" in note for note in statement.notes)


@pytest.mark.parametrize(
    ("windows", "down", "raw", "announced_removed", "sla"),
    [
        ([], 180, 180, 180, 180),
        ([{}], 180, 180, 60, 60),
        ([{"notice_hours": 24}], 180, 180, 60, 180),  # announced, but too late for the contract
        ([{"notice_hours": -1}], 180, 180, 180, 180),  # announced while it ran: not announced
        ([{"announced": False}], 180, 180, 180, 180),
        ([{}, {"id": "w2"}], 180, 180, 60, 60),  # excused once
        ([{}, {"id": "w2", "start": june(10, 23)}], 180, 180, 0, 0),  # 22:00 to 01:00 together
        ([{"emergency": True, "notice_hours": 1}], 180, 180, 60, 180),
    ],
)
def test_three_readings(windows: list[dict[str, Any]], down: int, raw: int, announced_removed: int, sla: int) -> None:
    made = tuple(a_window(**{"start": june(10, 22), **window}) for window in windows)
    statement = judge(a_case(a_span(june(10, 22), down), windows=made))
    assert [r.down // M for r in statement.readings] == [raw, announced_removed, sla]
    assert sum((part.span.length for part in statement.excused), timedelta(0)) == (raw - sla) * M


@pytest.mark.parametrize(
    ("maintenance", "sla"),
    [
        ({}, 180),  # the contract is silent: nothing is excused
        ({"scheduled_excluded": False, "min_notice_hours": 48}, 180),
        ({"scheduled_excluded": True}, 60),
        ({"scheduled_excluded": True, "max_hours_per_period": "1"}, 120),  # the first hour of two
        ({"scheduled_excluded": True, "covers": "performed_work"}, 60),
        ({"recurring": {"start_local": "23:00", "end_local": "00:30", "timezone": "UTC"}}, 90),
        # the named hours and the window overlap from 23:00 to 24:00: 22:00 to 00:30 in all
        ({"scheduled_excluded": True,
          "recurring": {"start_local": "23:00", "end_local": "00:30", "timezone": "UTC"}}, 30),
    ],
)  # fmt: skip
def test_maintenance_clauses(maintenance: dict[str, Any], sla: int) -> None:
    facts = a_case(a_span(june(10, 22), 180), windows=(a_window(june(10, 22)),),
                   terms=some_terms(maintenance=maintenance))  # fmt: skip
    assert judge(facts).readings[2].down == sla * M


@pytest.mark.parametrize(("down", "sla"), [(10, 0), (11, 11)])
def test_emergency_up_to_a_limit(down: int, sla: int) -> None:
    terms = some_terms(maintenance={"emergency": {"excluded": True, "max_downtime_minutes": 10}})
    window = a_window(june(10, 22), emergency=True, notice_hours=1)
    assert judge(a_case(a_span(june(10, 22), down), windows=(window,), terms=terms)).readings[2].down == sla * M


def test_excused_names_its_window_and_its_clause() -> None:
    quotes = {"maintenance": {"text": "Announced maintenance is not downtime."}}
    facts = a_case(a_span(june(10, 22), 180), windows=(a_window(june(10, 22)),), terms=some_terms(source_quotes=quotes))
    (part,) = judge(facts).excused
    assert (part.window_id, part.clause) == ("w1", "Announced maintenance is not downtime.")
    assert part.span == a_span(june(10, 22), 120)


def ticket(*replies: tuple[int, bool], due: tuple[int, ...] = (), made: tuple[int, ...] = ()) -> Ticket:
    """Opened Tue 10 June 12:00; replies and promised updates in minutes after that."""
    opened = june(10, 12)
    return Ticket("t1", "NG-1", "down", "urgent", opened,
                  tuple(TicketReply(opened + n * M, "them", human) for n, human in replies),
                  tuple(opened + n * M for n in due), tuple(opened + n * M for n in made))  # fmt: skip


FIRST_REPLY = {"name": "first_reply", "clock_start": "urgent_ticket_opened_at", "clock_stop": "first_human_reply",
               "target_minutes": 60}  # fmt: skip


def promise(kind: str, as_at: datetime = CLOSED, **facts: Any) -> Promise:
    statement = judge(a_case(as_at=as_at, **{"terms": some_terms(promises=[FIRST_REPLY]), **facts}))
    (found,) = (p for p in statement.promises if p.kind == kind)
    return found


@pytest.mark.parametrize(
    ("replies", "as_at", "status", "minutes"),
    [
        ([(60, True)], CLOSED, "kept", 60),  # on time is in time
        ([(61, True)], CLOSED, "broken", 61),
        ([(1, False), (61, True)], CLOSED, "broken", 61),  # an automatic answer stops no clock
        ([(61, True)], june(10, 12, 30), "open", 30),
        ([], june(10, 13, 0), "open", 60),
        ([], june(10, 13, 1), "broken", 61),
    ],
)
def test_first_reply(replies: list[tuple[int, bool]], as_at: datetime, status: str, minutes: int) -> None:
    found = promise("response", as_at, tickets=(ticket(*replies),))
    assert (found.status.value, found.figure) == (status, minutes * M)
    assert found.open is (found.met_at is None)


@pytest.mark.parametrize(
    ("replies", "due", "made", "as_at", "status"),
    [
        ([(30, True), (100, True)], (120,), (), CLOSED, "kept"),
        ([(30, True), (130, True)], (120,), (), CLOSED, "broken"),
        ([(30, True), (100, False)], (120,), (), CLOSED, "broken"),  # an automatic answer is no update
        ([(30, True)], (120,), (), june(10, 13, 50), "open"),
        ([(30, True)], (120,), (), june(10, 14, 1), "broken"),
        ([(30, True)], (120,), (0,), CLOSED, "kept"),  # promised on the phone before that reply
    ],
)
def test_next_update(
    replies: list[tuple[int, bool]], due: tuple[int, ...], made: tuple[int, ...], as_at: datetime, status: str
) -> None:
    assert promise("next_update", as_at, tickets=(ticket(*replies, due=due, made=made),)).status.value == status


REPAIR = {"name": "part_replaced", "clock_start": "provider_confirmed", "clock_stop": "part_replaced",
          "target_minutes": 1440, "credit": {"kind": "per_unit", "percent": "5", "unit_minutes": "60",
                                             "rounding": "started"}, "cap_percent": "100"}  # fmt: skip


def event(name: str, at: datetime, subject: str = "i1") -> Event:
    return Event(name, at, subject, "", SOURCE)


def test_repair_clock_and_its_credit() -> None:
    # Tue 10 June 12:00 to Wed 11 June 14:01: 1561 min, 121 over, three started hours: 15 % of 400.00
    events = (event("provider_confirmed_at", june(10, 12)), event("part_replaced", june(11, 14, 1)),
              event("part_replaced", june(10, 13), subject="another"))  # fmt: skip
    found = promise("repair", events=events, terms=some_terms(promises=[REPAIR]))
    assert (found.status, found.figure) == (PromiseStatus.BROKEN, 1561 * M)
    assert found.credit is not None
    assert str(found.credit.amount) == "60.00"


def test_a_clock_belongs_to_the_periods_it_runs_in() -> None:
    may = event("provider_confirmed", datetime(2025, 5, 20, tzinfo=UTC))
    done = event("part_replaced", datetime(2025, 5, 21, tzinfo=UTC))
    terms = some_terms(promises=[REPAIR])
    assert promise("repair", events=(may,), terms=terms).open
    assert not [p for p in judge(a_case(events=(may, done), terms=terms)).promises if p.kind == "repair"]
    july = event("provider_confirmed", datetime(2025, 7, 1, tzinfo=UTC))
    assert not [p for p in judge(a_case(events=(july,), terms=terms)).promises if p.kind == "repair"]


def test_breaches_in_the_order_they_fell_due() -> None:
    statement = judge(a_case(a_span(june(3), 600), tickets=(ticket((61, True)),),
                             terms=some_terms(promises=[FIRST_REPLY])))  # fmt: skip
    assert [p.kind for p in broken(statement.promises)] == ["response", "availability"]


def site(reachable: bool | None, current: bool | None, at: datetime) -> Site:
    check = SiteCheck(at, reachable, None, current, SOURCE)
    return Site("s1", "site.example", (Span(june(1), june(30)),), (), (check,))


@pytest.mark.parametrize(
    ("reachable", "current", "at", "state"),
    [
        (True, True, june(12), SiteCurrent.CURRENT),
        (True, False, june(12), SiteCurrent.OLD),
        (True, None, june(12), SiteCurrent.UNKNOWN),  # it answers; nobody looked at what
        (False, None, june(12), SiteCurrent.DOWN),
        (True, True, june(10), SiteCurrent.UNKNOWN),  # checked before the outage of Wed 11 June
    ],
)
def test_site_state(reachable: bool | None, current: bool | None, at: datetime, state: SiteCurrent) -> None:
    (found,) = judge(a_case(a_span(june(11), 60), sites=(site(reachable, current, at),))).sites
    assert found.state is state
    assert found.checked_at == at


def test_a_site_counts_its_own_and_its_services_downtime_once_while_it_stood_there() -> None:
    # Service down 12:00 to 12:10, site 12:05 to 12:20; it moved away at 12:15 and nobody counts the rest.
    start = june(10, 12)
    watch = monitor("." * 5 + "#" * 15 + "." * 5, start, id="own")
    place = Site("s1", "site.example", (Span(june(1), start + 15 * M),), (watch,))
    (found,) = judge(a_case(a_span(start, 10), sites=(place,))).sites
    assert found.down == 15 * M
    assert (found.first_down_at, found.last_down_at) == (start, start + 15 * M)


def test_a_site_that_is_still_down() -> None:
    facts = a_case(a_span(june(10), 6000), as_at=june(10, 12), sites=(site(True, True, june(9)),))
    (found,) = judge(facts).sites
    assert found.state is SiteCurrent.DOWN
    assert found.last_down_at is None


def test_a_boundary_between_the_bounds_is_said() -> None:
    # Held 433 min (30 %), at least 432 min: exactly 99.0 %, so 10 %.
    statement = judge(a_case(a_span(june(3), 433)))
    assert statement.credit is not None
    assert statement.credit.percent == 30
    assert any("A boundary of the terms lies between the bounds" in note for note in statement.notes)
    assert not any("boundary" in note for note in judge(a_case(a_span(june(3), 600))).notes)


def test_unconfirmed_and_pending_failures_are_said() -> None:
    start = june(10, 12)
    short = a_case(monitors=(monitor("..#...", start, confirm_after=2),))
    assert any("shorter than 2 in a row" in note for note in judge(short).notes)
    running = replace(short, as_at=start + timedelta(minutes=2, seconds=20))
    assert any("not confirmed yet" in note for note in judge(running).notes)


def test_facts_learned_later_do_not_exist() -> None:
    later = june(20)
    bare: Case = a_case(a_span(june(3), 60), as_at=june(10))
    full = replace(
        bare,
        windows=(a_window(june(25), announced_at=later),),
        tickets=(Ticket("t1", "NG-1", "x", "urgent", later),),
        events=(event("provider_confirmed", later),),
        terms=bare.terms,
    )
    assert judge(full) == judge(bare)


def test_the_trend_is_linear_and_each_month_stands_by_itself() -> None:
    before = months_before(JUNE, 2)
    may = before[-1]
    facts = a_case(a_span(june(3), 60), monitors=(
        a_monitor(Span(may.span.start + timedelta(days=3), may.span.start + timedelta(days=3, minutes=7)),
                  a_span(june(3), 60), period=before[0], until=JUNE.span.end),), periods_before=before)  # fmt: skip
    statement: Statement = judge(facts)
    assert [m.period.label for m in statement.months] == ["2025-04", "2025-05", "2025-06"]
    assert [m.down // M for m in statement.months] == [0, 7, 60]
    assert statement.months[1].allowed == timedelta(seconds=2_678_400) / 1000  # 31 days, a thousandth of it
