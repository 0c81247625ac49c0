"""`kept move`: the whole record from one database to another, from SQLite to PostgreSQL as a rule.

Rows travel as typed values, so an amount, an instant or an id is stored as the other database stores it. Everything
happens in one transaction of the target, and every row is compared before it is committed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from app.errors import Conflict
from app.migrate import pending

BATCH = 500


def move(source: sa.Engine, target: sa.Engine, metadata: sa.MetaData) -> dict[str, int]:
    """Copy every table and return the number of rows of each.

    Raises Conflict, and leaves the target as it was, when the two are not at the same migration, when the target holds
    rows already, or when a row reads differently on the other side.
    """
    (stands, _), (wanted, _) = pending(target), pending(source)
    if stands != wanted:
        raise Conflict(
            f"the new database is at {stands or 'nothing'}, the old one at {wanted or 'nothing'}; run `kept migrate`"
        )
    moved: dict[str, int] = {}
    # On SQLite the transaction takes the write lock, so nobody can add to what is being copied.
    with source.begin() as old, target.begin() as new:
        if source.dialect.name == "postgresql":
            old.execute(sa.text("set transaction isolation level repeatable read"))
        for table in metadata.sorted_tables:
            if new.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first():
                raise Conflict(f"the new database already holds rows (in {table.name}); it has to be an empty one")
        for table in metadata.sorted_tables:
            for batch in _batches(old, table):
                new.execute(table.insert(), [dict(row._mapping) for row in batch])
            before, after = _sum(old, table), _sum(new, table)
            if before != after:
                raise Conflict(f"{table.name} reads differently in the new database; nothing was moved")
            moved[table.name] = before[0]
            _advance(new, table)
    return moved


def _batches(connection: sa.Connection, table: sa.Table) -> Iterator[Any]:
    """The rows in the order of their key, so that a row comes after the one it refers to."""
    rows = sa.select(table).order_by(*table.primary_key.columns).execution_options(yield_per=BATCH)
    return connection.execute(rows).partitions()


def _sum(connection: sa.Connection, table: sa.Table) -> tuple[int, int]:
    """Number of rows, and a sum of their digests that does not depend on how the database sorts."""
    count = total = 0
    for batch in _batches(connection, table):
        for row in batch:
            text = json.dumps([_plain(value) for value in row], sort_keys=True, default=str)
            total ^= int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")
            count += 1
    return count, total


def _plain(value: Any) -> Any:
    """A value in the one spelling that both databases share."""
    if isinstance(value, datetime):
        return (value if value.tzinfo is None else value.astimezone(UTC)).isoformat()
    if isinstance(value, Decimal):
        return str(value.normalize())
    if isinstance(value, bytes | memoryview):
        return hashlib.sha256(value).hexdigest()
    return value


def _advance(connection: sa.Connection, table: sa.Table) -> None:
    """Let PostgreSQL's own numbering go on behind the highest number that came along."""
    column = table.autoincrement_column
    if connection.dialect.name != "postgresql" or column is None:
        return
    sequence = connection.execute(sa.select(sa.func.pg_get_serial_sequence(table.name, column.name))).scalar()
    highest = connection.execute(sa.select(sa.func.max(column))).scalar()
    if sequence and highest:
        connection.execute(sa.select(sa.func.setval(sequence, highest)))
