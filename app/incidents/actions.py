"""Writing the human account: incidents and notes, tickets and replies."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, select

from app.agreements import queries as agreements
from app.errors import BadInput, Conflict, NotFound
from app.evidence import actions as evidence
from app.fields import happened
from app.incidents import queries
from app.incidents.tables import Incident, Note, Reply, Ticket
from app.messages import queries as messages


def open_incident(
    session: Session,
    *,
    service_id: UUID,
    title: str,
    started_at: datetime | None = None,
    window_id: UUID | None = None,
    now: datetime,
) -> Incident:
    """Raises NotFound, and BadInput for a start to come."""
    service = agreements.service(session, service_id)
    if started_at is not None:
        happened(started_at, now, "started_at")
    if window_id is not None:
        _window_is_there(session, window_id)
    row = Incident(created_at=now, service_id=service.id, title=title, started_at=started_at, window_id=window_id)
    session.add(row)
    evidence.append(session, "incident.opened", row, now, occurred_at=started_at)
    return row


def _window_is_there(session: Session, window_id: UUID) -> None:
    """Rooms refer to one another by id: maintenance and incidents do not import one another."""
    window = SQLModel.metadata.tables["window"]
    if session.execute(sa.select(window.c.id).where(window.c.id == window_id)).first() is None:
        raise NotFound(f"no window has the id {window_id}; GET /windows lists them", field="window_id")


def add_note(
    session: Session,
    incident_id: UUID,
    *,
    occurred_at: datetime,
    text: str,
    source: str | None = None,
    message_id: UUID | None = None,
    event: str | None = None,
    said_by: str | None = None,
    now: datetime,
) -> Note:
    """A line of the account; written down more than 24 hours after it happened, it shows as late.

    event: a moment a timed promise's clock starts or stops at. Raises NotFound and BadInput.
    """
    incident = queries.incident(session, incident_id)
    happened(occurred_at, now, "occurred_at")
    provider = agreements.service(session, incident.service_id).provider_id
    message = messages.cited(session, message_id, source, [provider])
    row = Note(
        created_at=now, salt=secrets.token_hex(16), incident_id=incident.id, occurred_at=occurred_at, text=text,
        source=messages.source_of(message, source), message_id=message_id, event=event, said_by=said_by,
    )  # fmt: skip
    session.add(row)
    evidence.append(
        session, "incident.noted", row, now, occurred_at=occurred_at, source=row.source,
        attachments=messages.attachments(message),
    )  # fmt: skip
    return row


def open_ticket(
    session: Session,
    *,
    service_id: UUID,
    incident_id: UUID | None = None,
    number: str,
    subject: str,
    urgency: str,
    opened_at: datetime,
    now: datetime,
) -> Ticket:
    """A ticket with the provider. Raises NotFound, BadInput, and Conflict for a number recorded for this service."""
    service = agreements.service(session, service_id)
    happened(opened_at, now, "opened_at")
    if incident_id is not None:
        incident = queries.incident(session, incident_id)
        if incident.service_id != service.id:
            other = agreements.service(session, incident.service_id).name
            raise BadInput(f"that incident is one of {other}, not of {service.name}", field="incident_id")
        if incident.started_at is not None and opened_at < incident.started_at:
            raise BadInput(
                "lies before its incident began; leave out the incident, or correct when that began",
                field="opened_at", example=incident.started_at.isoformat(),
            )  # fmt: skip
    same = select(Ticket).where(Ticket.service_id == service.id, Ticket.number == number)
    if (there := session.exec(same).first()) is not None:
        raise Conflict(f"the ticket {number} is recorded already, as {there.id}", field="number", example="NG-88207")
    row = Ticket(
        created_at=now, service_id=service.id, incident_id=incident_id, number=number, subject=subject,
        urgency=urgency, opened_at=opened_at,
    )  # fmt: skip
    session.add(row)
    evidence.append(session, "ticket.opened", row, now, occurred_at=opened_at, source="T")
    return row


def add_reply(
    session: Session,
    ticket_id: UUID,
    *,
    at: datetime,
    by: str,
    human: bool,
    text: str = "",
    next_update_due: datetime | None = None,
    now: datetime,
) -> Reply:
    """The provider's reply; `next_update_due` is the moment by which it promised to write again, and may lie ahead.

    Raises NotFound, and BadInput for a reply before the ticket, one to come, or an update due before the reply.
    """
    ticket = queries.ticket(session, ticket_id)
    happened(at, now, "at")
    if at < ticket.opened_at:
        opened = ticket.opened_at.isoformat()
        raise BadInput(f"lies before {opened}, when the ticket was opened", field="at", example=opened)
    if next_update_due is not None and next_update_due <= at:
        example = (at + timedelta(hours=2)).isoformat()
        raise BadInput(f"must come after the reply, {at.isoformat()}", field="next_update_due", example=example)
    row = Reply(
        created_at=now, salt=secrets.token_hex(16), ticket_id=ticket.id, at=at, by=by, human=human, text=text,
        next_update_due=next_update_due,
    )  # fmt: skip
    session.add(row)
    evidence.append(session, "ticket.replied", row, now, occurred_at=at, source="T")
    return row
