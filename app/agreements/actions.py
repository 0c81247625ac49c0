"""Entering providers, services, their fees, agreements and dated terms."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session, select

from app.agreements import queries
from app.agreements.tables import Agreement, Fee, Provider, Service, Terms, TermsReview
from app.errors import BadInput, Conflict, NotFound
from app.evidence import actions as evidence
from app.evidence.queries import retracted
from app.fields import printable
from app.sla.faults import faults
from app.sla.terms import EXAMPLE, Sla

MOST = 50  # errors answered at once


def add_provider(
    session: Session,
    *,
    name: str,
    account: str | None = None,
    account_manager: str | None = None,
    email: str | None = None,
    support_phone: str | None = None,
    now: datetime,
) -> Provider:
    """Raises Conflict for a name already taken."""
    _name_is_free(session, name)
    row = Provider(
        created_at=now, salt=secrets.token_hex(16), name=name, account=account,
        account_manager=account_manager, email=email, support_phone=support_phone,
    )  # fmt: skip
    session.add(row)
    evidence.append(session, "provider.added", row, now)
    return row


def change_provider(session: Session, id_: UUID, changes: Mapping[str, Any], *, now: datetime) -> Provider:
    """How it is reached, or what it is called. The log keeps each state. Raises NotFound, BadInput, Conflict."""
    row = queries.provider(session, id_, lock=True)
    if not changes:
        raise BadInput("names nothing to change", field="body", example='{"account_manager": "Jo Marsh"}')
    if "name" in changes and changes["name"] is None:
        raise BadInput("may be left out, but not emptied", field="name", example=row.name)
    if "name" in changes and changes["name"] != row.name:
        _name_is_free(session, changes["name"])
    for name, value in changes.items():
        setattr(row, name, value)
    session.add(row)
    evidence.append(session, "provider.changed", row, now)
    return row


def _name_is_free(session: Session, name: str) -> None:
    other = session.exec(select(Provider).where(Provider.name == name)).first()
    if other is not None:
        raise Conflict(f"a provider named {name!r} is there already, as {other.id}", field="name", example=f"{name} 2")


def add_service(
    session: Session,
    *,
    provider_id: UUID,
    name: str,
    kind: str = "server",
    monthly_fee: Decimal,
    currency: str,
    zone: str,
    in_service_from: datetime | None = None,
    in_service_to: datetime | None = None,
    now: datetime,
) -> Service:
    """`in_service_to` is exclusive. Raises NotFound, BadInput, and Conflict for a name this provider's other has."""
    provider = queries.provider(session, provider_id)
    if in_service_from is not None and in_service_to is not None:
        _ends_after(in_service_from, in_service_to, "in_service_to")
    same = select(Service).where(Service.provider_id == provider_id, Service.name == name)
    if (other := session.exec(same).first()) is not None:
        raise Conflict(
            f"{provider.name} has a service named {name!r} already, {other.id}", field="name", example=f"{name}-2"
        )
    row = Service(
        created_at=now, provider_id=provider_id, name=name, kind=kind, monthly_fee=monthly_fee, currency=currency,
        zone=zone, in_service_from=in_service_from, in_service_to=in_service_to,
    )  # fmt: skip
    session.add(row)
    evidence.append(session, "service.added", row, now)
    return row


def end_service(session: Session, id_: UUID, *, in_service_to: datetime, now: datetime) -> Service:
    """The service is given up at that instant. Raises NotFound, Conflict when it has an end, BadInput."""
    row = queries.service(session, id_, lock=True)
    if row.in_service_to is not None:
        raise Conflict(f"{row.name} is in service until {row.in_service_to.isoformat()} already", field="in_service_to")
    if row.in_service_from is not None:
        _ends_after(row.in_service_from, in_service_to, "in_service_to")
    row.in_service_to = in_service_to
    session.add(row)
    evidence.append(session, "service.ended", row, now)
    return row


def _ends_after(start: datetime, end: datetime, field: str) -> None:
    if end <= start:
        raise BadInput(
            f"{end.isoformat()} is not after {start.isoformat()}, when it begins",
            field=field,
            example=start.replace(year=start.year + 1, day=1).isoformat(),
        )


def change_fee(
    session: Session,
    service_id: UUID,
    *,
    effective_from: date,
    monthly_fee: Decimal,
    note: str | None = None,
    now: datetime,
) -> Fee:
    """The monthly fee from a local day on, in the service's currency. A second one for that day corrects the first."""
    service = queries.service(session, service_id)
    row = Fee(created_at=now, service_id=service.id, effective_from=effective_from, monthly_fee=monthly_fee, note=note)
    session.add(row)
    evidence.append(session, "fee.changed", row, now)
    return row


def add_agreement(
    session: Session, *, service_id: UUID, title: str, reference: str | None = None, now: datetime
) -> Agreement:
    """Raises NotFound for a service that is not there."""
    queries.service(session, service_id)
    row = Agreement(created_at=now, service_id=service_id, title=title, reference=reference)
    session.add(row)
    evidence.append(session, "agreement.added", row, now)
    return row


def add_terms(
    session: Session,
    agreement_id: UUID,
    *,
    effective_from: date,
    effective_to: date | None = None,
    terms: Sla | Mapping[str, Any],
    text: str | None = None,
    source: str | None = None,
    retrieved_on: date | None = None,
    now: datetime,
) -> Terms:
    """A version of the terms, in force on local days `[effective_from, effective_to)`.

    Raises NotFound; BadInput naming everything that is wrong at once: clauses that cannot be read or cannot be meant, a
    currency or zone that is not the service's, days in the wrong order or shared; Conflict where only days are shared,
    naming the other version.
    """
    agreement = queries.agreement(session, agreement_id)
    service = queries.service(session, agreement.service_id, lock=True)
    clash = _clash(session, service.id, effective_from, effective_to)
    errors = [*_wrong_in(terms, service), *_wrong_days(service, effective_from, effective_to, retrieved_on, now)]
    if errors:
        if clash is not None:
            errors.append({"field": clash.field, "reason": clash.reason, "example": clash.example})
        first = errors[0]
        raise BadInput(str(first["reason"]), field=first["field"], example=first["example"], errors=errors[:MOST])
    if clash is not None:
        raise clash
    sla = terms if isinstance(terms, Sla) else Sla.model_validate(terms)
    row = Terms(
        created_at=now, agreement_id=agreement.id, service_id=service.id, effective_from=effective_from,
        effective_to=effective_to, terms=sla.model_dump(mode="json"), text=text, source=source,
        retrieved_on=retrieved_on,
    )  # fmt: skip
    session.add(row)
    evidence.append(session, "terms.added", row, now)
    return row


def end_terms(session: Session, agreement_id: UUID, terms_id: UUID, *, effective_to: date, now: datetime) -> Terms:
    """The open version is in force up to but not including that day. Raises NotFound, Conflict, BadInput."""
    row = session.get(Terms, terms_id, with_for_update={"key_share": True})
    if row is None or row.agreement_id != agreement_id:
        raise NotFound(f"the agreement has no terms with the id {terms_id}", field="terms_id")
    if row.effective_to is not None:
        raise Conflict(f"these terms end on {row.effective_to} already", field="effective_to")
    _days_in_order(row.effective_from, effective_to)
    row.effective_to = effective_to
    session.add(row)
    evidence.append(session, "terms.ended", row, now)
    return row


def review_terms(session: Session, terms_id: UUID, *, path: str, by: str, note: str, now: datetime) -> TermsReview:
    """A named person stands for how a doubtful clause is read.

    Raises NotFound, BadInput for a clause that is not marked as doubtful, Conflict for one that has its name already.
    """
    row = queries.terms(session, terms_id, lock=True)
    doubtful = row.terms.get("needs_review") or {}
    if path not in doubtful:
        marked = ", ".join(doubtful) or "none"
        raise BadInput(f"is not a clause these terms mark as doubtful (marked: {marked})", field="path",
                       example=next(iter(doubtful), "credit"))  # fmt: skip
    for other in queries.reviews_of(session, terms_id):
        if other.path == path:
            raise Conflict(f"{other.by} put a name to it already: {other.note}", field="path")
    review = TermsReview(created_at=now, terms_id=row.id, path=path, by=by, note=note)
    session.add(review)
    evidence.append(session, "terms.reviewed", review, now)
    return review


def _clash(session: Session, service_id: UUID, effective_from: date, effective_to: date | None) -> Conflict | None:
    """The version whose days these would share."""
    gone = retracted(session)
    for other in queries.terms_of(session, service_id):
        if f"terms:{other.id}" in gone:
            continue
        if (effective_to is None or other.effective_from < effective_to) and (
            other.effective_to is None or effective_from < other.effective_to
        ):
            return _overlap(other, effective_from)
    return None


def _wrong_in(terms: Sla | Mapping[str, Any], service: Service) -> list[dict[str, Any]]:
    """Everything that is wrong with the clauses, each with its path in the document."""
    if isinstance(terms, Sla):
        terms = terms.model_dump(mode="json")
    try:
        printable(terms)
    except ValueError as error:
        return [{"field": "terms", "reason": str(error), "example": EXAMPLE}]
    found = [
        {"field": f"terms.{fault.path}" if fault.path != "terms" else "terms", "reason": fault.reason,
         "example": fault.example.strip('"') if fault.path in ("currency", "timezone") else fault.example}
        for fault in faults(terms)
        if not fault.odd
    ]  # fmt: skip
    refused = {error["field"] for error in found}
    for name, here in (("currency", service.currency), ("timezone", service.zone)):
        there = terms.get(name) if isinstance(terms, Mapping) else here
        if there != here and f"terms.{name}" not in refused:
            reason = f"is {there}, but the service {service.name} is under {here}"
            found.append({"field": f"terms.{name}", "reason": reason, "example": here})
    return found


def _wrong_days(
    service: Service, first: date, end: date | None, retrieved_on: date | None, now: datetime
) -> list[dict[str, Any]]:
    out = []
    if end is not None and end <= first:
        out.append(_not_after(first))
    today = now.astimezone(ZoneInfo(service.zone)).date()
    if retrieved_on is not None and retrieved_on > today:
        out.append({"field": "retrieved_on", "reason": "has not come yet", "example": today.isoformat()})
    return out


def _not_after(first: date) -> dict[str, Any]:
    reason = f"is the first day they are no longer in force and must come after {first}"
    return {"field": "effective_to", "reason": reason, "example": date(first.year + 1, 1, 1).isoformat()}


def _days_in_order(first: date, end: date) -> None:
    if end <= first:
        wrong = _not_after(first)
        raise BadInput(wrong["reason"], field=wrong["field"], example=wrong["example"])


def _overlap(other: Terms, effective_from: date) -> Conflict:
    until = f"up to {other.effective_to}" if other.effective_to else "until further notice"
    named = {"id": str(other.id), "agreement_id": str(other.agreement_id)}
    days = {
        "effective_from": other.effective_from.isoformat(),
        "effective_to": other.effective_to.isoformat() if other.effective_to else None,
    }
    reason = f"the terms {other.id} of this service are in force from {other.effective_from} {until}"
    if other.effective_from > effective_from:
        return Conflict(
            f"{reason}; end before them", field="effective_to", example=days["effective_from"], other=named | days
        )
    if other.effective_to is not None:
        return Conflict(
            f"{reason}; begin after them", field="effective_from", example=days["effective_to"], other=named | days
        )
    end = max(effective_from, other.effective_from + timedelta(days=1))  # no version is empty
    example = f'POST /agreements/{other.agreement_id}/terms/{other.id}/end {{"effective_to": "{end}"}}'
    return Conflict(f"{reason}; end them first", field="effective_from", example=example, other=named | days)
