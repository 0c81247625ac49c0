"""Clients and contacts over the API."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import sqlalchemy as sa
from fastapi import Query
from pydantic import Field
from sqlmodel import col, select

from app.access.guard import Operator, Owner, Viewer
from app.clients import actions, queries
from app.clients.tables import KINDS, Client, Contact
from app.fields import Email, In, Instant, Line, Out, Zone
from app.sites.api import SiteOfClientIn, SiteOut
from app.sites.tables import Site
from app.web.edge import NowDep, Page, PagingDep, Router, SessionDep, page

router = Router(tags=["clients"])

Layout = Literal["din5008b", "uk", "us"]
Address = Annotated[
    list[Line], Field(max_length=7, examples=[["Larkfield Garden Centre", "4 Orchard Road", "York YO1 7HB"]])
]
Language = Annotated[
    str, Field(pattern="^[a-z]{2}(-[A-Z]{2})?$", description="The language its letters are in.", examples=["en"])
]


Group = Literal["planned", "during", "after", "data", "monthly"]
Groups = Annotated[
    list[Group],
    Field(
        max_length=20,
        description="Which letters go to this person: planned work, during an event, after it, data that may be "
        "missing, the month's statement. A correction goes to whoever had the letter it corrects.",
        examples=[["planned", "during", "after", "data"]],
    ),
]


class ContactIn(In):
    salutation: Annotated[Line, Field(description="As a letter greets.", examples=["Ms Okafor"])]
    name: Annotated[Line, Field(examples=["Ngozi Okafor"])]
    email: Annotated[Email | None, Field(examples=["n.okafor@larkfield.example"])] = None
    phone: Annotated[Line | None, Field(examples=["+44 1904 555 010"])] = None
    receives: Annotated[bool, Field(description="Whether letters go to this person.", examples=[True])] = True
    prefers: Annotated[Literal["email", "paper"], Field(examples=["email"])] = "email"
    kinds: Annotated[Groups, Field(default_factory=lambda: list(KINDS))]
    invitations: Annotated[
        bool, Field(description="Whether announcements bring a calendar invitation.", examples=[True])
    ] = False
    since_at: Annotated[
        Instant | None, Field(description="Contact since; now, if left out.", examples=["2024-07-01T00:00:00+02:00"])
    ] = None


class ContactChange(In):
    """What is left out stays as it is."""

    salutation: Annotated[Line | None, Field(examples=["Ms Okafor"])] = None
    name: Annotated[Line | None, Field(examples=["Ngozi Okafor"])] = None
    email: Annotated[Email | None, Field(examples=["n.okafor@larkfield.example"])] = None
    phone: Annotated[Line | None, Field(examples=["+44 1904 555 010"])] = None
    receives: Annotated[bool | None, Field(examples=[True])] = None
    prefers: Annotated[Literal["email", "paper"] | None, Field(examples=["email"])] = None
    kinds: Groups | None = None
    invitations: Annotated[bool | None, Field(examples=[True])] = None
    at: Annotated[
        Instant | None, Field(description="Since when; now, if left out.", examples=["2025-06-10T09:00:00+02:00"])
    ] = None


class ContactEnd(In):
    at: Annotated[
        Instant | None, Field(description="Since when; now, if left out.", examples=["2025-06-10T09:00:00+02:00"])
    ] = None


class ContactOut(Out):
    id: UUID
    client_id: UUID
    salutation: str
    name: str
    email: str | None
    phone: str | None
    receives: bool
    prefers: str
    kinds: list[str]
    invitations: bool
    since_at: datetime
    ended_at: datetime | None
    replaces: Annotated[UUID | None, Field(description="The row this person had before.")]
    erased_at: datetime | None
    created_at: datetime


class ClientIn(In):
    number: Annotated[Line, Field(description="Unique.", examples=["C-017"])]
    name: Annotated[Line, Field(examples=["Larkfield Garden Centre"])]
    address: Annotated[Address, Field(default_factory=list, description="As on an envelope; needed for paper.")]
    language: Language = "en"
    zone: Annotated[Zone, Field(description="Times in its letters are in this zone.", examples=["Europe/London"])]
    letter_layout: Annotated[Layout | None, Field(description="Null: the agency's.", examples=["uk"])] = None
    contacts: Annotated[
        list[ContactIn],
        Field(
            default_factory=list,
            max_length=50,
            examples=[
                [{"salutation": "Ms Okafor", "name": "Ngozi Okafor", "email": "n.okafor@larkfield.example"}],
            ],
        ),
    ]
    sites: Annotated[
        list[SiteOfClientIn],
        Field(default_factory=list, max_length=200, examples=[[{"name": "shop.larkfield.example", "number": "S-014"}]]),
    ]


class ClientChange(In):
    """What is left out stays as it is."""

    name: Annotated[Line | None, Field(examples=["Larkfield Garden Centre Ltd"])] = None
    address: Address | None = None
    language: Language | None = None
    zone: Annotated[Zone | None, Field(examples=["Europe/London"])] = None
    letter_layout: Annotated[Layout | None, Field(examples=["uk"])] = None


class ClientOut(Out):
    id: UUID
    number: str
    name: str
    address: list[str]
    language: str
    zone: str
    letter_layout: str | None
    created_at: datetime


class ClientMade(ClientOut):
    contacts: list[ContactOut]
    sites: list[SiteOut]


@router.post("/clients", status_code=201, dependencies=[Operator])
def add_client(body: ClientIn, session: SessionDep, now: NowDep) -> ClientMade:
    """Enters a whole client: contacts, sites and where those sit, all of it or nothing."""
    row = actions.add_client(session, now=now, **body.model_dump())
    contacts = session.exec(select(Contact).where(Contact.client_id == row.id).order_by(col(Contact.id)))
    sites = session.exec(select(Site).where(Site.client_id == row.id).order_by(col(Site.id)))
    return ClientMade(
        **ClientOut.model_validate(row).model_dump(),
        contacts=[ContactOut.model_validate(contact) for contact in contacts],
        sites=[SiteOut.model_validate(site) for site in sites],
    )


@router.get("/clients", dependencies=[Viewer])
def list_clients(
    session: SessionDep, paging: PagingDep, number: Annotated[Line | None, Query(examples=["C-017"])] = None
) -> Page[ClientOut]:
    """All clients, or the one of that number."""
    query = select(Client)
    if number is not None:
        query = query.where(Client.number == number)
    rows, following = page(session, query, Client.id, paging)
    return Page(items=[ClientOut.model_validate(row) for row in rows], next=following)


@router.get("/clients/{client_id}", dependencies=[Viewer])
def read_client(client_id: UUID, session: SessionDep) -> ClientOut:
    """One client, with the address that letters go to."""
    return ClientOut.model_validate(queries.client(session, client_id))


@router.patch("/clients/{client_id}", dependencies=[Operator])
def change_client(client_id: UUID, body: ClientChange, session: SessionDep, now: NowDep) -> ClientOut:
    """Changes the client from now on. Letters already issued keep the address they had."""
    changes = body.model_dump(exclude_unset=True)
    return ClientOut.model_validate(actions.change_client(session, client_id, changes, now=now))


@router.post("/clients/{client_id}/contacts", status_code=201, dependencies=[Operator])
def add_contact(client_id: UUID, body: ContactIn, session: SessionDep, now: NowDep) -> ContactOut:
    """Enters a person at the client."""
    return ContactOut.model_validate(actions.add_contact(session, client_id, now=now, **body.model_dump()))


@router.get("/contacts", dependencies=[Viewer])
def list_contacts(
    session: SessionDep,
    paging: PagingDep,
    client_id: Annotated[UUID | None, Query()] = None,
    at: Annotated[
        Instant | None,
        Query(description="Only as they were at this moment. Write Z or %2B for +.", examples=["2025-06-03T12:00:00Z"]),
    ] = None,
) -> Page[ContactOut]:
    """The contacts with all they were before, or as they were at one moment."""
    query = select(Contact)
    if client_id is not None:
        query = query.where(Contact.client_id == client_id)
    if at is not None:
        ended = sa.or_(col(Contact.ended_at).is_(None), col(Contact.ended_at) > at)
        query = query.where(col(Contact.since_at) <= at, ended)
    rows, following = page(session, query, Contact.id, paging)
    return Page(items=[ContactOut.model_validate(row) for row in rows], next=following)


@router.get("/contacts/{contact_id}", dependencies=[Viewer])
def read_contact(contact_id: UUID, session: SessionDep) -> ContactOut:
    """One person at a client as they were for a time; `replaces` leads to how they were before."""
    return ContactOut.model_validate(queries.contact(session, contact_id))


@router.patch("/contacts/{contact_id}", dependencies=[Operator])
def change_contact(contact_id: UUID, body: ContactChange, session: SessionDep, now: NowDep) -> ContactOut:
    """Changes a contact: the row is closed and a new one, with a new id, takes its place."""
    changes = body.model_dump(exclude_unset=True, exclude={"at"})
    return ContactOut.model_validate(actions.change_contact(session, contact_id, changes, at=body.at, now=now))


@router.post("/contacts/{contact_id}/end", dependencies=[Operator])
def end_contact(contact_id: UUID, body: ContactEnd, session: SessionDep, now: NowDep) -> ContactOut:
    """The person is no contact of ours any more."""
    return ContactOut.model_validate(actions.end_contact(session, contact_id, at=body.at, now=now))


@router.post("/contacts/{contact_id}/erase", dependencies=[Owner])
def erase_contact(contact_id: UUID, session: SessionDep, now: NowDep) -> ContactOut:
    """Removes the person's data from all their rows. The evidence log stays whole: it holds commitments only."""
    return ContactOut.model_validate(actions.erase_contact(session, contact_id, now=now))
