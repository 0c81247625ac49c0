"""Letters to providers over the API: draft, read, approve, issue, send by hand, and what is unanswered."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

import sqlalchemy as sa
from fastapi import Query, Request, Response
from sqlmodel import Session, col, select

from app.access.guard import Operator, Owner, Viewer, identify
from app.agreements import queries as agreements
from app.correspondence import actions, answers, queries
from app.correspondence.compose import reference
from app.correspondence.shapes import (
    AnswerIn,
    AnswerOut,
    ApproveIn,
    IssueIn,
    ProviderLetterIn,
    ProviderLetterOut,
    RequestOut,
    SendingIn,
    SendingOut,
    TicketSentIn,
    TicketSentOut,
)
from app.correspondence.tables import ProviderAnswer, ProviderLetter, ProviderRequest, ProviderSending
from app.correspondence.wording import AN_ID
from app.db import reader
from app.errors import BadInput, Conflict, NotAllowed
from app.fields import Id
from app.statements.actions import press
from app.web.edge import Edge, NowDep, Page, PagingDep, Router, SessionDep, page

router = Router(tags=["provider letters"])
PDF: dict[int | str, dict[str, Any]] = {200: {"content": {"application/pdf": {}}, "description": "The letter."}}
TEXT: dict[int | str, dict[str, Any]] = {200: {"content": {"text/plain": {}}, "description": "The letter as text."}}
OTHER: dict[int | str, dict[str, Any]] = {200: {"content": {"text/html": {}, "application/json": {}}}}
Kind = Literal["P1", "P2", "P3", "P4", "P5", "P6"]
State = Literal["open", "answered", "overdue"]


def _owner_for_p6(request: Request, kind: str) -> None:
    """A letter before claim is the owner's decision, at every step. Raises NotAllowed."""
    token = identify(request)
    if kind == "P6" and token.role != "owner":
        raise NotAllowed(
            f"the token {token.name!r} has the role {token.role}; a letter before claim needs owner",
            field="Authorization",
        )


def _shape(session: Session, rows: list[ProviderLetter], now: datetime) -> list[ProviderLetterOut]:
    """Letters with what follows from their sendings and answers."""
    sent = queries.sendings_of(session, [row.id for row in rows], now)
    names = agreements.services(session, {row.service_id for row in rows})
    out = []
    for row in rows:
        requests = queries.requests_of(session, row.id)
        back = queries.answers_of(session, [item.id for item in requests], now)
        closed = sum(any(a.state in queries.CLOSING for a in found) for found in back.values())
        state = "approved" if row.approved_at else "draft"
        if row.issued_at:
            answered = bool(requests) and closed == len(requests)
            state = "answered" if answered else "sent" if sent[row.id] else "issued"
        out.append(
            ProviderLetterOut(
                id=row.id,
                service_id=row.service_id,
                provider_id=row.provider_id,
                ref=reference(names[row.service_id].name, row),
                number=row.number,
                kind=row.kind,
                state=state,
                as_at=row.as_at,
                about_id=row.about_id,
                claim_id=row.claim_id,
                statement_id=row.statement_id,
                created_at=row.created_at,
                approved_by=row.approved_by,
                approved_at=row.approved_at,
                issued_at=row.issued_at,
                sent_at=sent[row.id][0].sent_at if sent[row.id] else None,
                requests=len(requests),
                unanswered=len(requests) - closed,
                document_digest=row.document_digest,
                pdf_digest=row.pdf_digest,
            )
        )
    return out


def _one(session: Session, row: ProviderLetter, now: datetime) -> ProviderLetterOut:
    return _shape(session, [row], now)[0]


@router.post("/provider-letters", status_code=201, dependencies=[Operator])
def draft(
    request: Request, body: ProviderLetterIn, session: SessionDep, now: NowDep, response: Response
) -> ProviderLetterOut:
    """Draft a letter to the provider. It is composed once to show that it can be written; P6 needs the owner."""
    _owner_for_p6(request, body.words.kind)
    to = actions.Addressee(body.to.attention, tuple(body.to.address)) if body.to is not None else None
    row = actions.draft(session, service_id=body.service_id, words=body.words, to=to, as_at=body.as_at or now, now=now)
    response.headers["location"] = f"/api/v1/provider-letters/{row.id}"
    return _one(session, row, now)


@router.get("/provider-letters", dependencies=[Viewer])
def list_letters(
    session: SessionDep,
    now: NowDep,
    paging: PagingDep,
    service_id: Annotated[Id | None, Query()] = None,
    kind: Annotated[Kind | None, Query()] = None,
) -> Page[ProviderLetterOut]:
    """Letters to providers, oldest first; of one service, of one kind."""
    query = select(ProviderLetter)
    if service_id is not None:
        query = query.where(ProviderLetter.service_id == service_id)
    if kind is not None:
        query = query.where(ProviderLetter.kind == kind)
    rows, following = page(session, query, ProviderLetter.id, paging)
    return Page(items=_shape(session, list(rows), now), next=following)


@router.get("/provider-letters/{provider_letter_id}", dependencies=[Viewer])
def read(provider_letter_id: UUID, session: SessionDep, now: NowDep) -> ProviderLetterOut:
    """One letter: where it stands, and how many of its requests are unanswered."""
    return _one(session, queries.letter(session, provider_letter_id), now)


@router.get(
    "/provider-letters/{provider_letter_id}/text", dependencies=[Viewer], response_class=Response, responses=TEXT
)
def text(provider_letter_id: UUID, session: SessionDep) -> Response:
    """The letter as plain text, to be pasted into a ticket form. A draft says so in its first line."""
    from reports.letters.provider import text_of

    document = actions.shown(session, queries.letter(session, provider_letter_id))
    return Response(text_of(document), media_type="text/plain; charset=utf-8")


@router.get(
    "/provider-letters/{provider_letter_id}/letter.pdf", dependencies=[Viewer], response_class=Response, responses=PDF
)
def letter_pdf(provider_letter_id: UUID, session: SessionDep) -> Response:
    """The letter as PDF: once issued, the very bytes; before, freshly printed and marked as a draft."""
    row = queries.letter(session, provider_letter_id)
    document = actions.shown(session, row)
    pdf = row.pdf if row.pdf is not None else press(document, "pdf")
    name = f"{document.header.number}{'' if row.issued_at else '_draft'}.pdf"
    return Response(pdf, media_type="application/pdf", headers={"content-disposition": f'inline; filename="{name}"'})


@router.get(
    "/provider-letters/{provider_letter_id}/letter.{form}",
    dependencies=[Viewer],
    response_class=Response,
    responses=OTHER,
)
def letter_other(provider_letter_id: UUID, form: Literal["html", "json"], session: SessionDep) -> Response:
    """The letter as a page, or its document as JSON."""
    document = actions.shown(session, queries.letter(session, provider_letter_id))
    if form == "json":
        return Response(document.model_dump_json(), media_type="application/json")
    headers = {"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'"}
    return Response(press(document, "html"), media_type="text/html; charset=utf-8", headers=headers)


@router.post("/provider-letters/{provider_letter_id}/approve", dependencies=[Operator])
def approve(
    request: Request, provider_letter_id: UUID, body: ApproveIn, session: SessionDep, now: NowDep
) -> ProviderLetterOut:
    """Put a name to the letter as it stands. What is issued is what was approved; P6 needs the owner."""
    row = queries.letter(session, provider_letter_id, lock=True)
    _owner_for_p6(request, row.kind)
    return _one(session, actions.approve(session, row, approved_by=body.approved_by, now=now), now)


@router.post("/provider-letters/{provider_letter_id}/issue", dependencies=[Operator])
def issue(request: Request, provider_letter_id: UUID, body: IssueIn, now: NowDep) -> ProviderLetterOut:
    """Freeze the approved letter with its PDF and open its requests. Happens once; P6 needs the owner."""
    edge: Edge = request.state.edge
    at = body.issued_at or now
    if at > now:
        raise BadInput("lies in the future", field="issued_at", example=now.isoformat(timespec="seconds"))
    with Session(reader(edge.engine), expire_on_commit=False) as session:
        row = queries.letter(session, provider_letter_id)
        _owner_for_p6(request, row.kind)
        if at < row.as_at:
            stamp = row.as_at.isoformat(timespec="seconds")
            raise Conflict(f"the letter speaks of {stamp}, so it went out later", field="issued_at", example=stamp)
        document = actions.final(session, row)
    pdf = press(document, "pdf")  # outside the write: printing takes longer than anybody should wait for
    writing = edge.open()
    row = queries.letter(writing, provider_letter_id)
    return _one(writing, actions.issue(writing, row, document, pdf, issued_at=at, now=now), now)


@router.post("/provider-letters/{provider_letter_id}/sendings", status_code=201, dependencies=[Operator])
def send(provider_letter_id: UUID, body: SendingIn, session: SessionDep, now: NowDep) -> SendingOut:
    """Record that it went out: how, when, where to, what proves it. Its requests count from the first sending."""
    row = queries.letter(session, provider_letter_id)
    return SendingOut.model_validate(answers.send(session, row, now=now, **body.model_dump()))


@router.get("/provider-letters/{provider_letter_id}/sendings", dependencies=[Viewer])
def list_sendings(provider_letter_id: UUID, session: SessionDep, paging: PagingDep) -> Page[SendingOut]:
    """How and when the letter went out, as recorded."""
    queries.letter(session, provider_letter_id)
    query = select(ProviderSending).where(ProviderSending.letter_id == provider_letter_id)
    rows, following = page(session, query, ProviderSending.id, paging)
    return Page(items=[SendingOut.model_validate(row) for row in rows], next=following)


@router.post("/provider-letters/{provider_letter_id}/ticket", status_code=201, dependencies=[Operator])
def ticket(provider_letter_id: UUID, body: TicketSentIn, session: SessionDep, now: NowDep) -> TicketSentOut:
    """The letter was opened as a ticket: its number is recorded at once, and the reply clock starts at `opened_at`."""
    row = queries.letter(session, provider_letter_id)
    made, sending = answers.open_ticket(session, row, now=now, **body.model_dump())
    return TicketSentOut(ticket_id=made.id, number=made.number, sending=SendingOut.model_validate(sending))


@router.post("/provider-letters/{provider_letter_id}/erase", dependencies=[Owner])
def erase(provider_letter_id: UUID, session: SessionDep, now: NowDep) -> ProviderLetterOut:
    """Remove a letter's text, PDF and words, and with them people's names; their digests stay in the log."""
    row = queries.letter(session, provider_letter_id, lock=True)
    return _one(session, actions.erase(session, row, now=now), now)


@router.get("/provider-requests", dependencies=[Viewer])
def list_requests(
    session: SessionDep,
    now: NowDep,
    paging: PagingDep,
    service_id: Annotated[Id | None, Query()] = None,
    letter_id: Annotated[Id | None, Query(examples=[AN_ID])] = None,
    state: Annotated[State | None, Query(description="As things stand now.")] = None,
) -> Page[RequestOut]:
    """Every request made of a provider, with its age and whether it is open, overdue or answered."""
    closed = select(ProviderAnswer.request_id).where(col(ProviderAnswer.state).in_(queries.CLOSING))
    query = select(ProviderRequest)
    if service_id is not None:
        of = select(ProviderLetter.id).where(ProviderLetter.service_id == service_id)
        query = query.where(col(ProviderRequest.letter_id).in_(of))
    if letter_id is not None:
        query = query.where(ProviderRequest.letter_id == letter_id)
    if state is not None:
        done = col(ProviderRequest.id).in_(closed)
        query = query.where(done if state == "answered" else sa.not_(done))
    if state in ("open", "overdue"):
        late = col(ProviderRequest.wanted_at) <= now
        query = query.where(late if state == "overdue" else sa.not_(late))
    rows, following = page(session, query, ProviderRequest.id, paging)
    return Page(items=_requests(session, list(rows), now), next=following)


def _requests(session: Session, rows: list[ProviderRequest], now: datetime) -> list[RequestOut]:
    letters = {row.letter_id: queries.letter(session, row.letter_id) for row in rows}
    names = agreements.services(session, {row.service_id for row in letters.values()})
    sent = queries.sendings_of(session, letters, now)
    back = queries.answers_of(session, [row.id for row in rows], now)
    out = []
    for row in rows:
        of, first = letters[row.letter_id], sent[row.letter_id][:1]
        closed = [item for item in back[row.id] if item.state in queries.CLOSING]
        until = closed[0].at if closed else now
        asked_at = first[0].sent_at if first else None
        out.append(
            RequestOut(
                id=row.id,
                letter_id=row.letter_id,
                letter=reference(names[of.service_id].name, of),
                number=row.number,
                text=row.text,
                answer_as=row.answer_as,
                wanted_at=row.wanted_at,
                state="answered" if closed else "overdue" if row.wanted_at <= now else "open",
                withdrawn=bool(closed) and closed[0].state == "withdrawn",
                answered_in_part=bool(back[row.id]) and not closed,
                answered_at=closed[0].at if closed else None,
                asked_at=asked_at,
                age_seconds=None if asked_at is None else max(timedelta(0), until - asked_at) // timedelta(seconds=1),
            )
        )
    return out


@router.get("/provider-requests/{provider_request_id}", dependencies=[Viewer])
def read_request(provider_request_id: UUID, session: SessionDep, now: NowDep) -> RequestOut:
    """One request; what came back on it is under its answers."""
    return _requests(session, [queries.request(session, provider_request_id)], now)[0]


@router.post("/provider-requests/{provider_request_id}/answers", status_code=201, dependencies=[Operator])
def answer(provider_request_id: UUID, body: AnswerIn, session: SessionDep, now: NowDep) -> AnswerOut:
    """Record what came back: the provider's message, a ticket's reply, or our note of a call. Or take it back."""
    row = queries.request(session, provider_request_id, lock=True)
    return AnswerOut.model_validate(answers.answer(session, row, now=now, **body.model_dump()))


@router.get("/provider-requests/{provider_request_id}/answers", dependencies=[Viewer])
def list_answers(provider_request_id: UUID, session: SessionDep, paging: PagingDep) -> Page[AnswerOut]:
    """What came back on a request, as recorded."""
    queries.request(session, provider_request_id)
    query = select(ProviderAnswer).where(ProviderAnswer.request_id == provider_request_id)
    rows, following = page(session, query, ProviderAnswer.id, paging)
    return Page(items=[AnswerOut.model_validate(row) for row in rows], next=following)
