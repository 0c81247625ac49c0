"""Clients who came to a service while something was being told about it: they get the letter of how it stands now, by
itself, and none of the corrections of what they never had."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from app.cases.gather import gather
from app.clients import queries as clients
from app.notices import facts
from app.notices.compose.before import AHEAD
from app.notices.compose.untrue import unready
from app.notices.drafting.addressing import on_service
from app.notices.stale import topic_of
from app.notices.tables import Letter, Notice
from app.sla.case import Case
from app.sla.judge import judge
from app.sla.spans import Span
from app.sla.statement import Outcome, SiteVerdict, Statement


@dataclass(frozen=True, slots=True)
class Untold:
    """A client nobody has told yet, and the letter that would: to them `only`, and following none."""

    client_id: UUID
    client: str
    client_number: str
    kind: str
    why: str
    window_id: UUID | None
    outage_from: datetime | None


def untold(session: Session, service_id: UUID, as_at: datetime) -> list[Untold]:
    """Who has a site on the service, and no letter on what others there were told and still goes on. Whoever was left
    out of a round by decision is not listed."""
    rounds = session.exec(
        select(Notice)
        .where(Notice.service_id == service_id, col(Notice.issued_at) <= as_at, col(Notice.month).is_(None))
        .order_by(col(Notice.number))
    ).all()
    topics: dict[str, list[Notice]] = defaultdict(list)
    for notice in rounds:
        topics[topic_of(notice)].append(notice)
    if not topics:
        return []
    case = gather(session, service_id, None, as_at, months=0, every_window=True)
    statement = judge(case)
    there = on_service(session, service_id, [case.as_at])
    verdicts = {site.site_id: site for site in statement.sites}
    named = clients.clients(session, list(there))
    out = []
    for notices in topics.values():
        ids = [notice.id for notice in notices]
        had = set(session.exec(select(Letter.client_id).where(col(Letter.notice_id).in_(ids))).all())
        had |= {UUID(text) for notice in notices for text in notice.words.get("leave_out", ())}
        for client_id in there.keys() - had:
            sites = [verdicts[key] for site in there[client_id] if (key := site.number or str(site.id)) in verdicts]
            if found := _letter(case, statement, notices[-1], sites):
                client = named[client_id]
                out.append(Untold(client_id, client.name, client.number, *found))
    return sorted(out, key=lambda item: (item.client_number, item.kind))


def _letter(
    case: Case, statement: Statement, last: Notice, sites: list[SiteVerdict]
) -> tuple[str, str, UUID | None, datetime | None] | None:
    """How it stands now for these sites; None where there is nothing that concerns them."""
    if last.work_id is None:
        outage = facts.outage_at(statement, last.outage_from) if last.outage_from is not None else None
        if outage is None or not _stayed(case, sites, outage.span):
            return None
        if outage.open:
            return "L10", "the service is down", None, outage.span.start
        return (*_back(sites), None, outage.span.start) if _unsettled(statement, sites) else None
    newest = facts.newest_of_work(statement, str(last.work_id))
    if newest is None:
        return None
    about = UUID(newest.window_id)
    if newest.outcome in AHEAD:
        return "L1", "work is announced", about, None
    down = [outage for outage in statement.outages if newest.window_id in outage.window_ids]
    if any(outage.open for outage in down):
        overdue = newest.outcome is Outcome.OVERRUNNING and statement.as_at > newest.promised.end
        return ("L4", "the announced end has passed and the service does not answer", about, None) if overdue else None
    if any(_stayed(case, sites, outage.span) for outage in down) and _unsettled(statement, sites):
        return (*_back(sites), about, None)
    return None


def _stayed(case: Case, sites: list[SiteVerdict], span: Span) -> bool:
    names = {site.site_id for site in sites}
    return any(stay.overlaps(span) for site in case.sites if site.id in names for stay in site.placed)


def _unsettled(statement: Statement, sites: list[SiteVerdict]) -> bool:
    """Sites that are back are told so too: nobody told their owner that they were away."""
    return bool(sites) and not facts.service_down(statement)


def _back(sites: list[SiteVerdict]) -> tuple[str, str]:
    wrong = unready(sites)
    if not wrong:
        return "L5", "every site of theirs is reachable, working and current"
    return "L6", f"the service answers again, but {wrong[0]}"
