"""A claim, the minutes it claims, and the steps it has taken. Steps are only ever added."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.db import Json, Money, new_id


class Claim(SQLModel, table=True):
    """What is asked of a provider for one service and one period, as judged at one moment. Only `state` ever changes:
    it repeats the newest step that stands, so that lists can be filtered by it."""

    __tablename__ = "claim"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    created_at: datetime
    running: int = Field(unique=True)  # 1, 2, 3 … in the order drafted
    number: str = Field(unique=True, max_length=40)  # as papers print it
    service_id: UUID = Field(foreign_key="service.id", index=True)
    statement_id: UUID | None = Field(default=None, foreign_key="statement.id", index=True)
    paper_id: UUID | None = Field(default=None, foreign_key="paper.id", index=True)  # the issued paper it rests on
    period: str  # its label: 2025-06
    period_kind: str = "calendar_month"  # what its contract measures over
    period_anchor: int | None = None  # the billing day, or the number of rolling days
    start_at: datetime
    end_at: datetime
    zone: str  # the contract's
    as_at: datetime  # the moment judged at
    so_far: bool  # judged before the period had ended
    basis: str  # credit | goodwill
    amount: Decimal = Field(sa_type=Money)
    held_amount: Decimal = Field(sa_type=Money)  # reckoned on the time as held; above `amount` where bounds straddle
    currency: str = Field(max_length=3)
    terms_id: UUID | None = Field(default=None, foreign_key="terms.id", index=True)
    terms_version: str | None = None
    preconditions: list[str] = Field(sa_type=Json)
    needs_review: list[str] = Field(sa_type=Json)  # paths of the terms nobody had put a name to when it was drafted
    statement_digest: str = Field(foreign_key="attachment.digest", index=True, max_length=64)
    earliest: date | None = None  # first local day it can be claimed on
    latest: date | None = None  # last local day; None: the terms name none
    too_late_from: datetime | None = None
    clause: str | None = None  # the words the deadline was read from
    state: str = Field(index=True)


class ClaimSpan(SQLModel, table=True):
    """Minutes a claim claims. No two claims of one service that were not withdrawn share any: a trigger sees to it."""

    __tablename__ = "claim_span"
    __table_args__ = (sa.CheckConstraint("end_at > start_at", name="span"),)

    claim_id: UUID = Field(foreign_key="claim.id", primary_key=True)
    start_at: datetime = Field(primary_key=True)
    end_at: datetime
    service_id: UUID = Field(foreign_key="service.id", index=True)


class ClaimStep(SQLModel, table=True):
    """One step: who, when it happened, when we wrote it down, and what it rests on."""

    __tablename__ = "claim_step"
    __table_args__ = (sa.UniqueConstraint("claim_id", "number"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    created_at: datetime
    claim_id: UUID = Field(foreign_key="claim.id", index=True)
    number: int  # 1, 2, 3 … within the claim
    kind: str  # a state, or taken_back
    at: datetime  # when it happened
    by: str  # who of ours did it, or wrote down what the provider did
    source: str = Field(max_length=1)
    message_id: UUID | None = Field(default=None, foreign_key="message.id", index=True)
    words: str = ""  # the provider's own, or our reason
    figure: str | None = None  # what the provider reckons
    amount: Decimal | None = Field(default=None, sa_type=Money)
    channel: str | None = None  # filed: email | portal | ticket | letter | phone | other
    receipt: str | None = None  # filed, acknowledged: what proves it
    late: bool = False  # filed after its deadline
    reply_by: date | None = None
    paper_id: UUID | None = Field(default=None, foreign_key="paper.id", index=True)  # filed: the paper that went out
    invoice: str | None = None
    invoice_date: date | None = None
    checklist: list[dict[str, Any]] | None = Field(default=None, sa_type=Json)  # approved: each precondition's answer
    undoes: int | None = None  # taken_back: the number of the step that counts no more
