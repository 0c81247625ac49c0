"""Observations into the database, a batch at a time: what is new is added, what is there already adds nothing, and
what says another state than the one recorded is found.

Both databases take the whole batch in one go and look closer only where fewer rows went in than came. On SQLite many
rows share one statement; on PostgreSQL the batch is copied straight into the table until one meets a row that is
there already, and from then on by way of a temporary table.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any, Protocol

from sqlmodel import Session, col, select

from app.errors import Conflict
from app.probes.importing.reading import Batch
from app.probes.storage.hours import HOUR, instant
from app.probes.storage.reading import sealed_among
from app.probes.storage.tables import Stored

TOGETHER = 50  # rows in one statement on SQLite
OBSERVATION_LOCK = 7_301_003  # one import at a time on PostgreSQL; SQLite's BEGIN IMMEDIATE does the same
SHOWN = 5
AT_A_TIME = 500
HELD = 8 << 20  # bytes given to PostgreSQL before it is asked how that went
COLUMNS = "monitor, at, state, latency_ms, error"
INCOMING = "monitor integer, at bigint, state smallint, latency_ms integer, error text"
CONTRADICTED = (
    "SELECT i.n, i.monitor, i.at, i.state, o.state FROM incoming i "
    "JOIN observation o ON o.monitor = i.monitor AND o.at = i.at "
    f"WHERE o.state <> i.state ORDER BY i.n LIMIT {SHOWN}"
)
THERE = "SELECT count(*) FROM incoming i JOIN observation o ON o.monitor = i.monitor AND o.at = i.at"


@dataclass(frozen=True, slots=True)
class Contradicted:
    """A line that says another state than the one recorded for its monitor and time (microseconds)."""

    line: int
    monitor: int
    at: int
    says: int
    recorded: int


class Contradiction(Exception):
    """Lines that say another state than the recorded one, the first few of them."""

    def __init__(self, found: list[Contradicted]) -> None:
        self.found = found
        super().__init__(f"{len(found)} observations contradict what is recorded")


class Store(Protocol):
    added: int  # how many were new, once settled

    def add(self, batch: Batch) -> None:
        """Takes a batch; the lines of one file follow one another. Raises Contradiction, here or when settled."""

    def settle(self) -> None:
        """Everything taken is in its table, and the connection is free for other statements. Raises Contradiction."""

    def close(self) -> None:
        """Leaves the connection as it was found."""


def store(session: Session, *, remember: bool = False) -> Apart:
    """The way into the session's database, inside its transaction."""
    raw: Any = session.connection().connection.driver_connection
    postgres = session.get_bind().dialect.name == "postgresql"
    return Apart(session, PostgresStore(raw) if postgres else SqliteStore(raw), remember)


class Apart:
    """Before the table, the hours that are sealed: what is in one of them already goes no further, and what is new
    goes into the table, from where it is sealed with the rest of its hour again.

    `remember`: `there` holds what was sealed already, by monitor and time."""

    def __init__(self, session: Session, table: Store, remember: bool) -> None:
        self.session, self.table, self.remember = session, table, remember
        self.there: set[tuple[int, int]] = set()
        self.sealed: dict[int, int] = {}  # by monitor: before this time (microseconds) hours are sealed
        self.gone: dict[int, int] = {}  # and before this time there may be some of which nothing can be compared
        self.passed = 0  # how many went on to the table
        self.lines: list[tuple[int, int]] = []  # from which of them on: how much its line is ahead of its place

    @property
    def added(self) -> int:
        return self.table.added

    def add(self, batch: Batch) -> None:
        """As `Store.add`. Raises Conflict for what belongs to an hour that was let go."""
        self._look(set(batch.monitors))
        high = max(map(self.sealed.__getitem__, set(batch.monitors)), default=0)
        if not high or min(batch.ats) >= high:
            self._on(batch, [batch.line - self.passed])
            return
        keys = zip(batch.monitors, batch.ats, strict=True)
        doubtful = [place for place, (monitor, at) in enumerate(keys) if at < self.sealed[monitor]]
        wanted: dict[int, set[int]] = defaultdict(set)
        for place in doubtful:
            monitor, at = batch.monitors[place], batch.ats[place]
            if at < self.gone[monitor]:
                raise _let_go(batch.line + place, at, self.gone[monitor])
            wanted[monitor].add(at // HOUR)
        self.table.settle()
        known, against, out = sealed_among(self.session, wanted), list[Contradicted](), set[int]()
        for place in doubtful:
            monitor, at = batch.monitors[place], batch.ats[place]
            recorded = known.get(monitor, {}).get(at)
            if recorded is None:
                continue
            out.add(place)
            if self.remember:
                self.there.add((monitor, at))
            if recorded != batch.states[place]:
                against.append(Contradicted(batch.line + place, monitor, at, batch.states[place], recorded))
        if against:
            raise Contradiction(against[:SHOWN])
        self._without(batch, out)

    def _without(self, batch: Batch, out: set[int]) -> None:
        kept = [place for place in range(len(batch)) if place not in out]
        if kept:
            columns = (batch.monitors, batch.ats, batch.states, batch.latencies, batch.errors)
            rest = Batch(batch.line, *([column[place] for place in kept] for column in columns))  # type: ignore[arg-type]
            self._on(rest, [batch.line + place - self.passed - number for number, place in enumerate(kept)])

    def _on(self, batch: Batch, ahead: list[int]) -> None:
        for number, by in enumerate(ahead):
            if not self.lines or self.lines[-1][1] != by:
                self.lines.append((self.passed + number, by))
        first, self.passed = self.passed, self.passed + len(batch)
        with self._lines():
            self.table.add(replace(batch, line=first))

    def settle(self) -> None:
        with self._lines():
            self.table.settle()

    @contextmanager
    def _lines(self) -> Iterator[None]:
        try:
            yield
        except Contradiction as said:
            raise Contradiction([replace(one, line=self._line(one.line)) for one in said.found]) from None

    def _line(self, place: int) -> int:
        return place + self.lines[bisect_right(self.lines, place, key=lambda one: one[0]) - 1][1]

    def close(self) -> None:
        self.table.close()

    def _look(self, monitors: set[int]) -> None:
        new = sorted(monitors.difference(self.sealed))
        if not new:
            return
        self.table.settle()
        self.sealed |= dict.fromkeys(new, 0)
        self.gone |= dict.fromkeys(new, 0)
        for place in range(0, len(new), AT_A_TIME):
            part = col(Stored.monitor).in_(new[place : place + AT_A_TIME])
            query = select(Stored.monitor, Stored.sealed_until, Stored.gone_until).where(part)
            for monitor, until, gone in self.session.exec(query):
                self.sealed[monitor], self.gone[monitor] = until * HOUR, (gone or 0) * HOUR


def _let_go(line: int, at: int, until: int) -> Conflict:
    return Conflict(
        f"observations up to {instant(until).isoformat()} were let go when their time was over, so nobody can tell "
        f"whether that of {instant(at).isoformat()} was among them; nothing is added before that moment",
        field=f"line {line}: at", example=instant(until).isoformat(),
    )  # fmt: skip


class SqliteStore:
    def __init__(self, connection: Any) -> None:
        self.connection = connection
        # OR IGNORE: of the ways to pass over what is there it alone needs no journal for each statement
        one, head = "(?,?,?,?,?)", f"INSERT OR IGNORE INTO observation ({COLUMNS}) VALUES "
        self.one, self.many = head + one, head + ",".join([one] * TOGETHER)
        self.staged, self.added = False, 0
        self.pages = connection.execute("PRAGMA cache_size").fetchone()[0]
        connection.execute("PRAGMA cache_size = -24000")  # 24 MB: room for the page each monitor is filling

    def add(self, batch: Batch) -> None:
        flat = _flat(batch.monitors, batch.ats, batch.states, batch.latencies, batch.errors)
        width = 5 * TOGETHER
        whole = len(flat) // width * width
        before = self.connection.total_changes
        self.connection.executemany(self.many, [flat[place : place + width] for place in range(0, whole, width)])
        self.connection.executemany(self.one, [flat[place : place + 5] for place in range(whole, len(flat), 5)])
        added: int = self.connection.total_changes - before
        self.added += added
        if added < len(batch):
            self._compare(batch)

    def settle(self) -> None:
        pass

    def _compare(self, batch: Batch) -> None:
        if not self.staged:
            self.connection.execute(f"CREATE TEMP TABLE IF NOT EXISTS incoming (n integer, {INCOMING})")
            self.staged = True
        self.connection.executemany(
            "INSERT INTO incoming (n, monitor, at, state) VALUES (?,?,?,?)",
            zip(range(batch.line, batch.line + len(batch)), batch.monitors, batch.ats, batch.states, strict=True),
        )
        found = self.connection.execute(CONTRADICTED).fetchall()
        (there,) = self.connection.execute(THERE).fetchone()
        self.connection.execute("DELETE FROM incoming")
        if there != len(batch):
            raise RuntimeError(f"{len(batch) - there} observations were not stored")
        if found:
            raise Contradiction([Contradicted(*row) for row in found])

    def close(self) -> None:
        if self.staged:
            self.connection.execute("DROP TABLE IF EXISTS temp.incoming")
        self.connection.execute(f"PRAGMA cache_size = {self.pages}")


class PostgresStore:
    """The server takes in one part of the file while the next is being read: a COPY stays open until settled. What it
    was given is held until then, so that it can be given again by way of the temporary table."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.staged, self.added = False, 0
        self.held: list[str] = []
        self.size, self.rows, self.line = 0, 0, 0
        self.open: ExitStack | None = None
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (OBSERVATION_LOCK,))

    def add(self, batch: Batch) -> None:
        text = _lines(batch)
        if self.open is None:
            self.line = batch.line
            if not self.staged:
                self.connection.execute("SAVEPOINT observations")
            self.open = ExitStack()
            cursor = self.open.enter_context(self.connection.cursor())
            self.copy = self.open.enter_context(cursor.copy(f"COPY {self._target()} FROM STDIN"))
        self.held.append(text)
        self.size += len(text)
        self.rows += len(batch)
        self.copy.write(text)
        if self.size >= HELD:
            self.settle()

    def settle(self) -> None:
        if self.open is None:
            return
        from psycopg.errors import UniqueViolation  # eight megabytes, which nobody needs on SQLite

        done, self.open = self.open, None
        try:
            done.close()
            if not self.staged:
                self.connection.execute("RELEASE SAVEPOINT observations")
                self.added += self.rows
        except UniqueViolation:
            self.connection.execute("ROLLBACK TO SAVEPOINT observations")
            self.connection.execute("RELEASE SAVEPOINT observations")
            self.connection.execute(f"CREATE TEMP TABLE incoming (n serial, {INCOMING}) ON COMMIT DROP")
            self.staged = True
            with self.connection.cursor() as cursor, cursor.copy(f"COPY {self._target()} FROM STDIN") as copy:
                for text in self.held:
                    copy.write(text)
        if self.staged:
            self._compare()
        self.held, self.size, self.rows = [], 0, 0

    def _target(self) -> str:
        return f"{'incoming' if self.staged else 'observation'} ({COLUMNS})"

    def _compare(self) -> None:
        done = self.connection.execute(
            f"INSERT INTO observation ({COLUMNS}) SELECT {COLUMNS} FROM incoming ORDER BY n ON CONFLICT DO NOTHING"
        )
        self.added += done.rowcount
        if done.rowcount < self.rows:
            found = self.connection.execute(CONTRADICTED).fetchall()
            if found:
                raise Contradiction([Contradicted(self.line + n - 1, *row) for n, *row in found])
        self.connection.execute("TRUNCATE incoming RESTART IDENTITY")

    def close(self) -> None:
        from psycopg import Error

        with suppress(Error):  # open, or failed: the file is refused, and the caller rolls everything back
            if self.open is not None:
                self.open.close()
            elif self.staged:
                self.connection.execute("DROP TABLE incoming")


def _lines(batch: Batch) -> str:
    """The batch as the text that COPY reads: tabs between fields, \\N for nothing."""
    latencies: Sequence[Any] = batch.latencies
    if None in latencies:
        latencies = ["\\N" if value is None else value for value in latencies]
    errors = ["\\N" if text is None else text.replace("\\", "\\\\") for text in batch.errors]
    flat = _flat(batch.monitors, batch.ats, batch.states, latencies, errors)
    return "%d\t%d\t%d\t%s\t%s\n" * len(batch) % tuple(flat)


def _flat(*columns: Sequence[Any]) -> list[Any]:
    """Columns as one list, row after row."""
    out: list[Any] = [None] * (len(columns) * len(columns[0]))
    for place, column in enumerate(columns):
        out[place :: len(columns)] = column
    return out
