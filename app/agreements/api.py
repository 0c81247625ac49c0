"""Providers, services, agreements and dated terms over the API."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from pydantic import Field, ValidatorFunctionWrapHandler, WrapValidator
from sqlmodel import select

from app.access.guard import Operator, Viewer
from app.agreements import actions, queries
from app.agreements.tables import Agreement, Fee, Provider, Service, Terms, TermsReview
from app.errors import NotFound
from app.fields import Amount, Currency, Day, Email, Id, In, Instant, Line, Out, Text, Zone
from app.sla.terms import Sla
from app.web.edge import NowDep, Page, PagingDep, Router, SessionDep, page

router = Router(tags=["agreements"])


class ProviderIn(In):
    name: Annotated[Line, Field(examples=["Northgate Hosting"])]
    account: Annotated[Line | None, Field(description="Our account there.", examples=["NG-20417"])] = None
    account_manager: Annotated[Line | None, Field(examples=["Jo Marsh"])] = None
    email: Annotated[Email | None, Field(examples=["support@northgate.example"])] = None
    support_phone: Annotated[Line | None, Field(examples=["+44 20 5550 199"])] = None


class ProviderChange(In):
    """What is left out stays as it is."""

    name: Annotated[Line | None, Field(examples=["Northgate Hosting"])] = None
    account: Annotated[Line | None, Field(examples=["NG-20417"])] = None
    account_manager: Annotated[Line | None, Field(examples=["Jo Marsh"])] = None
    email: Annotated[Email | None, Field(examples=["support@northgate.example"])] = None
    support_phone: Annotated[Line | None, Field(examples=["+44 20 5550 199"])] = None


class ProviderOut(Out):
    id: UUID
    name: str
    account: str | None
    account_manager: str | None
    email: str | None
    support_phone: str | None
    created_at: datetime


class ServiceIn(In):
    provider_id: Id
    name: Annotated[Line, Field(description="Unique among the provider's services.", examples=["HOST-1"])]
    kind: Annotated[Line, Field(examples=["server"])] = "server"
    monthly_fee: Amount
    currency: Currency
    zone: Annotated[Zone, Field(description="The contract's zone: it cuts months and days.")]
    in_service_from: Annotated[Instant | None, Field(examples=["2024-07-01T00:00:00+02:00"])] = None
    in_service_to: Annotated[
        Instant | None, Field(description="Exclusive.", examples=["2026-07-01T00:00:00+02:00"])
    ] = None


class ServiceEnd(In):
    in_service_to: Annotated[Instant, Field(description="Exclusive.", examples=["2026-07-01T00:00:00+02:00"])]


class ServiceOut(Out):
    id: UUID
    provider_id: UUID
    name: str
    kind: str
    monthly_fee: Annotated[Amount, Field(description="The first fee; later ones are under /fees.")]
    currency: str
    zone: str
    in_service_from: datetime | None
    in_service_to: datetime | None
    created_at: datetime


class FeeIn(In):
    effective_from: Annotated[Day, Field(description="Local day in the service's zone.", examples=["2025-07-01"])]
    monthly_fee: Amount
    note: Annotated[Line | None, Field(examples=["letter of 2 June 2025"])] = None


class FeeOut(Out):
    id: UUID
    service_id: UUID
    effective_from: date
    monthly_fee: Amount
    note: str | None
    created_at: datetime


class AgreementIn(In):
    service_id: Id
    title: Annotated[Line, Field(examples=["Managed Server Agreement"])]
    reference: Annotated[Line | None, Field(examples=["NG-20417/1"])] = None


class AgreementOut(Out):
    id: UUID
    service_id: UUID
    title: str
    reference: str | None
    created_at: datetime


def _as_sent(value: Any, _read: ValidatorFunctionWrapHandler) -> Any:
    """The action reads the terms: its errors name the clause as the contract has it."""
    return value


TERMS = {
    "timezone": "Europe/Berlin",
    "currency": "EUR",
    "target_percent": "99.9",
    "period": {"kind": "calendar_month"},
    "maintenance": {"scheduled_excluded": True, "min_notice_hours": 48},
    "credit": {
        "kind": "uptime_tiers",
        "tiers": [{"below": "99.9", "percent": "10"}, {"below": "99.0", "percent": "30"}],
    },
    "cap_percent": "100",
    "claim": {"kind": "days_after_period_end", "n": 30},
}


class TermsIn(In):
    effective_from: Annotated[Day, Field(description="First local day in force.", examples=["2024-07-01"])]
    effective_to: Annotated[
        Day | None, Field(description="First local day no longer in force; null: open.", examples=["2026-07-01"])
    ] = None
    terms: Annotated[
        Sla,
        WrapValidator(_as_sent),
        Field(description="The typed clauses; docs/rules.md says what each does.", examples=[TERMS]),
    ]
    text: Annotated[
        Text | None, Field(description="The clause in the contract's own words.", examples=["We guarantee 99.9 %."])
    ] = None
    source: Annotated[Line | None, Field(examples=["https://northgate.example/sla"])] = None
    retrieved_on: Annotated[Day | None, Field(description="When it was read there.", examples=["2025-01-15"])] = None


class TermsEnd(In):
    effective_to: Annotated[Day, Field(description="First local day no longer in force.", examples=["2025-07-01"])]


class TermsOut(Out):
    id: UUID
    agreement_id: UUID
    service_id: UUID
    effective_from: date
    effective_to: date | None
    terms: Annotated[dict[str, Any], Field(description="Every clause, also those left at what is usual.")]
    text: str | None
    source: str | None
    retrieved_on: date | None
    created_at: datetime


class ReviewIn(In):
    path: Annotated[Line, Field(description="A key of the terms' `needs_review`.", examples=["credit.tiers"])]
    by: Annotated[Line, Field(max_length=120, description="The person who stands for it.", examples=["Dana Reyes"])]
    note: Annotated[Text, Field(description="How it is read, and on what.", examples=["asked them; letter of 2 June"])]


class ReviewOut(Out):
    id: UUID
    terms_id: UUID
    path: str
    by: str
    note: str
    created_at: datetime


class ReviewsOut(Out):
    items: list[ReviewOut]
    unreviewed: Annotated[list[str], Field(description="Doubtful clauses without a name: no claim is approved.")]


@router.post("/providers", status_code=201, dependencies=[Operator])
def add_provider(body: ProviderIn, session: SessionDep, now: NowDep) -> ProviderOut:
    """Enters a provider, under a name no other has."""
    return ProviderOut.model_validate(actions.add_provider(session, now=now, **body.model_dump()))


@router.get("/providers", dependencies=[Viewer])
def list_providers(
    session: SessionDep,
    paging: PagingDep,
    name: Annotated[Line | None, Query(examples=["Northgate Hosting"])] = None,
) -> Page[ProviderOut]:
    """All providers, or the one of that name."""
    query = select(Provider)
    if name is not None:
        query = query.where(Provider.name == name)
    rows, following = page(session, query, Provider.id, paging)
    return Page(items=[ProviderOut.model_validate(row) for row in rows], next=following)


@router.get("/providers/{provider_id}", dependencies=[Viewer])
def read_provider(provider_id: UUID, session: SessionDep) -> ProviderOut:
    """One provider: who they are and how we reach them."""
    return ProviderOut.model_validate(queries.provider(session, provider_id))


@router.patch("/providers/{provider_id}", dependencies=[Operator])
def change_provider(provider_id: UUID, body: ProviderChange, session: SessionDep, now: NowDep) -> ProviderOut:
    """Changes how the provider is reached. The evidence log keeps each state it had."""
    changes = body.model_dump(exclude_unset=True)
    return ProviderOut.model_validate(actions.change_provider(session, provider_id, changes, now=now))


@router.post("/services", status_code=201, dependencies=[Operator])
def add_service(body: ServiceIn, session: SessionDep, now: NowDep) -> ServiceOut:
    """Enters a service: the hosted thing under contract."""
    return ServiceOut.model_validate(actions.add_service(session, now=now, **body.model_dump()))


@router.get("/services", dependencies=[Viewer])
def list_services(
    session: SessionDep,
    paging: PagingDep,
    provider_id: Annotated[UUID | None, Query()] = None,
    name: Annotated[Line | None, Query(examples=["HOST-1"])] = None,
) -> Page[ServiceOut]:
    """All services, or those of one provider, or of that name."""
    query = select(Service)
    if provider_id is not None:
        query = query.where(Service.provider_id == provider_id)
    if name is not None:
        query = query.where(Service.name == name)
    rows, following = page(session, query, Service.id, paging)
    return Page(items=[ServiceOut.model_validate(row) for row in rows], next=following)


@router.get("/services/{service_id}", dependencies=[Viewer])
def read_service(service_id: UUID, session: SessionDep) -> ServiceOut:
    """One service: what is hosted, the contract's zone, from when to when."""
    return ServiceOut.model_validate(queries.service(session, service_id))


@router.post("/services/{service_id}/end", dependencies=[Operator])
def end_service(service_id: UUID, body: ServiceEnd, session: SessionDep, now: NowDep) -> ServiceOut:
    """The service is given up, once and for good."""
    row = actions.end_service(session, service_id, in_service_to=body.in_service_to, now=now)
    return ServiceOut.model_validate(row)


@router.post("/services/{service_id}/fees", status_code=201, dependencies=[Operator])
def change_fee(service_id: UUID, body: FeeIn, session: SessionDep, now: NowDep) -> FeeOut:
    """The fee from a day on. Entered again for the same day, it corrects what was entered before."""
    return FeeOut.model_validate(actions.change_fee(session, service_id, now=now, **body.model_dump()))


@router.get("/services/{service_id}/fees", dependencies=[Viewer])
def list_fees(service_id: UUID, session: SessionDep, paging: PagingDep) -> Page[FeeOut]:
    """The fees that followed the first one, as recorded."""
    queries.service(session, service_id)
    rows, following = page(session, select(Fee).where(Fee.service_id == service_id), Fee.id, paging)
    return Page(items=[FeeOut.model_validate(row) for row in rows], next=following)


@router.post("/agreements", status_code=201, dependencies=[Operator])
def add_agreement(body: AgreementIn, session: SessionDep, now: NowDep) -> AgreementOut:
    """Enters the contract about a service. What it says follows as dated terms."""
    return AgreementOut.model_validate(actions.add_agreement(session, now=now, **body.model_dump()))


@router.get("/agreements", dependencies=[Viewer])
def list_agreements(
    session: SessionDep, paging: PagingDep, service_id: Annotated[UUID | None, Query()] = None
) -> Page[AgreementOut]:
    """All agreements, or those about one service."""
    query = select(Agreement)
    if service_id is not None:
        query = query.where(Agreement.service_id == service_id)
    rows, following = page(session, query, Agreement.id, paging)
    return Page(items=[AgreementOut.model_validate(row) for row in rows], next=following)


@router.get("/agreements/{agreement_id}", dependencies=[Viewer])
def read_agreement(agreement_id: UUID, session: SessionDep) -> AgreementOut:
    """One agreement; what it promises is under its terms."""
    return AgreementOut.model_validate(queries.agreement(session, agreement_id))


@router.post("/agreements/{agreement_id}/terms", status_code=201, dependencies=[Operator])
def add_terms(agreement_id: UUID, body: TermsIn, session: SessionDep, now: NowDep) -> TermsOut:
    """A version of the terms. Two versions of one service may not share a day: 409 names the other and its days."""
    given = {name: getattr(body, name) for name in type(body).model_fields}
    return TermsOut.model_validate(actions.add_terms(session, agreement_id, now=now, **given))


@router.get("/agreements/{agreement_id}/terms", dependencies=[Viewer])
def list_terms(agreement_id: UUID, session: SessionDep, paging: PagingDep) -> Page[TermsOut]:
    """The versions of this agreement's terms, as recorded."""
    queries.agreement(session, agreement_id)
    rows, following = page(session, select(Terms).where(Terms.agreement_id == agreement_id), Terms.id, paging)
    return Page(items=[TermsOut.model_validate(row) for row in rows], next=following)


@router.get("/agreements/{agreement_id}/terms/{terms_id}", dependencies=[Viewer])
def read_terms(agreement_id: UUID, terms_id: UUID, session: SessionDep) -> TermsOut:
    """The promises of one version, clause by clause, and the days they are in force."""
    row = session.get(Terms, terms_id)
    if row is None or row.agreement_id != agreement_id:
        raise NotFound(f"the agreement has no terms with the id {terms_id}", field="terms_id")
    return TermsOut.model_validate(row)


@router.post("/agreements/{agreement_id}/terms/{terms_id}/end", dependencies=[Operator])
def end_terms(agreement_id: UUID, terms_id: UUID, body: TermsEnd, session: SessionDep, now: NowDep) -> TermsOut:
    """Ends an open version, so that another may follow."""
    row = actions.end_terms(session, agreement_id, terms_id, effective_to=body.effective_to, now=now)
    return TermsOut.model_validate(row)


@router.post("/terms/{terms_id}/reviews", status_code=201, dependencies=[Operator])
def review_terms(terms_id: UUID, body: ReviewIn, session: SessionDep, now: NowDep) -> ReviewOut:
    """A named person looked at a clause the terms mark as doubtful, and stands for how it is read."""
    return ReviewOut.model_validate(actions.review_terms(session, terms_id, now=now, **body.model_dump()))


@router.get("/terms/{terms_id}/reviews", dependencies=[Viewer])
def list_reviews(terms_id: UUID, session: SessionDep) -> ReviewsOut:
    """Who put a name to which doubtful clause, and which still wait for one."""
    open_ = queries.unreviewed(session, terms_id)
    rows: list[TermsReview] = list(queries.reviews_of(session, terms_id))
    return ReviewsOut(items=[ReviewOut.model_validate(row) for row in rows], unreviewed=list(open_))
