"""The twenty-one laws that hold for every case, each under its number. Axis: seconds 0 to 1000, or minutes of June."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from app.sla.availability import availability
from app.sla.case import Case, Monitor, OwnOutage, State
from app.sla.judge import judge
from app.sla.periods import calendar_month, daily_windows, local_days, zone_of
from app.sla.spans import Span, intersect, minus, total, union
from app.sla.statement import Verdict
from app.sla.timeline import down_spans, outages, read, runs_of
from app.sla.wording import percent
from tests.sla.cases import CLOSED, JUNE, a_case, a_monitor, a_span, a_window, june, some_terms
from tests.timeline import MINUTE, monitor, steady

moderate = settings(max_examples=60, deadline=None)
START, END = 0, 1000
STATES = ["up", "degraded", "down", "unknown"]
ZONES = ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/St_Johns", "Pacific/Apia",
         "Africa/Cairo", "America/Sao_Paulo", "Asia/Kathmandu", "UTC"]  # fmt: skip
second = st.integers(START, END)
stretch = st.tuples(second, second).map(sorted).map(list)
stretches = st.lists(stretch, max_size=5)
segments = st.lists(st.tuples(stretch, st.sampled_from(STATES)).map(lambda s: [*s[0], s[1]]), max_size=8)
minutes_of_june = st.integers(0, 43_199)
down_times = st.lists(st.tuples(minutes_of_june, st.integers(1, 600)), max_size=6)


def case(segments: Any, windows: Any = (), start: int = START, end: int = END, **more: Any) -> dict[str, Any]:
    return {"period": {"start": start, "end": end}, "segments": segments, "excluded_windows": windows, **more}


def seconds(answer: dict[str, Any]) -> dict[str, int]:
    found: dict[str, int] = answer["seconds"]
    return found


def share(answer: dict[str, Any], policy: str) -> float | None:
    found: float | None = answer["availability_percent"][policy]
    return found


def spans(times: list[tuple[int, int]]) -> tuple[Span, ...]:
    """Minutes of June as disjoint spans inside it."""
    return union(Span(june(1) + a * MINUTE, min(june(1) + (a + n) * MINUTE, JUNE.span.end)) for a, n in times)


@moderate
@given(segments, stretches, st.lists(st.integers(START + 1, END - 1), max_size=6))
def test_inv_01_partition_sums(rows: Any, windows: Any, cuts: list[int]) -> None:
    whole, parts = seconds(availability(case(rows, windows))), {}
    for start, end in pairwise(sorted({START, *cuts, END})):
        for name, length in seconds(availability(case(rows, windows, start, end))).items():
            parts[name] = parts.get(name, 0) + length
    assert parts == whole


@moderate
@given(down_times)
def test_inv_01_days_and_readings_reconcile(times: list[tuple[int, int]]) -> None:
    statement = judge(a_case(*spans(times)))
    assert sum((day.down for day in statement.days), timedelta(0)) == statement.totals.down
    assert sum((outage.in_period for outage in statement.outages), timedelta(0)) == statement.readings[0].down


@moderate
@given(segments, stretches, st.none() | stretches)
def test_inv_02_seconds_conserve(rows: Any, windows: Any, service: Any) -> None:
    answer = availability(case(rows, windows, service_windows=service))
    assert sum(seconds(answer).values()) == END - START
    assert all(length > 0 for length in seconds(answer).values())


@moderate
@given(segments, stretches)
def test_inv_03_bounds(rows: Any, windows: Any) -> None:
    answer = availability(case(rows, windows))
    for value in answer["availability_percent"].values():
        assert value is None or 0 <= value <= 100
    known = any(seconds(answer).get(name) for name in ("up", "degraded", "down", "up_excluded", "down_excluded",
                                                       "degraded_excluded"))  # fmt: skip
    assert (share(answer, "ignore_downtime") is None) == (not known)


@moderate
@given(segments, stretches, st.randoms())
def test_inv_04_input_order(rows: Any, windows: Any, shuffler: random.Random) -> None:
    other_rows, other_windows = list(rows), list(windows)
    shuffler.shuffle(other_rows)
    shuffler.shuffle(other_windows)
    assert availability(case(rows, windows)) == availability(case(other_rows, other_windows))


@moderate
@given(down_times, st.randoms())
def test_inv_04_the_judge_does_not_depend_on_order(times: list[tuple[int, int]], shuffler: random.Random) -> None:
    windows = [a_window(june(day), id=f"w{day}") for day in (4, 5, 6)]
    facts = a_case(*spans(times), windows=tuple(windows))
    runs = list(facts.monitors[0].runs)
    shuffler.shuffle(runs)
    shuffler.shuffle(windows)
    shuffled = replace(facts, monitors=(replace(facts.monitors[0], runs=tuple(runs)),), windows=tuple(windows))
    assert judge(shuffled) == judge(facts)


@moderate
@given(segments, st.lists(stretch, min_size=1, max_size=4), st.data())
def test_inv_05_idempotence(rows: Any, windows: Any, data: st.DataObject) -> None:
    start, end = data.draw(st.sampled_from(windows))
    middle, inner = data.draw(st.integers(start, end)), sorted([data.draw(st.integers(start, end)) for _ in "ab"])
    plain = availability(case(rows, windows))
    assert availability(case([*rows, *rows], windows)) == plain
    assert availability(case(rows, [*windows, [start, end]])) == plain
    assert availability(case(rows, [*windows, inner])) == plain
    split = [w for w in windows if w != [start, end]] + [[start, middle], [middle, end]]
    assert availability(case(rows, split)) == plain


@moderate
@given(down_times, down_times)
def test_inv_06_independence(mine: list[tuple[int, int]], theirs: list[tuple[int, int]]) -> None:
    alone = judge(a_case(*spans(mine)))
    judge(a_case(*spans(theirs), service_id="other"))
    assert judge(a_case(*spans(mine))) == alone


@moderate
@given(down_times, st.integers(0, 400))
def test_inv_07_closed_period_is_final(times: list[tuple[int, int]], days_later: int) -> None:
    facts = a_case(*spans(times))
    first, later = judge(facts), judge(replace(facts, as_at=CLOSED + timedelta(days=days_later)))
    for name in ("totals", "readings", "verdict", "breach", "credit", "counted_spans", "excused", "days"):
        assert getattr(first, name) == getattr(later, name)


@moderate
@given(segments, stretches, stretch)
def test_inv_08_maintenance_monotone(rows: Any, windows: Any, another: Any) -> None:
    before, after = availability(case(rows, windows)), availability(case(rows, [*windows, another]))
    if share(before, "forgive") is not None:
        assert share(after, "forgive") >= share(before, "forgive")  # type: ignore[operator]
    for states in (("up",), ("unknown",)):
        names = [f"{state}{tail}" for state in states for tail in ("", "_excluded")]
        assert sum(seconds(before).get(n, 0) for n in names) == sum(seconds(after).get(n, 0) for n in names)
    assert share(before, "ignore_downtime") == share(after, "ignore_downtime")


@moderate
@given(segments, stretches, stretch)
def test_inv_09_outage_monotone(rows: Any, windows: Any, outage: Any) -> None:
    # Down wins over up where both are said, so adding a down segment over known time turns up time into down time.
    known = [[0, END, "up"], *rows]
    before, after = availability(case(known, windows)), availability(case([*known, [*outage, "down"]], windows))
    for policy in before["availability_percent"]:
        old, new = share(before, policy), share(after, policy)
        assert old is None or (new is not None and new <= old)


@moderate
@given(down_times, st.integers(0, 40_000), st.integers(1, 600))
def test_inv_09_the_judge_never_rewards_an_outage(times: list[tuple[int, int]], at: int, length: int) -> None:
    before, after = judge(a_case(*spans(times))), judge(a_case(*spans([*times, (at, length)])))
    for old, new in zip(before.readings, after.readings, strict=True):
        assert old.availability is not None
        assert new.availability is not None
        assert new.availability <= old.availability
    paid = [s.credit.amount if s.credit is not None else 0 for s in (before, after)]
    assert paid[0] <= paid[1]


@moderate
@given(segments, stretches)
def test_inv_10_policy_order(rows: Any, windows: Any) -> None:
    answer = availability(case(rows, windows))
    forgive = share(answer, "forgive")
    for policy in ("exclude", "ignore_downtime"):
        other = share(answer, policy)
        assert other is None or (forgive is not None and forgive >= other)


@moderate
@given(st.integers(1, 10**9), st.integers(0, 10**9), st.integers(0, 12))
def test_inv_11_no_false_hundred(known: int, down: int, places: int) -> None:
    down = min(down, known)
    shown = percent(1 - Fraction(down, known), places)
    assert shown.startswith("100") == (down == 0)
    assert (Fraction(shown.removesuffix(" %")) == 0) == (down == known)


@moderate
@given(st.integers(0, 7200))
def test_inv_12_verdict_on_raw_seconds(down: int) -> None:
    # June has 2592000 s; 99.9 % of it allows 2592 s, exactly. At 2592 it is met, at 2593 missed.
    outage = [Span(june(3), june(3) + timedelta(seconds=down))] if down else []
    facts = a_case(monitors=(second_by_second(outage),))
    statement = judge(facts)
    assert statement.breach == (down > 2592)
    availability_promise = statement.promises[0].text
    shown = Fraction(availability_promise.split(" %")[0])
    assert (shown < Fraction("99.9")) == statement.breach


def second_by_second(down: list[Span]) -> Monitor:
    """Asked every second, all June."""
    spells, cursor = [], JUNE.span.start
    for span in down:
        spells += [(cursor, span.start, State.UP), (span.start, span.end, State.DOWN)]
        cursor = span.end
    tick = timedelta(seconds=1)
    return Monitor("m1", "m1", tick, 1, steady(*spells, (cursor, JUNE.span.end, State.UP), interval=tick))


@moderate
@given(st.sampled_from(ZONES), st.integers(2000, 2037), st.integers(1, 12))
def test_inv_13_dst_in_elapsed_time(zone: str, year: int, month: int) -> None:
    period = calendar_month(f"{year:04d}-{month:02d}", zone)
    days = list(local_days(period.span, zone))
    assert sum((span.length for _, span in days), timedelta(0)) == period.span.length
    assert all(a.end == b.start for (_, a), (_, b) in pairwise(days))
    assert days[0][1].start == period.span.start
    assert days[-1][1].end == period.span.end
    for day, span in days:
        assert span.start.astimezone(zone_of(zone)).date() == day
        assert span.length in {timedelta(hours=h) for h in (23, 23.5, 24, 24.5, 25)}
    assert period.first_day == date(year, month, 1)


@moderate
@given(st.sampled_from(ZONES), st.integers(2001, 2036), st.integers(0, 23), st.integers(1, 23))
def test_inv_14_recurring_windows_in_wall_time(zone: str, year: int, hour: int, hours: int) -> None:
    start, end = time(hour, 30), time((hour + hours) % 24, 30)
    span = Span(datetime(year, 1, 1, tzinfo=UTC), datetime(year, 12, 31, tzinfo=UTC))
    found = list(daily_windows(span, zone, start, end))
    assert 360 <= len(found) <= 366
    for window in found[1:-1]:
        opens, closes = (moment.astimezone(zone_of(zone)) for moment in (window.start, window.end))
        # by the clock, or, where the clock skips that time, at the change itself
        assert opens.time() == start or skipped(opens)
        assert closes.time() == end or skipped(closes)


def skipped(local: datetime) -> bool:
    """The offset changes at this very instant."""
    before = (local.astimezone(UTC) - timedelta(microseconds=1)).astimezone(local.tzinfo)
    return before.utcoffset() != local.utcoffset()


@moderate
@given(st.integers(0, 500), st.integers(1, 500), st.integers(1, 60))
def test_inv_15_before_first_evidence(lead: int, watched: int, interval: int) -> None:
    step = timedelta(seconds=interval)
    first = june(2) + timedelta(minutes=lead)
    last = first + (watched - 1) * step
    facts = a_case(monitors=(Monitor("m1", "m1", step, 1, tuple(runs_of(
        ((first + k * step, State.UP) for k in range(watched)), step))),))  # fmt: skip
    statement = judge(facts)
    assert statement.totals.up == last - first + 3 * step
    assert statement.totals.unknown == JUNE.span.length - statement.totals.up
    assert statement.gaps[0].span == Span(JUNE.span.start, first)
    assert statement.verdict is Verdict.UNPROVEN


@moderate
@given(st.integers(1, 2000), st.integers(1, 2000))
def test_inv_16_open_outage(before: int, after: int) -> None:
    july = calendar_month("2025-07", "UTC")
    outage = Span(JUNE.span.end - before * MINUTE, JUNE.span.end + after * MINUTE)
    watch = a_monitor(outage, until=july.span.end)
    facts = a_case(monitors=(watch,), as_at=july.span.end)
    first, second_part = judge(facts), judge(replace(facts, period=july))
    assert first.totals.down + second_part.totals.down == outage.length
    assert first.outages[0].span == second_part.outages[0].span == outage
    open_now = judge(replace(facts, as_at=JUNE.span.end - MINUTE // 2)) if before > 1 else None
    assert open_now is None or open_now.outages[0].open


@moderate
@given(segments, stretches, st.integers(-(10**12), 10**12))
def test_inv_17_translation(rows: Any, windows: Any, by: int) -> None:
    moved_rows = [[a + by, b + by, state] for a, b, state in rows]
    moved = case(moved_rows, [[a + by, b + by] for a, b in windows], START + by, END + by)
    assert availability(moved) == availability(case(rows, windows))


@moderate
@given(down_times, down_times)
def test_inv_18_union_of_monitors(mine: list[tuple[int, int]], theirs: list[tuple[int, int]]) -> None:
    left, right = spans(mine), spans(theirs)
    facts = a_case(monitors=(a_monitor(*left, id="a"), a_monitor(*right, id="b")))
    both = judge(facts)
    assert both.totals.down == total([*left, *right])
    assert sum((outage.in_period for outage in both.outages), timedelta(0)) == both.totals.down
    series = [read(watch, CLOSED) for watch in facts.monitors]
    # every instant that both failed is counted once
    overlap = total(intersect(down_spans(series[:1]), down_spans(series[1:])))
    assert total(left) + total(right) - overlap == both.totals.down


@moderate
@given(st.integers(10, 2000), st.integers(1, 4000), st.sampled_from([2, 4, 8, 16, 30, 60]))
def test_inv_19_probe_bounds(start: int, length: int, interval: int) -> None:
    # The truth: down for `length` seconds. Seen every `interval` seconds and every half of it, in the same phase.
    wide, narrow = bounds(start, length, interval), bounds(start, length, interval // 2)
    for found in (wide, narrow):
        if found is not None:
            least, held, most = found
            assert least <= held <= most
            assert least <= timedelta(seconds=length) <= most
    if wide is not None:
        assert narrow is not None
        assert narrow[0] >= wide[0]
        assert narrow[2] <= wide[2]


def bounds(start: int, length: int, interval: int) -> tuple[timedelta, timedelta, timedelta] | None:
    step = timedelta(seconds=interval)
    end = (start + length) // interval + 3
    seen = (
        (june(1) + k * step, State.DOWN if start <= k * interval < start + length else State.UP) for k in range(end)
    )
    watch = Monitor("m1", "m1", step, 1, tuple(runs_of(seen, step)))
    found = outages([read(watch, june(2))], june(2))
    if not found:
        return None
    assert found[0].at_most is not None
    return found[0].at_least, found[0].span.length, found[0].at_most


@moderate
@given(st.integers(60, 600))
def test_inv_20_partial_cover(length: int) -> None:
    # Two services fail together; only the first has a window. Nothing of the second is excused.
    outage = a_span(june(10, 22), length)
    covered = judge(a_case(outage, windows=(a_window(june(10, 22)),)))
    bare = judge(a_case(outage, service_id="other"))
    assert covered.readings[2].down == timedelta(minutes=max(length - 120, 0))
    assert bare.excused == ()
    assert bare.readings[2].down == outage.length


@moderate
@given(st.integers(1, 3000), st.integers(1, 3000))
def test_inv_21_missing_source_is_said(silent_from: int, silent_for: int) -> None:
    gap = Span(june(5) + silent_from * MINUTE, june(5) + (silent_from + silent_for) * MINUTE)
    both = a_case(monitors=(a_monitor(id="a"), a_monitor(id="b", unknown=(gap,))))
    statement = judge(both)
    lost = max(gap.length - 2 * MINUTE, timedelta(0))  # the last answer before it holds for three intervals
    assert statement.totals.unknown == lost
    assert any(note.startswith("b leaves") for note in statement.notes) == (lost > timedelta(0))
    blind = judge(replace(both, monitors=both.monitors[:1], own_outages=(OwnOutage(gap, "our line was cut"),)))
    assert blind.totals.unknown == gap.length
    assert blind.totals.down == timedelta(0)
    assert any("We were offline ourselves" in note for note in blind.notes)


@moderate
@given(st.text(alphabet=".#?~", min_size=5, max_size=80), st.integers(1, 4))
def test_every_drawing_is_judged_and_adds_up(drawing: str, confirm_after: int) -> None:
    facts: Case = a_case(monitors=(monitor(drawing, june(10), confirm_after=confirm_after),), terms=some_terms())
    statement = judge(facts)
    parts = statement.totals
    assert parts.up + parts.degraded + parts.down + parts.unknown == JUNE.span.length
    assert minus([outage.span for outage in statement.outages], [JUNE.span]) == ()
