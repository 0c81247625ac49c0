"""A place to ask from with its agent, and the spans for which its answers are missing or count for nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.db import Json, new_id

HERE = "here"  # the prober beside the database, as a location among others
UNKNOWN = ("offline", "clock")  # what an agent saw then says nothing; the other kinds of gaps have no answers at all


class Location(SQLModel, table=True):
    """`spool`: the agent's folder of answers, by which one agent is told from another; `last_batch` and `last_digest`:
    what it handed over last."""

    __tablename__ = "location"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    created_at: datetime
    name: str = Field(unique=True, max_length=40)
    token_id: UUID = Field(foreign_key="token.id", index=True)
    until_at: datetime | None = None  # retired: its agent is given nothing any more
    spool: str | None = Field(default=None, max_length=40)
    seen_at: datetime | None = None
    offset_ms: int | None = Field(default=None, sa_type=sa.BigInteger)  # its agent's clock less ours
    health: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    last_batch: str | None = Field(default=None, max_length=100)
    last_digest: str | None = Field(default=None, max_length=64)


class LocationGap(SQLModel, table=True):
    """A span of which a location's answers say nothing. `offline`: its agent was cut off; `clock`: its clock jumped, or
    it slept; `refused`: its clock was too far from ours, and its answers count for nothing; `lost`: answers were made
    and are gone."""

    __tablename__ = "location_gap"
    __table_args__ = (
        sa.UniqueConstraint("location", "kind", "start_at", "end_at"),
        sa.CheckConstraint("end_at > start_at", name="span"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    created_at: datetime
    location: str = Field(max_length=40)
    kind: str = Field(max_length=10)
    start_at: datetime
    end_at: datetime = Field(index=True)
    answers: int | None = None  # how many count for nothing
    reason: str = Field(sa_type=sa.Text)
