"""Reads of sites, placements and checks. The singular ones raise NotFound naming what was looked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from app.errors import NotFound
from app.sites.tables import Placement, Site, SiteCheck
from app.sla.case import SiteCurrent
from app.sla.spans import Span


@dataclass(frozen=True, slots=True)
class SiteOn:
    """A site with its stays on one service and all that was ever seen of it, both in order of time."""

    site: Site
    placements: tuple[Placement, ...]
    checks: tuple[SiteCheck, ...]


def site(session: Session, id_: UUID, *, lock: bool = False) -> Site:
    """`lock` holds the row until the end of the transaction, so that its placements are judged one after the other."""
    row = session.get(Site, id_, with_for_update={"key_share": True} if lock else None)
    if row is None:
        raise NotFound(f"no site has the id {id_}; GET /sites lists them", field="site_id")
    return row


def placement(session: Session, id_: UUID) -> Placement:
    row = session.get(Placement, id_)
    if row is None:
        raise NotFound(f"no placement has the id {id_}; GET /placements lists them", field="placement_id")
    return row


def placements_of(session: Session, site_id: UUID) -> Sequence[Placement]:
    """All stays of a site, on whichever service, in order of time."""
    query = select(Placement).where(col(Placement.site_id) == site_id)
    return session.exec(query.order_by(col(Placement.from_at))).all()


def sites_on(session: Session, service_id: UUID, span: Span) -> list[SiteOn]:
    """The sites that sat on the service at any time in `span`, by number and name, with every stay of theirs on that
    service and every check up to the end of the span."""
    stayed = sa.and_(
        col(Placement.service_id) == service_id,
        col(Placement.from_at) < span.end,
        sa.or_(col(Placement.to_at).is_(None), col(Placement.to_at) > span.start),
    )
    ids = select(Placement.site_id).where(stayed)
    sites = session.exec(select(Site).where(col(Site.id).in_(ids))).all()
    placements: defaultdict[UUID, list[Placement]] = defaultdict(list)
    stays = select(Placement).where(col(Placement.service_id) == service_id, col(Placement.site_id).in_(ids))
    for stay in session.exec(stays.order_by(col(Placement.from_at))):
        placements[stay.site_id].append(stay)
    checks: defaultdict[UUID, list[SiteCheck]] = defaultdict(list)
    seen = select(SiteCheck).where(col(SiteCheck.site_id).in_(ids), col(SiteCheck.at) < span.end)
    for check in session.exec(seen.order_by(col(SiteCheck.at), col(SiteCheck.id))):
        checks[check.site_id].append(check)
    ordered = sorted(sites, key=lambda row: (row.number is None, row.number or "", row.name))
    return [SiteOn(row, tuple(placements[row.id]), tuple(checks[row.id])) for row in ordered]


def newest_checks(session: Session, site_ids: Collection[UUID], as_at: datetime) -> dict[UUID, SiteCheck]:
    """The newest check of each site as at a moment; of two at one moment, the later recorded. The unseen are absent."""
    order = sa.func.row_number().over(
        partition_by=col(SiteCheck.site_id), order_by=(col(SiteCheck.at).desc(), col(SiteCheck.id).desc())
    )
    ranked = (
        sa.select(col(SiteCheck.id).label("id"), order.label("rank"))
        .where(col(SiteCheck.site_id).in_(site_ids), col(SiteCheck.at) <= as_at)
        .subquery()
    )
    newest = sa.select(ranked.c.id).where(ranked.c.rank == 1)
    rows = session.exec(select(SiteCheck).where(col(SiteCheck.id).in_(newest)))
    return {row.site_id: row for row in rows}


def state_of(check: SiteCheck | None) -> SiteCurrent:
    """Whether a site is back, as far as its newest check looked. That it answers does not make it current."""
    if check is None:
        return SiteCurrent.UNKNOWN
    if check.reachable is False or check.working is False:
        return SiteCurrent.DOWN
    if check.current is None:
        return SiteCurrent.UNKNOWN
    return SiteCurrent.CURRENT if check.current else SiteCurrent.OLD
