"""Letting go: chunks older than the settings keep them. Their roll-ups, their runs and their digests stay for good.

What anybody may still have to prove is held, whatever its age: `holds` is handed in by whoever knows of claims. What is
let go is told in the log, and before it goes the run it ends in is written down, so that deriving can begin there.
"""

from __future__ import annotations

from calendar import monthrange
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from app.db import transaction
from app.evidence import actions as evidence
from app.probes.storage import hours, rollups
from app.probes.storage.folding import Run, fold
from app.probes.storage.hours import HOUR
from app.probes.storage.reading import columns, first_at, oldest_in_table
from app.probes.storage.sealing import lock
from app.probes.storage.tables import Chunk, ObservedDay, SealRound, Stored
from app.probes.tables import Monitor
from app.sla.timeline import STALE_INTERVALS

LET_GO = "observations.let_go"
LOOKED, AT_ONCE = 4000, 400  # chunks looked at, and days read, at a time
MOST = 20_000  # let go in one transaction


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
    """One transaction's worth. An hour counts as old when both it and its sealing are older than `months`."""
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


Found = dict[int, tuple[int, rollups.Sealed]]  # by the chunk's key: its hour, and what its day says of it


def _old(
    session: Session, edge: datetime, holds: Sequence[Hold], waiting: set[int]
) -> tuple[Found, int, set[str], bool]:  # fmt: skip
    young = session.exec(select(sa.func.min(SealRound.number)).where(col(SealRound.at) >= edge)).one()
    found: Found = {}
    held, why, after, last = 0, set[str](), -1, hours.key(hours.hour_at(edge), 0)
    while len(found) < MOST:
        keys = session.exec(
            select(Chunk.key)
            .where(col(Chunk.key) > after, col(Chunk.key) < last)
            .order_by(col(Chunk.key))
            .limit(LOOKED)
        ).all()
        if not keys:
            return found, held, why, False
        after = keys[-1]
        days = _days(session, {_day(key) for key in keys})
        for key in keys:
            hour, monitor = hours.parts(key)
            sealed = days.get(_day(key), {}).get(hour % hours.DAY_HOURS)
            if sealed is None or monitor in waiting or (young is not None and sealed.round >= young):
                continue
            needed = {one.why for one in holds if monitor in one.monitors
                      and one.low < (hour + 1) * HOUR and hour * HOUR < one.high}  # fmt: skip
            if needed:
                held, why = held + 1, why | needed
            else:
                found[key] = hour, sealed
    return found, held, why, True


def _day(key: int) -> int:
    hour, monitor = hours.parts(key)
    return hours.key(hour // hours.DAY_HOURS, monitor)


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
    delete = sa.text("DELETE FROM chunk WHERE key = :k")
    session.connection().execute(delete, [{"k": key} for key in found])


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
