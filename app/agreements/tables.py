"""Provider, service, agreement and its dated terms."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.db import Json, Money, new_id


class Provider(SQLModel, table=True):
    """Who hosts. The people there are private: the log holds commitments to them, this row holds them."""

    __tablename__ = "provider"
    __private__: ClassVar[frozenset[str]] = frozenset({"account_manager", "email", "support_phone"})

    id: UUID = Field(default_factory=new_id, primary_key=True)
    created_at: datetime
    salt: str = Field(max_length=32)
    name: str = Field(unique=True)
    account: str | None = None
    account_manager: str | None = None
    email: str | None = None
    support_phone: str | None = None


class Service(SQLModel, table=True):
    """The hosted thing under contract. `monthly_fee` is the first fee; later ones are rows of `fee`."""

    __tablename__ = "service"
    __table_args__ = (
        sa.UniqueConstraint("provider_id", "name"),
        sa.CheckConstraint("in_service_to IS NULL OR in_service_to > in_service_from", name="in_service"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    created_at: datetime
    provider_id: UUID = Field(foreign_key="provider.id", index=True)
    name: str
    kind: str
    monthly_fee: Decimal = Field(sa_type=Money)
    currency: str = Field(max_length=3)
    zone: str  # the contract's: it cuts months and days
    in_service_from: datetime | None = None  # None: before anything recorded
    in_service_to: datetime | None = None  # exclusive; None: still in service


class Fee(SQLModel, table=True):
    """The monthly fee from a local day on. Of two for one day the later recorded counts: it corrects the other."""

    __tablename__ = "fee"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    created_at: datetime
    service_id: UUID = Field(foreign_key="service.id", index=True)
    effective_from: date
    monthly_fee: Decimal = Field(sa_type=Money)
    note: str | None = None


class Agreement(SQLModel, table=True):
    """The contract about one service; what it says stands in its dated terms."""

    __tablename__ = "agreement"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    created_at: datetime
    service_id: UUID = Field(foreign_key="service.id", index=True)
    title: str
    reference: str | None = None


class Terms(SQLModel, table=True):
    """One version of the terms, in force on the local days `effective_from` up to but not including `effective_to`.

    `service_id` repeats the agreement's, because versions of one service may not overlap whichever agreement they
    belong to. `terms` is the JSON of `app.sla.terms.Sla`.
    """

    __tablename__ = "terms"
    __table_args__ = (sa.CheckConstraint("effective_to IS NULL OR effective_to > effective_from", name="in_force"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    created_at: datetime
    agreement_id: UUID = Field(foreign_key="agreement.id", index=True)
    service_id: UUID = Field(foreign_key="service.id", index=True)
    effective_from: date
    effective_to: date | None = None
    terms: dict[str, Any] = Field(sa_type=Json)
    text: str | None = None  # the clause in the contract's own words
    source: str | None = None  # the address or paper it was read from
    retrieved_on: date | None = None


class TermsReview(SQLModel, table=True):
    """Somebody looked at a clause the terms mark as doubtful, and stands for how it is read. Only ever added."""

    __tablename__ = "terms_review"
    __table_args__ = (sa.UniqueConstraint("terms_id", "path"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    created_at: datetime
    terms_id: UUID = Field(foreign_key="terms.id")
    path: str  # of the clause: a key of the terms' `needs_review`
    by: str
    note: str  # how it is read, and on what
