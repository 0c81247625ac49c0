"""What a picture shows, every figure decided: read off roll-ups where hours are sealed, off the answers where not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, select

from app.probes import queries
from app.probes.importing.fields import micros
from app.probes.storage import reading
from app.probes.storage.hours import HOUR
from app.probes.storage.sketch import Sketch, percentile, sketch
from app.probes.tables import STATES, Monitor
from app.sla.case import State
from app.sla.spans import Span, total
from app.sla.sweep import Segment
from app.sla.timeline import own_spans, read
from app.sla.wording import elapsed, moment

MINUTE = timedelta(minutes=1)
LENGTHS = tuple(MINUTE * minutes for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10_080))
BUCKETS = 200  # at the most, side by side
ANSWERED = tuple(code for code, state in enumerate(STATES) if state in (State.UP, State.DEGRADED))


@dataclass(frozen=True, slots=True)
class Bucket:
    """Good answers of a stretch of time: how many, half of them within `p50_ms`, 95 % within `p95_ms`."""

    span: Span
    answers: int
    p50_ms: int
    p95_ms: int


@dataclass(frozen=True, slots=True)
class Marked:
    """An announced window."""

    span: Span
    label: str


@dataclass(frozen=True, slots=True)
class Picture:
    name: str
    zone: str
    span: Span
    buckets: tuple[Bucket, ...]
    states: tuple[Segment, ...]  # every instant of the span, side by side; unknown included
    windows: tuple[Marked, ...]
    answers: int
    p50_ms: int | None
    p95_ms: int | None

    def length_of(self, state: State) -> timedelta:
        return total(Span(start, end) for start, end, one in self.states if one is state)

    @property
    def sentence(self) -> str:
        """The same in words, for whoever does not see the picture."""
        period = f"{moment(self.span.start, self.zone)} to {moment(self.span.end, self.zone)} ({self.zone})"
        parts = ", ".join(f"{state} {elapsed(_whole(self.length_of(state)))}" for state in STATES)
        said = f"{self.name}, {period}: {parts}."
        if self.answers:
            said += (
                f" Of {self.answers} good answers half came within {self.p50_ms} ms and 95 % within {self.p95_ms} ms."
            )
        else:
            said += " No good answer whose time is known."
        for window in self.windows:
            start, end = moment(window.span.start, self.zone), moment(window.span.end, self.zone)
            said += f" {window.label.capitalize()}: {start} to {end}."
        return said


def picture(
    session: Session, monitor: Monitor, span: Span, *, zone: str, windows: Sequence[Marked], now: datetime
) -> Picture:
    """One monitor in a span of time; where several locations ask, the answers of all of them."""
    least = timedelta(seconds=2 * monitor.interval_seconds)  # so that none is empty while it is asked
    length = next((one for one in LENGTHS if span.length <= one * BUCKETS and one >= least), LENGTHS[-1])
    asked = select(Monitor.key).where(Monitor.part_of == monitor.key)
    keys = [key for key in session.exec(asked) if key is not None] or [monitor.key or 0]
    sums: dict[int, Sketch] = {}
    step, low = length // timedelta(microseconds=1), micros(span.start)
    for key in keys:
        for at, latencies in _latencies(session, key, low, micros(span.end), by_hour=length >= timedelta(hours=1)):
            sums.setdefault((at - low) // step, Counter()).update(latencies)
    buckets = [_bucket(span, length, place, sums[place]) for place in sorted(sums) if sums[place]]
    every: Sketch = Counter()
    for one in sums.values():
        every.update(one)
    return Picture(
        monitor.name, zone, span, tuple(buckets), _states(session, monitor, span, now), tuple(windows), every.total(),
        percentile(every, 50), percentile(every, 95),
    )  # fmt: skip


def _bucket(span: Span, length: timedelta, place: int, latencies: Sketch) -> Bucket:
    start = span.start + place * length
    p50, p95 = percentile(latencies, 50), percentile(latencies, 95)
    return Bucket(Span(start, min(start + length, span.end)), latencies.total(), p50 or 0, p95 or 0)


def _latencies(session: Session, key: int, low: int, high: int, *, by_hour: bool) -> Iterator[tuple[int, Sketch]]:
    """Moments with how long the good answers about them took: hour by hour where the picture is that coarse and the
    hour is sealed, and where nothing else is left; else answer by answer."""
    first, last = low // HOUR, -(-high // HOUR)
    kept = {hour: one.rollup.latencies for hour, one in reading.sealed_hours(session, key, first, last)}
    if not by_hour:
        gone = {one.hour for one in reading.gone(session, key, low, high)}
        kept = {hour: latencies for hour, latencies in kept.items() if hour in gone}
    for hour, latencies in kept.items():
        yield max(hour * HOUR, low), latencies
    for start, end in _between(sorted(kept), low, high):
        for part in reading.columns(session, key, start, end):
            for at, state, latency in zip(part.at, part.state, part.latency_ms, strict=True):
                if state in ANSWERED and latency is not None:
                    yield at, sketch([latency])


def _between(hours: Sequence[int], low: int, high: int) -> Iterator[tuple[int, int]]:
    """What of a span lies in none of these hours."""
    for hour in hours:
        if low < hour * HOUR:
            yield low, min(hour * HOUR, high)
        low = max(low, (hour + 1) * HOUR)
    if low < high:
        yield low, high


def _states(session: Session, monitor: Monitor, span: Span, now: datetime) -> tuple[Segment, ...]:
    """As the law reads it: a failure that was never confirmed is none, and what nobody saw is unknown."""
    (one,) = queries.as_law(session, [monitor], span)
    series = read(one, min(now, span.end), own_spans(queries.own_outages(session, span)))
    out: list[Segment] = []
    at = span.start
    for start, end, state in sorted(series.segments):
        start, end = max(start, span.start), min(end, span.end)
        if start >= end:
            continue
        if at < start:
            out.append((at, start, State.UNKNOWN))
        out.append((start, end, state))
        at = end
    if at < span.end:
        out.append((at, span.end, State.UNKNOWN))
    return tuple(out)


def _whole(length: timedelta) -> timedelta:
    return timedelta(seconds=round(length / timedelta(seconds=1)))
