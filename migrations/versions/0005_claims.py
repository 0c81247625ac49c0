"""Claims, the minutes they claim, their steps; and a trigger that lets no minute be claimed twice.

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

from app.db import Money

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

Text_ = sqlmodel.sql.sqltypes.AutoString
Moment = sqlmodel.sql.sqltypes.UTCDateTime
Json = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True, astext_type=Text()), "postgresql")

# The spans a claim shares with another one that was not withdrawn, unless it was withdrawn itself.
TAKEN = (
    "select 1 from claim_span there join claim other on other.id = there.claim_id "
    "where there.service_id = new.service_id and there.claim_id <> new.claim_id and other.state <> 'withdrawn' "
    "and there.start_at < new.end_at and there.end_at > new.start_at "
    "and (select mine.state from claim mine where mine.id = new.claim_id) <> 'withdrawn'"
)
SAID = "these minutes are claimed already by another claim"


def upgrade() -> None:
    op.create_table(
        "claim",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("running", sa.Integer(), nullable=False),
        sa.Column("number", Text_(length=40), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("statement_id", sa.Uuid(), nullable=True),
        sa.Column("paper_id", sa.Uuid(), nullable=True),
        sa.Column("period", Text_(), nullable=False),
        sa.Column("start_at", Moment(), nullable=False),
        sa.Column("end_at", Moment(), nullable=False),
        sa.Column("zone", Text_(), nullable=False),
        sa.Column("as_at", Moment(), nullable=False),
        sa.Column("so_far", sa.Boolean(), nullable=False),
        sa.Column("basis", Text_(), nullable=False),
        sa.Column("amount", Money(), nullable=False),
        sa.Column("held_amount", Money(), nullable=False),
        sa.Column("currency", Text_(length=3), nullable=False),
        sa.Column("terms_id", sa.Uuid(), nullable=True),
        sa.Column("terms_version", Text_(), nullable=True),
        sa.Column("preconditions", Json, nullable=False),
        sa.Column("needs_review", Json, nullable=False),
        sa.Column("statement_digest", Text_(length=64), nullable=False),
        sa.Column("earliest", sa.Date(), nullable=True),
        sa.Column("latest", sa.Date(), nullable=True),
        sa.Column("too_late_from", Moment(), nullable=True),
        sa.Column("clause", Text_(), nullable=True),
        sa.Column("state", Text_(), nullable=False),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_claim_service_id_service")),
        sa.ForeignKeyConstraint(["statement_id"], ["statement.id"], name=op.f("fk_claim_statement_id_statement")),
        sa.ForeignKeyConstraint(["paper_id"], ["paper.id"], name=op.f("fk_claim_paper_id_paper")),
        sa.ForeignKeyConstraint(["terms_id"], ["terms.id"], name=op.f("fk_claim_terms_id_terms")),
        sa.ForeignKeyConstraint(
            ["statement_digest"], ["attachment.digest"], name=op.f("fk_claim_statement_digest_attachment")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim")),
        sa.UniqueConstraint("running", name=op.f("uq_claim_running")),
        sa.UniqueConstraint("number", name=op.f("uq_claim_number")),
    )
    for column in ("service_id", "statement_id", "paper_id", "terms_id", "statement_digest", "state"):
        op.create_index(op.f(f"ix_claim_{column}"), "claim", [column])
    op.create_table(
        "claim_span",
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column("start_at", Moment(), nullable=False),
        sa.Column("end_at", Moment(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("end_at > start_at", name=op.f("ck_claim_span_span")),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_claim_span_claim_id_claim")),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_claim_span_service_id_service")),
        sa.PrimaryKeyConstraint("claim_id", "start_at", name=op.f("pk_claim_span")),
    )
    op.create_index(op.f("ix_claim_span_service_id"), "claim_span", ["service_id"])
    op.create_table(
        "claim_step",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", Text_(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("by", Text_(), nullable=False),
        sa.Column("source", Text_(length=1), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.Column("words", Text_(), nullable=False),
        sa.Column("figure", Text_(), nullable=True),
        sa.Column("amount", Money(), nullable=True),
        sa.Column("channel", Text_(), nullable=True),
        sa.Column("receipt", Text_(), nullable=True),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("reply_by", sa.Date(), nullable=True),
        sa.Column("paper_id", sa.Uuid(), nullable=True),
        sa.Column("invoice", Text_(), nullable=True),
        sa.Column("invoice_date", sa.Date(), nullable=True),
        sa.Column("checklist", Json, nullable=True),
        sa.Column("undoes", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_claim_step_claim_id_claim")),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_claim_step_message_id_message")),
        sa.ForeignKeyConstraint(["paper_id"], ["paper.id"], name=op.f("fk_claim_step_paper_id_paper")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_step")),
        sa.UniqueConstraint("claim_id", "number", name=op.f("uq_claim_step_claim_id_number")),
    )
    for column in ("claim_id", "message_id", "paper_id"):
        op.create_index(op.f(f"ix_claim_step_{column}"), "claim_step", [column])
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"create trigger claim_span_once before insert on claim_span when exists ({TAKEN}) "
            f"begin select raise(abort, '{SAID}'); end"
        )
    else:
        op.execute(
            "create function claim_span_once() returns trigger language plpgsql as $$ begin "
            f"if exists ({TAKEN}) then raise exception '{SAID}' using errcode = 'exclusion_violation'; end if; "
            "return new; end $$"
        )
        op.execute(
            "create trigger claim_span_once before insert on claim_span "
            "for each row execute function claim_span_once()"
        )


def downgrade() -> None:
    op.drop_table("claim_step")
    op.drop_table("claim_span")  # its trigger goes with it
    if op.get_bind().dialect.name == "postgresql":
        op.execute("drop function claim_span_once()")
    op.drop_table("claim")
