"""Observations into the database, a batch at a time: what is new is added, what is there already adds nothing, and
what says another state than the one recorded is found.

Both databases take the whole batch in one go and look closer only where fewer rows went in than came. On SQLite many
rows share one statement; on PostgreSQL the batch is copied straight into the table until one meets a row that is
there already, and from then on by way of a temporary table.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import psycopg.errors
from sqlmodel import Session

from app.probes.importing.reading import Batch

TOGETHER = 50  # rows in one statement on SQLite
OBSERVATION_LOCK = 7_301_003  # one import at a time on PostgreSQL; SQLite's BEGIN IMMEDIATE does the same
SHOWN = 5
COLUMNS = "monitor, at, state, latency_ms, error"
INCOMING = "n integer, monitor integer, at bigint, state smallint, latency_ms integer, error text"
CONTRADICTED = (
    "SELECT i.n, o.state FROM incoming i JOIN observation o ON o.monitor = i.monitor AND o.at = i.at "
    f"WHERE o.state <> i.state ORDER BY i.n LIMIT {SHOWN}"
)
THERE = "SELECT count(*) FROM incoming i JOIN observation o ON o.monitor = i.monitor AND o.at = i.at"


class Contradiction(Exception):
    """Rows of a batch that say another state than the recorded one: (place in the batch, recorded state)."""

    def __init__(self, batch: Batch, found: list[tuple[int, int]]) -> None:
        self.batch, self.found = batch, found
        super().__init__(f"{len(found)} observations contradict what is recorded")


class Store(Protocol):
    def add(self, batch: Batch) -> int:
        """How many of the batch were new. Raises Contradiction."""

    def close(self) -> None:
        """Leaves the connection as it was."""


def store(session: Session) -> Store:
    """The way into the session's database, inside its transaction."""
    raw: Any = session.connection().connection.driver_connection
    return PostgresStore(raw) if session.get_bind().dialect.name == "postgresql" else SqliteStore(raw)


class SqliteStore:
    def __init__(self, connection: Any) -> None:
        self.connection = connection
        # OR IGNORE: of the ways to pass over what is there it alone needs no journal for each statement
        one, head = "(?,?,?,?,?)", f"INSERT OR IGNORE INTO observation ({COLUMNS}) VALUES "
        self.one, self.many = head + one, head + ",".join([one] * TOGETHER)
        self.staged = False
        self.pages = connection.execute("PRAGMA cache_size").fetchone()[0]
        connection.execute("PRAGMA cache_size = -24000")  # 24 MB: room for the page each monitor is filling

    def add(self, batch: Batch) -> int:
        flat = _flat(batch.monitors, batch.ats, batch.states, batch.latencies, batch.errors)
        width = 5 * TOGETHER
        whole = len(flat) // width * width
        before = self.connection.total_changes
        self.connection.executemany(self.many, [flat[place : place + width] for place in range(0, whole, width)])
        self.connection.executemany(self.one, [flat[place : place + 5] for place in range(whole, len(flat), 5)])
        added: int = self.connection.total_changes - before
        if added < len(batch):
            self._compare(batch)
        return added

    def _compare(self, batch: Batch) -> None:
        if not self.staged:
            self.connection.execute(f"CREATE TEMP TABLE IF NOT EXISTS incoming ({INCOMING})")
            self.staged = True
        self.connection.executemany(
            "INSERT INTO incoming (n, monitor, at, state) VALUES (?,?,?,?)",
            zip(range(len(batch)), batch.monitors, batch.ats, batch.states, strict=True),
        )
        found = self.connection.execute(CONTRADICTED).fetchall()
        (there,) = self.connection.execute(THERE).fetchone()
        self.connection.execute("DELETE FROM incoming")
        if there != len(batch):
            raise RuntimeError(f"{len(batch) - there} observations were not stored")
        if found:
            raise Contradiction(batch, found)

    def close(self) -> None:
        if self.staged:
            self.connection.execute("DROP TABLE IF EXISTS temp.incoming")
        self.connection.execute(f"PRAGMA cache_size = {self.pages}")


class PostgresStore:
    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.staged = False
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (OBSERVATION_LOCK,))

    def add(self, batch: Batch) -> int:
        if not self.staged:
            try:
                with self.connection.transaction():
                    self._copy(f"observation ({COLUMNS})", batch, "")
                return len(batch)
            except psycopg.errors.UniqueViolation:
                self.connection.execute(f"CREATE TEMP TABLE incoming ({INCOMING}) ON COMMIT DROP")
                self.staged = True
        self._copy("incoming", batch, "%d\t")
        done = self.connection.execute(
            f"INSERT INTO observation ({COLUMNS}) SELECT {COLUMNS} FROM incoming ORDER BY n ON CONFLICT DO NOTHING"
        )
        if done.rowcount < len(batch):
            found = self.connection.execute(CONTRADICTED).fetchall()
            if found:
                raise Contradiction(batch, found)
        self.connection.execute("TRUNCATE incoming")
        return int(done.rowcount)

    def _copy(self, target: str, batch: Batch, number: str) -> None:
        """The batch as the text that COPY reads: tabs between fields, \\N for nothing."""
        latencies: Any = batch.latencies
        if None in latencies:
            latencies = ["\\N" if value is None else value for value in latencies]
        errors = ["\\N" if text is None else text.replace("\\", "\\\\") for text in batch.errors]
        columns: list[Sequence[Any]] = [batch.monitors, batch.ats, batch.states, latencies, errors]
        if number:
            columns.insert(0, range(len(batch)))
        line = number + "%d\t%d\t%d\t%s\t%s\n"
        text = line * len(batch) % tuple(_flat(*columns))
        with self.connection.cursor() as cursor, cursor.copy(f"COPY {target} FROM STDIN") as copy:
            copy.write(text)

    def close(self) -> None:
        if self.staged:
            self.connection.execute("DROP TABLE incoming")


def _flat(*columns: Sequence[Any]) -> list[Any]:
    """Columns as one list, row after row."""
    out: list[Any] = [None] * (len(columns) * len(columns[0]))
    for place, column in enumerate(columns):
        out[place :: len(columns)] = column
    return out
