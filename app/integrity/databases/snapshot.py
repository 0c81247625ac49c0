"""Snapshots of databases into a generation's folder: `GEN/db/<database>/<table>.parquet`, and a record for each.

Every table is read in the one consistent reading of its database. Where an earlier generation is given, chunk digests
decide which rows must be read again: the others are taken over. What could not be read is named, with the reason, and
the rest goes on.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from app.errors import BadInput
from app.integrity.agent.sites import file_name
from app.integrity.databases.engines import Engine, engine_of
from app.integrity.databases.tables import CHUNK, Table, modes_of

if TYPE_CHECKING:
    import polars as pl

Level = Literal["auto", "all", "none"]
MANY = 5_000_000  # rows above which `auto` keeps rows of the newest part only
NEWEST = 20  # of which the newest one in so many
PART = 50_000


@dataclass(frozen=True, slots=True)
class Database:
    """A database to be read. `url` is SQLAlchemy's, secrets included; it is never written anywhere."""

    name: str
    url: str
    site: str = ""
    client: str = ""


def take(
    out: Path, databases: list[Database], *, base: Path | None = None, base_records: list[dict[str, Any]] | None = None,
    rows: Level = "auto", clock: Callable[[], int], say: Callable[[str], None] = lambda _: None,
) -> list[dict[str, Any]]:  # fmt: skip
    """Reads every database and gives its record for the manifest, by name.

    out: the generation's folder. base, base_records: the folder and the records of an earlier generation of the same
    server. clock: nanoseconds since 1970. rows: `all` keeps a digest of every row, `none` chunks alone, `auto` rows
    where a table is not too large.
    Raises BadInput for two databases of one name."""
    names = [database.name for database in databases]
    for name in names:
        if names.count(name) > 1:
            raise BadInput(f"two databases are named {name!r}", field="--db", example=f"{name}-2=…")
    earlier = {record["name"]: record for record in base_records or []}
    records = []
    for database in sorted(databases, key=lambda one: one.name):
        say(f"database {database.name}")
        records.append(_database(out, database, base, earlier.get(database.name), rows, clock, say))
    return records


def _database(
    out: Path, database: Database, base: Path | None, before: Mapping[str, Any] | None, rows: Level,
    clock: Callable[[], int], say: Callable[[str], None],
) -> dict[str, Any]:  # fmt: skip
    folder = Path("db") / file_name(database.name)
    record: dict[str, Any] = {
        "name": database.name, "site": database.site, "client": database.client, "engine": "", "server": "",
        "mode": "", "chunk_mode": "", "reading": "", "started_ns": clock(), "ended_ns": 0, "tables": [], "unread": [],
        "unopened": None,
    }  # fmt: skip
    try:
        engine = opened(database.url)
    except (SQLAlchemyError, ImportError, ValueError) as error:
        record["unopened"] = f"its address cannot be read: {type(error).__name__}"
        return record | {"ended_ns": clock()}
    kept = {table["name"]: table for table in (before or {}).get("tables", [])}
    try:
        with engine.connect() as connection:
            kind = engine_of(connection)
            record["engine"], record["mode"] = kind.name, kind.mode
            record["server"] = ".".join(map(str, connection.dialect.server_version_info or ()))
            connection.rollback()
            record["reading"] = kind.begin(connection)
            record["chunk_mode"] = kind.chunk_mode
            names = sorted(sa.inspect(connection).get_table_names())
            for place, name in enumerate(names):
                same = kept.get(name) if before is not None and modes_of(before) == modes_of(record) else None
                try:
                    with _apart(connection):
                        table = kind.table(connection, name)
                        record["tables"].append(_table(out, folder, connection, kind, table, base, same, rows))
                except (SQLAlchemyError, sqlite3.Error, ValueError) as error:
                    record["unread"].append({"table": name, "why": why(error)})
                    say(f"  {name}: not read: {why(error)}")
                    if not _alive(connection):
                        lost = "the database went away before it was read"
                        record["unread"] += [{"table": other, "why": lost} for other in names[place + 1 :]]
                        break
    except (SQLAlchemyError, sqlite3.Error, ValueError) as error:
        record["unopened"] = why(error)
    finally:
        engine.dispose()
    return record | {"ended_ns": clock()}


def opened(url: str) -> sa.Engine:
    """What reads a database and changes nothing. Raises SQLAlchemyError, ImportError and ValueError."""
    address = _read_only(url)
    # before SQLAlchemy looks how this server wants its names quoted
    first = {"init_command": "SET SESSION sql_mode = ''"} if address.get_backend_name() == "mysql" else {}
    return sa.create_engine(address, poolclass=sa.NullPool, connect_args=first)


def _read_only(url: str) -> sa.URL:
    """The address, for SQLite such that nothing can be written. Raises ValueError."""
    address = sa.make_url(url)
    if address.get_backend_name() != "sqlite":
        drivers = {"mysql": "mysql+pymysql", "mariadb": "mysql+pymysql", "postgresql": "postgresql+psycopg"}
        return address.set(drivername=drivers.get(address.get_backend_name(), address.drivername))
    file = Path(address.database or "")
    if not file.is_file():
        raise ValueError(f"{file} is not there")
    return sa.URL.create("sqlite", database=f"file:{quote(str(file.resolve()))}", query={"mode": "ro", "uri": "true"})


@contextmanager
def _apart(connection: Connection) -> Iterator[None]:
    """On PostgreSQL an error ends the whole reading unless it happens within a savepoint."""
    if connection.dialect.name != "postgresql":
        yield
        return
    connection.exec_driver_sql("SAVEPOINT one_table")
    try:
        yield
    except SQLAlchemyError:
        with suppress(SQLAlchemyError):
            connection.exec_driver_sql("ROLLBACK TO SAVEPOINT one_table")
        raise


def _alive(connection: Connection) -> bool:
    try:
        return not connection.invalidated and connection.exec_driver_sql("SELECT 1").scalar() == 1
    except SQLAlchemyError:
        return False


def why(error: Exception) -> str:
    """A reason in one line, without the statement or an address."""
    said = str(getattr(error, "orig", None) or error).strip().splitlines()
    return (said[0] if said else type(error).__name__)[:200]


def _table(
    out: Path, folder: Path, connection: Connection, kind: Engine, table: Table, base: Path | None,
    before: Mapping[str, Any] | None, level: Level,
) -> dict[str, Any]:  # fmt: skip
    """Reads one table and writes its files. `before` is its record in the earlier generation, in the same modes."""
    stem = file_name(table.name)
    if before is not None and before["schema"] != table.schema_digest:
        before = None  # rows of another shape
    chunks = list(kind.chunks(connection, table)) if table.whole_key is not None else []
    count = sum(rows for _, rows, _ in chunks)
    kept = "none" if level == "none" else "rows"
    if level == "auto" and count > MANY and table.written is not None:
        kept = "newest"
    record: dict[str, Any] = {
        "name": table.name, "schema": table.schema_digest, "key": list(table.key),
        "approximate": list(table.approximate), "consistent": table.consistent, "next_id": table.next_id,
        "kept": kept, "read_rows": 0, "rows": None, "rows_file": None, "chunks_file": None, "newest": None,
    }  # fmt: skip
    if table.whole_key is not None:
        record["rows"] = count
        record["chunks_file"] = _written(out, folder / f"{stem}.chunks.parquet", _chunk_frame(chunks))
    if kept != "none":
        frame, read = _rows(connection, kind, table, chunks, base, before, kept)
        record |= {"rows": record["rows"] if record["rows"] is not None else frame.height, "read_rows": read}
        record["rows_file"] = _written(out, folder / f"{stem}.parquet", frame)
        if "updated_at" in frame.columns and frame.height:
            record["newest"] = frame["updated_at"].max()
    return record


def _rows(
    connection: Connection, kind: Engine, table: Table, chunks: list[tuple[int, int, str]], base: Path | None,
    before: Mapping[str, Any] | None, kept: str,
) -> tuple[pl.DataFrame, int]:  # fmt: skip
    """All rows (or those of the newest chunks) as a frame, and how many of them were read now."""
    import polars as pl

    if table.whole_key is None:
        frame = _frame(table, kind.rows(connection, table))
        return frame, frame.height
    wanted = [number for number, _, _ in chunks]
    if kept == "newest":
        wanted = wanted[-max(len(wanted) // NEWEST, 1) :]
    inherited = _inherited(base, before, {number: digest for number, _, digest in chunks}, wanted)
    taken = set((inherited["pk"] // CHUNK).unique().to_list()) if inherited is not None else set()
    again = [number for number in wanted if number not in taken]
    empty = _frame(table, iter(()))
    parts, read = [empty] + ([inherited] if inherited is not None else []), 0
    for low, high in _stretches(again):
        for part in kind.frames(connection, table, low * CHUNK, high * CHUNK):
            read += part.height
            parts.append(part.select(empty.columns))
    return pl.concat(parts).sort("pk"), read


def _inherited(
    base: Path | None, before: Mapping[str, Any] | None, now: Mapping[int, str], wanted: list[int]
) -> pl.DataFrame | None:
    """The rows of those chunks whose digest is the same as before; None where nothing can be taken over."""
    import polars as pl

    if base is None or before is None or not before["rows_file"] or not before["chunks_file"]:
        return None
    said = [before[name] for name in ("chunks_file", "rows_file")]
    files = [base / one["file"] for one in said]
    if any(_digest(file) != one["sha256"] for file, one in zip(files, said, strict=True)):
        return None
    was = dict(pl.read_parquet(files[0]).select("chunk", "digest").iter_rows())
    same = [number for number in wanted if was.get(number) == now[number]]
    rows = pl.read_parquet(files[1])
    return rows.filter((pl.col("pk") // CHUNK).is_in(same))


def _stretches(numbers: list[int]) -> Iterator[tuple[int, int]]:
    """Chunks that follow one another, as (first, one after the last)."""
    low: int | None = None
    for place, number in enumerate(numbers):
        if low is None:
            low = number
        if place + 1 == len(numbers) or numbers[place + 1] != number + 1:
            yield low, number + 1
            low = None


def _frame(table: Table, rows: Iterator[Any]) -> pl.DataFrame:
    """Rows as columns: pk (whole number, or JSON of the key's texts; none without a key), digest, and where the table
    has such columns updated_at (microseconds, or the number it holds) and fixed."""
    import polars as pl

    keyed = bool(table.key)
    schema: dict[str, Any] = {"pk": pl.Int64() if table.whole_key else pl.String(), "digest": pl.UInt64()}
    schema |= {"updated_at": pl.Int64(), "fixed": pl.UInt64()}
    parts = []
    while part := list(islice(rows, PART)):
        keys = [json.dumps(row[0], ensure_ascii=False, separators=(",", ":")) for row in part]
        columns = {"pk": keys, "digest": [r[1] for r in part], "updated_at": [r[2] for r in part],
                   "fixed": [r[3] for r in part]}  # fmt: skip
        parts.append(pl.DataFrame(columns, schema=schema))
    frame = pl.concat(parts) if parts else pl.DataFrame(schema=schema)
    wrong = [] if table.written else ["updated_at"]
    wrong += [] if table.fixed else ["fixed"]
    wrong += [] if keyed else ["pk"]
    frame = frame.drop(wrong)
    return frame.sort("pk") if keyed else frame.sort("digest")


def _chunk_frame(chunks: list[tuple[int, int, str]]) -> pl.DataFrame:
    import polars as pl

    return pl.DataFrame(chunks, schema={"chunk": pl.Int64(), "rows": pl.Int64(), "digest": pl.String()}, orient="row")


def _written(out: Path, file: Path, frame: pl.DataFrame) -> dict[str, str]:
    import pyarrow.parquet as parquet

    path = out / file
    path.parent.mkdir(parents=True, exist_ok=True)
    arrow = frame.to_arrow()
    plain = {name: "DELTA_BINARY_PACKED" for name in ("pk", "chunk", "updated_at") if name in frame.columns
             and frame.schema[name].is_integer()}  # fmt: skip
    parquet.write_table(
        arrow, path, compression="zstd", compression_level=3, use_dictionary=False, column_encoding=plain or None,
        write_statistics=False,
    )  # fmt: skip
    return {"file": file.as_posix(), "sha256": _digest(path)}


def _digest(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return ""
