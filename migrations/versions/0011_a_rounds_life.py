"""Who at a client gets which letters, plans of rounds, promised updates of ours that were missed, own texts.

House rule: a migration runs while the service runs. It must not lock a large table for long, must work with
the code before it and the code after it (expand, fill, tighten: three migrations), and its downgrade must work.
Numbered in order, one head. Never touch the triggers on entry and attachment.
"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString
MOMENT = sqlmodel.sql.sqltypes.UTCDateTime
ALL = '["planned", "during", "after", "data", "monthly"]'


def json() -> sa.types.TypeEngine[object]:
    binary = postgresql.JSONB(none_as_null=True, astext_type=sa.Text())
    return sa.JSON(none_as_null=True).with_variant(binary, "postgresql")


def upgrade() -> None:
    op.add_column("contact", sa.Column("kinds", json(), nullable=False, server_default=sa.text(f"'{ALL}'")))
    op.add_column("contact", sa.Column("invitations", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("notice", sa.Column("approved_at", MOMENT(), nullable=True))
    op.add_column("notice", sa.Column("plan", TEXT(length=64), nullable=True))
    op.add_column("notice", sa.Column("proposal", TEXT(length=200), nullable=True))
    op.create_index(op.f("ix_notice_proposal"), "notice", ["proposal"], unique=True)
    op.add_column("letter", sa.Column("own_text_id", sa.Uuid(), nullable=True))
    op.create_table(
        "notice_plan",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT(), nullable=False),
        sa.Column("salt", TEXT(length=32), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("digest", TEXT(length=64), nullable=False),
        sa.Column("letters", json(), nullable=False),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name=op.f("fk_notice_plan_notice_id_notice")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_plan")),
        sa.UniqueConstraint("notice_id", "digest", name=op.f("uq_notice_plan_notice_id_digest")),
    )
    op.create_index(op.f("ix_notice_plan_notice_id"), "notice_plan", ["notice_id"], unique=False)
    op.create_table(
        "missed_update",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT(), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("due_at", MOMENT(), nullable=False),
        sa.Column("letters", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name=op.f("fk_missed_update_notice_id_notice")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_missed_update")),
        sa.UniqueConstraint("notice_id", name=op.f("uq_missed_update_notice_id")),
    )
    op.create_table(
        "own_text",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT(), nullable=False),
        sa.Column("salt", TEXT(length=32), nullable=False),
        sa.Column("kind", TEXT(length=3), nullable=False),
        sa.Column("language", TEXT(length=2), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("subject", TEXT(), nullable=False),
        sa.Column("text", TEXT(), nullable=False),
        sa.Column("saved_by", TEXT(), nullable=False),
        sa.Column("withdrawn_at", MOMENT(), nullable=True),
        sa.Column("withdrawn_by", TEXT(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_own_text")),
        sa.UniqueConstraint("kind", "language", "version", name=op.f("uq_own_text_kind_language_version")),
    )


def downgrade() -> None:
    op.drop_table("own_text")
    op.drop_table("missed_update")
    op.drop_index(op.f("ix_notice_plan_notice_id"), table_name="notice_plan")
    op.drop_table("notice_plan")
    op.drop_column("letter", "own_text_id")
    op.drop_index(op.f("ix_notice_proposal"), table_name="notice")
    op.drop_column("notice", "proposal")
    op.drop_column("notice", "plan")
    op.drop_column("notice", "approved_at")
    op.drop_column("contact", "invitations")
    op.drop_column("contact", "kinds")
