"""The provider's messages. Their bytes lie under their SHA-256 in the room `evidence`."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.db import new_id


class Message(SQLModel, table=True):
    """What reached us, when, by which way. `type` is what the message does; what it says stays a claim."""

    __tablename__ = "message"
    __table_args__ = (sa.UniqueConstraint("provider_id", "digest", "received_at"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    created_at: datetime
    provider_id: UUID = Field(foreign_key="provider.id", index=True)
    channel: str  # email | phone | portal | ticket | status_page | other
    received_at: datetime = Field(index=True)
    type: (
        str  # announce | remind | amend | reschedule | postpone | withdraw | cancel | start | extend | complete | other
    )
    subject: str | None = None
    text: str | None = None
    digest: str = Field(foreign_key="attachment.digest", index=True, max_length=64)
    size: int  # bytes
    media_type: str
    filename: str | None = None
