"""Observations of hours that are over: compressed, sealed in the log, summed up for good.

House rule: a migration runs while the service runs. It must not lock a large table for long, must work with
the code before it and the code after it (expand, fill, tighten: three migrations), and its downgrade must work.
Numbered in order, one head. Never touch the triggers on entry and attachment.
"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sqlmodel.sql.sqltypes.UTCDateTime


def upgrade() -> None:
    for name in ("chunk", "observed_day"):
        op.create_table(
            name,
            sa.Column("key", KEY, autoincrement=False, nullable=False),
            sa.Column("data", sa.LargeBinary(), nullable=False),
            sa.PrimaryKeyConstraint("key", name=op.f(f"pk_{name}")),
        )
    op.create_table(
        "seal_round",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT(), nullable=False),
        sa.Column("chunks", sa.Integer(), nullable=False),
        sa.Column("observations", sa.Integer(), nullable=False),
        sa.Column("root", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("leaves", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_seal_round")),
    )
    op.create_table(
        "stored",
        sa.Column("monitor", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sealed_from", sa.Integer(), nullable=False),
        sa.Column("sealed_until", sa.Integer(), nullable=False),
        sa.Column("gone_until", sa.Integer(), nullable=True),
        sa.Column("run_state", sa.Integer(), nullable=True),
        sa.Column("run_first", sa.BigInteger(), nullable=True),
        sa.Column("run_last", sa.BigInteger(), nullable=True),
        sa.Column("run_count", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("monitor", name=op.f("pk_stored")),
    )
    if op.get_bind().dialect.name == "postgresql":  # they are packed already: trying again would cost and gain nothing
        for name, column in (("chunk", "data"), ("observed_day", "data"), ("seal_round", "leaves")):
            op.execute(f"ALTER TABLE {name} ALTER COLUMN {column} SET STORAGE EXTERNAL")


def downgrade() -> None:
    """Hours that are packed are unpacked into the tables they came from: they are in no other."""
    from app.probes.storage.chunks import FIELDS, unpack
    from app.probes.storage.hours import parts

    own = ("at", "state", "latency_ms", "error")
    seen = sa.table("observation", *(sa.column(name) for name in ("monitor", *own)))
    names = [name for name in FIELDS if name not in own]
    measured = sa.table("measurement", *(sa.column(name) for name in ("monitor", "at", *names)))
    connection = op.get_bind()
    last = -1
    chunks = sa.text("SELECT key, data FROM chunk WHERE key > :last ORDER BY key LIMIT 100")
    while found := connection.execute(chunks, {"last": last}).all():
        for last, data in found:
            hour, monitor = parts(last)
            rows = [{"monitor": monitor, **row._asdict()} for row in unpack(hour, bytes(data)).rows()]
            connection.execute(seen.insert(), [{name: row[name] for name in ("monitor", *own)} for row in rows])
            with_more = [row for row in rows if any(row[name] is not None for name in names)]
            if with_more:
                connection.execute(
                    measured.insert(), [{name: row[name] for name in ("monitor", "at", *names)} for row in with_more]
                )
    for name in ("stored", "seal_round", "observed_day", "chunk"):
        op.drop_table(name)
