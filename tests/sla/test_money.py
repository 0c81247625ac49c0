"""From counted minutes to money and to the last day. June 2025 has 43200 minutes; the fee is EUR 400.00."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from app.sla.clauses import Claim
from app.sla.counting import count
from app.sla.credits import rounded
from app.sla.deadlines import deadline, last_moments
from app.sla.judge import judge
from app.sla.periods import billing_cycle, calendar_month
from app.sla.spans import Span
from app.sla.statement import Credit
from app.sla.termination import right_to_leave
from tests.sla.cases import JUNE, a_case, a_span, a_window, june, some_terms


@pytest.mark.parametrize(
    ("amount", "currency", "printed"),
    [
        (Fraction(15, 10), "JPY", "2"),  # half up, no minor unit
        (Fraction("0.005"), "EUR", "0.01"),
        (Fraction("0.00499999"), "EUR", "0.00"),
        (Fraction(1, 3), "EUR", "0.33"),
        (Fraction("1.0005"), "KWD", "1.001"),
    ],
)
def test_rounded_once_half_up(amount: Fraction, currency: str, printed: str) -> None:
    assert str(rounded(amount, currency)) == printed


def credit(minutes_down: int, **terms: Any) -> Credit | None:
    down = [a_span(june(3), minutes_down)] if minutes_down else []
    return judge(a_case(*down, terms=some_terms(**terms))).credit


@pytest.mark.parametrize(
    ("minutes_down", "percent", "amount", "below"),
    [
        (43, None, None, None),  # 43.2 min are allowed
        (44, 10, "40.00", "0.999"),
        (432, 10, "40.00", "0.999"),  # exactly 99.0 % is not below 99.0 %
        (433, 30, "120.00", "0.99"),
        (2160, 30, "120.00", "0.99"),  # exactly 95.0 %
        (2161, 100, "400.00", "0.95"),
    ],
)
def test_tiers(minutes_down: int, percent: int | None, amount: str | None, below: str | None) -> None:
    found = credit(minutes_down)
    if percent is None:
        assert found is None
        return
    assert found is not None
    assert (found.percent, str(found.amount)) == (percent, amount)
    assert found.tier_below == Fraction(below or 0)


def test_inclusive_tier() -> None:
    rows = [{"below": "99.0", "percent": "30", "inclusive": True}]
    found = credit(432, credit={"kind": "uptime_tiers", "tiers": rows})
    assert found is not None
    assert found.percent == 30  # at 99.0 % sharp


def test_cap_and_minimum() -> None:
    capped = credit(2161, cap_percent="50")
    assert capped is not None
    assert (capped.uncapped_percent, capped.percent, capped.cap_applied) == (100, 50, True)
    at_cap = credit(2161, cap_percent="100")
    assert at_cap is not None
    assert not at_cap.cap_applied  # exactly at the cap is not capped
    for rule, paid in (("greater_than", "0.00"), ("at_least", "40.00")):  # 10 % of 400.00 is 40.00
        found = credit(44, min_credit={"rule": rule, "amount": "40.00"})
        assert found is not None
        assert str(found.amount) == paid
    nothing = judge(a_case(a_span(june(3), 44), terms=some_terms(min_credit={"rule": "greater_than", "amount": "40"})))
    assert nothing.deadline is None  # no credit, no deadline


@pytest.mark.parametrize(
    ("clause", "minutes_down", "percent"),
    [
        ({"kind": "flat", "percent": "25"}, 44, Fraction(25)),
        ({"kind": "no_charge_hours"}, 61, Fraction(200, 720)),  # two started hours of 720
        ({"kind": "no_charge_hours", "rounding": "full"}, 61, Fraction(100, 720)),
        # one day at once, one more for each full 30 min: 1 + 2 days of 30
        ({"kind": "days_per_unit", "unit_minutes": "30", "initial_days": 1}, 60, Fraction(10)),
        # a 365th of a renewal fee of 365.00 is 1.00 a day; two days of a fee of 400.00
        ({"kind": "days_per_unit", "unit_minutes": "30", "day_value": {"kind": "renewal", "renewal_fee": "365"}}, 60,
         Fraction(1, 2)),
        # 60 min less the 43.2 allowed, ten times over
        ({"kind": "multiple", "multiplier": "10", "basis": "excess"}, 60, 1000 * Fraction("16.8") / 43200),
    ],
)  # fmt: skip
def test_formulas_without_a_shared_example(clause: dict[str, Any], minutes_down: int, percent: Fraction) -> None:
    found = credit(minutes_down, credit=clause)
    assert found is not None
    assert found.percent == percent


def test_a_credit_that_needs_no_breach() -> None:
    clause = {"kind": "per_unit", "percent": "1", "unit_minutes": "10"}
    assert credit(40, credit=clause) is None
    found = credit(40, credit=clause, requires_breach=False)
    assert found is not None
    assert found.percent == 4


def test_part_of_a_month_pays_part_of_the_fee() -> None:
    # In service from Mon 16 June: 15 of 30 days. 30 min of 21600 are 99.861 %: 10 % of half of 400.00.
    life = Span(june(16), datetime(2026, 1, 1, tzinfo=UTC))
    facts = a_case(a_span(june(20), 30), in_service=life, terms=some_terms(denominator="in_service"))
    statement = judge(facts)
    assert statement.totals.out_of_service == timedelta(days=15)
    assert statement.readings[2].known == timedelta(days=15)
    assert statement.credit is not None
    assert (str(statement.credit.base), str(statement.credit.amount)) == ("200.00", "20.00")
    whole = judge(a_case(a_span(june(20), 30), in_service=life, terms=some_terms(denominator="actual")))
    assert not whole.breach  # 30 of 43200 min: 99.93 %


@pytest.mark.parametrize(
    ("denominator", "known_minutes"),
    [("actual", 43_200), ("less_excluded", 43_080), ("fixed:43800", 43_800)],
)
def test_denominators(denominator: str, known_minutes: int) -> None:
    # down 4 h from the start of a valid 2 h window
    facts = a_case(a_span(june(10, 22), 240), windows=(a_window(june(10, 22)),),
                   terms=some_terms(denominator=denominator))  # fmt: skip
    reading = judge(facts).readings[2]
    assert reading.known == timedelta(minutes=known_minutes)
    assert reading.availability == 1 - Fraction(120, known_minutes)


def counted(spans: list[Span], excused: list[Span] | None = None, **counting: Any) -> Fraction:
    return count(spans, excused or [], some_terms(counting=counting), JUNE.span).minutes


def test_order_of_counting() -> None:
    start = june(10, 12)
    flaps = [a_span(start, 3), a_span(start + timedelta(minutes=4), 3)]
    assert counted(flaps) == 6
    assert counted(flaps, min_outage_seconds=300) == 0  # each is shorter than 5 min
    assert counted(flaps, min_outage_seconds=300, merge_gap_seconds=60) == 7  # a minute apart: one of 7 min
    # the minimum is tested on what remains after the excused part: 6 min less 2
    assert counted([a_span(start, 6)], [a_span(start, 2)], min_outage_seconds=300) == 0
    assert counted([a_span(start, 5)], min_outage_seconds=300) == 5
    assert counted([a_span(start, 5)], min_outage_seconds=300, min_outage_rule="longer_than") == 0
    # ... and before the month's edge cuts it: 2 min in June of 6 in all
    edge = a_span(JUNE.span.end - timedelta(minutes=2), 6)
    assert counted([edge], min_outage_seconds=300) == 2
    half = Span(start + timedelta(seconds=30), start + timedelta(minutes=3, seconds=30))
    assert counted([half], quantum={"kind": "buckets", "minutes": 1, "rule": "whole"}) == 2
    assert counted([half], quantum={"kind": "buckets", "minutes": 1, "rule": "any"}) == 4
    assert counted([Span(start, start + timedelta(seconds=119))], quantum={"kind": "whole_minutes"}) == 1


def test_two_pieces_in_one_bucket_count_it_once() -> None:
    start = june(10, 12)
    tens = [start + timedelta(seconds=10 * k) for k in range(4)]
    pieces = [Span(tens[0], tens[1]), Span(tens[2], tens[3])]
    assert counted(pieces, quantum={"kind": "buckets", "minutes": 5, "rule": "any"}) == 5


def test_clock_from_the_ticket() -> None:
    outage = a_span(june(10, 12), 120)
    terms = some_terms(counting={"clock_start": "ticket_opened"})
    assert count([outage], [], terms, JUNE.span, tickets=[june(10, 12, 45), june(10, 13)]).minutes == 75
    assert count([outage], [], terms, JUNE.span, tickets=[june(10, 11)]).minutes == 0
    confirmed = some_terms(counting={"clock_start": "provider_confirmed"})
    assert count([outage], [], confirmed, JUNE.span, confirmations=[june(10, 13, 30)]).minutes == 30


OUTAGE = a_span(june(10, 12), 24 * 60)  # Tue 10 June 12:00 to Wed 11 June 12:00


@pytest.mark.parametrize(
    ("claim", "earliest", "latest"),
    [
        ({"kind": "days_after_incident", "n": 7, "anchor": "start"}, date(2025, 6, 11), date(2025, 6, 17)),
        ({"kind": "days_after_incident", "n": 7, "anchor": "end"}, date(2025, 6, 11), date(2025, 6, 18)),
        # from Wed 11 June: Thu, Fri, Mon, Tue, Wed
        ({"kind": "days_after_incident", "n": 5, "business_days": True}, date(2025, 6, 11), date(2025, 6, 18)),
        ({"kind": "hours_after_incident", "n": 72}, date(2025, 6, 11), date(2025, 6, 14)),
        ({"kind": "days_after_period_end", "n": 30}, date(2025, 7, 1), date(2025, 7, 30)),
        # 30 June is a Monday: Tue 1 July … Mon 7 July
        ({"kind": "days_after_period_end", "n": 5, "business_days": True}, date(2025, 7, 1), date(2025, 7, 7)),
        ({"kind": "months_after_period_end", "n": 8}, date(2025, 7, 1), date(2026, 2, 28)),  # clamps
        ({"kind": "end_of_nth_period_after", "n": 2}, date(2025, 7, 1), date(2025, 8, 31)),
    ],
)
def test_deadlines(claim: dict[str, Any], earliest: date, latest: date) -> None:
    found = deadline(Claim.model_validate(claim), JUNE, [OUTAGE], june(12), "the clause")
    assert found is not None
    assert (found.earliest, found.latest, found.missed) == (earliest, latest, False)


def test_deadline_to_the_instant() -> None:
    claim = Claim(kind="days_after_period_end", n=30)
    june_berlin = calendar_month("2025-06", "Europe/Berlin")
    too_late = datetime(2025, 7, 30, 22, tzinfo=UTC)  # Thu 31 July 00:00 in Berlin
    for as_at, missed in ((too_late - timedelta(microseconds=1), False), (too_late, True)):
        found = deadline(claim, june_berlin, [], as_at, "the clause")
        assert found is not None
        assert (found.too_late_from, found.missed) == (too_late, missed)


def test_the_earliest_incident_decides_and_all_are_listed() -> None:
    claim = Claim(kind="days_after_incident", n=7, anchor="start")
    moments = last_moments(claim, JUNE, [a_span(june(20), 5), OUTAGE])
    assert [moment.latest for moment in moments] == [date(2025, 6, 17), date(2025, 6, 27)]


def test_an_outage_that_ends_at_midnight_ended_with_the_old_day() -> None:
    claim = Claim(kind="days_after_incident", n=7, anchor="end")
    (moment,) = last_moments(claim, JUNE, [Span(june(10, 22), june(11))])
    assert moment.latest == date(2025, 6, 17)


def test_automatic_needs_no_claim() -> None:
    assert deadline(Claim(kind="automatic"), JUNE, [OUTAGE], june(12), "") is None
    assert deadline(None, JUNE, [OUTAGE], june(12), "") is None


def test_nth_cycle_keeps_its_anchor() -> None:
    claim = Claim(kind="end_of_nth_period_after", n=1)
    (moment,) = last_moments(claim, billing_cycle("2026-01", "UTC", 31), [])
    assert moment.latest == date(2026, 3, 30)


def leave(clause: dict[str, Any], **facts: Any) -> str | None:
    right = right_to_leave(some_terms(termination=clause).termination[0], "UTC", **facts)
    return None if right is None else f"{getattr(right.accrued, 'label', right.accrued)} {right.exercise_by}"


def test_right_to_leave_after_months_below() -> None:
    months = [(calendar_month(f"2025-{m:02d}", "UTC"), Fraction(s) / 100)
              for m, s in ((1, "99.4"), (2, "99.4"), (3, "99.9"), (4, "99.4"))]  # fmt: skip
    three = {"kind": "months_below", "below_percent": "99.5", "count": 3}
    assert leave(three, months=months) is None
    assert leave({**three, "consecutive": False}, months=months) == "2025-04 2025-05-30"
    assert leave({**three, "consecutive": False, "window_months": 3}, months=months) is None
    assert leave({**three, "count": 2}, months=months) == "2025-02 2025-03-30"


def test_right_to_leave_in_a_rolling_window() -> None:
    # Five hours on 1 June, five on 20 June and one on 2 July: the window of 30 days still holds the first until then.
    outages = [a_span(june(1), 300), a_span(june(20), 300), a_span(june(30), 60)]
    over = {"kind": "aggregate_downtime", "over_minutes": 600, "window_days": 30}
    assert leave(over, outages=outages) == "2025-06-30 00:00:01+00:00 2025-07-30"
    assert leave({**over, "window_days": 29}, outages=outages) is None
    many = {"kind": "outage_count", "count": 3, "longer_than_minutes": 60, "window_days": 30}
    assert leave(many, outages=outages) is None  # the third is not longer than an hour
    assert leave({**many, "longer_than_minutes": 59}, outages=outages) == "2025-06-30 01:00:00+00:00 2025-07-30"


def test_the_same_outage_under_the_story_terms_in_a_longer_month() -> None:
    # 22 h of a 31-day month: 97.04 %, the same tier; the amount is the fee's, not the month's.
    july = calendar_month("2025-07", "UTC")
    facts = a_case(a_span(datetime(2025, 7, 10, tzinfo=UTC), 22 * 60), period=july,
                   as_at=datetime(2025, 8, 2, tzinfo=UTC))  # fmt: skip
    found = judge(facts).credit
    assert found is not None
    assert found.amount == Decimal("120.00")
