"""Reading another program's SQLite file without touching it."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from urllib.parse import quote

from app.errors import BadInput


def opened(path: Path, tables: dict[str, set[str]], kind: str) -> sqlite3.Connection:
    """A connection that can only read. Raises BadInput where the file is not `kind`'s: each table with the columns it
    must have."""
    if not path.is_file():
        raise BadInput("is not a file that can be read", field="FILE", example="kuma.db")
    connection = sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro", uri=True, check_same_thread=False)
    try:
        connection.execute("PRAGMA query_only = ON")
        for table, needed in tables.items():
            columns = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
            if missing := needed - columns:
                what = f"no table {table}" if not columns else f"no column {table}.{min(missing)}"
                raise BadInput(f"{path.name} is not a database of {kind}: it has {what}", field="FILE")
    except sqlite3.Error as error:
        connection.close()
        raise BadInput(f"{path.name} cannot be read as an SQLite file: {error}", field="FILE") from None
    except BadInput:
        connection.close()
        raise
    return connection
