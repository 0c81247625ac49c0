"""What observations take: packed with all that was measured, and what of it stays for good, against a plain row.

The observations are those of a prober: a turn each minute with its jitter, times of all phases, about 32 short
interruptions a site and month. They are recorded as rows and then sealed as `kept serve` does it: a round after each
hour, and after each day its hours packed together; then the database is measured with and without the chunks. What a
database takes for tables that are next to empty counts too, and weighs by how few days are measured. The baseline is
the smallest plain row (monitor, time, state, latency as integers) with an index, in the same database.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from random import Random
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlmodel import Session, select

from app.db import reader, transaction
from app.probes.importing.fields import micros
from app.probes.importing.runs import rederive
from app.probes.storage import sealing
from app.probes.storage.chunks import FIELDS, PHASES, TEXTS, coarse, latency_of
from app.probes.storage.merging import merge_all
from app.probes.storage.verifying import verify
from app.probes.tables import Monitor
from benchmarks import observing
from benchmarks.frame import Figure, folder, number
from tests import postgres

SITES = 120
KEPT = ("chunk", "chunk_day", "observed_day", "seal_round", "stored", "observed_run", "entry")
PACKED = KEPT[:2]
SEEN = ("monitor", "at", "state", "latency_ms", "error")
MEASURED = ("monitor", "at", *PHASES, *TEXTS)
PLAIN = "CREATE TABLE plain (monitor INTEGER NOT NULL, at BIGINT NOT NULL, state SMALLINT NOT NULL, latency_ms INTEGER)"


def measure(quick: bool) -> Iterator[Figure]:
    days = 1 if quick else 7
    with folder() as place:
        yield from _kept("SQLite", f"sqlite:///{place}/kept.sqlite3", days)
    with postgres.server() as server, server.clone() as url:
        yield from _kept("PostgreSQL", url, days)


def answers(monitor: int, count: int) -> Iterator[tuple[Any, ...]]:
    """What a prober would have recorded: FIELDS, minute by minute."""
    random = Random(monitor)
    start = micros(observing.MONTH) + random.randrange(60_000) * 1000
    between = ((300, 1500), (5000, 30_000), (8000, 45_000), (50_000, 300_000))
    usual = [random.uniform(low, high) for low, high in between]
    address = f"192.0.2.{monitor % 250}"
    for minute, (state, _, error) in enumerate(observing.minutes(monitor, count)):
        at = start + minute * observing.MINUTE + random.randrange(-1000, 1001) * 1000
        if state == 2:
            detail = "no connection within 10 s"
            yield at, state, None, error, coarse(int(usual[0])), None, None, None, 10_000_000, address, detail, None
            continue
        spread = (0.5, 0.08, 0.08, 0.2)
        parts = [coarse(int(mean * random.lognormvariate(0, by))) for mean, by in zip(usual, spread, strict=True)]
        total = coarse(sum(part or 0 for part in parts) + random.randrange(200, 2500))
        yield at, state, latency_of(state, total), None, *parts, total, address, None, None


def _kept(kind: str, url: str, days: int) -> Iterator[Figure]:
    engine = observing.prepare(url, SITES)
    empty, packed_empty = _size(engine, KEPT), _size(engine, PACKED)
    count = SITES * days * 1440
    _fill(engine, days * 1440)
    around = 2 * observing.MINUTE
    low, high = micros(observing.MONTH) - around, micros(observing.MONTH) + days * 1440 * observing.MINUTE + around
    with transaction(engine) as session:
        for monitor in session.exec(select(Monitor)).all():
            rederive(session, monitor, low, high)
    rows = _size(engine, ("observation", "measurement", "observed_run")) - empty
    plain = _plain(engine)
    began = time.process_time()
    hour_bytes = _sealed(engine, days)
    took = time.process_time() - began
    with Session(reader(engine)) as session:
        checked = verify(session)
    if checked.faults or checked.observations != count:
        raise RuntimeError(f"{checked.observations} of {count} observations are sealed; {checked.faults[:3]}")
    kept = _size(engine, KEPT) - empty
    with engine.begin() as connection:
        for name in PACKED:
            connection.execute(sa.text(f"DELETE FROM {name}"))
    for_ever = _size(engine, KEPT[len(PACKED) :]) - empty + (0 if engine.dialect.name == "sqlite" else packed_empty)
    engine.dispose()
    yield Figure(
        name=f"bytes an observation, {SITES} sites, {days} days, all phases, {kind}",
        ours=kept / count, baseline=plain / count, unit="B", against="a plain integer row with an index",
        ratio=kept / count, target="<= 7",
        more=[
            f"before its hour is over {number(rows / count)} B; in its hour's chunk, until its day is over, "
            f"{number(hour_bytes)} B and its share of the row",
            f"for good, without what is packed: {number(for_ever / count)} B",
            f"sealing and packing took {number(1e6 * took / count)} µs an observation of one processor; "
            f"{checked.rounds} rounds",
        ],
    )  # fmt: skip
    if kind != "SQLite":
        return
    yield Figure(
        name=f"of them for good: roll-ups, runs, digests, the log, {kind}",
        ours=for_ever / count, baseline=plain / count, unit="B", against="the same",
        ratio=for_ever / count, target="<= 1.6",
    )  # fmt: skip


def _sealed(engine: sa.Engine, days: int) -> float:
    """Round by round, as time goes by. Answers the bytes an observation takes in the chunk of its hour."""
    taken = [0, 0]
    for hour in range(1, 24 * days + 3):
        now = observing.MONTH + timedelta(hours=hour, minutes=6)
        while sealing.seal(engine, now).more:
            pass
        if hour % 24 == 1:  # so that what was late is there
            with engine.connect() as connection:
                found = connection.execute(sa.text("SELECT count(*), sum(length(data)) FROM chunk")).one()
            taken = [taken[0] + found[0], taken[1] + (found[1] or 0)]
            merge_all(engine, now)
        if engine.dialect.name == "postgresql":  # whose own vacuum would come by; the tests' server has none
            _size(engine, ("chunk", "observed_day", "stored"))
    merge_all(engine, observing.MONTH + timedelta(days=days + 1, hours=1))
    return taken[1] / taken[0] / 60


def _fill(engine: sa.Engine, minutes: int) -> None:
    if engine.dialect.name == "sqlite":
        plain = sqlite3.connect(str(engine.url.database))
        with plain:
            for monitor in range(1, SITES + 1):
                rows = list(answers(monitor, minutes))
                plain.executemany(
                    "INSERT INTO observation (monitor, at, state, latency_ms, error) VALUES (?,?,?,?,?)",
                    [(monitor, *row[:4]) for row in rows],
                )
                marks = ",".join("?" * len(MEASURED))
                plain.executemany(
                    f"INSERT INTO measurement ({', '.join(MEASURED)}) VALUES ({marks})",
                    [(monitor, row[0], *row[4:]) for row in rows],
                )
        plain.close()
        return
    assert FIELDS[4:] == (*PHASES, *TEXTS)
    url = engine.url
    with (
        psycopg.connect(host=str(url.query["host"]), user=url.username, dbname=url.database) as pg,
        pg.cursor() as cursor,
    ):
        for monitor in range(1, SITES + 1):
            rows = list(answers(monitor, minutes))
            with cursor.copy(f"COPY observation ({', '.join(SEEN)}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row((monitor, *row[:4]))
            with cursor.copy(f"COPY measurement ({', '.join(MEASURED)}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row((monitor, row[0], *row[4:]))


def _size(engine: sa.Engine, tables: Sequence[str]) -> int:
    """Bytes on disk. SQLite: the whole file, tidied up; PostgreSQL: these tables, as its own vacuum leaves them."""
    with engine.connect() as connection:
        raw: Any = connection.connection.driver_connection
        if engine.dialect.name == "sqlite":
            raw.execute("VACUUM")
            sizes = [raw.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size")]
            return int(sizes[0] * sizes[1])
        raw.autocommit = True
        for name in tables:
            raw.execute(f"VACUUM {name}")
        sizes = [raw.execute(f"SELECT pg_total_relation_size('{name}')").fetchone()[0] for name in tables]
        raw.autocommit = False
        return sum(sizes)


def _plain(engine: sa.Engine) -> int:
    """The baseline's bytes."""
    before = _size(engine, ())
    with engine.begin() as connection:
        connection.execute(sa.text(PLAIN))
        connection.execute(sa.text("INSERT INTO plain SELECT monitor, at, state, latency_ms FROM observation"))
        connection.execute(sa.text("CREATE INDEX ix_plain ON plain (monitor, at)"))
    size = _size(engine, ("plain",)) - before
    with engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE plain"))
    return size
