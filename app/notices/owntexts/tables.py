"""The agency's own texts of letters, every version of them."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.db import new_id


class OwnTextVersion(SQLModel, table=True):
    """One version of what the agency writes in one kind of letter and one language, as templates (Jinja).

    The newest that was not withdrawn is used; a letter names the version it was written with.
    """

    __tablename__ = "own_text"
    __table_args__ = (sa.UniqueConstraint("kind", "language", "version"),)
    __private__: ClassVar[frozenset[str]] = frozenset({"saved_by", "withdrawn_by"})

    id: UUID = Field(default_factory=new_id, primary_key=True)
    created_at: datetime
    salt: str = Field(max_length=32)
    kind: str = Field(max_length=3)  # L1 … L11
    language: str = Field(max_length=2)
    version: int
    subject: str
    text: str
    saved_by: str
    withdrawn_at: datetime | None = None
    withdrawn_by: str | None = None
