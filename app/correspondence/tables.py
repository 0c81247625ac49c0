"""Letters to providers, how they were sent, what they ask, and what was answered."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.db import Json, new_id


class ProviderLetter(SQLModel, table=True):
    """One letter as at one moment: draft, approved by a name, issued. Numbered per service.

    `document` and `pdf` hold the names of people at both ends and can be erased with the row; the log keeps digests.
    """

    __tablename__ = "provider_letter"
    __table_args__ = (sa.UniqueConstraint("service_id", "number"),)
    __private__: ClassVar[frozenset[str]] = frozenset({"attention", "address", "words", "document", "pdf"})

    id: UUID = Field(default_factory=new_id, primary_key=True)
    created_at: datetime
    salt: str = Field(max_length=32)
    service_id: UUID = Field(foreign_key="service.id", index=True)
    provider_id: UUID = Field(foreign_key="provider.id", index=True)
    number: int
    kind: str = Field(max_length=2)  # P1 | P2 | P3 | P4 | P5 | P6
    about_id: UUID | None = Field(default=None, foreign_key="provider_letter.id", index=True)  # what P5 reminds of
    claim_id: UUID | None = Field(default=None, foreign_key="claim.id", index=True)  # the claim it is about
    statement_id: UUID | None = Field(default=None, foreign_key="statement.id", index=True)  # what P4 and P6 rest on
    as_at: datetime
    attention: str | None = None
    address: list[str] = Field(sa_type=Json)
    words: dict[str, Any] = Field(sa_type=Json)
    approved_by: str | None = None
    approved_at: datetime | None = None
    issued_at: datetime | None = None
    document: str | None = Field(default=None, sa_type=sa.Text)
    document_digest: str | None = Field(default=None, max_length=64)
    pdf: bytes | None = Field(default=None, sa_type=sa.LargeBinary)
    pdf_digest: str | None = Field(default=None, max_length=64)


class ProviderSending(SQLModel, table=True):
    """A letter went out, by hand: how, when, where to, and what proves it."""

    __tablename__ = "provider_sending"
    __private__: ClassVar[frozenset[str]] = frozenset({"address", "sent_by"})

    id: UUID = Field(default_factory=new_id, primary_key=True)
    created_at: datetime
    salt: str = Field(max_length=32)
    letter_id: UUID = Field(foreign_key="provider_letter.id", index=True)
    sent_at: datetime
    channel: str  # email | ticket | portal | post | fax | other
    address: str
    sent_by: str
    receipt: str | None = None
    ticket_id: UUID | None = Field(default=None, foreign_key="ticket.id", index=True)


class ProviderRequest(SQLModel, table=True):
    """One numbered request of an issued letter, with the moment an answer is wanted by."""

    __tablename__ = "provider_request"
    __table_args__ = (sa.UniqueConstraint("letter_id", "number"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    created_at: datetime
    letter_id: UUID = Field(foreign_key="provider_letter.id", index=True)
    number: str = Field(max_length=4)  # R1, R2, …
    text: str
    answer_as: str
    wanted_at: datetime


class ProviderAnswer(SQLModel, table=True):
    """What came back on a request, and where it stands: a message, a ticket's reply, or our note of it."""

    __tablename__ = "provider_answer"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    created_at: datetime
    request_id: UUID = Field(foreign_key="provider_request.id", index=True)
    state: str  # answered | in_part | withdrawn (by us)
    at: datetime
    message_id: UUID | None = Field(default=None, foreign_key="message.id", index=True)
    reply_id: UUID | None = Field(default=None, foreign_key="reply.id", index=True)
    text: str = ""
