"""Everything one look at what is due reads, read once: services, terms, live claims, and each judged period."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from app.agreements.tables import Provider, Service, Terms
from app.cases.gather import gather
from app.claims import queries as claims
from app.claims.tables import Claim, ClaimStep
from app.due.items import About
from app.due.periods import Version
from app.evidence.queries import retracted
from app.probes.importing.fields import micros
from app.probes.tables import CODES, Monitor, ObservedRun
from app.sites.tables import Placement
from app.sla.case import Case
from app.sla.judge import judge
from app.sla.periods import Period
from app.sla.spans import Span
from app.sla.statement import Statement
from app.sla.terms import Sla

ZONES = timedelta(days=1)  # local periods begin up to a day apart


class Desk:
    """The record as at `now`, for one answer. Nothing is kept beyond it."""

    def __init__(self, session: Session, now: datetime) -> None:
        self.session, self.now = session, now
        self.retracted = retracted(session)
        query = select(Service, Provider).join(Provider, col(Provider.id) == col(Service.provider_id))
        self.about = {
            service.id: About(service.id, service.name, provider.name, provider.account, service.zone)
            for service, provider in session.exec(query.order_by(col(Service.id)))
        }
        self.versions: dict[UUID, list[Version]] = defaultdict(list)
        for row in session.exec(select(Terms).order_by(col(Terms.effective_from), col(Terms.id))):
            if f"terms:{row.id}" not in self.retracted:
                sla = Sla.model_validate(row.terms)
                self.versions[row.service_id].append(Version(row.effective_from, row.effective_to, sla))
        self.claims: dict[UUID, list[Claim]] = defaultdict(list)
        for claim in claims.live(session):
            self.claims[claim.service_id].append(claim)
        self._judged: dict[tuple[UUID, Period], tuple[Case, Statement]] = {}
        self._down: dict[Span, frozenset[UUID]] = {}

    def judged(self, service_id: UUID, period: Period) -> tuple[Case, Statement]:
        """The service's period as at now, without the months before it."""
        key = (service_id, period)
        if key not in self._judged:
            case = gather(self.session, service_id, period, self.now, months=0)
            self._judged[key] = case, judge(case)
        return self._judged[key]

    def was_down(self, service_id: UUID, period: Period) -> bool:
        """Whether anything of the service, or of a site that ever sat on it, failed in or about the period: one query
        for all services. Where nothing did, no downtime can count."""
        month = Span(period.span.start - ZONES, period.span.end + ZONES)
        wide = next(
            (span for span in self._down if span.start <= period.span.start and span.end >= period.span.end), month
        )
        if wide not in self._down:
            self._down[wide] = self._failing(wide)
        return service_id in self._down[wide]

    def _failing(self, span: Span) -> frozenset[UUID]:
        query = (
            sa.select(col(Monitor.service_id), col(Placement.service_id))
            .select_from(ObservedRun)
            .join(Monitor, col(Monitor.key) == col(ObservedRun.monitor))
            .outerjoin(Placement, col(Placement.site_id) == col(Monitor.site_id))
            .where(col(ObservedRun.held_until) > micros(span.start), col(ObservedRun.first_at) < micros(span.end))
            .where(col(ObservedRun.state) == CODES["down"])
            .distinct()
        )
        return frozenset(id_ for row in self.session.execute(query) for id_ in row if id_ is not None)

    def steps(self, rows: Sequence[Claim]) -> dict[UUID, list[ClaimStep]]:
        return claims.steps_of(self.session, [row.id for row in rows])
