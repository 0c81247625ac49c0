"""Facts that were entered wrongly and count no more.

House rule: a migration runs while the service runs. It must not lock a large table for long, must work with
the code before it and the code after it (expand, fill, tighten: three migrations), and its downgrade must work.
Numbered in order, one head. Never touch the triggers on entry and attachment.
"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "retraction",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subject", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("created_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retraction")),
        sa.UniqueConstraint("subject", name=op.f("uq_retraction_subject")),
    )


def downgrade() -> None:
    op.drop_table("retraction")
