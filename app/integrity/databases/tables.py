"""What a table is, as far as its digests need to know: columns in order, key, and what its columns are for."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

CHUNK = 10_000  # keys of a whole-number primary key that share one chunk digest

# Columns that say when a row was last written, the likelier first, and columns that never change in a row's life.
WRITTEN = (
    "updated_at", "date_updated_gmt", "post_modified_gmt", "date_modified_gmt", "modified_at", "last_modified",
    "changed_at", "updated", "modified", "changed", "date_modified", "date_updated", "post_modified", "mtime",
)  # fmt: skip
FIXED = (
    "created_at", "created", "date_created", "date_created_gmt", "registered", "user_registered", "post_date_gmt",
    "post_date", "comment_date_gmt", "comment_date", "inserted_at", "signup_date", "order_date", "created_on",
)  # fmt: skip


_WORDS = {
    "number": "tinyint smallint mediumint int bigint serial bigserial year int2 int4 int8",
    "exact": "decimal numeric dec money bool boolean",
    "float": "float double real float4 float8",
    "text": "char varchar character text tinytext mediumtext longtext enum set clob json nchar nvarchar citext",
    "bytes": "binary varbinary blob tinyblob mediumblob longblob bytea bit geometry point",
    "time": "date time datetime timestamp timestamptz timetz interval",
}
FAMILIES = {word: name for name, words in _WORDS.items() for word in words.split()}


@dataclass(frozen=True, slots=True)
class Column:
    """`family` decides how a value becomes text: number, exact, float, text, bytes, time, other."""

    name: str
    type: str  # as the schema digest sees it: no display width, no collation
    family: str
    nullable: bool
    unicode: bool = False  # a text whose bytes the server keeps as UTF-8


@dataclass(frozen=True, slots=True)
class Table:
    """`key` are the columns of the primary key, or of a unique key that cannot be null; () where there is neither."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    next_id: int | None = None  # what the next row would get, where the server says it
    rows: int | None = None  # as the server estimates
    consistent: bool = True  # whether the engine can read it as of one moment

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    @property
    def whole_key(self) -> str | None:
        """The one key column, where it is a whole number."""
        if len(self.key) == 1 and self.column(self.key[0]).family == "number":
            return self.key[0]
        return None

    @property
    def written(self) -> str | None:
        """The column that says when a row was last written."""
        times = {column.name.lower(): column.name for column in self.columns if column.family in ("time", "number")}
        return next((times[name] for name in WRITTEN if name in times), None)

    @property
    def fixed(self) -> tuple[str, ...]:
        """The columns that never change in a row's life: another value there is another row under the same key."""
        return tuple(column.name for column in self.columns if column.name.lower() in FIXED)

    @property
    def approximate(self) -> tuple[str, ...]:
        """Columns whose digest is of a rounded text."""
        return tuple(column.name for column in self.columns if column.family == "float")

    @property
    def schema_digest(self) -> str:
        """SHA-256 over names, types, nullability and key: two tables of another schema have no comparable rows."""
        said = [[column.name, column.type, column.nullable] for column in self.columns]
        return hashlib.sha256(json.dumps([said, list(self.key)], separators=(",", ":")).encode()).hexdigest()


def modes_of(record: Mapping[str, Any]) -> tuple[str, str]:
    """How a database's rows and its parts were digested. Older manifests have one word for both."""
    return record["mode"], record.get("chunk_mode") or record["mode"]


def normal(type_: str) -> str:
    """A column's type without what a newer server writes otherwise: display widths of integers, character sets."""
    text = re.sub(r"\s+(character set|charset|collate)\s+\S+", "", str(type_).lower())
    text = re.sub(r"\b(tinyint|smallint|mediumint|int|integer|bigint)\(\d+\)", r"\1", text)
    return " ".join(text.replace("integer", "int").replace('"', "").split())


def family(type_: str) -> str:
    """How a value of this type becomes text."""
    text = normal(type_)
    word = re.split(r"[ (\[]", text)[0]
    if text.endswith("[]"):
        return "other"
    return FAMILIES.get(word, "other")
