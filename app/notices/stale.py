"""Letters that are no longer true, and how many were sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from app.cases.gather import gather
from app.clients import queries as clients
from app.notices import facts
from app.notices.tables import Letter, Notice
from app.papers.context import LettersSent


@dataclass(frozen=True, slots=True)
class StaleLetter:
    """Somebody believes something that is no longer true."""

    letter_id: UUID
    notice_id: UUID
    client_id: UUID
    client: str
    client_number: str
    kind: str
    told_at: datetime
    untrue: tuple[tuple[str, str, str], ...]  # fact, as told, as it is
    since: datetime


def stale(session: Session, service_id: UUID, as_at: datetime) -> list[StaleLetter]:
    """Who, as at a moment, believes what that is no longer true. Each client's newest letter per work counts."""
    case = gather(session, service_id, None, as_at, months=0, every_window=True)
    history = facts.History(case)
    statement = history.at(case.as_at)
    query = (
        select(Letter, Notice)
        .join(Notice, col(Letter.notice_id) == col(Notice.id))
        .where(Notice.service_id == service_id, col(Notice.issued_at).is_not(None), col(Notice.issued_at) <= as_at)
        .order_by(col(Notice.number))
    )
    newest: dict[tuple[UUID, UUID], tuple[Letter, Notice]] = {}
    for letter, notice in session.exec(query).all():
        newest[(letter.client_id, notice.work_id)] = (letter, notice)
    named = clients.clients(session, [client for client, _ in newest])
    out = []
    for (client_id, _), (letter, notice) in newest.items():
        told, work = notice.issued_at or notice.as_at, str(notice.work_id)
        is_now = {fact: facts.as_it_is(case, statement, work, fact) for fact in sorted(letter.stated)}
        untrue = tuple((fact, letter.stated[fact], now) for fact, now in is_now.items() if now != letter.stated[fact])
        if untrue:
            since = min(history.since(work, fact, value, told) for fact, value, _ in untrue)
            client = named[client_id]
            out.append(
                StaleLetter(
                    letter.id,
                    notice.id,
                    client_id,
                    client.name,
                    client.number,
                    notice.kind,
                    told,
                    untrue,
                    since,
                )
            )
    return sorted(out, key=lambda item: item.client_number)


def letters_sent(session: Session, service_id: UUID, until: datetime) -> LettersSent:
    """What clients were told about this service's works up to a moment, counted in rounds and in letters."""
    query = select(Notice).where(
        Notice.service_id == service_id, col(Notice.issued_at).is_not(None), col(Notice.issued_at) <= until
    )
    notices = session.exec(query).all()
    kinds = [notice.kind for notice in notices]
    ids = [notice.id for notice in notices]
    count = (
        session.execute(select(sa.func.count()).select_from(Letter).where(col(Letter.notice_id).in_(ids))).scalar_one()
        if ids
        else 0
    )
    return LettersSent(
        announcements=kinds.count("L1") + kinds.count("L3"),
        corrections=kinds.count("L2"),
        updates=kinds.count("L4") + kinds.count("L6"),
        letters=count,
    )
