"""A file of observations taken in by Kept, against the bare driver writing the same rows in one transaction.

The baseline is given what Kept has to work out: ready tuples, no file to read, nothing to check, no runs to derive,
no log. SQLite: `executemany` into an equal table. PostgreSQL: `COPY … FROM STDIN` of the same tuples.
"""

from __future__ import annotations

import gc
import sqlite3
import time
from collections.abc import Generator, Iterator
from pathlib import Path

import psycopg
import sqlalchemy as sa

from app.db import transaction
from app.probes.importing.files import import_file
from benchmarks import observing
from benchmarks.frame import MB, Figure, apart, folder, number, settled
from tests import postgres

MONITORS = 120
INTO = "observation (monitor, at, state, latency_ms, error)"
MEMORY = 100


def measure(quick: bool) -> Iterator[Figure]:
    minutes, rounds = (1_000, 1) if quick else (8_334, 3)
    with folder() as place:
        file = place / "observations.csv"
        observing.write_csv(file, MONITORS, minutes)
        yield _compared("SQLite", f"sqlite:///{place}/kept", file, minutes, rounds)
        with postgres.server() as server:
            urls = _urls(server)
            yield _compared("PostgreSQL", urls, file, minutes, rounds)
            urls.close()


def _urls(server: postgres.Server) -> Generator[str, None, None]:
    while True:
        with server.clone() as url:
            yield url


def _compared(kind: str, where: str | Iterator[str], file: Path, minutes: int, rounds: int) -> Figure:
    ours, bare, growth, count = [], [], 0, MONITORS * minutes
    for attempt in range(rounds):
        run = apart(ours_once, _place(where, f"-ours-{attempt}.sqlite3"), str(file))
        ours.append(run.value)
        growth = max(growth, run.growth)
        bare.append(apart(bare_once, _place(where, f"-bare-{attempt}.sqlite3"), minutes).value)
    rate, bare_rate = count / min(ours), count / min(bare)
    grown = f"memory grew by {growth / MB:.0f} MB at the most (target ≤ {MEMORY} MB)"
    return Figure(
        name=f"{count:,} observations of {MONITORS} monitors, {file.stat().st_size / MB:.0f} MB of CSV, {kind}",
        ours=rate, baseline=bare_rate, unit="rows/s", ratio=rate / bare_rate, target=">= 0.5",
        against="executemany of ready tuples" if kind == "SQLite" else "COPY of ready tuples",
        more=[grown, f"ours {number(min(ours))} s, baseline {number(min(bare))} s, best of {rounds}"],
        failed=[grown] if growth > MEMORY * MB else [],
    )  # fmt: skip


def _place(where: str | Iterator[str], end: str) -> str:
    return where + end if isinstance(where, str) else next(where)


def ours_once(url: str, file: str) -> float:
    """Seconds from opening the file to the end of the commit."""
    engine = observing.prepare(url, MONITORS)
    with transaction(engine) as session:
        session.connection()
    gc.collect()
    settled()
    start = time.perf_counter()
    with transaction(engine) as session:
        import_file(session, Path(file), name="observations.csv", format="csv", now=observing.LATER)
    passed = time.perf_counter() - start
    engine.dispose()
    return passed


def bare_once(url: str, minutes: int) -> float:
    """Seconds from BEGIN to the end of COMMIT, for rows that stand ready in memory."""
    engine = observing.prepare(url, MONITORS)
    engine.dispose()
    ready = list(observing.rows(MONITORS, minutes))
    address = sa.make_url(url)
    if address.drivername == "sqlite":
        connection = sqlite3.connect(str(address.database), isolation_level=None)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        start = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(f"INSERT INTO {INTO} VALUES (?,?,?,?,?)", ready)
        connection.execute("COMMIT")
        passed = time.perf_counter() - start
        connection.close()
        return passed
    with psycopg.connect(host=str(address.query["host"]), user=address.username, dbname=address.database) as pg:
        start = time.perf_counter()
        with pg.cursor() as cursor, cursor.copy(f"COPY {INTO} FROM STDIN") as copy:
            for row in ready:
                copy.write_row(row)
        pg.commit()
        return time.perf_counter() - start
