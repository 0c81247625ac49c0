"""Notices over the API: draft, read, issue, and who believes what that is no longer true."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Response
from pydantic import BaseModel, Field
from sqlmodel import Session, select

from app.access.guard import Operator, Owner, Viewer
from app.errors import Conflict, found
from app.fields import Id, In, Instant, Month, Out
from app.notices import drafting, issuing
from app.notices import stale as staleness
from app.notices.stale import untold as newcomers
from app.notices.tables import Letter, Notice
from app.notices.wording import Words
from app.statements.actions import press
from app.web.edge import NowDep, Page, PagingDep, Router, SessionDep, page
from reports import documents as doc

router = Router(tags=["notices"])
PDF: dict[int | str, dict[str, Any]] = {200: {"content": {"application/pdf": {}}, "description": "The letter."}}
AsAt = Annotated[Instant | None, Query(description="The moment asked about; left out: now.")]


class NoticeIn(In):
    """One round of letters. `words` says which letter it is (`kind`) and what it needs.

    It is about a window, an outage outside any, or a month. A letter that follows another is about the same, if
    nothing else is named. Words are in the agency's language; clients of another read what `translations` give.
    """

    service_id: Id
    window_id: Id | None = None
    outage_at: Annotated[
        Instant | None, Field(description="A moment of the outage it is about; of L10: `as_at`, if left out.")
    ] = None
    month: Annotated[Month | None, Field(description="The closed month a monthly statement (L9) is about.")] = None
    as_at: Annotated[Instant | None, Field(description="The moment the letters speak of; left out: now.")] = None
    follows: Annotated[Id | None, Field(description="The notice whose recipients this goes to, and only to them.")] = (
        None
    )
    leave_out: Annotated[
        list[Id], Field(max_length=1000, default_factory=list, description="Clients who get none, by your decision.")
    ]
    only: Annotated[
        list[Id],
        Field(max_length=1000, default_factory=list, description="If any are named: nobody but these clients."),
    ]
    words: Words
    translations: Annotated[
        dict[Annotated[str, Field(pattern="^[a-z]{2}(-[A-Z]{2})?$")], dict[str, Any]],
        Field(
            default_factory=dict,
            max_length=20,
            description="By language, each text of `words` and nothing else, in the same shape.",
            examples=[{}],
        ),
    ]


class NoticeOut(Out):
    id: UUID
    service_id: UUID
    number: int
    kind: str
    window_id: UUID | None
    work_id: UUID | None
    outage_from: datetime | None
    month: str | None
    follows: UUID | None
    as_at: datetime
    created_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    plan: Annotated[str | None, Field(description="The digest of the plan that was approved.")]
    proposal: Annotated[str | None, Field(description="What drafted it; null: a person.")]
    issued_at: datetime | None


class LetterOut(Out):
    id: UUID
    notice_id: UUID
    client_id: UUID
    contact_id: UUID | None
    stated: dict[str, str]
    document_digest: str
    pdf_digest: str | None
    own_text_id: Annotated[UUID | None, Field(description="The version of the own text it is written in.")]


class RecipientOut(BaseModel):
    """A person a letter goes to. `phone`: what they had last came back; `none`: they are named in it alone."""

    contact_id: UUID
    channel: Literal["email", "paper", "phone", "none"]
    why: str


class PreviewOut(BaseModel):
    """A letter as it would go out now."""

    client_id: UUID
    contact_id: UUID
    recipients: list[RecipientOut]
    stated: dict[str, str]
    document: dict[str, Any]


class Untrue(BaseModel):
    fact: Annotated[str, Field(examples=["window:0197…"])]
    told: str
    now: str


class RemedyOut(BaseModel):
    """The letter that would put it right. `kind` null: nothing can be written before something is established."""

    kind: str | None
    why: str
    follows: UUID | None
    window_id: UUID | None
    outage_from: datetime | None
    month: str | None


class StaleOut(BaseModel):
    letter_id: UUID
    notice_id: UUID
    client_id: UUID
    client_number: str
    client: str
    kind: str
    told_at: datetime
    since: datetime
    untrue: list[Untrue]
    remedy: RemedyOut


class UntoldOut(Out):
    """A client who came to the service since the others were told, and the letter of how it stands now."""

    client_id: UUID
    client_number: str
    client: str
    kind: str
    why: str
    window_id: UUID | None
    outage_from: datetime | None


@router.post("/notices", status_code=201, dependencies=[Operator])
def draft(body: NoticeIn, session: SessionDep, now: NowDep, response: Response) -> NoticeOut:
    """Draft a round of letters. Every letter is composed once to show that it can be written; nothing is sent."""
    row = drafting.draft(
        session,
        service_id=body.service_id,
        window_id=body.window_id,
        outage_at=body.outage_at,
        month=body.month,
        words=body.words,
        translations=body.translations,
        follows=body.follows,
        as_at=body.as_at or now,
        leave_out=frozenset(body.leave_out),
        only=frozenset(body.only),
        now=now,
    )
    response.headers["location"] = f"/api/v1/notices/{row.id}"
    return NoticeOut.model_validate(row)


@router.get("/notices", dependencies=[Viewer])
def list_notices(session: SessionDep, paging: PagingDep, service_id: UUID | None = None) -> Page[NoticeOut]:
    """Rounds of letters, oldest first."""
    query = select(Notice)
    if service_id is not None:
        query = query.where(Notice.service_id == service_id)
    rows, following = page(session, query, Notice.id, paging)
    return Page(items=[NoticeOut.model_validate(row) for row in rows], next=following)


@router.get("/notices/stale", dependencies=[Viewer])
def stale(session: SessionDep, now: NowDep, service_id: Annotated[UUID, Query()], as_at: AsAt = None) -> list[StaleOut]:
    """Who believes what that is no longer true, since when, and which letter would put it right.

    Each client's newest letter per work, per outage outside any, and per month counts.
    """
    items = staleness.stale(session, service_id, as_at or now)
    return [
        StaleOut(
            letter_id=item.letter_id,
            notice_id=item.notice_id,
            client_id=item.client_id,
            client_number=item.client_number,
            client=item.client,
            kind=item.kind,
            told_at=item.told_at,
            since=item.since,
            untrue=[Untrue(fact=fact, told=told, now=current) for fact, told, current in item.untrue],
            remedy=RemedyOut(**asdict(item.remedy)),
        )
        for item in items
    ]


@router.get("/notices/untold", dependencies=[Viewer])
def untold(
    session: SessionDep, now: NowDep, service_id: Annotated[UUID, Query()], as_at: AsAt = None
) -> list[UntoldOut]:
    """Who came to the service since the others were told, and which letter tells them how it stands: to them `only`,
    following none. Corrections of what they never had do not go to them."""
    return [UntoldOut.model_validate(item) for item in newcomers.untold(session, service_id, as_at or now)]


@router.get("/notices/{notice_id}", dependencies=[Viewer])
def read(notice_id: UUID, session: SessionDep) -> NoticeOut:
    """One round of letters."""
    return NoticeOut.model_validate(found(session.get(Notice, notice_id), "notice", notice_id))


@router.get("/notices/{notice_id}/preview", dependencies=[Viewer])
def preview(notice_id: UUID, session: SessionDep) -> list[PreviewOut]:
    """Who would get what: every letter as it stands, from the record as at the notice's moment."""
    notice = found(session.get(Notice, notice_id), "notice", notice_id)
    if notice.issued_at is not None:
        raise Conflict("this notice was issued; its letters stand under /letters", field="notice_id")
    drafts = drafting.compose_all(session, notice, issued=False)
    return [
        PreviewOut(
            client_id=item.client_id,
            contact_id=item.contact_id,
            recipients=[RecipientOut(contact_id=to.contact.id, channel=to.channel, why=to.why) for to in item.to],
            stated=item.stated,
            document=item.document.model_dump(mode="json"),
        )
        for item in drafts
    ]


@router.get("/letters", dependencies=[Viewer])
def list_letters(
    session: SessionDep, paging: PagingDep, notice_id: UUID | None = None, client_id: UUID | None = None
) -> Page[LetterOut]:
    """Issued letters, oldest first."""
    query = select(Letter)
    if notice_id is not None:
        query = query.where(Letter.notice_id == notice_id)
    if client_id is not None:
        query = query.where(Letter.client_id == client_id)
    rows, following = page(session, query, Letter.id, paging)
    return Page(items=[LetterOut.model_validate(row) for row in rows], next=following)


def _letter(session: Session, letter_id: UUID) -> Letter:
    row = found(session.get(Letter, letter_id), "letter", letter_id)
    if row.pdf is None:
        raise Conflict("this letter's content was erased; its digest stays in the log", field="letter_id")
    return row


@router.get("/letters/{letter_id}/letter.pdf", dependencies=[Viewer], response_class=Response, responses=PDF)
def letter_pdf(letter_id: UUID, session: SessionDep) -> Response:
    """The very bytes that were issued."""
    row = _letter(session, letter_id)
    return Response(
        row.pdf, media_type="application/pdf", headers={"content-disposition": f'inline; filename="{_name(row)}.pdf"'}
    )


@router.get(
    "/letters/{letter_id}/letter.{form}",
    dependencies=[Viewer],
    response_class=Response,
    responses={200: {"content": {"text/html": {}, "application/json": {}}}},
)
def letter_other(letter_id: UUID, form: Literal["html", "json"], session: SessionDep) -> Response:
    """The letter as a page, or its document as JSON."""
    row = _letter(session, letter_id)
    if form == "json":
        return Response(row.document, media_type="application/json")
    document = doc.ClientLetter.model_validate_json(row.document)
    headers = {"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'"}
    return Response(press(document, "html"), media_type="text/html; charset=utf-8", headers=headers)


@router.post("/letters/{letter_id}/erase", dependencies=[Owner])
def erase(letter_id: UUID, session: SessionDep, now: NowDep) -> LetterOut:
    """Remove a letter's text and PDF, and with them a person's name and address; their digests stay in the log."""
    row = issuing.erase(session, found(session.get(Letter, letter_id), "letter", letter_id), now=now)
    return LetterOut.model_validate(row)


def _name(row: Letter) -> str:
    return doc.ClientLetter.model_validate_json(row.document).header.number
