"""A day of one monitor's sealed hours as one row: the same columns as an hour's, told once for all of it. Pure.

First stands which hours there are and what each of them replaces, so that this can be asked without opening the rest.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence

from app.probes.storage.chunks import Columns, Seen, body_of, opened
from app.probes.storage.hours import DAY_HOURS, HOUR
from app.probes.storage.packing import Broken

DAY = DAY_HOURS * HOUR  # microseconds
HEAD = 4  # bytes: flags, and a bit for each hour that is there
DIGEST = 32
PACKED, AGAIN = 1, 2  # flags: compressed; which hours replace something follows, and what


def pack(day: int, rows: Sequence[Seen], replaced: Mapping[int, str]) -> bytes:
    """The bytes of a day. `rows` in order of time, at least one, none twice, all of them in the day; `replaced`: the
    digest of the version before, of hours (since 1970) that were sealed more than once."""
    packed, body = body_of(rows, day * DAY, DAY, dense=True)
    head = bytes([(PACKED if packed else 0) | (AGAIN if replaced else 0)])
    there = _bits({row.at // HOUR for row in rows}, day)
    again = _bits(set(replaced), day) if replaced else b""
    return head + there + again + b"".join(bytes.fromhex(replaced[hour]) for hour in sorted(replaced)) + body


def hours_in(day: int, content: bytes) -> list[int]:
    """The hours (since 1970) that are there; the first HEAD bytes are enough."""
    if len(content) < HEAD:
        raise Broken("the bytes end too early")
    return _hours(day, content[1:HEAD])


def replaced_in(day: int, content: bytes) -> dict[int, str]:
    """Of the hours that were sealed more than once, the digest of the version before."""
    if not hours_in(day, content) or not content[0] & AGAIN:
        return {}
    again = _hours(day, content[HEAD : HEAD + 3])
    ends = range(HEAD + 3 + DIGEST, len(content) + 1, DIGEST)
    return {hour: content[end - DIGEST : end].hex() for hour, end in zip(again, ends, strict=False)}


def unpack(day: int, content: bytes, *, whole: bool = True, figures: bool = True) -> Columns:
    """The observations again, as `chunks.unpack` gives them. Raises Broken for bytes that are no day."""
    there = hours_in(day, content)
    start = HEAD
    if content[0] & AGAIN:
        start += 3 + DIGEST * len(_hours(day, content[HEAD : HEAD + 3]))
    packed = bool(content[0] & PACKED)
    columns = opened(content[start:], day * DAY, DAY, packed=packed, whole=whole, figures=figures)
    if [hour for hour, _, _ in parts(columns)] != there:
        raise Broken("other hours than it says")
    return columns


def parts(columns: Columns) -> Iterator[tuple[int, int, int]]:
    """Each hour there is, with the places its observations have among the others: from, to before."""
    low = 0
    while low < len(columns):
        hour = columns.at[low] // HOUR
        high = bisect_left(columns.at, (hour + 1) * HOUR, low)
        yield hour, low, high
        low = high


def _bits(hours: set[int], day: int) -> bytes:
    return sum(1 << hour - day * DAY_HOURS for hour in hours).to_bytes(3, "little")


def _hours(day: int, bits: bytes) -> list[int]:
    there = int.from_bytes(bits, "little")
    return [day * DAY_HOURS + hour for hour in range(DAY_HOURS) if there >> hour & 1]
