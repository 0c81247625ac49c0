"""Several locations ask the same: what they agree on is the monitor's state.

Each location's answers are a series of their own, confirmed by itself. The monitor is down while at least as many
locations as its agreement asks for are down at the same time; up (or degraded) where even those nobody hears from could
not make so many; unknown where it cannot be decided. A location that gives no answer counts as one that might have said
anything, never as one that said "up". One that was retired takes no part from then on, except that "2 of 3" stays two.

Such an outage dates from the first failed observation of those that agree, as far back as each location's last good
answer allows: one that failed for hours alone does not lend its hours to the others. At least: while so many lie
between failures of their own. At most: while so many lie between their last good answer and their next.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from app.sla.case import State
from app.sla.spans import Span, between, inside, minus, union
from app.sla.sweep import Segment

RULES = ("any", "majority", "all")
GOOD = (State.UP, State.DEGRADED)
LONG_AGO, LATER = timedelta(days=36_500), timedelta(microseconds=1)


class Failing(Protocol):
    """A confirmed run of failures at one location."""

    @property
    def held(self) -> Span: ...
    @property
    def first_failed_at(self) -> datetime: ...
    @property
    def last_failed_at(self) -> datetime: ...
    @property
    def last_good_at(self) -> datetime | None: ...
    @property
    def first_good_at(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class Voice:
    """What one location says. `takes_part`: None where it never does."""

    takes_part: Span | None
    segments: Sequence[Segment]  # without what is unknown
    failures: Sequence[Failing]


@dataclass(frozen=True, slots=True)
class Agreed:
    """An outage that enough locations saw."""

    held: Span
    first_failed_at: datetime
    last_failed_at: datetime
    last_good_at: datetime | None
    first_good_at: datetime | None
    sure: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Agreement:
    """`apart`: when at least one location was down and the monitor was not."""

    segments: tuple[Segment, ...]  # without what is unknown
    outages: tuple[Agreed, ...]
    apart: tuple[Span, ...]


def needed(rule: str, locations: int) -> int:
    """How many of so many locations make the monitor down."""
    if rule == "any":
        return 1
    if rule == "majority":
        return locations // 2 + 1
    return locations if rule == "all" else int(rule)


def rule_text(rule: str, locations: int) -> str:
    """ "2 of its 3 locations"."""
    return f"{needed(rule, locations)} of its {locations} locations"


def agree(voices: Sequence[Voice], rule: str, as_at: datetime) -> Agreement:
    """What the locations say together, as at a moment. Nothing in it depends on their order."""
    pieces = list(_pieces(voices))
    states = [(piece.start, piece.end, _state(piece, rule)) for piece in pieces]
    core = union([Span(a, b) for a, b, state in states if state is State.DOWN])
    outages = _outages(voices, rule, as_at, core, states)
    down = union([one.held for one in outages])
    segments = _overlaid(states, down)
    failing = [one.held for voice in voices for one in voice.failures]
    return Agreement(segments, outages, minus(failing, down))


class _Piece(NamedTuple):
    """A stretch in which nobody changes, with how many say what."""

    start: datetime
    end: datetime
    part: int
    up: int
    degraded: int
    down: int


_SLOT = {State.UP: 1, State.DEGRADED: 2, State.DOWN: 3}


def _pieces(voices: Sequence[Voice]) -> Iterator[_Piece]:
    marks: list[tuple[datetime, int, int]] = []
    for voice in voices:
        if voice.takes_part is None:
            continue
        marks += ((voice.takes_part.start, 0, 1), (voice.takes_part.end, 0, -1))
        for start, end, state in voice.segments:
            low, high = max(start, voice.takes_part.start), min(end, voice.takes_part.end)
            if low < high and state in _SLOT:
                marks += ((low, _SLOT[state], 1), (high, _SLOT[state], -1))
    marks.sort()
    counts = [0, 0, 0, 0]
    at = marks[0][0] if marks else None
    for when, slot, change in marks:
        if at is not None and when > at and counts[0]:
            yield _Piece(at, when, *counts)
        at = when
        counts[slot] += change


def _state(piece: _Piece, rule: str) -> State:
    need = needed(rule, piece.part)
    silent = piece.part - piece.up - piece.degraded - piece.down + max(0, need - piece.part)
    if piece.down >= need:
        return State.DOWN
    if piece.down + silent >= need:
        return State.UNKNOWN
    return State.DEGRADED if piece.down + piece.degraded >= need else State.UP


def _outages(
    voices: Sequence[Voice], rule: str, as_at: datetime, core: Sequence[Span], states: Sequence[Segment]
) -> tuple[Agreed, ...]:
    if not core:
        return ()
    failures = [one for voice in voices for one in voice.failures]
    reached = _quorum(voices, rule, [[_reach(one, voice.segments) for one in voice.failures] for voice in voices])
    sure = _quorum(voices, rule, [[part for one in voice.failures for part in _sure(one)] for voice in voices])
    possible = _quorum(voices, rule, [[_possible(one, as_at) for one in voice.failures] for voice in voices])
    good = union([Span(start, end) for start, end, state in states if state in GOOD])
    out: list[Agreed] = []
    for place, span in enumerate(core):
        before = core[place - 1].end if place else as_at - LONG_AGO
        after = core[place + 1].start if place + 1 < len(core) else as_at + LATER
        around, wide = _around(reached, span.start), _around(possible, span.start)
        low = max(around.start if around is not None else span.start, before)
        joined = [one.first_failed_at for one in failures if one.held.start <= span.start < one.held.end]
        held = Span(min((at for at in joined if low <= at <= span.start), default=span.start), span.end)
        certain = inside(sure, held)
        last = max([held.start, *(part.end for part in certain)])
        left, right = (wide.start, wide.end) if wide is not None else (held.start, held.end)
        # what was possible may reach over a neighbour: then a good answer between the two bounds both
        if left < before and (found := [part.start for part in good if before <= part.start < span.start]):
            left = found[-1]
        if right > after and (found := [part.start for part in good if span.end <= part.start < after]):
            right = found[0]
        out.append(
            Agreed(held, held.start, last, left if left > as_at - LONG_AGO else None,
                   right if right <= as_at else None, certain)
        )  # fmt: skip
    return tuple(out)


def _reach(one: Failing, segments: Sequence[Segment]) -> Span:
    """From the last good answer, where it still stood when the failure came; else from the failure."""
    if one.last_good_at is not None and one.last_good_at < one.held.start == one.first_failed_at:
        index = bisect_right(segments, one.held.start, key=lambda segment: segment[0]) - 1
        for start, end, state in segments[max(0, index - 1) : index + 1]:
            if end == one.held.start and state in GOOD:
                return Span(max(start, one.last_good_at), one.held.end)
    return one.held


def _sure(one: Failing) -> Iterator[Span]:
    part = between(max(one.first_failed_at, one.held.start), min(one.last_failed_at, one.held.end))
    if part is not None:
        yield part


def _possible(one: Failing, as_at: datetime) -> Span:
    return Span(one.last_good_at or as_at - LONG_AGO, one.first_good_at or as_at + LATER)


def _quorum(voices: Sequence[Voice], rule: str, spans: Sequence[Sequence[Span]]) -> tuple[Span, ...]:
    """When so many locations as the agreement asks for have such a span at once; each location once."""
    marks: list[tuple[datetime, int, int]] = []
    for voice, theirs in zip(voices, spans, strict=True):
        if voice.takes_part is None:
            continue
        marks += ((voice.takes_part.start, 0, 1), (voice.takes_part.end, 0, -1))
        for span in union(theirs):
            marks += ((span.start, 1, 1), (span.end, 1, -1))
    marks.sort()
    counts = [0, 0]
    out: list[Span] = []
    everybody = sum(1 for voice in voices if voice.takes_part is not None)
    at: datetime | None = None
    for when, slot, change in marks:
        # before anybody takes part, and after, it is all of them who would have to agree
        if at is not None and when > at and counts[1] >= needed(rule, counts[0] or everybody):
            out.append(Span(at, when))
        at = when
        counts[slot] += change
    return union(out)


def _around(spans: Sequence[Span], instant: datetime) -> Span | None:
    index = bisect_right(spans, instant, key=lambda span: span.start) - 1
    return spans[index] if index >= 0 and instant < spans[index].end else None


def _overlaid(states: Sequence[Segment], down: Sequence[Span]) -> tuple[Segment, ...]:
    """The states with the outages laid over them; what is unknown is left out."""
    laid = [(span.start, span.end, State.DOWN) for span in down]
    for good in GOOD:
        held = [Span(start, end) for start, end, state in states if state is good]
        laid += [(part.start, part.end, good) for part in minus(held, down)]
    return tuple(sorted(laid))
