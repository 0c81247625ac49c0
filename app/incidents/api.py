"""Incidents and notes, tickets and replies over the API."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query
from pydantic import Field
from sqlmodel import select

from app.access.guard import Operator, Viewer
from app.fields import Id, In, Instant, Line, Out, Source, Text, Words
from app.incidents import actions, queries
from app.incidents.tables import Incident, Note, Reply, Ticket
from app.web.edge import NowDep, Page, PagingDep, Router, SessionDep, page

router = Router(tags=["incidents"])

ID = "01997a3e-7c1b-7d2e-9f00-5a6b7c8d9e0f"
Event = Annotated[
    str,
    Field(
        pattern="^[a-z][a-z0-9_]{0,59}$",
        description="A moment a timed promise's clock starts or stops at, as the terms name it.",
        examples=["provider_confirmed"],
    ),
]


class IncidentIn(In):
    service_id: Id
    title: Annotated[Line, Field(examples=["Files are served slower and slower"])]
    started_at: Annotated[Instant | None, Field(examples=["2025-03-01T00:00:00+01:00"])] = None
    window_id: Annotated[Id | None, Field(description="The window it belongs to.", examples=[ID])] = None


class IncidentOut(Out):
    id: UUID
    service_id: UUID
    title: str
    started_at: datetime | None
    window_id: UUID | None
    created_at: datetime


class NoteIn(In):
    occurred_at: Annotated[Instant, Field(description="When it happened.", examples=["2025-05-29T15:00:00+02:00"])]
    text: Annotated[Words, Field(examples=["The provider confirms a failing drive array."])]
    source: Annotated[
        Source | None, Field(description="M, P, T, C or N; by default P with a message, else N.", examples=["P"])
    ] = None
    message_id: Annotated[Id | None, Field(description="The provider's message that says it.", examples=[ID])] = None
    event: Event | None = None
    said_by: Annotated[Line | None, Field(examples=["Jo Marsh"])] = None


class NoteOut(Out):
    id: UUID
    incident_id: UUID
    occurred_at: datetime
    recorded_at: datetime
    late: Annotated[bool, Field(description="Written down more than 24 hours after it happened.")]
    text: str
    source: str
    message_id: UUID | None
    event: str | None
    said_by: str | None


class TicketIn(In):
    service_id: Id
    incident_id: Annotated[Id | None, Field(examples=[ID])] = None
    number: Annotated[Line, Field(description="The provider's, unique for the service.", examples=["NG-88207"])]
    subject: Annotated[Line, Field(examples=["Server does not answer"])]
    urgency: Annotated[Literal["urgent", "normal"], Field(examples=["urgent"])]
    opened_at: Annotated[Instant, Field(examples=["2025-06-29T00:02:00+02:00"])]


class TicketOut(Out):
    id: UUID
    service_id: UUID
    incident_id: UUID | None
    number: str
    subject: str
    urgency: str
    opened_at: datetime
    created_at: datetime


class ReplyIn(In):
    at: Annotated[Instant, Field(examples=["2025-06-29T01:47:00+02:00"])]
    by: Annotated[Line, Field(examples=["Northgate support, Sam"])]
    human: Annotated[bool, Field(description="An automatic reply stops no response clock.", examples=[True])]
    text: Annotated[Text, Field(examples=["The transfer takes longer than planned."])] = ""
    next_update_due: Annotated[
        Instant | None, Field(description='"We will write by 04:00."', examples=["2025-06-29T04:00:00+02:00"])
    ] = None


class ReplyOut(Out):
    id: UUID
    ticket_id: UUID
    at: datetime
    by: str
    human: bool
    text: str
    next_update_due: datetime | None
    created_at: datetime


def _note(row: Note) -> NoteOut:
    return NoteOut(
        id=row.id,
        incident_id=row.incident_id,
        occurred_at=row.occurred_at,
        recorded_at=row.created_at,
        late=queries.late(row),
        text=row.text,
        source=row.source,
        message_id=row.message_id,
        event=row.event,
        said_by=row.said_by,
    )


@router.post("/incidents", status_code=201, dependencies=[Operator])
def open_incident(body: IncidentIn, session: SessionDep, now: NowDep) -> IncidentOut:
    """Opens an incident: something that went wrong on a service, as people tell it."""
    return IncidentOut.model_validate(actions.open_incident(session, now=now, **body.model_dump()))


@router.get("/incidents", dependencies=[Viewer])
def list_incidents(
    session: SessionDep,
    paging: PagingDep,
    service_id: Annotated[UUID | None, Query()] = None,
    window_id: Annotated[UUID | None, Query()] = None,
) -> Page[IncidentOut]:
    """All incidents, or those of one service or window."""
    query = select(Incident)
    if service_id is not None:
        query = query.where(Incident.service_id == service_id)
    if window_id is not None:
        query = query.where(Incident.window_id == window_id)
    rows, following = page(session, query, Incident.id, paging)
    return Page(items=[IncidentOut.model_validate(row) for row in rows], next=following)


@router.get("/incidents/{incident_id}", dependencies=[Viewer])
def read_incident(incident_id: UUID, session: SessionDep) -> IncidentOut:
    """One incident; its account is under its notes."""
    return IncidentOut.model_validate(queries.incident(session, incident_id))


@router.post("/incidents/{incident_id}/notes", status_code=201, dependencies=[Operator])
def add_note(incident_id: UUID, body: NoteIn, session: SessionDep, now: NowDep) -> NoteOut:
    """Adds a line. Old things may be noted late; they show as late. Things to come are refused."""
    return _note(actions.add_note(session, incident_id, now=now, **body.model_dump()))


@router.get("/incidents/{incident_id}/notes", dependencies=[Viewer])
def list_notes(incident_id: UUID, session: SessionDep, paging: PagingDep) -> Page[NoteOut]:
    """The incident's notes in the order they were written down."""
    queries.incident(session, incident_id)
    rows, following = page(session, select(Note).where(Note.incident_id == incident_id), Note.id, paging)
    return Page(items=[_note(row) for row in rows], next=following)


@router.post("/tickets", status_code=201, dependencies=[Operator])
def open_ticket(body: TicketIn, session: SessionDep, now: NowDep) -> TicketOut:
    """Records a ticket opened with the provider: response clocks start at `opened_at`."""
    return TicketOut.model_validate(actions.open_ticket(session, now=now, **body.model_dump()))


@router.get("/tickets", dependencies=[Viewer])
def list_tickets(
    session: SessionDep,
    paging: PagingDep,
    service_id: Annotated[UUID | None, Query()] = None,
    incident_id: Annotated[UUID | None, Query()] = None,
    number: Annotated[Line | None, Query(examples=["NG-88207"])] = None,
) -> Page[TicketOut]:
    """All tickets, or those of one service, incident or number."""
    query = select(Ticket)
    if service_id is not None:
        query = query.where(Ticket.service_id == service_id)
    if incident_id is not None:
        query = query.where(Ticket.incident_id == incident_id)
    if number is not None:
        query = query.where(Ticket.number == number)
    rows, following = page(session, query, Ticket.id, paging)
    return Page(items=[TicketOut.model_validate(row) for row in rows], next=following)


@router.get("/tickets/{ticket_id}", dependencies=[Viewer])
def read_ticket(ticket_id: UUID, session: SessionDep) -> TicketOut:
    """One ticket with the provider; what was answered is under its replies."""
    return TicketOut.model_validate(queries.ticket(session, ticket_id))


@router.post("/tickets/{ticket_id}/replies", status_code=201, dependencies=[Operator])
def add_reply(ticket_id: UUID, body: ReplyIn, session: SessionDep, now: NowDep) -> ReplyOut:
    """Records the provider's reply. `human` decides whether it stops a response clock."""
    return ReplyOut.model_validate(actions.add_reply(session, ticket_id, now=now, **body.model_dump()))


@router.get("/tickets/{ticket_id}/replies", dependencies=[Viewer])
def list_replies(ticket_id: UUID, session: SessionDep, paging: PagingDep) -> Page[ReplyOut]:
    """The ticket's replies, as recorded."""
    queries.ticket(session, ticket_id)
    rows, following = page(session, select(Reply).where(Reply.ticket_id == ticket_id), Reply.id, paging)
    return Page(items=[ReplyOut.model_validate(row) for row in rows], next=following)
