"""Statements and the papers issued from them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.db import Json, new_id


class StatementRow(SQLModel, table=True):
    """A question asked of the record: this service, this month, as at this moment. Figures are derived on reading
    until papers are issued; `wishes` is what a person adds to them."""

    __tablename__ = "statement"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    service_id: UUID = Field(foreign_key="service.id", index=True)
    month: str = Field(max_length=7)
    period: str = Field(default="contract", max_length=20)  # over the contract's own, or: calendar_month
    as_at: datetime | None = None  # None: the moment of reading
    wishes: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    created_at: datetime


class Paper(SQLModel, table=True):
    """One issued document: its JSON and PDF as they went out. Never changed; a correction is a new version."""

    __tablename__ = "paper"
    __table_args__ = (sa.UniqueConstraint("number", "version", "size"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    statement_id: UUID = Field(foreign_key="statement.id", index=True)
    kind: str  # monthly | breach
    size: str  # A4 | Letter
    number: str = Field(index=True)
    version: int
    replaces: str | None = None
    as_at: datetime
    issued_at: datetime
    approved_by: str
    document: str = Field(sa_type=sa.Text)
    document_digest: str = Field(max_length=64)
    pdf_digest: str = Field(max_length=64)
