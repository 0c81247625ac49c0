"""Numbers that a database gave away and no row has: where keys leap, and what others know and the table does not.

A table whose newest rows were laid over by an older copy goes on counting: the rows that were lost are a gap in its
keys. A gap is also what a deletion leaves, so each is told with what may explain it. Nothing is changed.
"""

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from app.integrity.databases.engines import engine_of
from app.integrity.databases.snapshot import opened, why
from app.integrity.databases.tables import FIXED, Table

FEW = 20  # rows below which nobody can say what is usual in a table
LEAST = 20  # numbers that a leap misses at least
TIMES = 10  # and so many times more than the widest usual gap
RARE = 100  # a leap is rarer than one in so many rows, or one of the three widest of a small table
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Leap:
    """`after` and `before` are the keys on both sides; `before` is None where the numbers at the end were given away
    and no row has them. Their rows' dates stand beside, where the table has one."""

    table: str
    missing: int
    after: int
    before: int | None
    dates: tuple[str | None, str | None] = (None, None)

    def line(self) -> str:
        first, last = (f" ({date})" if date else "" for date in self.dates)
        upper = self.before if self.before is not None else self.after + self.missing + 1
        where = f"between {self.after}{first} and {upper}{last}"
        if self.before is None:
            where = f"from {self.after + 1} to {upper - 1} at the end, after {self.after}{first}"
        return (
            f"{self.table}: {self.missing} numbers are in no row, {where}: consistent with rows that are gone; also "
            "explained by rows that were deleted, or a counter that was raised"
        )


@dataclass(slots=True)
class Numbers:
    tables: int = 0
    leaps: list[Leap] = field(default_factory=list)
    known: int | None = None  # numbers that others know
    lacking: list[str] = field(default_factory=list)  # of these, what no row has
    column: str = ""
    unlooked: list[str] = field(default_factory=list)

    @property
    def damaged(self) -> bool:
        return bool(self.leaps or self.lacking)

    def lines(self) -> list[str]:
        out = [leap.line() for leap in self.leaps]
        out += [f"{one}: known elsewhere, and in no row of {self.column}" for one in self.lacking]
        out += [f"not looked through: {reason}" for reason in self.unlooked]
        out.append(f"keys of {self.tables} tables looked through, {len(self.leaps)} leaps")
        if self.known is not None:
            out.append(f"{self.known} numbers known elsewhere looked for, {len(self.lacking)} in no row")
        return out

    def as_json(self) -> dict[str, Any]:
        leaps = [
            {"table": leap.table, "missing": leap.missing, "after": leap.after, "before": leap.before,
             "dates": list(leap.dates)}
            for leap in self.leaps
        ]  # fmt: skip
        return {"tables": self.tables, "leaps": leaps, "known": self.known, "lacking": self.lacking,
                "not_looked_through": self.unlooked}  # fmt: skip


def looked_through(url: str, known: Sequence[str] | None = None, column: str = "") -> Numbers:
    """Every table with a whole-number key; and which of the known numbers or names are in no row of the column
    (TABLE.COLUMN)."""
    out = Numbers(column=column)
    try:
        engine = opened(url)
    except (SQLAlchemyError, ImportError, ValueError):
        return _shut(out, known)  # the reason stands with what is held against the files
    try:
        with engine.connect() as connection:
            kind = engine_of(connection)
            connection.rollback()
            kind.begin(connection)
            if known is not None:
                _known(connection, known, out)
            for name in sorted(sa.inspect(connection).get_table_names()):
                table = kind.table(connection, name)
                if table.whole_key is not None:
                    out.tables += 1
                    out.leaps += _leaps(connection, table)
    except (SQLAlchemyError, sqlite3.Error, ValueError) as error:
        out.unlooked.append(why(error))
    finally:
        engine.dispose()
    return out


def _shut(out: Numbers, known: Sequence[str] | None) -> Numbers:
    out.unlooked.append("the database cannot be opened" + (", nor what is known looked for" if known else ""))
    return out


def _known(connection: Connection, known: Sequence[str], out: Numbers) -> None:
    table_name, _, name = out.column.rpartition(".")
    try:
        columns = {column["name"] for column in sa.inspect(connection).get_columns(table_name)}
    except sa.exc.NoSuchTableError:
        out.unlooked.append(f"there is no table {table_name} for {out.column}")
        return
    if name not in columns:
        out.unlooked.append(f"{table_name} has no column {name}; it has {', '.join(sorted(columns))}")
        return
    table = sa.table(table_name, sa.column(name))
    text = sa.cast(table.c[name], sa.String(255))
    wanted = list(dict.fromkeys(known))
    there: set[str] = set()
    for some in _parts(wanted):
        there |= {str(value) for (value,) in connection.execute(sa.select(text).where(text.in_(some)))}
    out.known = len(wanted)
    out.lacking = [one for one in wanted if one not in there]


def _parts(wanted: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(wanted), AT_ONCE):
        yield wanted[start : start + AT_ONCE]


def _leaps(connection: Connection, table: Table) -> list[Leap]:
    assert table.whole_key is not None
    own = sa.table(table.name, *(sa.column(column.name) for column in table.columns))
    key = own.c[table.whole_key]
    query = sa.select(key).order_by(key).execution_options(stream_results=True, yield_per=10_000)
    rows, last = 0, 0
    gaps: list[tuple[int, int, int | None]] = []  # the widest: missing, after, before

    def keys() -> Iterator[int]:
        nonlocal rows, last
        for (value,) in connection.execute(query):
            rows, last = rows + 1, int(value)
            yield last

    for one, other in pairwise(keys()):
        if other - one > 1:
            gaps.append((other - one - 1, one, other))
            if len(gaps) > 10_000 + rows // RARE * 2:
                gaps = heapq.nlargest(rows // RARE + 4, gaps, key=_width)
    if rows < FEW:
        return []
    if table.next_id is not None and table.next_id - 1 > last:
        gaps.append((table.next_id - 1 - last, last, None))
    gaps.sort(key=_width, reverse=True)
    place = max(3, rows // RARE)
    usual = gaps[place][0] if len(gaps) > place else 0
    wide = [gap for gap in gaps[:place] if gap[0] >= LEAST and gap[0] > TIMES * usual]
    found = []
    for missing, after, before in sorted(wide, key=lambda gap: gap[1]):
        dates = _date(connection, own, table, after), None if before is None else _date(connection, own, table, before)
        found.append(Leap(table.name, missing, after, before, dates))
    return found


def _width(gap: tuple[int, int, int | None]) -> int:
    return gap[0]


def _date(connection: Connection, own: sa.TableClause, table: Table, key: int) -> str | None:
    """When the row was made, as the database writes it."""
    names = {column.name.lower(): column.name for column in table.columns}
    name = next((names[one] for one in FIXED if one in names), None)
    if name is None:
        return None
    text = sa.cast(own.c[name], sa.String(64))
    value = connection.execute(sa.select(text).where(own.c[table.whole_key or ""] == key)).scalar()
    return None if value is None else str(value)[:19]
