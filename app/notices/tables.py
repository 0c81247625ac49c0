"""Notices (the duty to tell) and the letters they became, one per client."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.db import Json, new_id


class Notice(SQLModel, table=True):
    """One round of letters as at one moment, about a window, an outage outside any, or a month; see `kind`.

    `follows` is the notice whose recipients it goes to. An outage is known by when it began, as held when drafted.
    """

    __tablename__ = "notice"
    __table_args__ = (sa.UniqueConstraint("service_id", "number"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    service_id: UUID = Field(foreign_key="service.id", index=True)
    number: int
    kind: str = Field(max_length=3)  # L1 … L11
    window_id: UUID | None = Field(default=None, foreign_key="window.id", index=True)
    work_id: UUID | None = Field(default=None, foreign_key="work.id", index=True)
    outage_from: datetime | None = None
    month: str | None = Field(default=None, max_length=7)
    follows: UUID | None = Field(default=None, foreign_key="notice.id", index=True)
    as_at: datetime
    words: dict[str, Any] = Field(sa_type=Json)
    created_at: datetime
    issued_at: datetime | None = None
    approved_by: str | None = None
    approved_at: datetime | None = None
    plan: str | None = Field(default=None, max_length=64)  # the digest of the plan that was approved
    proposal: str | None = Field(default=None, max_length=200, index=True, unique=True)  # what proposed it; else typed


class Letter(SQLModel, table=True):
    """One client's letter: what it stated as facts, and the document and PDF exactly as issued.

    `document` and `pdf` hold the client's name and address and can be erased with the row; the evidence log keeps
    their digests.
    """

    __tablename__ = "letter"
    __table_args__ = (sa.UniqueConstraint("notice_id", "client_id"),)
    __private__: ClassVar[frozenset[str]] = frozenset({"document", "pdf", "stated", "contact_id"})

    id: UUID = Field(default_factory=new_id, primary_key=True)
    notice_id: UUID = Field(foreign_key="notice.id", index=True)
    client_id: UUID = Field(foreign_key="client.id", index=True)
    contact_id: UUID | None = Field(default=None, index=True)
    stated: dict[str, Any] = Field(sa_type=Json)
    document: str = Field(sa_type=sa.Text)
    document_digest: str = Field(max_length=64)
    pdf: bytes | None = Field(default=None, sa_type=sa.LargeBinary)
    pdf_digest: str | None = Field(default=None, max_length=64)
    own_text_id: UUID | None = None  # the version of the agency's own text it is written in


class LetterRecipient(SQLModel, table=True):
    """A person a letter goes to, frozen when it was issued, and why. The first of them stands in the letter's row.

    `phone`: what they had last came back, so they are told by telephone. `none`: named in the letter, and it is not
    sent to them.
    """

    __tablename__ = "letter_recipient"

    letter_id: UUID = Field(foreign_key="letter.id", primary_key=True)
    contact_id: UUID = Field(foreign_key="contact.id", primary_key=True, index=True)
    place: int  # 0, 1, 2 … as the letter greets them
    channel: str = Field(max_length=8)  # email | paper | phone | none
    why: str
