"""Catching up after a day away: what an agent's spool holds of a day, taken in at once, against the bare driver.

120 monitors asked every minute by an agent whose server was away for a day: 172,800 answers with their phases, handed
over in the agent's own batches. Ours is what the server does with each: read and checked, doubtful clocks left out,
observations and measurements stored once, runs derived, committed. The baseline inserts the same observations alone,
ready tuples, in as many transactions. On SQLite the processor's time counts, on PostgreSQL, which has its own, the
time that passes.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

import psycopg
import sqlalchemy as sa
from sqlmodel import Session, select

from app.db import reader, transaction
from app.prober.remote.form import MOST, AnswerPart, Batch
from app.probes.locations.actions import add_location
from app.probes.locations.batches import digest_of, take
from app.probes.locations.tables import Location
from app.probes.tables import STATES, Monitor
from benchmarks import observing
from benchmarks.frame import MB, Figure, apart, folder, number, settled
from tests import postgres

MONITORS, PLACE, SPOOL = 120, "york", "0f8b1c2d3e4f5a6b7c8d9e0f1a2b3c4d"
INTO = "observation (monitor, at, state, latency_ms, error)"


def measure(quick: bool) -> Iterator[Figure]:
    minutes = 120 if quick else 1440
    with folder() as place:
        yield _compared("SQLite", [f"sqlite:///{place}/{side}.sqlite3" for side in ("ours", "bare")], minutes)
    with postgres.server() as server, server.clone() as ours, server.clone() as bare:
        yield _compared("PostgreSQL", [ours, bare], minutes)


def _compared(kind: str, urls: Sequence[str], minutes: int) -> Figure:
    run = apart(ours_once, urls[0], minutes)
    bare = apart(bare_once, urls[1], minutes).value
    count = MONITORS * minutes
    return Figure(
        name=f"{count:,} answers of {MONITORS} monitors in batches of {MOST:,}, {kind}",
        ours=count / run.value, baseline=count / bare, unit="answers/s", ratio=bare / run.value, target=">= 0.1",
        against="the bare driver inserting the observations alone, a transaction a batch",
        more=[f"a day away is taken in within {number(run.value * 1440 / minutes)} s; memory grew by "
              f"{run.growth / MB:.0f} MB"],
    )  # fmt: skip


def ours_once(url: str, minutes: int) -> float:
    engine = observing.prepare(url, MONITORS)
    with transaction(engine) as session:
        add_location(session, name=PLACE, now=observing.MONTH)
        session.connection().execute(sa.text("UPDATE monitor SET location = :place"), {"place": PLACE})
    with Session(reader(engine)) as session:
        ids = {key: str(id_) for key, id_ in session.exec(select(Monitor.key, Monitor.id))}
    now = observing.MONTH + timedelta(minutes=minutes + 5)
    settled()
    clock = _clock(url)
    taken = 0.0
    before = 0  # records of its spool that were handed over
    for part in _parts(minutes):
        records = [
            AnswerPart(
                n=number_, m=ids[monitor], at=at, s=STATES[state], f=None if error is None else "timeout", off=0,
                p=[300, 9000, 20_000, *([None] * 2 if latency is None else [latency * 900, latency * 1000])],
            )
            for number_, (monitor, at, state, latency, error) in enumerate(part, before + 1)
        ]  # fmt: skip
        before += len(part)
        text = Batch(
            location=PLACE, spool=SPOOL, records=records, sent_at=int(now.timestamp() * 1_000_000), off=0
        ).model_dump_json()
        start = clock()
        batch = Batch.model_validate_json(text)
        with transaction(engine) as session:
            session.info["actor"] = "agent"
            location = session.exec(select(Location).where(Location.name == PLACE)).one()
            receipt = take(session, location, batch, digest_of(text.encode()), now)
        taken += clock() - start
        if receipt.added != len(records):
            raise RuntimeError(f"{receipt.added} of {len(records)} answers were taken in: {receipt}")
    engine.dispose()
    return taken


def bare_once(url: str, minutes: int) -> float:
    engine = observing.prepare(url, MONITORS)
    engine.dispose()
    parts, clock = list(_parts(minutes)), _clock(url)
    address = sa.make_url(url)
    if address.drivername == "sqlite":
        connection = sqlite3.connect(str(address.database), isolation_level=None)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        start = clock()
        for part in parts:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(f"INSERT INTO {INTO} VALUES (?,?,?,?,?)", part)
            connection.execute("COMMIT")
        passed = clock() - start
        connection.close()
        return passed
    with psycopg.connect(host=str(address.query["host"]), user=address.username, dbname=address.database) as pg:
        start = clock()
        for part in parts:
            with pg.cursor() as cursor:
                cursor.executemany(f"INSERT INTO {INTO} VALUES (%s,%s,%s,%s,%s)", part)
            pg.commit()
        return clock() - start


def _clock(url: str) -> Callable[[], float]:
    """Of the processor, where all the work is this process's own."""
    return time.process_time if url.startswith("sqlite") else time.perf_counter


def _parts(minutes: int) -> Iterator[list[tuple[int, int, int, int | None, str | None]]]:
    part = []
    for row in observing.rows(MONITORS, minutes):
        part.append(row)
        if len(part) == MOST:
            yield part
            part = []
    if part:
        yield part
