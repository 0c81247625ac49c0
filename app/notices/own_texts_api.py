"""The agency's own texts over the API: saved in versions, tried on samples, previewed on a real round, withdrawn."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field
from sqlmodel import Session, select

from app.access.guard import Operator, Viewer
from app.errors import BadInput, found
from app.fields import Id, In, Line, Out, Words
from app.notices import drafting, issuing
from app.notices.owntexts import actions, written
from app.notices.owntexts.sandbox import Refused
from app.notices.owntexts.tables import OwnTextVersion
from app.web.edge import NowDep, Page, PagingDep, Router, SessionDep, page
from reports import documents as doc
from reports import letters as shop

router = Router(tags=["notices"])
Kind = Literal["L1", "L2", "L3", "L4", "L5", "L6", "L7", "L8", "L9", "L10", "L11"]
SUBJECT = "{{ sites[0].host_name }}: back since {{ body.back_since|time }}"
TEXT = "Your website is back since {{ body.back_since|time }}.\n\nWe tested {{ body.checks|length }} things."


class Templates(In):
    kind: Annotated[Kind, Field(examples=["L5"])]
    language: Annotated[
        str, Field(pattern="^[a-z]{2}$", description="One that letters are written in.", examples=["en"])
    ]
    subject: Annotated[Line, Field(description="A template; at most 70 characters come of it.", examples=[SUBJECT])]
    text: Annotated[
        Words, Field(description="A template in place of the standard prose; an empty line ends a paragraph.",
                     examples=[TEXT])
    ]  # fmt: skip


class OwnTextIn(Templates):
    saved_by: Annotated[Line, Field(max_length=120, examples=["Dana Reyes"])]


class PreviewIn(Templates):
    notice_id: Annotated[Id | None, Field(description="A drafted round; left out: an invented letter.")] = None
    client_id: Annotated[Id | None, Field(description="Only this client's letter of the round.")] = None


class WithdrawIn(In):
    withdrawn_by: Annotated[Line, Field(max_length=120, examples=["Dana Reyes"])]


class OwnTextOut(Out):
    """`in_use`: letters of this kind and language are written in it."""

    id: UUID
    kind: str
    language: str
    version: int
    subject: str
    text: str
    saved_by: str
    created_at: datetime
    withdrawn_at: datetime | None
    withdrawn_by: str | None
    in_use: bool


class WrittenOut(BaseModel):
    """What the templates write. `client_number` null: in the invented letter."""

    client_number: str | None
    subject: str
    paragraphs: list[str]
    words: Annotated[int, Field(description="Of the whole letter.")]


class FieldsOut(BaseModel):
    """The names a template of a kind may ask for, with one value each as an invented letter has it."""

    kind: str
    values: dict[str, object]


def _out(session: Session, row: OwnTextVersion) -> OwnTextOut:
    used = actions.in_use(session, row.kind).get(row.language)
    return OwnTextOut.model_validate(row.model_dump() | {"in_use": used is not None and used.id == row.id})


@router.post("/own-texts", status_code=201, dependencies=[Operator])
def save_own_text(body: OwnTextIn, session: SessionDep, now: NowDep) -> OwnTextOut:
    """Save the next version of what you write in a kind of letter. It is tried on a whole letter and on one without
    anything that may be missing, and refused where it could not be written."""
    return _out(session, actions.save(session, now=now, **body.model_dump()))


@router.get("/own-texts", dependencies=[Viewer])
def list_own_texts(
    session: SessionDep, paging: PagingDep, kind: Annotated[Kind | None, Query()] = None
) -> Page[OwnTextOut]:
    """Every version, oldest first."""
    query = select(OwnTextVersion)
    if kind is not None:
        query = query.where(OwnTextVersion.kind == kind)
    rows, following = page(session, query, OwnTextVersion.id, paging)
    return Page(items=[_out(session, row) for row in rows], next=following)


@router.get("/own-texts/fields", dependencies=[Viewer])
def own_text_fields(kind: Annotated[Kind, Query(examples=["L5"])]) -> FieldsOut:
    """What a template of this kind can read."""
    return FieldsOut(kind=kind, values=written.values(written.sample(kind, "en")))


@router.get("/own-texts/{own_text_id}", dependencies=[Viewer])
def read_own_text(own_text_id: UUID, session: SessionDep) -> OwnTextOut:
    """One version."""
    return _out(session, found(session.get(OwnTextVersion, own_text_id), "own_text", own_text_id))


@router.post("/own-texts/preview", dependencies=[Operator])
def preview_own_text(body: PreviewIn, session: SessionDep) -> list[WrittenOut]:
    """What templates would write, in an invented letter or in every letter of a drafted round. Keeps nothing."""
    own = actions.tried(body.kind, body.language, body.subject, body.text)
    if body.notice_id is None:
        return [_written(None, written.sample(body.kind, body.language), own)]
    notice = issuing.unissued(session, body.notice_id)
    if notice.kind != body.kind:
        raise BadInput(f"is a round of {notice.kind}, and the text is for {body.kind}", field="notice_id")
    out = []
    for item in drafting.compose_all(session, notice, issued=False):
        document = item.document
        if document.header.language.partition("-")[0] != body.language or body.client_id not in (None, item.client_id):
            continue
        number = document.recipient.client_id
        try:
            out.append(_written(number, document, written.write(body.subject, body.text, document, "preview")))
        except Refused as error:
            raise BadInput(f"cannot be written for {number}: {error}", field="text", example=TEXT) from None
    if not out:
        raise BadInput(
            f"has no letter in {body.language}" + (" for this client" if body.client_id else ""), field="notice_id"
        )
    return out


def _written(number: str | None, letter: doc.ClientLetter, own: doc.OwnText) -> WrittenOut:
    whole = letter.model_copy(update={"own": own})
    return WrittenOut(
        client_number=number, subject=own.subject, paragraphs=list(own.paragraphs), words=shop.word_count(whole)
    )


@router.post("/own-texts/{own_text_id}/withdraw", dependencies=[Operator])
def withdraw_own_text(own_text_id: UUID, body: WithdrawIn, session: SessionDep, now: NowDep) -> OwnTextOut:
    """Letters of this kind and language are in Kept's own words again. Letters that went out keep theirs."""
    return _out(session, actions.withdraw(session, own_text_id, by=body.withdrawn_by, now=now))
