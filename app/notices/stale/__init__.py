"""Who believes what is no longer true, since when, and which letter would put it right; and how many were sent."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from app.agreements import queries as agreements
from app.cases.gather import gather
from app.clients import queries as clients
from app.notices import facts
from app.notices.drafting.addressing import on_service
from app.notices.drafting.monthly import months_of, stated
from app.notices.stale.remedy import Believed, Remedy, remedy
from app.notices.tables import Letter, Notice
from app.papers.context import LettersSent
from app.sla.periods import calendar_month

Newest = dict[tuple[UUID, str], tuple[Letter, Notice]]


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
    remedy: Remedy


def topic_of(notice: Notice) -> str:
    """What a round is about, by one name: its work, the outage, or the month."""
    if notice.work_id is not None:
        return f"work:{notice.work_id}"
    if notice.outage_from is not None:
        return f"outage:{facts.stamp(notice.outage_from)}"
    return f"month:{notice.month}"


def stale(session: Session, service_id: UUID, as_at: datetime) -> list[StaleLetter]:
    """Who, as at a moment, believes what that is no longer true. Each client's newest letter per work, per outage
    outside any, and per month counts."""
    case = gather(session, service_id, None, as_at, months=0, every_window=True)
    history = facts.History(case)
    statement = history.at(case.as_at)
    newest = _newest(session, service_id, as_at)
    named = clients.clients(session, [client for client, _ in newest])
    there = on_service(session, service_id, [case.as_at])
    verdicts = {site.site_id: site for site in statement.sites}
    months = _months(session, service_id, newest, as_at)
    out = []
    for (client_id, _), (letter, notice) in newest.items():
        told, work = notice.issued_at or notice.as_at, str(notice.work_id) if notice.work_id else None
        measured = months.get((client_id, notice.month or ""), {})
        is_now = {
            fact: measured.get(fact, "no longer on record")
            if fact.startswith("month:")
            else facts.as_it_is(case, statement, work, fact)
            for fact in sorted(letter.stated)
        }
        untrue = tuple((fact, letter.stated[fact], now) for fact, now in is_now.items() if now != letter.stated[fact])
        if not untrue:
            continue
        since = min(
            told if fact.startswith(("month:", "down:")) else history.since(work, fact, value, told)
            for fact, value, _ in untrue
        )
        keys = [site.number or str(site.id) for site in there.get(client_id, ())]
        believed = Believed(
            kind=notice.kind,
            notice_id=notice.id,
            work_id=work,
            window_id=str(notice.window_id) if notice.window_id else None,
            outage_from=notice.outage_from,
            month=notice.month,
            untrue=untrue,
            sites=tuple(verdicts[key] for key in keys if key in verdicts),
        )
        client = named[client_id]
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
                since,
                remedy(statement, believed),
            )
        )
    return sorted(out, key=lambda item: (item.client_number, item.told_at))


def _newest(session: Session, service_id: UUID, as_at: datetime) -> Newest:
    query = (
        select(Letter, Notice)
        .join(Notice, col(Letter.notice_id) == col(Notice.id))
        .where(Notice.service_id == service_id, col(Notice.issued_at).is_not(None), col(Notice.issued_at) <= as_at)
        .order_by(col(Notice.number))
    )
    return {(letter.client_id, topic_of(notice)): (letter, notice) for letter, notice in session.exec(query).all()}


def _months(
    session: Session, service_id: UUID, newest: Newest, as_at: datetime
) -> dict[tuple[UUID, str], dict[str, str]]:
    """By client and month, what a monthly statement would state now."""
    asked: dict[str, list[UUID]] = defaultdict(list)
    for (client_id, _), (_, notice) in newest.items():
        if notice.month is not None:
            asked[notice.month].append(client_id)
    zone = agreements.service(session, service_id).zone
    return {
        (client_id, label): stated(label, month)
        for label, ids in asked.items()
        for client_id, month in months_of(session, ids, calendar_month(label, zone), as_at).items()
    }


def letters_sent(session: Session, service_id: UUID, until: datetime) -> LettersSent:
    """What clients were told about this service's works up to a moment, counted in rounds and in letters."""
    query = select(Notice).where(
        Notice.service_id == service_id, col(Notice.issued_at).is_not(None), col(Notice.issued_at) <= until
    )
    notices = [notice for notice in session.exec(query).all() if notice.kind != "L9"]
    kinds = [notice.kind for notice in notices]
    ids = [notice.id for notice in notices]
    count = (
        session.execute(select(sa.func.count()).select_from(Letter).where(col(Letter.notice_id).in_(ids))).scalar_one()
        if ids
        else 0
    )
    return LettersSent(
        announcements=kinds.count("L1") + kinds.count("L3"),
        corrections=kinds.count("L2") + kinds.count("L11"),
        updates=sum(kinds.count(kind) for kind in ("L4", "L5", "L6", "L7", "L8", "L10")),
        letters=count,
    )
