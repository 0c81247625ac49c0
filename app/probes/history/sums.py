"""Roll-ups of any stretch, from what is sealed and from what is not yet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

import sqlalchemy as sa
from sqlmodel import Session, col, select

from app.probes.storage import rollups
from app.probes.storage.hours import HOUR
from app.probes.storage.reading import first_at, last_at, sealed_hours, table_rows
from app.probes.storage.tables import SealRound
from app.probes.tables import Monitor

AGAIN = 3


@dataclass(frozen=True, slots=True)
class Step:
    """Hours from `low` to before `high`, counted from 1970, and what was observed in them."""

    low: int
    high: int
    rollup: rollups.Rollup


def steps(session: Session, monitor: int, low: int, high: int, length: int) -> Iterator[Step]:
    """Stretches of so many hours, the first of them from `low`; those without an observation as well. Of a monitor
    that is asked from several locations, what all of them saw."""
    summed: dict[int, rollups.Rollup] = {}
    for key in session.exec(select(Monitor.key).where(col(Monitor.part_of) == monitor)).all() or [monitor]:
        for hour, rollup in _summed(session, key or 0, low, high).items():
            summed.setdefault(hour, rollups.Rollup()).add(rollup)
    for start in range(low, high, length):
        end, out = min(start + length, high), rollups.Rollup()
        for hour in range(start, end):
            if hour in summed:
                out.add(summed[hour])
        yield Step(start, end, out)


def _summed(session: Session, monitor: int, low: int, high: int) -> dict[int, rollups.Rollup]:
    """Read again where a round was sealed meanwhile: what it moved would count twice, or not at all."""
    first, last = first_at(session, monitor), last_at(session, monitor)
    if first is None or last is None:
        return {}
    low, high = max(low, first // HOUR), min(high, last // HOUR + 1)
    out: dict[int, rollups.Rollup] = {}
    for _ in range(AGAIN):
        before = _rounds(session)
        out = {hour: sealed.rollup for hour, sealed in sealed_hours(session, monitor, low, high)}
        for hour, late in groupby(table_rows(session, monitor, low * HOUR, high * HOUR), lambda row: row.at // HOUR):
            rows = list(late)
            more = rollups.fold([row.state for row in rows], [row.latency_ms for row in rows])
            out.setdefault(hour, rollups.Rollup()).add(more)
        if _rounds(session) == before:
            break
    return out


def _rounds(session: Session) -> int | None:
    return session.exec(select(sa.func.max(col(SealRound.number)))).one()
