"""Spans by hand and against counting minutes one by one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.sla.spans import Span, SpanError, clip, inside, intersect, minus, overlaps, total, union
from tests.sla.cases import a_span, june

NOON = june(10, 12)
minutes = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)), max_size=6)


def spans(pairs: list[tuple[int, int]]) -> list[Span]:
    return [a_span(NOON + timedelta(minutes=start), length) for start, length in pairs]


def marked(found: list[Span] | tuple[Span, ...]) -> set[int]:
    """Every minute covered, one by one."""
    return {
        minute
        for span in found
        for minute in range((span.start - NOON) // timedelta(minutes=1), (span.end - NOON) // timedelta(minutes=1))
    }


@settings(max_examples=60, deadline=None)
@given(minutes, minutes)
def test_against_counting(left: list[tuple[int, int]], right: list[tuple[int, int]]) -> None:
    a, b = spans(left), spans(right)
    assert marked(union(a, b)) == marked(a) | marked(b)
    assert marked(intersect(a, b)) == marked(a) & marked(b)
    assert marked(minus(a, b)) == marked(a) - marked(b)
    assert total(a) == timedelta(minutes=len(marked(a)))
    for found in (union(a, b), intersect(a, b), minus(a, b)):
        assert all(one.end < two.start for one, two in pairwise(found))
        assert list(found) == sorted(found)
    window = a_span(NOON + timedelta(minutes=10), 25)
    assert inside(union(a), window) == clip(union(a), window)
    assert overlaps(union(a), b) == [total(intersect([span], b)) for span in union(a)]


def test_touching_spans_become_one() -> None:
    assert union([a_span(NOON, 5)], [a_span(NOON + timedelta(minutes=5), 5)]) == (a_span(NOON, 10),)


def test_half_open() -> None:
    span = a_span(NOON, 5)
    assert NOON in span
    assert span.end not in span
    assert not span.overlaps(a_span(span.end, 5))


def test_is_kept_in_utc_and_measured_there() -> None:
    # Sat 25 October 2025 22:00 to Sun 26 October 04:00 in Berlin: the clocks go back, it is 7 h and reads 6.
    berlin = ZoneInfo("Europe/Berlin")
    span = Span(datetime(2025, 10, 25, 22, tzinfo=berlin), datetime(2025, 10, 26, 4, tzinfo=berlin))
    assert span.length == timedelta(hours=7)
    assert span.start.tzinfo is UTC
    other = timezone(timedelta(hours=2))
    assert span == Span(datetime(2025, 10, 25, 22, tzinfo=other), datetime(2025, 10, 26, 5, tzinfo=other))


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (NOON, NOON),
        (NOON, NOON - timedelta(minutes=1)),
        (NOON.replace(tzinfo=None), NOON),
        ("2025-06-10T12:00Z", NOON),
    ],
)
def test_what_is_no_span(start: datetime, end: datetime) -> None:
    with pytest.raises(SpanError, match="for example"):
        Span(start, end)
