"""A site that was renamed in between, read under its new name: the same paths under the same keys.

Keys are made of the site's name and the path, so those of the old name are made anew. The files are those the manifest
names, and are checked under the name they were read with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from app.errors import BadInput, NotFound
from app.integrity.agent import leaves
from app.integrity.compare.clocks import Given

if TYPE_CHECKING:
    import polars as pl

EXAMPLE = "--renamed shop.example=www.shop.example"


def names_of(texts: Sequence[str]) -> dict[str, str]:
    """`OLD=NEW` each. Raises BadInput."""
    out: dict[str, str] = {}
    for text in texts:
        old, mark, new = text.partition("=")
        if not mark or not old or not new or old == new:
            raise BadInput(f"{text[:80]!r} is no OLD=NEW", field="--renamed", example=EXAMPLE)
        if old in out or new in out.values():
            raise BadInput(f"{text[:80]!r} names a site for the second time", field="--renamed", example=EXAMPLE)
        out[old] = new
    return out


def renamed(given: Sequence[Given], names: Mapping[str, str]) -> list[Given]:
    """The generations with these sites under their new names. Raises NotFound for a name that none of them has, and
    BadInput where one of them has both."""
    held = [{part.name for part in item.generation.sites} for item in given]
    for old, new in names.items():
        if not any(old in here for here in held):
            raise NotFound(f"no generation has a site {old!r}", field="--renamed", example=EXAMPLE)
        for item, here in zip(given, held, strict=True):
            if old in here and new in here:
                raise BadInput(
                    f"{item.generation.id} has both {old!r} and {new!r}: they are two sites", field="--renamed"
                )
    return [_under(item, names) for item in given]


def _under(item: Given, names: Mapping[str, str]) -> Given:
    generation = item.generation
    sites = tuple(replace(part, name=names.get(part.name, part.name)) for part in generation.sites)
    databases = tuple(record | {"site": names.get(record["site"], record["site"])} for record in generation.dbs)
    return replace(item, generation=replace(generation, sites=sites, dbs=databases))


def rekeyed(table: pl.DataFrame, paths: pl.DataFrame, site: str) -> pl.DataFrame:
    """`table` with keys for `site`; `paths` holds every old key with its path. The order of rows is kept."""
    import polars as pl

    key_of = leaves.key(site)
    new = pl.DataFrame(
        {"key": paths["key"], "key_now": [key_of(path) for path in paths["path"]]},
        schema={"key": pl.UInt64, "key_now": pl.UInt64},
    )
    out = table.join(new, on="key", how="left", maintain_order="left").drop("key").rename({"key_now": "key"})
    if "hlgroup" in table.columns:
        groups = new.rename({"key": "hlgroup", "key_now": "group_now"})
        kind = table.schema["hlgroup"]
        out = out.join(groups.cast({"hlgroup": kind}), on="hlgroup", how="left", maintain_order="left")
        out = out.with_columns(hlgroup=pl.coalesce(pl.col("group_now").cast(kind), pl.col("hlgroup"))).drop("group_now")
    return out
