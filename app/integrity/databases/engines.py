"""The three kinds of server: how each reads as of one moment, what its tables are, and the SQL of its digests.

A row's digest is half of the MD5 over the texts of its values in order: a comma after each, N for NULL, text and bytes
behind their length, so that no two rows read alike. A chunk's is the number of its rows with 64 bits of each row's text
put together: MySQL's the XOR of the rows' digests, PostgreSQL's the sum of the 64-bit hash it has built in, as MD5 is
what takes it longest. Either spreads a change over all bits of its row, so that unlike with an XOR of check sums two
rows that exchange a value change it; the chance that a change goes unseen is one in 2^64 a chunk. A chunk's digest only
says what must be read again, and is never compared with one made in another way. Values are turned to text on the
server; sessions are set so that their text does not depend on its settings (zone, style of dates, digits).
"""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.integrity.databases.reflecting import AT_ONCE, reflected
from app.integrity.databases.sqlite import Sqlite
from app.integrity.databases.tables import CHUNK, Column, Table

if TYPE_CHECKING:
    import polars as pl

LENGTHY = ("text", "bytes", "other")  # families whose text may hold anything: the length stands before it


class Engine(Protocol):
    """One kind of server. `mode` names how digests of rows are made, `chunk_mode` how those of chunks: what two modes
    say is never compared. The latter is known once the reading has begun."""

    name: str
    mode: str
    chunk_mode: str

    def begin(self, connection: Connection) -> str:
        """Opens the one consistent reading; says what it is."""
        ...

    def table(self, connection: Connection, name: str) -> Table: ...

    def chunks(self, connection: Connection, table: Table) -> Iterator[tuple[int, int, str]]:
        """(number of the chunk, rows, digest) of a table with a whole-number key, in order."""
        ...

    def frames(self, connection: Connection, table: Table, low: int, high: int) -> Iterator[pl.DataFrame]:
        """pk, digest (0 to 2^64-1), updated_at and fixed (both or either null) of a table with a whole-number key, the
        rows with low <= key < high in order."""
        ...

    def rows(self, connection: Connection, table: Table) -> Iterator[Sequence[Any]]:
        """The same row by row for any other table, its key as a tuple of texts."""
        ...


def _number(column: str) -> pl.Expr:
    """Digests as their servers write them, in sixteen hexadecimal digits, as 64 bits without a sign."""
    import polars as pl

    return pl.col(column).str.decode("hex").bin.reinterpret(dtype=pl.UInt64(), endianness="big")


def engine_of(connection: Connection) -> Engine:
    """Raises ValueError for a server that cannot be read."""
    name = connection.dialect.name
    if name == "sqlite":
        return Sqlite()
    if name in ("mysql", "mariadb"):
        return Mysql()
    if name == "postgresql":
        return Postgres()
    raise ValueError(f"{name} is none of SQLite, PostgreSQL, MySQL and MariaDB")


class Server(ABC):
    """What MySQL and PostgreSQL share: everything but their words."""

    @abstractmethod
    def text(self, column: Column, name: str) -> str: ...

    @abstractmethod
    def digest(self, expression: str) -> str:
        """The first 64 bits of the MD5 as a number."""
        ...

    def hexed(self, expression: str) -> str:
        """The same in hexadecimal digits: to turn them to a number takes the server as long as the rest."""
        return f"LEFT(MD5({expression}), 16)"

    def quoted(self, connection: Connection, name: str) -> str:
        return self.plain(connection, name).replace(":", "\\:")  # in text() a colon would read as a parameter

    def plain(self, connection: Connection, name: str) -> str:
        # text() doubles a percent sign by itself
        return connection.dialect.identifier_preparer.quote_identifier(name).replace("%%", "%")

    def joined(self, connection: Connection, columns: Sequence[Column]) -> str:
        parts = [self.part(column, self.quoted(connection, column.name)) for column in columns]
        return self.concat(parts)

    @abstractmethod
    def concat(self, parts: Sequence[str]) -> str: ...

    @abstractmethod
    def part(self, column: Column, name: str) -> str: ...

    @abstractmethod
    def microseconds(self, column: Column, name: str) -> str: ...

    @abstractmethod
    def together(self, text: str) -> str:
        """One number of at least 64 bits for the rows of a chunk, each read as `text`."""
        ...

    @abstractmethod
    def lines(self, parts: Sequence[str], order: str) -> str:
        """The rows of a group as one text: a line for each, its parts between commas, nothing for NULL."""
        ...

    @abstractmethod
    def bucket(self, name: str) -> str: ...

    def chunks(self, connection: Connection, table: Table) -> Iterator[tuple[int, int, str]]:
        assert table.whole_key is not None
        key = self.quoted(connection, table.whole_key)
        whole = self.joined(connection, table.columns)
        query = (
            f"SELECT {self.bucket(key)} AS b, COUNT(*), {self.together(whole)} "
            f"FROM {self.quoted(connection, table.name)} GROUP BY b ORDER BY b"
        )
        for number, count, total in self.streamed(connection, query):
            yield int(number), int(count), str(int(total))

    def parts(self, connection: Connection, table: Table, digest: Callable[[str], str]) -> list[str]:
        """Digest, last written, digest of what is fixed."""
        fixed = [table.column(name) for name in table.fixed]
        written = table.column(table.written) if table.written else None
        return [
            digest(self.joined(connection, table.columns)),
            self.microseconds(written, self.quoted(connection, written.name)) if written is not None else "NULL",
            digest(self.joined(connection, fixed)) if fixed else "NULL",
        ]

    def frames(self, connection: Connection, table: Table, low: int, high: int) -> Iterator[pl.DataFrame]:
        """The rows of a table with a whole-number key, a chunk in one text: drivers are many times slower by row."""
        import polars as pl

        assert table.whole_key is not None
        key = self.quoted(connection, table.whole_key)
        query = (
            f"SELECT {self.bucket(key)} AS b, {self.lines([key, *self.parts(connection, table, self.hexed)], key)} "
            f"FROM {self.quoted(connection, table.name)} WHERE {key} >= {low} AND {key} < {high} GROUP BY b ORDER BY b"
        )
        numbers = {"pk": pl.Int64(), "digest": pl.String(), "updated_at": pl.Int64(), "fixed": pl.String()}
        for _, text in self.streamed(connection, query, at_once=4):
            read = pl.read_csv(io.BytesIO(text.encode() if isinstance(text, str) else text), has_header=False,
                               schema=numbers)  # fmt: skip
            yield read.with_columns(_number("digest"), _number("fixed"))

    def rows(self, connection: Connection, table: Table) -> Iterator[Sequence[Any]]:
        texts = [self.text(table.column(name), self.quoted(connection, name)) for name in table.key]
        chosen = ", ".join([*texts, *self.parts(connection, table, self.digest)])
        for row in self.streamed(connection, f"SELECT {chosen} FROM {self.quoted(connection, table.name)}"):
            *key, digest, at, born = row
            yield (
                tuple(key),
                int(digest) % 2**64,
                None if at is None else int(at),
                None if born is None else int(born) % 2**64,
            )

    def streamed(self, connection: Connection, query: str, at_once: int = AT_ONCE) -> Iterator[Any]:
        result = connection.execute(sa.text(query), execution_options={"stream_results": True, "yield_per": at_once})
        try:
            yield from result
        finally:
            result.close()


class Mysql(Server):
    """MySQL 5.7 and later, MariaDB 10.3 and later."""

    name, mode, chunk_mode = "mysql", "mysql-md5-1", "mysql-md5-xor-2"

    def begin(self, connection: Connection) -> str:
        for statement in (
            "SET NAMES utf8mb4",
            "SET SESSION sql_mode = ''",
            "SET SESSION group_concat_max_len = 1073741824",
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
        wide = connection.execute(
            sa.text("SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE() "
                    "AND table_name = :name AND character_set_name IN ('utf8mb4', 'utf8mb3', 'utf8')"), {"name": name}
        ).scalars()  # fmt: skip
        return reflected(
            connection, name, next_id=next_id, rows=int(row[1] or 0), consistent=kept, unicode=frozenset(wide)
        )

    def text(self, column: Column, name: str) -> str:
        if column.family == "bytes":
            return f"HEX({name})"
        if column.family in ("text", "other"):
            return f"CONVERT({name} USING utf8mb4)"
        return f"CAST({name} AS CHAR)"

    def part(self, column: Column, name: str) -> str:
        if column.family not in LENGTHY:
            return f"IFNULL({name}, 'N')"
        # what is kept as UTF-8 has the same bytes without being converted, in half the time
        value = name if column.family == "bytes" or column.unicode else f"CONVERT({name} USING utf8mb4)"
        # one row's text must fit the server's packet: of what may be large its own digest stands in
        large = column.family != "text" or column.type.split("(")[0] in ("mediumtext", "longtext", "json")
        return f"IFNULL(CONCAT(LENGTH({value}), ':', {f'MD5({value})' if large else value}), 'N')"

    def concat(self, parts: Sequence[str]) -> str:
        return f"CONCAT_WS(',', {', '.join(parts)})"

    def digest(self, expression: str) -> str:
        return f"CAST(CONV(LEFT(MD5({expression}), 16), 16, 10) AS UNSIGNED)"

    def together(self, text: str) -> str:
        return f"BIT_XOR({self.digest(text)})"  # a sum would be reckoned in decimal digits

    def bucket(self, name: str) -> str:
        return f"IF({name} < 0, FLOOR({name} / {CHUNK}), {name} DIV {CHUNK})"

    def lines(self, parts: Sequence[str], order: str) -> str:
        shown = ", ',', ".join(f"IFNULL({part}, '')" for part in parts)
        return f"GROUP_CONCAT(CONCAT({shown}) ORDER BY {order} SEPARATOR '\\n')"

    def microseconds(self, column: Column, name: str) -> str:
        if column.family == "number":
            return name
        # year 0000 and other dates that are none give NULL
        return f"TIMESTAMPDIFF(MICROSECOND, '1970-01-01', NULLIF(CAST({name} AS DATETIME(6)), 0))"


class Postgres(Server):
    """PostgreSQL 12 and later; the tables of the connection's search path."""

    name, mode = "postgresql", "postgresql-md5-1"

    def __init__(self) -> None:
        self.chunk_mode = ""

    def begin(self, connection: Connection) -> str:
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        for name, value in (
            ("TimeZone", "UTC"), ("DateStyle", "ISO, YMD"), ("IntervalStyle", "iso_8601"), ("bytea_output", "hex"),
            ("extra_float_digits", "3"), ("client_encoding", "UTF8"), ("lc_monetary", "C"),
        ):  # fmt: skip
            connection.exec_driver_sql(f"SET LOCAL {name} = '{value}'")
        # nobody promises that the hash is the same on all versions and processors: what it says of one word names it
        said = connection.exec_driver_sql("SELECT " + self.hash("'Kept'")).scalar()
        self.chunk_mode = f"postgresql-hash-2 {int(said or 0) % 2**64:016x}"
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
        if column.family not in LENGTHY:
            return f"COALESCE({value}, 'N')"
        return f"COALESCE(octet_length({value}) || ':' || {value}, 'N')"

    def concat(self, parts: Sequence[str]) -> str:
        return " || ',' || ".join(parts)

    def digest(self, expression: str) -> str:
        return f"CAST(CAST('x' || left(md5({expression}), 16) AS bit(64)) AS bigint)"

    def hash(self, text: str) -> str:
        """Of the bytes, whatever a column's collation takes for equal."""
        return f'hashtextextended(({text}) COLLATE "C", 0)'

    def together(self, text: str) -> str:
        return f"SUM({self.hash(text)})"

    def bucket(self, name: str) -> str:
        below = f"-((-CAST({name} AS bigint) + {CHUNK - 1}) / {CHUNK})"
        return f"CASE WHEN {name} < 0 THEN {below} ELSE {name} / {CHUNK} END"

    def lines(self, parts: Sequence[str], order: str) -> str:
        shown = [f"COALESCE(CAST({part} AS text), '')" for part in parts]
        joined = " || ',' || ".join(shown)
        return f"string_agg({joined}, E'\\n' ORDER BY {order})"

    def microseconds(self, column: Column, name: str) -> str:
        if column.family == "number":
            return name
        zoned = f"CAST({name} AS timestamptz)"
        return f"CASE WHEN isfinite({zoned}) THEN CAST(round(extract(epoch FROM {zoned}) * 1000000) AS bigint) END"
