"""Audits of a service's sites as they were recorded: figures by site, no paths. Paths stay with the generations."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.db import Json, new_id


class Assessment(SQLModel, table=True):
    """One comparison of the copies of a service's sites. `digest` is that of the whole result, kept in the log."""

    __tablename__ = "assessment"
    __table_args__ = (sa.UniqueConstraint("service_id", "digest"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    created_at: datetime
    service_id: UUID = Field(foreign_key="service.id", index=True)
    at: datetime  # the moment it speaks of: when the judged copy was complete
    equal_to: datetime  # the last copy of the old server
    first_new_at: datetime
    expected_writes: int | None = None
    clocks: str
    copies: list[dict[str, Any]] = Field(sa_type=Json)  # id, role, server, taken_at, claimed, root
    limits: list[str] = Field(sa_type=Json)
    digest: str = Field(max_length=64)


class SiteAssessment(SQLModel, table=True):
    """What it found of one site. `state`: a value of app.sla.assessed.DataState."""

    __tablename__ = "site_assessment"
    __table_args__ = (sa.UniqueConstraint("assessment_id", "site_id"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    assessment_id: UUID = Field(foreign_key="assessment.id")
    site_id: UUID = Field(foreign_key="site.id", index=True)
    state: str = Field(max_length=10)
    figures: dict[str, int] = Field(sa_type=Json)  # equal, changed, old, lost, unknown, low, excluded, …
    rows: dict[str, int] = Field(sa_type=Json)  # damaged rows by kind
    notes: list[str] = Field(sa_type=Json)
    check_id: UUID | None = Field(default=None, foreign_key="site_check.id")  # the look at the site that it was
