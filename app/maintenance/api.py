"""Works, procedures and windows over the API."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query
from pydantic import Field
from sqlmodel import Session, col, select

from app.access.guard import Operator, Viewer
from app.fields import Id, In, Instant, Line, Out, Source, Text, Words
from app.maintenance import actions, queries
from app.maintenance.tables import Procedure, Window, Work, WorkService
from app.web.edge import NowDep, Page, PagingDep, Router, SessionDep, page

router = Router(tags=["maintenance"])

Role = Literal["primary", "backup"]
Impact = Literal["NO-IMPACT", "REDUCED-REDUNDANCY", "DEGRADED", "OUTAGE"]
Status = Literal["TENTATIVE", "CONFIRMED"]
OurNote = Annotated[
    Text, Field(description="How we know, where no message says it.", examples=["told by Jo Marsh on the phone"])
]
MessageId = Annotated[
    Id | None,
    Field(description="The provider's message that says it.", examples=["01997a3e-7c1b-7d2e-9f00-5a6b7c8d9e0f"]),
]
Letter = Annotated[
    Source | None, Field(description="M, P, T, C or N; by default P with a message, else N.", examples=["P"])
]
Told = Annotated[
    Instant | None,
    Field(description="When it reached us; by default when the message came.", examples=["2025-06-03T10:05:00+02:00"]),
]


class WorkIn(In):
    title: Annotated[Line, Field(examples=["Clone of the drive array"])]
    kind: Annotated[Line, Field(examples=["drive_array_clone"])]
    services: Annotated[
        list[Id],
        Field(min_length=1, max_length=100, examples=[["01997a3e-7c1b-7d2e-9f00-5a6b7c8d9e0f"]]),
    ]
    scope: Annotated[Text, Field(examples=["The data of the old array is cloned to a new one; nothing else."])] = ""


class WorkOut(Out):
    id: UUID
    title: str
    kind: str
    services: list[UUID]
    scope: str
    created_at: datetime


class ProcedureIn(In):
    agreed_at: Annotated[Instant, Field(examples=["2025-06-23T15:00:00+02:00"])]
    steps: Annotated[
        list[Words],
        Field(min_length=1, max_length=100, examples=[["Clone the old array while live", "Stop writes", "Final sync"]]),
    ]
    source: Letter = None
    message_id: MessageId = None
    note: OurNote = ""


class StepOut(Out):
    number: int
    text: str


class ProcedureOut(Out):
    id: UUID
    work_id: UUID
    agreed_at: datetime
    steps: list[StepOut]
    source: str
    message_id: UUID | None
    note: str
    created_at: datetime


class PromiseIn(In):
    start_at: Annotated[Instant, Field(examples=["2025-06-07T22:00:00+02:00"])]
    end_at: Annotated[Instant, Field(description="Exclusive.", examples=["2025-06-08T00:00:00+02:00"])]
    announced_at: Told = None
    status: Annotated[Status, Field(description="As the provider announces it.", examples=["CONFIRMED"])] = "CONFIRMED"
    emergency: Annotated[bool, Field(examples=[False])] = False
    text: Annotated[
        Text, Field(description="The promise in the provider's own words.", examples=["Sat 7 June, 22:00-24:00."])
    ] = ""
    source: Letter = None
    message_id: MessageId = None
    note: OurNote = ""


class WindowIn(PromiseIn):
    work_id: Id
    role: Annotated[Role, Field(examples=["primary"])] = "primary"
    impact: Annotated[Impact, Field(description="What the provider claims.", examples=["OUTAGE"])] = "OUTAGE"
    announced: Annotated[
        bool, Field(description="False: nobody had promised it; the span is what happened.", examples=[True])
    ] = True


class RescheduleIn(PromiseIn):
    role: Annotated[Role | None, Field(description="As before, if left out.", examples=["primary"])] = None
    impact: Annotated[Impact | None, Field(description="As before, if left out.", examples=["OUTAGE"])] = None


class ConfirmIn(In):
    at: Told = None
    text: Annotated[Text, Field(examples=["We confirm the window."])] = ""
    source: Letter = None
    message_id: MessageId = None


class WithdrawIn(In):
    at: Told = None
    text: Annotated[Words, Field(examples=["The maintenance of 7 June will not take place."])]
    source: Letter = None
    message_id: MessageId = None


class WithdrawalOut(Out):
    at: datetime
    text: str
    source: str
    message_id: UUID | None
    created_at: datetime


class WindowOut(Out):
    id: UUID
    work_id: UUID
    start_at: datetime
    end_at: datetime
    role: str
    impact: str
    status: str
    announced: bool
    announced_at: datetime
    emergency: bool
    text: str
    source: str
    message_id: UUID | None
    note: str
    replaces: Annotated[UUID | None, Field(description="The window this one was put in place of.")]
    replaced_by: Annotated[UUID | None, Field(description="The window that was put in place of this one.")]
    confirmed_at: datetime | None
    withdrawal: WithdrawalOut | None
    created_at: datetime


MADE_HERE = {"replaced_by", "confirmed_at", "withdrawal"}


def _windows(session: Session, rows: Sequence[Window]) -> list[WindowOut]:
    ids = [row.id for row in rows]
    newer = queries.replaced_by(session, ids)
    confirmations = queries.confirmations_of(session, ids)
    withdrawals = queries.withdrawals_of(session, ids)
    out = []
    for row in rows:
        values = {name: getattr(row, name) for name in WindowOut.model_fields if name not in MADE_HERE}
        gone = withdrawals.get(row.id)
        out.append(
            WindowOut(
                **values,
                replaced_by=newer[row.id].id if row.id in newer else None,
                confirmed_at=queries.confirmed_at(row, confirmations.get(row.id)),
                withdrawal=WithdrawalOut.model_validate(gone) if gone else None,
            )
        )
    return out


def _works(session: Session, rows: Sequence[Work]) -> list[WorkOut]:
    touched = queries.services_of(session, [row.id for row in rows])
    return [
        WorkOut(
            id=row.id,
            title=row.title,
            kind=row.kind,
            services=touched[row.id],
            scope=row.scope,
            created_at=row.created_at,
        )
        for row in rows
    ]


def _procedure(row: Procedure) -> ProcedureOut:
    values = {name: getattr(row, name) for name in ProcedureOut.model_fields if name != "steps"}
    return ProcedureOut(**values, steps=[StepOut(number=i, text=text) for i, text in enumerate(row.steps, 1)])


@router.post("/works", status_code=201, dependencies=[Operator])
def add_work(body: WorkIn, session: SessionDep, now: NowDep) -> WorkOut:
    """Enters a job agreed with the provider and the services it touches. Its windows are attempts at it."""
    return _works(session, [actions.add_work(session, now=now, **body.model_dump())])[0]


@router.get("/works", dependencies=[Viewer])
def list_works(
    session: SessionDep, paging: PagingDep, service_id: Annotated[UUID | None, Query()] = None
) -> Page[WorkOut]:
    """All works, or those that touch one service."""
    query = select(Work)
    if service_id is not None:
        touching = select(WorkService.work_id).where(WorkService.service_id == service_id)
        query = query.where(col(Work.id).in_(touching))
    rows, following = page(session, query, Work.id, paging)
    return Page(items=_works(session, rows), next=following)


@router.get("/works/{work_id}", dependencies=[Viewer])
def read_work(work_id: UUID, session: SessionDep) -> WorkOut:
    """One work, and the services it is done on."""
    return _works(session, [queries.work(session, work_id)])[0]


@router.post("/works/{work_id}/procedures", status_code=201, dependencies=[Operator])
def agree_procedure(work_id: UUID, body: ProcedureIn, session: SessionDep, now: NowDep) -> ProcedureOut:
    """The steps as agreed at a moment, numbered from 1. A later agreement is a new one; both are kept."""
    return _procedure(actions.agree_procedure(session, work_id, now=now, **body.model_dump()))


@router.get("/works/{work_id}/procedures", dependencies=[Viewer])
def list_procedures(work_id: UUID, session: SessionDep, paging: PagingDep) -> Page[ProcedureOut]:
    """All procedures ever agreed for the work, as recorded."""
    queries.work(session, work_id)
    rows, following = page(session, select(Procedure).where(Procedure.work_id == work_id), Procedure.id, paging)
    return Page(items=[_procedure(row) for row in rows], next=following)


@router.post("/windows", status_code=201, dependencies=[Operator])
def announce(body: WindowIn, session: SessionDep, now: NowDep) -> WindowOut:
    """A window the provider promised; with `announced` false, work that was found and nobody had promised."""
    return _windows(session, [actions.announce(session, now=now, **body.model_dump())])[0]


@router.get("/windows", dependencies=[Viewer])
def list_windows(
    session: SessionDep,
    paging: PagingDep,
    work_id: Annotated[UUID | None, Query()] = None,
    service_id: Annotated[UUID | None, Query()] = None,
    from_at: Annotated[Instant | None, Query(description="Ends after.", examples=["2025-06-01T00:00:00Z"])] = None,
    to_at: Annotated[Instant | None, Query(description="Starts before.", examples=["2025-07-01T00:00:00Z"])] = None,
) -> Page[WindowOut]:
    """Every promise ever made, replaced and withdrawn ones included."""
    query = select(Window)
    if work_id is not None:
        query = query.where(Window.work_id == work_id)
    if service_id is not None:
        touching = select(WorkService.work_id).where(WorkService.service_id == service_id)
        query = query.where(col(Window.work_id).in_(touching))
    if from_at is not None:
        query = query.where(col(Window.end_at) > from_at)
    if to_at is not None:
        query = query.where(col(Window.start_at) < to_at)
    rows, following = page(session, query, Window.id, paging)
    return Page(items=_windows(session, rows), next=following)


@router.get("/windows/{window_id}", dependencies=[Viewer])
def read_window(window_id: UUID, session: SessionDep) -> WindowOut:
    """One window as it was promised, and the window it replaces."""
    return _windows(session, [queries.window(session, window_id)])[0]


@router.post("/windows/{window_id}/reschedule", status_code=201, dependencies=[Operator])
def reschedule(window_id: UUID, body: RescheduleIn, session: SessionDep, now: NowDep) -> WindowOut:
    """Puts a new window in place of this one, which stays on record. 409 names the row, if one replaced it already."""
    return _windows(session, [actions.reschedule(session, window_id, now=now, **body.model_dump())])[0]


@router.post("/windows/{window_id}/confirm", status_code=201, dependencies=[Operator])
def confirm(window_id: UUID, body: ConfirmIn, session: SessionDep, now: NowDep) -> WindowOut:
    """The provider confirms a window that was tentative."""
    actions.confirm(session, window_id, now=now, **body.model_dump())
    return _windows(session, [queries.window(session, window_id)])[0]


@router.post("/windows/{window_id}/withdraw", status_code=201, dependencies=[Operator])
def withdraw(window_id: UUID, body: WithdrawIn, session: SessionDep, now: NowDep) -> WindowOut:
    """The provider takes the promise back; without a message it was silent, and `at` is when we learned of it."""
    actions.withdraw(session, window_id, now=now, **body.model_dump())
    return _windows(session, [queries.window(session, window_id)])[0]
