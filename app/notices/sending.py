"""From issued letters to messages: one to each of their recipients, in the thread of what that person had before, and
with their calendar put right. What is not sent by e-mail becomes something a person has to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from app.clients.tables import Contact
from app.delivery import queries
from app.delivery.actions import Belongs, Channel, Parcel, hand_over_all
from app.delivery.outbox.packing import unpack
from app.delivery.outbox.states import FAILED
from app.delivery.shapes import Attachment, Invitation, Mailbox, Outgoing
from app.delivery.tables import Delivery, DeliveryContent
from app.errors import Conflict
from app.fields import address
from app.notices.tables import Letter, Notice
from app.statements.named import agency_of
from reports import documents as doc
from reports.letters import MailText, mail_of

LONGEST_THREAD = 20  # Message-IDs of References: the first and the latest


@dataclass(frozen=True, slots=True)
class Copy:
    """One person's copy of a letter: how it reaches them, and why."""

    letter: Letter
    document: doc.ClientLetter
    pdf: bytes
    contact: Contact
    channel: str  # email | paper | phone | none
    why: str


def hand_over_round(session: Session, notice: Notice, copies: Sequence[Copy], now: datetime) -> list[Delivery]:
    """Puts a round's messages into the outbox, in the transaction that issues it.

    Raises Conflict naming the client whose address is none, so that a round goes to everybody or to nobody.
    """
    agency = agency_of(session)
    office = Mailbox(address(agency.email or "nobody@kept.invalid"), agency.name)
    people = _first_rows(session, [one.contact for one in copies])
    threads = {one.contact.id: f"{topic(notice)}/{people[one.contact.id]}" for one in copies}
    before = queries.of_threads(session, set(threads.values()))
    dates = _dates(session, [row for rows in before.values() for row in rows])
    mails: dict[UUID, MailText] = {}
    parcels = []
    for one in copies:
        if one.channel == "none":
            continue
        thread = threads[one.contact.id]
        belongs = Belongs(notice.id, one.letter.id, one.letter.client_id, one.contact.id, thread)
        key = queries.letter_key(one.letter.id, one.contact.id)
        if one.channel != "email":
            name = f"{one.contact.name}, {one.document.recipient.name}"
            channel: Channel = "phone" if one.channel == "phone" else "paper"
            said = mails.setdefault(one.letter.id, mail_of(one.document)).subject
            parcels.append(Parcel(key, belongs, None, channel, name, said, one.why))
            continue
        mail = mails.get(one.letter.id) or mails.setdefault(one.letter.id, mail_of(one.document))
        outgoing = _outgoing(one, key, mail, before[thread], notice)
        date = _invitation(one, mail, office, notice, people[one.contact.id], before[thread], dates)
        parcels.append(Parcel(key, belongs, replace(outgoing, invitation=date)))
    return hand_over_all(session, parcels, now, domain=office.address.rpartition("@")[2])


def topic(notice: Notice) -> str:
    """What a round is about, as the threads of its messages name it."""
    if notice.work_id is not None:
        return f"work:{notice.work_id}"
    if notice.outage_from is not None:
        return f"outage:{notice.service_id}:{notice.outage_from:%Y%m%dT%H%M%SZ}"
    return f"months:{notice.service_id}"


def _first_rows(session: Session, contacts: Sequence[Contact]) -> dict[UUID, UUID]:
    """Of each contact the id of that person's first row: the same for as long as it is the same person."""
    clients = {one.client_id for one in contacts}
    rows = session.exec(select(Contact.id, Contact.replaces).where(col(Contact.client_id).in_(clients))).all()
    replaces = dict(rows)
    out = {}
    for one in contacts:
        first = one.id
        while (earlier := replaces.get(first)) is not None:
            first = earlier
        out[one.id] = first
    return out


def _mailbox(one: Copy) -> Mailbox:
    if one.contact.email is None:
        raise Conflict(f"{one.document.recipient.client_id}: {one.contact.name} has no e-mail address", field="contact")
    try:
        return Mailbox(address(one.contact.email), one.contact.name)
    except ValueError as error:
        raise Conflict(
            f"{one.document.recipient.client_id}: {one.contact.email!r} {error}", field="contact.email",
            example="PATCH /api/v1/contacts/{id}",
        ) from None  # fmt: skip


def _outgoing(one: Copy, key: str, mail: MailText, before: Sequence[Delivery], notice: Notice) -> Outgoing:
    """The message, in answer to the one it follows, or to the last one this person had."""
    sent = [row for row in before if row.channel == "email" and row.state not in FAILED and row.key != key]
    followed = [row for row in sent if notice.follows is not None and row.notice_id == notice.follows]
    chain = [row.message_id for row in sent]
    answered = (followed or sent)[-1].message_id if sent else None
    if len(chain) > LONGEST_THREAD:
        chain = [chain[0], *chain[1 - LONGEST_THREAD :]]
    if answered is not None:
        chain = [*(id_ for id_ in chain if id_ != answered), answered]
    return Outgoing(
        key=key, to=_mailbox(one), subject=mail.subject, text=mail.text, html=mail.html,
        language=one.document.header.language,
        attachments=(Attachment(f"{one.document.header.number}.pdf", "application/pdf", one.pdf),),
        in_reply_to=answered, references=tuple(chain),
    )  # fmt: skip


# --- calendars --------------------------------------------------------------------------------------------------------


def _dates(session: Session, rows: Sequence[Delivery]) -> dict[str, Invitation]:
    """The newest date each person has in their calendar from us, by its uid."""
    newest: dict[str, Delivery] = {}
    for row in rows:
        if row.calendar_uid is not None and (row.calendar_sequence or 0) >= _sequence(newest.get(row.calendar_uid)):
            newest[row.calendar_uid] = row
    ids = {row.id: uid for uid, row in newest.items()}
    out: dict[str, Invitation] = {}
    for start in range(0, len(ids), 500):
        part = list(ids)[start : start + 500]
        for content in session.exec(select(DeliveryContent).where(col(DeliveryContent.delivery_id).in_(part))):
            date = unpack(content.content).invitation if content.content else None
            if date is not None:
                out[ids[content.delivery_id]] = date
    return out


def _sequence(row: Delivery | None) -> int:
    return -1 if row is None or row.calendar_sequence is None else row.calendar_sequence


def held(document: doc.ClientLetter) -> tuple[bool, doc.Span | None]:
    """Whether a letter speaks of a date, and the date that holds by it: None where there is none any more."""
    body = document.body
    match body:
        case doc.Planned():
            return True, body.window
        case doc.Rescheduled():
            return True, body.new
        case doc.NotCarriedOut():
            return True, body.new_window
        case doc.Correction() if body.notice_letter in ("L1", "L2", "L3"):
            return True, body.window
    return False, None


def _invitation(
    one: Copy, mail: MailText, office: Mailbox, notice: Notice, person: UUID, before: Sequence[Delivery],
    dates: dict[str, Invitation],
) -> Invitation | None:  # fmt: skip
    """The date as it is now, for whoever wishes dates or has one from us: asked for, changed, or called off."""
    speaks, span = held(one.document)
    uid = f"{topic(notice).replace(':', '-')}-person-{person}@{office.address.rpartition('@')[2]}"
    mine = [row for row in before if row.calendar_uid is not None]
    uid = mine[-1].calendar_uid or uid if mine else uid
    had = dates.get(uid)
    if not speaks or (had is None and not one.contact.invitations):
        return None
    sequence = max((_sequence(row) for row in mine), default=-1) + 1
    if span is None:
        if had is None or had.method == "CANCEL":
            return None
        return replace(had, method="CANCEL", sequence=sequence, summary=mail.subject, description=mail.text)
    if not one.contact.invitations and had is not None and had.method == "CANCEL":
        return None
    organizer = had.organizer if had is not None else office
    to = _mailbox(one)
    return Invitation("REQUEST", uid, sequence, span.start_at, span.end_at, mail.subject, mail.text, organizer, to)
