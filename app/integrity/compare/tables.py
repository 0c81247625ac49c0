"""The tables of all databases in turn: read from the generations, judged by `rows`, what cannot be compared said."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.integrity.compare.clocks import Given, Order
from app.integrity.compare.rows import Rows, Table, damage, judge_rows
from app.integrity.databases.tables import modes_of

if TYPE_CHECKING:
    import polars as pl

CHUNK = 10_000  # keys of one chunk, where only the newest rows were kept


@dataclass(slots=True)
class TableResult:
    """One table. `rows` is None where rows could not be compared; `notes` say why, and what was not examined."""

    site: str
    database: str
    table: str
    rows: Rows | None
    notes: list[str] = field(default_factory=list)
    lacking: bool = False  # evidence that should be there is not

    @property
    def damage(self) -> int:
        return damage(self.rows.counts) if self.rows else 0

    def lines(self) -> Iterator[dict[str, Any]]:
        """{"site", "table", "pk", "verdict"} of every row of any generation, in the order of keys."""
        if self.rows is not None:
            for pk, verdict in self.rows.judged.iter_rows():
                yield {"site": self.site, "table": self.table, "pk": key(pk), "verdict": verdict}


def key(pk: Any) -> Any:
    """A whole-number key as it is; a key of one text as that text; keys of several columns as JSON."""
    if not isinstance(pk, str):
        return pk
    try:
        parts = json.loads(pk)
    except ValueError:
        return pk
    return parts[0] if isinstance(parts, list) and len(parts) == 1 else pk


def compare_tables(order: Order, site: str | None = None) -> Iterator[TableResult]:
    """Every table of every database of any generation, in order of site, database, table."""
    names: dict[str, str] = {}
    for item in order.given:
        for record in item.generation.dbs:
            names[record["name"]] = record.get("site") or record["name"]
    several = {name for name in names.values() if list(names.values()).count(name) > 1}
    for database in sorted(names, key=lambda name: (names[name], name)):
        if site is None or names[database] == site:
            prefix = f"{database}." if names[database] in several else ""
            yield from _database(order, database, names[database], prefix)


def _database(order: Order, database: str, site: str, prefix: str) -> Iterator[TableResult]:
    held = [(item, record) for item in order.given for record in item.generation.dbs if record["name"] == database]
    tables = sorted({table["name"] for _, record in held for table in record["tables"]}
                    | {unread["table"] for _, record in held for unread in record["unread"]})  # fmt: skip
    closed = [f"{item.generation.id}: {record['unopened']}" for item, record in held if record.get("unopened")]
    if closed and not tables:
        yield TableResult(site, database, "", None, closed, True)
    for name in tables:
        result = TableResult(site, database, prefix + name, None, list(closed))
        states = [state for item, record in held if (state := _state(item, record, name, result)) is not None]
        _judge(order, states, result)
        yield result


@dataclass(frozen=True, slots=True)
class _State:
    given: Given
    mode: str
    chunk_mode: str
    record: Mapping[str, Any]

    def frame(self) -> pl.DataFrame | None:
        import polars as pl

        entry = self.record["rows_file"]
        return None if entry is None else pl.read_parquet(self.given.generation.folder / entry["file"])

    def chunks(self) -> dict[int, str] | None:
        import polars as pl

        entry = self.record["chunks_file"]
        if entry is None:
            return None
        return dict(pl.read_parquet(self.given.generation.folder / entry["file"]).select("chunk", "digest").iter_rows())


def _state(item: Given, record: Mapping[str, Any], name: str, result: TableResult) -> _State | None:
    for unread in record["unread"]:
        if unread["table"] == name:
            result.notes.append(f"{item.generation.id}: not read: {unread['why']}")
            result.lacking = True
            return None
    for table in record["tables"]:
        if table["name"] == name:
            for kind in ("rows_file", "chunks_file"):
                if (entry := table[kind]) and not _sealed(item.generation.folder / entry["file"], entry["sha256"]):
                    result.notes.append(f"{item.generation.id}: its file is not the one that the manifest names")
                    result.lacking = True
                    return None
            return _State(item, *modes_of(record), table)
    return None


def _sealed(file: Path, wanted: str) -> bool:
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest() == wanted
    except OSError:
        return False


def _judge(order: Order, states: list[_State], result: TableResult) -> None:
    """Judges what can be compared with the last state; says what cannot."""
    after = next((state for state in states if state.given is order.given[-1]), None)
    old = [state for state in states if state.given.server == "old"]
    if after is None or not old:
        present = any(record["name"] == result.database for record in order.given[-1].generation.dbs)
        why = "no snapshot of the old server holds it" if after else (
            "the last snapshot does not hold it" if present else "its database was not looked at on the new server"
        )  # fmt: skip
        result.notes.append(why)
        result.lacking = True
        return
    alike = []
    for state in states:
        if state.mode != after.mode:
            result.notes.append(
                f"{state.given.generation.id}: digested in another way ({state.mode}, not {after.mode}), and left aside"
            )
        elif state.record["schema"] != after.record["schema"]:
            result.notes.append(f"{state.given.generation.id}: its columns are others, and its rows left aside")
        else:
            alike.append(state)
    if old[-1] not in alike:
        result.lacking = True
        return
    with_rows = [state for state in alike if state.record["rows_file"] is not None]
    if old[-1] not in with_rows or after not in with_rows:
        _by_chunks([state for state in alike if state.given.server == "old"], after, result)
        return
    frames = []
    low: Any = None
    for state in with_rows:
        frame = state.frame()
        assert frame is not None
        if state.record["kept"] == "newest" and frame.height:
            first: Any = frame["pk"].min()
            low = max(first // CHUNK * CHUNK, first if low is None else low) if low else first // CHUNK * CHUNK
        frames.append(Table(state.given.generation.id, state.given.server, frame))
    if low is not None:
        import polars as pl

        frames = [Table(item.id, item.server, item.rows.filter(pl.col("pk") >= low)) for item in frames]
        result.notes.append(f"rows with a key below {low} were not kept one by one, and are not examined")
        _by_chunks([state for state in alike if state.given.server == "old"], after, result)
    result.rows = judge_rows(frames, order.behind_ns)
    result.notes += result.rows.signals


def _by_chunks(old: list[_State], after: _State, result: TableResult) -> None:
    """What parts of the table as a whole say, where its rows were not kept."""
    alike = [state for state in old if state.chunk_mode == after.chunk_mode]
    for state in old:
        if state not in alike:
            result.notes.append(
                f"{state.given.generation.id}: its parts were digested in another way ({state.chunk_mode}, not "
                f"{after.chunk_mode}), and are left aside"
            )
    if old[-1] not in alike:
        result.lacking = True
        return
    old, now = alike, after.chunks()
    was = [(state, state.chunks()) for state in old]
    if now is None or was[-1][1] is None:
        result.notes.append("its rows were not kept, and it has no whole-number key: nothing can be compared")
        result.lacking = True
        return
    for state, chunks in reversed(was):
        if chunks == now:
            name = state.given.generation.id
            last = state is old[-1]
            result.notes.append(f"equal to the copy of {name}" if last else f"the table is the one of {name}")
            return
    last_chunks = was[-1][1]
    differ = sum(1 for number in {*now, *last_chunks} if now.get(number) != last_chunks.get(number))
    result.notes.append(f"{differ} of {len({*now, *last_chunks})} parts differ; rows were not kept, so not examined")
