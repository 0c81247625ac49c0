"""Reads of letters and of who had them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from app.clients.tables import Contact
from app.delivery.queries import bounced, letter_key
from app.notices.tables import Letter, LetterRecipient, Notice


@dataclass(frozen=True, slots=True)
class Had:
    """A person who had a letter, at the address they had then. `came_back`: as far as is known they never got it."""

    letter_id: UUID
    contact_id: UUID
    address: str | None
    came_back: bool = False


def recipients_of(session: Session, notice_id: UUID) -> dict[UUID, list[Had]]:
    """By client, everybody who had a letter of the round, as each letter greeted them."""
    letters = session.exec(select(Letter).where(Letter.notice_id == notice_id)).all()
    had: dict[UUID, list[Had]] = {row.client_id: [] for row in letters}
    clients = {row.id: row.client_id for row in letters}
    query = (
        select(LetterRecipient, Contact)
        .join(Contact, col(Contact.id) == col(LetterRecipient.contact_id))
        .where(col(LetterRecipient.letter_id).in_(list(clients)))
        .order_by(col(LetterRecipient.letter_id), col(LetterRecipient.place))
    )
    rows = session.exec(query).all()
    keys = {letter_key(row.letter_id, row.contact_id) for row, _ in rows}
    failed = bounced(session, keys)
    for row, contact in rows:
        came_back = letter_key(row.letter_id, row.contact_id) in failed
        had[clients[row.letter_id]].append(Had(row.letter_id, row.contact_id, contact.email, came_back))
    return had


def letters_of(session: Session, client_ids: list[UUID], until: datetime) -> dict[UUID, list[tuple[Letter, Notice]]]:
    """By client, the letters issued up to a moment, in the order in which they went out."""
    query = (
        select(Letter, Notice)
        .join(Notice, col(Letter.notice_id) == col(Notice.id))
        .where(col(Letter.client_id).in_(client_ids), col(Notice.issued_at).is_not(None))
        .where(col(Notice.issued_at) <= until)
        .order_by(col(Notice.issued_at), col(Notice.number))
    )
    out: defaultdict[UUID, list[tuple[Letter, Notice]]] = defaultdict(list)
    for letter, notice in session.exec(query).all():
        out[letter.client_id].append((letter, notice))
    return dict(out)
