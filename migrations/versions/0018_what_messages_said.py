"""Messages whose contents were let go.

House rule: a migration runs while the service runs. It must not lock a large table for long, must work with
the code before it and the code after it (expand, fill, tighten: three migrations), and its downgrade must work.
Numbered in order, one head. Never touch the triggers on entry and attachment.
"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("delivery", sa.Column("let_go_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))


def downgrade() -> None:
    op.drop_column("delivery", "let_go_at")
