"""Statements over the API: ask, read, preview, issue."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session, select

from app.access.guard import Operator, Viewer
from app.db import reader
from app.errors import NotFound, found
from app.evidence.tables import Attachment
from app.fields import Day, Id, In, Instant, Line, Month, Out, Text
from app.statements import actions, example, pack, shown
from app.statements.tables import Paper, StatementRow
from app.web.edge import Edge, NowDep, Page, PagingDep, Router, SessionDep, page

router = Router(tags=["statements"])
Kinds = Literal["monthly", "breach", "evidence"]
Kind = Annotated[
    Kinds, Query(description="The monthly report, the breach report and claim, or its evidence appendix.")
]
Size = Annotated[Literal["A4", "Letter"] | None, Query(description="Paper; the agency's own if left out.")]
Form = Literal["pdf", "html", "json"]
MEDIA = {"pdf": "application/pdf", "html": "text/html; charset=utf-8", "json": "application/json"}
PDF: dict[int | str, dict[str, Any]] = {200: {"content": {"application/pdf": {}}, "description": "The paper."}}
ZIP: dict[int | str, dict[str, Any]] = {200: {"content": {"application/zip": {}}, "description": "The pack."}}
HTML: dict[int | str, dict[str, Any]] = {200: {"content": {"text/html": {}}, "description": "The paper."}}
JSON: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/json": {}}, "description": "The paper's figures."}
}


class WishesIn(In):
    """What a person adds to the papers."""

    remark: Annotated[
        Text | None,
        Field(max_length=2000, description="Printed under the verdict.", examples=["The third date of the same work."]),
    ] = None
    impact: Annotated[
        Text | None,
        Field(
            max_length=2000,
            description="Specific impact, where no target was missed.",
            examples=["Orders of a whole day are missing."],
        ),
    ] = None
    opening: Annotated[
        Text | None,
        Field(max_length=3000, description="The claim's first words.", examples=["We request the service credit."]),
    ] = None
    good_standing: Annotated[
        Literal["yes", "no", "not_stated"], Field(description="No invoice is overdue.", examples=["yes"])
    ] = "not_stated"
    staff_minutes: Annotated[
        int | None, Field(ge=0, le=1_000_000, description="Staff time, as a statement.", examples=[540])
    ] = None
    staff_statement: Annotated[
        Text | None, Field(max_length=2000, examples=["Two people, Saturday night to Monday morning."])
    ] = None
    claim_number: Annotated[Line | None, Field(max_length=60, examples=["0007"])] = None
    previously_claimed: Annotated[bool, Field(examples=[False])] = False
    filed_on: Annotated[Day | None, Field(examples=["2025-07-02"])] = None
    reply_by: Annotated[Day | None, Field(examples=["2025-07-16"])] = None


ID = "01997a3e-7c1b-7d2e-9f00-5a6b7c8d9e0f"


class StatementIn(In):
    service_id: Annotated[Id, Field(examples=[ID])]
    month: Annotated[
        Month,
        Field(
            description="Names the period the contract measures over: the cycle that begins in it, the quarter or year "
            "that contains it, the rolling days that end with it.",
            examples=["2025-06"],
        ),
    ]
    period: Annotated[
        Literal["contract", "calendar_month"],
        Field(description="calendar_month: the month itself, whatever the contract measures over.",
              examples=["contract"]),
    ] = "contract"
    as_at: Annotated[
        Instant | None,
        Field(
            description="The moment judged at; left out: always the moment of reading.",
            examples=["2025-07-01T09:00:00+02:00"],
        ),
    ] = None
    wishes: WishesIn = WishesIn()


class StatementRef(Out):
    id: Annotated[UUID, Field(examples=[ID])]
    service_id: Annotated[UUID, Field(examples=[ID])]
    month: Annotated[str, Field(examples=["2025-06"])]
    period: Annotated[str, Field(description="contract, or calendar_month.", examples=["contract"])]
    as_at: Annotated[
        datetime | None,
        Field(description="null: always the moment of reading.", examples=["2025-07-01T07:00:00Z"]),
    ]
    created_at: Annotated[datetime, Field(examples=["2025-07-01T07:00:00Z"])]


class IssueIn(In):
    kind: Annotated[Kinds, Field(examples=["breach"])] = "monthly"
    paper: Annotated[
        Literal["A4", "Letter"] | None, Field(description="The agency's own if left out.", examples=["A4"])
    ] = None
    approved_by: Annotated[Line, Field(max_length=120, examples=["Dana Reyes"])]


class PaperOut(Out):
    id: Annotated[UUID, Field(examples=[ID])]
    statement_id: Annotated[UUID, Field(examples=[ID])]
    kind: Annotated[str, Field(description="monthly, breach or evidence.", examples=["breach"])]
    size: Annotated[str, Field(examples=["A4"])]
    number: Annotated[str, Field(examples=["2025-06_HOST-1_claim"])]
    version: Annotated[int, Field(examples=[1])]
    replaces: Annotated[str | None, Field(description="The version it supersedes.", examples=[None])]
    as_at: Annotated[datetime, Field(examples=["2025-07-01T07:00:00Z"])]
    issued_at: Annotated[datetime, Field(examples=["2025-07-01T09:00:00Z"])]
    approved_by: Annotated[str, Field(examples=["Dana Reyes"])]
    document_digest: Annotated[str, Field(description="SHA-256 of its figures.", examples=[64 * "a"])]
    pdf_digest: Annotated[str, Field(description="SHA-256 of its bytes.", examples=[64 * "b"])]


def _as_judged(schema: dict[str, Any]) -> None:
    schema["examples"] = [example.judged()]


class Judged(BaseModel):
    """The judged period with the question it answers."""

    model_config = ConfigDict(json_schema_extra=_as_judged)

    id: UUID
    month: str
    figures: shown.StatementOut


def _size(session: Session, size: str | None) -> str:
    from app.statements.named import agency_of

    return size or agency_of(session).paper


@router.post("/statements", status_code=201, dependencies=[Operator])
def ask(body: StatementIn, session: SessionDep, now: NowDep, response: Response) -> StatementRef:
    """Ask for a service's period, by the month that names it. Its figures follow the record until papers are issued
    from it."""
    wishes = body.wishes.model_dump(mode="json", exclude_none=True)
    row = actions.ask(
        session, service_id=body.service_id, month=body.month, as_at=body.as_at, wishes=wishes, period=body.period,
        now=now,
    )  # fmt: skip
    response.headers["location"] = f"/api/v1/statements/{row.id}"
    return StatementRef.model_validate(row)


@router.get("/statements", dependencies=[Viewer])
def list_statements(session: SessionDep, paging: PagingDep, service_id: UUID | None = None) -> Page[StatementRef]:
    """Statements asked for, oldest first."""
    query = select(StatementRow)
    if service_id is not None:
        query = query.where(StatementRow.service_id == service_id)
    rows, following = page(session, query, StatementRow.id, paging)
    return Page(items=[StatementRef.model_validate(row) for row in rows], next=following)


@router.get("/statements/{statement_id}", dependencies=[Viewer])
def read(statement_id: UUID, session: SessionDep, now: NowDep) -> Judged:
    """The judged period: readings, outages with their witnesses, every second of downtime with its clause, windows,
    promises, credit, deadline, rights, sites; and the inputs, so that anybody can reckon it anew. Whole seconds and
    exact fractions."""
    row = found(session.get(StatementRow, statement_id), "statement", statement_id)
    case, statement = actions.judged(session, row, now)
    return Judged(id=row.id, month=row.month, figures=shown.statement_out(statement, case))


def _report(request: Request, statement_id: UUID, kind: str, size: str | None, form: Form) -> Response:
    """Reads in one short transaction; the press runs after it is closed."""
    edge: Edge = request.state.edge
    with Session(reader(edge.engine), expire_on_commit=False) as session:
        row = found(session.get(StatementRow, statement_id), "statement", statement_id)
        paper = actions.printed(session, row, kind, _size(session, size), edge.now, request.app.state.letters_sent)
    if form == "json":
        content = paper.document.model_dump_json().encode()
    elif form == "pdf" and paper.pdf is not None:
        content = paper.pdf
    else:
        content = actions.press(paper.document, form, paper.files)
    headers = {"content-disposition": f'inline; filename="{paper.name}.{form}"'}
    if form == "html":
        headers["content-security-policy"] = (
            "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:"
        )
    return Response(content, media_type=MEDIA[form], headers=headers)


@router.get("/statements/{statement_id}/report.pdf", dependencies=[Viewer], response_class=Response, responses=PDF)
def report_pdf(request: Request, statement_id: UUID, kind: Kind = "monthly", paper: Size = None) -> Response:
    """The paper as tagged PDF, its figures attached as JSON. Issued: the frozen bytes; else a preview."""
    return _report(request, statement_id, kind, paper, "pdf")


@router.get("/statements/{statement_id}/report.html", dependencies=[Viewer], response_class=Response, responses=HTML)
def report_html(request: Request, statement_id: UUID, kind: Kind = "monthly", paper: Size = None) -> Response:
    """The same paper as one self-contained page."""
    return _report(request, statement_id, kind, paper, "html")


@router.get("/statements/{statement_id}/report.json", dependencies=[Viewer], response_class=Response, responses=JSON)
def report_json(request: Request, statement_id: UUID, kind: Kind = "monthly", paper: Size = None) -> Response:
    """The same figures for machines: what the press prints, every number decided."""
    return _report(request, statement_id, kind, paper, "json")


@router.get("/statements/{statement_id}/pack.zip", dependencies=[Viewer], response_class=Response, responses=ZIP)
def pack_zip(request: Request, statement_id: UUID, paper: Size = None) -> Response:
    """The claim pack: claim and evidence appendix as PDF and JSON, a README, two programs to check them with, and the
    digest of each file. Issued papers go in as they were issued; others as drafts, and the README says so."""
    edge: Edge = request.state.edge
    with Session(reader(edge.engine), expire_on_commit=False) as session:
        row = found(session.get(StatementRow, statement_id), "statement", statement_id)
        claim, evidence = actions.pack_of(session, row, _size(session, paper), edge.now, request.app.state.letters_sent)
    content = pack.zipped(claim, actions.pdf_of(claim), evidence, actions.pdf_of(evidence))
    headers = {"content-disposition": f'attachment; filename="{claim.name}_pack.zip"'}
    return Response(content, media_type="application/zip", headers=headers)


@router.post("/statements/{statement_id}/issue", status_code=201, dependencies=[Operator])
def issue(request: Request, statement_id: UUID, body: IssueIn, now: NowDep, response: Response) -> PaperOut:
    """Freeze a paper under a number and version, with its digests in the evidence log. Needs a named person."""
    edge: Edge = request.state.edge
    with Session(reader(edge.engine), expire_on_commit=False) as session:
        row = found(session.get(StatementRow, statement_id), "statement", statement_id)
        size, letters = _size(session, body.paper), request.app.state.letters_sent
        made = actions.compose(session, row, body.kind, size, now, letters, issued=True)
    pdf = actions.press(made.document, "pdf", made.files)
    writing = edge.open()
    paper = actions.issue(writing, row, made.document, pdf, kind=body.kind, approved_by=body.approved_by, now=now)
    response.headers["location"] = f"/api/v1/papers/{paper.id}"
    return PaperOut.model_validate(paper)


@router.get("/papers", dependencies=[Viewer])
def list_papers(session: SessionDep, paging: PagingDep, statement_id: UUID | None = None) -> Page[PaperOut]:
    """Issued papers, oldest first."""
    query = select(Paper)
    if statement_id is not None:
        query = query.where(Paper.statement_id == statement_id)
    rows, following = page(session, query, Paper.id, paging)
    return Page(items=[PaperOut.model_validate(row) for row in rows], next=following)


@router.get("/papers/{paper_id}", dependencies=[Viewer])
def read_paper(paper_id: UUID, session: SessionDep) -> PaperOut:
    """One issued paper: number, version, digests."""
    return PaperOut.model_validate(found(session.get(Paper, paper_id), "paper", paper_id))


@router.get("/papers/{paper_id}/paper.pdf", dependencies=[Viewer], response_class=Response, responses=PDF)
def paper_pdf(paper_id: UUID, session: SessionDep) -> Response:
    """The very bytes that were issued."""
    paper = found(session.get(Paper, paper_id), "paper", paper_id)
    kept = session.get(Attachment, paper.pdf_digest)
    if kept is None:
        raise NotFound("the paper's bytes are gone; `kept evidence verify` says since when", field="paper_id")
    headers = {"content-disposition": f'inline; filename="{paper.number}_v{paper.version}.pdf"'}
    return Response(kept.content, media_type="application/pdf", headers=headers)
