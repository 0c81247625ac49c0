"""Snapshots of real databases: SQLite files, a PostgreSQL and a MariaDB server started for these tests."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa

from app.errors import BadInput
from app.integrity.compare.rows import Table as Generation
from app.integrity.compare.rows import judge_rows
from app.integrity.databases.listed import apart, named
from app.integrity.databases.numbers import looked_through
from app.integrity.databases.snapshot import Database, take
from app.integrity.databases.tables import family, normal
from tests import mariadb, postgres
from tests.running import kept

HOSTILE = "o'dd \"na:me\" 100% `x`"


@pytest.fixture(scope="module")
def maria() -> Iterator[mariadb.Server]:
    with mariadb.server() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgres", "mariadb"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'shop.sqlite3'}"
    elif request.param == "mariadb":
        with request.getfixturevalue("maria").database() as made:
            yield made
    else:
        server: postgres.Server = request.getfixturevalue("postgres_server")
        with server.clone() as made:
            engine = sa.create_engine(made)
            with engine.begin() as connection:
                connection.exec_driver_sql("DROP SCHEMA public CASCADE")
                connection.exec_driver_sql("CREATE SCHEMA public")
            engine.dispose()
            yield made


def tables() -> dict[str, sa.Table]:
    meta = sa.MetaData()
    orders = sa.Table(
        "orders", meta,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("state", sa.String(40)),
        sa.Column("note", sa.Text),
        sa.Column("paid", sa.Numeric(10, 2)),
        sa.Column("weight", sa.Double),
        sa.Column("scan", sa.LargeBinary),
        sa.Column("created_at", sa.DateTime),
        sa.Column("updated_at", sa.DateTime),
    )  # fmt: skip
    tags = sa.Table("tags", meta, sa.Column("order_id", sa.Integer, primary_key=True),
                    sa.Column("tag", sa.String(40), primary_key=True), sa.Column("by", sa.String(40)))  # fmt: skip
    log = sa.Table("log", meta, sa.Column("line", sa.String(40)))
    odd = sa.Table(HOSTILE, meta, sa.Column("id", sa.Integer, primary_key=True), sa.Column("a:b %s \"'", sa.String(9)))
    return {"orders": orders, "tags": tags, "log": log, "odd": odd}


T = tables()


def day(number: int) -> Any:
    from datetime import datetime

    return datetime(2025, 6, number, 12, 30, 5)  # noqa: DTZ001  as a database without zones keeps it


def order(number: int, **other: Any) -> dict[str, Any]:
    usual = {"id": number, "state": "open", "note": None, "paid": "12.50", "weight": 0.1, "scan": b"\x00\xff:",
             "created_at": day(1), "updated_at": day(2)}  # fmt: skip
    return usual | other


@pytest.fixture
def engine(url: str) -> Iterator[sa.Engine]:
    made = sa.create_engine(url)
    T["orders"].metadata.create_all(made)
    with made.begin() as connection:
        connection.execute(T["orders"].insert(), [order(n) for n in (1, 2, 3, 25_000, 40_000)])
        connection.execute(T["tags"].insert(), [{"order_id": 1, "tag": "a'b", "by": "x"},
                                                {"order_id": 1, "tag": "ü,\"", "by": None}])  # fmt: skip
        connection.execute(T["log"].insert(), [{"line": "one"}, {"line": "one"}, {"line": "two"}])
        connection.execute(T["odd"].insert(), [{"id": 7, "a:b %s \"'": "%d"}])
    yield made
    made.dispose()


def snap(out: Path, url: str, **more: Any) -> dict[str, Any]:
    (record,) = take(out, [Database("shop", url, "shop.example", "C-017")], clock=time.time_ns, **more)
    json.dumps(record)
    return record


def table(record: dict[str, Any], name: str = "orders") -> dict[str, Any]:
    return next(item for item in record["tables"] if item["name"] == name)


def rows(out: Path, record: dict[str, Any], name: str = "orders") -> pl.DataFrame:
    return pl.read_parquet(out / table(record, name)["rows_file"]["file"])


def judged(tmp_path: Path, *records: tuple[str, dict[str, Any]], name: str = "orders") -> dict[Any, str]:
    found = judge_rows([Generation(folder, "old" if place + 1 < len(records) else "new",
                                   rows(tmp_path / folder, record, name))
                        for place, (folder, record) in enumerate(records)])  # fmt: skip
    return dict(found.judged.iter_rows())


def test_every_table_is_read_whatever_it_is_called(engine: sa.Engine, url: str, tmp_path: Path) -> None:
    record = snap(tmp_path / "a", url)
    assert record["unopened"] is None
    assert record["unread"] == []
    assert [item["name"] for item in record["tables"]] == sorted(["log", HOSTILE, "orders", "tags"])
    assert {item["name"]: item["rows"] for item in record["tables"]} == {"log": 3, HOSTILE: 1, "orders": 5, "tags": 2}
    assert table(record)["key"] == ["id"]
    assert table(record)["approximate"] == ["weight"]
    assert rows(tmp_path / "a", record).columns == ["pk", "digest", "updated_at", "fixed"]
    assert rows(tmp_path / "a", record)["pk"].to_list() == [1, 2, 3, 25_000, 40_000]
    assert rows(tmp_path / "a", record)["updated_at"][0] == 1_748_867_405_000_000  # 2 June 2025, 12:30:05 UTC
    assert "pk" not in rows(tmp_path / "a", record, "log").columns
    assert rows(tmp_path / "a", record, "tags")["pk"].to_list() == sorted(['["1","a\'b"]', '["1","ü,\\""]'])
    for part in ("://", "unix_socket", "shop.sqlite3", str(tmp_path)):
        assert part not in json.dumps(record)  # nothing of the address


def test_the_same_rows_have_the_same_digests_and_a_change_is_found_exactly(
    engine: sa.Engine, url: str, tmp_path: Path
) -> None:
    a, b = snap(tmp_path / "a", url), snap(tmp_path / "b", url)
    assert rows(tmp_path / "a", a).equals(rows(tmp_path / "b", b))
    orders = T["orders"]
    with engine.begin() as connection:
        connection.execute(orders.update().where(orders.c.id == 1).values(state="paid", updated_at=day(9)))
        connection.execute(orders.delete().where(orders.c.id == 2))
        connection.execute(orders.update().where(orders.c.id == 3).values(created_at=day(8), state="other"))
        connection.execute(orders.insert(), [order(26_000)])
    c = snap(tmp_path / "c", url)
    assert judged(tmp_path, ("a", a), ("c", c)) == {
        1: "CHANGED", 2: "LOST", 3: "ID_REUSED", 25_000: "INTACT", 26_000: "NEW", 40_000: "INTACT",
    }  # fmt: skip
    assert judged(tmp_path, ("a", a), ("c", c), ("b", b))[1] == "REVERTED"


def test_two_rows_that_exchange_a_value_are_seen(engine: sa.Engine, url: str, tmp_path: Path) -> None:
    orders = T["orders"]
    with engine.begin() as connection:
        connection.execute(orders.update().where(orders.c.id == 2).values(state="paid"))
    a = snap(tmp_path / "a", url)
    with engine.begin() as connection:
        connection.execute(orders.update().where(orders.c.id == 1).values(state="paid"))
        connection.execute(orders.update().where(orders.c.id == 2).values(state="open"))
    b = snap(tmp_path / "b", url, base=tmp_path / "a", base_records=[a])
    assert [item["read_rows"] for item in (table(a), table(b))] == [5, 3]  # the chunk's digest changed: read again
    found = judged(tmp_path, ("a", a), ("b", b))
    assert [pk for pk, verdict in found.items() if verdict != "INTACT"] == [1, 2]


@pytest.mark.parametrize(
    ("column", "one", "other"),
    [("note", None, ""), ("note", "N", None), ("state", "a", "a "), ("note", "ä", "a"), ("note", "A", "a"),
     ("scan", b"", None), ("scan", b"\x00", b"\x00\x00"), ("paid", "12.50", "12.51"), ("weight", 0.1, 0.2),
     ("note", "\U0001f600", "\U0001f601"), ("created_at", day(1), None)],
)  # fmt: skip
def test_values_that_look_alike_are_told_apart(
    engine: sa.Engine, url: str, tmp_path: Path, column: str, one: Any, other: Any
) -> None:
    digests = []
    for value in (one, other, one):
        with engine.begin() as connection:
            connection.execute(T["orders"].update().where(T["orders"].c.id == 3).values({column: value}))
        frame = rows(tmp_path, snap(tmp_path, url))
        digests.append(frame.filter(pl.col("pk") == 3)["digest"][0])
    assert digests[0] == digests[2] != digests[1]


def test_values_do_not_run_into_one_another(engine: sa.Engine, url: str, tmp_path: Path) -> None:
    with engine.begin() as connection:
        connection.execute(T["orders"].update().where(T["orders"].c.id == 1).values(state="ab", note="c"))
        connection.execute(T["orders"].update().where(T["orders"].c.id == 2).values(state="a", note="bc"))
    record = snap(tmp_path, url)
    same = rows(tmp_path, record).filter(pl.col("pk") <= 2)["digest"]
    assert same[0] != same[1]


def test_only_what_changed_is_read_again_and_gives_what_reading_all_gives(
    engine: sa.Engine, url: str, tmp_path: Path
) -> None:
    a = snap(tmp_path / "a", url)
    with engine.begin() as connection:
        connection.execute(T["orders"].update().where(T["orders"].c.id == 25_000).values(state="paid"))
        connection.execute(T["orders"].delete().where(T["orders"].c.id == 40_000))
        connection.execute(T["orders"].insert(), [order(-3), order(70_000)])
    part = snap(tmp_path / "b", url, base=tmp_path / "a", base_records=[a])
    whole = snap(tmp_path / "c", url)
    assert rows(tmp_path / "b", part).equals(rows(tmp_path / "c", whole))
    assert (table(part)["read_rows"], table(whole)["read_rows"]) == (3, 6)
    assert table(part)["chunks_file"]["sha256"] == table(whole)["chunks_file"]["sha256"]


def test_rows_of_a_file_that_was_changed_since_are_not_taken_over(
    engine: sa.Engine, url: str, tmp_path: Path
) -> None:
    a = snap(tmp_path / "a", url)
    file = tmp_path / "a" / table(a)["rows_file"]["file"]
    file.write_bytes(file.read_bytes()[:-9] + b"\0" * 9)
    assert table(snap(tmp_path / "b", url, base=tmp_path / "a", base_records=[a]))["read_rows"] == 5


def test_numbers_that_no_row_has(engine: sa.Engine, url: str) -> None:
    """The same leap in the keys on every server, and numbers that others know."""
    with engine.begin() as connection:
        connection.execute(T["orders"].delete())
        connection.execute(T["orders"].insert(), [order(n) for n in (*range(1, 30), *range(230, 250))])
    found = looked_through(url, ["7", "31", "249"], "orders.id")
    leap = found.leaps[0]
    assert (leap.table, leap.missing, leap.after, leap.before) == ("orders", 200, 29, 230)
    assert (found.known, found.lacking, found.unlooked) == (3, ["31"], [])
    assert leap.dates[0], "the row's own date stands beside"


@pytest.mark.parametrize("url", ["postgres", "mariadb"], indirect=True)
def test_a_digest_is_what_the_page_says_and_its_kind_is_named(engine: sa.Engine, url: str, tmp_path: Path) -> None:
    said = hashlib.md5(b"7,2:%d").digest()[:8]
    a = snap(tmp_path / "a", url)
    assert rows(tmp_path / "a", a, HOSTILE)["digest"].to_list() == [int.from_bytes(said, "big")]
    word = {"mysql": "mysql-md5-xor-2", "postgresql": "postgresql-hash-2 "}[engine.dialect.name]
    assert (a["mode"], a["chunk_mode"][: len(word)]) == (f"{engine.dialect.name}-md5-1", word)
    older = {name: value for name, value in a.items() if name != "chunk_mode"}  # one word for rows and parts
    assert table(snap(tmp_path / "b", url, base=tmp_path / "a", base_records=[older]))["read_rows"] == 5


@pytest.mark.parametrize("url", ["mariadb"], indirect=True)
def test_a_text_kept_in_another_character_set_is_the_same_text(engine: sa.Engine, url: str, tmp_path: Path) -> None:
    digests = []
    for kept_as in ("latin1", "utf8mb3", "utf8mb4"):
        with engine.begin() as connection:
            connection.exec_driver_sql(f"ALTER TABLE orders MODIFY note TEXT CHARACTER SET {kept_as}")
            connection.execute(T["orders"].update().values(note="ä", state="\U0001f600"))
        digests.append(rows(tmp_path, snap(tmp_path, url))["digest"].to_list())
    assert digests[0] == digests[1] == digests[2]


def test_chunks_alone_where_no_rows_are_wanted(engine: sa.Engine, url: str, tmp_path: Path) -> None:
    record = snap(tmp_path, url, rows="none")
    assert table(record)["rows_file"] is None
    chunks = pl.read_parquet(tmp_path / table(record)["chunks_file"]["file"])
    assert chunks.select("chunk", "rows").rows() == [(0, 3), (2, 1), (4, 1)]


def test_a_database_that_is_not_there_is_named_and_the_others_are_read(
    engine: sa.Engine, url: str, tmp_path: Path
) -> None:
    gone = {"sqlite": "sqlite:////nowhere/at.all", "mysql": "mysql://root:s3cret@127.0.0.1:1/x",
            "postgresql": "postgresql://me:s3cret@127.0.0.1:1/x"}[engine.dialect.name]  # fmt: skip
    records = take(tmp_path, [Database("away", gone), Database("shop", url), Database("odd", "no address s3cret")],
                   clock=time.time_ns)  # fmt: skip
    assert [record["name"] for record in records] == ["away", "odd", "shop"]
    assert records[0]["unopened"]
    assert records[1]["unopened"]
    assert records[2]["unopened"] is None
    assert "s3cret" not in json.dumps(records)


@pytest.mark.parametrize("url", ["postgres", "mariadb"], indirect=True)
def test_the_reading_is_of_one_moment(
    engine: sa.Engine, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows written while tables are read belong to the next snapshot."""
    from app.integrity.databases import snapshot

    read: list[str] = []
    real = snapshot._table

    def and_meanwhile(*arguments: Any) -> dict[str, Any]:
        if not read:
            with engine.begin() as other:
                other.execute(T["orders"].insert(), [order(99)])
        read.append("one")
        return real(*arguments)

    monkeypatch.setattr(snapshot, "_table", and_meanwhile)
    assert table(snap(tmp_path / "a", url))["rows"] == 5
    monkeypatch.undo()
    assert table(snap(tmp_path / "b", url))["rows"] == 6


@pytest.mark.parametrize("url", ["postgres", "mariadb"], indirect=True)
def test_the_servers_settings_change_no_digest(engine: sa.Engine, url: str, tmp_path: Path) -> None:
    a = rows(tmp_path / "a", snap(tmp_path / "a", url))
    with engine.begin() as connection:
        if engine.dialect.name == "mysql":
            connection.exec_driver_sql("SET GLOBAL time_zone = '-08:00'")
            connection.exec_driver_sql("SET GLOBAL sql_mode = 'ANSI_QUOTES,PAD_CHAR_TO_FULL_LENGTH'")
        else:
            name = engine.url.database
            for setting in ("timezone = 'America/Lima'", "datestyle = 'German'", "bytea_output = 'escape'"):
                connection.exec_driver_sql(f'ALTER DATABASE "{name}" SET {setting}')
    try:
        assert rows(tmp_path / "b", snap(tmp_path / "b", url)).equals(a)
    finally:
        if engine.dialect.name == "mysql":
            with engine.begin() as connection:
                connection.exec_driver_sql("SET GLOBAL time_zone = '+05:45'")
                connection.exec_driver_sql("SET GLOBAL sql_mode = DEFAULT")


@pytest.mark.parametrize("url", ["mariadb"], indirect=True)
def test_a_connection_that_ends_in_the_middle(
    engine: sa.Engine, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.integrity.databases.engines import Mysql

    real = Mysql.table

    def and_then_cut(self: Mysql, connection: sa.Connection, name: str) -> Any:
        if name == "orders":
            number = connection.exec_driver_sql("SELECT CONNECTION_ID()").scalar()
            with engine.begin() as other:
                other.exec_driver_sql(f"KILL {number}")
        return real(self, connection, name)

    monkeypatch.setattr(Mysql, "table", and_then_cut)
    record = snap(tmp_path, url)
    assert [item["name"] for item in record["tables"]] == ["log", HOSTILE]
    assert [item["table"] for item in record["unread"]] == ["orders", "tags"]
    assert record["unread"][1]["why"] == "the database went away before it was read"


@pytest.mark.parametrize("url", ["mariadb"], indirect=True)
def test_a_table_whose_engine_keeps_no_moment_says_so(engine: sa.Engine, url: str, tmp_path: Path) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE hits (id INT PRIMARY KEY, n INT) ENGINE=MyISAM")
    record = snap(tmp_path, url)
    assert {item["name"] for item in record["tables"] if not item["consistent"]} == {"hits"}


@pytest.mark.parametrize(
    ("type_", "kind"),
    [("INT(11) UNSIGNED", "number"), ("bigint", "number"), ("VARCHAR(255) COLLATE utf8mb4_bin", "text"),
     ("TIMESTAMP WITHOUT TIME ZONE", "time"), ("DOUBLE PRECISION", "float"), ("INTEGER[]", "other"), ("JSONB", "other"),
     ("BYTEA", "bytes"), ("NUMERIC(10, 2)", "exact")],
)  # fmt: skip
def test_families(type_: str, kind: str) -> None:
    assert family(type_) == kind


def test_a_newer_servers_way_of_writing_a_type_is_no_other_type() -> None:
    assert normal("INT(11) unsigned") == normal("int unsigned")
    assert normal("VARCHAR(9) CHARACTER SET latin1 COLLATE latin1_bin") == normal("varchar(9)")


# --- by hand ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("url", ["sqlite", "mariadb"], indirect=True)
def test_by_command_into_a_generation_that_can_be_verified(engine: sa.Engine, url: str, tmp_path: Path) -> None:
    site = tmp_path / "www"
    site.mkdir()
    (site / "index.html").write_text("hello")
    listing = tmp_path / "sites.toml"
    listing.write_text(
        f'[[site]]\nname = "shop.example"\npath = "{site}"\n'
        '[[database]]\nsite = "shop.example"\nname = "orders"\naddress_env = "SHOP_DB"\n'
    )
    words = ["audit", "snapshot", "--label", "pre", "--server", "old", "--sites", listing]
    unset = kept(*words, "--out", tmp_path / "a")
    assert (unset.code, "the variable SHOP_DB is not set" in unset.err) == (2, True)
    made = kept(*words, "--out", tmp_path / "a", SHOP_DB=url)
    assert made.code == 0, made.err
    assert "database orders of shop.example: 4 tables" in made.err
    again = kept(*words, "--base", tmp_path / "a", "--out", tmp_path / "b", SHOP_DB=url)
    assert again.code == 0, again.err
    (record,) = json.loads((tmp_path / "b/manifest.json").read_text())["dbs"]
    assert table(record)["read_rows"] == 0
    assert kept(*words, "--base", tmp_path / "a", "--full", "--out", tmp_path / "c", SHOP_DB=url).code == 0
    (record,) = json.loads((tmp_path / "c/manifest.json").read_text())["dbs"]
    assert table(record)["read_rows"] == 5
    assert kept("audit", "verify", tmp_path).code == 0
    file = tmp_path / "a" / table(record)["rows_file"]["file"]
    file.write_bytes(file.read_bytes()[:-1] + b"!")
    assert kept("audit", "verify", tmp_path).code == 4


@pytest.mark.parametrize(
    ("texts", "said"),
    [(["shop.example"], "no SITE=ADDRESS"), (["a=nonsense p4ss"], "cannot be read"),
     (["a=mysql://me:p4ss@h"], "names no"), (["a=sqlite:///x", "a=sqlite:///x"], "given twice"),
     (["a=env:"], "is not set")],
)  # fmt: skip
def test_an_address_that_is_none(texts: list[str], said: str) -> None:
    with pytest.raises(BadInput, match=said) as raised:
        apart(named(texts, {}))
    assert "p4ss" not in str(raised.value)


def test_two_databases_of_one_name_are_named_with_their_sites() -> None:
    found = apart(named(["a.example=sqlite:///x/shop", "b.example=sqlite:///y/shop"], {}))
    assert [one.name for one in found] == ["a.example shop", "b.example shop"]
