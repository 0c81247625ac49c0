"""Letting go of what messages said, some months after they were settled: words, PDF, calendar part. That they went,
with which Message-ID, to whom, every answer, and the digest of what they said stay.

What somebody may still have to prove is held, whatever its age: `held` is handed in by whoever knows of claims.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from app.db import reader, transaction
from app.delivery.outbox.packing import unpack
from app.delivery.outbox.states import FAILED, State
from app.delivery.tables import Delivery, DeliveryContent
from app.evidence import actions as evidence

ENDS = (State.ACCEPTED, State.BY_HAND, *FAILED)
AT_ONCE = 500

Held = Callable[[Session, datetime], Mapping[UUID, str]]
"""Notices whose messages must stay as they are at a moment, and why."""


@dataclass(frozen=True, slots=True)
class LetGo:
    """`held`: messages old enough that somebody needs; `why`: for what."""

    messages: int
    held: int
    why: tuple[str, ...]


def let_go(engine: sa.Engine, now: datetime, *, months: int, held: Held, dry: bool = False) -> LetGo:
    """Everything that is old enough, a few hundred messages a transaction."""
    edge = months_before(now, months)
    gone, kept, after, why = 0, 0, UUID(int=0), set[str]()
    with Session(reader(engine)) as session:
        needed = held(session, now)
    while True:
        with transaction(engine) as session:
            session.info["actor"] = "storage"
            rows = _old(session, edge, after)
            free: list[Delivery] = []
            for row in rows:
                reason = needed.get(row.notice_id) if row.notice_id is not None else None
                if reason is None and _to_come(session, row, now):
                    reason = "the date in the message has not passed"
                if reason is None:
                    free.append(row)
                else:
                    kept, why = kept + 1, why | {reason}
            if free and not dry:
                _gone(session, free, now, months)
            gone += len(free)
            if len(rows) < AT_ONCE:
                return LetGo(gone, kept, tuple(sorted(why)))
            after = rows[-1].id


def months_before(now: datetime, months: int) -> datetime:
    """The same day and time so many months ago, or that month's last day."""
    year, month = divmod(now.year * 12 + now.month - 1 - months, 12)
    return now.replace(year=year, month=month + 1, day=min(now.day, monthrange(year, month + 1)[1]))


def _old(session: Session, edge: datetime, after: UUID) -> list[Delivery]:
    query = select(Delivery).where(col(Delivery.state).in_(ENDS), col(Delivery.settled_at) < edge)
    query = query.where(col(Delivery.created_at) < edge, col(Delivery.let_go_at).is_(None))
    query = query.where(Delivery.channel == "email", col(Delivery.erased_at).is_(None), col(Delivery.id) > after)
    return list(session.exec(query.order_by(col(Delivery.id)).limit(AT_ONCE)))


def _to_come(session: Session, row: Delivery, now: datetime) -> bool:
    """Whether it holds a date that may still have to be called off."""
    content = session.get(DeliveryContent, row.id) if row.calendar_uid is not None else None
    date = unpack(content.content).invitation if content is not None and content.content else None
    return date is not None and date.end_at >= now


def _gone(session: Session, rows: list[Delivery], now: datetime, months: int) -> None:
    ids = [row.id for row in rows]
    mine = col(DeliveryContent.delivery_id).in_(ids)
    digests = {str(id_): digest for id_, digest in session.exec(
        select(DeliveryContent.delivery_id, DeliveryContent.digest).where(mine))}  # fmt: skip
    session.execute(sa.update(DeliveryContent).where(mine).values(content=b""))
    for row in rows:
        row.let_go_at = now
        session.add(row)
    body = {"months": months, "contents": digests}
    evidence.append(session, "deliveries.let_go", f"delivery:{ids[0]}", now, body=body)
