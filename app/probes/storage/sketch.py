"""How long answers took, as counts in bins that grow with what is counted: any percentile within 0.8 %. Pure, exact.

Below 128 ms a bin is one millisecond; above, each doubling has 64 bins, so the middle of a bin is at most one part in
128 off. The bins are fixed: sketches of any hours add up, and a percentile of the sum is as good as that of one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import pairwise

from app.probes.storage.packing import Reader, Writer

EXACT = 128  # milliseconds below which a bin is one
STEPS = EXACT // 2  # bins in each doubling above
GAPS, COUNTS = 0, 1

Sketch = Counter[int]  # bin -> how many


def bin_of(latency_ms: int) -> int:
    doublings = max(0, latency_ms.bit_length() - EXACT.bit_length() + 1)
    return doublings * STEPS + (latency_ms >> doublings)


def middle(bin_: int) -> int:
    """The milliseconds a bin stands for."""
    if bin_ < EXACT:
        return bin_
    doublings = bin_ // STEPS - 1
    low = (bin_ - doublings * STEPS) << doublings
    return low + (1 << doublings) // 2


def sketch(latencies: Iterable[int | None]) -> Sketch:
    return Counter(bin_of(value) for value in latencies if value is not None)


def percentile(bins: Sketch, percent: int) -> int | None:
    """The nearest rank, in milliseconds: the smallest that so many per cent do not exceed. None where none answered."""
    total = bins.total()
    rank = max(1, -(-total * percent // 100))
    for bin_ in sorted(bins):
        rank -= bins[bin_]
        if rank <= 0:
            return middle(bin_)
    return None


def write(out: Writer, bins: Sketch) -> None:
    """How many are counted is known to whoever reads it, and is not none."""
    ordered = sorted(bins.elements())
    gaps = [high - low for low, high in pairwise(ordered)]
    low, high = ordered[0], ordered[-1]
    counts = [bins[bin_] for bin_ in range(low, high + 1)]
    (gap_bits, gap_low), (count_bits, count_low) = _least(gaps), _least(counts)
    out.number(low << 1 | (COUNTS if count_bits < gap_bits else GAPS))
    if count_bits < gap_bits:
        out.number(high - low)
        _rice(out, counts, count_low)
    else:
        _rice(out, gaps, gap_low)


def read(source: Reader, total: int) -> Sketch:
    head = source.number()
    low = head >> 1
    if head & 1:
        width = source.number()
        return Counter({low + place: often for place, often in enumerate(_unrice(source, width + 1)) if often})
    bins: Sketch = Counter({low: 1})
    for gap in _unrice(source, total - 1):
        low += gap
        bins[low] += 1
    return bins


def _least(values: list[int]) -> tuple[int, int]:
    """The bits that Rice's code takes, and the low bits of each that are written as they are."""
    return min((sum(value >> low for value in values) + len(values) * (1 + low), low) for low in range(12))


def _rice(out: Writer, values: list[int], low: int) -> None:
    """Each value's high part as so many ones and a zero, its low part as it is."""
    packed, place, mask = 0, 0, (1 << low) - 1
    for value in values:
        packed |= ((1 << (value >> low)) - 1) << place
        place += (value >> low) + 1
        packed |= (value & mask) << place
        place += low
    out.append(low)
    out.block(packed.to_bytes((place + 7) // 8, "little"))


def _unrice(source: Reader, count: int) -> list[int]:
    low = source.byte()
    packed = int.from_bytes(source.block(), "little")
    out, mask = [], (1 << low) - 1
    for _ in range(count):
        ones = (~packed & (packed + 1)).bit_length() - 1
        packed >>= ones + 1
        out.append(ones << low | packed & mask)
        packed >>= low
    return out
