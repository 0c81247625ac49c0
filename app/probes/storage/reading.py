"""Raw observations, wherever they are: in the table of the last hours, in the chunks of those before, or let go.

Everything that reads them reads them here. The table is always asked before the chunks (`finding.py`): observations
only ever go from it into a chunk, so whoever looks in this order misses none, and what is in both places counts once.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from app.probes.storage import finding, hours, rollups
from app.probes.storage.chunks import PHASES, TEXTS, Columns, Seen
from app.probes.storage.hours import HOUR
from app.probes.storage.packing import Broken
from app.probes.storage.tables import ObservedDay, SealRound, Stored
from app.probes.tables import ObservedRun

WINDOW = 240  # hours read at a time
AT_ONCE = 10_000  # rows of the table read at a time
BACK = 48  # hours looked back at a time for the newest
_PLAIN = "SELECT at, state, latency_ms, error FROM observation WHERE monitor = ? AND at >= ? AND at < ? ORDER BY at"
_REST = ", ".join(f"m.{name}" for name in (*PHASES, *TEXTS))
_WHOLE = (
    f"SELECT o.at, o.state, o.latency_ms, o.error, {_REST} FROM observation o "
    "LEFT JOIN measurement m ON m.monitor = o.monitor AND m.at = o.at "
    "WHERE o.monitor = ? AND o.at >= ? AND o.at < ? ORDER BY o.at"
)
_NEWEST = (
    f"SELECT o.at, o.state, o.latency_ms, o.error, {_REST} FROM observation o "
    "JOIN measurement m ON m.monitor = o.monitor AND m.at = o.at WHERE o.monitor = ? ORDER BY o.at DESC LIMIT ?"
)

_OLDEST = sa.text(
    "WITH RECURSIVE k(monitor) AS (SELECT min(monitor) FROM observation UNION ALL "
    "SELECT (SELECT min(monitor) FROM observation o WHERE o.monitor > k.monitor) FROM k WHERE k.monitor IS NOT NULL) "
    "SELECT k.monitor, (SELECT min(at) FROM observation o WHERE o.monitor = k.monitor) FROM k "
    "WHERE k.monitor IS NOT NULL"
)


def columns(session: Session, monitor: int, low: int, high: int, *, whole: bool = False) -> Iterator[Columns]:
    """A monitor's observations from `low` (microseconds) to before `high`, in order of time, some days at a time.
    `whole`: with what was measured."""
    while low < high:
        first, last = (hour * HOUR for hour in _sealed(session, monitor))
        if first <= low < last:
            until = min(high, last, (low // HOUR + WINDOW) * HOUR)
            yield from _window(session, monitor, low, until, whole)
        else:
            until = min(high, first) if low < first else high
            yield from _table(session, monitor, low, until, whole)
        low = until


def _table(session: Session, monitor: int, low: int, high: int, whole: bool) -> Iterator[Columns]:
    """Where no chunk can be: in portions, so that it is never held as a whole."""
    asked = f"{_WHOLE if whole else _PLAIN} LIMIT ?"
    sealed = _sealed(session, monitor)
    while True:
        rows = _ask(session, asked, (monitor, low, high, AT_ONCE))
        if _sealed(session, monitor) != sealed:  # meanwhile
            yield from columns(session, monitor, low, high, whole=whole)
            return
        if rows:
            yield _columns(rows, whole)
        if len(rows) < AT_ONCE:
            return
        low = rows[-1][0] + 1


def _window(session: Session, monitor: int, low: int, high: int, whole: bool) -> Iterator[Columns]:
    rows = _ask(session, _WHOLE if whole else _PLAIN, (monitor, low, high))
    out = Columns()
    for part in finding.in_order(session, monitor, low // HOUR, -(-high // HOUR), whole=whole):
        _extend(out, part if part.at[0] >= low and part.at[-1] < high else _cut(part, low, high))
    late = _columns(rows, whole)
    if late.at and out.at and late.at[0] <= out.at[-1]:
        out = _merged(out, late, whole)
    else:
        _extend(out, late)
    if out.at:
        yield out


def _extend(columns: Columns, more: Columns) -> None:
    for name in ("at", "state", "latency_ms", "error", "rest"):
        getattr(columns, name).extend(getattr(more, name))


def _columns(rows: Sequence[Any], whole: bool) -> Columns:
    if not rows:
        return Columns()
    at, state, latency, error = (list(column) for column in zip(*(row[:4] for row in rows), strict=True))
    return Columns(at, state, latency, error, [tuple(row[4:]) for row in rows] if whole else [])


def _cut(part: Columns, low: int, high: int) -> Columns:
    return finding.cut(part, bisect_left(part.at, low), bisect_left(part.at, high))


def _merged(sealed: Columns, late: Columns, whole: bool) -> Columns:
    """What came late among what was sealed; of an observation that is in both, the sealed one."""
    there = set(sealed.at)
    blank: list[tuple[Any, ...]] = [()] * (len(sealed) + len(late))
    rows = [
        *zip(sealed.at, sealed.state, sealed.latency_ms, sealed.error, sealed.rest or blank, strict=False),
        *(row for row in zip(late.at, late.state, late.latency_ms, late.error, late.rest or blank, strict=False)
          if row[0] not in there),
    ]  # fmt: skip
    rows.sort(key=lambda row: row[0])
    at, state, latency, error, rest = (list(column) for column in zip(*rows, strict=True))
    return Columns(at, state, latency, error, rest if whole else [])


def sealed_among(session: Session, wanted: Mapping[int, Collection[int]]) -> dict[int, dict[int, int]]:
    """Of hours by monitor: what is sealed in them, state by time. For whoever must know what is there already."""
    out: dict[int, dict[int, int]] = {}
    for monitor, asked in wanted.items():
        for kept in finding.each(session, monitor, asked, whole=False, figures=False):
            out.setdefault(monitor, {}).update(zip(kept.columns.at, kept.columns.state, strict=True))
    return out


def rows(session: Session, monitors: Iterable[int], low: int, high: int) -> Iterator[tuple[int, Seen]]:
    """Observations of several monitors, each with its monitor, in order of time and then of monitor."""
    ordered = sorted(monitors)
    low = max(low, min((first for one in ordered if (first := first_at(session, one)) is not None), default=high))
    while low < high:
        until = min(high, (low // HOUR + hours.DAY_HOURS) * HOUR)
        found = [
            (row.at, monitor, row)
            for monitor in ordered
            for part in columns(session, monitor, low, until, whole=True)
            for row in part.rows()
        ]
        found.sort(key=lambda one: one[:2])
        for _, monitor, row in found:
            yield monitor, row
        low = until


def oldest_in_table(session: Session) -> list[tuple[int, int]]:
    """Each monitor that has observations in no chunk yet, with the first of them; from the index, not from the rows."""
    return [(monitor, at) for monitor, at in session.connection().execute(_OLDEST)]


def table_rows(session: Session, monitor: int, low: int, high: int) -> list[Seen]:
    """What of a span is in no chunk yet."""
    return [Seen(*row) for row in _ask(session, _WHOLE, (monitor, low, high))]


def sealed_digest(session: Session, hour: int, monitor: int) -> tuple[str, int]:
    """What the round says of an hour that was sealed: its digest, and as which version. Raises Broken where it says
    nothing."""
    for _, sealed in sealed_hours(session, monitor, hour, hour + 1):
        row = session.get(SealRound, sealed.round)
        for leaf in rollups.unpack_leaves(bytes(row.leaves)) if row is not None else ():
            if (leaf.hour, leaf.monitor, leaf.version) == (hour, monitor, sealed.version):
                return leaf.digest, leaf.version
    raise Broken("no round has sealed it")


@dataclass(slots=True)
class Tally:
    """How many observations of each state, and the first and the last of them; `gone`: how many of them can only be
    counted any more."""

    counts: list[int] = field(default_factory=lambda: [0] * rollups.STATES)
    first: int | None = None
    last: int | None = None
    gone: int = 0

    @property
    def total(self) -> int:
        return sum(self.counts)


def tally(session: Session, monitor: int, low: int, high: int) -> Tally:
    """What is there is counted one by one, what was let go from its roll-ups; an hour at an edge of the span that was
    let go counts as a whole."""
    out = Tally()
    for lost in gone(session, monitor, low, high):
        out.counts = [mine + more for mine, more in zip(out.counts, lost.counts, strict=True)]
        out.gone += lost.observations
    first = first_at(session, monitor)
    for part in columns(session, monitor, max(low, first), high) if first is not None else ():
        for state in part.state:
            out.counts[state] += 1
        out.first = part.at[0] if out.first is None else out.first
        out.last = part.at[-1]
    return out


def newest(session: Session, monitor: int, limit: int) -> list[Seen]:
    """The newest observations of our own prober with what was measured, newest first."""
    found = {row[0]: Seen(*row) for row in _ask(session, _NEWEST, (monitor, limit))}
    first, hour = _sealed(session, monitor)
    while len(found) < limit and hour > first:
        for part in finding.in_order(session, monitor, max(first, hour - BACK), hour):
            for row in part.rows():
                if any(value is not None for value in row[4:]):
                    found.setdefault(row.at, row)
        hour -= BACK
    return [found[at] for at in sorted(found, reverse=True)[:limit]]


def one(session: Session, monitor: int, at: int) -> Seen | None:
    """The observation of a moment."""
    for part in columns(session, monitor, at, at + 1, whole=True):
        return next(part.rows())
    return None


@dataclass(frozen=True, slots=True)
class Gone:
    """An hour whose observations were let go: what is left of them, and where their digest stands."""

    hour: int
    version: int
    round: int
    counts: tuple[int, ...]

    @property
    def observations(self) -> int:
        return sum(self.counts)


def gone(session: Session, monitor: int, low: int, high: int) -> list[Gone]:
    """The hours that touch the span and were let go, in order."""
    row = session.get(Stored, monitor)
    if row is None or row.gone_until is None or low // HOUR >= row.gone_until:
        return []
    until = min(-(-high // HOUR), row.gone_until)
    out = []
    for hour, one_hour in sealed_hours(session, monitor, low // HOUR, until):
        out.append(Gone(hour, one_hour.version, one_hour.round, tuple(one_hour.rollup.counts)))
    here = finding.there(session, {hours.key(lost.hour // hours.DAY_HOURS, monitor) for lost in out})
    there = set[int]().union(*here.values())
    return [lost for lost in out if lost.hour not in there]


def digests(session: Session, monitor: int, lost: Sequence[Gone]) -> list[tuple[Gone, str | None, int | None]]:
    """Each with the SHA-256 of its lines, and the line of the evidence log that covers it."""
    rounds: dict[int, tuple[int, dict[tuple[int, int, int], str]]] = {}
    out: list[tuple[Gone, str | None, int | None]] = []
    for one_hour in lost:
        if one_hour.round not in rounds:
            row = session.get(SealRound, one_hour.round)
            leaves = rollups.unpack_leaves(row.leaves) if row is not None else []
            known = {(leaf.hour, leaf.monitor, leaf.version): leaf.digest for leaf in leaves}
            rounds[one_hour.round] = (row.entry if row is not None else 0, known)
        entry, known = rounds[one_hour.round]
        out.append((one_hour, known.get((one_hour.hour, monitor, one_hour.version)), entry or None))
    return out


def sealed_hours(session: Session, monitor: int, low: int, high: int) -> Iterator[tuple[int, rollups.Sealed]]:
    """A monitor's sealed hours from `low` to before `high` (hours since 1970), in order."""
    first, last = low // hours.DAY_HOURS, -(-high // hours.DAY_HOURS)
    for place in range(first, last, WINDOW):
        keys = [hours.key(day, monitor) for day in range(place, min(place + WINDOW, last))]
        found = select(ObservedDay).where(col(ObservedDay.key).in_(keys)).order_by(col(ObservedDay.key))
        for row in session.exec(found.execution_options(populate_existing=True)).all():
            day = hours.parts(row.key)[0] * hours.DAY_HOURS
            for hour, sealed in rollups.unpack(bytes(row.data)).items():
                if low <= day + hour < high:
                    yield day + hour, sealed


def first_at(session: Session, monitor: int) -> int | None:
    """When the monitor was first heard of."""
    return session.exec(select(sa.func.min(ObservedRun.first_at)).where(ObservedRun.monitor == monitor)).one()


def last_at(session: Session, monitor: int) -> int | None:
    """And when it was last heard of."""
    newest_run = select(ObservedRun.last_at).where(ObservedRun.monitor == monitor)
    return session.exec(newest_run.order_by(col(ObservedRun.first_at).desc()).limit(1)).first()


def _sealed(session: Session, monitor: int) -> tuple[int, int]:
    """The hours from and before which there may be chunks."""
    found = session.exec(select(Stored.sealed_from, Stored.sealed_until).where(Stored.monitor == monitor)).first()
    return (0, 0) if found is None else (found[0], found[1])


def _ask(session: Session, query: str, values: tuple[int, ...]) -> list[Any]:
    """By the driver itself: an object for each row would cost more than the reading."""
    raw: Any = session.connection().connection.driver_connection
    postgres = session.get_bind().dialect.name == "postgresql"
    cursor = raw.cursor(binary=True) if postgres else raw.cursor()
    found: list[Any] = cursor.execute(query.replace("?", "%s") if postgres else query, values).fetchall()
    cursor.close()
    return found
