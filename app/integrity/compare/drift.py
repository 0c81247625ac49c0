"""Rights, owners, attributes and hard links: beside every verdict, never part of it."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

KINDS = ("mode", "owner", "group", "xattr", "hardlink")
NUMBERS = {"owner": "uid", "group": "gid"}  # of a name, the number that stands for it
COLUMNS = ("mode", "uid", "gid", "owner", "group", "xattr8", "hlgroup")


def drift(both: pl.DataFrame) -> pl.DataFrame:
    """(key, meta) of the paths whose rights, owner and so on are others than before. `both` holds what is in the last
    old and in the judged snapshot, the latter's columns ending in `_now`; a column that is not there never differs."""
    import polars as pl

    def named(name: str) -> pl.Expr:
        """Names decide; where one server had no name for it, numbers do."""
        number = NUMBERS[name]
        nameless = pl.col(name).str.contains(r"^\d+$") | pl.col(f"{name}_now").str.contains(r"^\d+$")
        other = pl.col(name) != pl.col(f"{name}_now")
        return other & ~(nameless & (pl.col(number) == pl.col(f"{number}_now")))

    linked: set[int] = set()
    if "hlgroup" in both.columns:
        linked = _relinked(both.filter((pl.col("hlgroup") != 0) | (pl.col("hlgroup_now") != 0)))
    tests = {
        "mode": (pl.col("mode") != pl.col("mode_now")) & (pl.col("kind") == pl.col("kind_now"))
        & (pl.col("kind") != "l"),
        "owner": named("owner"),
        "group": named("group"),
        "xattr": pl.col("xattr8") != pl.col("xattr8_now"),
        "hardlink": pl.col("key").is_in(pl.Series(sorted(linked), dtype=pl.UInt64).implode()),
    }  # fmt: skip
    of = {"mode": "mode", "owner": "owner", "group": "group", "xattr": "xattr8"}
    tests = {name: test for name, test in tests.items() if (of[name] in both.columns if name in of else linked)}
    if not tests:
        return both.select("key", meta=pl.lit([], dtype=pl.List(pl.String))).clear()
    # first what is another value at all, which is quickly said and mostly nothing
    other = [pl.col(of[name]) != pl.col(f"{of[name]}_now") if name in of else test for name, test in tests.items()]
    some = both.filter(pl.any_horizontal(*other))
    found = some.filter(pl.any_horizontal(*tests.values()))
    return found.select(
        "key",
        meta=pl.concat_list(*(pl.when(test).then(pl.lit(name)) for name, test in tests.items())).list.drop_nulls(),
    )


def _relinked(both: pl.DataFrame) -> set[int]:
    """Keys of files whose names were one file and are no longer, or the other way round."""
    rows = both.select("key", "hlgroup", "hlgroup_now").rows()
    out: set[int] = set()
    for one, other in ((1, 2), (2, 1)):
        groups: dict[int, list[tuple[int, ...]]] = defaultdict(list)
        for row in rows:
            if row[one]:
                groups[row[one]].append(row)
        for members in groups.values():
            if len({row[other] or row[0] for row in members}) > 1:
                out |= {row[0] for row in members}
    return out
