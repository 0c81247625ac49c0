"""The record as the triggers read it: a service judged as at a moment, and what its clients were told until then."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from app.agreements import queries as agreements
from app.agreements.tables import Service
from app.cases.gather import gather
from app.maintenance.tables import Window, WorkService
from app.notices.rounds import promises
from app.notices.rounds.triggers import MONTH_CLOSED, Known, Told
from app.notices.tables import Letter, Notice
from app.probes.importing.fields import micros
from app.probes.tables import CODES, Monitor, ObservedRun
from app.sites.tables import Placement, Site
from app.sla.judge import judge
from app.sla.periods import Period, month_of, shifted
from app.sla.statement import SiteVerdict

LATELY = timedelta(days=62)


def known(session: Session, service_id: UUID, now: datetime) -> Known:
    """What the triggers look at, for one service as at a moment."""
    zone = agreements.service(session, service_id).zone
    case = gather(session, service_id, None, now, months=0, every_window=True)
    statement = judge(case)
    verdicts = {site.site_id: site for site in statement.sites}
    placed: dict[str, list[SiteVerdict]] = defaultdict(list)
    for site in sites_now(session, service_id, now):
        verdict = verdicts.get(site.number or str(site.id))
        if verdict is not None:
            placed[str(site.client_id)].append(verdict)
    closed = shifted(month_of(now, zone), -1)
    turned = {}
    for window in case.windows:
        words = [said.said_at for said in window.said if said.said_at <= now]
        taken = [window.withdrawal.at] if window.withdrawal else []
        decided = [window.override.at] if window.override else []
        moved = [window.rescheduled_at] if window.rescheduled_at else []
        turned[window.id] = max([window.announced_at, *words, *(at for at in (*taken, *decided, *moved) if at <= now)])
    watched = _watched(session, service_id, closed)
    return Known(statement, placed, told(session, service_id, now), closed if watched else None, turned)


def _watched(session: Session, service_id: UUID, month: Period) -> bool:
    """Whether anybody looked at the service, or at a site of it, in the month: else there is no statement to send."""
    here = select(Placement.site_id).where(Placement.service_id == service_id)
    query = (
        select(ObservedRun.monitor)
        .join(Monitor, col(Monitor.key) == col(ObservedRun.monitor))
        .where(sa.or_(col(Monitor.service_id) == service_id, col(Monitor.site_id).in_(here)))
        .where(col(ObservedRun.held_until) > micros(month.span.start))
        .where(col(ObservedRun.first_at) < micros(month.span.end))
    )
    return session.exec(query.limit(1)).first() is not None


def sites_now(session: Session, service_id: UUID, now: datetime) -> list[Site]:
    """The sites that sit on the service at a moment."""
    query = (
        select(Site)
        .join(Placement, col(Placement.site_id) == col(Site.id))
        .where(Placement.service_id == service_id, col(Placement.from_at) <= now)
        .where(sa.or_(col(Placement.to_at).is_(None), col(Placement.to_at) > now))
    )
    return list(session.exec(query.order_by(col(Site.number), col(Site.name))))


def told(session: Session, service_id: UUID, now: datetime) -> list[Told]:
    """The rounds that were out by then, oldest first, each with the clients who had it."""
    query = select(Notice).where(
        Notice.service_id == service_id, col(Notice.issued_at).is_not(None), col(Notice.issued_at) <= now
    )
    rows = session.exec(query.order_by(col(Notice.number))).all()
    had: dict[UUID, set[str]] = defaultdict(set)
    letters = select(Letter.notice_id, Letter.client_id).where(col(Letter.notice_id).in_([row.id for row in rows]))
    for notice_id, client_id in session.exec(letters):
        had[notice_id].add(str(client_id))
    return [
        Told(
            str(row.id), row.number, row.kind, str(row.window_id) if row.window_id else None,
            str(row.work_id) if row.work_id else None, row.outage_from, row.month, row.issued_at or row.as_at,
            promises.promised(row), frozenset(had[row.id]),
        )
        for row in rows
    ]  # fmt: skip


def stirring(session: Session, now: datetime) -> list[UUID]:
    """The services that may ask for a letter now, found by a few cheap questions: a window about, a letter out lately,
    something down lately, or a month that is closed and was not written about. The others are not judged."""
    since = now - LATELY
    found: set[UUID] = set()
    windows = select(WorkService.service_id).join(Window, col(Window.work_id) == col(WorkService.work_id))
    found |= set(session.exec(windows.where(col(Window.end_at) > since)))
    found |= set(session.exec(select(Notice.service_id).where(col(Notice.issued_at) > since)))
    down = (
        select(Monitor.service_id)
        .join(ObservedRun, col(ObservedRun.monitor) == col(Monitor.key))
        .where(col(ObservedRun.state) == CODES["down"], col(ObservedRun.held_until) > micros(now - MONTH_CLOSED))
    )
    found |= {id_ for id_ in session.exec(down) if id_ is not None}
    placed = set(session.exec(select(Placement.service_id).where(col(Placement.from_at) <= now)))
    for service in session.exec(select(Service).where(col(Service.id).in_(placed - found))):
        month = month_of(now, service.zone)
        closed = shifted(month, -1).label
        wrote = select(Notice.id).where(Notice.service_id == service.id, Notice.month == closed)
        if now >= month.span.start + MONTH_CLOSED and session.exec(wrote.limit(1)).first() is None:
            found.add(service.id)
    return sorted(found & placed)
