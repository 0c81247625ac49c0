"""A really migrated database, on SQLite and on PostgreSQL; the API as its owner, a viewer and a stranger."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from sqlmodel import Session

from app.access.actions import create_token
from app.db import make_engine, transaction
from app.main import create_app
from app.migrate import upgrade
from app.settings import Settings
from tests import postgres
from tests.order import pytest_collection_modifyitems  # noqa: F401  a hook

NOW = datetime(2025, 7, 1, 7, 0, tzinfo=UTC)  # Tue 1 July 2025, 09:00 in Berlin


def migrate(url: str) -> None:
    engine = make_engine(url)
    upgrade(engine)
    engine.dispose()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "kept.sqlite3"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    if reason := postgres.skip_reason():
        pytest.skip(reason)
    with postgres.server() as server:
        server.make_template(migrate)
        yield server


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    """An empty, migrated database, once on each kind."""
    if request.param == "sqlite":
        path = tmp_path / "kept.sqlite3"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        made = make_engine(f"sqlite:///{path}")
        yield made
        made.dispose()
        return
    with request.getfixturevalue("postgres_server").clone() as url:
        made = make_engine(url)
        yield made
        made.dispose()


@pytest.fixture
def session(engine: sa.Engine) -> Iterator[Session]:
    """One open transaction; committed only if the test does so."""
    with Session(engine, expire_on_commit=False) as open_session:
        open_session.info["actor"] = "person:test"
        yield open_session
        open_session.rollback()


@pytest.fixture
def app_client(engine: sa.Engine, tmp_path: Path) -> Iterator[TestClient]:
    """The service at NOW, without a token."""
    service = create_app(Settings(data=tmp_path, out=tmp_path / "out"), engine=engine, clock=lambda: NOW)
    with TestClient(service, raise_server_exceptions=True) as client:
        yield client


def _as(client: TestClient, engine: sa.Engine, role: str) -> TestClient:
    with transaction(engine) as open_session:
        _, text = create_token(open_session, name=f"test-{role}", role=role, now=NOW)
    return TestClient(client.app, headers={"authorization": f"Bearer {text}"})


@pytest.fixture
def owner(app_client: TestClient, engine: sa.Engine) -> TestClient:
    return _as(app_client, engine, "owner")


@pytest.fixture
def viewer(app_client: TestClient, engine: sa.Engine) -> TestClient:
    return _as(app_client, engine, "viewer")
