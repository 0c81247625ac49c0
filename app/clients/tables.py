"""Clients and the people there."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlmodel import Field, SQLModel

from app.db import Json, new_id

KINDS = ("planned", "during", "after", "data", "monthly")
LETTERS = {
    "L1": "planned", "L2": "planned", "L3": "planned",
    "L4": "during", "L6": "during", "L10": "during",
    "L5": "after", "L8": "after",
    "L7": "data",
    "L9": "monthly",
}  # fmt: skip
"""Which group a letter's kind is in. L11 corrects a letter, so it goes to whoever had that one."""


class Client(SQLModel, table=True):
    """Who we answer to. Name and address may be a person's, so the log holds commitments to them."""

    __tablename__ = "client"
    __private__: ClassVar[frozenset[str]] = frozenset({"name", "address"})

    id: UUID = Field(default_factory=new_id, primary_key=True)
    created_at: datetime
    salt: str = Field(max_length=32)
    number: str = Field(unique=True)
    name: str
    address: list[str] = Field(sa_type=Json)
    language: str
    zone: str
    letter_layout: str | None = None  # None: the agency's


class Contact(SQLModel, table=True):
    """A person at a client as they were from `since_at` up to `ended_at`. A change closes the row and inserts one
    that names it in `replaces`, so that "who had the letter of 3 June" stays answerable."""

    __tablename__ = "contact"
    __private__: ClassVar[frozenset[str]] = frozenset({"salutation", "name", "email", "phone"})

    id: UUID = Field(default_factory=new_id, primary_key=True)
    created_at: datetime
    salt: str = Field(max_length=32)
    client_id: UUID = Field(foreign_key="client.id", index=True)
    salutation: str
    name: str
    email: str | None = None
    phone: str | None = None
    receives: bool
    prefers: str  # email | paper
    kinds: list[str] = Field(default_factory=lambda: list(KINDS), sa_type=Json)  # which letters go to this person
    invitations: bool = False  # calendar invitations with announcements
    since_at: datetime
    ended_at: datetime | None = None
    replaces: UUID | None = Field(default=None, foreign_key="contact.id", unique=True)
    erased_at: datetime | None = None
