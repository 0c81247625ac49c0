"""Verdicts as lines for a script, as a table for a spreadsheet, as a file to keep."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import quote

from app.integrity.compare.audit import SiteResult
from app.integrity.compare.tables import TableResult

if TYPE_CHECKING:
    import polars as pl

COLUMNS = ("path", "verdict", "conf", "meta", "rule", "why", "generation", "flags", "other")


def shown(path: bytes) -> str:
    """A path in a text: as it is where it is UTF-8, else percent-encoded whole."""
    try:
        return path.decode("utf-8")
    except UnicodeDecodeError:
        return quote(path)


def named(lines: pl.DataFrame, prefix: bytes) -> pl.Series:
    """The paths as they are printed: `client/site/…`."""
    import polars as pl

    try:
        return pl.select(pl.lit(prefix.decode()) + lines["path"].cast(pl.String)).to_series().alias("path")
    except pl.exceptions.ComputeError:
        return pl.Series("path", [shown(prefix + path) for path in lines["path"].to_list()], dtype=pl.String)


def write_jsonl(out: BinaryIO, result: SiteResult, only_findings: bool) -> None:
    """One line for each path: {"path", "verdict", "conf", "meta"}."""
    lines = result.lines(only_findings)
    if lines.height:
        lines.select(named(lines, result.prefix), "verdict", "conf", "meta").write_ndjson(out)


def write_rows_jsonl(out: BinaryIO, result: TableResult, only_findings: bool) -> None:
    for line in result.lines():
        if not only_findings or line["verdict"] != "INTACT":
            out.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")


def write_csv(out: BinaryIO, result: SiteResult, only_findings: bool, ids: list[str], *, head: bool) -> None:
    """The same with the reasons. Cells that a spreadsheet would take for a formula begin with an apostrophe."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    if head:
        writer.writerow(COLUMNS)
    lines = result.lines(only_findings)
    for path, row in zip(named(lines, result.prefix), lines.iter_rows(named=True), strict=True):
        writer.writerow(
            [_cell(path), row["verdict"], row["conf"], " ".join(row["meta"]), row["rule"], row["why"],
             ids[row["generation"]] if row["generation"] >= 0 else "", " ".join(row["flags"]),
             _cell(shown(row["other"])) if row["other"] is not None else ""]
        )  # fmt: skip
    out.write(text.getvalue().encode("utf-8"))


def _cell(text: str) -> str:
    return f"'{text}" if text[:1] in "=+-@\t\r" else text


def to_keep(results: Iterable[tuple[SiteResult, pl.DataFrame]], ids: list[str]) -> pl.DataFrame:
    """All lines of all sites with their reasons, for a Parquet file. Paths are bytes, relative to the site."""
    import polars as pl

    names = pl.Series([*ids, ""], dtype=pl.String)
    parts = [
        lines.select(
            pl.lit(result.client).alias("client"), pl.lit(result.site).alias("site"), "path", "verdict", "conf", "meta",
            "rule", "why",
            *(pl.col(name).replace_strict(list(range(-1, len(ids))), [names[-1], *ids], return_dtype=pl.String)
              for name in ("generation", "last")),
            "flags", "other",
        )
        for result, lines in results
    ]  # fmt: skip
    return pl.concat(parts) if parts else pl.DataFrame()
