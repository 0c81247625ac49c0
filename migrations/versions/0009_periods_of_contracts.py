"""Which kind of period a claim is about, and whether a statement was asked over the calendar month all the same.

House rule: a migration runs while the service runs. It must not lock a large table for long, must work with
the code before it and the code after it (expand, fill, tighten: three migrations), and its downgrade must work.
Numbered in order, one head. Never touch the triggers on entry and attachment.
"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString


def upgrade() -> None:
    op.add_column("claim", sa.Column("period_kind", TEXT(), nullable=False, server_default="calendar_month"))
    op.add_column("claim", sa.Column("period_anchor", sa.Integer(), nullable=True))
    op.add_column("statement", sa.Column("period", TEXT(length=20), nullable=False, server_default="contract"))


def downgrade() -> None:
    op.drop_column("statement", "period")
    op.drop_column("claim", "period_anchor")
    op.drop_column("claim", "period_kind")
