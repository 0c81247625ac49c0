"""What was noticed of windows, moment by moment, and the troubles people were told of."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.db import Json, new_id


class WindowWatch(SQLModel, table=True):
    """How far the watch over one window has come. `words`: how much had been said of it at the last look."""

    __tablename__ = "window_watch"

    window_id: UUID = Field(primary_key=True, foreign_key="window.id")
    state: str = Field(max_length=20, index=True)  # open | ended | over
    outcome: str = Field(max_length=30)
    words: int
    looked_at: datetime


class WatchEntry(SQLModel, table=True):
    """One thing noticed of a window: `at` is the moment it speaks of, `created_at` when it was noticed. Never changed;
    what is known better later is another entry."""

    __tablename__ = "watch_entry"
    __table_args__ = (sa.UniqueConstraint("window_id", "kind", "at"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    created_at: datetime
    window_id: UUID = Field(foreign_key="window.id")
    kind: str = Field(max_length=20)
    at: datetime
    text: str = Field(sa_type=sa.Text)
    evidence: dict[str, Any] = Field(sa_type=Json)


class Trouble(SQLModel, table=True):
    """An outage, a degradation, a missing prober or location, from when it was noticed until it was over. Only what
    was told is in the alerts; this is how each is told once, however its bounds move with late answers."""

    __tablename__ = "trouble"
    __table_args__ = (sa.UniqueConstraint("subject", "kind", "since_at"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    created_at: datetime
    subject: str = Field(max_length=60)  # service:<id> | monitor:<id> | location:<id> | prober
    kind: str = Field(max_length=20)  # outage | degraded | prober | location
    since_at: datetime
    told_at: datetime | None = None
    quiet: bool = False  # expected when it began: told quietly
    ended_at: datetime | None = Field(default=None, index=True)
    witnesses: list[str] = Field(sa_type=Json)
