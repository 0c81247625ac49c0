"""Half-open UTC spans and the five things the law does with them: clip, union, minus, intersect, total.

A span is `[start, end)`, never empty. Collections come in as any iterable in any order and go out as a
tuple sorted by start, disjoint and not touching. Durations are exact `timedelta`s (integer microseconds).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

EXAMPLE = 'for example Span("2025-06-28T20:00Z", "2025-06-28T22:00Z") as aware datetimes'


class SpanError(ValueError):
    """A span that cannot exist: naive, empty or backwards."""


def utc(instant: datetime) -> datetime:
    """The same instant in UTC. Naive datetimes are refused: nobody knows which moment they mean."""
    if not isinstance(instant, datetime):
        raise SpanError(f"an instant must be a datetime, not {instant!r}; {EXAMPLE}")
    if instant.tzinfo is UTC:
        return instant
    if instant.tzinfo is None or instant.utcoffset() is None:
        raise SpanError(f"an instant must carry its zone: {instant.isoformat()} does not; {EXAMPLE}")
    return instant.astimezone(UTC)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """`[start, end)` in UTC. Raises `SpanError` when naive, empty or backwards."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if getattr(self.start, "tzinfo", None) is not UTC:  # almost always it is
            object.__setattr__(self, "start", utc(self.start))
        if getattr(self.end, "tzinfo", None) is not UTC:
            object.__setattr__(self, "end", utc(self.end))
        if self.end <= self.start:
            raise SpanError(
                f"a span must end after it starts: {self.start.isoformat()} to {self.end.isoformat()}; {EXAMPLE}"
            )

    @property
    def length(self) -> timedelta:
        return self.end - self.start

    def __contains__(self, instant: datetime) -> bool:
        return self.start <= instant < self.end

    def overlaps(self, other: Span) -> bool:
        return self.start < other.end and other.start < self.end

    def clip(self, to: Span) -> Span | None:
        """The part of this span inside `to`, or None."""
        if to.start <= self.start and self.end <= to.end:
            return self
        return between(max(self.start, to.start), min(self.end, to.end))

    def before(self, instant: datetime) -> Span | None:
        """The part of this span before `instant`, or None."""
        return between(self.start, min(self.end, instant))


def between(start: datetime, end: datetime) -> Span | None:
    """`Span(start, end)`, or None where that would be empty."""
    return Span(start, end) if start < end else None


def clip(spans: Iterable[Span], to: Span | None) -> tuple[Span, ...]:
    """Each span's part inside `to`; no span at all inside None. Overlaps are kept, order too."""
    if to is None:
        return ()
    return tuple(part for span in spans if (part := span.clip(to)) is not None)


def inside(spans: Sequence[Span], to: Span | None) -> tuple[Span, ...]:
    """`clip` for spans already sorted and disjoint (what `union` gives): finds its place instead of reading all."""
    if to is None or not spans:
        return ()
    first = bisect_right(spans, to.start, key=lambda span: span.end)
    last = bisect_left(spans, to.end, lo=first, key=lambda span: span.start)
    return clip(spans[first:last], to)


def union(*collections: Iterable[Span]) -> tuple[Span, ...]:
    """Everything covered at least once; overlapping and touching spans become one."""
    ordered = sorted((span for spans in collections for span in spans), key=lambda span: span.start)
    out: list[Span] = []
    for span in ordered:
        if out and span.start <= out[-1].end:
            if span.end > out[-1].end:
                out[-1] = Span(out[-1].start, span.end)
        else:
            out.append(span)
    return tuple(out)


def intersect(left: Iterable[Span], right: Iterable[Span]) -> tuple[Span, ...]:
    """What both cover."""
    a, b = union(left), union(right)
    out: list[Span] = []
    i = j = 0
    while i < len(a) and j < len(b):
        part = between(max(a[i].start, b[j].start), min(a[i].end, b[j].end))
        if part is not None:
            out.append(part)
        if a[i].end < b[j].end:
            i += 1
        else:
            j += 1
    return tuple(out)


def minus(left: Iterable[Span], right: Iterable[Span]) -> tuple[Span, ...]:
    """What `left` covers and `right` does not."""
    holes = union(right)
    out: list[Span] = []
    j = 0
    for span in union(left):
        start = span.start
        while j < len(holes) and holes[j].end <= start:
            j += 1
        k = j
        while k < len(holes) and holes[k].start < span.end:
            part = between(start, holes[k].start)
            if part is not None:
                out.append(part)
            start = max(start, holes[k].end)
            k += 1
        rest = between(start, span.end)
        if rest is not None:
            out.append(rest)
    return tuple(out)


def overlaps(spans: Sequence[Span], others: Iterable[Span]) -> list[timedelta]:
    """For each of the sorted, disjoint `spans`, how much of it the others cover. One pass over both."""
    cover = union(others)
    out = []
    j = 0
    for span in spans:
        covered = timedelta(0)
        while j < len(cover) and cover[j].end <= span.start:
            j += 1
        k = j
        while k < len(cover) and cover[k].start < span.end:
            covered += min(span.end, cover[k].end) - max(span.start, cover[k].start)
            k += 1
        out.append(covered)
    return out


def total(spans: Iterable[Span]) -> timedelta:
    """The time covered at least once: what overlaps counts once."""
    return sum((span.end - span.start for span in union(spans)), timedelta(0))
