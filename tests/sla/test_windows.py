"""What became of a window. Each row: a window Tue 10 June 2025 22:00 to 24:00 UTC, announced three days ahead (72 h,
48 h asked), and what was known as at the moment of judging."""

from __future__ import annotations

from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.sla.case import (
    Case,
    Finding,
    FindingVerdict,
    OutcomeOverride,
    Procedure,
    Said,
    SaidKind,
    Site,
    SiteCheck,
    Step,
    Window,
    Withdrawal,
    Work,
)
from app.sla.judge import judge
from app.sla.periods import calendar_month
from app.sla.spans import Span
from app.sla.statement import Flag, Outcome, PromiseStatus, WindowVerdict
from app.sla.windows import OutcomeError
from tests.sla.cases import SOURCE, a_case, a_monitor, a_span, a_window, june

START, END = june(10, 22), june(11)
BEFORE, DURING, AFTER = june(10, 12), june(10, 23), june(11, 9)
HOURS = timedelta(hours=1)


def said(kind: SaidKind, at: datetime, said_at: datetime | None = None) -> Said:
    return Said(kind, at, said_at or at, "", SOURCE)


def verdict(as_at: datetime, *down: Span, case: dict[str, Any] | None = None, **window: Any) -> WindowVerdict:
    facts: Case = a_case(*down, as_at=as_at, windows=(a_window(START, **window),), **(case or {}))
    (found,) = judge(facts).windows
    return found


LATE = said(SaidKind.ENDED, june(11, 4))
IN_TIME = said(SaidKind.ENDED, june(10, 23, 30))


@pytest.mark.parametrize(
    ("as_at", "down", "window", "outcome", "is_open"),
    [
        (BEFORE, [], {}, "announced", False),
        (BEFORE, [], {"confirmed_at": june(9)}, "confirmed", False),
        (june(8), [], {"confirmed_at": june(9)}, "announced", False),  # confirmed only tomorrow
        (DURING, [], {}, "awaiting_outcome", False),  # no sign of work, and none by the clock
        (AFTER, [], {}, "awaiting_outcome", False),
        (AFTER, [], {"said": (said(SaidKind.NOT_CARRIED_OUT, START, AFTER),)}, "not_carried_out", False),
        (june(11, 8), [], {"said": (said(SaidKind.NOT_CARRIED_OUT, START, AFTER),)}, "awaiting_outcome", False),
        (DURING, [(START, 600)], {}, "in_progress", True),
        (DURING, [(START, 30)], {}, "awaiting_outcome", True),  # it answers again: nobody says it is over
        (DURING, [(START, 30)], {"said": (said(SaidKind.STARTED, START),)}, "in_progress", True),
        (AFTER, [(START, 30)], {}, "awaiting_outcome", True),
        (AFTER, [(START, 120)], {}, "awaiting_outcome", True),  # back at 24:00 sharp
        (AFTER, [(START, 121)], {}, "overrunning", True),  # back a minute later, and no word
        (AFTER, [(START, 6000)], {}, "overrunning", True),
        (AFTER, [], {"said": (said(SaidKind.STARTED, START),)}, "awaiting_outcome", True),
        (AFTER, [(START, 60)], {"said": (IN_TIME,)}, "completed_in_window", False),
        (AFTER, [(START, 60)], {"said": (said(SaidKind.ENDED, END),)}, "completed_in_window", False),
        (AFTER, [(START, 60)], {"said": (LATE,)}, "completed_late", False),
        (AFTER, [(START, 60)], {"said": (said(SaidKind.PARTLY, june(11, 1)),)}, "partly_completed", False),
        (AFTER, [(START, 60)], {"said": (said(SaidKind.ROLLED_BACK, june(11, 1)),)}, "rolled_back", False),
        (AFTER, [(START, 60)], {"said": (IN_TIME, said(SaidKind.STARTED, june(11, 2)))}, "overrunning", True),
        # a start noted after the end does not reopen it
        (AFTER, [], {"said": (IN_TIME, said(SaidKind.STARTED, START, june(11, 2)))}, "completed_in_window", False),
        # taken back: 72 h to 24 h before the start against 48 h asked
        (AFTER, [], {"withdrawal": Withdrawal(june(8, 22), "", SOURCE)}, "withdrawn_in_time", False),
        (AFTER, [], {"withdrawal": Withdrawal(june(8, 22, 1), "", SOURCE)}, "withdrawn_late", False),
        (AFTER, [], {"withdrawal": Withdrawal(june(8), "", SOURCE, silent=True)}, "withdrawn_late", False),
        (AFTER, [], {"rescheduled_at": june(8, 12)}, "withdrawn_in_time", False),
        (AFTER, [], {"rescheduled_at": june(10, 12)}, "withdrawn_late", False),
        (AFTER, [], {"rescheduled_at": DURING}, "withdrawn_late", False),
        (AFTER, [], {"rescheduled_at": june(11, 8)}, "not_carried_out", False),  # it had passed undone
        (BEFORE, [], {"rescheduled_at": june(11, 8)}, "announced", False),  # not known yet
        # an outage in a window taken back in time is not its work
        (AFTER, [(START, 60)], {"rescheduled_at": june(8, 12)}, "withdrawn_in_time", False),
        # the outage began an hour before: the work's. Two hours before: something else.
        (AFTER, [(START - HOURS, 90)], {}, "awaiting_outcome", True),
        (AFTER, [(START - 2 * HOURS, 150)], {}, "awaiting_outcome", False),
        (AFTER, [], {"announced": False, "announced_at": june(11, 8)}, "unannounced", False),
    ],
)
def test_outcome(
    as_at: datetime, down: list[tuple[datetime, int]], window: dict[str, Any], outcome: str, is_open: bool
) -> None:
    found = verdict(as_at, *(a_span(start, minutes) for start, minutes in down), **window)
    assert (found.outcome.value, found.open) == (outcome, is_open)
    assert found.derived_outcome is found.outcome


def test_unknown_where_nobody_looked_and_nobody_spoke() -> None:
    blind = {"monitors": (a_monitor(unknown=(a_span(START - HOURS, 240),)),)}
    assert verdict(AFTER, case=blind).outcome is Outcome.UNKNOWN


def test_a_service_that_answers_again_closes_nothing() -> None:
    found = verdict(june(20), a_span(START, 300))
    assert found.outcome is Outcome.OVERRUNNING
    assert found.actual_end is None
    assert found.work_open == june(20) - START
    assert any("that alone does not end the work" in line for line in found.evidence)


@pytest.mark.parametrize(
    ("down", "said_words", "downtime_ratio", "work_ratio"),
    [
        (120, (said(SaidKind.ENDED, june(11)),), Fraction(1), Fraction(1)),
        (60, (said(SaidKind.ENDED, june(11, 4)),), Fraction(1, 2), Fraction(3)),  # 22:00 to 04:00 = 6 h of 2 h
        (7, (said(SaidKind.ENDED, june(10, 22, 7)),), Fraction(7, 120), Fraction(7, 120)),
        (1440, (), Fraction(11, 2), Fraction(11, 2)),  # still down at 09:00: 11 h of 2 h
    ],
)
def test_ratios(
    down: int, said_words: tuple[Said, ...], downtime_ratio: Fraction, work_ratio: Fraction
) -> None:
    found = verdict(AFTER, a_span(START, down), said=said_words)
    assert (found.downtime_ratio, found.work_ratio) == (downtime_ratio, work_ratio)


def test_downtime_outside_the_work_is_not_its_own() -> None:
    found = verdict(AFTER, a_span(START, 60), a_span(june(11, 2), 30), said=(IN_TIME,))
    assert found.downtime == timedelta(minutes=60)


@pytest.mark.parametrize("outcome", ["not_carried_out", "withdrawn_late"])
def test_what_did_not_happen_has_no_ratio(outcome: str) -> None:
    override = OutcomeOverride(outcome, "M. Brandt", "seen in the provider's log", AFTER)
    found = verdict(AFTER, a_span(START, 60), override=override)
    assert (found.downtime_ratio, found.work_ratio, found.open) == (None, None, False)


def test_an_override_keeps_the_derivation() -> None:
    override = OutcomeOverride("completed_in_window", "M. Brandt", "the provider's log shows it", june(11, 8))
    found = verdict(AFTER, a_span(START, 300), override=override)
    assert found.outcome is Outcome.COMPLETED_IN_WINDOW
    assert found.derived_outcome is Outcome.OVERRUNNING
    assert (found.override_by, found.override_reason) == ("M. Brandt", "the provider's log shows it")
    assert not found.open
    earlier = verdict(june(11, 7), a_span(START, 300), override=override)
    assert earlier.outcome is Outcome.OVERRUNNING
    assert earlier.override_by is None


@pytest.mark.parametrize(("by", "reason"), [("", "a reason"), ("M. Brandt", "  ")])
def test_an_override_needs_a_name_and_a_reason(by: str, reason: str) -> None:
    with pytest.raises(ValueError, match="a name and a reason; for example"):
        OutcomeOverride("completed_late", by, reason, AFTER)


def test_an_override_must_name_an_outcome() -> None:
    with pytest.raises(OutcomeError, match="for example completed_late"):
        verdict(AFTER, override=OutcomeOverride("done", "M. Brandt", "because", june(11)))


def flags(found: WindowVerdict) -> set[str]:
    return {flag.value for flag in found.flags}


@pytest.mark.parametrize(
    ("hours", "met", "expected"),
    [
        (48, True, set()),  # equal notice is enough
        (47, False, {"notice_too_short"}),
        (0, False, {"notice_too_short", "notice_after_the_fact"}),
        (-1, False, {"notice_too_short", "notice_after_the_fact"}),
    ],
)
def test_notice(hours: int, met: bool, expected: set[str]) -> None:
    found = verdict(AFTER, notice_hours=hours)
    assert (found.notice, found.notice_required, found.notice_met) == (hours * HOURS, 48 * HOURS, met)
    assert flags(found) == expected


def test_notice_is_elapsed_time_over_the_change_of_the_clocks() -> None:
    # Announced Sat 29 March 2025 22:00, start Mon 31 March 22:00, both Europe/Berlin: the night to Sunday has 23 h.
    # By the clock 48 h; elapsed 47 h.
    berlin = ZoneInfo("Europe/Berlin")
    start = datetime(2025, 3, 31, 22, tzinfo=berlin)
    window = a_window(start, announced_at=datetime(2025, 3, 29, 22, tzinfo=berlin).astimezone(june(1).tzinfo))
    march = calendar_month("2025-03", "Europe/Berlin")
    (found,) = judge(a_case(period=march, windows=(window,))).windows
    assert found.notice == 47 * HOURS
    assert found.notice_met is False


def test_emergency_work_needs_no_notice_and_is_not_excused() -> None:
    found = verdict(AFTER, a_span(START, 60), notice_hours=1, emergency=True)
    assert found.notice_required is None
    assert found.notice_met is None
    assert found.why_not == "The terms do not excuse emergency work."


@pytest.mark.parametrize(
    ("down_from", "late", "delay"),
    [
        (START, False, timedelta(0)),
        (START + timedelta(minutes=1), False, timedelta(minutes=1)),  # good at 22:00, failed at 22:01: one interval
        (START + timedelta(minutes=2), True, timedelta(minutes=2)),  # seen good at 22:01
        (START - timedelta(minutes=5), False, timedelta(minutes=-5)),
    ],
)
def test_started_late(down_from: datetime, late: bool, delay: timedelta) -> None:
    found = verdict(AFTER, a_span(down_from, 60))
    assert (Flag.STARTED_LATE in found.flags) is late
    assert found.start_delay == delay


def work(*findings: Finding) -> dict[str, Any]:
    agreed = Procedure(june(5), (Step(1, "clone while live"), Step(2, "switch")), SOURCE)
    return {"works": (Work("work", "clone", "hardware", (agreed,), findings),)}


def finding(step: int | None, kind: FindingVerdict, at: datetime, scope: bool = False) -> Finding:
    return Finding("w1", step, kind, at, "updates were installed", SOURCE, scope)


@pytest.mark.parametrize(
    ("found_at", "kind", "scope", "expected"),
    [
        (june(11, 4), FindingVerdict.CHANGED, False, {"procedure_changed"}),
        (june(11, 4), FindingVerdict.ADDED, True, {"procedure_changed", "scope_changed"}),
        (june(10, 12), FindingVerdict.SKIPPED, False, {"procedure_changed"}),  # we were told before it began
        (june(11, 4), FindingVerdict.AS_AGREED, False, set()),
        (june(12), FindingVerdict.CHANGED, False, set()),  # found only later
    ],
)
def test_procedure_flags(found_at: datetime, kind: FindingVerdict, scope: bool, expected: set[str]) -> None:
    found = verdict(AFTER, a_span(START, 60), case=work(finding(1, kind, found_at, scope)), said=(IN_TIME,))
    assert flags(found) == expected


def test_an_overrun_is_said_by_its_outcome_alone() -> None:
    assert flags(verdict(AFTER, a_span(START, 300))) == set()


def test_an_early_start_is_a_change_of_the_date_without_notice() -> None:
    early = Said(SaidKind.STARTED, june(10, 21, 30), june(10, 21, 40), "we began early", SOURCE)
    assert "no_notice_of_change" in flags(verdict(AFTER, a_span(START, 60), said=(early,)))


def test_no_notice_of_a_silent_withdrawal() -> None:
    found = verdict(AFTER, withdrawal=Withdrawal(june(8), "", SOURCE, silent=True))
    assert flags(found) == {"no_notice_of_change"}


def site(number: int, current: bool | None = None, at: datetime | None = None) -> Site:
    checks = (SiteCheck(at, True, True, current, SOURCE),) if at is not None else ()
    return Site(f"s{number}", f"site-{number}.example", (Span(june(1), june(30)),), (), checks)


@pytest.mark.parametrize(
    ("sites", "as_at", "unverified"),
    [
        ((), AFTER, False),
        ((site(1),), june(10, 22, 30), False),  # still down, nothing checked
        ((site(1),), AFTER, True),  # it came back and nobody looked
        ((site(1, True, june(11)),), AFTER, False),
        ((site(1, True, june(11)), site(2)), AFTER, True),
        ((site(1, False, june(11)),), AFTER, True),
        ((site(1, None, june(11)),), AFTER, True),
        ((site(1, True, june(10, 20)),), AFTER, True),  # checked before the work began: says nothing
        ((site(1, True, june(10, 22, 30)),), AFTER, True),  # checked while it was down
    ],
)
def test_data_unverified(sites: tuple[Site, ...], as_at: datetime, unverified: bool) -> None:
    found = verdict(as_at, a_span(START, 60), case={"sites": sites}, said=(IN_TIME,))
    assert (Flag.DATA_UNVERIFIED in found.flags) is unverified


def two(primary_down: int, backup_down: int, *words: Said, backup_words: tuple[Said, ...] = ()) -> Case:
    """A primary Tue 10 June 22:00 and a backup Wed 11 June 22:00, judged on Thu 12 June."""
    backup = june(11, 22)
    down = [a_span(s, n) for s, n in ((START, primary_down), (backup, backup_down)) if n]
    windows = (a_window(START, said=words), a_window(backup, id="w2", role="backup", said=backup_words))
    return a_case(*down, as_at=june(12), windows=windows)


def test_carried_to_backup() -> None:
    primary, backup = judge(two(0, 60, said(SaidKind.NOT_CARRIED_OUT, START))).windows
    assert flags(primary) == {"carried_to_backup"}
    assert backup.outcome is Outcome.AWAITING_OUTCOME
    assert (primary.attempt, backup.attempt) == (1, 2)


def test_an_unused_backup_is_not_a_broken_promise() -> None:
    statement = judge(two(60, 0, IN_TIME))
    assert [w.outcome for w in statement.windows] == [Outcome.COMPLETED_IN_WINDOW, Outcome.NOT_CARRIED_OUT]
    assert [p.status for p in statement.promises if p.kind == "window"] == [PromiseStatus.KEPT, PromiseStatus.KEPT]


def test_a_backup_is_spare_only_where_the_primary_was_over_before_it() -> None:
    statement = judge(two(60, 0, said(SaidKind.ENDED, june(11, 22, 1))))
    assert statement.windows[1].outcome is Outcome.AWAITING_OUTCOME


@pytest.mark.parametrize(
    ("window", "why"),
    [
        ({}, ""),
        ({"notice_hours": 24}, "It was announced 24 h 00 min before its start; the terms ask for 48 h 00 min."),
        ({"said": (said(SaidKind.NOT_CARRIED_OUT, START, june(11, 8)),)}, "The work was not carried out."),
        ({"announced": False}, "Nothing was announced."),
        ({"withdrawal": Withdrawal(june(8), "", SOURCE)}, "The window was withdrawn."),
    ],
)
def test_excuses(window: dict[str, Any], why: str) -> None:
    found = verdict(AFTER, a_span(START, 60), **window)
    assert found.why_not == why
    assert found.excuses is (why == "")


def test_no_work_no_cover() -> None:
    assert verdict(AFTER).why_not == "No work is established in it."


def test_the_first_promise_and_the_last_are_both_judged() -> None:
    # Moved on the Monday before (3 h ahead of 48 h notice): the old window was withdrawn late, the new one stands.
    old = a_window(START, rescheduled_at=june(9), notice_hours=240)
    new: Window = a_window(june(12, 22), id="w2", replaces="w1", announced_at=june(9))
    verdicts = judge(a_case(as_at=june(12), windows=(old, new))).windows
    assert [(v.attempt, v.outcome.value) for v in verdicts] == [(1, "withdrawn_late"), (2, "announced")]
