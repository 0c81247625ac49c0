"""A table as SQLAlchemy finds it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.integrity.databases.tables import Column, Table, family, normal

AT_ONCE = 5_000  # rows a driver hands over at a time


def reflected(connection: Connection, name: str, *, unicode: Collection[str] = (), **more: Any) -> Table:
    """The table as SQLAlchemy finds it. A unique key stands in for a primary one where it cannot be null. `unicode`:
    columns whose text is kept as UTF-8."""
    inspector = sa.inspect(connection)
    columns = []
    for column in inspector.get_columns(name):
        text = column["type"].compile(dialect=connection.dialect) if not isinstance(column["type"], sa.types.NullType) \
            else "unknown"  # fmt: skip
        columns.append(
            Column(column["name"], normal(text), family(text), bool(column["nullable"]), column["name"] in unicode)
        )
    key = tuple(inspector.get_pk_constraint(name)["constrained_columns"])
    if not key:
        never_null = {column.name for column in columns if not column.nullable}
        for unique in inspector.get_unique_constraints(name):
            if set(unique["column_names"]) <= never_null:
                key = tuple(str(part) for part in unique["column_names"])
                break
    return Table(name, tuple(columns), key, **more)
