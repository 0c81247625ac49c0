"""The database: engine, session scope, naming of constraints, column types, ids.

SQLite runs in WAL mode and takes its write lock when a transaction begins (`BEGIN IMMEDIATE`), so
that read-then-write cannot lose an update; readers ask for `read_only` and never take it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
import uuid_utils.compat
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Session, SQLModel

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

Json = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def new_id() -> uuid.UUID:
    """A UUID of version 7: unique, and in the order in which rows were made."""
    return uuid_utils.compat.uuid7()


class Money(sa.types.TypeDecorator[Decimal]):
    """An exact amount with at most four decimals: NUMERIC on PostgreSQL, ten-thousandths as integer on SQLite."""

    impl = sa.Numeric(18, 4)
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> Any:
        return dialect.type_descriptor(sa.BigInteger() if dialect.name == "sqlite" else sa.Numeric(18, 4))

    def process_bind_param(self, value: Decimal | None, dialect: sa.Dialect) -> Any:
        if value is None:
            return None
        exact = Decimal(value).quantize(Decimal("0.0001"))
        if exact != Decimal(value):
            raise ValueError(f"{value} has more than four decimals, e.g. 400.00 is right")
        return int(exact.scaleb(4)) if dialect.name == "sqlite" else exact

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Decimal | None:
        if value is None:
            return None
        return Decimal(value).scaleb(-4) if dialect.name == "sqlite" else Decimal(value)


def make_engine(url: str) -> sa.Engine:
    """An engine that loses no update on SQLite and is sized for the request threads on PostgreSQL."""
    engine = sa.create_engine(url, pool_size=20, max_overflow=30, pool_pre_ping=not url.startswith("sqlite"))
    if engine.dialect.name == "sqlite":

        @sa.event.listens_for(engine, "connect")
        def _prepare(connection: Any, _record: Any) -> None:
            connection.isolation_level = None  # BEGIN is ours, below
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=15000", "foreign_keys=ON"):
                connection.execute(f"PRAGMA {pragma}")

        @sa.event.listens_for(engine, "begin")
        def _begin(connection: sa.Connection) -> None:
            reading = connection.get_execution_options().get("read_only")
            connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


def reader(engine: sa.Engine) -> sa.Engine:
    """The same database for transactions that only read."""
    return engine.execution_options(read_only=True)


@contextmanager
def transaction(engine: sa.Engine) -> Iterator[Session]:
    """One session, one transaction: committed at the end, rolled back when anything is raised."""
    with Session(engine, expire_on_commit=False) as session:
        try:
            yield session
            session.commit()
        except BaseException:
            session.rollback()
            raise
