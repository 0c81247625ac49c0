"""Reads: windows to be watched, what was noticed of them, the hours in which every monitor is asked each minute."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from app.evidence.queries import retracted
from app.maintenance import queries as maintenance
from app.maintenance.tables import Window, Withdrawal, WorkService
from app.outcomes import queries as outcomes
from app.probes.tables import Monitor
from app.sites.tables import Placement
from app.sla.spans import Span
from app.watching.tables import WatchEntry, WindowWatch

REMEMBERED = timedelta(days=31)  # a window that ended so long ago is no longer watched
AHEAD = timedelta(hours=6)  # windows that begin within this time are handed to the prober


def to_watch(session: Session, now: datetime) -> list[Window]:
    """Announced windows that have begun, were not taken back before, and whose outcome was not established yet."""
    over = select(WindowWatch.window_id).where(WindowWatch.state == "over")
    query = _announced().where(
        col(Window.start_at) <= now, col(Window.end_at) > now - REMEMBERED, col(Window.id).not_in(over)
    )
    gone = retracted(session)
    return [row for row in session.exec(query.order_by(col(Window.start_at))) if f"window:{row.id}" not in gone]


def _announced() -> SelectOfScalar[Window]:
    """Windows that were announced, and neither withdrawn nor replaced before they began."""
    other = aliased(Window)
    return (
        select(Window)
        .outerjoin(Withdrawal, col(Withdrawal.window_id) == col(Window.id))
        .outerjoin(other, col(other.replaces) == col(Window.id))
        .where(col(Window.announced).is_(True))
        .where(sa.or_(col(Withdrawal.at).is_(None), col(Withdrawal.at) >= col(Window.start_at)))
        .where(sa.or_(col(other.announced_at).is_(None), col(other.announced_at) >= col(Window.start_at)))
    )


def announced(session: Session, service_id: UUID, span: Span) -> list[Window]:
    """The announced windows of a service in a span of time, those taken back before they began left out."""
    works = [work.id for work in maintenance.works_on(session, service_id)]
    query = _announced().where(
        col(Window.work_id).in_(works), col(Window.start_at) < span.end, col(Window.end_at) > span.start
    )
    gone = retracted(session)
    return [row for row in session.exec(query.order_by(col(Window.start_at))) if f"window:{row.id}" not in gone]


def entries_of(session: Session, window_id: UUID) -> Sequence[WatchEntry]:
    """What was noticed of a window, in the order of the moments it speaks of."""
    query = select(WatchEntry).where(WatchEntry.window_id == window_id)
    return session.exec(query.order_by(col(WatchEntry.at), col(WatchEntry.id))).all()


def services_of(session: Session, window: Window) -> list[UUID]:
    """The services the window's work touches."""
    return maintenance.services_of(session, [window.work_id]).get(window.work_id, [])


def words_about(session: Session, window: Window) -> int:
    """How much has been said, decided and taken back about a window: when it grows, it is looked at anew."""
    ids = [window.id]
    said, decided = outcomes.said_of(session, ids), outcomes.overrides_of(session, ids)
    moved = len(maintenance.withdrawals_of(session, ids)) + len(maintenance.replaced_by(session, ids))
    return len(said.get(window.id, [])) + len(decided.get(window.id, [])) + moved + len(retracted(session))


def occasions(session: Session, now: datetime) -> dict[int, tuple[tuple[datetime, datetime], ...]]:
    """The announced windows of now and the next hours, by the key of each monitor that is asked at their start, at
    their end and every minute between: those of the services touched, and those of the sites on them."""
    gone = retracted(session)
    query = _announced().where(col(Window.start_at) <= now + AHEAD, col(Window.end_at) > now - timedelta(minutes=5))
    windows = [row for row in session.exec(query) if f"window:{row.id}" not in gone]
    if not windows:
        return {}
    touched = select(WorkService).where(col(WorkService.work_id).in_([row.work_id for row in windows]))
    services: dict[UUID, list[UUID]] = {}
    for link in session.exec(touched):
        services.setdefault(link.work_id, []).append(link.service_id)
    here = {service for ids in services.values() for service in ids}
    placed = select(Placement.site_id, Placement.service_id).where(
        col(Placement.service_id).in_(here), sa.or_(col(Placement.to_at).is_(None), col(Placement.to_at) > now)
    )
    sits: dict[UUID, UUID] = {site: service for site, service in session.exec(placed)}
    asked = select(Monitor.key, Monitor.service_id, Monitor.site_id).where(col(Monitor.until_at).is_(None)).where(
        sa.or_(col(Monitor.service_id).in_(here), col(Monitor.site_id).in_(sits))
    )  # fmt: skip
    out: dict[int, tuple[tuple[datetime, datetime], ...]] = {}
    for key, service_id, site_id in session.exec(asked):
        mine = service_id or (sits[site_id] if site_id is not None else None)
        spans = {(row.start_at, row.end_at) for row in windows if mine in services.get(row.work_id, [])}
        if key is not None and spans:
            out[key] = tuple(sorted(spans))
    return out
