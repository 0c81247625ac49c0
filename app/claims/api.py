"""Claims over the API: drafted, approved by name, filed, answered, credited. Lists by what stands now."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response
from sqlmodel import Session

from app.access.guard import Operator, Viewer
from app.claims import actions, printing, queries, steps
from app.claims.shapes import (
    AcceptIn,
    AcknowledgeIn,
    ApproveIn,
    ClaimIn,
    ClaimOut,
    ClaimRef,
    CreditIn,
    FileIn,
    PartlyIn,
    PrintIn,
    ReasonIn,
    RefuseIn,
    State,
    claim_out,
    claim_refs,
)
from app.claims.tables import Claim
from app.db import reader
from app.evidence.tables import Attachment
from app.fields import In
from app.statements import actions as statements
from app.statements.api import PaperOut
from app.statements.named import agency_of
from app.web.edge import Edge, NowDep, Page, PagingDep, Router, SessionDep, page

router = Router(tags=["claims"])
FROZEN: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/json": {}}, "description": "The judged period, byte by byte as it was frozen."}
}


@router.post("/claims", status_code=201, dependencies=[Operator])
def draft(body: ClaimIn, session: SessionDep, now: NowDep, response: Response) -> ClaimOut:
    """Draft a claim. What it rests on is frozen. Minutes another live claim has are refused: the answer names it."""
    claim = actions.draft(session, **dict(body), now=now)
    response.headers["location"] = f"/api/v1/claims/{claim.id}"
    return claim_out(session, claim, now)


@router.get("/claims", dependencies=[Viewer])
def list_claims(
    session: SessionDep, paging: PagingDep, now: NowDep,
    state: Annotated[State | None, Query(description="What stands now.")] = None,
    service_id: UUID | None = None, provider_id: UUID | None = None,
    number: Annotated[str | None, Query(max_length=40, description="As papers print it.", examples=["0007"])] = None,
) -> Page[ClaimRef]:  # fmt: skip
    """Claims in the order they were drafted, with what is still outstanding."""
    query = queries.listed(state=state, service_id=service_id, provider_id=provider_id, number=number, now=now)
    rows, following = page(session, query, Claim.id, paging)
    return Page(items=claim_refs(session, rows, now), next=following)


@router.get("/claims/{claim_id}", dependencies=[Viewer])
def read(claim_id: UUID, session: SessionDep, now: NowDep) -> ClaimOut:
    """One claim: its figures, its minutes, its deadline, every step, and what can come next."""
    return claim_out(session, queries.claim(session, claim_id), now)


@router.get("/claims/{claim_id}/statement", dependencies=[Viewer], response_class=Response, responses=FROZEN)
def statement(claim_id: UUID, session: SessionDep) -> Response:
    """The judged period the claim rests on, as it was frozen; its SHA-256 is `statement_digest`."""
    claim = queries.claim(session, claim_id)
    return Response(session.get_one(Attachment, claim.statement_digest).content, media_type="application/json")


@router.post("/claims/{claim_id}/approve", dependencies=[Operator])
def approve(claim_id: UUID, body: ApproveIn, session: SessionDep, now: NowDep) -> ClaimOut:
    """A named person lets it go out. Refused while terms it rests on await review; the paths are named."""
    checklist = [item.model_dump() for item in body.checklist]
    claim = actions.approve(session, claim_id, by=body.by, at=body.at, checklist=checklist, now=now)
    return claim_out(session, claim, now)


@router.post("/claims/{claim_id}/file", dependencies=[Operator])
def file(claim_id: UUID, body: FileIn, session: SessionDep, now: NowDep) -> ClaimOut:
    """It went out: how, when, and what proves it. After its deadline it is recorded as late."""
    return claim_out(session, actions.file(session, claim_id, **dict(body), now=now), now)


@router.post("/claims/{claim_id}/paper", status_code=201, dependencies=[Operator])
def print_paper(request: Request, claim_id: UUID, body: PrintIn, now: NowDep, response: Response) -> PaperOut:
    """Issue the claim's own breach paper, as at the moment it was judged at: its number, the checklist as answered,
    when it was filed, whether the event was claimed before. A new version supersedes; none changes."""
    edge: Edge = request.state.edge
    with Session(reader(edge.engine), expire_on_commit=False) as session:
        size = body.paper or agency_of(session).paper
        row, made = printing.composed(session, claim_id, size, now, request.app.state.letters_sent)
    pdf = statements.press(made.document, "pdf", made.files)
    writing = edge.open()
    paper = statements.issue(writing, row, made.document, pdf, kind="breach", approved_by=body.approved_by, now=now)
    printing.printed(writing, claim_id, paper, now)
    response.headers["location"] = f"/api/v1/papers/{paper.id}"
    return PaperOut.model_validate(paper)


@router.post("/claims/{claim_id}/acknowledge", dependencies=[Operator])
def acknowledge(claim_id: UUID, body: AcknowledgeIn, session: SessionDep, now: NowDep) -> ClaimOut:
    """The provider says that it has it."""
    return claim_out(session, actions.record(session, claim_id, "acknowledged", **dict(body), now=now), now)


@router.post("/claims/{claim_id}/accept", dependencies=[Operator])
def accept(claim_id: UUID, body: AcceptIn, session: SessionDep, now: NowDep) -> ClaimOut:
    """The provider agrees to all of it."""
    return _answer(session, claim_id, "accepted", body, now)


@router.post("/claims/{claim_id}/accept-partly", dependencies=[Operator])
def accept_partly(claim_id: UUID, body: PartlyIn, session: SessionDep, now: NowDep) -> ClaimOut:
    """The provider agrees to a part, in its own words."""
    return _answer(session, claim_id, "partly", body, now)


@router.post("/claims/{claim_id}/refuse", dependencies=[Operator])
def refuse(claim_id: UUID, body: RefuseIn, session: SessionDep, now: NowDep) -> ClaimOut:
    """The provider refuses, with its figure and its own words."""
    return _answer(session, claim_id, "refused", body, now)


@router.post("/claims/{claim_id}/credit", dependencies=[Operator])
def credit(claim_id: UUID, body: CreditIn, session: SessionDep, now: NowDep) -> ClaimOut:
    """An invoice carries it, or a part of it; several may. More than was agreed is recorded, and shown as `over`."""
    return _answer(session, claim_id, "credited", body, now)


def _answer(session: Session, claim_id: UUID, kind: str, body: In, now: datetime) -> ClaimOut:
    return claim_out(session, actions.answered(session, claim_id, kind, **dict(body), now=now), now)


@router.post("/claims/{claim_id}/lapse", dependencies=[Operator])
def lapse(claim_id: UUID, body: ReasonIn, session: SessionDep, now: NowDep) -> ClaimOut:
    """It is let go, or its time has run out. It can still be filed, and is then late."""
    return _reasoned(session, claim_id, "lapsed", body, now)


@router.post("/claims/{claim_id}/withdraw", dependencies=[Operator])
def withdraw(claim_id: UUID, body: ReasonIn, session: SessionDep, now: NowDep) -> ClaimOut:
    """We withdraw it, before the provider has answered. Its minutes can be claimed again."""
    return _reasoned(session, claim_id, "withdrawn", body, now)


@router.post("/claims/{claim_id}/take-back", dependencies=[Operator])
def take_back(claim_id: UUID, body: ReasonIn, session: SessionDep, now: NowDep) -> ClaimOut:
    """The newest step was entered wrongly: it counts no more, and stays readable."""
    return _reasoned(session, claim_id, steps.TAKEN_BACK, body, now)


def _reasoned(session: Session, claim_id: UUID, kind: str, body: ReasonIn, now: datetime) -> ClaimOut:
    claim = actions.record(session, claim_id, kind, by=body.by, at=body.at, words=body.reason, now=now)
    return claim_out(session, claim, now)
