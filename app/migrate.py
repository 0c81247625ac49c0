"""Brings a database to the newest schema, and says where it stands."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATE_LOCK = 7_301_002
MIGRATIONS = Path(__file__).parent.parent / "migrations"
_STEP = re.compile(r"^revision = ['\"](.+)['\"]\ndown_revision = (?:None|['\"](.+)['\"])$", re.MULTILINE)


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def upgrade(engine: sa.Engine, target: str = "head") -> None:
    """All steps up to `target` in one transaction; on PostgreSQL one process at a time. A new file is readable by its
    owner alone: it holds what clients may not see of one another."""
    from alembic import command

    database = engine.url.database
    if engine.dialect.name == "sqlite" and database and not database.startswith((":memory:", "file:")):
        with contextlib.suppress(OSError):  # it is there, or SQLite says why it cannot be; -wal and -shm follow it
            os.close(os.open(database, os.O_CREAT | os.O_EXCL, 0o600))
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(sa.text("select pg_advisory_xact_lock(:key)"), {"key": MIGRATE_LOCK})
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, target)


def downgrade(engine: sa.Engine, target: str = "base") -> None:
    """Back to `target`. For tests and for a developer's own database: it drops what it takes back."""
    from alembic import command

    with engine.begin() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.downgrade(config, target)


def revision(engine: sa.Engine, number: str, message: str) -> None:
    """Writes the next step from the difference between tables and database (developers only)."""
    from alembic import command

    with engine.begin() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.revision(config, message, autogenerate=True, rev_id=number)


def pending(engine: sa.Engine) -> tuple[str | None, str]:
    """(where the database stands, the newest step there is); equal when nothing is to be done.

    Every command asks this, so it is read off without the library that migrates, which would stay in the memory of
    whatever serves: eight megabytes.
    """
    with engine.connect() as connection:
        table = sa.table("alembic_version", sa.column("version_num"))
        there = sa.inspect(connection).has_table(table.name)
        return connection.execute(sa.select(table.c.version_num)).scalar() if there else None, newest()


def newest() -> str:
    """The step that none follows."""
    found = [_STEP.search(file.read_text("utf-8")) for file in sorted((MIGRATIONS / "versions").glob("*.py"))]
    steps = [step for step in found if step is not None]
    before = {step[2] for step in steps}
    (last,) = (step[1] for step in steps if step[1] not in before)
    return last
