"""A letter's way out and what comes back: sent by hand, a ticket's number at once, answers request by request."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from app.correspondence import queries
from app.correspondence.actions import kept
from app.correspondence.tables import ProviderAnswer, ProviderLetter, ProviderRequest, ProviderSending
from app.errors import BadInput, Conflict, found
from app.evidence import actions as evidence
from app.fields import happened
from app.incidents import actions as incidents
from app.incidents import queries as tickets
from app.incidents.tables import Reply, Ticket
from app.messages import queries as messages
from reports.documents.provider_letters import ProviderLetter as Document
from reports.letters.provider import subject_of


def send(
    session: Session,
    row: ProviderLetter,
    *,
    sent_at: datetime,
    channel: str,
    address: str,
    sent_by: str,
    receipt: str | None = None,
    ticket_id: UUID | None = None,
    now: datetime,
) -> ProviderSending:
    """It went out, by hand. Raises Conflict for a letter that was not issued, BadInput for a moment before it."""
    if row.issued_at is None:
        raise Conflict(
            "a letter is issued before it is sent, so that what went out is frozen",
            field="provider_letter_id",
            example=f"POST /api/v1/provider-letters/{row.id}/issue",
        )
    happened(sent_at, now, "sent_at")
    if sent_at < row.as_at:
        stamp = row.as_at.isoformat(timespec="seconds")
        raise BadInput(f"lies before {stamp}, the moment the letter speaks of", field="sent_at", example=stamp)
    if ticket_id is not None and tickets.ticket(session, ticket_id).service_id != row.service_id:
        raise BadInput("this ticket is about another service", field="ticket_id")
    sending = ProviderSending(
        created_at=now,
        salt=secrets.token_hex(16),
        letter_id=row.id,
        sent_at=sent_at,
        channel=channel,
        address=address,
        sent_by=sent_by,
        receipt=receipt,
        ticket_id=ticket_id,
    )
    session.add(sending)
    evidence.append(session, "provider_letter.sent", sending, now, occurred_at=sent_at, source="N")
    return sending


def open_ticket(
    session: Session,
    row: ProviderLetter,
    *,
    number: str,
    opened_at: datetime,
    urgency: str,
    incident_id: UUID | None,
    sent_by: str,
    now: datetime,
) -> tuple[Ticket, ProviderSending]:
    """The letter was pasted into the provider's ticket form: its number starts the reply clock, at once."""
    if row.issued_at is None:
        raise Conflict(
            "a letter is issued before it is sent, so that what went out is frozen", field="provider_letter_id"
        )
    subject = _subject(kept(row))
    ticket = incidents.open_ticket(
        session,
        service_id=row.service_id,
        incident_id=incident_id,
        number=number,
        subject=subject,
        urgency=urgency,
        opened_at=opened_at,
        now=now,
    )
    sending = send(
        session,
        row,
        sent_at=opened_at,
        channel="ticket",
        address=number,
        sent_by=sent_by,
        ticket_id=ticket.id,
        now=now,
    )
    return ticket, sending


def _subject(document: Document) -> str:
    """The letter's heading, as the ticket's subject."""
    return subject_of(document)[:200]


def answer(
    session: Session,
    request: ProviderRequest,
    *,
    state: str,
    at: datetime | None,
    message_id: UUID | None,
    reply_id: UUID | None,
    text: str,
    now: datetime,
) -> ProviderAnswer:
    """What came back on a request. A message or a ticket's reply brings its own moment; a note of ours gives it."""
    row = queries.letter(session, request.letter_id)
    sent = queries.sendings_of(session, [row.id], now)[row.id]
    if not sent and state != "withdrawn":
        raise Conflict(
            "it is not recorded how and when this letter was sent, so it cannot be answered",
            field="provider_request_id",
            example=f"POST /api/v1/provider-letters/{row.id}/sendings",
        )
    if any(item.state in queries.CLOSING for item in queries.answers_of(session, [request.id], now)[request.id]):
        raise Conflict(f"{request.number} is closed already", field="provider_request_id")
    if message_id is not None and reply_id is not None:
        raise BadInput("is one message or one ticket's reply, not both", field="reply_id")
    message = messages.cited(session, message_id, None, [row.provider_id])
    if reply_id is not None:
        reply = found(session.get(Reply, reply_id), "reply", reply_id)
        if tickets.ticket(session, reply.ticket_id).service_id != row.service_id:
            raise BadInput("this reply is in a ticket about another service", field="reply_id")
        at = _one_moment(reply.at, at)
    elif message is not None:
        at = messages.received(message, at, "at")
    elif not text:
        raise BadInput(
            "is needed where no message and no ticket's reply is named", field="text", example="On the phone: yes."
        )
    at = happened(at or now, now, "at")
    if sent and at < sent[0].sent_at:
        stamp = sent[0].sent_at.isoformat(timespec="seconds")
        raise BadInput(f"lies before {stamp}, when it was asked", field="at", example=stamp)
    answered = ProviderAnswer(
        created_at=now,
        request_id=request.id,
        state=state,
        at=at,
        message_id=message_id,
        reply_id=reply_id,
        text=text,
    )
    session.add(answered)
    source = "N" if message is None and reply_id is None else "T" if reply_id is not None else "P"
    digests = messages.attachments(message)
    evidence.append(
        session, "provider_request.answered", answered, now, occurred_at=at, source=source, attachments=digests
    )
    return answered


def _one_moment(real: datetime, given: datetime | None) -> datetime:
    if given is not None and abs(given - real) >= timedelta(seconds=1):
        stamp = real.isoformat()
        raise BadInput(f"differs from when the reply came, {stamp}; leave it out", field="at", example=stamp)
    return real
