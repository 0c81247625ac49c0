"""Plans as they were shown, and our own promised updates that nobody wrote."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.db import Json, new_id


class NoticePlan(SQLModel, table=True):
    """What a plan showed, in digests: enough to say later what has changed since, letter by letter."""

    __tablename__ = "notice_plan"
    __table_args__ = (sa.UniqueConstraint("notice_id", "digest"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    created_at: datetime
    salt: str = Field(max_length=32)
    notice_id: UUID = Field(foreign_key="notice.id", index=True)
    digest: str = Field(max_length=64)
    letters: dict[str, Any] = Field(sa_type=Json)


class MissedUpdate(SQLModel, table=True):
    """A next message we promised our clients and did not write by then: recorded once, as broken by us."""

    __tablename__ = "missed_update"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    created_at: datetime
    notice_id: UUID = Field(foreign_key="notice.id", unique=True)  # the round that promised it
    due_at: datetime
    letters: int  # how many of its letters were still without another one
