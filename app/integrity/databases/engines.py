"""The three kinds of server: how each reads as of one moment, what its tables are, and the SQL of its digests.

A row's digest is half of the MD5 over its values in order, each as its length and its text, NULL told apart from the
empty text. A chunk's is the number of its rows with two sums over the digests: unlike an XOR of check sums, two rows
that exchange a value change it. Values are turned to text on the server; sessions are set so that their text does not
depend on its settings (zone, style of dates, digits).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.integrity.databases.tables import CHUNK, Column, Table, family, normal

AT_ONCE = 5_000
LONG = ("text", "bytes", "other")  # values of any length: their own digest stands in for them


class Engine(Protocol):
    """One kind of server. `mode` names how digests are made: rows of two modes are never compared."""

    name: str
    mode: str

    def begin(self, connection: Connection) -> str:
        """Opens the one consistent reading; says what it is."""
        ...

    def table(self, connection: Connection, name: str) -> Table: ...

    def chunks(self, connection: Connection, table: Table) -> Iterator[tuple[int, int, str]]:
        """(number of the chunk, rows, digest) of a table with a whole-number key, in order."""
        ...

    def rows(
        self, connection: Connection, table: Table, low: int | None = None, high: int | None = None
    ) -> Iterator[Sequence[Any]]:
        """(key or keys as JSON text, digest 0 to 2^64-1, last written or None, digest of what is fixed or None); with
        bounds those with low <= key < high."""
        ...


def engine_of(connection: Connection) -> Engine:
    """Raises ValueError for a server that cannot be read."""
    name = connection.dialect.name
    if name == "sqlite":
        from app.integrity.databases.sqlite import Sqlite

        return Sqlite()
    if name in ("mysql", "mariadb"):
        return Mysql()
    if name == "postgresql":
        return Postgres()
    raise ValueError(f"{name} is none of SQLite, PostgreSQL, MySQL and MariaDB")


def reflected(connection: Connection, name: str, **more: Any) -> Table:
    """The table as SQLAlchemy finds it. A unique key stands in for a primary one where it cannot be null."""
    inspector = sa.inspect(connection)
    columns = []
    for column in inspector.get_columns(name):
        text = column["type"].compile(dialect=connection.dialect) if not isinstance(column["type"], sa.types.NullType) \
            else "unknown"  # fmt: skip
        columns.append(Column(column["name"], normal(text), family(text), bool(column["nullable"])))
    key = tuple(inspector.get_pk_constraint(name)["constrained_columns"])
    if not key:
        never_null = {column.name for column in columns if not column.nullable}
        for unique in inspector.get_unique_constraints(name):
            if set(unique["column_names"]) <= never_null:
                key = tuple(str(part) for part in unique["column_names"])
                break
    return Table(name, tuple(columns), key, **more)


class Server:
    """What MySQL and PostgreSQL share: everything but their words."""

    def text(self, column: Column, name: str) -> str:
        raise NotImplementedError

    def digest(self, expression: str) -> str:
        """The first 64 bits of the MD5 as an unsigned number."""
        raise NotImplementedError

    def quoted(self, connection: Connection, name: str) -> str:
        return self.plain(connection, name).replace(":", "\\:")  # in text() a colon would read as a parameter

    def plain(self, connection: Connection, name: str) -> str:
        # text() doubles a percent sign by itself
        return connection.dialect.identifier_preparer.quote_identifier(name).replace("%%", "%")

    def joined(self, connection: Connection, columns: Sequence[Column]) -> str:
        parts = [self.part(column, self.quoted(connection, column.name)) for column in columns]
        return self.concat(parts)

    def concat(self, parts: Sequence[str]) -> str:
        return f"CONCAT({', '.join(parts)})"

    def part(self, column: Column, name: str) -> str:
        raise NotImplementedError

    def microseconds(self, column: Column, name: str) -> str:
        raise NotImplementedError

    def sums(self, digest: str) -> str:
        raise NotImplementedError

    def bucket(self, name: str) -> str:
        raise NotImplementedError

    def chunks(self, connection: Connection, table: Table) -> Iterator[tuple[int, int, str]]:
        assert table.whole_key is not None
        key = self.quoted(connection, table.whole_key)
        whole = self.joined(connection, table.columns)
        query = (
            f"SELECT {self.bucket(key)} AS b, COUNT(*), {self.sums(whole)} "
            f"FROM {self.quoted(connection, table.name)} GROUP BY b ORDER BY b"
        )
        for number, count, first, second in self.streamed(connection, query):
            yield int(number), int(count), f"{int(first)}:{int(second)}"

    def rows(
        self, connection: Connection, table: Table, low: int | None = None, high: int | None = None
    ) -> Iterator[Sequence[Any]]:
        whole = self.digest(self.joined(connection, table.columns))
        fixed = [table.column(name) for name in table.fixed]
        written = table.column(table.written) if table.written else None
        chosen = [
            whole,
            self.microseconds(written, self.quoted(connection, written.name)) if written is not None else "NULL",
            self.digest(self.joined(connection, fixed)) if fixed else "NULL",
        ]
        keys = [self.quoted(connection, name) for name in table.key]
        if table.whole_key is not None:
            chosen.insert(0, keys[0])
        else:
            texts = [self.text(table.column(name), self.quoted(connection, name)) for name in table.key]
            chosen = [*texts, *chosen]
        query = f"SELECT {', '.join(chosen)} FROM {self.quoted(connection, table.name)}"
        if low is not None and high is not None:
            query += f" WHERE {keys[0]} >= {low} AND {keys[0]} < {high}"
        if table.whole_key is not None:
            query += f" ORDER BY {keys[0]}"
        for row in self.streamed(connection, query):
            *key, digest, at, born = row
            yield (
                int(key[0]) if table.whole_key is not None else tuple(key),
                int(digest) % 2**64,
                None if at is None else int(at),
                None if born is None else int(born) % 2**64,
            )

    def streamed(self, connection: Connection, query: str) -> Iterator[Any]:
        result = connection.execute(sa.text(query), execution_options={"stream_results": True, "yield_per": AT_ONCE})
        try:
            yield from result
        finally:
            result.close()


class Mysql(Server):
    """MySQL 5.7 and later, MariaDB 10.3 and later."""

    name, mode = "mysql", "mysql-md5-1"

    def begin(self, connection: Connection) -> str:
        for statement in (
            "SET NAMES utf8mb4",
            "SET SESSION sql_mode = ''",
            "SET SESSION time_zone = '+00:00'",
            "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
            "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
        ):
            connection.exec_driver_sql(statement)
        return "consistent snapshot, read only"

    def table(self, connection: Connection, name: str) -> Table:
        row = connection.execute(
            sa.text("SELECT engine, table_rows, auto_increment FROM information_schema.tables "
                    "WHERE table_schema = DATABASE() AND table_name = :name"), {"name": name}
        ).one()  # fmt: skip
        kept = str(row[0] or "").lower() in ("innodb", "tokudb", "rocksdb", "myrocks")
        next_id = None if row[2] is None else int(row[2])
        return reflected(connection, name, next_id=next_id, rows=int(row[1] or 0), consistent=kept)

    def text(self, column: Column, name: str) -> str:
        if column.family == "bytes":
            return f"HEX({name})"
        if column.family in ("text", "other"):
            return f"CONVERT({name} USING utf8mb4)"
        return f"CAST({name} AS CHAR)"

    def part(self, column: Column, name: str) -> str:
        if column.family in LONG:
            value = name if column.family == "bytes" else f"CONVERT({name} USING utf8mb4)"
            return f"IF({name} IS NULL, 'N', CONCAT('V', LENGTH({value}), ',', MD5({value})))"
        value = self.text(column, name)
        return f"IF({name} IS NULL, 'N', CONCAT('V', LENGTH({value}), ',', {value}))"

    def digest(self, expression: str) -> str:
        return f"CAST(CONV(LEFT(MD5({expression}), 16), 16, 10) AS UNSIGNED)"

    def sums(self, digest: str) -> str:
        halves = [f"CAST(CONV(SUBSTR(MD5({digest}), {place}, 16), 16, 10) AS UNSIGNED)" for place in (1, 17)]
        return ", ".join(f"SUM(CAST({half} AS DECIMAL(20,0)))" for half in halves)

    def bucket(self, name: str) -> str:
        return f"FLOOR({name} / {CHUNK})"

    def microseconds(self, column: Column, name: str) -> str:
        if column.family == "number":
            return name
        # year 0000 and other dates that are none give NULL
        return f"TIMESTAMPDIFF(MICROSECOND, '1970-01-01', NULLIF(CAST({name} AS DATETIME(6)), 0))"


class Postgres(Server):
    """PostgreSQL 12 and later; the tables of the connection's search path."""

    name, mode = "postgresql", "postgresql-md5-1"

    def begin(self, connection: Connection) -> str:
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        for name, value in (
            ("TimeZone", "UTC"), ("DateStyle", "ISO, YMD"), ("IntervalStyle", "iso_8601"), ("bytea_output", "hex"),
            ("extra_float_digits", "3"), ("client_encoding", "UTF8"), ("lc_monetary", "C"),
        ):  # fmt: skip
            connection.exec_driver_sql(f"SET LOCAL {name} = '{value}'")
        return "repeatable read, read only"

    def table(self, connection: Connection, name: str) -> Table:
        quoted = self.plain(connection, name)
        query = sa.text("SELECT reltuples FROM pg_class WHERE oid = to_regclass(:name)")
        rows = connection.execute(query, {"name": quoted}).scalar()
        table = reflected(connection, name, rows=None if rows is None or rows < 0 else int(rows))
        return Table(table.name, table.columns, table.key, self._next(connection, table, quoted), table.rows)

    def _next(self, connection: Connection, table: Table, quoted: str) -> int | None:
        if table.whole_key is None:
            return None
        found = connection.execute(
            sa.text("SELECT pg_get_serial_sequence(:name, :column)"),
            {"name": quoted, "column": table.whole_key},
        ).scalar()
        if found is None:
            return None
        last, called = connection.execute(sa.text(f"SELECT last_value, is_called FROM {found}")).one()
        return int(last) + int(called)

    def text(self, column: Column, name: str) -> str:
        return f"encode({name}, 'hex')" if column.type == "bytea" else f"CAST({name} AS text)"

    def part(self, column: Column, name: str) -> str:
        value = self.text(column, name)
        shown = f"md5({value})" if column.family in LONG else value
        return f"CASE WHEN {name} IS NULL THEN 'N' ELSE 'V' || octet_length({value}) || ',' || {shown} END"

    def concat(self, parts: Sequence[str]) -> str:
        return " || ".join(f"({part})" for part in parts)

    def digest(self, expression: str) -> str:
        return f"CAST(CAST('x' || substr(md5({expression}), 1, 16) AS bit(64)) AS bigint)"

    def sums(self, digest: str) -> str:
        halves = [f"CAST(CAST('x' || substr(md5({digest}), {place}, 16) AS bit(64)) AS bigint)" for place in (1, 17)]
        return ", ".join(f"SUM(CAST({half} AS numeric))" for half in halves)

    def bucket(self, name: str) -> str:
        return f"floor(CAST({name} AS numeric) / {CHUNK})"

    def microseconds(self, column: Column, name: str) -> str:
        if column.family == "number":
            return name
        zoned = f"CAST({name} AS timestamptz)"
        return f"CASE WHEN isfinite({zoned}) THEN CAST(round(extract(epoch FROM {zoned}) * 1000000) AS bigint) END"
