"""What was said of a window, what was found in it, and what a named person established."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlmodel import Field, SQLModel

from app.db import new_id


class Said(SQLModel, table=True):
    """A statement about a window: `at` is the moment it speaks of, `said_at` when it was said to us."""

    __tablename__ = "said"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    created_at: datetime
    window_id: UUID = Field(foreign_key="window.id", index=True)
    kind: str  # started | ended | partly_completed | rolled_back | not_carried_out
    at: datetime
    said_at: datetime
    text: str
    source: str = Field(max_length=1)
    message_id: UUID | None = Field(default=None, foreign_key="message.id", index=True)


class Override(SQLModel, table=True):
    """A named person's verdict on a window, with the reason. The newest counts; the derived one stays beside it."""

    __tablename__ = "override"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    created_at: datetime
    window_id: UUID = Field(foreign_key="window.id", index=True)
    outcome: str  # a value of app.sla.statement.Outcome
    by: str
    reason: str
    at: datetime


class Finding(SQLModel, table=True):
    """What was done as, or instead of, an agreed step; `step` is None for something nobody had agreed."""

    __tablename__ = "finding"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    created_at: datetime
    window_id: UUID = Field(foreign_key="window.id", index=True)
    step: int | None = None
    verdict: str  # as_agreed | changed | skipped | added | not_observed
    at: datetime
    text: str
    source: str = Field(max_length=1)
    message_id: UUID | None = Field(default=None, foreign_key="message.id", index=True)
    scope_change: bool = False
