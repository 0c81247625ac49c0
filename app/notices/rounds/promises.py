"""What we promised our clients ourselves: the next message each letter names, kept or broken. A missed one is recorded.

A promise is kept when everybody who had the letter has had another one about the same work, outage or month's account
by the moment it named. It is judged from what was issued alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from app.evidence import actions as evidence
from app.notices.rounds.tables import MissedUpdate
from app.notices.tables import Letter, Notice

LOCK = 7_301_011  # one hand records what was missed at a time on PostgreSQL; SQLite's BEGIN IMMEDIATE does the same


@dataclass(frozen=True, slots=True)
class OurPromise:
    """The next message of one round. `without` are the clients who had none by then, or have none so far."""

    notice_id: UUID
    service_id: UUID
    number: int
    kind: str
    issued_at: datetime
    due_at: datetime
    state: str  # kept | broken | open
    kept_at: datetime | None  # when the last of them had it, whether in time or not
    letters: int
    without: tuple[UUID, ...]
    recorded_at: datetime | None = None  # when the miss was written down


def ours(session: Session, now: datetime, service_id: UUID | None = None) -> list[OurPromise]:
    """Every next message promised in a letter that is out, oldest first."""
    query = select(Notice).where(col(Notice.issued_at).is_not(None), col(Notice.issued_at) <= now)
    if service_id is not None:
        query = query.where(Notice.service_id == service_id)
    rounds = session.exec(query.order_by(col(Notice.issued_at), col(Notice.number))).all()
    had = _had(session, [item.id for item in rounds])
    missed = {row.notice_id: row.created_at for row in session.exec(select(MissedUpdate))}
    threads: dict[object, list[Notice]] = defaultdict(list)
    for item in rounds:
        threads[_thread(item)].append(item)
    out = []
    for item in rounds:
        due = promised(item)
        if due is not None and item.issued_at is not None:
            later = [
                one for one in threads[_thread(item)] if (one.issued_at, one.number) > (item.issued_at, item.number)
            ]
            out.append(
                _judged(item, due, had[item.id], [(one, had[one.id]) for one in later], now, missed.get(item.id))
            )
    return out


def promised(notice: Notice) -> datetime | None:
    """The moment by which the letters of a round promise the next one; None where they name none."""
    text = notice.words.get("next_contact_at")
    return datetime.fromisoformat(text) if text else None


def _thread(notice: Notice) -> object:
    """What the round is about, as its clients see it: the work, the outage, the month."""
    return (notice.service_id, notice.work_id or notice.outage_from or notice.month)


def _had(session: Session, ids: Sequence[UUID]) -> dict[UUID, set[UUID]]:
    had: dict[UUID, set[UUID]] = defaultdict(set)
    for notice_id, client_id in session.exec(
        select(Letter.notice_id, Letter.client_id).where(col(Letter.notice_id).in_(ids))
    ):
        had[notice_id].add(client_id)
    return had


def _judged(
    notice: Notice, due: datetime, clients: set[UUID], later: Sequence[tuple[Notice, set[UUID]]], now: datetime,
    recorded_at: datetime | None,
) -> OurPromise:  # fmt: skip
    """`later`: the rounds after it about the same thing, in order, with whoever had them."""
    waiting, kept_at, late = set(clients), None, set[UUID]()
    for other, theirs in later:
        served = waiting & theirs
        if served and other.issued_at is not None:
            waiting, kept_at = waiting - served, other.issued_at
            late |= served if other.issued_at > due else set()
    kept = not waiting and not late
    state = "kept" if kept else "broken" if now > due else "open"
    return OurPromise(
        notice.id, notice.service_id, notice.number, notice.kind, notice.issued_at or due, due, state,
        None if waiting else kept_at, len(clients), tuple(sorted(waiting | late)), recorded_at,
    )  # fmt: skip


def record_missed(session: Session, now: datetime) -> list[MissedUpdate]:
    """Writes down, once each, every promised message that nobody wrote in time, as broken by us."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.text("select pg_advisory_xact_lock(:key)"), {"key": LOCK})
    out = []
    for item in ours(session, now):
        if item.state == "broken" and item.recorded_at is None:
            row = MissedUpdate(created_at=now, notice_id=item.notice_id, due_at=item.due_at, letters=len(item.without))
            session.add(row)
            evidence.append(session, "notice.update_missed", row, now, occurred_at=item.due_at)
            out.append(row)
    return out
