"""The outbox: messages, what they say, attempts to send them, what else happened to them; addresses that refuse."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.db import new_id


class Delivery(SQLModel, table=True):
    """One message to one person; the key and the Message-ID are its own for good. `token` comes back in bounces."""

    __tablename__ = "delivery"
    __table_args__ = (sa.Index("ix_delivery_state_due_at", "state", "due_at"),)
    __private__: ClassVar[frozenset[str]] = frozenset({"name", "address", "domain", "subject", "said", "contact_id"})

    id: UUID = Field(default_factory=new_id, primary_key=True)
    created_at: datetime
    salt: str = Field(max_length=32)
    key: str = Field(max_length=200, unique=True)
    token: str = Field(max_length=32, unique=True)
    message_id: str = Field(max_length=300, unique=True)  # with its angle brackets
    channel: str = Field(max_length=8)  # email | paper | phone
    state: str = Field(max_length=12)  # see outbox/states.py
    notice_id: UUID | None = Field(default=None, foreign_key="notice.id", index=True)
    letter_id: UUID | None = Field(default=None, foreign_key="letter.id", index=True)
    client_id: UUID | None = Field(default=None, foreign_key="client.id", index=True)
    contact_id: UUID | None = Field(default=None, foreign_key="contact.id", index=True)
    thread: str | None = Field(default=None, max_length=120, index=True)  # what it belongs to, and for whom
    calendar_uid: str | None = Field(default=None, max_length=200)
    calendar_sequence: int | None = None
    calendar_method: str | None = Field(default=None, max_length=8)  # REQUEST | CANCEL
    name: str | None = None
    address: str | None = None
    domain: str | None = Field(default=None, max_length=255)
    subject: str | None = None
    attempts: int = 0
    due_at: datetime | None = None  # when it is to be tried next; None: not by itself
    give_up_at: datetime | None = None
    claimed_at: datetime | None = None
    claimed_by: str | None = Field(default=None, max_length=120)
    settled_at: datetime | None = None  # when it came into the state it stands in, if that is an end
    said: str = ""  # what it came to, in words: the server's last ones, as a rule
    erased_at: datetime | None = None
    let_go_at: datetime | None = None  # when what it said was let go: its age, and nobody asked


class DeliveryContent(SQLModel, table=True):
    """What the message says, as it was handed over (an Outgoing, packed); empty once it was let go. The row goes when
    the person's data is erased."""

    __tablename__ = "delivery_content"

    delivery_id: UUID = Field(foreign_key="delivery.id", primary_key=True)
    digest: str = Field(max_length=64)
    content: bytes = Field(sa_type=sa.LargeBinary)


class DeliveryAttempt(SQLModel, table=True):
    """One conversation with the server. Written before it begins; `ended_at` stays empty where the process died."""

    __tablename__ = "delivery_attempt"
    __table_args__ = (
        sa.UniqueConstraint("delivery_id", "number"),
        sa.Index("ix_delivery_attempt_domain_started_at", "domain", "started_at"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    delivery_id: UUID = Field(foreign_key="delivery.id", index=True)
    number: int
    started_at: datetime
    worker: str = Field(max_length=120)
    domain: str = Field(max_length=255)
    ended_at: datetime | None = Field(default=None, index=True)
    kind: str | None = Field(default=None, max_length=12)  # accepted | temporary | permanent | unknown
    stage: str | None = Field(default=None, max_length=12)
    about: str | None = Field(default=None, max_length=12)  # server | address | message
    code: int | None = None
    status: str | None = Field(default=None, max_length=12)
    text: str = ""


class DeliveryEvent(SQLModel, table=True):
    """What else happened to a message: a report came back, a person decided, it was posted or telephoned."""

    __tablename__ = "delivery_event"
    __private__: ClassVar[frozenset[str]] = frozenset({"by", "text"})

    id: UUID = Field(default_factory=new_id, primary_key=True)
    created_at: datetime
    salt: str = Field(max_length=32)
    delivery_id: UUID = Field(foreign_key="delivery.id", index=True)
    kind: str = Field(max_length=12)  # report | went | again | by_hand
    at: datetime
    by: str | None = None  # who did it; of a report, which server says so
    how: str | None = Field(default=None, max_length=12)  # post | phone | visit | other; of a report: failed, delayed …
    status: str | None = Field(default=None, max_length=12)
    text: str = ""
    digest: str | None = Field(default=None, max_length=64, index=True)  # of the report as it came


class Suppression(SQLModel, table=True):
    """An address that is not written to, until a person says so."""

    __tablename__ = "suppression"
    __private__: ClassVar[frozenset[str]] = frozenset({"address", "why", "lifted_by", "lifted_why"})

    id: UUID = Field(default_factory=new_id, primary_key=True)
    created_at: datetime
    salt: str = Field(max_length=32)
    address: str = Field(max_length=320, index=True)
    why: str
    delivery_id: UUID | None = Field(default=None, foreign_key="delivery.id", index=True)
    lifted_at: datetime | None = None
    lifted_by: str | None = None
    lifted_why: str | None = None
