"""Migrations: numbered, one head, up and down and up again on both databases, and the log refuses to be rewritten."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlmodel import Session

import app.tables
from app.access.actions import create_token
from app.db import make_engine, transaction
from app.evidence import actions as evidence
from app.migrate import downgrade, newest, pending, upgrade
from tests import postgres
from tests.conftest import NOW

VERSIONS = Path(__file__).resolve().parents[2] / "migrations" / "versions"


def scripts() -> ScriptDirectory:
    return ScriptDirectory(str(VERSIONS.parent))


@pytest.fixture(params=["sqlite", "postgres"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    """A database without a single table."""
    if request.param == "sqlite":
        made = make_engine(f"sqlite:///{tmp_path / 'kept.sqlite3'}")
        yield made
        made.dispose()
        return
    server: postgres.Server = request.getfixturevalue("postgres_server")
    bare = postgres.Server(server.folder, server.admin, server.pid)  # the same server, without its template
    with bare.clone() as url:
        made = make_engine(url)
        yield made
        made.dispose()


def schema(engine: sa.Engine) -> dict[str, tuple[list[str], list[str], list[str]]]:
    """Every table with its columns, indexes and triggers, as text to compare."""
    triggers = "select tgrelid::regclass::text, tgname from pg_trigger where not tgisinternal"
    if engine.dialect.name == "sqlite":
        triggers = "select tbl_name, name from sqlite_master where type = 'trigger'"
    with engine.connect() as connection:
        hung = connection.execute(sa.text(triggers)).all()
        inspect = sa.inspect(connection)
        return {
            table: (
                [f"{column['name']} {column['type']} {column['nullable']}" for column in inspect.get_columns(table)],
                sorted(f"{index['name']} {index['column_names']}" for index in inspect.get_indexes(table)),
                sorted(name for on, name in hung if on == table),
            )
            for table in inspect.get_table_names()
        }


def test_steps_are_numbered_in_order_and_named_for_what_they_do() -> None:
    files = sorted(path.name for path in VERSIONS.glob("*.py") if path.name != "__init__.py")
    assert files
    for number, name in enumerate(files, start=1):
        assert re.fullmatch(rf"{number:04d}_[a-z0-9_]+\.py", name), name
    before = None
    for script in reversed(list(scripts().walk_revisions())):
        assert re.fullmatch(r"\d{4}", script.revision)
        assert script.down_revision == before
        assert Path(script.path).name.startswith(f"{script.revision}_")
        before = script.revision


def test_there_is_one_head() -> None:
    assert scripts().get_heads() == [newest()]


def test_each_step_carries_the_house_rule() -> None:
    for path in VERSIONS.glob("0*.py"):
        assert "House rule: a migration runs while the service runs." in path.read_text(encoding="utf-8"), path.name


def test_up_down_up_comes_out_the_same(empty: sa.Engine) -> None:
    upgrade(empty)
    first = schema(empty)
    assert {"entry", "attachment", "window", "alembic_version"} <= set(first)
    assert first["entry"][2], "no trigger on the log"
    downgrade(empty)
    assert set(schema(empty)) == {"alembic_version"}
    upgrade(empty)
    assert schema(empty) == first
    upgrade(empty)  # nothing to do, and it says nothing
    assert pending(empty) == (newest(), newest())


def test_each_step_can_be_taken_back_by_itself(empty: sa.Engine) -> None:
    steps = [script.revision for script in reversed(list(scripts().walk_revisions()))]
    seen = []
    for step in steps:
        upgrade(empty, step)
        seen.append(schema(empty))
    for step, before in reversed(list(zip(steps[:-1], seen[:-1], strict=True))):
        downgrade(empty, step)
        assert schema(empty) == before


def test_tables_and_migrations_say_the_same(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, app.tables.metadata) == []


@contextmanager
def refused(engine: sa.Engine) -> Iterator[sa.Connection]:
    with pytest.raises(sa.exc.DBAPIError, match="write a new entry that names the old one"), engine.begin() as open_:
        yield open_


@pytest.mark.parametrize("table", ["entry", "attachment"])
def test_the_log_takes_no_update_and_no_delete(engine: sa.Engine, table: str) -> None:
    with transaction(engine) as session:
        create_token(session, name="Dana Reyes", role="owner", now=NOW)
        evidence.keep(session, b"From: support@northgate.example", "message/rfc822")
    with refused(engine) as connection:
        connection.execute(sa.text(f"update {table} set digest = '{'0' * 64}'"))
    with refused(engine) as connection:
        connection.execute(sa.text(f"update {table} set digest = digest"))
    with refused(engine) as connection:
        connection.execute(sa.text(f"delete from {table}"))
    if engine.dialect.name == "postgresql":
        with refused(engine) as connection:
            connection.execute(sa.text(f"truncate {table} cascade"))
    else:  # SQLite's REPLACE deletes the old row without asking a delete trigger
        with refused(engine) as connection:
            connection.execute(sa.text(f"insert or replace into {table} select * from {table}"))
    with Session(engine) as session:
        assert session.connection().execute(sa.text(f"select count(*) from {table}")).scalar() == 1


@pytest.mark.parametrize("empty", ["sqlite"], indirect=True)
def test_a_new_file_is_its_owners_alone_and_an_old_one_keeps_its_rights(empty: sa.Engine, tmp_path: Path) -> None:
    upgrade(empty)
    with empty.begin() as connection:
        connection.execute(sa.text("select count(*) from token"))
    assert {path.stat().st_mode & 0o777 for path in tmp_path.glob("kept.sqlite3*")} == {0o600}
    (tmp_path / "kept.sqlite3").chmod(0o640)
    upgrade(empty)
    assert (tmp_path / "kept.sqlite3").stat().st_mode & 0o777 == 0o640
