"""Incidents and their notes, tickets and their replies."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.db import new_id


class Incident(SQLModel, table=True):
    """Something that went wrong on a service, as people tell it."""

    __tablename__ = "incident"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    created_at: datetime
    service_id: UUID = Field(foreign_key="service.id", index=True)
    title: str
    started_at: datetime | None = None
    window_id: UUID | None = Field(default=None, foreign_key="window.id", index=True)


class Note(SQLModel, table=True):
    """A line of the account: `occurred_at` is when it happened, `created_at` when we wrote it down."""

    __tablename__ = "note"
    __private__: ClassVar[frozenset[str]] = frozenset({"said_by"})

    id: UUID = Field(default_factory=new_id, primary_key=True)
    created_at: datetime
    salt: str = Field(max_length=32)
    incident_id: UUID = Field(foreign_key="incident.id", index=True)
    occurred_at: datetime
    text: str
    source: str = Field(max_length=1)
    message_id: UUID | None = Field(default=None, foreign_key="message.id", index=True)
    event: str | None = None  # a moment a timed promise's clock starts or stops at: provider_confirmed, part_replaced
    said_by: str | None = None


class Ticket(SQLModel, table=True):
    """A ticket with the provider."""

    __tablename__ = "ticket"
    __table_args__ = (sa.UniqueConstraint("service_id", "number"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    created_at: datetime
    service_id: UUID = Field(foreign_key="service.id", index=True)
    incident_id: UUID | None = Field(default=None, foreign_key="incident.id", index=True)
    number: str
    subject: str
    urgency: str  # urgent | normal
    opened_at: datetime


class Reply(SQLModel, table=True):
    """A provider's reply to a ticket; an automatic one does not stop a response clock."""

    __tablename__ = "reply"
    __private__: ClassVar[frozenset[str]] = frozenset({"by"})

    id: UUID = Field(default_factory=new_id, primary_key=True)
    created_at: datetime
    salt: str = Field(max_length=32)
    ticket_id: UUID = Field(foreign_key="ticket.id", index=True)
    at: datetime
    by: str
    human: bool
    text: str = ""
    next_update_due: datetime | None = None  # "we will write by 04:00"
