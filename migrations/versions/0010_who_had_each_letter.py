"""Rounds about an outage or a month, which have no window, and everybody at a client who had a letter.

House rule: a migration runs while the service runs. It must not lock a large table for long, must work with
the code before it and the code after it (expand, fill, tighten: three migrations), and its downgrade must work.
Numbered in order, one head. Never touch the triggers on entry and attachment.
"""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString
MOMENT = sqlmodel.sql.sqltypes.UTCDateTime
LOOSE = ("window_id", "work_id")


def _nullable(wanted: bool) -> None:
    """Whether a round may have no window. SQLite changes the words of the table alone, as its manual describes for a
    NOT NULL: no row is written anew, and no other table's reference is touched."""
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        for name in LOOSE:
            op.alter_column("notice", name, existing_type=sa.Uuid(), nullable=wanted)
        return
    version = connection.exec_driver_sql("pragma schema_version").scalar_one()
    sql = connection.exec_driver_sql("select sql from sqlite_master where type = 'table' and name = 'notice'").scalar_one()
    for name in LOOSE:
        tight, loose = f"{name} CHAR(32) NOT NULL", f"{name} CHAR(32)"
        sql = sql.replace(tight, loose) if wanted else sql.replace(loose, tight)
    connection.exec_driver_sql("pragma writable_schema = on")
    connection.exec_driver_sql("update sqlite_master set sql = ? where type = 'table' and name = 'notice'", (sql,))
    connection.exec_driver_sql(f"pragma schema_version = {version + 1}")
    connection.exec_driver_sql("pragma writable_schema = off")


def upgrade() -> None:
    _nullable(True)
    op.add_column("notice", sa.Column("outage_from", MOMENT(), nullable=True))
    op.add_column("notice", sa.Column("month", TEXT(length=7), nullable=True))
    op.create_table(
        "letter_recipient",
        sa.Column("letter_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("channel", TEXT(length=8), nullable=False),
        sa.Column("why", TEXT(), nullable=False),
        sa.ForeignKeyConstraint(["letter_id"], ["letter.id"], name=op.f("fk_letter_recipient_letter_id_letter")),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_letter_recipient_contact_id_contact")),
        sa.PrimaryKeyConstraint("letter_id", "contact_id", name=op.f("pk_letter_recipient")),
    )
    op.create_index(op.f("ix_letter_recipient_contact_id"), "letter_recipient", ["contact_id"], unique=False)
    op.execute(
        "insert into letter_recipient (letter_id, contact_id, place, channel, why) "
        "select letter.id, contact.id, 0, contact.prefers, 'had the letter' "
        "from letter join contact on contact.id = letter.contact_id"
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_letter_recipient_contact_id"), table_name="letter_recipient")
    op.drop_table("letter_recipient")
    op.execute("delete from letter where notice_id in (select id from notice where window_id is null)")
    op.execute("update notice set follows = null where follows in (select id from notice where window_id is null)")
    op.execute("delete from notice where window_id is null")
    op.drop_column("notice", "month")
    op.drop_column("notice", "outage_from")
    _nullable(False)
