"""Whether what is sealed is what was sealed: every chunk against its digest, every round against the log."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlmodel import Session, col, select

from app.evidence.tables import Entry
from app.probes.storage import hours, merkle, rollups
from app.probes.storage.chunks import digest, replaced, sealed_lines, unpack
from app.probes.storage.packing import Broken
from app.probes.storage.tables import Chunk, ObservedDay, SealRound, Stored
from app.probes.tables import Monitor

AT_ONCE = 400


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
    """All of it, round by round. Findings do not end it."""
    out = Checked()
    ids = {key: (str(id_), name) for key, id_, name in session.exec(select(Monitor.key, Monitor.id, Monitor.name))}
    until = {monitor: gone or 0 for monitor, gone in session.exec(select(Stored.monitor, Stored.gone_until))}
    total = session.exec(select(sa.func.count()).select_from(SealRound)).one()
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
            _leaves(session, row.number, leaves[place : place + AT_ONCE], ids, until, out)
        if progress is not None:
            progress(out.rounds, total)
    there = session.exec(select(sa.func.count()).select_from(Chunk)).one()
    counted = out.chunks + sum(fault.what in ("changed", "unreadable", "rollup") for fault in out.faults)
    if there > counted:
        out.faults.append(Fault("unsealed", f"{there - counted} chunks stand in no round: they were put in, or a round "
                                "or the roll-ups of a day are gone"))  # fmt: skip
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
    session: Session, number: int, leaves: list[rollups.Leaf], ids: dict[int | None, tuple[str, str]],
    until: dict[int, int], out: Checked,
) -> None:  # fmt: skip
    keys = [hours.key(leaf.hour, leaf.monitor) for leaf in leaves]
    days = {hours.key(leaf.hour // hours.DAY_HOURS, leaf.monitor) for leaf in leaves}
    chunks = dict(session.exec(select(Chunk.key, Chunk.data).where(col(Chunk.key).in_(keys))).all())
    sums: dict[int, dict[int, rollups.Sealed]] = {}
    for key, data in session.exec(select(ObservedDay.key, ObservedDay.data).where(col(ObservedDay.key).in_(days))):
        try:
            sums[key] = rollups.unpack(bytes(data))
        except Broken:
            sums[key] = {}
    for key, leaf in zip(keys, leaves, strict=True):
        day = sums.get(hours.key(leaf.hour // hours.DAY_HOURS, leaf.monitor), {})
        sealed = day.get(leaf.hour % hours.DAY_HOURS)
        if sealed is not None and sealed.version > leaf.version:
            continue  # a later round has sealed it again
        id_, name = ids.get(leaf.monitor, (str(leaf.monitor), str(leaf.monitor)))
        what = f"{hours.start_of(leaf.hour):%Y-%m-%d %H:00} UTC of {name}"
        if key not in chunks:
            if leaf.hour < until.get(leaf.monitor, 0):
                out.gone += 1
            else:
                out.faults.append(Fault("missing", f"{what} is not there and was not let go"))
            continue
        fault = _chunk(bytes(chunks[key]), leaf, id_, sealed, number, out)
        if fault is not None:
            out.faults.append(Fault(fault[0], f"{what} {fault[1]}"))


def _chunk(
    data: bytes, leaf: rollups.Leaf, id_: str, sealed: rollups.Sealed | None, number: int, out: Checked
) -> tuple[str, str] | None:
    try:
        rows = list(unpack(leaf.hour, data).rows())
    except Broken as error:
        return "unreadable", f"cannot be read: {error}"
    if digest(sealed_lines(id_, leaf.hour, leaf.version, replaced(data), rows)) != leaf.digest:
        return "changed", f"is not what round {number} sealed"
    if sealed is None or sealed.rollup != rollups.fold([row.state for row in rows], [row.latency_ms for row in rows]):
        return "rollup", "has other sums than its day says"
    out.chunks += 1
    out.observations += len(rows)
    return None
