"""SQLite: its values carry their own type, and it has no MD5, so rows are digested here, as they are read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby, islice
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.integrity.databases.reflecting import AT_ONCE, reflected
from app.integrity.databases.tables import CHUNK, Table

if TYPE_CHECKING:
    import polars as pl

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def typed(values: Sequence[Any]) -> int:
    """The digest of values as SQLite holds them: a letter for the type, the length, the bytes."""
    parts = []
    for value in values:
        if value is None:
            parts.append(b"N")
        elif isinstance(value, str):
            text = value.encode("utf-8", "surrogateescape")
            parts.append(b"S%d,%b" % (len(text), text))
        elif isinstance(value, int):
            parts.append(b"I%d,%d" % (len(str(value)), value))
        elif isinstance(value, float):
            text = repr(value).encode()
            parts.append(b"F%d,%b" % (len(text), text))
        else:
            parts.append(b"B%d,%b" % (len(value), value))
    return int.from_bytes(hashlib.md5(b"".join(parts), usedforsecurity=False).digest()[:8], "big")


class Sqlite:
    name, mode, chunk_mode = "sqlite", "sqlite-typed-1", "sqlite-typed-1"

    def begin(self, connection: Connection) -> str:
        raw: Any = connection.connection.driver_connection
        raw.text_factory = lambda value: value.decode("utf-8", "surrogateescape")
        connection.exec_driver_sql("PRAGMA query_only = ON")
        connection.exec_driver_sql("BEGIN")
        connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar()  # the reading begins with a read
        return "read transaction"

    def table(self, connection: Connection, name: str) -> Table:
        table = reflected(connection, name)
        listed = connection.exec_driver_sql("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'").scalar()
        last = None
        if listed:
            last = connection.execute(
                sa.text("SELECT seq FROM sqlite_sequence WHERE name = :name"), {"name": name}
            ).scalar()
        return Table(table.name, table.columns, table.key, None if last is None else int(last) + 1)

    def chunks(self, connection: Connection, table: Table) -> Iterator[tuple[int, int, str]]:
        place = next(place for place, column in enumerate(table.columns) if column.name == table.whole_key)
        for number, rows in groupby(self._read(connection, table), key=lambda row: row[place] // CHUNK):
            digests = list(map(typed, rows))
            yield number, len(digests), str(sum(digests))

    def frames(self, connection: Connection, table: Table, low: int, high: int) -> Iterator[pl.DataFrame]:
        import polars as pl

        rows = self._rows(connection, table, low, high)
        schema = {"pk": pl.Int64(), "digest": pl.UInt64(), "updated_at": pl.Int64(), "fixed": pl.UInt64()}
        while part := list(islice(rows, AT_ONCE)):
            yield pl.DataFrame(part, schema=schema, orient="row")

    def rows(self, connection: Connection, table: Table) -> Iterator[Sequence[Any]]:
        return self._rows(connection, table)

    def _rows(
        self, connection: Connection, table: Table, low: int | None = None, high: int | None = None
    ) -> Iterator[Sequence[Any]]:
        places = {column.name: place for place, column in enumerate(table.columns)}
        written, fixed = table.written, [places[name] for name in table.fixed]
        for row in self._read(connection, table, low, high):
            key_values = [row[places[name]] for name in table.key]
            yield (
                key_values[0] if table.whole_key is not None else tuple(map(_shown, key_values)),
                typed(row),
                None if written is None else _moment(row[places[written]]),
                typed([row[place] for place in fixed]) if fixed else None,
            )

    def _read(
        self, connection: Connection, table: Table, low: int | None = None, high: int | None = None
    ) -> Iterator[Sequence[Any]]:
        """Rows as SQLite holds them, in the order of a whole-number key."""
        quote = connection.dialect.identifier_preparer.quote_identifier
        query = f"SELECT {', '.join(quote(column.name) for column in table.columns)} FROM {quote(table.name)}"
        if table.whole_key is not None:
            key = quote(table.whole_key)
            if low is not None and high is not None:
                query += f" WHERE {key} >= {low} AND {key} < {high}"
            query += f" ORDER BY {key}"
        raw: Any = connection.connection.driver_connection
        cursor = raw.cursor()
        cursor.arraysize = AT_ONCE
        try:
            yield from cursor.execute(query)
        finally:
            cursor.close()


def _shown(value: Any) -> str | None:
    if value is None:
        return None
    return value.hex() if isinstance(value, bytes) else str(value)


def _moment(value: Any) -> int | None:
    """A time as people keep it in SQLite: text, or a number; None where it is neither."""
    if isinstance(value, int):
        return value
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return (moment - EPOCH) // timedelta(microseconds=1)
