"""Packing days: the sealed hours of a day that is over go from their chunks into one of the day.

A row of a database costs what an hour of observations costs; and columns of a day say once what those of an hour say 24
times. Nothing that was sealed changes: a digest is that of an hour's lines, wherever they are packed. What takes time
happens before the lock, and what is packed is read back before anything goes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col

from app.db import reader, transaction
from app.logs import logger
from app.probes.storage import chunks, days, hours
from app.probes.storage.chunks import Seen
from app.probes.storage.finding import Kept, hours_of
from app.probes.storage.hours import DAY_HOURS
from app.probes.storage.packing import Broken
from app.probes.storage.sealing import SETTLED, lock
from app.probes.storage.tables import Chunk, ChunkDay

log = logger("kept.storage")

LOOKED = 240  # chunks of hours looked at for days, at a time
TIMES = 10  # of one tick, at the most


@dataclass(slots=True)
class Day:
    """One day of one monitor on its way: the rows it is made of, and what becomes of them."""

    key: int
    before: bytes | None  # packed already; hours came late since
    own: dict[int, bytes] = field(default_factory=dict)  # its hours' chunks by their key
    content: bytes = b""


@dataclass(frozen=True, slots=True)
class Merged:
    """`after`: up to which chunk it looked; None: there is no more."""

    days: int
    hours: int
    after: int | None


def merge(engine: sa.Engine, now: datetime, after: int = -1) -> Merged:
    """Some days, oldest first, in a transaction of its own. A day that is damaged stays as it is."""
    edge = hours.key(hours.hour_at(now - SETTLED) // DAY_HOURS * DAY_HOURS, 0)
    with Session(reader(engine)) as session:
        found = sa.select(col(Chunk.key)).where(col(Chunk.key) > after, col(Chunk.key) < edge)
        keys = session.connection().execute(found.order_by(col(Chunk.key)).limit(LOOKED)).scalars().all()
        if not keys:
            return Merged(0, 0, None)
        prepared = [one for one in _found(session, keys) if _packed(one)]
    with transaction(engine) as session:
        session.info["actor"] = "storage"
        lock(session)
        still = {one.key: one for one in _found(session, [key for one in prepared for key in one.own])}
        good = [one for one in prepared if _same(one, still.get(one.key))]
        _written(session, good)
    return Merged(len(good), sum(len(one.own) for one in good), keys[-1])


def merge_all(engine: sa.Engine, now: datetime, times: int | None = None) -> tuple[int, int]:
    """Days and hours packed, until nothing is left or so many transactions are done."""
    after, done, packed = -1, 0, 0
    while times is None or times > 0:
        one = merge(engine, now, after)
        done, packed = done + one.days, packed + one.hours
        if one.after is None:
            break
        after, times = one.after, None if times is None else times - 1
    return done, packed


def merge_tick(engine: sa.Engine, now: datetime) -> None:
    """Days that are over by now, for whoever does it every few minutes."""
    merge_all(engine, now, TIMES)


def _found(session: Session, keys: Sequence[int]) -> list[Day]:
    """The days of these chunks, with all their hours."""
    connection, out = session.connection(), dict[int, Day]()
    for hour, monitor in map(hours.parts, keys):
        key = hours.key(hour // DAY_HOURS, monitor)
        out[key] = Day(key, None)
    ordered = list(out)
    for place in range(0, len(ordered), DAY_HOURS):
        part = ordered[place : place + DAY_HOURS]
        packed = sa.select(col(ChunkDay.key), col(ChunkDay.data)).where(col(ChunkDay.key).in_(part))
        for key, data in connection.execute(packed):
            out[key].before = bytes(data)
        asked = [hours.key(day * DAY_HOURS + hour, monitor)
                 for day, monitor in map(hours.parts, part) for hour in range(DAY_HOURS)]  # fmt: skip
        for key, data in connection.execute(
            sa.select(col(Chunk.key), col(Chunk.data)).where(col(Chunk.key).in_(asked))
        ):
            hour, monitor = hours.parts(key)
            out[hours.key(hour // DAY_HOURS, monitor)].own[key] = bytes(data)
    return list(out.values())


def _packed(one: Day) -> bool:
    """Packs it. Not where something of it cannot be read."""
    day, monitor = hours.parts(one.key)
    try:
        kept = {each.hour: each for each in hours_of(day, one.before)} if one.before is not None else {}
        for key, data in one.own.items():
            hour = hours.parts(key)[0]
            kept[hour] = Kept(hour, chunks.unpack(hour, data), chunks.replaced(data))
        rows: list[Seen] = [row for hour in sorted(kept) for row in kept[hour].columns.rows()]
        replaced = {hour: each.replaces for hour, each in kept.items() if each.replaces is not None}
        one.content = days.pack(day, rows, replaced)
        if list(days.unpack(day, one.content).rows()) != rows or days.replaced_in(day, one.content) != replaced:
            raise Broken("it does not come out as it went in")
    except Broken as error:
        log.error("a day is damaged, and its hours are not packed together", monitor=monitor,
                  day=hours.start_of(day * DAY_HOURS).date().isoformat(), error=str(error))  # fmt: skip
        return False
    return True


def _same(one: Day, now: Day | None) -> bool:
    """Nobody has sealed an hour of it again, packed it, or let it go."""
    return now is not None and now.before == one.before and now.own == one.own


def _written(session: Session, packed: Sequence[Day]) -> None:
    connection = session.connection()
    new = [{"key": one.key, "data": one.content} for one in packed if one.before is None]
    again = [{"k": one.key, "data": one.content} for one in packed if one.before is not None]
    if new:
        connection.execute(sa.insert(ChunkDay), new)
    if again:
        connection.execute(sa.text("UPDATE chunk_day SET data = :data WHERE key = :k"), again)
    gone = [{"k": key} for one in packed for key in one.own]
    if gone:
        connection.execute(sa.text("DELETE FROM chunk WHERE key = :k"), gone)
