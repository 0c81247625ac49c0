"""Letters to providers, their sendings, their requests and the answers.

House rule: a migration runs while the service runs. It must not lock a large table for long, must work with
the code before it and the code after it (expand, fill, tighten: three migrations), and its downgrade must work.
Numbered in order, one head. Never touch the triggers on entry and attachment.
"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString
MOMENT = sqlmodel.sql.sqltypes.UTCDateTime


def json() -> sa.types.TypeEngine[object]:
    binary = postgresql.JSONB(none_as_null=True, astext_type=sa.Text())
    return sa.JSON(none_as_null=True).with_variant(binary, "postgresql")


def upgrade() -> None:
    op.create_table(
        "provider_letter",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT(), nullable=False),
        sa.Column("salt", TEXT(length=32), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", TEXT(length=2), nullable=False),
        sa.Column("about_id", sa.Uuid(), nullable=True),
        sa.Column("claim_id", sa.Uuid(), nullable=True),
        sa.Column("statement_id", sa.Uuid(), nullable=True),
        sa.Column("as_at", MOMENT(), nullable=False),
        sa.Column("attention", TEXT(), nullable=True),
        sa.Column("address", json(), nullable=False),
        sa.Column("words", json(), nullable=False),
        sa.Column("approved_by", TEXT(), nullable=True),
        sa.Column("approved_at", MOMENT(), nullable=True),
        sa.Column("issued_at", MOMENT(), nullable=True),
        sa.Column("document", sa.Text(), nullable=True),
        sa.Column("document_digest", TEXT(length=64), nullable=True),
        sa.Column("pdf", sa.LargeBinary(), nullable=True),
        sa.Column("pdf_digest", TEXT(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["about_id"], ["provider_letter.id"], name=op.f("fk_provider_letter_about_id_provider_letter")
        ),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_provider_letter_claim_id_claim")),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"], name=op.f("fk_provider_letter_provider_id_provider")),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_provider_letter_service_id_service")),
        sa.ForeignKeyConstraint(
            ["statement_id"], ["statement.id"], name=op.f("fk_provider_letter_statement_id_statement")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_letter")),
        sa.UniqueConstraint("service_id", "number", name=op.f("uq_provider_letter_service_id_number")),
    )
    for column in ("about_id", "claim_id", "provider_id", "service_id", "statement_id"):
        op.create_index(op.f(f"ix_provider_letter_{column}"), "provider_letter", [column])
    op.create_table(
        "provider_sending",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT(), nullable=False),
        sa.Column("salt", TEXT(length=32), nullable=False),
        sa.Column("letter_id", sa.Uuid(), nullable=False),
        sa.Column("sent_at", MOMENT(), nullable=False),
        sa.Column("channel", TEXT(), nullable=False),
        sa.Column("address", TEXT(), nullable=False),
        sa.Column("sent_by", TEXT(), nullable=False),
        sa.Column("receipt", TEXT(), nullable=True),
        sa.Column("ticket_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["provider_letter.id"], name=op.f("fk_provider_sending_letter_id_provider_letter")
        ),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_provider_sending_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_sending")),
    )
    for column in ("letter_id", "ticket_id"):
        op.create_index(op.f(f"ix_provider_sending_{column}"), "provider_sending", [column])
    op.create_table(
        "provider_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT(), nullable=False),
        sa.Column("letter_id", sa.Uuid(), nullable=False),
        sa.Column("number", TEXT(length=4), nullable=False),
        sa.Column("text", TEXT(), nullable=False),
        sa.Column("answer_as", TEXT(), nullable=False),
        sa.Column("wanted_at", MOMENT(), nullable=False),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["provider_letter.id"], name=op.f("fk_provider_request_letter_id_provider_letter")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_request")),
        sa.UniqueConstraint("letter_id", "number", name=op.f("uq_provider_request_letter_id_number")),
    )
    op.create_index(op.f("ix_provider_request_letter_id"), "provider_request", ["letter_id"])
    op.create_table(
        "provider_answer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("state", TEXT(), nullable=False),
        sa.Column("at", MOMENT(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.Column("reply_id", sa.Uuid(), nullable=True),
        sa.Column("text", TEXT(), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_provider_answer_message_id_message")),
        sa.ForeignKeyConstraint(["reply_id"], ["reply.id"], name=op.f("fk_provider_answer_reply_id_reply")),
        sa.ForeignKeyConstraint(
            ["request_id"], ["provider_request.id"], name=op.f("fk_provider_answer_request_id_provider_request")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_answer")),
    )
    for column in ("message_id", "reply_id", "request_id"):
        op.create_index(op.f(f"ix_provider_answer_{column}"), "provider_answer", [column])


def downgrade() -> None:
    for name in ("provider_answer", "provider_request", "provider_sending", "provider_letter"):
        op.drop_table(name)
