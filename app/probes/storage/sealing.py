"""Sealing: the observations of hours that are over go from their tables into chunks, round by round.

What takes time (reading, packing, digests) happens before the lock. Under it a round only makes sure that nothing has
come since, and moves everything in one transaction with its line in the evidence log: a process that is killed has
sealed a round or has not. Observations that come later than that stand in their table until the next round seals their
hour once more, as a new version that names the digest of the one before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

from app.db import reader, transaction
from app.evidence import actions as evidence
from app.logs import logger
from app.probes.storage import hours, merkle, rollups
from app.probes.storage.chunks import Seen, digest, pack, sealed_lines
from app.probes.storage.finding import hour_of
from app.probes.storage.hours import HOUR
from app.probes.storage.packing import Broken
from app.probes.storage.reading import oldest_in_table, sealed_digest, table_rows
from app.probes.storage.tables import Chunk, ObservedDay, SealRound, Stored
from app.probes.tables import Monitor

log = logger("kept.storage")

SEALED = "observations.sealed"
SETTLED = timedelta(minutes=5)  # how long after its end an hour is waited for
CHUNKS, ROWS = 400, 60_000  # in one round, at the most
ROUNDS = 100  # of one tick, at the most
STEP = 24  # hours of one monitor read at a time
OBSERVATION_LOCK = 7_301_003  # as whoever takes observations in: on SQLite its one writer is the same
_SEEN, _MEASURED = SQLModel.metadata.tables["observation"], SQLModel.metadata.tables["measurement"]


@dataclass(slots=True)
class Hour:
    """One hour on its way into its chunk. `rows`: how many of it stand in the table."""

    hour: int
    monitor: int
    version: int
    rows: int
    content: bytes
    digest: str
    rollup: rollups.Rollup


@dataclass(frozen=True, slots=True)
class Round:
    """What one round has done; `number` 0: nothing was to be done, or others were faster."""

    number: int
    chunks: int
    observations: int
    more: bool


def seal(engine: sa.Engine, now: datetime, most: int = CHUNKS) -> Round:
    """One round of about so many chunks at the most, oldest hours first, in a transaction of its own."""
    with Session(reader(engine)) as session:
        prepared, more = _prepared(session, now, most)
    if not prepared:
        return Round(0, 0, 0, more=False)
    with transaction(engine) as session:
        session.info["actor"] = "storage"
        lock(session)
        still = _unchanged(session, prepared)
        if not still:
            return Round(0, 0, 0, more=True)
        number = _written(session, still, now)
    return Round(number, len(still), sum(one.rows for one in still), more)


def seal_tick(engine: sa.Engine, now: datetime) -> None:
    """Whatever is over by now, for whoever does it every few minutes; what is left for the next time is little."""
    for _ in range(ROUNDS):
        if not seal(engine, now).more:
            return


def lock(session: Session) -> None:
    """Nobody takes observations in beside us until the end of the transaction."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.text("select pg_advisory_xact_lock(:key)"), {"key": OBSERVATION_LOCK})


def _prepared(session: Session, now: datetime, most: int) -> tuple[list[Hour], bool]:
    """Hours to seal, and whether there are more."""
    edge = hours.hour_at(now - SETTLED)
    firsts = sorted((at, monitor) for monitor, at in oldest_in_table(session) if at < edge * HOUR)
    share = max(1, most // max(1, len(firsts)))  # many monitors: an hour of each; one alone: many hours
    ids = _ids(session, [monitor for _, monitor in firsts[:most]])
    out, rows, more = list[Hour](), 0, len(firsts) > most
    for first, monitor in firsts[:most]:
        hour, mine = first // HOUR, 0
        while hour < edge and mine < share and rows < ROWS:
            until = min(edge, hour + min(share, STEP))
            found = table_rows(session, monitor, hour * HOUR, until * HOUR)
            rows += len(found)
            for one, late in groupby(found, key=lambda row: row.at // HOUR):
                try:
                    out.append(_hour(session, one, monitor, ids.get(monitor, str(monitor)), list(late)))
                    mine += 1
                except Broken as error:
                    log.error("an hour is damaged, and what came for it later is not sealed", monitor=monitor,
                              hour=hours.start_of(one).isoformat(), error=str(error))  # fmt: skip
            hour = until
        more = more or hour < edge
    return out, more


def _hour(session: Session, hour: int, monitor: int, id_: str, late: list[Seen]) -> Hour:
    """With what is sealed of it already, which must be what the log says it is. Raises Broken where it is not."""
    version, before, all_rows = 1, None, late
    there = hour_of(session, monitor, hour)
    if there is not None:
        before, version = sealed_digest(session, hour, monitor)
        known = list(there.columns.rows())
        if digest(sealed_lines(id_, hour, version, there.replaces, known)) != before:
            raise Broken("what is sealed is not what was sealed")
        ats = {row.at for row in known}
        all_rows = sorted([*known, *(row for row in late if row.at not in ats)], key=lambda row: row.at)
        version += 1
    rollup = rollups.fold([row.state for row in all_rows], [row.latency_ms for row in all_rows])
    made = digest(sealed_lines(id_, hour, version, before, all_rows))
    return Hour(hour, monitor, version, len(late), pack(hour, all_rows, before), made, rollup)


def _ids(session: Session, monitors: Sequence[int]) -> dict[int, str]:
    found = select(Monitor.key, Monitor.id).where(col(Monitor.key).in_(monitors))
    return {key: str(id_) for key, id_ in session.exec(found) if key is not None}


def _unchanged(session: Session, prepared: Sequence[Hour]) -> list[Hour]:
    """Under the lock: those of which the table and the chunk are still what they were."""
    monitors = sorted({one.monitor for one in prepared})
    low, high = min(one.hour for one in prepared) * HOUR, (max(one.hour for one in prepared) + 1) * HOUR
    hour: sa.ColumnClause[int] = sa.literal_column(f"at / {HOUR}")
    counted = (
        sa.select(_SEEN.c.monitor, hour, sa.func.count())
        .where(_SEEN.c.monitor.in_(monitors), _SEEN.c.at >= low, _SEEN.c.at < high)
        .group_by(_SEEN.c.monitor, hour)
    )
    there = {(monitor, one): count for monitor, one, count in session.connection().execute(counted)}
    days = _days(session, prepared)
    out = []
    for one in prepared:
        sealed = days[hours.key(one.hour // hours.DAY_HOURS, one.monitor)].get(one.hour % hours.DAY_HOURS)
        version = sealed.version if sealed is not None else 0
        if there.get((one.monitor, one.hour)) == one.rows and version == one.version - 1:
            out.append(one)
    return sorted(out, key=lambda one: (one.hour, one.monitor))


def _days(session: Session, prepared: Sequence[Hour]) -> dict[int, dict[int, rollups.Sealed]]:
    keys = sorted({hours.key(one.hour // hours.DAY_HOURS, one.monitor) for one in prepared})
    days: dict[int, dict[int, rollups.Sealed]] = {key: {} for key in keys}
    found = sa.select(col(ObservedDay.key), col(ObservedDay.data)).where(col(ObservedDay.key).in_(keys))
    for key, data in session.connection().execute(found):
        days[key] = rollups.unpack(bytes(data))
    return days


def _written(session: Session, sealed: list[Hour], now: datetime) -> int:
    """The round: chunks for rows, roll-ups, what is sealed up to when, the line in the log."""
    connection = session.connection()
    number = (session.exec(select(sa.func.max(SealRound.number))).one() or 0) + 1
    spans = [{"m": one.monitor, "low": one.hour * HOUR, "high": (one.hour + 1) * HOUR} for one in sealed]
    for name in ("observation", "measurement"):
        connection.execute(sa.text(f"DELETE FROM {name} WHERE monitor = :m AND at >= :low AND at < :high"), spans)
    again = [{"k": hours.key(one.hour, one.monitor)} for one in sealed if one.version > 1]
    if again:
        connection.execute(sa.text("DELETE FROM chunk WHERE key = :k"), again)
    chunks = [{"key": hours.key(one.hour, one.monitor), "data": one.content} for one in sealed]
    connection.execute(sa.insert(Chunk), chunks)
    days = _days(session, sealed)
    known = [key for key, day in days.items() if day]
    for one in sealed:
        day = days[hours.key(one.hour // hours.DAY_HOURS, one.monitor)]
        day[one.hour % hours.DAY_HOURS] = rollups.Sealed(number, one.version, one.rollup)
    _put(connection, "observed_day", known, [(key, rollups.pack(day)) for key, day in days.items()])
    _until(session, sealed)
    leaves = [rollups.Leaf(one.hour, one.monitor, one.version, one.digest) for one in sealed]
    root = merkle.root([leaf.digest for leaf in leaves])
    observations = sum(one.rows for one in sealed)
    body = {
        "round": number, "root": root, "chunks": len(leaves), "observations": observations, "again": len(again),
        "from": hours.start_of(leaves[0].hour), "to": hours.start_of(leaves[-1].hour + 1),
    }  # fmt: skip
    entry = evidence.append(session, SEALED, f"seal_round:{number}", now, body=body, source="M")
    session.add(
        SealRound(
            number=number, entry=entry.seq, at=now, chunks=len(leaves), observations=observations, root=root,
            leaves=rollups.pack_leaves(leaves),
        )
    )  # fmt: skip
    session.flush()
    return number


def _put(connection: sa.Connection, table: str, known: Sequence[int], rows: Sequence[tuple[int, bytes]]) -> None:
    there = set(known)
    changed = [{"k": key, "data": data} for key, data in rows if key in there]
    new = [{"k": key, "data": data} for key, data in rows if key not in there]
    if changed:
        connection.execute(sa.text(f"UPDATE {table} SET data = :data WHERE key = :k"), changed)
    if new:
        connection.execute(sa.text(f"INSERT INTO {table} (key, data) VALUES (:k, :data)"), new)


def _until(session: Session, sealed: Sequence[Hour]) -> None:
    """`sealed` in order of their hours."""
    first = {one.monitor: one.hour for one in reversed(sealed)}
    until = {one.monitor: one.hour + 1 for one in sealed}
    for row in session.exec(select(Stored).where(col(Stored.monitor).in_(sorted(until)))).all():
        row.sealed_from = min(row.sealed_from, first[row.monitor])
        row.sealed_until = max(row.sealed_until, until.pop(row.monitor))
        session.add(row)
    session.add_all(
        Stored(monitor=monitor, sealed_from=first[monitor], sealed_until=hour) for monitor, hour in until.items()
    )
    session.flush()
