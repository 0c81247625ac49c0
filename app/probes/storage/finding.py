"""Sealed hours, wherever they are: each in its own chunk until its day is over, then in one of the day.

Hours only ever go from their chunks into their day's, so the chunks are asked first. Of an hour that is in both, its
own chunk is the newer version, or the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col

from app.probes.storage import chunks, days, hours
from app.probes.storage.chunks import Columns
from app.probes.storage.hours import DAY_HOURS
from app.probes.storage.tables import Chunk, ChunkDay

AT_ONCE = 240  # keys in one question


@dataclass(frozen=True, slots=True)
class Kept:
    """One sealed hour; `replaces`: the digest of the version before."""

    hour: int
    columns: Columns
    replaces: str | None


def in_order(
    session: Session, monitor: int, low: int, high: int, *, whole: bool = True, figures: bool = True
) -> Iterator[Columns]:
    """The observations of a monitor's hours from `low` to before `high`, in order of time. Raises Broken for what is
    damaged."""
    own = dict(_own(session, [hours.key(hour, monitor) for hour in range(low, high)]))
    packed = _packed(session, sorted({hours.key(hour // DAY_HOURS, monitor) for hour in range(low, high)}))
    found: dict[int, Columns] = {}  # by the hour it begins with
    for key, data in own.items():
        hour = hours.parts(key)[0]
        found[hour] = chunks.unpack(hour, data, whole=whole, figures=figures)
    mixed = {hour // DAY_HOURS for hour in found}
    for key, data in packed.items():
        day = hours.parts(key)[0]
        known = set(days.hours_in(day, data))
        wanted = {hour for hour in known if low <= hour < high and hour not in found}
        if not wanted:
            continue
        columns = days.unpack(day, data, whole=whole, figures=figures)
        if wanted == known and day not in mixed:
            found[min(known)] = columns
            continue
        for hour, start, end in days.parts(columns):
            if hour in wanted:
                found[hour] = cut(columns, start, end)
    yield from (found[hour] for hour in sorted(found))


def each(
    session: Session, monitor: int, wanted: Collection[int], *, whole: bool = True, figures: bool = True
) -> Iterator[Kept]:
    """Of these hours those that are sealed and there, each by itself, in no order. Raises Broken for what is
    damaged."""
    ordered = sorted(set(wanted))
    for place in range(0, len(ordered), AT_ONCE):
        part = ordered[place : place + AT_ONCE]
        missing = set(part)
        for key, data in _own(session, [hours.key(hour, monitor) for hour in part]):
            hour = hours.parts(key)[0]
            missing.discard(hour)
            yield Kept(hour, chunks.unpack(hour, data, whole=whole, figures=figures), chunks.replaced(data))
        keys = sorted({hours.key(hour // DAY_HOURS, monitor) for hour in missing})
        for key, data in _packed(session, keys).items():
            day = hours.parts(key)[0]
            if missing.isdisjoint(days.hours_in(day, data)):
                continue
            for kept in hours_of(day, data, whole=whole, figures=figures):
                if kept.hour in missing:
                    yield kept


def hours_of(day: int, data: bytes, *, whole: bool = True, figures: bool = True) -> Iterator[Kept]:
    """The hours of a packed day. Raises Broken for what is damaged."""
    replaced = days.replaced_in(day, data)
    columns = days.unpack(day, data, whole=whole, figures=figures)
    for hour, start, end in days.parts(columns):
        yield Kept(hour, cut(columns, start, end), replaced.get(hour))


def hour_of(session: Session, monitor: int, hour: int) -> Kept | None:
    """One sealed hour. Raises Broken where it is damaged."""
    return next(each(session, monitor, [hour]), None)


def there(session: Session, keys: Collection[int]) -> dict[int, set[int]]:
    """Of days (by `hours.key` of day and monitor): the hours that are there, without opening them."""
    out: dict[int, set[int]] = defaultdict(set)
    ordered = sorted(keys)
    for place in range(0, len(ordered), AT_ONCE):
        part = ordered[place : place + AT_ONCE]
        for key in _own_keys(session, part):
            hour, monitor = hours.parts(key)
            out[hours.key(hour // DAY_HOURS, monitor)].add(hour)
        head = sa.func.substr(col(ChunkDay.data), 1, days.HEAD)
        found = sa.select(col(ChunkDay.key), head).where(col(ChunkDay.key).in_(part))
        for key, start in session.connection().execute(found):
            out[key].update(days.hours_in(hours.parts(key)[0], bytes(start)))
    return out


def cut(columns: Columns, low: int, high: int) -> Columns:
    """From one place to before another."""
    return Columns(
        columns.at[low:high], columns.state[low:high], columns.latency_ms[low:high], columns.error[low:high],
        columns.rest[low:high],
    )  # fmt: skip


def _own(session: Session, keys: Sequence[int]) -> list[tuple[int, bytes]]:
    found = sa.select(col(Chunk.key), col(Chunk.data)).where(col(Chunk.key).in_(keys))
    return [(key, bytes(data)) for key, data in session.connection().execute(found)]


def _own_keys(session: Session, keys: Sequence[int]) -> Iterator[int]:
    """The keys of the hours of these days."""
    per_question = max(1, AT_ONCE * 4 // DAY_HOURS)
    for place in range(0, len(keys), per_question):
        asked = []
        for key in keys[place : place + per_question]:
            day, monitor = hours.parts(key)
            asked += [hours.key(day * DAY_HOURS + hour, monitor) for hour in range(DAY_HOURS)]
        yield from session.connection().execute(sa.select(col(Chunk.key)).where(col(Chunk.key).in_(asked))).scalars()


def _packed(session: Session, keys: Sequence[int]) -> dict[int, bytes]:
    if not keys:
        return {}
    found = sa.select(col(ChunkDay.key), col(ChunkDay.data)).where(col(ChunkDay.key).in_(keys))
    return {key: bytes(data) for key, data in session.connection().execute(found)}
