"""The outbox: messages, attempts to send them, what else happened to them, and addresses that refuse.

House rule: a migration runs while the service runs. It must not lock a large table for long, must work with
the code before it and the code after it (expand, fill, tighten: three migrations), and its downgrade must work.
Numbered in order, one head. Never touch the triggers on entry and attachment.
"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString
MOMENT = sqlmodel.sql.sqltypes.UTCDateTime


def upgrade() -> None:
    op.create_table(
        "delivery",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT(), nullable=False),
        sa.Column("salt", TEXT(length=32), nullable=False),
        sa.Column("key", TEXT(length=200), nullable=False),
        sa.Column("token", TEXT(length=32), nullable=False),
        sa.Column("message_id", TEXT(length=300), nullable=False),
        sa.Column("channel", TEXT(length=8), nullable=False),
        sa.Column("state", TEXT(length=12), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=True),
        sa.Column("letter_id", sa.Uuid(), nullable=True),
        sa.Column("client_id", sa.Uuid(), nullable=True),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("thread", TEXT(length=120), nullable=True),
        sa.Column("calendar_uid", TEXT(length=200), nullable=True),
        sa.Column("calendar_sequence", sa.Integer(), nullable=True),
        sa.Column("calendar_method", TEXT(length=8), nullable=True),
        sa.Column("name", TEXT(), nullable=True),
        sa.Column("address", TEXT(), nullable=True),
        sa.Column("domain", TEXT(length=255), nullable=True),
        sa.Column("subject", TEXT(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", MOMENT(), nullable=True),
        sa.Column("give_up_at", MOMENT(), nullable=True),
        sa.Column("claimed_at", MOMENT(), nullable=True),
        sa.Column("claimed_by", TEXT(length=120), nullable=True),
        sa.Column("settled_at", MOMENT(), nullable=True),
        sa.Column("said", TEXT(), nullable=False),
        sa.Column("erased_at", MOMENT(), nullable=True),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name=op.f("fk_delivery_notice_id_notice")),
        sa.ForeignKeyConstraint(["letter_id"], ["letter.id"], name=op.f("fk_delivery_letter_id_letter")),
        sa.ForeignKeyConstraint(["client_id"], ["client.id"], name=op.f("fk_delivery_client_id_client")),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_delivery_contact_id_contact")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("key", name=op.f("uq_delivery_key")),
        sa.UniqueConstraint("token", name=op.f("uq_delivery_token")),
        sa.UniqueConstraint("message_id", name=op.f("uq_delivery_message_id")),
    )
    op.create_index(op.f("ix_delivery_client_id"), "delivery", ["client_id"], unique=False)
    op.create_index(op.f("ix_delivery_contact_id"), "delivery", ["contact_id"], unique=False)
    op.create_index(op.f("ix_delivery_letter_id"), "delivery", ["letter_id"], unique=False)
    op.create_index(op.f("ix_delivery_notice_id"), "delivery", ["notice_id"], unique=False)
    op.create_index(op.f("ix_delivery_state_due_at"), "delivery", ["state", "due_at"], unique=False)
    op.create_index(op.f("ix_delivery_thread"), "delivery", ["thread"], unique=False)
    op.create_table(
        "delivery_content",
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("digest", TEXT(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"], name=op.f("fk_delivery_content_delivery_id_delivery")),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("pk_delivery_content")),
    )
    op.create_table(
        "delivery_attempt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("started_at", MOMENT(), nullable=False),
        sa.Column("worker", TEXT(length=120), nullable=False),
        sa.Column("domain", TEXT(length=255), nullable=False),
        sa.Column("ended_at", MOMENT(), nullable=True),
        sa.Column("kind", TEXT(length=12), nullable=True),
        sa.Column("stage", TEXT(length=12), nullable=True),
        sa.Column("about", TEXT(length=12), nullable=True),
        sa.Column("code", sa.Integer(), nullable=True),
        sa.Column("status", TEXT(length=12), nullable=True),
        sa.Column("text", TEXT(), nullable=False),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"], name=op.f("fk_delivery_attempt_delivery_id_delivery")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_attempt")),
        sa.UniqueConstraint("delivery_id", "number", name=op.f("uq_delivery_attempt_delivery_id_number")),
    )
    op.create_index(op.f("ix_delivery_attempt_delivery_id"), "delivery_attempt", ["delivery_id"], unique=False)
    op.create_index(op.f("ix_delivery_attempt_domain_started_at"), "delivery_attempt", ["domain", "started_at"], unique=False)
    op.create_index(op.f("ix_delivery_attempt_ended_at"), "delivery_attempt", ["ended_at"], unique=False)
    op.create_table(
        "delivery_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT(), nullable=False),
        sa.Column("salt", TEXT(length=32), nullable=False),
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("kind", TEXT(length=12), nullable=False),
        sa.Column("at", MOMENT(), nullable=False),
        sa.Column("by", TEXT(), nullable=True),
        sa.Column("how", TEXT(length=12), nullable=True),
        sa.Column("status", TEXT(length=12), nullable=True),
        sa.Column("text", TEXT(), nullable=False),
        sa.Column("digest", TEXT(length=64), nullable=True),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"], name=op.f("fk_delivery_event_delivery_id_delivery")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_event")),
    )
    op.create_index(op.f("ix_delivery_event_delivery_id"), "delivery_event", ["delivery_id"], unique=False)
    op.create_index(op.f("ix_delivery_event_digest"), "delivery_event", ["digest"], unique=False)
    op.create_table(
        "suppression",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT(), nullable=False),
        sa.Column("salt", TEXT(length=32), nullable=False),
        sa.Column("address", TEXT(length=320), nullable=False),
        sa.Column("why", TEXT(), nullable=False),
        sa.Column("delivery_id", sa.Uuid(), nullable=True),
        sa.Column("lifted_at", MOMENT(), nullable=True),
        sa.Column("lifted_by", TEXT(), nullable=True),
        sa.Column("lifted_why", TEXT(), nullable=True),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"], name=op.f("fk_suppression_delivery_id_delivery")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppression")),
    )
    op.create_index(op.f("ix_suppression_address"), "suppression", ["address"], unique=False)
    op.create_index(op.f("ix_suppression_delivery_id"), "suppression", ["delivery_id"], unique=False)


def downgrade() -> None:
    op.drop_table("suppression")
    op.drop_table("delivery_event")
    op.drop_table("delivery_attempt")
    op.drop_table("delivery_content")
    op.drop_table("delivery")
