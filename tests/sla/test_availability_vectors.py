"""Availability arithmetic carried over from other systems, and the shapes it may come in."""

from typing import Any

import pytest

from app.sla.availability import ExampleError, availability
from tests.sla.vector_files import load

VECTORS = load("availability.json")["vectors"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"])
def test_vector(vector: dict[str, Any]) -> None:
    answer = availability(vector["case"])
    assert answer["seconds"] == vector["answer"]["seconds"]
    assert answer["availability_percent"] == vector["answer"]["availability_percent"]


def simple(**changes: Any) -> dict[str, Any]:
    return {"period": {"start": 0, "end": 100}, "segments": [[0, 90, "up"], [90, 100, "down"]], **changes}


def test_time_may_be_text_or_numbers() -> None:
    # 22:00 to 23:00 in Berlin is 20:00 to 21:00 UTC; the last 6 of 60 minutes down: 54/60 = 90 %.
    case = {
        "timezone": "Europe/Berlin",
        "period": {"start": "2025-06-28T22:00", "end": "2025-06-28T21:00Z"},
        "segments": [["2025-06-28T22:00:00", "2025-06-28T20:54:00Z", "up"], [1751144040, "2025-06-28T21:00Z", "down"]],
    }
    assert availability(case)["seconds"] == {"up": 3240, "down": 360}
    assert availability(case)["availability_percent"]["exclude"] == 90.0


def test_seconds_are_exact_where_they_are_not_whole() -> None:
    # 0.1 + 0.2 is 0.3, not 0.30000000000000004
    case = simple(segments=[[0, 0.1, "down"], [0.1, 0.3, "down"], [0.3, 100, "up"]])
    assert availability(case)["seconds"] == {"down": 0.3, "up": 99.7}
    assert availability(case)["availability_percent"]["exclude"] == 99.7


@pytest.mark.parametrize(
    ("events", "initial", "seconds"),
    [
        ([[10, "down"], [30, "up"]], "up", {"up": 80, "down": 20}),
        # the latest event at or before the start wins over the initial state
        ([[-5, "down"], [30, "up"]], "up", {"up": 70, "down": 30}),
        ([[0, "down"], [30, "up"]], "up", {"up": 70, "down": 30}),
        # nothing is known before the first event
        ([[30, "up"]], None, {"unknown": 30, "up": 70}),
        # two at one instant: the worst known state, in either order
        ([[30, "up"], [30, "down"], [0, "up"]], None, {"up": 30, "down": 70}),
        ([{"at": 30, "state": "down"}, {"t": 0, "state": "up"}, {"at": 30, "state": "up"}], None,
         {"up": 30, "down": 70}),
    ],
)  # fmt: skip
def test_events(events: list[Any], initial: str | None, seconds: dict[str, int]) -> None:
    case = {"period": {"start": 0, "end": 100}, "events": events, "initial_state": initial}
    assert availability(case)["seconds"] == seconds


def test_overlapping_segments_show_the_worst_known_state() -> None:
    # 40..60 is said to be up, degraded, down and unknown: it is down
    rows = [[0, 60, "up"], [40, 100, "degraded"], [40, 60, "unknown"], [40, 60, "down"]]
    for order in (rows, rows[::-1]):
        assert availability(simple(segments=order))["seconds"] == {"up": 40, "down": 20, "degraded": 40}


def test_a_gap_is_unknown() -> None:
    assert availability(simple(segments=[[0, 40, "up"], [60, 100, "up"]]))["seconds"] == {"up": 80, "unknown": 20}


@pytest.mark.parametrize(
    ("case", "field", "example"),
    [
        ({}, "period", '"start": 1000'),
        ({"period": {"start": 1}}, "period", '"end": 2000'),
        (simple(period={"start": 5, "end": 5}), "period", '"end": 2000'),
        (simple(segments=[[0, 10, "broken"]]), "segments[0].state", '"degraded"'),
        (simple(segments=[[10, 0, "up"]]), "segments[0]", "[1200, 1300]"),
        (simple(segments=[[0, 10]]), "segments[0]", '[1000, 1900, "up"]'),
        (simple(segments="up"), "segments", '"segments": [['),
        (simple(segments=[[0, True, "up"]]), "segments[0].end", "1000"),
        (simple(segments=[[0, float("nan"), "up"]]), "segments[0].end", "1000"),
        (simple(excluded_windows=[[3, 2]]), "excluded_windows[0]", "[1200, 1300]"),
        (simple(excluded_windows=[["yesterday", 2]]), "excluded_windows[0].start", "2025-06-28T20:00:00Z"),
        (simple(events=[["up", 3]]), "events[0].at", "2025-06-28T20:00:00Z"),
        (simple(events=[{"when": 3, "state": "up"}]), "events[0]", '"at": 1100'),
        (simple(initial_state="asleep"), "initial_state", '"unknown"'),
        (simple(timezone="Berlin", period={"start": "2025-06-28T22:00", "end": 2e9}), "timezone", "Europe/Berlin"),
        (simple(excluded_window=[]), "excluded_window", '"segments"'),
        ([], "case", '"period"'),
    ],
)
def test_what_cannot_be_read_is_named_with_an_example(case: Any, field: str, example: str) -> None:
    with pytest.raises(ExampleError) as caught:
        availability(case)
    assert caught.value.field == field
    assert str(caught.value).startswith(f"{field}: ")
    assert example in str(caught.value)
