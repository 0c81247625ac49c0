"""Taking in what a provider wrote or said."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlmodel import Session, select

from app.agreements import queries as agreements
from app.errors import BadInput, Conflict
from app.evidence import actions as evidence
from app.fields import happened
from app.messages.tables import Message


def receive(
    session: Session,
    *,
    provider_id: UUID,
    channel: str,
    received_at: datetime,
    type: str,
    subject: str | None = None,
    text: str | None = None,
    content: bytes | None = None,
    media_type: str | None = None,
    filename: str | None = None,
    now: datetime,
) -> Message:
    """Keeps the message whole: `content` as the bytes that came, else `text` as UTF-8. Source P, or T in a ticket.

    Raises NotFound; BadInput for a message without either, or from the future; Conflict naming the row when the same
    bytes of the same moment are there already.
    """
    provider = agreements.provider(session, provider_id)
    happened(received_at, now, "received_at")
    if not content and not text:
        raise BadInput(
            "a message needs its words, or its bytes in `content_base64`",
            field="text",
            example="The amount of data was underestimated.",
        )
    whole = content or (text or "").encode()
    kind = media_type or ("application/octet-stream" if content else "text/plain")
    digest = evidence.keep(session, whole, kind)
    same = select(Message).where(
        Message.provider_id == provider.id, Message.digest == digest, Message.received_at == received_at
    )
    if (other := session.exec(same).first()) is not None:
        raise Conflict(f"these very bytes, received at that moment, are recorded as {other.id}", field="content_base64")
    row = Message(
        created_at=now, provider_id=provider.id, channel=channel, received_at=received_at, type=type, subject=subject,
        text=text, digest=digest, size=len(whole), media_type=kind, filename=filename,
    )  # fmt: skip
    session.add(row)
    source = "T" if channel == "ticket" else "P"
    evidence.append(session, "message.received", row, now, occurred_at=received_at, source=source, attachments=[digest])
    return row
