"""Runs from observations, for the stretch that new observations touched.

The result is always what folding all observations of the monitor from the first to the last would give
(`app.sla.timeline.runs_of`); only the stretch from the run before the new ones to the run after them is read again.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, compress
from operator import ne, or_, sub
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, delete, insert, select

from app.probes.tables import Monitor, Observation, ObservedRun
from app.sla.timeline import STALE_INTERVALS

AT_ONCE = 50_000
Row = tuple[int, int]  # at in microseconds, state


@dataclass(slots=True)
class Run:
    """Consecutive observations of one state; times in microseconds."""

    state: int
    first: int
    last: int
    count: int


@dataclass(frozen=True, slots=True)
class Sealed:
    """What is recorded for a monitor from `first` to `last` (microseconds): how many observations, and the SHA-256
    over their lines, each `at TAB state LF`, in order of time."""

    stored: int
    digest: str


def stale(monitor: Monitor) -> int:
    """Microseconds after which an observation no longer holds."""
    return STALE_INTERVALS * monitor.interval_seconds * 1_000_000


def fold(runs: list[Run], ats: Sequence[int], states: Sequence[int], limit: int) -> None:
    """Continues the runs with observations in order of time, all later than those before."""
    joins = bool(runs) and runs[-1].state == states[0] and ats[0] - runs[-1].last <= limit
    changed = map(ne, states[1:], states)
    silent = map(limit.__lt__, map(sub, ats[1:], ats))
    low = 0
    for high in (*compress(range(1, len(ats)), map(or_, changed, silent)), len(ats)):
        if joins:
            runs[-1].last, runs[-1].count, joins = ats[high - 1], runs[-1].count + high - low, False
        else:
            runs.append(Run(states[low], ats[low], ats[high - 1], high - low))
        low = high


def rederive(session: Session, monitor: Monitor, low: int, high: int) -> Sealed:
    """Makes the monitor's runs anew where observations from `low` to `high` (microseconds, both included) were
    added, and says what is recorded there now."""
    key, limit = monitor.key, stale(monitor)
    assert key is not None
    before = _run(session, key, col(ObservedRun.first_at) < low, newest=True)
    runs: list[Run] = []
    start = low
    if before is not None and before.last_at >= low:
        start = before.first_at  # the new ones fall into this run: read it again
    elif before is not None:
        runs.append(Run(before.state, before.first_at, before.last_at, before.count))
    around = _run(session, key, col(ObservedRun.first_at) <= high, newest=True)
    end = max(high, around.last_at) if around is not None else high
    after = _run(session, key, col(ObservedRun.first_at) > end, newest=False)
    seal, stored = hashlib.sha256(), 0
    for ats, states in _observations(session, key, start, end):
        fold(runs, ats, states, limit)
        left, right = bisect_left(ats, low), bisect_right(ats, high)
        lines = tuple(chain.from_iterable(zip(ats[left:right], states[left:right], strict=True)))
        seal.update(("%d\t%d\n" * (right - left) % lines).encode())
        stored += right - left
    last = end
    if after is not None and runs and runs[-1].state == after.state and after.first_at - runs[-1].last <= limit:
        last = after.first_at
        runs[-1].last, runs[-1].count = after.last_at, runs[-1].count + after.count
        after = _run(session, key, col(ObservedRun.first_at) > after.last_at, newest=False)
    first = before.first_at if before is not None else start
    session.exec(
        delete(ObservedRun).where(
            col(ObservedRun.monitor) == key, col(ObservedRun.first_at) >= first, col(ObservedRun.first_at) <= last
        )
    )
    _write(session, key, runs, after.first_at if after is not None else None, limit)
    return Sealed(stored, seal.hexdigest())


def _write(session: Session, key: int, runs: list[Run], following: int | None, limit: int) -> None:
    ends: list[int | None] = [*(run.first for run in runs[1:]), following]
    rows = [
        {
            "monitor": key, "first_at": run.first, "last_at": run.last, "state": run.state, "count": run.count,
            "held_until": run.last + limit if end is None else min(end, run.last + limit),
        }
        for run, end in zip(runs, ends, strict=True)
    ]  # fmt: skip
    if rows:
        session.execute(insert(ObservedRun), rows)


def _run(session: Session, key: int, where: Any, *, newest: bool) -> Any:
    first = col(ObservedRun.first_at)
    query = (
        select(ObservedRun.first_at, ObservedRun.last_at, ObservedRun.state, ObservedRun.count)
        .where(col(ObservedRun.monitor) == key, where)
        .order_by(first.desc() if newest else first)
        .limit(1)
    )
    return session.exec(query).first()


def _observations(session: Session, key: int, start: int, end: int) -> Iterator[tuple[Sequence[int], Sequence[int]]]:
    """The monitor's observations from `start` to `end`, in order, as columns of at most AT_ONCE."""
    table = sa.inspect(Observation).local_table
    query = (
        sa.select(table.c.at, table.c.state)
        .where(table.c.monitor == key, table.c.at <= end)
        .order_by(table.c.at)
        .limit(AT_ONCE)
    )
    connection = session.connection()
    while True:
        rows = connection.execute(query.where(table.c.at >= start)).all()
        if not rows:
            return
        ats, states = zip(*rows, strict=True)
        yield ats, states
        if len(rows) < AT_ONCE:
            return
        start = ats[-1] + 1
