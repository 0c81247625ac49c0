"""What nobody can have seen, and what stands still though it never did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

from app.integrity.compare.rules import Frame
from app.integrity.compare.task import Task

if TYPE_CHECKING:
    import polars as pl

SURE = 4605  # thousandths: −ln of one in a hundred


@dataclass(frozen=True, slots=True)
class Window:
    """From the last look at the old server to the first one after it at the new: what was written between and lost
    shows nowhere. `expected` is None where the site's pace is not known."""

    start_ns: int
    end_ns: int
    expected: Fraction | None
    low: int
    high: int


def window(task: Task, frame: Frame, states: Mapping[int, pl.DataFrame]) -> Window | None:
    """The blind window of one site, by the old server's clock as far as the clocks are known."""
    last = frame.base.start_ns
    later = [snap.start_ns - (frame.offset_ns or 0) for snap in frame.new]
    first = next((moment for moment in later if moment > last), None)
    if first is None:
        return None
    old = task.old
    span = old[-1].snap.start_ns - old[0].snap.start_ns
    if len(old) < 2 or span <= 0:
        return Window(last, first, None, 0, 0)
    updates = sum(_updates(states[one.snap.number], states[other.snap.number]) for one, other in pairwise(old))
    expected = Fraction(updates * (first - last), span)
    low, high = poisson(expected)
    return Window(last, first, expected, low, high)


def _updates(one: pl.DataFrame, other: pl.DataFrame) -> int:
    """How many files were written, made or removed between two states."""
    import polars as pl

    a = one.filter((pl.col("kind") == "f") & (pl.col("flags") & 16 == 0)).select("key", "content")
    b = other.filter((pl.col("kind") == "f") & (pl.col("flags") & 16 == 0)).select("key", "content")
    if a["key"].equals(b["key"]):  # nothing came and nothing went: they stand side by side already
        return int(a["content"].ne_missing(b["content"]).sum())
    pair = a.join(b, on="key", how="inner", suffix="_later")
    differ = pair.filter(pl.col("content").ne_missing(pl.col("content_later"))).height
    return differ + (a.height - pair.height) + (b.height - pair.height)


def poisson(expected: Fraction) -> tuple[int, int]:
    """The counts that bound 95 in 100 cases of a Poisson law with this mean."""
    mean = Decimal(expected.numerator) / Decimal(expected.denominator)
    if mean == 0:
        return 0, 0
    if mean > 1000:  # the normal law is as good, and does not count up from nothing
        half = (mean.sqrt() * Decimal("1.96")).to_integral_value()
        return int(mean - half), int(mean + half) + 1
    term = (-mean).exp()
    total, count, low = term, 0, 0 if term > Decimal("0.025") else -1
    while total < Decimal("0.975"):
        count += 1
        term = term * mean / count
        total += term
        if low < 0 and total > Decimal("0.025"):
            low = count
    return max(low, 0), count


def frozen(task: Task, plain: pl.DataFrame, states: Mapping[int, pl.DataFrame]) -> int:
    """How many files stand still since the last old state that had always been written: chance below one in 100."""
    import polars as pl

    old = task.old
    span = old[-1].snap.start_ns - old[0].snap.start_ns
    still = task.new[-1].snap.start_ns - (task.offset_ns or 0) - old[-1].snap.start_ns
    if len(old) < 2 or span <= 0 or (len(old) - 1) * still * 1000 <= SURE * span:
        return 0
    changes = [plain.select("key").clear()]
    for one, other in pairwise(old):
        pair = states[one.snap.number].select("key", "content").join(
            states[other.snap.number].select("key", "content"), on="key", how="inner", suffix="_later"
        )  # fmt: skip
        changes.append(pair.filter(pl.col("content").ne_missing(pl.col("content_later"))).select("key"))
    counts = pl.concat(changes).join(plain.select("key"), on="key", how="semi").group_by("key").len()
    return counts.filter(pl.col("len") * still * 1000 > SURE * span).height
