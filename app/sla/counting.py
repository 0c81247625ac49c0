"""From outages to counted downtime, in the order the contract's clauses are applied.

ticket clock -> union (merge gap) -> service life -> minus the excused spans -> minimum duration of each remaining
piece, before the month's edge cuts it -> the period -> quantum. Durations come out as exact minutes.
Source: the terms vocabulary, "Order of computation".
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from app.sla.clauses import Buckets, Counting, WholeMinutes
from app.sla.spans import Span, between, clip, minus, union
from app.sla.terms import Sla

MICROSECOND = timedelta(microseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def minutes(length: timedelta) -> Fraction:
    """Exact minutes."""
    return Fraction(length // MICROSECOND, 60_000_000)


def length_of(exact_minutes: Fraction) -> timedelta:
    """Minutes as a duration, to the microsecond (half up)."""
    return timedelta(microseconds=int(exact_minutes * 60_000_000 + Fraction(1, 2)))


@dataclass(frozen=True, slots=True)
class CountedPiece:
    """`whole` is the piece before the period cut it, `span` what lies in the period, `incident` the outage it is of."""

    incident: Span
    whole: Span
    span: Span
    minutes: Fraction


@dataclass(frozen=True, slots=True)
class Counted:
    pieces: tuple[CountedPiece, ...]
    ignored: int  # pieces shorter than the contract counts
    minutes: Fraction
    clocked: tuple[Span, ...] | None = None  # outages from the contract's clock on; None: it starts with them
    short: tuple[Span, ...] = ()  # the pieces ignored

    @property
    def incidents(self) -> tuple[tuple[Span, Fraction], ...]:
        """Each outage that counts with its counted minutes."""
        out: dict[Span, Fraction] = {}
        for piece in self.pieces:
            out[piece.incident] = out.get(piece.incident, Fraction(0)) + piece.minutes
        return tuple(out.items())


def count(
    outages: Iterable[Span], excused: Sequence[Span], terms: Sla, period: Span, in_service: Span | None = None,
    tickets: Sequence[datetime] = (), confirmations: Sequence[datetime] = (),
) -> Counted:  # fmt: skip
    """Counted downtime of the period under the terms. `tickets` and `confirmations` start the contract's clock where
    the terms say so: an outage with none of them in it does not count."""
    rules = terms.counting
    clock = {"ticket_opened": tickets, "provider_confirmed": confirmations}.get(rules.clock_start)
    held = list(outages)
    if clock is not None:
        held = [late for span in held if (late := _from_clock(span, clock)) is not None]
    raw = union(held)
    incidents = _merged(raw, timedelta(microseconds=int(Fraction(rules.merge_gap_seconds) * 1_000_000)))
    if in_service is not None:
        incidents = clip(incidents, in_service)
    kept: list[tuple[Span, Span]] = []
    short: list[Span] = []
    for piece in minus(incidents, excused):  # incidents are disjoint, so each piece is of exactly one
        incident = incidents[bisect_right(incidents, piece.start, key=lambda span: span.start) - 1]
        if _long_enough(piece.length, rules):
            kept.append((incident, piece))
        else:
            short.append(piece)
    pieces = []
    for incident, piece in kept:
        if terms.attribution == "start_period":
            inside = piece if incident.start in period else None
        else:
            inside = piece.clip(period)
        if inside is not None:
            pieces.append(CountedPiece(incident, piece, inside, _quantum(inside, rules)))
    return Counted(
        tuple(pieces), len(short), _total(pieces, rules), raw if clock is not None else None, tuple(short)
    )  # fmt: skip


def clock_hours(counted: Counted) -> tuple[Fraction, ...]:
    """The counted time in each hour of the clock (UTC) that has any, in minutes."""
    hour, out = timedelta(hours=1), dict[int, Fraction]()
    for piece in counted.pieces:
        first, last = (piece.span.start - EPOCH) // hour, -(-(piece.span.end - EPOCH) // hour)
        for number in range(first, last):
            part = piece.span.clip(Span(EPOCH + number * hour, EPOCH + (number + 1) * hour))
            if part is not None:
                out[number] = out.get(number, Fraction(0)) + minutes(part.length)
    return tuple(out.values())


def _from_clock(outage: Span, clock: Sequence[datetime]) -> Span | None:
    started = min((at for at in clock if outage.start <= at < outage.end), default=None)
    return between(started, outage.end) if started is not None else None


def _merged(spans: Sequence[Span], gap: timedelta) -> tuple[Span, ...]:
    """Outages no further apart than the gap are one, the gap with them."""
    out: list[Span] = []
    for span in spans:
        if out and span.start - out[-1].end <= gap:
            out[-1] = Span(out[-1].start, span.end)
        else:
            out.append(span)
    return tuple(out)


def _long_enough(length: timedelta, rules: Counting) -> bool:
    seconds, least = minutes(length) * 60, Fraction(rules.min_outage_seconds)
    return seconds > least if rules.min_outage_rule == "longer_than" else seconds >= least


def _quantum(span: Span, rules: Counting) -> Fraction:
    if isinstance(rules.quantum, WholeMinutes):
        return Fraction(minutes(span.length).__floor__())
    if isinstance(rules.quantum, Buckets):
        return Fraction(len(_buckets(span, rules.quantum)) * rules.quantum.minutes)
    return minutes(span.length)


def _buckets(span: Span, quantum: Buckets) -> range:
    """Numbers of the clock-aligned buckets the span fills (`whole`) or touches (`any`)."""
    size = timedelta(minutes=quantum.minutes)
    start, end = span.start - EPOCH, span.end - EPOCH
    if quantum.rule == "any":
        return range(start // size, -(-end // size))
    return range(-(-start // size), max(-(-start // size), end // size))


def _total(pieces: Sequence[CountedPiece], rules: Counting) -> Fraction:
    if isinstance(rules.quantum, Buckets):  # two pieces may touch one bucket; it counts once
        quantum = rules.quantum
        return Fraction(len({b for p in pieces for b in _buckets(p.span, quantum)}) * quantum.minutes)
    return sum((piece.minutes for piece in pieces), Fraction(0))
