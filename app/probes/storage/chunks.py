"""One hour of one monitor: its observations as columns, as the bytes that are stored, and as the lines that are sealed.

Nothing is lost on the way: what is unpacked is what was recorded, to the microsecond. The digest is that of plain text
(`sealed_lines`), so it says nothing of how the hour happens to be stored and can be checked with `sha256sum`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from math import gcd
from typing import Any, NamedTuple

import zstandard

from app.probes.storage.hours import HOUR, start_of
from app.probes.storage.packing import Broken, Reader, Writer

FORM = "kept-chunk-v1"
PACKED, AGAIN = 1, 2  # of a chunk's first byte: compressed; the digest of the version before follows
LEVEL = 12
UP, DEGRADED, DOWN, UNKNOWN = range(4)
NONE, ALL, SOME, EXACT = range(4)  # how a column of numbers is there: not, in coarse units, partly, to the microsecond
PHASES = ("dns_us", "connect_us", "tls_us", "first_byte_us", "total_us")
TEXTS = ("address", "detail", "digest")
FIELDS = ("at", "state", "latency_ms", "error", *PHASES, *TEXTS)
LARGEST = 64 << 20  # bytes of an hour unpacked; what says more is no hour of ours


class Seen(NamedTuple):
    """One observation with what was measured. Times in microseconds."""

    at: int
    state: int
    latency_ms: int | None = None
    error: str | None = None
    dns_us: int | None = None
    connect_us: int | None = None
    tls_us: int | None = None
    first_byte_us: int | None = None
    total_us: int | None = None
    address: str | None = None
    detail: str | None = None
    digest: str | None = None


def coarse(micros: int | None) -> int | None:
    """A duration as it is recorded: tenths of a millisecond below ten milliseconds, whole ones above. A process that
    waits for an event cannot tell more, and the rest would be most of what is stored."""
    if micros is None:
        return None
    return (micros + 50) // 100 * 100 if micros < 9950 else (micros + 500) // 1000 * 1000


def _code(micros: int) -> int | None:
    """The place of a coarse duration among all of them, or None where it is finer."""
    if 0 <= micros < 10_000:
        return micros // 100 if micros % 100 == 0 else None
    return micros // 1000 + 90 if micros % 1000 == 0 and micros > 0 else None


def _micros(code: int) -> int:
    return code * 100 if code < 100 else (code - 90) * 1000


def latency_of(state: int, total_us: int | None) -> int | None:
    """The figure of an answer that came: whole milliseconds of all of it."""
    return None if total_us is None or state in (DOWN, UNKNOWN) else round(total_us / 1000)


@dataclass(slots=True)
class Columns:
    """Observations of one monitor in order of time. A column that was not asked for is empty."""

    at: list[int] = field(default_factory=list)
    state: list[int] = field(default_factory=list)
    latency_ms: list[int | None] = field(default_factory=list)
    error: list[str | None] = field(default_factory=list)
    rest: list[tuple[Any, ...]] = field(default_factory=list)  # PHASES and TEXTS, a tuple for each observation

    def __len__(self) -> int:
        return len(self.at)

    def rows(self) -> Iterator[Seen]:
        """Needs all columns."""
        for at, state, latency, error, rest in zip(
            self.at, self.state, self.latency_ms, self.error, self.rest, strict=True
        ):
            yield Seen(at, state, latency, error, *rest)


def pack(hour: int, rows: Sequence[Seen], replaces: str | None = None) -> bytes:
    """The bytes of an hour. `rows` in order of time, at least one, none twice, all of them in the hour; `replaces` is
    the digest of the version before."""
    packed, body = body_of(rows, hour * HOUR, HOUR)
    flags = PACKED if packed else 0
    return bytes([flags]) + body if replaces is None else bytes([flags | AGAIN]) + bytes.fromhex(replaces) + body


def body_of(rows: Sequence[Seen], start: int, length: int, *, dense: bool = False) -> tuple[bool, bytes]:
    """Observations of a stretch of time, and whether they were compressed."""
    out = Writer()
    out.dense = dense
    out.number(len(rows))
    offsets = [row.at - start for row in rows]
    if any(low >= high for low, high in pairwise(offsets)) or not 0 <= offsets[0] <= offsets[-1] < length:
        raise ValueError("the observations must lie in their hour or day, in order of time, none twice")
    _times(out, offsets)
    states = [row.state for row in rows]
    out.runs(states)
    columns: list[list[int | None]] = [[getattr(row, name) for row in rows] for name in PHASES]
    totals: list[int | None] = columns[4]
    latencies = [row.latency_ms for row in rows]
    told = latencies == [latency_of(state, total) for state, total in zip(states, totals, strict=True)]
    modes = [_mode(column) for column in columns]
    spread = NONE if told else ALL if None not in latencies else SOME
    out.number(sum(mode << 2 * place for place, mode in enumerate([spread, *modes])))
    if not told:
        _present(out, latencies, spread, lambda value: value)
    before = [0] * len(rows)
    for index, (column, mode) in enumerate(zip(columns, modes, strict=True)):
        if mode != NONE:
            _phase(out, column, mode, before if index == 4 else None)
        before = [sum_ + (value or 0) for sum_, value in zip(before, column, strict=True)]
    for name in ("error", *TEXTS):
        out.texts([getattr(row, name) for row in rows])
    small = _compressor().compress(bytes(out))
    return (True, small) if len(small) < len(out) else (False, bytes(out))


def replaced(content: bytes) -> str | None:
    """The digest of the version before."""
    return content[1:33].hex() if content[0] & AGAIN else None


def unpack(hour: int, content: bytes, *, whole: bool = True, figures: bool = True) -> Columns:
    """The observations again; without `whole` nothing but times, states and (`figures`) latencies and errors. Raises
    Broken for bytes that are no hour."""
    body = content[33:] if content[:1] and content[0] & AGAIN else content[1:]
    packed = bool(content[:1] and content[0] & PACKED)
    return opened(body, hour * HOUR, HOUR, packed=packed, whole=whole, figures=figures)


def opened(body: bytes, start: int, length: int, *, packed: bool, whole: bool, figures: bool) -> Columns:
    """What `body_of` has made. Raises Broken for anything else."""
    try:
        plain = _decompressor().decompress(body, max_output_size=LARGEST) if packed else body
        return _unpacked(Reader(plain), start, length, whole, figures)
    except (zstandard.ZstdError, UnicodeDecodeError, IndexError, OverflowError, MemoryError) as error:
        raise Broken(f"not observations: {error}") from None


def _unpacked(read: Reader, start: int, length: int, whole: bool, figures: bool) -> Columns:
    count = read.number()
    if not 0 < count <= length:
        raise Broken("nothing is observed")
    columns = Columns([start + offset for offset in _times_of(read, count, length)], read.runs(count))
    if not figures and not whole:
        return columns
    modes = read.number()
    spread = modes & 3
    latencies = _present_of(read, count, spread, lambda value: value) if spread != NONE else None
    phases: list[list[int | None]] = []
    before = [0] * count
    for index in range(len(PHASES)):
        mode = modes >> 2 * (index + 1) & 3
        none: list[int | None] = [None] * count
        column = none if mode == NONE else _phase_of(read, count, mode, before if index == 4 else None)
        phases.append(column)
        before = [sum_ + (value or 0) for sum_, value in zip(before, column, strict=True)]
    if latencies is None:
        latencies = [latency_of(state, total) for state, total in zip(columns.state, phases[4], strict=True)]
    columns.latency_ms = latencies
    columns.error = read.texts(count)
    if whole:
        columns.rest = list(zip(*phases, *(read.texts(count) for _ in TEXTS), strict=True))
    return columns


def _times(out: Writer, offsets: Sequence[int]) -> None:
    """Turns of a regular length, and by how much each answer is off its own."""
    gaps = sorted(high - low for low, high in pairwise(offsets))
    period = max(1, round(gaps[len(gaps) // 2] / 1_000_000)) if gaps else 0
    out.number(period)
    if period == 0:
        out.number(offsets[0])
        return
    length = period * 1_000_000
    base = offsets[0] - length // 2
    turns = [(offset - base) // length for offset in offsets]
    off = [(offset - base) % length - length // 2 for offset in offsets]
    unit = gcd(*off) or 1
    out.number(offsets[0])
    out.number(unit)
    out.integers([high - low - 1 for low, high in pairwise([-1, *turns])])
    out.integers([value // unit for value in off])


def _times_of(read: Reader, count: int, within: int) -> list[int]:
    period = read.number()
    first = read.number()
    if period == 0:
        if count != 1:
            raise Broken("one time for several observations")
        return [first]
    length, unit = period * 1_000_000, read.number()
    base = first - length // 2
    steps, off = read.integers(count), read.integers(count)
    out, turn = [], -1
    for step, value in zip(steps, off, strict=True):
        turn += step + 1
        out.append(base + turn * length + value * unit + length // 2)
    if any(low >= high for low, high in pairwise(out)) or not 0 <= out[0] <= out[-1] < within:
        raise Broken("times out of their hour or day, or of order")
    return out


def _mode(column: Sequence[int | None]) -> int:
    there = [value for value in column if value is not None]
    if not there:
        return NONE
    if any(_code(value) is None for value in there):
        return EXACT
    return ALL if len(there) == len(column) else SOME


def _present(out: Writer, column: Sequence[int | None], mode: int, coded: Callable[[int], int | None]) -> None:
    if mode != ALL:
        out.runs([int(value is not None) for value in column])
    there = [coded(value) or 0 for value in column if value is not None]
    if there:
        out.integers(there)


def _present_of(read: Reader, count: int, mode: int, of: Callable[[int], int]) -> list[int | None]:
    there = [1] * count if mode == ALL else read.runs(count)
    values = iter(read.integers(sum(there)) if any(there) else ())
    return [of(next(values)) if one else None for one in there]


def _phase(out: Writer, column: Sequence[int | None], mode: int, before: Sequence[int] | None) -> None:
    """All of it is told as what it takes beyond its parts."""
    coded: Callable[[int], int | None] = (lambda value: value) if mode == EXACT else _code
    if before is None:
        _present(out, column, mode, coded)
        return
    parts = [_near(value, mode) for value in before]
    less = [None if value is None else (coded(value) or 0) - part for value, part in zip(column, parts, strict=True)]
    _present(out, less, mode, lambda value: value)


def _phase_of(read: Reader, count: int, mode: int, before: Sequence[int] | None) -> list[int | None]:
    of: Callable[[int], int] = (lambda value: value) if mode == EXACT else _micros
    if before is None:
        return _present_of(read, count, mode, of)
    less = _present_of(read, count, mode, lambda value: value)
    parts = [_near(value, mode) for value in before]
    return [None if value is None else of(value + part) for value, part in zip(less, parts, strict=True)]


def _near(micros: int, mode: int) -> int:
    return micros if mode == EXACT else micros // 100 if micros < 10_000 else micros // 1000 + 90


def sealed_lines(monitor: str, hour: int, version: int, replaces: str | None, rows: Sequence[Seen]) -> Iterator[str]:
    """The hour as text: a line of JSON for each observation below one that says whose and which hour it is. `monitor`
    is its id, `replaces` the digest of the version before."""
    yield _line([FORM, monitor, f"{start_of(hour):%Y-%m-%dT%HZ}", version, replaces, len(rows)])
    for row in rows:
        yield _line(list(row))


def _line(values: list[Any]) -> str:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")) + "\n"


def digest(lines: Iterator[str]) -> str:
    seal = hashlib.sha256()
    for line in lines:
        seal.update(line.encode())
    return seal.hexdigest()


@cache
def _compressor() -> zstandard.ZstdCompressor:
    options = zstandard.ZstdCompressionParameters.from_level(
        LEVEL, source_size=4096, format=zstandard.FORMAT_ZSTD1_MAGICLESS, write_checksum=False, write_content_size=True
    )
    return zstandard.ZstdCompressor(compression_params=options)


@cache
def _decompressor() -> zstandard.ZstdDecompressor:
    return zstandard.ZstdDecompressor(format=zstandard.FORMAT_ZSTD1_MAGICLESS)
