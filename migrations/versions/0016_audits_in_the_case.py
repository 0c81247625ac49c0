"""Audits in the record: what became of each site's data.

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

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

Words = sqlmodel.sql.sqltypes.AutoString
Moment = sqlmodel.sql.sqltypes.UTCDateTime
Json = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True, astext_type=Text()), "postgresql")


def upgrade() -> None:
    op.create_table(
        "assessment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("equal_to", Moment(), nullable=False),
        sa.Column("first_new_at", Moment(), nullable=False),
        sa.Column("expected_writes", sa.Integer(), nullable=True),
        sa.Column("clocks", Words(), nullable=False),
        sa.Column("copies", Json, nullable=False),
        sa.Column("limits", Json, nullable=False),
        sa.Column("digest", Words(length=64), nullable=False),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_assessment_service_id_service")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assessment")),
        sa.UniqueConstraint("service_id", "digest", name=op.f("uq_assessment_service_id_digest")),
    )
    op.create_index(op.f("ix_assessment_service_id"), "assessment", ["service_id"])
    op.create_table(
        "site_assessment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("assessment_id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("state", Words(length=10), nullable=False),
        sa.Column("figures", Json, nullable=False),
        sa.Column("rows", Json, nullable=False),
        sa.Column("notes", Json, nullable=False),
        sa.Column("check_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["assessment_id"], ["assessment.id"], name=op.f("fk_site_assessment_assessment_id_assessment")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_site_assessment_site_id_site")),
        sa.ForeignKeyConstraint(["check_id"], ["site_check.id"], name=op.f("fk_site_assessment_check_id_site_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site_assessment")),
        sa.UniqueConstraint("assessment_id", "site_id", name=op.f("uq_site_assessment_assessment_id_site_id")),
    )
    op.create_index(op.f("ix_site_assessment_site_id"), "site_assessment", ["site_id"])


def downgrade() -> None:
    op.drop_table("site_assessment")
    op.drop_table("assessment")
