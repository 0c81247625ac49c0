"""The rows of one table: the same thought as for files, over digests by primary key.

A generation keeps a table as `pk`, `digest` (of the whole row), and where the table has them `updated_at` (when the
row says it was last written) and `fixed` (a digest of the columns that never change in a row's life: created_at,
registered, post_date …). A table without a primary key has no `pk`: only counts of lost and added rows can be told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from app.integrity.compare.values import Verdict

if TYPE_CHECKING:
    import polars as pl


SMALLEST_TIME = 10**8  # below, a number that says when a row was written counts versions and is no time
MICROSECONDS = 10**6


class Row(NamedTuple):
    """One row in one generation."""

    digest: object
    updated_at: Any = None
    fixed: object = None


@dataclass(frozen=True, slots=True)
class Table:
    """What one generation holds of a table; generations come in order of time, the judged one last."""

    id: str
    server: str  # old | new
    rows: pl.DataFrame


@dataclass(slots=True)
class Rows:
    """What came out for a table. `judged` has pk and verdict; without a primary key only the counts are there."""

    judged: pl.DataFrame
    counts: dict[str, int] = field(default_factory=dict)
    signals: list[str] = field(default_factory=list)
    keyed: bool = True


def judge_row(looks: Sequence[tuple[str, Row | None]], behind_ns: int = 0) -> Verdict:
    """The verdict on one primary key. `looks` is (server, row or None) in order of time, the judged one last;
    `behind_ns` is how far the new server's clock may be behind the old one's."""
    old = [row for server, row in looks if server == "old"]
    seen = [row for row in old if row is not None]
    before = old[-1] if old else None
    worked: Verdict | None = None  # by which `before` was left on the new server
    last: tuple[Row, Verdict] | None = None
    verdict = Verdict.INTACT
    for server, now in looks:
        if server != "new":
            continue
        if now is None:
            verdict = Verdict.INTACT if before is None else Verdict.LOST
            continue
        if last is not None and last[0].digest == now.digest:
            verdict = last[1]
        elif before is not None and before.digest == now.digest:
            verdict = worked or Verdict.INTACT
        else:
            verdict = _other(now, before, seen, behind_ns)
        last = (now, verdict)
        if verdict in (Verdict.CHANGED, Verdict.NEW):
            before, worked = now, verdict
        seen.append(now)
    return verdict


def _other(now: Row, before: Row | None, seen: Sequence[Row], behind_ns: int) -> Verdict:
    known = any(row.digest == now.digest for row in seen)
    if before is None:
        return Verdict.RESURRECTED if known else Verdict.NEW
    if known:
        return Verdict.REVERTED
    if now.fixed is not None and before.fixed is not None and now.fixed != before.fixed:
        return Verdict.ID_REUSED
    if _older(now.updated_at, before.updated_at, behind_ns):
        return Verdict.REVERTED  # a state between two snapshots: older than the last by its own word
    return Verdict.CHANGED


def _older(now: int | None, before: int | None, behind_ns: int) -> bool:
    """Whether a row says that it was written before another, by either server's clock."""
    if now is None or before is None:
        return False
    return now + behind_ns * _a_second(before) // 10**9 < before


def _a_second(value: int) -> int:
    """How much of a number that says when a row was written a second is: seconds, milliseconds, microseconds; 0 of a
    version that only counts."""
    return 0 if value < SMALLEST_TIME else 1 if value < 10**11 else 1000 if value < 10**14 else MICROSECONDS


def judge_rows(tables: Sequence[Table], behind_ns: int = 0) -> Rows:
    """All rows of one table. The last of `tables` is judged; at least one is of the old server."""
    import polars as pl

    old, after = [item for item in tables if item.server == "old"], tables[-1]
    if any("pk" not in item.rows.columns for item in tables):
        return _without_key(old[-1], after)
    base = old[-1]
    was, now = base.rows.select("pk", "digest"), after.rows.select("pk", "digest")
    plain = was.join(now, on=["pk", "digest"], how="inner").select("pk")
    for other in tables[:-1]:
        if other.server == "new":
            moved_on = was.join(other.rows.select("pk", now="digest"), on="pk", how="inner").filter(
                pl.col("digest") != pl.col("now")
            )
            plain = plain.join(moved_on.select("pk"), on="pk", how="anti")
    ever = pl.concat([item.rows.select("pk") for item in tables]).unique()
    rest = ever.join(plain, on="pk", how="anti")
    looks: dict[Any, list[tuple[str, Row | None]]] = {
        pk: [(item.server, None) for item in tables] for pk in rest["pk"].to_list()
    }
    for number, item in enumerate(tables):
        names = ["pk", "digest", *(name for name in ("updated_at", "fixed") if name in item.rows.columns)]
        for values in item.rows.select(names).join(rest, on="pk", how="semi").iter_rows(named=True):
            row = Row(values["digest"], values.get("updated_at"), values.get("fixed"))
            looks[values["pk"]][number] = (item.server, row)
    verdicts = [(pk, judge_row(states, behind_ns).value) for pk, states in looks.items()]
    judged = pl.DataFrame(verdicts, schema={"pk": ever.schema["pk"], "verdict": pl.String()}, orient="row")
    judged = pl.concat([plain.with_columns(verdict=pl.lit(Verdict.INTACT.value)), judged]).sort("pk")
    counts = dict(judged.group_by("verdict").len().sort("verdict").rows())
    return Rows(judged, counts, signals(old, after, behind_ns))


def _without_key(base: Table, after: Table) -> Rows:
    import polars as pl

    def counted(item: Table) -> pl.DataFrame:
        return item.rows.group_by("digest").len()

    pair = counted(base).join(counted(after), on="digest", how="full", coalesce=True, suffix="_now").fill_null(0)
    away = pl.col("len_now").cast(pl.Int64) - pl.col("len").cast(pl.Int64)
    lost, added = pair.select((-away).clip(0).sum(), away.clip(0).sum().alias("added")).row(0)
    counts = {"INTACT": base.rows.height - lost, "LOST": lost, "NEW": added}
    words = ["it has no primary key: rows can be counted, never told apart"]
    return Rows(pl.DataFrame(schema={"pk": pl.Int64(), "verdict": pl.String()}), counts, words, keyed=False)


def signals(old: Sequence[Table], after: Table, behind_ns: int = 0) -> list[str]:
    """What the table says as a whole."""
    import polars as pl

    out = []
    was, now = old[-1].rows, after.rows
    for item in reversed(old[:-1]):
        if item.rows.height and same(item.rows, now) and not same(was, now):
            out.append(f"the table is the one of {item.id}")
            break
    if now.height < was.height:
        out.append(f"{was.height - now.height} rows fewer than in {old[-1].id}")
    if was.height and now.height and was.schema["pk"].is_numeric():
        highest, reached = was["pk"].max(), now["pk"].max()
        if reached < highest:  # type: ignore[operator]
            out.append(f"the highest key is {reached!s} and was {highest!s}")
    if "updated_at" in was.columns and "updated_at" in now.columns:
        newest = was.select(pl.col("updated_at").max()).item(), now.select(pl.col("updated_at").max()).item()
        if _older(newest[1], newest[0], behind_ns):
            out.append("the newest row is older than before")
    return out


def same(one: pl.DataFrame, other: pl.DataFrame) -> bool:
    if one.height != other.height:
        return False
    names = ["pk", "digest"]
    return one.select(names).join(other.select(names), on=names, how="inner").height == one.height


def damage(counts: Mapping[str, int]) -> int:
    """Rows that are lost, old, or hidden under another."""
    bad = (Verdict.LOST, Verdict.REVERTED, Verdict.RESURRECTED, Verdict.ID_REUSED)
    return sum(counts.get(verdict.value, 0) for verdict in bad)
