"""The agency as its papers show it."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlmodel import Field, SQLModel

from app.db import Json, new_id


class Agency(SQLModel, table=True):
    """The agency from `created_at` on. A change is a new row and the newest one counts, so that an old letter's
    sender can still be explained."""

    __tablename__ = "agency"
    __private__: ClassVar[frozenset[str]] = frozenset({"contact_person", "phone", "email"})

    id: UUID = Field(default_factory=new_id, primary_key=True)
    created_at: datetime
    salt: str = Field(max_length=32)
    name: str
    address: list[str] = Field(sa_type=Json)
    contact_person: str
    phone: str | None = None
    email: str | None = None
    zone: str
    locale: str
    letter_layout: str  # din5008b | uk | us
    paper: str  # A4 | Letter
    name_provider: str  # never | final_report | always: whether letters to clients name the provider
