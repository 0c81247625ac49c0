"""The work agreed, its procedure as steps, its windows, and what was done to the promise.

`source` is the letter of the source, `message_id` the provider's message that says it, `note` how we know
where there is no message.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.db import Json, new_id


class Work(SQLModel, table=True):
    """The job agreed with the provider; its windows are attempts at it."""

    __tablename__ = "work"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    created_at: datetime
    title: str
    kind: str
    scope: str = ""


class WorkService(SQLModel, table=True):
    """A service the work touches."""

    __tablename__ = "work_service"

    work_id: UUID = Field(foreign_key="work.id", primary_key=True)
    service_id: UUID = Field(foreign_key="service.id", primary_key=True, index=True)


class Procedure(SQLModel, table=True):
    """The steps as agreed at one moment, numbered from 1. A later agreement is a new row."""

    __tablename__ = "procedure"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    created_at: datetime
    work_id: UUID = Field(foreign_key="work.id", index=True)
    agreed_at: datetime
    steps: list[str] = Field(sa_type=Json)
    source: str = Field(max_length=1)
    message_id: UUID | None = Field(default=None, foreign_key="message.id", index=True)
    note: str = ""


class Window(SQLModel, table=True):
    """One promised attempt, `[start_at, end_at)`. Never overwritten: a reschedule is a row that `replaces` this one."""

    __tablename__ = "window"
    __table_args__ = (sa.CheckConstraint("end_at > start_at", name="span"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    created_at: datetime
    work_id: UUID = Field(foreign_key="work.id", index=True)
    start_at: datetime = Field(index=True)
    end_at: datetime
    role: str  # primary | backup
    impact: str  # NO-IMPACT | REDUCED-REDUNDANCY | DEGRADED | OUTAGE: what the provider claims
    status: str  # TENTATIVE | CONFIRMED: as announced; a later confirmation is a row of its own
    announced: bool  # False: nothing was promised and the span is what happened
    announced_at: datetime  # when the promise reached us; for unannounced work, when we learned of it
    emergency: bool
    text: str = ""  # the promise in the provider's own words
    source: str = Field(max_length=1)
    message_id: UUID | None = Field(default=None, foreign_key="message.id", index=True)
    note: str = ""
    replaces: UUID | None = Field(default=None, foreign_key="window.id", unique=True)


class Confirmation(SQLModel, table=True):
    """A tentative window was confirmed, once."""

    __tablename__ = "confirmation"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    created_at: datetime
    window_id: UUID = Field(foreign_key="window.id", unique=True)
    at: datetime  # when the confirmation reached us
    text: str = ""
    source: str = Field(max_length=1)
    message_id: UUID | None = Field(default=None, foreign_key="message.id", index=True)


class Withdrawal(SQLModel, table=True):
    """The promise was taken back, once. Without a message it was silent, and `at` is when we learned of it."""

    __tablename__ = "withdrawal"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    created_at: datetime
    window_id: UUID = Field(foreign_key="window.id", unique=True)
    at: datetime
    text: str
    source: str = Field(max_length=1)
    message_id: UUID | None = Field(default=None, foreign_key="message.id", index=True)
