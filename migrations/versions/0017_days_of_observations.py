"""Sealed hours of a day that is over are packed together: a row a day instead of 24.

House rule: a migration runs while the service runs. It must not lock a large table for long, must work with
the code before it and the code after it (expand, fill, tighten: three migrations), and its downgrade must work.
Numbered in order, one head. Never touch the triggers on entry and attachment.

The hours that are there stay where they are and are read as before; the service packs them day by day, as it does with
every day that is over.
"""

from __future__ import annotations

from itertools import groupby

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "chunk_day",
        sa.Column("key", KEY, autoincrement=False, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_chunk_day")),
    )
    if op.get_bind().dialect.name == "postgresql":  # packed already; and its first bytes can be read by themselves
        op.execute("ALTER TABLE chunk_day ALTER COLUMN data SET STORAGE EXTERNAL")


def downgrade() -> None:
    """Each hour goes back into a chunk of its own, as the code before expects it; where there is one it is newer."""
    from app.probes.storage import chunks, days, hours

    connection = op.get_bind()
    chunk = sa.table("chunk", sa.column("key"), sa.column("data"))
    some = sa.text("SELECT key, data FROM chunk_day WHERE key > :last ORDER BY key LIMIT 20")
    last = -1
    while found := connection.execute(some, {"last": last}).all():
        for last, data in found:
            day, monitor = hours.parts(last)
            replaced = days.replaced_in(day, bytes(data))
            rows = groupby(days.unpack(day, bytes(data)).rows(), lambda row: row.at // hours.HOUR)
            packed = {hours.key(hour, monitor): chunks.pack(hour, list(mine), replaced.get(hour))
                      for hour, mine in rows}  # fmt: skip
            newer = set(connection.execute(sa.select(chunk.c.key).where(chunk.c.key.in_(list(packed)))).scalars())
            old = [{"key": key, "data": content} for key, content in packed.items() if key not in newer]
            if old:
                connection.execute(chunk.insert(), old)
    op.drop_table("chunk_day")
