"""Rows of databases, and the tables they stand in."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from app.integrity.compare.clocks import Given, order
from app.integrity.compare.rows import Row, Table, damage, judge_row, judge_rows
from app.integrity.compare.tables import compare_tables, key
from app.integrity.databases.snapshot import _written
from app.integrity.format import Clock, read_generation
from tests.integrity import generator_rows
from tests.integrity.generator import T0, TIMES, manifest

A, B, C = Row(1, 10, 7), Row(2, 20, 7), Row(3, 30, 7)
OTHER = Row(9, 99, 8)  # another `fixed`: another row under the same key


@pytest.mark.parametrize(
    ("old", "new", "verdict"),
    [
        ([A, A], [A], "INTACT"),
        ([A, B], [None], "LOST"),
        ([A, B], [A], "REVERTED"),
        ([A, None], [A], "RESURRECTED"),
        ([None, None], [A], "NEW"),
        ([A, None], [OTHER], "NEW"),
        ([A, B], [OTHER], "ID_REUSED"),
        ([A, B], [Row(5, 50, 7)], "CHANGED"),
        ([A, C], [Row(5, 25, 7)], "REVERTED"),  # a state no snapshot saw, older by its own word
        ([A, B], [Row(5)], "CHANGED"),  # no such columns: nothing more can be said
        ([None, None], [A, None], "LOST"),
        ([A, A], [B, B], "CHANGED"),
        ([A, A], [B, A], "REVERTED"),  # work on the new server undone
        ([A, B], [A, B], "INTACT"),
        ([A, B], [OTHER, OTHER], "ID_REUSED"),
        ([A, None], [None], "INTACT"),
    ],
)
def test_each_rule_of_rows(old: list[Row | None], new: list[Row | None], verdict: str) -> None:
    assert judge_row([("old", row) for row in old] + [("new", row) for row in new]) == verdict


@pytest.mark.parametrize("a_second", [1, 1000, 1_000_000])
def test_a_row_written_by_a_clock_that_was_behind_is_no_older_copy(a_second: int) -> None:
    """Dated an hour before the last state by a clock that was 90 minutes behind: written after it. Three hours are more
    than the clock explains."""
    then, hour, behind = 1_751_000_000 * a_second, 3600 * a_second, 5402 * 10**9
    last = ("old", Row(1, then, 7))
    assert judge_row([last, ("new", Row(2, then - hour, 7))], behind) == "CHANGED"
    assert judge_row([last, ("new", Row(2, then - 3 * hour, 7))], behind) == "REVERTED"
    assert judge_row([last, ("new", Row(2, then - hour, 7))]) == "REVERTED"


def test_columns_and_rows_agree_over_many_fates() -> None:
    """The fast way over columns and the way row by row; and both with what was meant to be."""
    for seed in range(4):
        tables, truth = generator_rows.tables(seed, rows=600)
        found = judge_rows(tables)
        said = dict(found.judged.iter_rows())
        assert set(said) == set(truth)
        assert said == truth
        assert damage(found.counts) == sum(1 for verdict in truth.values() if verdict in
                                           ("LOST", "REVERTED", "RESURRECTED", "ID_REUSED"))  # fmt: skip


def frame(**rows: int) -> pl.DataFrame:
    return pl.DataFrame(list(rows.items()), schema={"pk": pl.String, "digest": pl.UInt64}, orient="row")


def test_a_table_as_a_whole_says_more() -> None:
    g0, g1 = frame(a=1, b=1, c=1), frame(a=1, b=2, c=2, d=2)
    found = judge_rows([Table("g0", "old", g0), Table("g1", "old", g1), Table("a", "new", g0)])
    assert found.counts == {"INTACT": 1, "LOST": 1, "REVERTED": 2}
    assert found.signals == ["the table is the one of g0", "1 rows fewer than in g1"]


def test_without_a_key_rows_are_counted_and_never_called_old() -> None:
    def bag(*digests: int) -> pl.DataFrame:
        return pl.DataFrame({"digest": digests}, schema={"digest": pl.UInt64})

    found = judge_rows([Table("g", "old", bag(1, 1, 2)), Table("a", "new", bag(1, 3))])
    assert (found.keyed, found.counts) == (False, {"INTACT": 1, "LOST": 2, "NEW": 1})
    assert found.judged.height == 0


def test_keys_are_printed_as_they_are() -> None:
    assert [key(7), key('["ab"]'), key('["ab","c"]')] == [7, "ab", '["ab","c"]']


def generations(tmp_path: Path, *states: tuple[str, pl.DataFrame | None, dict[str, Any]]) -> list[Given]:
    given = []
    for name, rows, more in states:
        place = tmp_path / name
        (place / "sites").mkdir(parents=True)
        server = "new" if name in ("h20", "a") else "old"
        record = manifest(name, "post" if name == "a" else "pre", server, T0 + TIMES[name],
                          {"offset_ns": 0, "uncertainty_ns": 0, "source": ""}, [])  # fmt: skip
        table = {"name": "orders", "schema": "s", "key": ["id"], "kept": "rows", "rows_file": None, "chunks_file": None}
        if rows is not None:
            table["rows_file"] = _written(place, Path("db/shop/orders.parquet"), rows)
        base = {"name": "shop", "site": "shop.example", "mode": "m", "unread": [], "unopened": None, "tables": [table]}
        record["dbs"] = [base | more]
        (place / "manifest.json").write_text(json.dumps(record))
        generation = read_generation(place)
        given.append(Given(generation, server, "after" if name == "a" else "pre", Clock(0, 0, "")))
    return given


def test_tables_are_read_from_the_generations(tmp_path: Path) -> None:
    given = generations(tmp_path, ("g1", frame(a=1, b=1), {}), ("g2", frame(a=1, b=2), {}), ("a", frame(a=1, b=1), {}))
    (found,) = compare_tables(order(given))
    assert list(found.lines()) == [
        {"site": "shop.example", "table": "orders", "pk": "a", "verdict": "INTACT"},
        {"site": "shop.example", "table": "orders", "pk": "b", "verdict": "REVERTED"},
    ]
    assert found.notes == ["the table is the one of g1"]


@pytest.mark.parametrize(
    ("after", "words"),
    [
        ({"mode": "other"}, "g2: digested in another way (m, not other), and left aside"),
        ({"tables": []}, "the last snapshot does not hold it"),
        ({"tables": [], "unread": [{"table": "orders", "why": "it went away"}]}, "a: not read: it went away"),
        ({"tables": [], "unopened": "refused"}, "a: refused"),
    ],
)
def test_what_cannot_be_compared_is_said_and_nothing_is_lost(tmp_path: Path, after: dict[str, Any], words: str) -> None:
    given = generations(tmp_path, ("g2", frame(a=1), {}), ("a", frame(), after))
    (found,) = compare_tables(order(given))
    assert words in found.notes
    assert (found.rows, found.lacking, list(found.lines())) == (None, True, [])


def test_parts_digested_in_another_way_are_never_called_other_data(tmp_path: Path) -> None:
    """Where rows were not kept, parts are compared; those of an older algorithm are not."""
    given = generations(tmp_path, ("g2", None, {}), ("a", None, {"chunk_mode": "m-2"}))
    (found,) = compare_tables(order(given))
    assert found.notes == ["g2: its parts were digested in another way (m, not m-2), and are left aside"]
    assert found.lacking


def test_a_damaged_file_of_rows_is_no_evidence(tmp_path: Path) -> None:
    given = generations(tmp_path, ("g2", frame(a=1), {}), ("a", frame(a=1), {}))
    file = tmp_path / "a" / "db/shop/orders.parquet"
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    (found,) = compare_tables(order(given))
    assert found.lacking
    assert "its file is not the one that the manifest names" in found.notes[0]


def test_where_only_the_newest_rows_were_kept_older_ones_are_not_called_lost(tmp_path: Path) -> None:
    def kept(first: int, last: int) -> pl.DataFrame:
        return pl.DataFrame({"pk": range(first, last), "digest": range(first, last)},
                            schema={"pk": pl.Int64, "digest": pl.UInt64})  # fmt: skip

    given = generations(tmp_path, ("g2", kept(0, 60_000), {}), ("a", kept(50_000, 61_000), {}))
    given[1].generation.dbs[0]["tables"][0]["kept"] = "newest"
    (found,) = compare_tables(order(given))
    assert found.rows is not None
    assert found.rows.counts == {"INTACT": 10_000, "NEW": 1_000}
    assert "rows with a key below 50000 were not kept one by one, and are not examined" in found.notes


def test_seeds_of_the_generator_differ() -> None:
    assert generator_rows.tables(1)[1] != generator_rows.tables(2)[1]


def test_rows_of_a_real_database_from_snapshot_to_verdict(tmp_path: Path) -> None:
    from app.integrity.databases.snapshot import Database, take

    file = tmp_path / "shop.sqlite3"
    days = range(1, 7)
    first = "CREATE TABLE orders (id INTEGER PRIMARY KEY, state TEXT, created_at TEXT, updated_at TEXT)"
    states = {
        "g1": [first, *(f"INSERT INTO orders VALUES ({n}, 'open', '2025-05-0{n}', '2025-05-0{n}')" for n in days)],
        "g2": ["UPDATE orders SET state = 'paid', updated_at = '2025-06-01' WHERE id IN (2, 3)",
               "DELETE FROM orders WHERE id = 6"],
        "a": ["UPDATE orders SET state = 'open', updated_at = '2025-05-02' WHERE id = 2",
              "UPDATE orders SET state = 'sent', updated_at = '2025-06-16' WHERE id = 3",
              "DELETE FROM orders WHERE id = 4",
              "UPDATE orders SET created_at = '2025-06-16', updated_at = '2025-06-16' WHERE id = 5",
              "INSERT INTO orders VALUES (6, 'open', '2025-05-06', '2025-05-06')",
              "INSERT INTO orders VALUES (7, 'open', '2025-06-16', '2025-06-16')"],
    }  # fmt: skip
    given = generations(tmp_path, *((name, None, {}) for name in states))
    for item, (name, statements) in zip(given, states.items(), strict=True):
        with closing(sqlite3.connect(file)) as connection:
            for statement in statements:
                connection.execute(statement)
            connection.commit()
        shop = Database("shop", f"sqlite:///{file}", "shop.example", "C-1")
        records = take(tmp_path / name, [shop], clock=lambda: T0)
        manifest_file = tmp_path / name / "manifest.json"
        manifest_file.write_text(json.dumps(json.loads(manifest_file.read_text()) | {"dbs": records}))
        assert item.generation.folder == tmp_path / name
    read = [Given(read_generation(item.generation.folder), item.server, item.role, item.clock) for item in given]
    (found,) = compare_tables(order(read))
    assert {line["pk"]: line["verdict"] for line in found.lines()} == {
        1: "INTACT", 2: "REVERTED", 3: "CHANGED", 4: "LOST", 5: "ID_REUSED", 6: "RESURRECTED", 7: "NEW",
    }  # fmt: skip
