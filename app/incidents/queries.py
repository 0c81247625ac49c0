"""Reads of the human account. The singular ones raise NotFound naming what was looked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from app.errors import NotFound
from app.incidents.tables import Incident, Note, Reply, Ticket

LATE_AFTER = timedelta(hours=24)  # a note written down later than this is shown as late


@dataclass(frozen=True, slots=True)
class TicketWithReplies:
    """A ticket and its replies in order of time."""

    ticket: Ticket
    replies: tuple[Reply, ...]


def incident(session: Session, id_: UUID) -> Incident:
    row = session.get(Incident, id_)
    if row is None:
        raise NotFound(f"no incident has the id {id_}; GET /incidents lists them", field="incident_id")
    return row


def ticket(session: Session, id_: UUID) -> Ticket:
    row = session.get(Ticket, id_)
    if row is None:
        raise NotFound(f"no ticket has the id {id_}; GET /tickets lists them", field="ticket_id")
    return row


def incidents_of(session: Session, service_id: UUID) -> Sequence[Incident]:
    """The incidents of a service, as they were entered."""
    return session.exec(select(Incident).where(col(Incident.service_id) == service_id).order_by(col(Incident.id))).all()


def notes_of(session: Session, service_id: UUID) -> Sequence[Note]:
    """All notes of the service's incidents, in order of what they tell."""
    query = select(Note).join(Incident, col(Incident.id) == col(Note.incident_id))
    query = query.where(col(Incident.service_id) == service_id)
    return session.exec(query.order_by(col(Note.occurred_at), col(Note.id))).all()


def events_of(session: Session, service_id: UUID) -> Sequence[Note]:
    """The notes that name an event a timed promise's clock starts or stops at, in order of time."""
    return [note for note in notes_of(session, service_id) if note.event is not None]


def tickets_of(session: Session, service_id: UUID) -> list[TicketWithReplies]:
    """The service's tickets in the order they were opened, each with its replies."""
    query = select(Ticket).where(col(Ticket.service_id) == service_id)
    tickets = session.exec(query.order_by(col(Ticket.opened_at), col(Ticket.id))).all()
    replies: defaultdict[UUID, list[Reply]] = defaultdict(list)
    answers = select(Reply).join(Ticket, col(Ticket.id) == col(Reply.ticket_id))
    answers = answers.where(col(Ticket.service_id) == service_id)
    for row in session.exec(answers.order_by(col(Reply.at), col(Reply.id))):
        replies[row.ticket_id].append(row)
    return [TicketWithReplies(row, tuple(replies[row.id])) for row in tickets]


def late(note: Note) -> bool:
    """Whether the note was written down long after what it tells."""
    return note.created_at - note.occurred_at > LATE_AFTER
