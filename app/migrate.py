"""Brings a database to the newest schema, and says where it stands."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

MIGRATE_LOCK = 7_301_002


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent.parent / "migrations"))
    return config


def upgrade(engine: sa.Engine, target: str = "head") -> None:
    """All steps up to `target` in one transaction; on PostgreSQL one process at a time."""
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(sa.text("select pg_advisory_xact_lock(:key)"), {"key": MIGRATE_LOCK})
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, target)


def downgrade(engine: sa.Engine, target: str = "base") -> None:
    """Back to `target`. For tests and for a developer's own database: it drops what it takes back."""
    with engine.begin() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.downgrade(config, target)


def revision(engine: sa.Engine, number: str, message: str) -> None:
    """Writes the next step from the difference between tables and database (developers only)."""
    with engine.begin() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.revision(config, message, autogenerate=True, rev_id=number)


def pending(engine: sa.Engine) -> tuple[str | None, str]:
    """(where the database stands, the newest step there is); equal when nothing is to be done."""
    newest = ScriptDirectory.from_config(_config()).get_current_head() or ""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision(), newest
