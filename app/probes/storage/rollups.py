"""What stays for good of every hour: how often each state was seen and how long answers took, a day of them in one row.

A roll-up is a sum: what arrives late is folded by itself and added.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from app.probes.storage import sketch
from app.probes.storage.hours import DAY_HOURS
from app.probes.storage.packing import Broken, Reader, Writer

STATES = 4


@dataclass(slots=True)
class Rollup:
    """Observations of an hour, or of several. `counts`: how many of each state, by its code."""

    counts: list[int] = field(default_factory=lambda: [0] * STATES)
    latencies: sketch.Sketch = field(default_factory=Counter)

    @property
    def total(self) -> int:
        return sum(self.counts)

    def add(self, other: Rollup) -> None:
        self.counts = [mine + theirs for mine, theirs in zip(self.counts, other.counts, strict=True)]
        self.latencies.update(other.latencies)


def fold(states: Iterable[int], latencies: Iterable[int | None]) -> Rollup:
    often = Counter(states)
    return Rollup([often[state] for state in range(STATES)], sketch.sketch(latencies))


@dataclass(slots=True)
class Sealed:
    """An hour that was sealed: by which round, as which version, and what it sums up to."""

    round: int
    version: int
    rollup: Rollup


def pack(day: Mapping[int, Sealed]) -> bytes:
    """The hours of a day (0 to 23) that were sealed."""
    out = Writer()
    out.number(sum(1 << hour for hour in day))
    before = 0
    for hour in sorted(day):
        one = day[hour]
        rollup, answered = one.rollup, one.rollup.latencies.total()
        out.signed(one.round - before)
        before = one.round
        good = rollup.counts[0] + rollup.counts[1]
        plain = 0 if answered == good else 1
        mask = sum(1 << state for state in range(STATES) if rollup.counts[state])
        out.append(mask | (one.version > 1) << 4 | plain << 5)
        for count in rollup.counts:
            if count:
                out.number(count)
        if one.version > 1:
            out.number(one.version)
        if plain:
            out.number(answered)
        if answered:
            sketch.write(out, rollup.latencies)
    return bytes(out)


def unpack(content: bytes) -> dict[int, Sealed]:
    """Raises Broken for bytes that are no day."""
    read = Reader(content)
    there, day, number = read.number(), dict[int, Sealed](), 0
    if there >= 1 << DAY_HOURS:
        raise Broken("a day has 24 hours")
    for hour in range(DAY_HOURS):
        if not there >> hour & 1:
            continue
        number += read.signed()
        flags = read.byte()
        counts = [read.number() if flags >> state & 1 else 0 for state in range(STATES)]
        version = read.number() if flags >> 4 & 1 else 1
        answered = read.number() if flags >> 5 & 1 else counts[0] + counts[1]
        bins = sketch.read(read, answered) if answered else Counter()
        day[hour] = Sealed(number, version, Rollup(counts, bins))
    return day


@dataclass(frozen=True, slots=True)
class Leaf:
    """One hour in a round: whose, which, as which version, and the SHA-256 of its lines."""

    hour: int
    monitor: int
    version: int
    digest: str


def pack_leaves(leaves: Sequence[Leaf]) -> bytes:
    """In the order of their tree: by hour, then by monitor."""
    out, hour, monitor = Writer(), 0, 0
    for leaf in leaves:
        if leaf.hour != hour:
            monitor = 0
        out.number(leaf.hour - hour)
        out.number(leaf.monitor - monitor)
        out.number(leaf.version)
        out += bytes.fromhex(leaf.digest)
        hour, monitor = leaf.hour, leaf.monitor
    return bytes(out)


def unpack_leaves(content: bytes) -> list[Leaf]:
    read, out, hour, monitor = Reader(content), list[Leaf](), 0, 0
    while read.place < len(content):
        step = read.number()
        hour, monitor = hour + step, 0 if step else monitor
        monitor += read.number()
        out.append(Leaf(hour, monitor, read.number(), read.take(32).hex()))
    return out
