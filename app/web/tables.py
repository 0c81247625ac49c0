"""Answers kept for requests that carried an Idempotency-Key."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel


class Idempotency(SQLModel, table=True):
    """The answer given to a request, written in that request's own transaction."""

    __tablename__ = "idempotency"

    token_id: UUID = Field(primary_key=True)
    key: str = Field(primary_key=True, max_length=200)
    request: str = Field(max_length=64)  # SHA-256 over method, path and body
    status: int
    headers: str = Field(sa_type=sa.Text)
    body: bytes = Field(sa_type=sa.LargeBinary)
    created_at: datetime
