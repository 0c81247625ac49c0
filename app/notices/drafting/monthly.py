"""A month of each client, over all services its sites sat on: what L9 draws on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from app.agreements.tables import Service
from app.cases.gather import gather
from app.evidence.queries import retracted
from app.maintenance import queries as maintenance
from app.notices.compose import reference
from app.notices.compose.shapes import ClientMonth, SiteMonth
from app.notices.queries import letters_of
from app.papers.figures import seconds
from app.sites.tables import Placement, Site
from app.sla.case import Case
from app.sla.judge import judge
from app.sla.periods import Period
from app.sla.seen import Seen, look
from app.sla.spans import Span, clip, intersect, minus, total, union
from app.sla.statement import SiteVerdict, Statement, WindowVerdict


@dataclass(frozen=True, slots=True)
class _Served:
    """One service's month, judged."""

    case: Case
    statement: Statement
    seen: Seen


def site_down(seen: Seen) -> dict[str, tuple[Span, ...]]:
    """When each site was down while it stood on the service: its own downtime and its service's, counted once."""
    return {one.site.id: intersect(union(seen.down, one.down), union(one.site.placed)) for one in seen.sites}


def months_of(
    session: Session, client_ids: Collection[UUID], period: Period, as_at: datetime
) -> dict[UUID, ClientMonth]:
    """The month of each of these clients that had a site anywhere in it."""
    span = period.span
    stays = (
        select(Site, Placement.service_id)
        .join(Placement, col(Placement.site_id) == col(Site.id))
        .where(col(Site.client_id).in_(client_ids), col(Placement.from_at) < span.end)
        .order_by(col(Site.number), col(Site.name))
    )
    sat: dict[UUID, dict[str, set[UUID]]] = defaultdict(lambda: defaultdict(set))
    for site, service_id in session.exec(stays).all():
        sat[site.client_id][site.number or str(site.id)].add(service_id)
    services = {id_ for sites in sat.values() for found in sites.values() for id_ in found}
    served = {id_: _served(session, id_, period, as_at) for id_ in services}
    names = {row.id: row.name for row in session.exec(select(Service))}
    letters = letters_of(session, list(sat), as_at)
    out = {}
    for client_id, sites in sat.items():
        months = [month for key, on in sites.items() if (month := _site(key, [served[id_] for id_ in on]))]
        if not months:
            continue
        mine = {id_ for on in sites.values() for id_ in on}
        had = letters.get(client_id, [])
        told: dict[UUID, datetime] = {}
        for _, notice in had:
            if notice.kind in ("L1", "L3") and notice.window_id is not None and notice.issued_at is not None:
                told.setdefault(notice.window_id, notice.issued_at)
        out[client_id] = ClientMonth(
            sites=tuple(months),
            announced=union(*(served[id_].statement.announced for id_ in mine)),
            windows=tuple(
                (window, told.get(UUID(window.window_id)))
                for window in _windows([served[id_] for id_ in sorted(mine)], sites)
            ),
            notices=tuple(
                (reference(names[notice.service_id], notice.number), notice.kind, notice.issued_at)
                for _, notice in had
                if notice.issued_at is not None
                and (notice.month == period.label if notice.kind == "L9" else notice.issued_at in span)
            ),
            next_work=_next_work(session, mine, as_at),
            report=next(
                (
                    (reference(names[notice.service_id], notice.number), notice.issued_at)
                    for _, notice in reversed(had)
                    if notice.kind == "L8" and notice.issued_at is not None and notice.issued_at >= span.start
                ),
                None,
            ),
        )
    return out


def _served(session: Session, service_id: UUID, period: Period, as_at: datetime) -> _Served:
    case = gather(session, service_id, period, as_at, months=0)
    return _Served(case, judge(case), look(case))


def _site(key: str, served: list[_Served]) -> SiteMonth | None:
    """One site's month over the services it sat on; None where it sat on none of them in it."""
    whole = unknown = timedelta(0)
    down: tuple[Span, ...] = ()
    verdict: SiteVerdict | None = None
    for one in served:
        seen = next((site for site in one.seen.sites if site.site.id == key), None)
        found = next((site for site in one.statement.sites if site.site_id == key), None)
        if seen is None or found is None:
            continue
        stays = clip(union(seen.site.placed), one.statement.period.span)
        here = intersect(union(one.seen.down, seen.down), stays)
        gaps = intersect([gap.span for gap in one.statement.gaps], stays)
        whole += total(stays)
        unknown += total(minus(minus(gaps, seen.known), here))
        down = union(down, here)
        verdict = found
    return SiteMonth(verdict, whole, down, unknown) if verdict is not None else None


def _windows(served: list[_Served], sites: Mapping[str, set[UUID]]) -> list[WindowVerdict]:
    """The month's windows that lay over a stay of one of these sites, by their start."""
    out: dict[str, WindowVerdict] = {}
    for one in served:
        stays = [stay for site in one.case.sites if site.id in sites for stay in site.placed]
        for window in one.statement.windows:
            here = window.promised.overlaps(one.statement.period.span)
            if here and any(window.promised.overlaps(stay) for stay in stays):
                out[window.window_id] = window
    return sorted(out.values(), key=lambda window: (window.promised.start, window.window_id))


def _next_work(session: Session, services: set[UUID], as_at: datetime) -> Span | None:
    """The next window that was announced by then, still holds and lies ahead."""
    works = {work.id for id_ in services for work in maintenance.works_on(session, id_)}
    taken_back = retracted(session)
    rows = [
        row
        for row in maintenance.windows_of(session, works)
        if row.announced_at <= as_at < row.start_at and f"window:{row.id}" not in taken_back
    ]
    ids = [row.id for row in rows]
    gone = {id_ for id_, row in maintenance.withdrawals_of(session, ids).items() if row.at <= as_at}
    gone |= {id_ for id_, row in maintenance.replaced_by(session, ids).items() if row.announced_at <= as_at}
    ahead = [row for row in rows if row.id not in gone and row.announced]
    first = min(ahead, key=lambda row: row.start_at, default=None)
    return Span(first.start_at, first.end_at) if first is not None else None


def stated(label: str, month: ClientMonth) -> dict[str, str]:
    """The facts a monthly statement states: how long each site was down, and not observed, in seconds."""
    return {
        f"month:{label}:{one.site.site_id}": f"{seconds(total(one.down))} down, {seconds(one.unknown)} not observed"
        for one in month.sites
    }
