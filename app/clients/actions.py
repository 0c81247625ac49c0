"""Entering clients and the people there; a person as they were on a day stays answerable."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, select

from app.clients import queries
from app.clients.tables import KINDS, Client, Contact
from app.delivery import actions as outbox
from app.errors import BadInput, Conflict
from app.evidence import actions as evidence
from app.fields import happened
from app.sites import actions as sites_actions
from app.sites.actions import inside

ERASED = "(erased)"
KEPT = ("salutation", "name", "email", "phone", "receives", "prefers", "kinds", "invitations")


def add_client(
    session: Session,
    *,
    number: str,
    name: str,
    address: list[str],
    language: str,
    zone: str,
    letter_layout: str | None = None,
    contacts: Iterable[Mapping[str, Any]] = (),
    sites: Iterable[Mapping[str, Any]] = (),
    now: datetime,
) -> Client:
    """A client, with contacts and sites if given. Raises Conflict for a number already taken, and what `add_contact`
    and `add_site` raise, with the path of the one at fault: `sites.0.name`."""
    other = session.exec(select(Client).where(Client.number == number)).first()
    if other is not None:
        raise Conflict(f"the number {number} is that of {other.name}", field="number", example="C-017")
    row = Client(
        created_at=now, salt=secrets.token_hex(16), number=number, name=name, address=address, language=language,
        zone=zone, letter_layout=letter_layout,
    )  # fmt: skip
    session.add(row)
    evidence.append(session, "client.added", row, now)
    for index, contact in enumerate(contacts):
        with inside(f"contacts.{index}"):
            add_contact(session, row.id, now=now, **contact)
    for index, site in enumerate(sites):
        with inside(f"sites.{index}"):
            sites_actions.add_site(session, client_id=row.id, now=now, **site)
    return row


def change_client(session: Session, id_: UUID, changes: Mapping[str, Any], *, now: datetime) -> Client:
    """Name, address, language, zone or layout, from now on. Letters already issued keep what they had.

    Raises NotFound, and BadInput for nothing to change or a field that may not be emptied.
    """
    row = queries.client(session, id_, lock=True)
    if not changes:
        raise BadInput("names nothing to change", field="body", example='{"name": "Larkfield Garden Centre Ltd"}')
    _not_emptied(changes, but="letter_layout")
    if changes.get("address") == []:
        for contact in queries.contacts_at(session, [row.id], now)[row.id]:
            if contact.prefers == "paper":
                raise Conflict("a contact prefers paper, which needs an address", field="address")
    for name, value in changes.items():
        setattr(row, name, value)
    session.add(row)
    evidence.append(session, "client.changed", row, now)
    return row


def add_contact(
    session: Session,
    client_id: UUID,
    *,
    salutation: str,
    name: str,
    email: str | None = None,
    phone: str | None = None,
    receives: bool = True,
    prefers: str = "email",
    kinds: Iterable[str] = KINDS,
    invitations: bool = False,
    since_at: datetime | None = None,
    now: datetime,
) -> Contact:
    """A person at the client, from `since_at` (now, if left out) on. Raises NotFound and BadInput."""
    client = queries.client(session, client_id, lock=True)
    row = Contact(
        created_at=now, salt=secrets.token_hex(16), client_id=client.id, salutation=salutation, name=name, email=email,
        phone=phone, receives=receives, prefers=prefers, kinds=_in_order(kinds), invitations=invitations,
        since_at=happened(since_at or now, now, "since_at"),
    )  # fmt: skip
    _can_be_reached(client, row)
    session.add(row)
    evidence.append(session, "contact.added", row, now, occurred_at=row.since_at)
    return row


def change_contact(
    session: Session, id_: UUID, changes: Mapping[str, Any], *, at: datetime | None = None, now: datetime
) -> Contact:
    """Closes the row at `at` (now, if left out) and inserts the contact as it is from then on.

    Raises NotFound, BadInput, and Conflict naming the row that took this one's place.
    """
    row = _current(session, id_)
    if not changes:
        raise BadInput("names nothing to change", field="body", example='{"email": "n.okafor@larkfield.example"}')
    _not_emptied(changes, but="email phone")
    moment = _after_start(row, at, now)
    kept = {name: getattr(row, name) for name in KEPT} | dict(changes)
    kept["kinds"] = _in_order(kept["kinds"])
    changed = Contact(
        created_at=now, salt=secrets.token_hex(16), client_id=row.client_id, since_at=moment, replaces=row.id, **kept,
    )  # fmt: skip
    _can_be_reached(queries.client(session, row.client_id, lock=True), changed)
    row.ended_at = moment
    session.add(row)
    session.add(changed)
    evidence.append(session, "contact.changed", changed, now, occurred_at=moment)
    return changed


def end_contact(session: Session, id_: UUID, *, at: datetime | None = None, now: datetime) -> Contact:
    """The person is no contact of ours any more. Raises NotFound, BadInput, Conflict."""
    row = _current(session, id_)
    row.ended_at = _after_start(row, at, now)
    session.add(row)
    evidence.append(session, "contact.ended", row, now, occurred_at=row.ended_at)
    return row


def erase_contact(session: Session, id_: UUID, *, now: datetime) -> Contact:
    """Removes a person's data, in every row they ever had, with the salts: what the log holds can then no longer be
    tied to anybody. Raises NotFound, and Conflict when it was done before."""
    row = queries.contact(session, id_, lock=True)
    if row.erased_at is not None:
        raise Conflict(f"this contact was erased at {row.erased_at.isoformat()}", field="contact_id")
    rows = queries.versions(session, row)
    for version in rows:
        version.salutation = version.name = ERASED
        version.email = version.phone = None
        version.receives, version.salt, version.erased_at = False, "", now
        version.ended_at = version.ended_at or now
        session.add(version)
    body = {"contacts": [version.id for version in rows]}
    evidence.append(session, "contact.erased", row, now, body=body)
    outbox.erase(session, now, contacts=[version.id for version in rows])
    return row


def _current(session: Session, id_: UUID) -> Contact:
    """The row, locked, if it is still in force. Raises NotFound and Conflict."""
    row = queries.contact(session, id_, lock=True)
    if row.ended_at is not None:
        newer = session.exec(select(Contact).where(Contact.replaces == row.id)).first()
        instead = f"; the contact is {newer.id} now" if newer else ""
        raise Conflict(
            f"this row ended at {row.ended_at.isoformat()}{instead}",
            field="contact_id",
            example=str(newer.id) if newer else None,
        )
    return row


def _after_start(row: Contact, at: datetime | None, now: datetime) -> datetime:
    moment = happened(at or now, now, "at")
    if moment < row.since_at:
        raise BadInput(
            f"lies before {row.since_at.isoformat()}, since when the contact is as it is",
            field="at",
            example=now.isoformat(),
        )
    return moment


def _not_emptied(changes: Mapping[str, Any], *, but: str) -> None:
    for name, value in changes.items():
        if value is None and name not in but.split():
            raise BadInput("may be left out, but not emptied", field=name)


def _in_order(kinds: Iterable[str]) -> list[str]:
    """Each kind once, in the order they are always named in."""
    return [kind for kind in KINDS if kind in kinds]


def _can_be_reached(client: Client, contact: Contact) -> None:
    """A letter must be able to get there. Raises BadInput."""
    if contact.receives and contact.prefers == "email" and contact.email is None:
        raise BadInput(
            "is needed for a contact that receives letters by e-mail",
            field="email",
            example="n.okafor@larkfield.example",
        )
    if contact.receives and not contact.kinds:
        raise BadInput(
            "names no letters, yet letters go to this person; name some, or set receives to false",
            field="kinds",
            example="planned",
        )
    if contact.invitations and contact.prefers != "email":
        raise BadInput("come by e-mail, and this person's letters are on paper", field="invitations", example="false")
    if contact.receives and contact.prefers == "paper" and not client.address:
        raise BadInput("paper needs the client's address, which is not recorded", field="prefers", example="email")
