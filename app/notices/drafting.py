"""Drafting a round of letters: composed from the record as at one moment, for exactly those it concerns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from pydantic import TypeAdapter, ValidationError
from sqlmodel import Session, col, select

from app.cases.gather import gather
from app.clients import queries as clients
from app.clients.tables import Contact
from app.errors import BadInput, Conflict, found
from app.evidence import actions as evidence
from app.evidence.actions import head
from app.maintenance.tables import Window
from app.notices import compose, facts
from app.notices.compose import Addressee, Round, Told
from app.notices.tables import Letter, Notice
from app.notices.wording import Words
from app.sites.tables import Placement, Site
from app.sla.case import SiteCurrent
from app.sla.judge import judge
from app.sla.statement import Statement
from app.statements.named import agency_of, paper_name, provider_of
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
        if earlier.issued_at is None or earlier.issued_at > as_at:
            raise Conflict("the notice this one follows was not out by then, so nobody believes it", field="follows")
        if (earlier.service_id, earlier.work_id) != (service_id, window.work_id):
            raise Conflict("the notice this one follows is about another work", field="follows")
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
    stamp = as_at.isoformat(timespec="seconds")
    if words.next_contact_at is not None and words.next_contact_at <= as_at:
        raise BadInput(f"has passed: the letters speak of {stamp}", field="words.next_contact_at", example=stamp)
    if words.kind == "L1" and words.confirmed_at > as_at:
        raise BadInput(f"is yet to come: the letters speak of {stamp}", field="words.confirmed_at", example=stamp)
    evidence.append(session, "notice.drafted", notice, now, occurred_at=as_at)
    return notice


def compose_all(session: Session, notice: Notice, *, issued: bool) -> Iterator[Draft]:
    """Every letter of a notice from the record as at its moment, in the order of the clients' numbers."""
    provider, service = provider_of(session, notice.service_id)
    case = gather(session, notice.service_id, None, notice.as_at, months=0, every_window=True)
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
        about=paper_name(session, service),
        earlier=_told(case.service_name, statement, earlier) if earlier else None,
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


def _told(service: str, statement: Statement, earlier: Notice) -> Told:
    window = facts.window_of(statement, str(earlier.window_id))
    if window is None or earlier.issued_at is None:
        raise Conflict("the notice this one follows was not out at that moment", field="follows")
    return Told(compose.reference(service, earlier.number), earlier.kind, earlier.issued_at, window)


def _on_service(session: Session, service_id: UUID, moment: datetime) -> dict[UUID, list[Site]]:
    """Each client's sites that sit on the service at a moment."""
    query = (
        select(Site)
        .join(Placement, col(Placement.site_id) == col(Site.id))
        .where(Placement.service_id == service_id, col(Placement.from_at) <= moment)
        .where(sa.or_(col(Placement.to_at).is_(None), col(Placement.to_at) > moment))
    )
    out: dict[UUID, list[Site]] = defaultdict(list)
    for site in session.exec(query.order_by(col(Site.number), col(Site.name))):
        out[site.client_id].append(site)
    return out


def addressees(session: Session, notice: Notice, item: Round, leave_out: frozenset[UUID]) -> list[Addressee]:
    """Who gets it. Following a notice: exactly those who had it. Else every client with a site on the service.

    That nothing took place is said of the sites its announcement spoke of, wherever they are now; every other letter
    speaks of sites that are on the service, and leaves out a client without any. A partly-done letter leaves out
    clients whose sites are all confirmed current. Raises Conflict naming clients without a contact.
    """
    verdicts = {site.site_id: site for site in item.statement.sites}
    there = _on_service(session, notice.service_id, notice.as_at)
    had: dict[UUID, UUID | None] | None = None
    if notice.follows is not None:
        earlier = session.get_one(Notice, notice.follows)
        rows = session.exec(select(Letter).where(Letter.notice_id == earlier.id)).all()
        had = {row.client_id: row.contact_id for row in rows}
        if notice.kind == "L2":
            there = _on_service(session, notice.service_id, earlier.as_at)
    wanted = [client for client in (there if had is None else had) if client not in leave_out]
    found_clients = clients.clients(session, wanted)
    contacts = clients.contacts_at(session, wanted, notice.as_at)
    current = clients.contacts_at(session, wanted, notice.created_at)
    out: list[Addressee] = []
    without = []
    for client in sorted(found_clients.values(), key=lambda row: row.number):
        keys = [site.number or str(site.id) for site in there.get(client.id, ())]
        sites = tuple(verdicts[key] for key in keys if key in verdicts)
        if not sites or (notice.kind == "L6" and all(site.state is SiteCurrent.CURRENT for site in sites)):
            continue
        there_now = [row for row in (contacts[client.id] or current[client.id]) if row.receives]
        contact = _same_person(session, had[client.id] if had else None) or next(iter(there_now), None)
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


def _same_person(session: Session, contact_id: UUID | None) -> Contact | None:
    """Whoever had the earlier letter, as they are recorded now; None when their data was erased."""
    if contact_id is None:
        return None
    newest = clients.versions(session, clients.contact(session, contact_id))[-1]
    return newest if newest.erased_at is None else None
