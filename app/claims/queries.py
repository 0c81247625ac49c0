"""Reads of claims: one, those that are live, whose minutes overlap, and a list by what stands now."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from app.agreements.tables import Service
from app.claims.steps import UNFILED, standing
from app.claims.tables import Claim, ClaimSpan, ClaimStep
from app.errors import NotFound
from app.sla.spans import Span
from app.statements.tables import Paper


def claim(session: Session, id_: UUID, *, lock: bool = False) -> Claim:
    """`lock` holds the row until the end of the transaction, so that its steps come one after the other."""
    row = session.get(Claim, id_, with_for_update={"key_share": True} if lock else None)
    if row is None:
        raise NotFound(f"no claim has the id {id_}; GET /claims lists them", field="claim_id")
    return row


def steps_of(session: Session, ids: Collection[UUID]) -> dict[UUID, list[ClaimStep]]:
    """The steps of each claim, in their order."""
    query = select(ClaimStep).where(col(ClaimStep.claim_id).in_(ids)).order_by(col(ClaimStep.number))
    out: dict[UUID, list[ClaimStep]] = {id_: [] for id_ in ids}
    for row in session.exec(query):
        out[row.claim_id].append(row)
    return out


def spans_of(session: Session, ids: Collection[UUID]) -> tuple[Span, ...]:
    """The minutes these claims claim, in order of time."""
    query = select(ClaimSpan).where(col(ClaimSpan.claim_id).in_(ids)).order_by(col(ClaimSpan.start_at))
    return tuple(Span(row.start_at, row.end_at) for row in session.exec(query))


def live(session: Session, service_id: UUID | None = None) -> Sequence[Claim]:
    """The claims that were not withdrawn, oldest first; of one service, or of all."""
    query = select(Claim).where(Claim.state != "withdrawn")
    if service_id is not None:
        query = query.where(Claim.service_id == service_id)
    return session.exec(query.order_by(col(Claim.running))).all()


def overlapping(session: Session, service_id: UUID, spans: Sequence[Span]) -> list[tuple[Claim, Span]]:
    """The live claims of the service that claim any of these minutes, with what they share."""
    if not spans:
        return []
    query = (
        select(ClaimSpan, Claim)
        .join(Claim, col(Claim.id) == col(ClaimSpan.claim_id))
        .where(ClaimSpan.service_id == service_id, Claim.state != "withdrawn")
        .where(col(ClaimSpan.start_at) < spans[-1].end, col(ClaimSpan.end_at) > spans[0].start)
        .order_by(col(ClaimSpan.start_at))
    )
    out = []
    for row, other in session.exec(query):
        taken = Span(row.start_at, row.end_at)
        out += [(other, shared) for span in spans if (shared := span.clip(taken)) is not None]
    return out


def filed_before(session: Session, claim: Claim) -> Sequence[Claim]:
    """The claims of the same service that were drafted before this one and went out, also those withdrawn since."""
    filed = select(ClaimStep.claim_id).where(ClaimStep.kind == "filed")
    query = select(Claim).where(Claim.service_id == claim.service_id, Claim.running < claim.running)
    rows = session.exec(query.where(col(Claim.id).in_(filed)).order_by(col(Claim.running))).all()
    taken = steps_of(session, [row.id for row in rows])
    return [row for row in rows if any(step.kind == "filed" for step in standing(taken[row.id]))]


def papers_of(session: Session, claim: Claim) -> Sequence[UUID]:
    """The breach papers issued from the statement the claim rests on, oldest first."""
    query = select(Paper.id).where(Paper.statement_id == claim.statement_id, Paper.kind == "breach")
    return session.exec(query.order_by(col(Paper.issued_at), col(Paper.version))).all()


def listed(
    *, state: str | None, service_id: UUID | None, provider_id: UUID | None, number: str | None, now: datetime
) -> SelectOfScalar[Claim]:
    """The question for a list. A claim that was never filed and whose time has run out is `lapsed`."""
    query = select(Claim)
    if number is not None:
        query = query.where(Claim.number == number)
    if service_id is not None:
        query = query.where(Claim.service_id == service_id)
    if provider_id is not None:
        query = query.join(Service, col(Service.id) == col(Claim.service_id)).where(Service.provider_id == provider_id)
    gone = sa.and_(
        col(Claim.state).in_(UNFILED), col(Claim.too_late_from).is_not(None), col(Claim.too_late_from) <= now
    )
    if state == "lapsed":
        query = query.where(sa.or_(col(Claim.state) == "lapsed", gone))
    elif state is not None:
        query = query.where(Claim.state == state, sa.not_(gone))
    return query
