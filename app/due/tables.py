"""Reminders that were handed over, the calendar feeds of readers, and what a feed has said of a date before."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.db import new_id


class Reminder(SQLModel, table=True):
    """A reminder that was handed over, once. When its date moves, it is another reminder."""

    __tablename__ = "reminder"
    __table_args__ = (sa.UniqueConstraint("key", "level", "deadline"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    created_at: datetime  # when it was handed over
    key: str  # what it is about, as `due` names it
    level: str  # half | four_fifths | last_day | now
    deadline: str  # the last day, or the moment, it reminds of
    due_at: datetime  # from when on it was to be handed over
    title: str
    text: str
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None


class CalendarFeed(SQLModel, table=True):
    """A reader's calendar address. Only the digest of its secret is kept; the address is shown once."""

    __tablename__ = "calendar_feed"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    created_at: datetime
    name: str = Field(max_length=120)  # who reads it
    digest: str = Field(unique=True, max_length=64)
    hint: str = Field(max_length=12)
    revoked_at: datetime | None = None


class CalendarEntry(SQLModel, table=True):
    """What feeds said of a date: its number goes up when the date moves, so that calendars take the new one."""

    __tablename__ = "calendar_entry"

    uid: str = Field(primary_key=True, max_length=80)
    sequence: int
    said: str  # the date or moment as last said
    changed_at: datetime
