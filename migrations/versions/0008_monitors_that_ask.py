"""What a monitor asks, what was measured with each answer, the calls of heartbeats, and who probes.

House rule: a migration runs while the service runs. It must not lock a large table for long, must work with
the code before it and the code after it (expand, fill, tighten: three migrations), and its downgrade must work.
Numbered in order, one head. Never touch the triggers on entry and attachment.
"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy import Text
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True, astext_type=Text()), "postgresql")
TEXT = sqlmodel.sql.sqltypes.AutoString
MOMENT = sqlmodel.sql.sqltypes.UTCDateTime


def upgrade() -> None:
    op.add_column("monitor", sa.Column("kind", TEXT(length=20), nullable=False, server_default="import"))
    op.add_column("monitor", sa.Column("spec", JSON, nullable=True))
    op.add_column("monitor", sa.Column("headers", JSON, nullable=True))
    op.add_column("monitor", sa.Column("sealed", sa.LargeBinary(), nullable=True))
    op.create_table(
        "measurement",
        sa.Column("monitor", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("dns_us", sa.Integer(), nullable=True),
        sa.Column("connect_us", sa.Integer(), nullable=True),
        sa.Column("tls_us", sa.Integer(), nullable=True),
        sa.Column("first_byte_us", sa.Integer(), nullable=True),
        sa.Column("total_us", sa.Integer(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("digest", TEXT(length=64), nullable=True),
        sa.PrimaryKeyConstraint("monitor", "at", name=op.f("pk_measurement")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "heartbeat",
        sa.Column("monitor", sa.Integer(), nullable=False),
        sa.Column("secret", TEXT(length=64), nullable=False),
        sa.Column("called_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["monitor"], ["monitor.key"], name=op.f("fk_heartbeat_monitor_monitor")),
        sa.PrimaryKeyConstraint("monitor", name=op.f("pk_heartbeat")),
        sa.UniqueConstraint("secret", name=op.f("uq_heartbeat_secret")),
    )
    op.create_table(
        "prober",
        sa.Column("name", TEXT(length=50), nullable=False),
        sa.Column("holder", TEXT(length=200), nullable=True),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("since_at", MOMENT(), nullable=False),
        sa.Column("seen_at", MOMENT(), nullable=False),
        sa.Column("health", JSON, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_prober")),
    )


def downgrade() -> None:
    op.drop_table("prober")
    op.drop_table("heartbeat")
    op.drop_table("measurement")
    for name in ("sealed", "headers", "spec", "kind"):
        op.drop_column("monitor", name)
