"""SQLite's INSERT OR REPLACE takes a row away without asking the DELETE trigger: refuse it on the evidence log.

House rule: a migration runs while the service runs. It must not lock a large table for long, must work with
the code before it and the code after it (expand, fill, tighten: three migrations), and its downgrade must work.
Numbered in order, one head. Never touch the triggers on entry and attachment.
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

KEYS = {"entry": ("seq", "digest"), "attachment": ("digest",)}


def upgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        return  # PostgreSQL has no REPLACE, and its upsert asks the UPDATE trigger
    for table, keys in KEYS.items():
        taken = " or ".join(f"{key} = new.{key}" for key in keys)
        op.execute(
            f"create trigger {table}_no_replace before insert on {table} "
            f"when exists (select 1 from {table} where {taken}) "
            f"begin select raise(abort, '{table} takes no replace: write a new entry that names the old one'); end"
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table in KEYS:
            op.execute(f"drop trigger {table}_no_replace")
