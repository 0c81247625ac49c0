"""Alerts with their channels and outbox, what was noticed of windows, and the troubles people were told of.

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

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True, astext_type=Text()), "postgresql")
Words = sqlmodel.sql.sqltypes.AutoString
Moment = sqlmodel.sql.sqltypes.UTCDateTime


def upgrade() -> None:
    op.create_table(
        "alert_channel",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("name", Words(length=200), nullable=False),
        sa.Column("scheme", Words(length=20), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("kinds", JSON, nullable=False),
        sa.Column("quiet", JSON, nullable=True),
        sa.Column("retired_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_channel")),
        sa.UniqueConstraint("name", name=op.f("uq_alert_channel_name")),
    )
    op.create_table(
        "alert",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("kind", Words(length=30), nullable=False),
        sa.Column("key", Words(length=300), nullable=False),
        sa.Column("title", Words(length=300), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=True),
        sa.Column("quiet", Words(length=300), nullable=True),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_alert_service_id_service")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
        sa.UniqueConstraint("key", name=op.f("uq_alert_key")),
    )
    op.create_index(op.f("ix_alert_created_at"), "alert", ["created_at"])
    op.create_index(op.f("ix_alert_service_id"), "alert", ["service_id"])
    op.create_table(
        "alert_sending",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("alert_id", sa.Uuid(), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("state", Words(length=20), nullable=False),
        sa.Column("due_at", Moment(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sent_at", Moment(), nullable=True),
        sa.Column("error", Words(length=500), nullable=True),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.id"], name=op.f("fk_alert_sending_alert_id_alert")),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["alert_channel.id"], name=op.f("fk_alert_sending_channel_id_alert_channel")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_sending")),
        sa.UniqueConstraint("alert_id", "channel_id", name=op.f("uq_alert_sending_alert_id_channel_id")),
    )
    op.create_index(op.f("ix_alert_sending_channel_id"), "alert_sending", ["channel_id"])
    op.create_index(op.f("ix_alert_sending_state_due_at"), "alert_sending", ["state", "due_at"])
    op.create_table(
        "window_watch",
        sa.Column("window_id", sa.Uuid(), nullable=False),
        sa.Column("state", Words(length=20), nullable=False),
        sa.Column("outcome", Words(length=30), nullable=False),
        sa.Column("words", sa.Integer(), nullable=False),
        sa.Column("looked_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["window_id"], ["window.id"], name=op.f("fk_window_watch_window_id_window")),
        sa.PrimaryKeyConstraint("window_id", name=op.f("pk_window_watch")),
    )
    op.create_index(op.f("ix_window_watch_state"), "window_watch", ["state"])
    op.create_table(
        "watch_entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("window_id", sa.Uuid(), nullable=False),
        sa.Column("kind", Words(length=20), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("evidence", JSON, nullable=False),
        sa.ForeignKeyConstraint(["window_id"], ["window.id"], name=op.f("fk_watch_entry_window_id_window")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watch_entry")),
        sa.UniqueConstraint("window_id", "kind", "at", name=op.f("uq_watch_entry_window_id_kind_at")),
    )
    op.create_table(
        "trouble",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("subject", Words(length=60), nullable=False),
        sa.Column("kind", Words(length=20), nullable=False),
        sa.Column("since_at", Moment(), nullable=False),
        sa.Column("told_at", Moment(), nullable=True),
        sa.Column("quiet", sa.Boolean(), nullable=False),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.Column("witnesses", JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trouble")),
        sa.UniqueConstraint("subject", "kind", "since_at", name=op.f("uq_trouble_subject_kind_since_at")),
    )
    op.create_index(op.f("ix_trouble_ended_at"), "trouble", ["ended_at"])


def downgrade() -> None:
    for table in ("trouble", "watch_entry", "window_watch", "alert_sending", "alert", "alert_channel"):
        op.drop_table(table)
