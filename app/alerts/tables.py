"""Channels, alerts, and what is on its way to which channel."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.db import Json, new_id

QUEUED, SENDING, SENT, GIVEN_UP, DROPPED = "queued", "sending", "sent", "given_up", "dropped"
LOST = timedelta(minutes=3)  # a sending that nobody finished in this time is anybody's again


class AlertChannel(SQLModel, table=True):
    """Where alerts go. Its address is a secret: it is stored encrypted and never shown again. A channel is not
    changed; it is retired, and another made."""

    __tablename__ = "alert_channel"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    created_at: datetime
    name: str = Field(unique=True, max_length=200)
    scheme: str = Field(max_length=20)
    sealed: bytes
    kinds: list[str] = Field(sa_type=Json)
    quiet: dict[str, Any] | None = Field(default=None, sa_type=Json)  # start, end, zone, always
    retired_at: datetime | None = None


class Alert(SQLModel, table=True):
    """Something people are told, once for its key. `quiet`: why it was not sent, where it was expected."""

    __tablename__ = "alert"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    created_at: datetime = Field(index=True)
    kind: str = Field(max_length=30)
    key: str = Field(unique=True, max_length=300)
    title: str = Field(max_length=300)
    text: str = Field(sa_type=sa.Text)
    service_id: UUID | None = Field(default=None, foreign_key="service.id", index=True)
    quiet: str | None = Field(default=None, max_length=300)


class AlertSending(SQLModel, table=True):
    """One alert on its way to one channel: queued, sending, sent, given_up, dropped (the channel was retired)."""

    __tablename__ = "alert_sending"
    __table_args__ = (sa.UniqueConstraint("alert_id", "channel_id"), sa.Index(None, "state", "due_at"))

    id: UUID = Field(default_factory=new_id, primary_key=True)
    alert_id: UUID = Field(foreign_key="alert.id")
    channel_id: UUID = Field(foreign_key="alert_channel.id", index=True)
    state: str = Field(max_length=20)
    due_at: datetime  # not before; while it is being sent, when it counts as lost
    attempts: int = 0
    sent_at: datetime | None = None
    error: str | None = Field(default=None, max_length=500)
