"""Audits in the record, over the API: figures by site, no paths."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Response
from pydantic import Field
from sqlmodel import col, select

from app.access.guard import Operator, Viewer
from app.fields import Id, In, Instant, Line, Out
from app.integrity.assessing import actions, queries
from app.integrity.assessing.tables import Assessment, SiteAssessment
from app.sites.tables import Site
from app.sla.assessed import DataState
from app.web.edge import NowDep, Page, PagingDep, Router, SessionDep, page

router = Router(prefix="/audit", tags=["audit"])

Count = Annotated[int, Field(ge=0, le=2**53, examples=[12])]
Root = Annotated[
    str,
    Field(pattern="^[0-9a-f]{64}$", examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"]),
]


class CopyIn(In):
    """A generation the audit rests on."""

    id: Annotated[Line, Field(max_length=120, examples=["20250628T190000Z-pre-old-5f2c9a1e"])]
    role: Literal["pre", "during", "after"]
    server: Literal["old", "new"]
    taken_at: Instant
    claimed: Annotated[bool, Field(description="Its time was given by a person.")] = False
    root: Root


class SiteIn(In):
    """What became of one site's paths and rows, counted."""

    site: Annotated[Line, Field(description="The name it has on the service.", examples=["shop.larkfield.example"])]
    equal: Annotated[Count, Field(description="Equal to the last copy of the old server.")]
    changed: Annotated[Count, Field(description="Changed, new or moved since, as work on a site does.")] = 0
    old: Annotated[Count, Field(description="Holding an older content: high and medium confidence.")] = 0
    lost: Annotated[Count, Field(description="Gone, cut or damaged: high and medium confidence.")] = 0
    unknown: Count = 0
    low: Annotated[Count, Field(description="Of low confidence: counted, never claimed.")] = 0
    excluded: Count = 0
    unreadable: Count = 0
    unstable: Count = 0
    rows: Annotated[
        dict[Literal["LOST", "REVERTED", "ID_REUSED", "RESURRECTED"], Count],
        Field(default_factory=dict, description="Damaged rows of its databases by kind.", examples=[{"LOST": 3}]),
    ]
    notes: Annotated[list[Annotated[Line, Field(max_length=300)]], Field(max_length=50, default_factory=list)]


class AssessmentIn(In):
    """What `kept audit assess` reads off a comparison."""

    service_id: Id
    at: Annotated[Instant, Field(description="When the judged copy was complete.")]
    equal_to: Annotated[Instant, Field(description="The last copy of the old server: what equal means.")]
    first_new_at: Annotated[Instant, Field(description="The first look at the new server.")]
    expected_writes: Annotated[
        Count | None, Field(description="Probably written between the two, at the pace before; null: not known.")
    ] = None
    clocks: Annotated[Line, Field(max_length=400, examples=["both clocks were within 0.2 s of true time"])]
    copies: Annotated[list[CopyIn], Field(min_length=2, max_length=200)]
    limits: Annotated[list[Annotated[Line, Field(max_length=400)]], Field(max_length=400, default_factory=list)]
    sites: Annotated[list[SiteIn], Field(min_length=1, max_length=10_000)]


class CopyOut(Out):
    id: str
    role: str
    server: str
    taken_at: datetime
    claimed: bool
    root: str


class AssessmentOut(Out):
    id: UUID
    created_at: datetime
    service_id: UUID
    at: datetime
    equal_to: datetime
    first_new_at: datetime
    expected_writes: int | None
    clocks: str
    copies: list[CopyOut]
    limits: list[str]
    digest: Annotated[str, Field(description="Of the whole result, kept in the evidence log.")]


class SiteAssessmentOut(Out):
    id: UUID
    assessment_id: UUID
    site_id: UUID
    state: DataState
    figures: dict[str, int]
    rows: dict[str, int]
    notes: list[str]


@router.post("/assessments", status_code=201, dependencies=[Operator])
def assess(body: AssessmentIn, session: SessionDep, now: NowDep, response: Response) -> AssessmentOut:
    """Takes in what an audit found of a service's sites, and with it whether each is current. The same result again is
    answered with what is there."""
    told = body.model_dump()
    sites = told.pop("sites")
    row, new = actions.assess(session, sites_found=sites, now=now, **told)
    response.status_code = 201 if new else 200
    response.headers["location"] = f"/api/v1/audit/assessments/{row.id}"
    return AssessmentOut.model_validate(row)


@router.get("/assessments", dependencies=[Viewer])
def list_assessments(
    session: SessionDep, paging: PagingDep, service_id: Annotated[UUID | None, Query()] = None
) -> Page[AssessmentOut]:
    """Audits, as recorded; the newest that speaks of a moment counts for it."""
    query = select(Assessment)
    if service_id is not None:
        query = query.where(Assessment.service_id == service_id)
    rows, following = page(session, query, Assessment.id, paging)
    return Page(items=[AssessmentOut.model_validate(row) for row in rows], next=following)


@router.get("/assessments/{assessment_id}", dependencies=[Viewer])
def read(assessment_id: UUID, session: SessionDep) -> AssessmentOut:
    """One audit."""
    return AssessmentOut.model_validate(queries.assessment(session, assessment_id))


@router.get("/assessments/{assessment_id}/sites", dependencies=[Viewer])
def list_sites(
    assessment_id: UUID, session: SessionDep, paging: PagingDep, client_id: Annotated[UUID | None, Query()] = None
) -> Page[SiteAssessmentOut]:
    """What it found, site by site; of one client's sites alone with `client_id`."""
    queries.assessment(session, assessment_id)
    query = select(SiteAssessment).where(SiteAssessment.assessment_id == assessment_id)
    if client_id is not None:
        query = query.where(col(SiteAssessment.site_id).in_(select(Site.id).where(Site.client_id == client_id)))
    rows, following = page(session, query, SiteAssessment.id, paging)
    return Page(items=[SiteAssessmentOut.model_validate(row) for row in rows], next=following)
