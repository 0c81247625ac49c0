"""Places to ask from: who asks there, what its answers lack, and monitors that are asked from several.

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

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True, astext_type=Text()), "postgresql")
Words = sqlmodel.sql.sqltypes.AutoString
Moment = sqlmodel.sql.sqltypes.UTCDateTime


def upgrade() -> None:
    op.add_column("monitor", sa.Column("agreement", Words(length=10), nullable=True))
    op.add_column("monitor", sa.Column("part_of", sa.Integer(), nullable=True))
    op.add_column("monitor", sa.Column("location", Words(length=40), nullable=True))
    op.create_index(op.f("ix_monitor_part_of"), "monitor", ["part_of"])
    op.create_table(
        "location",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("name", Words(length=40), nullable=False),
        sa.Column("token_id", sa.Uuid(), nullable=False),
        sa.Column("until_at", Moment(), nullable=True),
        sa.Column("spool", Words(length=40), nullable=True),
        sa.Column("seen_at", Moment(), nullable=True),
        sa.Column("offset_ms", sa.BigInteger(), nullable=True),
        sa.Column("health", JSON, nullable=False),
        sa.Column("last_batch", Words(length=100), nullable=True),
        sa.Column("last_digest", Words(length=64), nullable=True),
        sa.ForeignKeyConstraint(["token_id"], ["token.id"], name=op.f("fk_location_token_id_token")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_location")),
        sa.UniqueConstraint("name", name=op.f("uq_location_name")),
    )
    op.create_index(op.f("ix_location_token_id"), "location", ["token_id"])
    op.create_table(
        "location_gap",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("location", Words(length=40), nullable=False),
        sa.Column("kind", Words(length=10), nullable=False),
        sa.Column("start_at", Moment(), nullable=False),
        sa.Column("end_at", Moment(), nullable=False),
        sa.Column("answers", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint("end_at > start_at", name=op.f("ck_location_gap_span")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_location_gap")),
        sa.UniqueConstraint(
            "location", "kind", "start_at", "end_at", name=op.f("uq_location_gap_location_kind_start_at_end_at")
        ),
    )
    op.create_index(op.f("ix_location_gap_end_at"), "location_gap", ["end_at"])


def downgrade() -> None:
    op.drop_table("location_gap")
    op.drop_table("location")
    op.drop_index(op.f("ix_monitor_part_of"), "monitor")
    for column in ("location", "part_of", "agreement"):
        op.drop_column("monitor", column)
