"""The columns of a site that a comparison needs, from any generation, as fast as the container allows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import starmap
from typing import TYPE_CHECKING

from app.errors import KeptError
from app.integrity.compare.renaming import rekeyed
from app.integrity.compare.values import Seen
from app.integrity.format import (
    GONE,
    UNREAD,
    Generation,
    IncompleteEvidence,
    Unverifiable,
    base_of,
    chunk_columns,
    frame,
    read_generation,
)

if TYPE_CHECKING:
    import polars as pl

JUDGED = ("key", "kind", "digest", "target", "flags")
DATED = (*JUDGED, "mtime_ns")
WHOLE = (*DATED, "mode", "uid", "gid", "owner", "group", "xattr8", "hlgroup")
TEXTS = ("kind", "owner", "group")
CONTENT = (*DATED, "size", "tail0", "path")
ENTRY = (*WHOLE, "size", "tail0", "path")
NOBODY: Mapping[int, bytes] = {}
NAMELESS = (*DATED, "size", "tail0")  # reading paths takes as long as reading all the rest


def columns(generation: Generation, site: str, names: Sequence[str]) -> pl.DataFrame:
    """These columns of a site, in any order of rows, with `content`: what equality is asked of.

    Raises Unverifiable, or IncompleteEvidence, where the site's file is damaged or not there.
    """
    import polars as pl

    part = generation.site(site)
    if part.record["name"] != site:
        as_read, wanted = read_generation(generation.folder), list(dict.fromkeys((*names, "key", "path")))
        table = columns(as_read, part.record["name"], wanted)
        table = rekeyed(table, table.select("key", "path"), site)
        return table if "path" in names else table.drop("path")
    file = generation.folder / part.file
    if part.delta or file.suffix != ".parquet" or not file.is_file():
        table = frame(generation, site).filter(pl.col("kind") != GONE).select(names)
    else:
        try:
            table = pl.read_parquet(file, columns=list(names), use_statistics=False)
            table = table.with_columns(pl.col(name).cast(pl.String) for name in TEXTS if name in table.columns)
        except KeptError:
            raise
        except Exception as error:  # whatever a damaged file makes its reader say
            raise Unverifiable(f"cannot be read, it was cut short or damaged: {error}", field=str(file)) from None
    if table.height != part.entries + part.excluded:
        raise Unverifiable(
            f"has {table.height} entries and should have {part.entries + part.excluded}", field=str(file)
        )
    if table["target"].null_count() == table.height:  # no links: only files have a digest
        return table.drop("target").rename({"digest": "content"})
    target = pl.when(pl.col("kind") == "l").then(pl.col("target"))
    return table.with_columns(content=target.when(pl.col("kind") == "f").then(pl.col("digest"))).drop(
        "digest", "target"
    )


def parts_of_files(generation: Generation, site: str) -> pl.DataFrame | None:
    """The side-car of digests of parts, as `chunk_columns` gives it."""
    name = generation.site(site).record["name"]
    if name == site:
        return chunk_columns(generation, site)
    as_read = read_generation(generation.folder)
    found = chunk_columns(as_read, name)
    return None if found is None else rekeyed(found, columns(as_read, name, (*JUDGED, "path")), site)


def sealed(generation: Generation, site: str) -> None:
    """Raises Unverifiable where a site's file is not the one that the manifest names, by its digest."""
    part = generation.site(site)
    file, wanted = generation.folder / part.file, part.record.get("sha256")
    if not wanted:
        return
    try:
        with file.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise IncompleteEvidence(f"cannot be read: {error.strerror}", field=str(file)) from None
    if found != wanted:
        raise Unverifiable("is not the file that the manifest names: its digest is another", field=str(file))
    if part.delta:
        sealed(base_of(generation), part.record["name"])


def entries(table: pl.DataFrame, names: Mapping[int, bytes] = NOBODY) -> Iterator[tuple[bytes, Seen]]:
    """(path, what was seen) of rows that hold CONTENT's columns, with rights and owners where they hold ENTRY's.
    `names`: the paths of all keys of rows that hold none."""
    order = ["key", "kind", "content", "size", "mtime_ns", "tail0", "flags"]
    if "mode" in table.columns:
        order += ["mode", "uid", "gid", "owner", "group", "xattr8", "hlgroup"]
    seen = starmap(Seen, table.select(order).iter_rows())
    if "path" in table.columns:
        return zip(table["path"].to_list(), seen, strict=True)
    return ((names[item.key], item) for item in seen)


def shut(table: pl.DataFrame) -> bool:
    """Whether there is a folder that was not entered."""
    import polars as pl

    unread = table.filter(pl.col("flags") & UNREAD != 0)
    return bool((unread["kind"] == "d").any())


def opaque(table: pl.DataFrame) -> frozenset[bytes]:
    """Folders that were not entered: what lies below them was not looked at."""
    import polars as pl

    return frozenset(table.filter((pl.col("kind") == "d") & (pl.col("flags") & UNREAD != 0))["path"].to_list())


def below(path: bytes, shut: frozenset[bytes]) -> bool:
    """Whether a folder above `path` is one of `shut`."""
    if not shut:
        return False
    at = path.rfind(b"/")
    while at > 0:
        if path[:at] in shut:
            return True
        at = path.rfind(b"/", 0, at)
    return b"" in shut
