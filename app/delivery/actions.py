"""Handing messages over, holding addresses back, erasing. Nothing here sends: what is handed over stands in the outbox
with the facts it belongs to, in one transaction.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from app.delivery import mime, queries
from app.delivery.outbox import packing
from app.delivery.outbox.states import PATIENCE, WAITING, State
from app.delivery.shapes import Mailbox, Outgoing, Sender
from app.delivery.tables import Delivery, DeliveryAttempt, DeliveryContent, DeliveryEvent, Suppression
from app.errors import Conflict
from app.evidence import actions as evidence

Channel = Literal["email", "paper", "phone"]
SOMEBODY = Sender(Mailbox("somebody@kept.invalid"), Mailbox("somebody@kept.invalid"))
ERASED = "erased"


@dataclass(frozen=True, slots=True)
class Belongs:
    """What a message is about: ids of other rooms, and the thread its answers and successors stand in."""

    notice_id: UUID | None = None
    letter_id: UUID | None = None
    client_id: UUID | None = None
    contact_id: UUID | None = None
    thread: str | None = None


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message for the outbox, or, without `outgoing`, something that a person has to do."""

    key: str
    belongs: Belongs
    outgoing: Outgoing | None = None
    channel: Channel = "email"
    name: str | None = None
    subject: str | None = None
    why: str = ""


def new_token() -> str:
    """What one message is known by when it comes back: nobody can guess it."""
    return secrets.token_hex(12)


def hand_over(
    session: Session, outgoing: Outgoing, now: datetime, *, belongs: Belongs = Belongs(), domain: str = "kept.invalid"
) -> Delivery:
    """Puts a message into the outbox; a key that is there already is that message. `domain` ends its Message-ID.

    Raises BadInput for what could not be sent to anybody, such as a line end in a subject.
    """
    return hand_over_all(session, [Parcel(outgoing.key, belongs, outgoing)], now, domain=domain)[0]


def hand_over_all(session: Session, parcels: Sequence[Parcel], now: datetime, *, domain: str) -> list[Delivery]:
    """The same for many, with one entry in the log. All or none."""
    known: dict[str, Delivery] = {}
    for start in range(0, len(parcels), 500):
        keys = [one.key for one in parcels[start : start + 500]]
        known |= {row.key: row for row in session.exec(select(Delivery).where(col(Delivery.key).in_(keys)))}
    held = queries.suppressed(session, [one.outgoing.to.address for one in parcels if one.outgoing])
    fresh: list[Delivery] = []
    for one in parcels:
        if one.key in known:
            continue
        row = known[one.key] = _row(one, now, domain)
        if one.outgoing is not None:  # what cannot be sent to anybody shows now: it is written once
            before = held.get(queries.folded_address(one.outgoing.to.address))
            if before is not None:
                row.state, row.due_at, row.settled_at, row.said = State.SUPPRESSED, None, now, before.why
            light = replace(
                one.outgoing, attachments=tuple(replace(file, content=b"") for file in one.outgoing.attachments)
            )
            mime.build(light, SOMEBODY, message_id=row.message_id, at=now)  # what cannot be sent shows now
        session.add(row)
        fresh.append(row)
    session.flush()
    new = {row.id for row in fresh}
    for one in parcels:
        row = known[one.key]
        if one.outgoing is not None and row.id in new:
            content = packing.pack(one.outgoing)
            digest = hashlib.sha256(content).hexdigest()
            session.add(DeliveryContent(delivery_id=row.id, digest=digest, content=content))
    if fresh:
        listed = [
            {
                "delivery": row.id, "letter": row.letter_id, "message_id": row.message_id, "channel": row.channel,
                "state": row.state, "to": evidence.commitment(row.salt, row.address or row.name or ""),
            }
            for row in fresh
        ]  # fmt: skip
        about = fresh[0].notice_id
        subject = f"notice:{about}" if about is not None else f"delivery:{fresh[0].id}"
        evidence.append(session, "deliveries.handed_over", subject, now, body={"deliveries": listed})
    return [known[one.key] for one in parcels]


def _row(one: Parcel, now: datetime, domain: str) -> Delivery:
    token, to, date = new_token(), one.outgoing, one.outgoing.invitation if one.outgoing else None
    about = one.belongs
    row = Delivery(
        created_at=now, salt=secrets.token_hex(16), key=one.key, token=token, message_id=f"<kept.{token}@{domain}>",
        channel=one.channel, state=State.TO_DO, notice_id=about.notice_id, letter_id=about.letter_id,
        client_id=about.client_id, contact_id=about.contact_id, thread=about.thread, name=one.name,
        subject=one.subject, said=one.why,
    )  # fmt: skip
    if to is not None:
        row.state, row.due_at, row.give_up_at = State.QUEUED, now, now + PATIENCE
        row.name, row.address, row.subject = to.to.name or one.name, to.to.address, to.subject
        row.domain = to.to.address.rpartition("@")[2].lower()
    if date is not None:
        row.calendar_uid, row.calendar_sequence, row.calendar_method = date.uid, date.sequence, date.method
    return row


def log(session: Session, row: Delivery, what: str, now: datetime, **more: Any) -> None:
    """One entry about one message. Words that may hold an address go in as commitments."""
    body = {"state": row.state, "message_id": row.message_id, "letter": row.letter_id} | more
    evidence.append(session, f"delivery.{what}", row, now, body=body)


def settle(row: Delivery, state: State, said: str, now: datetime, due_at: datetime | None = None) -> None:
    """Moves the row on; with `due_at` it will be tried again then."""
    row.state, row.said, row.due_at = state, said[:1000], due_at
    row.settled_at = None if due_at else now
    row.claimed_at = row.claimed_by = None


def suppress(session: Session, row: Delivery, why: str, now: datetime) -> None:
    """From now on nothing is sent to the row's address. Said once."""
    if row.address is None or queries.suppressed(session, [row.address]):
        return
    held = Suppression(
        created_at=now, salt=secrets.token_hex(16), address=queries.folded_address(row.address), why=why[:1000],
        delivery_id=row.id,
    )  # fmt: skip
    session.add(held)
    evidence.append(session, "address.suppressed", held, now)


def lift(session: Session, suppression_id: UUID, *, by: str, why: str, now: datetime) -> Suppression:
    """A person says that the address works again. What was held back meanwhile is sent only on `again`.

    Raises NotFound, and Conflict where it was lifted before.
    """
    row = queries.suppression(session, suppression_id)
    if row.lifted_at is not None:
        raise Conflict(f"{row.lifted_by} lifted this before", field="suppression_id")
    same = select(Suppression).where(Suppression.address == row.address, col(Suppression.lifted_at).is_(None))
    for one in session.exec(same):
        one.lifted_at, one.lifted_by, one.lifted_why = now, by, why
        session.add(one)
        evidence.append(session, "address.lifted", one, now)
    return row


def erase(session: Session, now: datetime, *, letter_id: UUID | None = None, contacts: Iterable[UUID] = ()) -> int:
    """Removes what messages say and to whom, with a letter's content or a person's data; that they went stays. What
    was still to go does not go any more."""
    ids = list(contacts)
    mine = col(Delivery.letter_id) == letter_id if letter_id is not None else col(Delivery.contact_id).in_(ids)
    rows = session.exec(select(Delivery).where(mine, col(Delivery.erased_at).is_(None))).all()
    for row in rows:
        if row.state in (*WAITING, State.TO_DO):
            settle(row, State.SUPPRESSED, "erased before it went", now)
        row.erased_at, row.salt = now, ""
        row.name = row.address = row.domain = row.subject = None
        row.said = ERASED
        session.add(row)
    gone = [row.id for row in rows]
    if gone:
        here = {"execution_options": {"synchronize_session": "fetch"}}
        session.execute(sa.delete(DeliveryContent).where(col(DeliveryContent.delivery_id).in_(gone)), **here)
        attempts = sa.update(DeliveryAttempt).where(col(DeliveryAttempt.delivery_id).in_(gone))
        session.execute(attempts.values(text=ERASED, domain=ERASED), **here)
        events = sa.update(DeliveryEvent).where(col(DeliveryEvent.delivery_id).in_(gone))
        session.execute(events.values(text=ERASED, by=ERASED, salt=""), **here)
        held = sa.update(Suppression).where(col(Suppression.delivery_id).in_(gone))
        session.execute(held.values(address=ERASED, why=ERASED, salt=""), **here)
        evidence.append(session, "deliveries.erased", f"delivery:{gone[0]}", now, body={"deliveries": gone})
    return len(gone)
