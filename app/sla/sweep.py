"""One sweep over one ordered list: the only place where overlapping states are settled and time is added up.

Every segment, excluded window and service window becomes two marks; a mark at the period's end keeps the loop
simple. Overlaps are counters, so nothing is excused twice and the order of the input changes nothing. The axis is
whatever subtracts exactly: datetimes for the judge, Fractions for the worked examples. One law for both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from app.sla.case import State

# What an instant is, where several say something about it.
WORST_KNOWN = (State.DOWN, State.DEGRADED, State.UP, State.UNKNOWN)  # of one object: who knows beats who does not
WORST_OF_GROUP = (State.DOWN, State.UNKNOWN, State.DEGRADED, State.UP)  # of several monitors: a blind one is said

_SLOT = {State.UP: 0, State.DEGRADED: 1, State.DOWN: 2, State.UNKNOWN: 3}
_EXCLUDED, _SERVICE = 4, 5

Instant = Any  # datetime, or Fraction on an abstract axis: ordered, and subtracts exactly
Segment = tuple[Instant, Instant, State]
Stretch = tuple[Instant, Instant]


class Piece(NamedTuple):
    """A stretch in which nothing changes."""

    start: Instant
    end: Instant
    state: State
    excluded: bool
    in_service: bool


def sweep(
    period: Stretch,
    segments: Iterable[Segment],
    excluded: Iterable[Stretch] = (),
    service: Iterable[Stretch] | None = None,
    rank: tuple[State, ...] = WORST_KNOWN,
) -> Iterator[Piece]:
    """The period cut at every change. What no segment covers is unknown; `service` None means always in service."""
    start, end = period
    marks: list[tuple[Instant, int, int]] = []

    def lay(a: Instant, b: Instant, slot: int) -> None:
        a, b = max(a, start), min(b, end)
        if a < b:
            marks.append((a, slot, 1))
            marks.append((b, slot, -1))

    for a, b, state in segments:
        lay(a, b, _SLOT[state])
    for a, b in excluded:
        lay(a, b, _EXCLUDED)
    for a, b in ((start, end),) if service is None else service:
        lay(a, b, _SERVICE)
    marks.sort()
    marks.append((end, _SERVICE, 0))
    active = [0] * 6
    ranked = tuple((state, _SLOT[state]) for state in rank)
    at = start
    for when, slot, change in marks:
        if when > at:
            state = next((state for state, index in ranked if active[index]), State.UNKNOWN)
            yield Piece(at, when, state, active[_EXCLUDED] > 0, active[_SERVICE] > 0)
            at = when
        active[slot] += change


def joined(pieces: Iterable[Piece]) -> tuple[Segment, ...]:
    """The states alone, neighbours of one state made one."""
    out: list[Segment] = []
    for piece in pieces:
        if out and out[-1][2] is piece.state and out[-1][1] == piece.start:
            out[-1] = (out[-1][0], piece.end, piece.state)
        else:
            out.append((piece.start, piece.end, piece.state))
    return tuple(out)


def totals(pieces: Iterable[Piece], zero: Any) -> dict[str, Any]:
    """Exact time by name: "up", "down", "down_excluded", … and "out_of_service"; together the period's length."""
    out: dict[str, Any] = {}
    for piece in pieces:
        if not piece.in_service:
            name = "out_of_service"
        else:
            name = f"{piece.state.value}_excluded" if piece.excluded else piece.state.value
        out[name] = out.get(name, zero) + (piece.end - piece.start)
    return out
