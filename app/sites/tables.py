"""Sites, the service each sits on, and the answers to "is it back?"."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.db import new_id


class Site(SQLModel, table=True):
    """A website of a client, by its host name. A name may come back after the site that had it has ended."""

    __tablename__ = "site"
    __table_args__ = (
        sa.Index(
            "uq_site_name_current",
            "name",
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    created_at: datetime
    client_id: UUID = Field(foreign_key="client.id", index=True)
    name: str
    number: str | None = Field(default=None, unique=True)
    ended_at: datetime | None = None


class Placement(SQLModel, table=True):
    """A site's stay on a service, from `from_at` up to but not including `to_at` (None: still there)."""

    __tablename__ = "placement"
    __table_args__ = (sa.CheckConstraint("to_at IS NULL OR to_at > from_at", name="span"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    created_at: datetime
    site_id: UUID = Field(foreign_key="site.id", index=True)
    service_id: UUID = Field(foreign_key="service.id", index=True)
    from_at: datetime
    to_at: datetime | None = None


class SiteCheck(SQLModel, table=True):
    """What somebody or something saw of a site at a moment; None where it was not looked at."""

    __tablename__ = "site_check"
    __table_args__ = (sa.Index("ix_site_check_site_id_at", "site_id", "at"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    created_at: datetime
    site_id: UUID = Field(foreign_key="site.id")
    at: datetime
    reachable: bool | None = None
    working: bool | None = None
    current: bool | None = None
    source: str = Field(max_length=1)
    note: str = ""
