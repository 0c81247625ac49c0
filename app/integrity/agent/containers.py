"""The columns of a site, and the two containers they are kept in: Parquet, or gzip'd lines of JSON."""

from __future__ import annotations

import gzip
import json
from array import array
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote_from_bytes, unquote_to_bytes

NUMBERS = {  # column -> type of its array
    "key": "Q", "mode": "I", "uid": "I", "gid": "I", "size": "q", "mtime_ns": "q", "ctime_ns": "q", "ino": "Q",
    "nlink": "I", "hlgroup": "Q", "xattr8": "Q", "tail0": "q", "flags": "I",
}  # fmt: skip
COLUMNS = (
    "key", "path", "kind", "mode", "uid", "gid", "owner", "group", "size", "mtime_ns", "ctime_ns", "ino", "nlink",
    "hlgroup", "digest", "target", "xattr8", "tail0", "flags",
)  # fmt: skip
GROUP = 1 << 14  # rows that are written at once
CHUNK_NUMBERS = {"key": "Q", "size": "q", "chunk": "q"}
CHUNK_COLUMNS = ("key", "size", "chunk", "digests", "prefixes")


class Damaged(ValueError):
    """A file that is not what its name says."""


def empty() -> dict[str, Any]:
    """Columns without a row: arrays of numbers, lists of the rest."""
    return {name: array(NUMBERS[name]) if name in NUMBERS else [] for name in COLUMNS}


def empty_chunks() -> dict[str, Any]:
    return {name: array(CHUNK_NUMBERS[name]) if name in CHUNK_NUMBERS else [] for name in CHUNK_COLUMNS}


def quoted(path: bytes) -> str:
    """A path in a text that must be read back byte for byte: percent-encoded."""
    return quote_from_bytes(path, safe="/")


def unquoted(text: str) -> bytes:
    return unquote_to_bytes(text)


def take(columns: dict[str, Any], rows: Iterable[int]) -> dict[str, Any]:
    """These rows, in this order."""
    chosen = array("I", rows)
    out: dict[str, Any] = {}
    for name, values in columns.items():
        picked = map(values.__getitem__, chosen)
        out[name] = array(values.typecode, picked) if isinstance(values, array) else list(picked)
    return out


def have_parquet() -> bool:
    try:
        import pyarrow.parquet  # noqa: F401
    except Exception:  # a broken installation is none
        return False
    return True


def write(file: str, columns: dict[str, Any]) -> None:
    """Writes columns in the container that the file's name says."""
    if file.endswith(".parquet"):
        _write_parquet(file, columns)
    else:
        _write_ndjson(file, columns)


def read(file: str) -> dict[str, Any]:
    """Reads what `write` wrote. Raises Damaged, and ImportError for Parquet without pyarrow."""
    try:
        out = _read_parquet(file) if file.endswith(".parquet") else read_ndjson(file)
    except (OSError, ImportError):
        raise
    except Exception as error:
        raise Damaged(f"{file}: {error}") from None
    if len({len(values) for values in out.values()}) > 1:
        raise Damaged(f"{file}: its columns are of different lengths")
    return out


def _texts(name: str) -> bool:
    return name in ("kind", "owner", "group")


def _write_ndjson(file: str, columns: dict[str, Any]) -> None:
    names = list(columns)
    cells: list[Iterable[Any]] = []
    for name in names:
        values = columns[name]
        if name == "path":
            cells.append(quoted(value) for value in values)
        elif name in ("digest", "digests", "prefixes"):
            cells.append(None if value is None else value.hex() for value in values)
        elif name == "target":
            cells.append(None if value is None else quoted(value) for value in values)
        else:
            cells.append(values)
    with open(file, "wb") as raw, gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0, compresslevel=6) as out:
        out.write(json.dumps({"columns": names, "rows": len(columns["key"])}).encode() + b"\n")
        lines: list[str] = []
        for row in zip(*cells):
            lines.append(json.dumps(row, separators=(",", ":")))
            if len(lines) == 4096:
                out.write(("\n".join(lines) + "\n").encode())
                lines.clear()
        if lines:
            out.write(("\n".join(lines) + "\n").encode())


def read_ndjson(file: Any) -> dict[str, Any]:
    """The columns of a file of lines. Raises Damaged or what gzip and json raise."""
    with gzip.open(file, "rb") as lines:
        head = json.loads(lines.readline())
        names = head["columns"]
        out = empty_chunks() if names == list(CHUNK_COLUMNS) else empty()
        if list(out) != names:
            raise Damaged("its columns are others")
        appends = [out[name].append for name in names]
        readers = [_reader(name) for name in names]
        count = 0
        for line in lines:
            row = json.loads(line)
            if len(row) != len(names):
                raise Damaged(f"row {count + 1} has {len(row)} values")
            for append, reader, value in zip(appends, readers, row):
                append(value if reader is None or value is None else reader(value))
            count += 1
    if count != head["rows"]:
        raise Damaged(f"it says {head['rows']} rows and has {count}")
    return out


def _reader(name: str) -> Any | None:
    if name in ("path", "target"):
        return unquoted
    return bytes.fromhex if name in ("digest", "digests", "prefixes") else None


def _write_parquet(file: str, columns: dict[str, Any]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = {"I": pa.uint32(), "Q": pa.uint64(), "q": pa.int64()}
    fields = []
    for name, values in columns.items():
        if isinstance(values, array):
            fields.append(pa.field(name, kinds[values.typecode]))
        elif _texts(name):
            fields.append(pa.field(name, pa.string()))
        else:
            fields.append(pa.field(name, pa.binary(32) if name == "digest" else pa.binary()))
    encodings = {
        name: kind
        for name, kind in (
            ("path", "DELTA_BYTE_ARRAY"), ("key", "PLAIN"), ("digest", "PLAIN"), ("ctime_ns", "BYTE_STREAM_SPLIT"),
            ("mtime_ns", "BYTE_STREAM_SPLIT"), ("ino", "BYTE_STREAM_SPLIT"), ("size", "BYTE_STREAM_SPLIT"),
        )
        if name in columns
    }  # fmt: skip
    schema = pa.schema(fields)
    pool = pa.system_memory_pool()  # gives back what it no longer needs
    with pq.ParquetWriter(
        file,
        schema,
        compression="zstd",
        compression_level=3,
        use_dictionary=[name for name in columns if name not in encodings],
        column_encoding=encodings,
        write_statistics=False,
        store_schema=False,
        memory_pool=pool,
    ) as out:
        for start in range(0, len(columns["key"]), GROUP):
            parts = [pa.array(values[start : start + GROUP], field.type, memory_pool=pool)
                     for values, field in zip(columns.values(), schema)]  # fmt: skip
            out.write_batch(pa.RecordBatch.from_arrays(parts, schema=schema))


def _read_parquet(file: str) -> dict[str, Any]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(file, pre_buffer=False) as stored:
        names = stored.schema_arrow.names
        out = empty_chunks() if names == list(CHUNK_COLUMNS) else empty()
        if list(out) != names:
            raise Damaged("its columns are others")
        for name in names:  # one after another, so that the whole is never there twice
            for group in range(stored.num_row_groups):
                out[name].extend(stored.read_row_group(group, columns=[name], use_threads=False).column(0).to_pylist())
    return out
