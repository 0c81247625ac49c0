"""How the copy treated modification times: measured on files whose content is equal, never asked of anybody."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from app.integrity.compare.values import SECOND

if TYPE_CHECKING:
    import polars as pl

CLEAR = 80  # per cent of the files that must agree
SHORTEST = 60 * SECOND  # a pause in copying, and how far a stretch reaches beyond its files
PAUSE = 20  # times the usual gap between two files: nothing was copied in between
EDGE = 3  # times the mean gap
FEW = 5  # files that a folder needs for a policy of its own


@dataclass(frozen=True, slots=True)
class Policy:
    """`preserve`: times came along. `shift`: all by one amount. `none`: files bear the time of the copy. `unknown`:
    no file to measure on."""

    kind: str
    shift_ns: int = 0
    windows: tuple[tuple[int, int], ...] = ()  # where times did not come along: when copies ran, by the new clock
    measured: int = 0

    @property
    def dated(self) -> bool:
        """A file's time says when it was written."""
        return self.kind in ("preserve", "shift")

    def while_copying(self, ns: int) -> bool:
        """Within the first copy, or before it, or within a later one."""
        return bool(self.windows) and (
            ns <= self.windows[0][1] or any(start <= ns <= end for start, end in self.windows[1:])
        )


UNMEASURED = Policy("unknown")


@dataclass(frozen=True, slots=True)
class Policies:
    """Of one site in one snapshot of the new server, with the folders at its top that differ clearly."""

    site: Policy = UNMEASURED
    folders: dict[bytes, Policy] = field(default_factory=dict)

    def of(self, path: bytes) -> Policy:
        return self.folders.get(path.partition(b"/")[0], self.site) if self.folders else self.site


def measure(equal: pl.DataFrame) -> Policy:
    """The policy of files with equal content: `old` and `new` are their times in nanoseconds."""
    import polars as pl

    count = equal.height
    if count == 0:
        return UNMEASURED
    away = equal.select(old=pl.col("old"), new=pl.col("new"), delta=pl.col("new") - pl.col("old"))
    if _near(away, 0) * 100 >= CLEAR * count:
        return Policy("preserve", measured=count)
    common = away.select((pl.col("delta") / SECOND).round().cast(pl.Int64).mode().sort().first()).item()
    shift = int(common) * SECOND
    if abs(shift) > SECOND and _near(away, shift) * 100 >= CLEAR * count and _spread(away, shift):
        return Policy("shift", shift_ns=shift, measured=count)
    return Policy("none", windows=windows(away), measured=count)


def _near(away: pl.DataFrame, shift: int) -> int:
    import polars as pl

    return int(away.select(((pl.col("delta") - shift).abs() <= SECOND).sum()).item())


def _spread(away: pl.DataFrame, shift: int) -> bool:
    """Files of one age copied in one moment are all away by one amount too: that is a copy, no shift."""
    import polars as pl

    near = away.filter((pl.col("delta") - shift).abs() <= SECOND)
    low, high = near.select(pl.col("old").min(), pl.col("old").max().alias("high")).row(0)
    return int(high) - int(low) > 2 * SECOND


def windows(away: pl.DataFrame) -> tuple[tuple[int, int], ...]:
    """When files were copied: stretches of times without a pause; all up to the one with the middle file is the first.

    One file that somebody touched later makes a stretch of its own, of two minutes, and no copy ever longer."""
    import polars as pl

    times = away.filter(pl.col("delta").abs() > SECOND)["new"].sort()
    if times.len() == 0:
        times = away["new"].sort()
    gaps = times.diff().drop_nulls()
    usual = int(gaps.median() or 0)  # type: ignore[arg-type]
    pause = max(SHORTEST, PAUSE * usual)
    breaks = [0, *((gaps > pause).arg_true() + 1).to_list(), times.len()]
    stretches = [(int(times[low]), int(times[high - 1]), high - low) for low, high in pairwise(breaks)]
    margin = [max(SHORTEST, EDGE * (end - start) // max(count - 1, 1)) for start, end, count in stretches]
    wide = [(start - more, end + more) for (start, end, _), more in zip(stretches, margin, strict=True)]
    middle = int(times[times.len() // 2])
    first = next(place for place, (_, end, _) in enumerate(stretches) if middle <= end)
    return ((wide[0][0], wide[first][1]), *wide[first + 1 :])


def by_folder(equal: pl.DataFrame, site: Policy) -> dict[bytes, Policy]:
    """Folders at the top that were copied in another way than the site. `equal` has their names in `top`."""
    import polars as pl

    out: dict[bytes, Policy] = {}
    for (top,), part in equal.filter(pl.col("top").is_not_null()).partition_by("top", as_dict=True).items():
        if part.height < FEW or not isinstance(top, bytes):
            continue
        own = measure(part)
        kept = int(part.select(((pl.col("new") - pl.col("old")).abs() <= SECOND).sum()).item())
        clear = own.dated or kept * 100 <= (100 - CLEAR) * part.height
        if clear and (own.kind, own.shift_ns) != (site.kind, site.shift_ns):
            out[top] = own
    return out
