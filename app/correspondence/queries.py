"""Reads of the letters to providers: one, its requests, and what is still unanswered at a moment."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from app.agreements.tables import Service
from app.correspondence.compose import reference
from app.correspondence.tables import ProviderAnswer, ProviderLetter, ProviderRequest, ProviderSending
from app.errors import NotFound
from app.notices.stale import letters_sent
from app.papers.context import AskedBefore, LettersSent
from reports.documents.provider_letters import LETTER_NAMES

CLOSING = ("answered", "withdrawn")


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """A request that was sent and is not answered in full. `age` runs from the sending."""

    request_id: UUID
    letter_id: UUID
    service_id: UUID
    service: str
    letter: str  # our reference
    kind: str
    number: str
    text: str
    asked_at: datetime
    wanted_at: datetime
    age: timedelta
    overdue: bool
    in_part: bool
    reminders: int


def letter(session: Session, id_: UUID, *, lock: bool = False) -> ProviderLetter:
    """`lock` holds the row until the end of the transaction, so that it is approved and issued once."""
    row = session.get(ProviderLetter, id_, with_for_update={"key_share": True} if lock else None)
    if row is None:
        raise NotFound(
            f"no letter to a provider has the id {id_}; GET /provider-letters lists them", field="provider_letter_id"
        )
    return row


def request(session: Session, id_: UUID, *, lock: bool = False) -> ProviderRequest:
    row = session.get(ProviderRequest, id_, with_for_update={"key_share": True} if lock else None)
    if row is None:
        raise NotFound(f"no request has the id {id_}; GET /provider-requests lists them", field="provider_request_id")
    return row


def requests_of(session: Session, letter_id: UUID) -> Sequence[ProviderRequest]:
    """A letter's requests, in the order of their numbers."""
    query = select(ProviderRequest).where(ProviderRequest.letter_id == letter_id)
    return session.exec(query.order_by(col(ProviderRequest.id))).all()


def answers_of(session: Session, ids: Collection[UUID], until: datetime) -> dict[UUID, list[ProviderAnswer]]:
    """What had come back on each request by a moment, in order of time."""
    out: dict[UUID, list[ProviderAnswer]] = {id_: [] for id_ in ids}
    query = select(ProviderAnswer).where(col(ProviderAnswer.request_id).in_(ids), col(ProviderAnswer.at) <= until)
    for row in session.exec(query.order_by(col(ProviderAnswer.at), col(ProviderAnswer.id))):
        out[row.request_id].append(row)
    return out


def sendings_of(session: Session, ids: Collection[UUID], until: datetime) -> dict[UUID, list[ProviderSending]]:
    """How and when each letter had gone out by a moment, in order of time."""
    out: dict[UUID, list[ProviderSending]] = {id_: [] for id_ in ids}
    query = select(ProviderSending).where(
        col(ProviderSending.letter_id).in_(ids), col(ProviderSending.sent_at) <= until
    )
    for row in session.exec(query.order_by(col(ProviderSending.sent_at), col(ProviderSending.id))):
        out[row.letter_id].append(row)
    return out


def reminders_of(session: Session, letter_ids: Collection[UUID], until: datetime) -> dict[UUID, int]:
    """How many reminders of each letter had been issued by a moment."""
    query = (
        select(ProviderLetter.about_id, sa.func.count())
        .where(col(ProviderLetter.about_id).in_(letter_ids), col(ProviderLetter.issued_at) <= until)
        .group_by(col(ProviderLetter.about_id))
    )
    return {id_: count for id_, count in session.exec(query) if id_ is not None}


def open_requests(session: Session, now: datetime, service_id: UUID | None = None) -> list[OpenRequest]:
    """Every request that was sent by `now` and is not answered in full, the one wanted first before the others."""
    found = select(ProviderRequest, ProviderLetter, Service.name).join(
        ProviderLetter, col(ProviderRequest.letter_id) == col(ProviderLetter.id)
    )
    found = found.join(Service, col(ProviderLetter.service_id) == col(Service.id))
    done = select(ProviderAnswer.request_id).where(
        col(ProviderAnswer.state).in_(CLOSING), col(ProviderAnswer.at) <= now
    )
    found = found.where(col(ProviderRequest.id).not_in(done))
    if service_id is not None:
        found = found.where(ProviderLetter.service_id == service_id)
    rows = session.exec(found.order_by(col(ProviderRequest.wanted_at), col(ProviderRequest.id))).all()
    letters = {row.letter_id for row, _, _ in rows}
    sent = sendings_of(session, letters, now)
    part = answers_of(session, {row.id for row, _, _ in rows}, now)
    reminded = reminders_of(session, letters, now)
    return [
        OpenRequest(
            request_id=row.id,
            letter_id=row.letter_id,
            service_id=of.service_id,
            service=service,
            letter=reference(service, of),
            kind=of.kind,
            number=row.number,
            text=row.text,
            asked_at=sent[of.id][0].sent_at,
            wanted_at=row.wanted_at,
            age=now - sent[of.id][0].sent_at,
            overdue=row.wanted_at <= now,
            in_part=bool(part[row.id]),
            reminders=reminded.get(of.id, 0),
        )
        for row, of, service in rows
        if sent[of.id]
    ]


def asked_before(session: Session, service_id: UUID, until: datetime) -> tuple[AskedBefore, ...]:
    """What we had asked of the provider by a moment, a line for each letter, for the monthly report."""
    query = select(ProviderLetter, Service.name).join(Service, col(ProviderLetter.service_id) == col(Service.id))
    query = query.where(ProviderLetter.service_id == service_id).order_by(col(ProviderLetter.number))
    rows = session.exec(query).all()
    sent = sendings_of(session, [row.id for row, _ in rows], until)
    out = []
    for row, service in rows:
        requests = requests_of(session, row.id)
        if not sent[row.id] or not requests:
            continue
        answers = answers_of(session, [item.id for item in requests], until)
        closed = [max(a.at for a in found if a.state in CLOSING) for found in answers.values() if _closed(found)]
        left = len(requests) - len(closed)
        what = f"{LETTER_NAMES[row.kind].capitalize()}: {len(requests)} points, {left} open."
        out.append(
            AskedBefore(
                number=reference(service, row).rpartition("/")[2],  # the report is about one service
                text=what,
                asked_at=sent[row.id][0].sent_at,
                answered_at=max(closed) if left == 0 else None,
            )
        )
    return tuple(out)


def _closed(answers: Sequence[ProviderAnswer]) -> bool:
    return any(item.state in CLOSING for item in answers)


def told(session: Session, service_id: UUID, until: datetime) -> LettersSent:
    """What clients were told, counted, and what the provider was asked: both as papers show it."""
    return replace(letters_sent(session, service_id, until), asked_before=asked_before(session, service_id, until))
