"""Drafting a round of letters, issuing it, and finding those that are no longer true."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from pydantic import TypeAdapter, ValidationError
from sqlmodel import Session, col, select

from app.clients import queries as clients
from app.errors import BadInput, Conflict, found
from app.evidence import actions as evidence
from app.evidence.actions import head
from app.maintenance.tables import Window
from app.notices import compose, facts
from app.notices.compose import Addressee, Round
from app.notices.tables import Letter, Notice
from app.notices.wording import Words
from app.papers.context import LettersSent
from app.sites.tables import Site
from app.sla.case import SiteCurrent
from app.sla.judge import judge
from app.sla.periods import month_of
from app.sla.statement import Statement
from app.statements.gather import gather, provider_of
from app.statements.named import agency_of
from reports import documents as doc

WORDS: TypeAdapter[Words] = TypeAdapter(Words)


@dataclass(frozen=True, slots=True)
class Draft:
    """A letter composed but not kept: to whom, as what, stating which facts."""

    client_id: UUID
    contact_id: UUID
    document: doc.ClientLetter
    stated: dict[str, str]


def draft(
    session: Session,
    *,
    service_id: UUID,
    window_id: UUID,
    words: Words,
    follows: UUID | None,
    as_at: datetime,
    leave_out: frozenset[UUID],
    now: datetime,
) -> Notice:
    """A notice with its letters composed once, to show that all of them can be written; nothing is sent.

    Raises Conflict where the record does not bear out what the letters say, or a client has no contact.
    """
    if as_at > now:
        raise BadInput("lies in the future", field="as_at", example=now.isoformat(timespec="seconds"))
    window = found(session.get(Window, window_id), "window", window_id)
    if follows is not None:
        earlier = found(session.get(Notice, follows), "notice", follows)
        if earlier.issued_at is None:
            raise Conflict("the notice this one follows was never issued, so nobody believes it", field="follows")
    last = session.exec(select(sa.func.max(Notice.number)).where(Notice.service_id == service_id)).one()
    notice = Notice(
        service_id=service_id,
        number=(last or 0) + 1,
        kind=words.kind,
        window_id=window_id,
        work_id=window.work_id,
        follows=follows,
        as_at=as_at,
        words=words.model_dump(mode="json") | {"leave_out": sorted(str(id_) for id_ in leave_out)},
        created_at=now,
    )
    session.add(notice)
    session.flush()
    drafts = list(compose_all(session, notice, issued=False))
    if not drafts:
        raise Conflict(
            "nobody is concerned: no client has a site on this service, or nobody had the letter followed",
            field="window_id",
        )
    evidence.append(session, "notice.drafted", notice, now, occurred_at=as_at)
    return notice


def compose_all(session: Session, notice: Notice, *, issued: bool) -> Iterator[Draft]:
    """Every letter of a notice from the record as at its moment, in the order of the clients' numbers."""
    row = session.get_one(Window, notice.window_id)
    provider, service = provider_of(session, notice.service_id)
    # a window that has begun is told by its own month, so that its downtime is there though the month has changed
    month = month_of(row.start_at, service.zone).label if row.start_at <= notice.as_at else None
    case = gather(session, notice.service_id, month, notice.as_at, months=0, every_window=True)
    statement = judge(case)
    words = WORDS.validate_python({key: value for key, value in notice.words.items() if key != "leave_out"})
    leave_out = frozenset(UUID(text) for text in notice.words.get("leave_out", ()))
    window = facts.window_of(statement, str(notice.window_id))
    if window is None:
        raise Conflict(
            "this window is not one of the service's, or was not announced at that moment", field="window_id"
        )
    entries, digest = head(session)
    earlier = session.get(Notice, notice.follows) if notice.follows else None
    updates = (
        select(sa.func.count())
        .select_from(Notice)
        .where(Notice.window_id == notice.window_id, Notice.kind == "L4", Notice.number < notice.number)
        .where(col(Notice.issued_at).is_not(None))
    )
    item = Round(
        kind=notice.kind,
        case=case,
        statement=statement,
        window=window,
        words=words,
        number=notice.number,
        provider=provider.name,
        agency=agency_of(session),
        evidence_head=digest,
        evidence_entries=entries,
        earlier_ref=compose.reference(case.service_name, earlier.number) if earlier else None,
        earlier_at=earlier.issued_at if earlier else None,
        update=session.execute(updates).scalar_one() + 1,
    )
    for to in addressees(session, notice, item, leave_out):
        try:
            document = compose.letter(item, to, issued=issued)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            reason = first["msg"].removeprefix("Value error, ")
            raise Conflict(f"the letter to {to.client.number} cannot be written: {reason}", field=where) from None
        stated = facts.stated(statement, window, list(to.sites), notice.kind)
        yield Draft(to.client.id, to.contact.id, document, stated)


def addressees(session: Session, notice: Notice, item: Round, leave_out: frozenset[UUID]) -> list[Addressee]:
    """Who gets it. Following a notice: exactly those who had it. Else every client with a site on the service.

    A partly-done letter goes to clients with a site that is not confirmed current. Raises Conflict naming clients
    without a contact that receives letters.
    """
    names = {site.site_id: site for site in item.statement.sites}
    rows = session.exec(
        select(Site).where(
            sa.or_(col(Site.number).in_(list(names)), col(Site.name).in_([s.name for s in names.values()]))
        )
    ).all()
    of_client: dict[UUID, list[str]] = {}
    for site in rows:
        key = site.number or str(site.id)
        if key in names and names[key].name == site.name:
            of_client.setdefault(site.client_id, []).append(key)
    before: dict[UUID, UUID | None] = {}
    if notice.follows is not None:
        had = session.exec(select(Letter).where(Letter.notice_id == notice.follows)).all()
        before = {row.client_id: row.contact_id for row in had}
        of_client = {client_id: of_client.get(client_id, []) for client_id in before}
    of_client = {client_id: keys for client_id, keys in of_client.items() if client_id not in leave_out and keys}
    found_clients = clients.clients(session, list(of_client))
    contacts = clients.contacts_at(session, list(of_client), notice.as_at)
    current = clients.contacts_at(session, list(of_client), notice.created_at)
    out, without = [], []
    for client in sorted(found_clients.values(), key=lambda row: row.number):
        sites = tuple(names[key] for key in sorted(of_client[client.id]))
        if notice.kind == "L6" and all(site.state is SiteCurrent.CURRENT for site in sites):
            continue
        earlier_id = before.get(client.id)
        earlier = clients.contact(session, earlier_id) if earlier_id else None
        there = [row for row in (contacts[client.id] or current[client.id]) if row.receives]
        contact = earlier or (there[0] if there else None)
        if contact is None:
            without.append(client.number)
        else:
            out.append(Addressee(client, contact, sites))
    if without:
        listed = ", ".join(without[:5]) + (f" and {len(without) - 5} more" if len(without) > 5 else "")
        raise Conflict(
            f"{listed}: no contact there receives letters; add one, or name the client in leave_out",
            field="contact",
            example="POST /api/v1/clients/{id}/contacts",
        )
    return out


def issue(
    session: Session,
    notice: Notice,
    ready: list[tuple[Draft, bytes]],
    *,
    approved_by: str,
    issued_at: datetime,
    now: datetime,
) -> Notice:
    """Freezes the letters with their PDFs. Raises Conflict if the notice was issued before."""
    done = session.execute(
        sa.update(Notice)
        .where(col(Notice.id) == notice.id, col(Notice.issued_at).is_(None))
        .values(issued_at=issued_at, approved_by=approved_by)
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict("this notice was issued before; what went out is not changed", field="notice_id")
    listed = []
    for item, pdf in ready:
        text = item.document.model_dump_json()
        letter = Letter(
            notice_id=notice.id,
            client_id=item.client_id,
            contact_id=item.contact_id,
            stated=item.stated,
            document=text,
            document_digest=hashlib.sha256(text.encode()).hexdigest(),
            pdf=pdf,
            pdf_digest=hashlib.sha256(pdf).hexdigest(),
        )
        session.add(letter)
        listed.append(
            {
                "letter": str(letter.id),
                "client": str(item.client_id),
                "document": letter.document_digest,
                "pdf": letter.pdf_digest,
            }
        )
    body = {"number": notice.number, "kind": notice.kind, "approved_by": approved_by, "letters": listed}
    evidence.append(session, "notice.issued", notice, now, body=body, occurred_at=issued_at)
    session.refresh(notice)
    return notice


@dataclass(frozen=True, slots=True)
class StaleLetter:
    """Somebody believes something that is no longer true."""

    letter_id: UUID
    notice_id: UUID
    client_id: UUID
    client: str
    client_number: str
    kind: str
    told_at: datetime
    untrue: tuple[tuple[str, str, str], ...]  # fact, as told, as it is
    since: datetime


def stale(session: Session, service_id: UUID, as_at: datetime) -> list[StaleLetter]:
    """Who, as at a moment, believes what that is no longer true. Each client's newest letter per work counts."""
    case = gather(session, service_id, None, as_at, months=0, every_window=True)
    statement = judge(case)
    query = (
        select(Letter, Notice)
        .join(Notice, col(Letter.notice_id) == col(Notice.id))
        .where(Notice.service_id == service_id, col(Notice.issued_at).is_not(None), col(Notice.issued_at) <= as_at)
        .order_by(col(Notice.number))
    )
    newest: dict[tuple[UUID, UUID], tuple[Letter, Notice]] = {}
    for letter, notice in session.exec(query).all():
        newest[(letter.client_id, notice.work_id)] = (letter, notice)
    named = clients.clients(session, [client for client, _ in newest])
    out = []
    for (client_id, _), (letter, notice) in newest.items():
        untrue = tuple(_untrue(statement, notice, letter.stated))
        if untrue:
            since = min(facts.since(case, statement, fact, as_at) for fact, _, _ in untrue)
            client = named[client_id]
            told = notice.issued_at or notice.as_at
            out.append(
                StaleLetter(
                    letter.id,
                    notice.id,
                    client_id,
                    client.name,
                    client.number,
                    notice.kind,
                    told,
                    untrue,
                    max(since, told),
                )
            )
    return sorted(out, key=lambda item: item.client_number)


def _untrue(statement: Statement, notice: Notice, told: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    down = facts.service_down(statement)
    sites = {site.site_id: site for site in statement.sites}
    for fact, value in sorted(told.items()):
        kind, _, key = fact.partition(":")
        if kind == "window":
            window = facts.window_of(statement, key)
            now = facts.TOLD[window.outcome] if window else "settled in an earlier month"
        elif kind == "site":
            now = facts.site_word(sites[key], down) if key in sites else "no longer on this service"
        else:
            newest = facts.newest_of_work(statement, str(notice.work_id))
            now = newest.window_id if newest else value
        if now != value:
            yield fact, value, now


def letters_sent(session: Session, service_id: UUID, until: datetime) -> LettersSent:
    """What clients were told about this service's works up to a moment, counted in rounds and in letters."""
    query = select(Notice).where(
        Notice.service_id == service_id, col(Notice.issued_at).is_not(None), col(Notice.issued_at) <= until
    )
    notices = session.exec(query).all()
    kinds = [notice.kind for notice in notices]
    ids = [notice.id for notice in notices]
    count = (
        session.execute(select(sa.func.count()).select_from(Letter).where(col(Letter.notice_id).in_(ids))).scalar_one()
        if ids
        else 0
    )
    return LettersSent(
        announcements=kinds.count("L1") + kinds.count("L3"),
        corrections=kinds.count("L2"),
        updates=kinds.count("L4") + kinds.count("L6"),
        letters=count,
    )
