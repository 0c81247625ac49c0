"""Runs from observations: carried on where they come in order, made anew where they come late.

The result is always what folding all observations of a monitor from the first to the last would give
(`app.sla.timeline.runs_of`). Observations later than all before extend the monitor's last run or begin another, and
nothing is read again. Where one comes late, or twice, the stretch from the run before the new ones to the run after
them is read from the database and folded again.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, delete, select

from app.probes.storage.folding import Run, fold
from app.probes.storage.hours import HOUR
from app.probes.storage.reading import columns
from app.probes.storage.tables import Stored
from app.probes.tables import Monitor, ObservedRun
from app.sla.timeline import STALE_INTERVALS

AT_ONCE = 10_000  # runs written at a time
NEVER = -(1 << 62)
_RUN, _MONITOR = SQLModel.metadata.tables["observed_run"], SQLModel.metadata.tables["monitor"]
_GONE = sa.delete(_RUN).where(_RUN.c.monitor == sa.bindparam("key"), _RUN.c.first_at == sa.bindparam("first"))


@dataclass(frozen=True, slots=True)
class Touched:
    """Where a monitor was added to: from `first` to `last` (microseconds, both included). `digest` is the SHA-256 of
    the runs that all its observations in that stretch, and none outside, fold into: a line for each, `first_at TAB
    last_at TAB state TAB count LF`, in order of time."""

    first: int
    last: int
    digest: str


def stale(monitor: Monitor) -> int:
    """Microseconds after which an observation no longer holds."""
    return STALE_INTERVALS * monitor.interval_seconds * 1_000_000


@dataclass(slots=True)
class _Tail:
    """The end of one monitor's series while a file is read: its open run, and what the file did so far."""

    key: int
    limit: int
    state: int
    first: int
    last: int
    count: int
    stored: bool  # the open run has a row
    until: int = NEVER  # an observation of the same state up to here continues the run; NEVER before the file's first
    before: int = 0  # of count: how many were recorded before this file
    low: int | None = None  # the file's first observation
    high: int = NEVER  # and its last; kept only once one came late
    late: bool = False
    seal: Any = field(default_factory=hashlib.sha256)


class Series(dict[int, _Tail]):
    """All monitors a file touches, by key."""

    def __init__(self, session: Session, monitors: dict[int, Monitor]) -> None:
        super().__init__()
        self.session, self.monitors = session, monitors
        self.writer = _Writer(session)

    def open(self, keys: Collection[int]) -> None:
        """Reads where the series of these monitors stand. Before `extend` may be given their observations."""
        run, newest = _RUN.c, _RUN.alias()
        last = sa.select(sa.func.max(newest.c.first_at)).where(newest.c.monitor == _MONITOR.c.key).scalar_subquery()
        query = sa.select(_MONITOR.c.key, run.state, run.first_at, run.last_at, run.count).select_from(
            _MONITOR.join(_RUN, sa.and_(run.monitor == _MONITOR.c.key, run.first_at == last))
        )
        for key in keys:
            self[key] = _Tail(key, stale(self.monitors[key]), -1, NEVER, NEVER, 0, stored=False)
        ordered = list(keys)
        for place in range(0, len(ordered), 500):
            part = query.where(_MONITOR.c.key.in_(ordered[place : place + 500]))
            for key, state, first, last_at, count in self.session.connection().execute(part):
                self[key] = _Tail(key, stale(self.monitors[key]), state, first, last_at, count, stored=True)

    def extend(self, monitors: Sequence[int], ats: Sequence[int], states: Sequence[int]) -> None:
        """Carries on with observations in the order of the file. Asks the database nothing."""
        for key, at, state in zip(monitors, ats, states, strict=True):
            tail = self[key]
            if state == tail.state and tail.last < at <= tail.until:
                tail.last = at
                tail.until = at + tail.limit
                tail.count += 1
            else:
                self._turn(tail, at, state)

    def _turn(self, tail: _Tail, at: int, state: int) -> None:
        """The file's first observation of a monitor, one of another state, one after a silence, or a late one."""
        if tail.late:
            tail.low, tail.high = min(tail.low or at, at), max(tail.high, at)
            return
        if at <= tail.last:
            tail.high = at if tail.low is None else tail.last
            tail.low = at if tail.low is None else min(tail.low, at)
            tail.late, tail.state = True, -1
            return
        if tail.low is None:
            tail.low, tail.before = at, tail.count
            if state == tail.state and at - tail.last <= tail.limit:
                tail.last, tail.until, tail.count = at, at + tail.limit, tail.count + 1
                return
        if tail.state >= 0:
            self._close(tail, at)
        tail.state, tail.first, tail.last, tail.until = state, at, at, at + tail.limit
        tail.count, tail.before, tail.stored = 1, 0, False

    def _close(self, tail: _Tail, following: int | None) -> None:
        run = Run(tail.state, tail.first, tail.last, tail.count)
        self.writer.put(tail.key, run, following, tail.limit, again=tail.stored)
        if tail.low is not None and tail.count > tail.before:
            new = Run(tail.state, max(tail.first, tail.low), tail.last, tail.count - tail.before)
            tail.seal.update(new.line())

    def finish(self) -> dict[int, Touched]:
        """Writes what is left and says, for each monitor, where it was added to."""
        for tail in self.values():
            if not tail.late:
                self._close(tail, None)
        self.writer.flush()
        out = {}
        for key, tail in sorted(self.items()):
            low = NEVER if tail.low is None else tail.low
            if tail.late:
                out[key] = rederive(self.session, self.monitors[key], low, tail.high)
            else:
                out[key] = Touched(low, tail.last, tail.seal.hexdigest())
        return out


def rederive(session: Session, monitor: Monitor, low: int, high: int) -> Touched:
    """Makes the monitor's runs anew where observations from `low` to `high` (microseconds, both included) were
    added."""
    key, limit = monitor.key, stale(monitor)
    assert key is not None
    first, last = col(ObservedRun.first_at), col(ObservedRun.last_at)
    before = _nearest(session, key, first < low, newest=True)
    start = low if before is None or before.last < low else before.first  # the new ones fall into it: read it again
    around = _nearest(session, key, first <= high, newest=True)
    end = high if around is None else max(high, around.last)
    after = _nearest(session, key, first > end, newest=False)
    runs = [before] if before is not None and start == low else []
    mark = session.get(Stored, key)
    if mark is not None and mark.gone_until is not None and start < mark.gone_until * HOUR:
        start = mark.gone_until * HOUR  # before that nothing can be read again; what it folds into is known
        runs = _known(mark)
    session.exec(delete(ObservedRun).where(col(ObservedRun.monitor) == key, first >= _first(runs, start), last <= end))
    writer, inside, seal = _Writer(session), list[Run](), hashlib.sha256()
    for part in columns(session, key, start, end + 1):
        ats, states = part.at, part.state
        fold(runs, ats, states, limit)
        left, right = bisect_left(ats, low), bisect_right(ats, high)
        fold(inside, ats[left:right], states[left:right], limit)
        for run, following in pairwise(runs):
            writer.put(key, run, following.first, limit)
        if writer.full():
            writer.flush()
        for run in inside[:-1]:
            seal.update(run.line())
        del runs[:-1], inside[:-1]
    for run in inside:
        seal.update(run.line())
    if after is not None and runs and runs[-1].state == after.state and after.first - runs[-1].last <= limit:
        session.exec(delete(ObservedRun).where(col(ObservedRun.monitor) == key, first == after.first))
        runs[-1].last, runs[-1].count = after.last, runs[-1].count + after.count
        after = _nearest(session, key, first > after.last, newest=False)
    for run in runs:
        writer.put(key, run, after.first if after is not None else None, limit)
    writer.flush()
    return Touched(low, high, seal.hexdigest())


def _first(runs: list[Run], start: int) -> int:
    return runs[0].first if runs else start


def _known(mark: Stored) -> list[Run]:
    if mark.run_state is None or mark.run_first is None or mark.run_last is None or mark.run_count is None:
        return []
    return [Run(mark.run_state, mark.run_first, mark.run_last, mark.run_count)]


class _Writer:
    """Runs on their way into the table, written a few thousand at a time."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.rows: list[dict[str, int]] = []
        self.old: list[tuple[int, int]] = []

    def put(self, key: int, run: Run, following: int | None, limit: int, *, again: bool = False) -> None:
        """`following`: the monitor's next observation; `again`: the run has a row, which this one replaces."""
        held = run.last + limit if following is None else min(following, run.last + limit)
        if again:
            self.old.append((key, run.first))
        row = {"monitor": key, "first_at": run.first, "last_at": run.last, "held_until": held}
        self.rows.append(row | {"state": run.state, "count": run.count})

    def full(self) -> bool:
        return len(self.rows) >= AT_ONCE

    def flush(self) -> None:
        connection = self.session.connection()
        if self.old:
            connection.execute(_GONE, [{"key": key, "first": first} for key, first in self.old])
        if self.rows:
            connection.execute(_RUN.insert(), self.rows)
        self.rows, self.old = [], []


def _nearest(session: Session, key: int, where: Any, *, newest: bool) -> Run | None:
    """The newest (or oldest) of a monitor's runs for which `where` holds."""
    first = col(ObservedRun.first_at)
    query = select(ObservedRun.state, ObservedRun.first_at, ObservedRun.last_at, ObservedRun.count)
    query = query.where(col(ObservedRun.monitor) == key, *([] if where is None else [where]))
    row = session.exec(query.order_by(first.desc() if newest else first).limit(1)).first()
    return Run(*row) if row is not None else None
