"""Reads of the contract side. The singular ones raise NotFound naming what was looked for."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlmodel import Session, col, select

from app.agreements.tables import Agreement, Fee, Provider, Service, Terms, TermsReview
from app.errors import NotFound
from app.fields import EARLIEST, LATEST
from app.sla.spans import Span


def provider(session: Session, id_: UUID, *, lock: bool = False) -> Provider:
    """`lock` holds the row until the end of the transaction, so that the log tells its states one after the other."""
    row = session.get(Provider, id_, with_for_update={"key_share": True} if lock else None)
    if row is None:
        raise NotFound(f"no provider has the id {id_}; GET /providers lists them", field="provider_id")
    return row


def service(session: Session, id_: UUID, *, lock: bool = False) -> Service:
    """`lock` holds the row until the end of the transaction, so that its terms are judged one after the other."""
    row = session.get(Service, id_, with_for_update={"key_share": True} if lock else None)
    if row is None:
        raise NotFound(f"no service has the id {id_}; GET /services lists them", field="service_id")
    return row


def agreement(session: Session, id_: UUID) -> Agreement:
    row = session.get(Agreement, id_)
    if row is None:
        raise NotFound(f"no agreement has the id {id_}; GET /agreements lists them", field="agreement_id")
    return row


def services(session: Session, ids: Collection[UUID]) -> dict[UUID, Service]:
    """Those of `ids` there are, by id."""
    return {row.id: row for row in session.exec(select(Service).where(col(Service.id).in_(ids)))}


def terms_of(session: Session, service_id: UUID) -> Sequence[Terms]:
    """All versions of the service's terms, whichever agreement they belong to, in the order they come into force."""
    query = select(Terms).where(col(Terms.service_id) == service_id)
    return session.exec(query.order_by(col(Terms.effective_from), col(Terms.id))).all()


def terms(session: Session, id_: UUID, *, lock: bool = False) -> Terms:
    row = session.get(Terms, id_, with_for_update={"key_share": True} if lock else None)
    if row is None:
        raise NotFound(
            f"no terms have the id {id_}; GET /agreements/{{agreement_id}}/terms lists them", field="terms_id"
        )
    return row


def reviews_of(session: Session, terms_id: UUID) -> Sequence[TermsReview]:
    """Who looked at which doubtful clause, in the order they did."""
    query = select(TermsReview).where(col(TermsReview.terms_id) == terms_id).order_by(col(TermsReview.id))
    return session.exec(query).all()


def unreviewed(session: Session, terms_id: UUID, as_at: datetime | None = None) -> tuple[str, ...]:
    """The clauses these terms mark as doubtful that nobody had put a name to by `as_at` (None: by now)."""
    doubtful = terms(session, terms_id).terms.get("needs_review") or {}
    seen = {row.path for row in reviews_of(session, terms_id) if as_at is None or row.created_at <= as_at}
    return tuple(sorted(path for path in doubtful if path not in seen))


def fees_of(session: Session, service_id: UUID) -> Sequence[Fee]:
    """All later fees, by their day and then as recorded."""
    query = select(Fee).where(col(Fee.service_id) == service_id)
    return session.exec(query.order_by(col(Fee.effective_from), col(Fee.id))).all()


def fee_on(session: Session, row: Service, day: date, as_at: datetime | None = None) -> Decimal:
    """The monthly fee in force on a local day, in the service's currency; `as_at`: as it was recorded by then."""
    fees = [
        fee
        for fee in fees_of(session, row.id)
        if fee.effective_from <= day and (as_at is None or fee.created_at <= as_at)
    ]
    return fees[-1].monthly_fee if fees else row.monthly_fee


def in_service(row: Service) -> Span | None:
    """The span the service is leased for; None: throughout."""
    if row.in_service_from is None and row.in_service_to is None:
        return None
    return Span(row.in_service_from or EARLIEST, row.in_service_to or LATEST)
