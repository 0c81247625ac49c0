"""Letting go: chunks older than the settings keep them. Their roll-ups, their runs and their digests stay for good.

A day of a monitor goes as a whole. What anybody may still have to prove is held, whatever its age: `holds` is handed in
by whoever knows of claims. What is let go is told in the log, and before it goes the run it ends in is written down, so
that deriving can begin there.
"""

from __future__ import annotations

from calendar import monthrange
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from app.db import transaction
from app.evidence import actions as evidence
from app.probes.storage import hours, rollups
from app.probes.storage.finding import there
from app.probes.storage.folding import Run, fold
from app.probes.storage.hours import DAY_HOURS, HOUR
from app.probes.storage.reading import columns, first_at, oldest_in_table
from app.probes.storage.sealing import lock
from app.probes.storage.tables import Chunk, ChunkDay, ObservedDay, SealRound, Stored
from app.probes.tables import Monitor
from app.sla.timeline import STALE_INTERVALS

LET_GO = "observations.let_go"
LOOKED, AT_ONCE = 400, 400  # days or hours looked at, and days read, at a time
MOST = 20_000  # hours let go in one transaction, about


@dataclass(frozen=True, slots=True)
class Hold:
    """A span of some monitors that must stay, and why. Times in microseconds."""

    monitors: frozenset[int]
    low: int
    high: int
    why: str


Holds = Callable[[Session, datetime], Sequence[Hold]]


@dataclass(frozen=True, slots=True)
class LetGo:
    """`held`: chunks old enough to go that somebody needs; `why`: for what."""

    chunks: int
    observations: int
    held: int
    why: tuple[str, ...]
    more: bool


def edge_of(now: datetime, months: int) -> datetime:
    """The moment so many months ago."""
    month = now.year * 12 + now.month - 1 - months
    year, month = month // 12, month % 12 + 1
    return now.replace(year=year, month=month, day=min(now.day, monthrange(year, month)[1]))


def let_go(engine: sa.Engine, now: datetime, *, months: int, holds: Holds, dry: bool = False) -> LetGo:
    """One transaction's worth. A day counts as old when both it and its sealing are older than `months`."""
    with transaction(engine) as session:
        session.info["actor"] = "storage"
        lock(session)
        edge = edge_of(now, months)
        waiting = {monitor for monitor, at in oldest_in_table(session) if at < hours.hour_at(edge) * HOUR}
        found, held, why, more = _old(session, edge, list(holds(session, now)), waiting)
        observations = sum(sealed.rollup.total for _, sealed in found.values())
        if found and not dry:
            _gone(session, found)
            _told(session, found, observations, months, now)
        return LetGo(len(found), observations, held, tuple(sorted(why)), more)


Found = dict[
    int, tuple[int, rollups.Sealed]
]  # by the key of the hour and its monitor: the hour, what its day says of it


def _old(
    session: Session, edge: datetime, holds: Sequence[Hold], waiting: set[int]
) -> tuple[Found, int, set[str], bool]:  # fmt: skip
    young = session.exec(select(sa.func.min(SealRound.number)).where(col(SealRound.at) >= edge)).one()
    found: Found = {}
    held, why = 0, set[str]()
    for keys in _ended(session, hours.key(hours.hour_at(edge) // hours.DAY_HOURS, 0)):
        days = _days(session, keys)
        for key, mine in sorted(there(session, keys).items()):
            day, monitor = hours.parts(key)
            sealed = {
                hour: one for place, one in days.get(key, {}).items() if (hour := day * DAY_HOURS + place) in mine
            }
            if len(sealed) < len(mine):
                continue  # what stands in no round is for whoever verifies
            if monitor in waiting or any(young is not None and one.round >= young for one in sealed.values()):
                continue
            needed = {one.why for one in holds if monitor in one.monitors
                      and one.low < (day + 1) * DAY_HOURS * HOUR and day * DAY_HOURS * HOUR < one.high}  # fmt: skip
            if needed:
                held, why = held + len(sealed), why | needed
            else:
                found |= {hours.key(hour, monitor): (hour, one) for hour, one in sealed.items()}
        if len(found) >= MOST:
            return found, held, why, True
    return found, held, why, False


def _ended(session: Session, last: int) -> Iterator[set[int]]:
    """The days before one, by their key: those that are packed, then those of which only hours are."""
    after = -1
    packed = sa.select(col(ChunkDay.key)).where(col(ChunkDay.key) < last).order_by(col(ChunkDay.key)).limit(LOOKED)
    while keys := session.connection().execute(packed.where(col(ChunkDay.key) > after)).scalars().all():
        yield set(keys)
        after = keys[-1]
    after, before = -1, hours.key(hours.parts(last)[0] * DAY_HOURS, 0)
    own = sa.select(col(Chunk.key)).where(col(Chunk.key) < before).order_by(col(Chunk.key)).limit(LOOKED)
    seen: set[int] = set()
    while keys := session.connection().execute(own.where(col(Chunk.key) > after)).scalars().all():
        new = {_day(key) for key in keys} - seen
        packed_too = sa.select(col(ChunkDay.key)).where(col(ChunkDay.key).in_(new))
        new -= set(session.connection().execute(packed_too).scalars())
        seen |= new
        if new:
            yield new
        after = keys[-1]


def _day(key: int) -> int:
    hour, monitor = hours.parts(key)
    return hours.key(hour // DAY_HOURS, monitor)


def _days(session: Session, keys: set[int]) -> dict[int, dict[int, rollups.Sealed]]:
    out: dict[int, dict[int, rollups.Sealed]] = {}
    ordered = sorted(keys)
    for place in range(0, len(ordered), AT_ONCE):
        part = select(ObservedDay.key, ObservedDay.data).where(
            col(ObservedDay.key).in_(ordered[place : place + AT_ONCE])
        )
        out |= {key: rollups.unpack(bytes(data)) for key, data in session.exec(part)}
    return out


def _gone(session: Session, found: Found) -> None:
    by_monitor: dict[int, list[int]] = defaultdict(list)
    for key, (hour, _) in found.items():
        by_monitor[hours.parts(key)[1]].append(hour)
    for monitor, mine in by_monitor.items():
        _marked(session, monitor, max(mine) + 1)
    connection = session.connection()
    connection.execute(sa.text("DELETE FROM chunk WHERE key = :k"), [{"k": key} for key in found])
    days = {_day(key) for key in found}
    connection.execute(sa.text("DELETE FROM chunk_day WHERE key = :k"), [{"k": key} for key in sorted(days)])


def _marked(session: Session, monitor: int, until: int) -> None:
    """What is about to go, and everything before `until`, folded into the run it ends in."""
    row = session.get_one(Stored, monitor)
    if row.gone_until is not None and row.gone_until >= until:
        return
    interval = session.exec(select(Monitor.interval_seconds).where(Monitor.key == monitor)).one()
    runs: list[Run] = []
    low = first_at(session, monitor)
    if row.gone_until is not None and row.run_state is not None:
        runs = [Run(row.run_state, row.run_first or 0, row.run_last or 0, row.run_count or 0)]
        low = row.gone_until * HOUR
    for part in columns(session, monitor, low or 0, until * HOUR) if low is not None else ():
        fold(runs, part.at, part.state, STALE_INTERVALS * interval * 1_000_000)
        del runs[:-1]
    row.gone_until = until
    if runs:
        row.run_state, row.run_first = runs[-1].state, runs[-1].first
        row.run_last, row.run_count = runs[-1].last, runs[-1].count
    session.add(row)
    session.flush()


def _told(session: Session, found: Found, observations: int, months: int, now: datetime) -> None:
    rounds = [sealed.round for _, sealed in found.values()]
    span = [hour for hour, _ in found.values()]
    body = {
        "chunks": len(found), "observations": observations, "kept_months": months,
        "monitors": len({hours.parts(key)[1] for key in found}),
        "from": hours.start_of(min(span)), "to": hours.start_of(max(span) + 1),
        "first_round": min(rounds), "last_round": max(rounds),
    }  # fmt: skip
    evidence.append(session, LET_GO, "observations:raw", now, body=body, source="M")
