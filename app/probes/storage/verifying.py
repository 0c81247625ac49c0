"""Whether what is sealed is what was sealed: every chunk against its digest, every round against the log."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import NoResultFound
from sqlmodel import Session, col, select

from app.evidence.tables import Entry
from app.probes.storage import hours, merkle, rollups
from app.probes.storage.chunks import digest, replaced, sealed_lines, unpack
from app.probes.storage.finding import Kept, hours_of, there
from app.probes.storage.packing import Broken
from app.probes.storage.tables import Chunk, ChunkDay, ObservedDay, SealRound, Stored
from app.probes.tables import Monitor

AT_ONCE = 400
SOME = 50  # rows of chunks read at a time
ROUNDS = 100  # whose digests are held at a time
PACKED: tuple[type[Chunk | ChunkDay], ...] = (Chunk, ChunkDay)
LAST_HOUR = 70_000_000  # in the year 9955: a key beyond it is none
UNREADABLE = (ValueError, TypeError, OverflowError, RecursionError, sa.exc.DBAPIError)  # text that should be bytes, say


@dataclass(frozen=True, slots=True)
class Fault:
    what: str  # changed | missing | unreadable | rollup | round | unsealed
    text: str


@dataclass(slots=True)
class Checked:
    rounds: int = 0
    chunks: int = 0
    observations: int = 0
    gone: int = 0  # hours that were let go: their digests were checked, there is nothing else to check
    faults: list[Fault] = field(default_factory=list)


def verify(session: Session, progress: Callable[[int, int], None] | None = None) -> Checked:
    """All of it: round by round whether every hour is there, then whether every hour is what its round says. Findings
    do not end it."""
    out = Checked()
    ids, until = _ids(session, out), _until(session, out)
    rounds, *parts = (session.exec(select(sa.func.count()).select_from(one)).one() for one in (SealRound, *PACKED))
    total = rounds + sum(parts)
    expected = 1
    for number in session.exec(select(SealRound.number).order_by(col(SealRound.number))).all():
        if number != expected:
            out.faults.append(Fault("round", f"round {expected} is missing"))
        expected = number + 1
        out.rounds += 1
        try:
            leaves = _digests(session, number)
        except UNREADABLE as error:
            out.faults.append(Fault("round", f"the digests of round {number} cannot be read: {_why(error)}"))
            continue
        out.faults += _round(session, number, leaves)
        for place in range(0, len(leaves), AT_ONCE):
            _leaves(session, leaves[place : place + AT_ONCE], ids, until, out)
        if progress is not None:
            progress(out.rounds, total)
    done, look = out.rounds, Look(session, ids)
    for table in PACKED:
        for rows in _packed(session, table):
            look.check(table, rows, out)
            done += len(rows)
            if progress is not None:
                progress(done, total)
    return out


def _ids(session: Session, out: Checked) -> dict[int, tuple[str, str]]:
    """The monitors' ids and names, by their keys."""
    found = select(Monitor.key, Monitor.id, Monitor.name)
    return {key or 0: (str(id_), name) for key, id_, name in _each(session, found, col(Monitor.key), "monitor", out)}


def _until(session: Session, out: Checked) -> dict[int, int]:
    """Before which hour each monitor's were let go."""
    found = select(Stored.monitor, Stored.gone_until)
    rows = _each(session, found, col(Stored.monitor), "stored", out)
    return {monitor: gone if isinstance(gone, int) else 0 for monitor, gone in rows}


def _each(session: Session, found: Any, key: Any, table: str, out: Checked) -> list[Any]:
    """All rows; where one of them cannot be read it is named, and the others are read one by one."""
    with suppress(*UNREADABLE):
        return list(session.exec(found).all())
    rows = []
    for one in session.exec(select(key)).all():
        try:
            rows += session.exec(found.where(key == one)).all()
        except UNREADABLE as error:
            out.faults.append(Fault("unreadable", f"row {one} of the table {table} cannot be read: {_why(error)}"))
    return rows


def _why(error: BaseException) -> str:
    said = getattr(error, "orig", None) or error
    return str(said).partition("\n")[0][:200]


def _bytes(value: object) -> bytes:
    """What a column of bytes holds. Raises Broken where that is something else."""
    if not isinstance(value, bytes | memoryview):
        raise Broken(f"it is {type(value).__name__} and no bytes")
    return bytes(value)


def _digests(session: Session, number: int) -> list[rollups.Leaf]:
    """Of a round. Raises one of UNREADABLE."""
    return rollups.unpack_leaves(_bytes(session.exec(select(SealRound.leaves).where(SealRound.number == number)).one()))


def _round(session: Session, number: int, leaves: list[rollups.Leaf]) -> Iterator[Fault]:
    entry, root, said = None, None, None
    with suppress(*UNREADABLE):
        entry, root = session.exec(select(SealRound.entry, SealRound.root).where(SealRound.number == number)).one()
        line = select(Entry.body).where(Entry.seq == entry, Entry.subject == f"seal_round:{number}")
        body = session.exec(line).first()
        said = None if body is None else json.loads(body)
    made = merkle.root([leaf.digest for leaf in leaves]) if leaves else ""
    if root is None or not isinstance(said, dict) or said.get("root") != root:
        yield Fault("round", f"round {number} has another root than entry {entry} of the log, or no entry")
    if made != root:
        yield Fault("round", f"the digests of round {number} do not lead to its root: one of them was changed")


def _leaves(
    session: Session, leaves: list[rollups.Leaf], ids: Mapping[int, tuple[str, str]], until: dict[int, int],
    out: Checked,
) -> None:  # fmt: skip
    """Whether they are there, or were let go."""
    keys = {_day_of(leaf.hour, leaf.monitor) for leaf in leaves}
    there, sums = _there(session, keys), _sums(session, keys)
    for leaf in leaves:
        key = _day_of(leaf.hour, leaf.monitor)
        sealed = sums[key].get(leaf.hour % hours.DAY_HOURS)
        if sealed is not None and sealed.version > leaf.version:
            continue  # a later round has sealed it again
        what = _what(leaf.hour, leaf.monitor, ids)
        if sealed is None:
            out.faults.append(Fault("rollup", f"{what} has no sums in its day"))
        if leaf.hour in there.get(key, ()):
            continue
        if leaf.hour < until.get(leaf.monitor, 0):
            out.gone += 1
        else:
            out.faults.append(Fault("missing", f"{what} is not there and was not let go"))


def _there(session: Session, keys: set[int]) -> dict[int, set[int]]:
    """A day that cannot be read is found by itself."""
    out: dict[int, set[int]] = {}
    with suppress(*UNREADABLE):
        return there(session, keys)
    for key in keys:
        with suppress(*UNREADABLE):
            out |= there(session, [key])
    return out


def _sums(session: Session, keys: Collection[int]) -> dict[int, dict[int, rollups.Sealed]]:
    out: dict[int, dict[int, rollups.Sealed]] = {key: {} for key in keys}
    for key, data in _data(session, ObservedDay, sorted(keys)):
        with suppress(*UNREADABLE):
            out[key] = rollups.unpack(_bytes(data))
    return out


def _packed(session: Session, table: type[Chunk | ChunkDay]) -> Iterator[list[tuple[int, object]]]:
    last = -1
    some = sa.select(col(table.key)).order_by(col(table.key)).limit(SOME)
    while keys := session.connection().execute(some.where(col(table.key) > last)).scalars().all():
        yield _data(session, table, keys)
        last = keys[-1]


def _data(
    session: Session, table: type[Chunk | ChunkDay | ObservedDay], keys: Sequence[int]
) -> list[tuple[int, object]]:
    """As it stands there; None for what cannot even be handed over."""
    found = sa.select(col(table.key), col(table.data)).order_by(col(table.key))
    with suppress(*UNREADABLE):
        return [(key, data) for key, data in session.connection().execute(found.where(col(table.key).in_(keys)))]
    out: list[tuple[int, object]] = []
    for key in keys:
        try:
            out += [(key, data) for _, data in session.connection().execute(found.where(col(table.key) == key))]
        except UNREADABLE:
            out.append((key, None))
    return out


@dataclass(slots=True)
class Look:
    """Chunks of hours, then those of days: each hour against its digest and its sums."""

    session: Session
    ids: Mapping[int, tuple[str, str]]
    known: dict[int, dict[tuple[int, int, int], str]] = field(default_factory=dict)  # digests of the last rounds asked

    def check(self, table: type[Chunk | ChunkDay], given: Sequence[tuple[int, object]], out: Checked) -> None:
        of_days = table is ChunkDay
        last = hours.key(LAST_HOUR // hours.DAY_HOURS if of_days else LAST_HOUR, 0)
        rows = [(key, data) for key, data in given if key < last]
        out.faults += [Fault("unsealed", f"row {key} of the table {table.__tablename__} is of no hour: it was put in")
                       for key, _ in given if key >= last]  # fmt: skip
        if not rows:
            return
        days = {key if of_days else _day_of(*hours.parts(key)) for key, _ in rows}
        sums, newer = _sums(self.session, days), self._newer(rows) if of_days else set[int]()
        for key, data in rows:
            number, monitor = hours.parts(key)
            try:
                content = _bytes(data)
                found = list(hours_of(number, content)) if of_days else [
                    Kept(number, unpack(number, content), replaced(content))]  # fmt: skip
            except UNREADABLE as error:
                first = number * hours.DAY_HOURS if of_days else number
                what = ("the day from " if of_days else "") + _what(first, monitor, self.ids)
                out.faults.append(Fault("unreadable", f"{what} cannot be read: {_why(error)}"))
                continue
            for kept in found:
                if hours.key(kept.hour, monitor) in newer:
                    continue  # it was sealed again, and its day will be packed again
                sealed = sums[_day_of(kept.hour, monitor)].get(kept.hour % hours.DAY_HOURS)
                fault = self._hour(kept, monitor, sealed, out)
                if fault is not None:
                    out.faults.append(Fault(fault[0], f"{_what(kept.hour, monitor, self.ids)} {fault[1]}"))

    def _newer(self, rows: Sequence[tuple[int, object]]) -> set[int]:
        """Hours of these days that have a chunk of their own."""
        low, high = hours.parts(rows[0][0])[0], hours.parts(rows[-1][0])[0] + 1
        edges = hours.key(low * hours.DAY_HOURS, 0), hours.key(high * hours.DAY_HOURS, 0)
        found = select(Chunk.key).where(col(Chunk.key) >= edges[0], col(Chunk.key) < edges[1])
        return set(self.session.exec(found).all())

    def _hour(self, kept: Kept, monitor: int, sealed: rollups.Sealed | None, out: Checked) -> tuple[str, str] | None:
        said = None if sealed is None else self._digests(sealed.round).get((kept.hour, monitor, sealed.version))
        if sealed is None or said is None:
            return "unsealed", "stands in no round: it was put in, or its round or the sums of its day are gone"
        rows = list(kept.columns.rows())
        id_ = self.ids.get(monitor, (str(monitor), ""))[0]
        if digest(sealed_lines(id_, kept.hour, sealed.version, kept.replaces, rows)) != said:
            return "changed", f"is not what round {sealed.round} sealed"
        if sealed.rollup != rollups.fold([row.state for row in rows], [row.latency_ms for row in rows]):
            return "rollup", "has other sums than its day says"
        out.chunks += 1
        out.observations += len(rows)
        return None

    def _digests(self, number: int) -> dict[tuple[int, int, int], str]:
        """Of a round. Monitors' hours stand in order of time, so the same few rounds are asked again and again."""
        known = self.known.pop(number, None)
        if known is None:
            known = {}
            with suppress(*UNREADABLE, NoResultFound):
                known = {(one.hour, one.monitor, one.version): one.digest for one in _digests(self.session, number)}
        self.known[number] = known
        if len(self.known) > ROUNDS:
            del self.known[next(iter(self.known))]
        return known


def _day_of(hour: int, monitor: int) -> int:
    return hours.key(hour // hours.DAY_HOURS, monitor)


def _what(hour: int, monitor: int, ids: Mapping[int, tuple[str, str]]) -> str:
    return f"{hours.start_of(hour):%Y-%m-%d %H:00} UTC of {ids.get(monitor, ('', str(monitor)))[1]}"
