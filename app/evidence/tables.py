"""The log and the bytes it refers to. Both take no UPDATE and no DELETE: triggers refuse them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.db import new_id


class Entry(SQLModel, table=True):
    """One line of the log. `body` and `attachments` are canonical JSON text, exactly as hashed."""

    __tablename__ = "entry"

    seq: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    recorded_at: datetime
    occurred_at: datetime = Field(index=True)
    actor: str
    source: str = Field(max_length=1)
    kind: str = Field(index=True)
    subject: str = Field(index=True)
    body: str = Field(sa_type=sa.Text)
    attachments: str = Field(sa_type=sa.Text)
    prev: str = Field(max_length=64)
    digest: str = Field(max_length=64, unique=True)


class Retraction(SQLModel, table=True):
    """A fact that was entered wrongly and counts no more. The row it names stays where it is, as does its entry."""

    __tablename__ = "retraction"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    subject: str = Field(unique=True)  # `window:0197…`: the table and the row's id
    by: str
    reason: str
    created_at: datetime


class Attachment(SQLModel, table=True):
    """Bytes kept whole, under their SHA-256."""

    __tablename__ = "attachment"

    digest: str = Field(primary_key=True, max_length=64)
    size: int
    media_type: str
    content: bytes = Field(sa_type=sa.LargeBinary)
