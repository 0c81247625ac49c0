"""Observations to states: what was up, down, degraded or unknown, and each outage with its bounds.

An observation holds until the next one, at most the monitor's stale limit (three intervals); then nobody knows.
Before the first observation and in every span in which we were offline ourselves, nobody knows either. A run of
failures is an outage once it counts `confirm_after`, and dates from its first failure; failures with nothing but
silence between them are consecutive. A shorter run followed by a good answer stays up; one followed by silence, or by
the moment of judging, is undecided and so unknown. Source: the domain, "Observations and outages".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.sla.agreement import Voice, agree
from app.sla.availability import availability as availability
from app.sla.case import Monitor, ObservedRun, OwnOutage, State
from app.sla.spans import Span, between, intersect, minus, total, union
from app.sla.sweep import WORST_KNOWN, WORST_OF_GROUP, Segment, joined, sweep

STALE_INTERVALS = 3
GOOD = (State.UP, State.DEGRADED)


@dataclass(frozen=True, slots=True)
class Failure:
    """One confirmed run of failures by one monitor: as held, and the observations around it."""

    monitor: str
    held: Span
    first_failed_at: datetime
    last_failed_at: datetime
    last_good_at: datetime | None
    first_good_at: datetime | None
    sure: tuple[Span, ...] | None = None  # None: from the first failure to the last


@dataclass(frozen=True, slots=True)
class Series:
    """One monitor read as at a moment. `segments` leave out what is unknown."""

    monitor: Monitor
    runs: tuple[ObservedRun, ...]  # those that count: not after the moment, not from inside our own outages
    segments: tuple[Segment, ...]
    failures: tuple[Failure, ...]
    unconfirmed: tuple[datetime, ...]  # when runs of failures began that were too short to be an outage
    pending: datetime | None  # a run of failures still too short as at: since when
    parts: tuple[Series, ...] = ()  # its locations, where several ask the same
    apart: tuple[Span, ...] = ()  # when a location was down, and too few of them were

    @property
    def first_at(self) -> datetime | None:
        return self.runs[0].first_at if self.runs else None

    def observed(self, span: Span) -> tuple[int, int]:
        """How many observations inside the span were good, and how many there were at all."""
        good = count = 0
        for run in self.runs:
            if run.first_at >= span.end or run.last_at < span.start:
                continue
            low = _index_before(run, span.start, inclusive=False) + 1
            inside = max(0, _index_before(run, span.end, inclusive=False) + 1 - low)
            count += inside
            good += inside if run.state in GOOD else 0
        return good, count


def runs_of(observations: Iterable[tuple[datetime, State]], interval: timedelta) -> Iterator[ObservedRun]:
    """Fold observations, in order of time, into runs; memory does not grow with their number.

    A run ends where the state changes or the next observation comes later than the stale limit. Of several
    observations at one instant the worst known state stands. Raises `ValueError` when time runs backwards.
    """
    limit = STALE_INTERVALS * interval
    run: tuple[State, datetime, datetime, int] | None = None
    for at, state in _one_per_instant(observations):
        if run is not None and run[0] is state and at - run[2] <= limit:
            run = (state, run[1], at, run[3] + 1)
            continue
        if run is not None:
            yield ObservedRun(*run)
        run = (state, at, at, 1)
    if run is not None:
        yield ObservedRun(*run)


def _one_per_instant(observations: Iterable[tuple[datetime, State]]) -> Iterator[tuple[datetime, State]]:
    held: tuple[datetime, State] | None = None
    for at, state in observations:
        if held is not None and at < held[0]:
            raise ValueError(
                f"observations must come in order of time: {at.isoformat()} follows {held[0].isoformat()}; "
                "for example 22:00, 22:01, 22:02"
            )
        if held is not None and at == held[0]:
            held = (at, min(held[1], state, key=WORST_KNOWN.index))
            continue
        if held is not None:
            yield held
        held = (at, state)
    if held is not None:
        yield held


def known_runs(runs: Sequence[ObservedRun], as_at: datetime, own: Sequence[Span] = ()) -> list[ObservedRun]:
    """The runs in order, without the observations after `as_at` and those made while we were offline ourselves.

    A run keeps only its ends and its count; where it is cut, its observations are taken as evenly spaced.
    """
    out: list[ObservedRun] = []
    for run in runs:
        if run.first_at > as_at:
            continue
        if run.last_at <= as_at and not own:
            out.append(run)
            continue
        low, high = 0, run.count - 1
        if run.last_at > as_at:
            high = _index_before(run, as_at, inclusive=True)
        for span in own:
            if span.end <= run.first_at or span.start > run.last_at:
                continue
            left = min(high, _index_before(run, span.start, inclusive=False))
            if left >= low:
                out.append(_slice(run, low, left))
            low = max(low, _index_before(run, span.end, inclusive=False) + 1)
        if low <= high:
            out.append(run if (low, high) == (0, run.count - 1) else _slice(run, low, high))
    out.sort(key=lambda run: (run.first_at, run.last_at, WORST_KNOWN.index(run.state)))
    return out


def _index_before(run: ObservedRun, instant: datetime, *, inclusive: bool) -> int:
    """The last observation of the run before (or at) the instant: -1 where there is none."""
    passed, length = instant - run.first_at, run.last_at - run.first_at
    if passed < timedelta(0) or (passed == timedelta(0) and not inclusive):
        return -1
    if run.count < 2 or not length:
        return run.count - 1
    if passed > length or (passed == length and inclusive):
        return run.count - 1
    index = (passed * (run.count - 1)) // length
    exact = index * length == passed * (run.count - 1)
    return index - 1 if exact and not inclusive else index


def _slice(run: ObservedRun, low: int, high: int) -> ObservedRun:
    length, gaps = run.last_at - run.first_at, max(run.count - 1, 1)
    return ObservedRun(run.state, run.first_at + length * low // gaps, run.first_at + length * high // gaps,
                       high - low + 1)  # fmt: skip


def read(monitor: Monitor, as_at: datetime, own: Sequence[Span] = ()) -> Series:
    """One monitor's states as at a moment. `own` are our own outages, disjoint and in order."""
    if monitor.locations:
        return _agreed(monitor, as_at, own)
    own = union(own, monitor.gaps) if monitor.gaps else own
    stop = as_at if monitor.until is None else min(as_at, monitor.until)
    runs = known_runs(monitor.runs, stop, own)
    stale = monitor.stale_after
    confirmed = _confirmed(runs, monitor.confirm_after)
    good_next = _good_next(runs)
    segments: list[Segment] = []
    failures: list[Failure] = []
    unconfirmed: list[datetime] = []
    pending = None
    last = len(runs) - 1
    before: State | None = None  # the state that held right up to this run
    good_at: datetime | None = None
    for index, run in enumerate(runs):
        end = min(run.last_at + stale, stop)
        followed = index < last and runs[index + 1].first_at <= end
        if followed:
            end = runs[index + 1].first_at
        state: State | None = run.state
        if state is State.DOWN:
            if confirmed[index]:
                for held in _held(run.first_at, end, own):
                    failures.append(Failure(monitor.name, held, run.first_at, run.last_at, good_at, good_next[index]))
            else:
                unconfirmed.append(run.first_at)
                pending = run.first_at if index == last and end == stop else None
                known = followed and runs[index + 1].state in GOOD
                state = (before if before is State.DEGRADED else State.UP) if known else None
        elif state in GOOD:
            good_at = run.last_at
        if state is not None and state is not State.UNKNOWN and run.first_at < end:
            if own:
                segments.extend((part.start, part.end, state) for part in _held(run.first_at, end, own))
            else:
                segments.append((run.first_at, end, state))
        before = state if followed else None
    return Series(monitor, tuple(runs), tuple(segments), tuple(failures), tuple(unconfirmed), pending)


def _agreed(monitor: Monitor, as_at: datetime, own: Sequence[Span]) -> Series:
    """What its locations agree on; it takes part from the first answer of any of them."""
    parts = tuple(read(one, as_at, own) for one in monitor.locations)
    runs = tuple(sorted((run for one in parts for run in one.runs), key=lambda run: (run.first_at, run.last_at)))
    if not runs:
        return Series(monitor, (), (), (), (), None, parts)
    stop = as_at if monitor.until is None else min(as_at, monitor.until)
    voices = [
        Voice(between(runs[0].first_at, min(stop, one.monitor.until or stop)), one.segments, one.failures)
        for one in parts
    ]
    found = agree(voices, monitor.agreement, as_at)
    failures = tuple(
        Failure(monitor.name, one.held, one.first_failed_at, one.last_failed_at, one.last_good_at, one.first_good_at,
                one.sure)
        for one in found.outages
    )  # fmt: skip
    unconfirmed = tuple(sorted(at for one in parts for at in one.unconfirmed))
    return Series(monitor, runs, found.segments, failures, unconfirmed, None, parts, found.apart)


def _held(start: datetime, end: datetime, own: Sequence[Span]) -> tuple[Span, ...]:
    if start >= end:
        return ()
    return minus([Span(start, end)], own) if own else (Span(start, end),)


def _confirmed(runs: Sequence[ObservedRun], needed: int) -> list[bool]:
    """Whether each run of failures belongs to a series of at least `needed` with no known other answer between."""
    out = [False] * len(runs)
    series: list[int] = []
    count = 0
    for index, run in enumerate((*runs, None)):
        if run is not None and run.state is State.DOWN:
            series.append(index)
            count += run.count
        elif run is None or run.state is not State.UNKNOWN:
            if count >= needed:
                for member in series:
                    out[member] = True
            series, count = [], 0
    return out


def _good_next(runs: Sequence[ObservedRun]) -> list[datetime | None]:
    """For each run, the first good observation after it."""
    out: list[datetime | None] = []
    following: datetime | None = None
    for run in reversed(runs):
        out.append(following)
        if run.state in GOOD:
            following = run.first_at
    return out[::-1]


def combine(
    series: Sequence[Series], within: Span, as_at: datetime, more: Iterable[Segment] = ()
) -> tuple[Segment, ...]:
    """The service's states inside `within`, every instant covered: down if any monitor says so, else unknown if any
    that takes part is blind, else degraded, else up. A monitor takes part from its first observation. `more` is what
    the service's sites show."""
    segments: list[Segment] = list(more)
    for one in series:
        if one.first_at is None:
            continue
        start, end = one.first_at, one.monitor.until or as_at
        if start < end:
            blind = joined(sweep((start, end), one.segments, rank=WORST_KNOWN))
            segments.extend(segment for segment in blind if segment[2] is State.UNKNOWN)
        segments.extend(one.segments)
    return joined(sweep((within.start, within.end), segments, rank=WORST_OF_GROUP))


@dataclass(frozen=True, slots=True)
class OutageFacts:
    """Overlapping and touching failures of one service's monitors, as one outage."""

    span: Span
    first_failed_at: datetime
    last_failed_at: datetime
    last_good_at: datetime | None
    first_good_at: datetime | None
    at_least: timedelta
    at_most: timedelta | None
    monitors: tuple[str, ...]
    open: bool


def outages(
    series: Sequence[Series], as_at: datetime, more: Iterable[Failure] = ()
) -> tuple[OutageFacts, ...]:  # fmt: skip
    """Every confirmed outage with its bounds: at least first to last failure, at most last good to first good.

    Several monitors count once: the earliest and latest of their observations bound it, and "at least" is the time
    that lies between failures of at least one of them. `more` are failures that the service's sites saw together.
    """
    failures = [*(f for one in series for f in one.failures), *more]
    failures.sort(key=lambda f: (f.held.start, f.held.end, f.monitor))
    groups: list[list[Failure]] = []
    reach: datetime | None = None
    for failure in failures:
        if reach is None or failure.held.start > reach:
            groups.append([])
            reach = failure.held.end
        groups[-1].append(failure)
        reach = max(reach, failure.held.end)
    return tuple(_outage(group, as_at) for group in groups)


def _outage(group: Sequence[Failure], as_at: datetime) -> OutageFacts:
    span = Span(group[0].held.start, max(f.held.end for f in group))
    sure = [part for f in group for part in _sure(f)]
    goods_before = [f.last_good_at for f in group if f.last_good_at is not None]
    goods_after = [f.first_good_at for f in group if f.first_good_at is not None]
    last_good = min(goods_before) if len(goods_before) == len(group) else None
    first_good = max(goods_after) if len(goods_after) == len(group) else None
    at_least = total(intersect(sure, [span])) if sure else timedelta(0)
    at_most = first_good - last_good if first_good is not None and last_good is not None else None
    return OutageFacts(
        span,
        max(span.start, min(f.first_failed_at for f in group)),
        min(span.end, max(f.last_failed_at for f in group)),
        last_good,
        first_good,
        at_least,
        at_most,
        tuple(sorted({f.monitor for f in group})),
        span.end >= as_at and first_good is None,
    )


def _sure(failure: Failure) -> tuple[Span, ...]:
    if failure.sure is not None:
        return failure.sure
    if failure.first_failed_at < failure.last_failed_at:
        return (Span(failure.first_failed_at, failure.last_failed_at),)
    return ()


def own_spans(own: Iterable[OwnOutage]) -> tuple[Span, ...]:
    """Our own outages, disjoint and in order."""
    return union([outage.span for outage in own])


def down_spans(series: Sequence[Series], more: Iterable[Failure] = ()) -> tuple[Span, ...]:
    """Whenever at least one monitor was down, counted once."""
    return union([failure.held for one in series for failure in one.failures], [failure.held for failure in more])
