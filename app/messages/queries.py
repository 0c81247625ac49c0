"""Reads of the provider's messages, and the rule for citing one as a source."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from app.errors import BadInput, NotFound
from app.messages.tables import Message


def message(session: Session, id_: UUID) -> Message:
    """Raises NotFound."""
    row = session.get(Message, id_)
    if row is None:
        raise NotFound(f"no message has the id {id_}; GET /messages lists them", field="message_id")
    return row


def messages(session: Session, ids: Collection[UUID]) -> dict[UUID, Message]:
    """Those of `ids` there are, by id."""
    return {row.id: row for row in session.exec(select(Message).where(col(Message.id).in_(ids)))}


def cited(session: Session, id_: UUID | None, source: str | None, provider_ids: Collection[UUID]) -> Message | None:
    """The message a fact rests on, None where it rests on none.

    Raises NotFound, and BadInput for another provider's message or for a source that a message cannot be.
    """
    if id_ is None:
        return None
    row = message(session, id_)
    if row.provider_id not in provider_ids:
        raise BadInput("this message is from another provider than the one who hosts the service", field="message_id")
    if source not in (None, "P", "T"):
        raise BadInput(
            f"a provider's message is the source P (or T, in a ticket), not {source}; leave `source` out",
            field="source",
            example="P",
        )
    return row


def source_of(row: Message | None, source: str | None) -> str:
    """The letter to record: what was given, else P for a message (T in a ticket), else N, a note of ours."""
    if source is not None:
        return source
    if row is None:
        return "N"
    return "T" if row.channel == "ticket" else "P"


def received(row: Message | None, at: datetime | None, field: str) -> datetime:
    """The moment something reached us: the message's, or what was given where there is no message.

    Raises BadInput when it is missing, or is not when the message came.
    """
    if row is None:
        if at is None:
            raise BadInput("is needed where no message is named", field=field, example="2025-06-03T10:05:00+02:00")
        return at
    if at is not None and at != row.received_at:
        came = row.received_at.isoformat()
        raise BadInput(f"differs from when the message came, {came}; leave it out", field=field, example=came)
    return row.received_at


def attachments(row: Message | None) -> tuple[str, ...]:
    """The digests an evidence entry names when it rests on this message."""
    return () if row is None else (row.digest,)
