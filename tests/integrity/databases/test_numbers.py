"""Numbers that a database gave away and no row has."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from app.integrity.databases.numbers import looked_through
from tests.integrity.compare.test_command import kept


def shop(file: Path, ids: list[int], next_id: int | None = None) -> str:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY AUTOINCREMENT, created_at TEXT, number TEXT)")
        rows = [(one, f"2025-06-{1 + one % 28:02d} 08:00:00", f"NG-{one}") for one in ids]
        connection.executemany("INSERT INTO orders VALUES (?, ?, ?)", rows)
        if next_id is not None:
            connection.execute("UPDATE sqlite_sequence SET seq = ?", (next_id - 1,))
        connection.commit()
    return f"sqlite:///{file}"


def test_keys_that_leap_are_told_with_both_sides(tmp_path: Path) -> None:
    """24,000 numbers were given to orders that are gone; here and there one was deleted, as everywhere."""
    ids = [one for one in range(1, 400) if one % 9] + list(range(24_400, 24_500))
    found = looked_through(shop(tmp_path / "a.sqlite", ids, next_id=24_530))
    assert [(leap.missing, leap.after, leap.before) for leap in found.leaps] == [
        (24_000, 399, 24_400),
        (30, 24_499, None),
    ]
    assert found.leaps[0].line() == (
        "orders: 24000 numbers are in no row, between 399 (2025-06-08 08:00:00) and 24400 (2025-06-13 08:00:00): "
        "consistent with rows that are gone; also explained by rows that were deleted, or a counter that was raised"
    )
    assert "from 24500 to 24529 at the end, after 24499" in found.leaps[1].line()


@pytest.mark.parametrize(
    "ids",
    [
        [*range(1, 19), 900],  # too few rows to say what is usual
        list(range(1, 30_000, 300)),  # far apart throughout
        [*range(1, 200), *range(215, 400)],  # fifteen lack
        [],
    ],
)
def test_usual_gaps_are_no_leaps(tmp_path: Path, ids: list[int]) -> None:
    found = looked_through(shop(tmp_path / "a.sqlite", ids))
    assert (found.leaps, found.tables, found.damaged) == ([], 1, False)


def test_numbers_that_others_know(tmp_path: Path) -> None:
    address = shop(tmp_path / "a.sqlite", list(range(1, 40)))
    site, list_ = tmp_path / "site", tmp_path / "payments.txt"
    site.mkdir()
    list_.write_text("# payments of June\nNG-7\n\nNG-39\nNG-40\nNG-41\nNG-7\n")
    words = ("audit", "inspect", site, "--db", address)
    said = kept(*words, "--known", list_, "--in", "orders.number")
    assert said.code == 3
    assert said.out.splitlines()[-4:] == [
        "NG-40: known elsewhere, and in no row of orders.number",
        "NG-41: known elsewhere, and in no row of orders.number",
        "keys of 1 tables looked through, 0 leaps",
        "4 numbers known elsewhere looked for, 2 in no row",
    ]
    list_.write_text("7\n39\n")
    told = json.loads(kept(*words, "--known", list_, "--in", "orders.id", "--json").out)["numbers"]
    assert (told["known"], told["lacking"], told["leaps"]) == (2, [], [])


@pytest.mark.parametrize("column", ["gone.id", "orders.gone"])
def test_what_is_not_there_was_not_looked_for(tmp_path: Path, column: str) -> None:
    """Never "0 in no row" where nobody looked."""
    found = looked_through(shop(tmp_path / "a.sqlite", [1]), ["1"], column)
    assert (found.known, len(found.unlooked)) == (None, 1)
    assert "in no row" not in "\n".join(found.lines())


def test_bad_input_is_refused_by_name(tmp_path: Path) -> None:
    list_ = tmp_path / "list"
    list_.write_bytes(b"\xff\xfe")
    for more, named in (
        (("--known", list_), "--known"),
        (("--in", "orders.id"), "--known"),
        (("--known", list_, "--in", "orders", "--db", "sqlite:///a"), "--in"),
        (("--known", list_, "--in", "orders.id", "--db", "sqlite:///a"), "--known"),
        (("--known", tmp_path / "gone", "--in", "orders.id", "--db", "sqlite:///a"), "--known"),
    ):
        said = kept("audit", "inspect", tmp_path, *more)
        assert (said.code, named in said.error) == (2, True), said.error
