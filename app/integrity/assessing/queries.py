"""Reads of audits in the record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from app.errors import NotFound
from app.evidence.tables import Entry
from app.integrity.assessing.tables import Assessment, SiteAssessment
from app.integrity.sealing import SEALED


def assessment(session: Session, id_: UUID) -> Assessment:
    row = session.get(Assessment, id_)
    if row is None:
        raise NotFound(f"no audit has the id {id_}; GET /audit/assessments lists them", field="assessment_id")
    return row


def assessments_of(session: Session, service_id: UUID, as_at: datetime) -> Sequence[Assessment]:
    """The audits of a service that speak of a moment up to `as_at`, oldest first."""
    query = select(Assessment).where(Assessment.service_id == service_id, col(Assessment.at) <= as_at)
    return session.exec(query.order_by(col(Assessment.at), col(Assessment.id))).all()


def sites_of(session: Session, ids: Collection[UUID]) -> dict[UUID, list[SiteAssessment]]:
    """What each of the audits found, site by site."""
    out: defaultdict[UUID, list[SiteAssessment]] = defaultdict(list)
    query = select(SiteAssessment).where(col(SiteAssessment.assessment_id).in_(ids))
    for row in session.exec(query.order_by(col(SiteAssessment.id))):
        out[row.assessment_id].append(row)
    return dict(out)


def looks_taken_back(session: Session, gone: Collection[str]) -> frozenset[str]:
    """The looks at sites that audits were which count no more, as `site_check:id`; `gone` is what was retracted."""
    ids = [UUID(subject.removeprefix("assessment:")) for subject in gone if subject.startswith("assessment:")]
    if not ids:
        return frozenset()
    query = select(SiteAssessment.check_id).where(col(SiteAssessment.assessment_id).in_(ids))
    return frozenset(f"site_check:{check_id}" for check_id in session.exec(query) if check_id is not None)


def seals(session: Session, generations: Collection[str]) -> dict[str, datetime]:
    """When the root of each generation first entered the log, of those that did."""
    subjects = [f"generation:{id_}" for id_ in generations]
    query = select(Entry).where(col(Entry.subject).in_(subjects), Entry.kind == SEALED).order_by(col(Entry.seq).desc())
    return {row.subject.removeprefix("generation:"): row.recorded_at for row in session.exec(query)}
