"""The story, judged as at five moments. All times Europe/Berlin, summer time (UTC+2); 2025."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from app.sla.judge import judge
from app.sla.statement import Flag, Outcome, PromiseStatus, Statement, Verdict
from tests.sla.story_case import MINUTES_DOWN, at, story

SUN_8 = at(8, "12:00")  # Sunday 8 June, noon: window 1 passed last night, the provider spoke at 09:40
SUN_15 = at(15, "12:00")  # Sunday 15 June, noon: window 2 passed last night, nobody has said a word
SUN_29 = at(29, "0:30")  # Sunday 29 June, 00:30: half an hour over
MON_30 = at(30, "6:00")  # Monday 30 June, 06:00: 32 h in
TUE_1 = at(1, "9:00", 7)  # Tuesday 1 July, 09:00: June is closed

H, M = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture(scope="module")
def judged() -> dict[datetime, Statement]:
    return {moment: judge(story(moment)) for moment in (SUN_8, SUN_15, SUN_29, MON_30, TUE_1)}


@pytest.mark.parametrize(
    ("moment", "outcomes"),
    [
        (SUN_8, ["not_carried_out"]),
        (SUN_15, ["not_carried_out", "awaiting_outcome"]),
        (SUN_29, ["not_carried_out", "not_carried_out", "overrunning"]),
        (MON_30, ["not_carried_out", "not_carried_out", "overrunning"]),
        (TUE_1, ["not_carried_out", "not_carried_out", "overrunning"]),
    ],
)
def test_outcomes(judged: dict[datetime, Statement], moment: datetime, outcomes: list[str]) -> None:
    assert [window.outcome.value for window in judged[moment].windows] == outcomes


@pytest.mark.parametrize(
    ("moment", "downtime_ratio", "work_ratio"),
    [
        (SUN_29, Fraction(5, 4), Fraction(5, 4)),  # 22:00 to 00:30 = 2 h 30 of 2 h
        (MON_30, Fraction(12), Fraction(16)),  # down 24 h of 2 h; open since Sat 22:00 = 32 h of 2 h
        (TUE_1, Fraction(12), Fraction(59, 2)),  # open Sat 22:00 to Tue 09:00 = 59 h of 2 h
    ],
)
def test_ratios_of_the_third_window(
    judged: dict[datetime, Statement], moment: datetime, downtime_ratio: Fraction, work_ratio: Fraction
) -> None:
    third = judged[moment].windows[2]
    assert third.open
    assert third.actual_end is None
    assert third.downtime_ratio == downtime_ratio
    assert third.work_ratio == work_ratio
    assert third.start_delay == timedelta(0)


def test_what_never_happened_has_no_ratio(judged: dict[datetime, Statement]) -> None:
    for window in judged[TUE_1].windows[:2]:
        assert (window.downtime_ratio, window.work_ratio, window.actual_start) == (None, None, None)
        assert window.flags == ()
        assert not window.open
        assert "Every observation in the window was good: 120 of 120." in window.evidence


@pytest.mark.parametrize(
    ("moment", "flags"),
    [
        (SUN_29, set()),
        # from 04:10 the other procedure is known; from 05:00 on Monday sites are checked and 49 are not current
        (MON_30, {Flag.PROCEDURE_CHANGED, Flag.DATA_UNVERIFIED}),
        (TUE_1, {Flag.PROCEDURE_CHANGED, Flag.DATA_UNVERIFIED}),
    ],
)
def test_flags_of_the_third_window(judged: dict[datetime, Statement], moment: datetime, flags: set[Flag]) -> None:
    assert set(judged[moment].windows[2].flags) == flags


@pytest.mark.parametrize(
    ("moment", "down", "known", "so_far", "projected"),
    [
        # As at 00:30, 28 d 0 h 30 min = 672 h 30 min of 720 h have passed.
        # raw 2 h 30; announced removed and SLA method 30 min
        (SUN_29, [150, 30, 30], 40_350, ["0.996282", "0.999257", "0.999257"], ["0.996528", "0.999306", "0.999306"]),
        # As at Mon 30 June 06:00, 702 h: 678/702, 680/702, 680/702; then 696/720, 698/720, 698/720.
        (MON_30, [1440, 1320, 1320], 42_120, ["0.965812", "0.968661", "0.968661"],
         ["0.966667", "0.969444", "0.969444"]),
        # June closed: 720 h.
        (TUE_1, [1440, 1320, 1320], 43_200, ["0.966667", "0.969444", "0.969444"],
         ["0.966667", "0.969444", "0.969444"]),
    ],
)  # fmt: skip
def test_three_readings(
    judged: dict[datetime, Statement],
    moment: datetime,
    down: list[int],
    known: int,
    so_far: list[str],
    projected: list[str],
) -> None:
    readings = judged[moment].readings
    assert [reading.key for reading in readings] == ["raw", "announced_removed", "sla_method"]
    assert [reading.down for reading in readings] == [minutes * M for minutes in down]
    assert [reading.known for reading in readings] == [known * M] * 3
    assert [reading.projected_known for reading in readings] == [720 * H] * 3
    for reading, now, later in zip(readings, so_far, projected, strict=True):
        assert reading.availability is not None
        assert reading.projected_availability is not None
        assert abs(reading.availability - Fraction(now)) < Fraction(1, 10**6)
        assert abs(reading.projected_availability - Fraction(later)) < Fraction(1, 10**6)


def test_exact_shares(judged: dict[datetime, Statement]) -> None:
    assert [r.availability for r in judged[MON_30].readings] == [
        Fraction(678, 702), Fraction(680, 702), Fraction(680, 702),
    ]  # fmt: skip
    assert [r.availability for r in judged[TUE_1].readings] == [
        Fraction(696, 720), Fraction(698, 720), Fraction(698, 720),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("moment", "verdict", "breach", "so_far"),
    [
        (SUN_8, Verdict.OPEN, False, True),
        (SUN_15, Verdict.OPEN, False, True),
        (SUN_29, Verdict.OPEN, False, True),  # 30 min counted, 43 min 12 s allowed
        (MON_30, Verdict.BREACHED, True, True),  # 22 h: not to be made good in the 18 h that are left
        (TUE_1, Verdict.BREACHED, True, False),
    ],
)
def test_verdict(
    judged: dict[datetime, Statement], moment: datetime, verdict: Verdict, breach: bool, so_far: bool
) -> None:
    statement = judged[moment]
    assert (statement.verdict, statement.breach, statement.so_far) == (verdict, breach, so_far)
    assert statement.coverage == 1
    assert statement.allowed == timedelta(minutes=43, seconds=12)


def test_credit_and_deadline(judged: dict[datetime, Statement]) -> None:
    assert judged[SUN_29].credit is None
    assert judged[SUN_29].deadline is None
    for moment, final in ((MON_30, False), (TUE_1, True)):
        credit, deadline = judged[moment].credit, judged[moment].deadline
        assert credit is not None
        assert deadline is not None
        assert (credit.amount, credit.currency, credit.percent) == (Decimal("120.00"), "EUR", 30)  # 400.00 × 30 %
        assert credit.tier_below == Fraction(99, 100)
        assert not credit.cap_applied
        assert credit.final is final
        assert deadline.earliest == date(2025, 7, 1)  # Tuesday
        assert deadline.latest == date(2025, 7, 30)  # 30 June + 30 days, a Wednesday
        assert deadline.too_late_from == at(31, "0:00", 7)
        assert not deadline.missed
    values = {line.label: line.value for line in judged[TUE_1].credit.lines}  # type: ignore[union-attr]
    assert values["Availability"] == "2512800/2592000"  # 698 h / 720 h
    assert values["Amount"] == "120.00 EUR"


def kinds(statement: Statement) -> list[tuple[str, str]]:
    return [(promise.kind, promise.status.value) for promise in statement.promises]


def test_one_list_of_promises(judged: dict[datetime, Statement]) -> None:
    assert kinds(judged[MON_30]) == [
        ("availability", "broken"),
        ("window", "broken"), ("window", "broken"), ("window", "broken"),
        ("procedure", "broken"),
        ("notice", "kept"), ("notice", "kept"), ("notice", "kept"),
        ("response", "broken"),
        ("repair", "broken"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("index", "figure", "target"),
    [
        (5, 107 * H + 55 * M, 48 * H),  # Tue 3 June 10:05 to Sat 7 June 22:00
        (6, 130 * H + 40 * M, 48 * H),  # Mon 9 June 11:20 to Sat 14 June 22:00
        (7, 101 * H + 30 * M, 48 * H),  # Tue 24 June 16:30 to Sat 28 June 22:00
        (8, 105 * M, 60 * M),  # ticket NG-88207: Sun 29 June 00:02 to 01:47
        (9, 31 * 24 * H + 15 * H, 24 * H),  # Thu 29 May 15:00 to Mon 30 June 06:00
    ],
)
def test_figures(judged: dict[datetime, Statement], index: int, figure: timedelta, target: timedelta) -> None:
    promise = judged[MON_30].promises[index]
    assert (promise.figure, promise.target) == (figure, target)
    assert promise.open is (promise.kind == "repair")


def test_promises_before_their_time(judged: dict[datetime, Statement]) -> None:
    waiting = {(p.kind, p.subject): p.status for p in judged[SUN_15].promises}
    assert waiting["window", "w2"] is PromiseStatus.OPEN
    half_past = {p.kind: p for p in judged[SUN_29].promises}
    assert half_past["response"].status is PromiseStatus.OPEN  # 28 min, and a person has not answered yet
    assert half_past["procedure"].status is PromiseStatus.OPEN  # no step is observed before 04:10


def test_steps(judged: dict[datetime, Statement]) -> None:
    assert [(s.step, s.verdict.value) for s in judged[MON_30].steps] == [
        (1, "changed"), (2, "not_observed"), (3, "not_observed"), (4, "not_observed"), (5, "changed"),
    ]  # fmt: skip


def test_sites(judged: dict[datetime, Statement]) -> None:
    assert Counter(site.state.value for site in judged[MON_30].sites) == {
        "current": 71, "old": 31, "down": 6, "unknown": 12,
    }  # fmt: skip
    assert {site.state.value for site in judged[SUN_29].sites} == {"down"}
    assert {site.down for site in judged[MON_30].sites} == {24 * H}


def test_outage_and_its_bounds(judged: dict[datetime, Statement]) -> None:
    (outage,) = judged[MON_30].outages
    assert outage.as_held == 24 * H
    assert outage.at_least == 24 * H - M  # Sat 22:00 to Sun 21:59, first to last failure
    assert outage.at_most == 24 * H + M  # Sat 21:59 to Sun 22:00, last good to first good
    assert (outage.excused, outage.counted) == (2 * H, 22 * H)
    assert outage.window_ids == ("w3",)
    assert not outage.open
    assert judged[SUN_29].outages[0].open


def test_trend_and_calendar(judged: dict[datetime, Statement]) -> None:
    months = judged[TUE_1].months
    assert [month.period.label for month in (months[0], months[-1])] == ["2024-07", "2025-06"]
    assert [month.down // M for month in months] == [*MINUTES_DOWN, 1440]
    days = judged[MON_30].days
    assert [(day.day.day, day.down // H) for day in days if day.down] == [(28, 2), (29, 22)]
    assert [day.day.day for day in days if day.announced] == [7, 14, 28]
    assert not any(day.future for day in days)
    assert [day.day.day for day in judged[SUN_29].days if day.future] == [30]


def test_a_provider_who_calls_all_of_it_maintenance_is_answered_by_the_excused_part(
    judged: dict[datetime, Statement],
) -> None:
    (excused,) = judged[TUE_1].excused
    assert excused.window_id == "w3"
    assert (excused.span.start, excused.span.end) == (at(28, "22:00"), at(29, "0:00"))
    assert judged[TUE_1].windows[2].outcome is Outcome.OVERRUNNING
