"""Which observations and letters somebody may still have to prove, whatever their age: those of periods that can be
claimed for, of claims that are not settled, and of breach papers that no claim has followed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from app.agreements.tables import Service
from app.claims import steps as life
from app.claims.tables import Claim
from app.due.desk import Desk
from app.due.periods import open_periods, rules_of
from app.notices.tables import Notice
from app.probes.importing.fields import micros
from app.probes.storage.retention import Hold
from app.probes.tables import Monitor
from app.sites.tables import Placement
from app.sla.spans import Span
from app.statements.actions import period_of
from app.statements.tables import Paper, StatementRow

QUARTER = timedelta(days=92)
AROUND = timedelta(days=8)  # an outage is bounded by answers before and after its period


def holds(session: Session, now: datetime) -> list[Hold]:
    """As at `now`, of all services."""
    keys = _watching(session)
    return [
        Hold(frozenset(keys[service_id]), micros(span.start - AROUND), micros(span.end + AROUND), why)
        for service_id, span, why in _needed(Desk(session, now))
        if keys[service_id]
    ]


def notices_held(session: Session, now: datetime) -> dict[UUID, str]:
    """Rounds of letters that stand in the evidence of one of these, and why: those of the service that went out while
    its period ran, or up to a quarter before and after, when the work was announced and accounted for."""
    needed = defaultdict(list)
    for service_id, span, why in _needed(Desk(session, now)):
        needed[service_id].append((span.start - QUARTER, span.end + QUARTER, why))
    query = select(Notice.id, Notice.service_id, Notice.as_at, Notice.issued_at)
    out: dict[UUID, str] = {}
    for id_, service_id, as_at, issued_at in session.exec(query.where(col(Notice.service_id).in_(needed))):
        for low, high, why in needed[service_id]:
            if low <= (issued_at or as_at) < high:
                out[id_] = why
    return out


Needed = Iterator[tuple[UUID, Span, str]]


def _needed(desk: Desk) -> Needed:
    yield from _open(desk)
    yield from _claimed(desk)
    yield from _printed(desk)


def _watching(session: Session) -> dict[UUID, set[int]]:
    """Every monitor of a service: its own, those of sites that ever sat on it, and their locations'."""
    sites: dict[UUID, set[UUID]] = defaultdict(set)
    for placement in session.exec(select(Placement)):
        sites[placement.site_id].add(placement.service_id)
    out: dict[UUID, set[int]] = defaultdict(set)
    services: dict[int, set[UUID]] = {}
    rows = session.exec(select(Monitor).order_by(col(Monitor.key))).all()
    for row in rows:
        if row.key is not None:
            on = {row.service_id} if row.service_id is not None else sites[row.site_id] if row.site_id else set()
            services[row.key] = {one for one in on if one is not None}
    for row in rows:
        for service_id in services.get(row.key or 0, set()) | services.get(row.part_of or 0, set()):
            out[service_id].add(row.key or 0)
    return out


def _open(desk: Desk) -> Needed:
    for service_id, about in desk.about.items():
        versions = desk.versions[service_id]
        for period, _ in open_periods(versions, about.zone, desk.now) if versions else ():
            yield service_id, period.span, f"{about.service}, {period.label}: can still be claimed for"


def _claimed(desk: Desk) -> Needed:
    for service_id, rows in desk.claims.items():
        steps = desk.steps(rows)
        for claim in rows:
            if not _settled(claim, life.sums(steps[claim.id], claim.amount), desk.now):
                yield service_id, Span(claim.start_at, claim.end_at), f"claim {claim.number}: {claim.state}"


def _settled(claim: Claim, sums: life.Sums, now: datetime) -> bool:
    """Nothing is left to argue about. A claim refused or accepted in part is a dispute until somebody lets it lapse."""
    if life.lapsed(claim.state, claim.too_late_from, now):
        return True
    return claim.state == "credited" and not sums.outstanding


def _printed(desk: Desk) -> Needed:
    """Issued breach papers under terms that name no last day to claim."""
    claimed = {claim.statement_id for rows in desk.claims.values() for claim in rows}
    query = select(Paper, StatementRow).join(StatementRow, col(StatementRow.id) == col(Paper.statement_id))
    for paper, row in desk.session.exec(query.where(Paper.kind == "breach").order_by(col(Paper.issued_at))):
        versions = desk.versions[row.service_id]
        if row.id in claimed or not any(rule is None for version in versions for rule in rules_of(version.sla)):
            continue
        service = desk.session.get_one(Service, row.service_id)
        period = period_of(desk.session, service, row.month, row.period, paper.as_at)
        yield (
            row.service_id,
            period.span,
            f"paper {paper.number}: no claim has followed it, and its terms set no last day",
        )
