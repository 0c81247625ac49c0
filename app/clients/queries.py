"""Reads of clients and contacts. The singular ones raise NotFound naming what was looked for."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from app.clients.tables import LETTERS, Client, Contact
from app.errors import NotFound


def client(session: Session, id_: UUID, *, lock: bool = False) -> Client:
    """`lock` holds the row until the end of the transaction, so that address and contacts are judged together."""
    row = session.get(Client, id_, with_for_update={"key_share": True} if lock else None)
    if row is None:
        raise NotFound(f"no client has the id {id_}; GET /clients lists them", field="client_id")
    return row


def contact(session: Session, id_: UUID, *, lock: bool = False) -> Contact:
    """`lock` holds the row until the end of the transaction, so that it is changed only once."""
    row = session.get(Contact, id_, with_for_update={"key_share": True} if lock else None)
    if row is None:
        raise NotFound(f"no contact has the id {id_}; GET /contacts lists them", field="contact_id")
    return row


def clients(session: Session, ids: Collection[UUID]) -> dict[UUID, Client]:
    """Those of `ids` there are, by id."""
    return {row.id: row for row in session.exec(select(Client).where(col(Client.id).in_(ids)))}


def contacts_at(session: Session, client_ids: Collection[UUID], at: datetime) -> dict[UUID, list[Contact]]:
    """The contacts of each client as they were at a moment; a client without any has an empty list."""
    query = select(Contact).where(
        col(Contact.client_id).in_(client_ids),
        col(Contact.since_at) <= at,
        sa.or_(col(Contact.ended_at).is_(None), col(Contact.ended_at) > at),
    )
    found: dict[UUID, list[Contact]] = {client_id: [] for client_id in client_ids}
    for row in session.exec(query.order_by(col(Contact.id))):
        found[row.client_id].append(row)
    return found


def recipients(session: Session, client_ids: Collection[UUID], kind: str, at: datetime) -> dict[UUID, list[Contact]]:
    """Who at each client gets a letter of this kind (`L1` … `L10`), as they were at a moment, by their own wish.

    A letter about data that may be missing cannot be declined by everybody: where nobody wishes to have it, whoever
    receives letters at all gets it. A client of whom nobody wants the kind has an empty list.
    """
    group = LETTERS[kind]
    chosen = {}
    for client_id, there in contacts_at(session, client_ids, at).items():
        receiving = [row for row in there if row.receives]
        wanting = [row for row in receiving if group in row.kinds]
        chosen[client_id] = receiving if group == "data" and not wanting else wanting
    return chosen


def versions(session: Session, row: Contact) -> list[Contact]:
    """This person's rows, oldest first: what the row replaced, the row, and what replaced it."""
    of_client: Sequence[Contact] = session.exec(select(Contact).where(col(Contact.client_id) == row.client_id)).all()
    by_id = {other.id: other for other in of_client}
    after = {other.replaces: other for other in of_client if other.replaces is not None}
    first = row
    while first.replaces is not None:
        first = by_id[first.replaces]
    chain = [first]
    while chain[-1].id in after:
        chain.append(after[chain[-1].id])
    return chain
