"""`kept move`: every row arrives as the same value, or none does."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlmodel import Session
from sqlmodel.sql.sqltypes import UTCDateTime

import app.tables
from app.access.actions import create_token
from app.db import Json, Money, make_engine, new_id
from app.errors import Conflict
from app.evidence import actions as evidence
from app.move import move
from tests import postgres

pytestmark = pytest.mark.skipif(postgres.skip_reason() is not None, reason=postgres.skip_reason() or "")
NOW = datetime(2025, 6, 7, 20, 0, tzinfo=UTC)

metadata = sa.MetaData()
window = sa.Table(
    "window",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("replaces", sa.ForeignKey("window.id")),
    sa.Column("start_at", UTCDateTime),
    sa.Column("price", Money),
    sa.Column("terms", Json),
    sa.Column("paper", sa.LargeBinary),
)
note = sa.Table(
    "note",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("window_id", sa.ForeignKey("window.id")),
    sa.Column("text", sa.Text),
)
FIRST, SECOND = new_id(), new_id()
WINDOWS: list[dict[str, Any]] = [
    dict(id=FIRST, replaces=None, start_at=NOW, price=Decimal("400.10"), terms={"b": [1], "a": "ü"}, paper=b"%PDF\0"),
    dict(id=SECOND, replaces=FIRST, start_at=None, price=None, terms=None, paper=None),
]


@pytest.fixture
def old(tmp_path: Path) -> Iterator[sa.Engine]:
    """A SQLite database with two windows and 1200 notes, which is more than one batch."""
    engine = make_engine(f"sqlite:///{tmp_path / 'old.sqlite3'}")
    metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(window.insert(), WINDOWS)
        connection.execute(note.insert(), [dict(number=n, window_id=SECOND, text=f"note {n}") for n in range(1, 1201)])
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def server() -> Iterator[postgres.Server]:
    with postgres.server() as running:
        yield running


@pytest.fixture
def new(server: postgres.Server) -> Iterator[sa.Engine]:
    """An empty PostgreSQL database with the same tables."""
    with server.clone() as url:
        engine = make_engine(url)
        metadata.create_all(engine)
        yield engine
        engine.dispose()


def test_every_value_arrives(old: sa.Engine, new: sa.Engine) -> None:
    assert move(old, new, metadata) == {"window": 2, "note": 1200}
    with new.connect() as connection:
        rows = [dict(row._mapping) for row in connection.execute(sa.select(window).order_by(window.c.id))]
        assert rows == WINDOWS
        assert isinstance(rows[0]["id"], UUID)
        assert connection.scalar(sa.select(note.c.text).where(note.c.number == 1200)) == "note 1200"


def test_numbering_goes_on_behind_what_came_along(old: sa.Engine, new: sa.Engine) -> None:
    move(old, new, metadata)
    with new.begin() as connection:
        assert connection.execute(note.insert().returning(note.c.number), {"text": "later"}).scalar_one() == 1201


def test_a_database_that_holds_rows_is_refused_and_left_alone(old: sa.Engine, new: sa.Engine) -> None:
    with new.begin() as connection:
        connection.execute(note.insert(), {"number": 7, "text": "mine"})
    with pytest.raises(Conflict, match=r"already holds rows \(in note\)"):
        move(old, new, metadata)
    with new.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(window)) == 0


def test_a_value_that_changes_on_the_way_stops_everything(old: sa.Engine, new: sa.Engine) -> None:
    with new.begin() as connection:
        connection.exec_driver_sql(
            "create function spoil() returns trigger language plpgsql as "
            "$$ begin if new.number = 600 then new.text := 'note six hundred'; end if; return new; end $$"
        )
        connection.exec_driver_sql("create trigger spoil before insert on note for each row execute function spoil()")
    with pytest.raises(Conflict, match="note reads differently"):
        move(old, new, metadata)
    with new.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(window)) == 0


def test_databases_of_different_versions_are_refused(old: sa.Engine, new: sa.Engine) -> None:
    with old.begin() as connection:
        connection.exec_driver_sql("create table alembic_version (version_num varchar(32))")
        connection.exec_driver_sql("insert into alembic_version values ('0001')")
    with pytest.raises(Conflict, match="the new database is at nothing, the old one at 0001; run `kept migrate`"):
        move(old, new, metadata)


def test_the_evidence_log_is_the_same_log_on_the_other_side(tmp_path: Path, server: postgres.Server) -> None:
    source = make_engine(f"sqlite:///{tmp_path / 'log.sqlite3'}")
    with server.clone() as url:
        target = make_engine(url)
        for engine in (source, target):
            app.tables.metadata.create_all(engine)
        with Session(source) as session:
            create_token(session, name="ci", role="viewer", now=NOW)
            session.commit()
        moved = move(source, target, app.tables.metadata)
        assert (moved["token"], moved["entry"]) == (1, 1)
        with Session(source) as before, Session(target) as after:
            assert evidence.head(after) == evidence.head(before)
        source.dispose()
        target.dispose()
