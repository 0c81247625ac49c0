"""Whether what is sealed is what was sealed: every chunk against its digest, every round against the log."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import sqlalchemy as sa
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
    ids = {key or 0: (str(id_), name) for key, id_, name in session.exec(select(Monitor.key, Monitor.id, Monitor.name))}
    until = {monitor: gone or 0 for monitor, gone in session.exec(select(Stored.monitor, Stored.gone_until))}
    rounds, *parts = (session.exec(select(sa.func.count()).select_from(one)).one() for one in (SealRound, *PACKED))
    total = rounds + sum(parts)
    expected = 1
    for row in _rounds(session):
        if row.number != expected:
            out.faults.append(Fault("round", f"round {expected} is missing"))
        expected = row.number + 1
        out.rounds += 1
        try:
            leaves = rollups.unpack_leaves(bytes(row.leaves))
        except Broken as error:
            out.faults.append(Fault("round", f"the digests of round {row.number} cannot be read: {error}"))
            continue
        out.faults += _round(session, row, leaves)
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


def _rounds(session: Session) -> Iterator[SealRound]:
    last = 0
    while rows := session.exec(
        select(SealRound).where(SealRound.number > last).order_by(col(SealRound.number)).limit(20)
    ).all():  # fmt: skip
        for row in rows:
            last = row.number
            yield row
            session.expunge(row)


def _round(session: Session, row: SealRound, leaves: list[rollups.Leaf]) -> Iterator[Fault]:
    entry = session.get(Entry, row.entry)
    said = json.loads(entry.body) if entry is not None and entry.subject == f"seal_round:{row.number}" else {}
    made = merkle.root([leaf.digest for leaf in leaves]) if leaves else ""
    if said.get("root") != row.root:
        yield Fault("round", f"round {row.number} has another root than entry {row.entry} of the log, or no entry")
    if made != row.root:
        yield Fault("round", f"the digests of round {row.number} do not lead to its root: one of them was changed")


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
    try:
        return there(session, keys)
    except Broken:
        for key in keys:
            with suppress(Broken):
                out |= there(session, [key])
    return out


def _sums(session: Session, keys: Collection[int]) -> dict[int, dict[int, rollups.Sealed]]:
    out: dict[int, dict[int, rollups.Sealed]] = {key: {} for key in keys}
    for key, data in session.exec(select(ObservedDay.key, ObservedDay.data).where(col(ObservedDay.key).in_(keys))):
        with suppress(Broken):
            out[key] = rollups.unpack(bytes(data))
    return out


def _packed(session: Session, table: type[Chunk | ChunkDay]) -> Iterator[Sequence[tuple[int, bytes]]]:
    last = -1
    some = sa.select(col(table.key), col(table.data)).order_by(col(table.key)).limit(SOME)
    while found := session.connection().execute(some.where(col(table.key) > last)).all():
        yield [(key, bytes(data)) for key, data in found]
        last = found[-1][0]


@dataclass(slots=True)
class Look:
    """Chunks of hours, then those of days: each hour against its digest and its sums."""

    session: Session
    ids: Mapping[int, tuple[str, str]]
    known: dict[int, dict[tuple[int, int, int], str]] = field(default_factory=dict)  # digests of the last rounds asked

    def check(self, table: type[Chunk | ChunkDay], rows: Sequence[tuple[int, bytes]], out: Checked) -> None:
        of_days = table is ChunkDay
        days = {key if of_days else _day_of(*hours.parts(key)) for key, _ in rows}
        sums, newer = _sums(self.session, days), self._newer(rows) if of_days else set[int]()
        for key, data in rows:
            number, monitor = hours.parts(key)
            try:
                found = list(hours_of(number, data)) if of_days else [
                    Kept(number, unpack(number, data), replaced(data))]  # fmt: skip
            except Broken as error:
                first = number * hours.DAY_HOURS if of_days else number
                what = ("the day from " if of_days else "") + _what(first, monitor, self.ids)
                out.faults.append(Fault("unreadable", f"{what} cannot be read: {error}"))
                continue
            for kept in found:
                if hours.key(kept.hour, monitor) in newer:
                    continue  # it was sealed again, and its day will be packed again
                sealed = sums[_day_of(kept.hour, monitor)].get(kept.hour % hours.DAY_HOURS)
                fault = self._hour(kept, monitor, sealed, out)
                if fault is not None:
                    out.faults.append(Fault(fault[0], f"{_what(kept.hour, monitor, self.ids)} {fault[1]}"))

    def _newer(self, rows: Sequence[tuple[int, bytes]]) -> set[int]:
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
            row = self.session.get(SealRound, number)
            known = {}
            if row is not None:
                with suppress(Broken):
                    known = {(one.hour, one.monitor, one.version): one.digest
                             for one in rollups.unpack_leaves(bytes(row.leaves))}  # fmt: skip
                self.session.expunge(row)
        self.known[number] = known
        if len(self.known) > ROUNDS:
            del self.known[next(iter(self.known))]
        return known


def _day_of(hour: int, monitor: int) -> int:
    return hours.key(hour // hours.DAY_HOURS, monitor)


def _what(hour: int, monitor: int, ids: Mapping[int, tuple[str, str]]) -> str:
    return f"{hours.start_of(hour):%Y-%m-%d %H:00} UTC of {ids.get(monitor, ('', str(monitor)))[1]}"
