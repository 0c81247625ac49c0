"""What was said of windows, found in them and decided about them, over the API."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query
from pydantic import Field
from sqlmodel import select

from app.access.guard import Operator, Viewer
from app.fields import Id, In, Instant, Line, Out, Source, Words
from app.maintenance import queries as maintenance
from app.outcomes import actions
from app.outcomes.tables import Finding, Override, Said
from app.sla.statement import Outcome
from app.web.edge import NowDep, Page, PagingDep, Router, SessionDep, page

router = Router(tags=["outcomes"])

MessageId = Annotated[
    Id | None,
    Field(description="The provider's message that says it.", examples=["01997a3e-7c1b-7d2e-9f00-5a6b7c8d9e0f"]),
]
Letter = Annotated[
    Source | None, Field(description="M, P, T, C or N; by default P with a message, else N.", examples=["N"])
]


class SaidIn(In):
    kind: Annotated[
        Literal["started", "ended", "partly_completed", "rolled_back", "not_carried_out"],
        Field(examples=["not_carried_out"]),
    ]
    at: Annotated[Instant, Field(description="The moment it speaks of.", examples=["2025-06-08T00:00:00+02:00"])]
    said_at: Annotated[
        Instant | None,
        Field(
            description="When it was said to us; by default when the message came.",
            examples=["2025-06-08T09:40:00+02:00"],
        ),
    ] = None
    text: Annotated[Words, Field(examples=["The amount of data was underestimated."])]
    source: Letter = None
    message_id: MessageId = None


class SaidOut(Out):
    id: UUID
    window_id: UUID
    kind: str
    at: datetime
    said_at: datetime
    text: str
    source: str
    message_id: UUID | None
    created_at: datetime


class OverrideIn(In):
    outcome: Annotated[Outcome, Field(examples=["partly_completed"])]
    by: Annotated[Line, Field(description="Who decides it, by name.", examples=["Anna Brightwell"])]
    reason: Annotated[Words, Field(examples=["The array was cloned; the switch is still to come."])]
    at: Annotated[
        Instant | None, Field(description="When it was decided; now, if left out.", examples=["2025-06-30T09:00:00Z"])
    ] = None


class OverrideOut(Out):
    id: UUID
    window_id: UUID
    outcome: str
    by: str
    reason: str
    at: datetime
    created_at: datetime


class FindingIn(In):
    step: Annotated[
        int | None,
        Field(ge=1, le=100, description="Of the procedure in force; null: something nobody had agreed.", examples=[2]),
    ] = None
    verdict: Annotated[Literal["as_agreed", "changed", "skipped", "added", "not_observed"], Field(examples=["changed"])]
    at: Annotated[Instant, Field(examples=["2025-06-29T04:10:00+02:00"])]
    text: Annotated[Words, Field(examples=["A fresh installation with updates on a new server instead of the clone."])]
    source: Letter = None
    message_id: MessageId = None
    scope_change: Annotated[bool, Field(description="It goes beyond the work that was agreed.", examples=[True])] = (
        False
    )


class FindingOut(Out):
    id: UUID
    window_id: UUID
    step: int | None
    verdict: str
    at: datetime
    text: str
    source: str
    message_id: UUID | None
    scope_change: bool
    created_at: datetime


@router.post("/windows/{window_id}/said", status_code=201, dependencies=[Operator])
def say(window_id: UUID, body: SaidIn, session: SessionDep, now: NowDep) -> SaidOut:
    """What somebody stated about the window: started, ended, not carried out … A statement to come is refused."""
    return SaidOut.model_validate(actions.say(session, window_id, now=now, **body.model_dump()))


@router.get("/windows/{window_id}/said", dependencies=[Viewer])
def list_said(window_id: UUID, session: SessionDep, paging: PagingDep) -> Page[SaidOut]:
    """Everything stated about the window, as recorded."""
    maintenance.window(session, window_id)
    rows, following = page(session, select(Said).where(Said.window_id == window_id), Said.id, paging)
    return Page(items=[SaidOut.model_validate(row) for row in rows], next=following)


@router.post("/windows/{window_id}/override", status_code=201, dependencies=[Operator])
def override(window_id: UUID, body: OverrideIn, session: SessionDep, now: NowDep) -> OverrideOut:
    """A named person decides the outcome. Papers show it with name and reason, beside what the evidence says."""
    row = actions.override(
        session, window_id, outcome=body.outcome.value, by=body.by, reason=body.reason, at=body.at, now=now
    )
    return OverrideOut.model_validate(row)


@router.get("/windows/{window_id}/overrides", dependencies=[Viewer])
def list_overrides(window_id: UUID, session: SessionDep, paging: PagingDep) -> Page[OverrideOut]:
    """Every verdict of a person on the window; the newest counts."""
    maintenance.window(session, window_id)
    rows, following = page(session, select(Override).where(Override.window_id == window_id), Override.id, paging)
    return Page(items=[OverrideOut.model_validate(row) for row in rows], next=following)


@router.post("/windows/{window_id}/findings", status_code=201, dependencies=[Operator])
def find(window_id: UUID, body: FindingIn, session: SessionDep, now: NowDep) -> FindingOut:
    """What was done as, or instead of, an agreed step. The step must be in the procedure in force at `at`."""
    return FindingOut.model_validate(actions.find(session, window_id, now=now, **body.model_dump()))


@router.get("/findings", dependencies=[Viewer])
def list_findings(
    session: SessionDep, paging: PagingDep, window_id: Annotated[UUID | None, Query()] = None
) -> Page[FindingOut]:
    """All findings, or those of one window, as recorded."""
    query = select(Finding)
    if window_id is not None:
        query = query.where(Finding.window_id == window_id)
    rows, following = page(session, query, Finding.id, paging)
    return Page(items=[FindingOut.model_validate(row) for row in rows], next=following)
