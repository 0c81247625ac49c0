"""API tokens. Only the SHA-256 of a token is stored; the token itself is shown once."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlmodel import Field, SQLModel

from app.db import new_id

ROLES = ("viewer", "operator", "owner")  # each may do what those before it may
AGENT = "agent"  # of one location: it fetches what to ask and hands over answers, and may do nothing else


class Token(SQLModel, table=True):
    __tablename__ = "token"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    name: str = Field(unique=True)
    role: str
    digest: str = Field(unique=True, max_length=64)
    hint: str = Field(max_length=12)
    created_at: datetime
    revoked_at: datetime | None = None
