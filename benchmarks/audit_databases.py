"""Databases for the audit: a pass of chunk digests against the weakest check sums a server can make, digests of every
row against that pass, and a second snapshot with two chunks in a hundred changed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from app.integrity.databases.engines import engine_of
from app.integrity.databases.snapshot import Database, take
from app.integrity.databases.tables import CHUNK
from benchmarks.frame import Figure, folder, stopwatch

WEAK = {
    "mysql": "SELECT FLOOR(id/10000) b, COUNT(*), BIT_XOR(CRC32(CONCAT_WS('#', id, state, note, paid, created_at, "
    "updated_at, ISNULL(note)))) FROM orders GROUP BY b",
    "postgresql": "SELECT floor(id/10000) b, count(*), sum(hashtextextended(concat_ws('#', id, state, note, paid, "
    "created_at, updated_at), 0)::numeric) FROM orders GROUP BY b",
    "sqlite": "SELECT id/10000 b, count(*), sum(length(state)+length(note)+id) FROM orders GROUP BY b",
}  # fmt: skip


def measure(quick: bool) -> Iterator[Figure]:
    from tests import mariadb, postgres

    rows, times = (50_000, 2) if quick else (500_000, 5)
    with ExitStack() as stack:
        place = stack.enter_context(folder())
        maria, pg = stack.enter_context(mariadb.server()), stack.enter_context(postgres.server())
        urls = {
            "MariaDB": stack.enter_context(maria.database()), "PostgreSQL": pg.url(),
            "SQLite": f"sqlite:///{place}/shop.sqlite3",
        }  # fmt: skip
        for name, url in urls.items():
            engine = sa.create_engine(url)
            _fill(engine, rows)
            yield from _one(name, url, engine, rows, place, times)
            engine.dispose()


def _fill(engine: sa.Engine, rows: int) -> None:
    meta = sa.MetaData()
    orders = sa.Table(
        "orders", meta, sa.Column("id", sa.Integer, primary_key=True), sa.Column("state", sa.String(20)),
        sa.Column("note", sa.Text), sa.Column("paid", sa.Numeric(10, 2)), sa.Column("created_at", sa.DateTime),
        sa.Column("updated_at", sa.DateTime),
    )  # fmt: skip
    meta.create_all(engine)
    from datetime import datetime, timedelta

    first = datetime(2025, 1, 1)  # noqa: DTZ001  as a database without zones keeps it
    with engine.begin() as connection:
        for low in range(1, rows + 1, 5_000):
            part: list[dict[str, Any]] = [
                {"id": n, "state": ("open", "paid", "sent")[n % 3], "note": f"order {n} " * 10, "paid": f"{n % 900}.50",
                 "created_at": first + timedelta(minutes=n), "updated_at": first + timedelta(minutes=n + n % 99)}
                for n in range(low, min(low + 5_000, rows + 1))
            ]  # fmt: skip
            connection.execute(orders.insert(), part)


def _one(name: str, url: str, engine: sa.Engine, rows: int, place: Path, times: int) -> Iterator[Figure]:
    """All in turn, and of each the best: whoever else has the machine for a while has it for all of them."""
    runs: dict[str, list[float]] = {"weak": [], "chunks": [], "whole": [], "part": []}
    again: dict[str, Any] = {}
    for turn in range(times):
        with engine.connect() as connection:
            kind = engine_of(connection)
            connection.rollback()
            kind.begin(connection)
            table = kind.table(connection, "orders")
            with stopwatch() as weak:
                connection.exec_driver_sql(WEAK[kind.name]).all()
            with stopwatch() as chunks:
                list(kind.chunks(connection, table))
        engine.dispose()  # the connection of that reading writes no more
        with stopwatch() as whole:
            records = take(place / name / "a", [Database("shop", url)], clock=time.time_ns)
        with engine.begin() as connection:
            for chunk in range(0, rows // CHUNK, 50):
                text = f"UPDATE orders SET state = 'late {turn}' WHERE id = {chunk * CHUNK + 7}"
                connection.exec_driver_sql(text)
        with stopwatch() as part:
            (again,) = take(place / name / "b", [Database("shop", url)], base=place / name / "a",
                            base_records=records, clock=time.time_ns)  # fmt: skip
        for one, passed in (("weak", weak), ("chunks", chunks), ("whole", whole), ("part", part)):
            runs[one] += passed
    least = {one: min(passed) for one, passed in runs.items()}
    size = sum(file.stat().st_size for file in (place / name / "a").rglob("*.parquet")) / rows
    of_a_kind = name != "SQLite"  # which has no digest of its own: every row is read and digested here
    yield Figure(
        name=f"{name}: chunk digests of {rows:,} rows", ours=least["chunks"], baseline=least["weak"],
        unit="s", ratio=least["chunks"] / least["weak"],
        target="<= 2.5" if of_a_kind else "<= 60", against="the server's weakest check sum over the same chunks",
        more=[f"{size:.1f} bytes a row kept"],
    )  # fmt: skip
    yield Figure(
        name=f"{name}: a snapshot with a digest of every row", ours=least["whole"], baseline=least["chunks"],
        unit="s", ratio=least["whole"] / least["chunks"], target="<= 4.0",
        against="the chunk digests alone, which it makes as well",
    )  # fmt: skip
    yield Figure(
        name=f"{name}: a second snapshot, one chunk in fifty changed", ours=least["part"], baseline=least["chunks"],
        unit="s", ratio=least["part"] / least["chunks"], target="<= 1.5", against="the chunk digests alone",
        more=[f"{again['tables'][0]['read_rows']:,} rows read again"],
    )  # fmt: skip
