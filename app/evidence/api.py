"""The evidence log over the API: read, verify, take away."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import datetime
from typing import IO, Annotated, Any
from uuid import UUID

from fastapi import Path, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field
from sqlmodel import col, select

from app.access.guard import Operator, Viewer
from app.errors import NotFound
from app.evidence import actions, queries
from app.evidence.tables import Attachment, Entry, Retraction
from app.fields import In, Line, Out
from app.web.edge import NowDep, Page, PagingDep, Router, SessionDep, page

router = Router(prefix="/evidence", tags=["evidence"], dependencies=[Viewer])

Digest = Annotated[
    str, Query(pattern="^[0-9a-f]{64}$", examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"])
]


class EntryOut(BaseModel):
    """One line of the log, in the form it is hashed in."""

    seq: int
    recorded_at: str
    occurred_at: str
    actor: str
    source: str
    kind: str
    subject: str
    body: dict[str, Any]
    attachments: list[Any] | dict[str, str]  # the latter only where the stored text was tampered with
    prev: str
    digest: str


class EntryPage(BaseModel):
    items: list[EntryOut]
    next: int | None


class HeadOut(BaseModel):
    seq: int
    digest: str


class FindingOut(BaseModel):
    seq: int
    what: str
    text: str


class VerificationOut(BaseModel):
    whole: bool
    entries: int
    head: str
    findings: list[FindingOut]


@router.get("/entries")
def list_entries(
    session: SessionDep,
    after: Annotated[int, Query(ge=0, le=2**53, description="`next` of the page before.")] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    subject: Annotated[str | None, Query(max_length=200, pattern=r"^[\w:.-]+$", examples=["window:0197"])] = None,
) -> EntryPage:
    """Lines of the log in order; `subject` narrows to one row's history."""
    query = select(Entry).where(col(Entry.seq) > after)
    if subject is not None:
        query = query.where(Entry.subject == subject)
    rows = session.exec(query.order_by(col(Entry.seq)).limit(limit + 1)).all()
    items = [EntryOut(**actions.as_hashed(row)) for row in rows[:limit]]
    return EntryPage(items=items, next=items[-1].seq if len(rows) > limit else None)


@router.get("/head")
def head(session: SessionDep) -> HeadOut:
    """Number and digest of the last line. Once it is printed or sent, nobody can rewrite what stands before it."""
    seq, digest = actions.head(session)
    return HeadOut(seq=seq, digest=digest)


@router.get("/verify")
def verify(session: SessionDep, expect: Annotated[list[Digest] | None, Query(max_length=50)] = None) -> VerificationOut:
    """Recomputes the whole chain. `expect`: digests from documents' footers that must be in it."""
    result = queries.verify_log(session, expect or ())
    findings = [FindingOut(seq=item.seq, what=item.what, text=item.text) for item in result.findings]
    return VerificationOut(whole=result.whole, entries=result.count, head=result.head, findings=findings)


@router.get("/bundle.zip", response_class=Response, responses={200: {"content": {"application/zip": {}}}})
def bundle(session: SessionDep) -> Response:
    """The log with its attachments, for a third party: docs/verify-evidence.md says how to check it."""
    file = tempfile.TemporaryFile()  # noqa: SIM115  the answer closes it, when it was sent
    queries.bundle(session, file)
    headers = {
        "content-disposition": 'attachment; filename="kept-evidence.zip"',
        "content-length": str(file.tell()),
    }
    file.seek(0)
    return StreamingResponse(_pieces(file), media_type="application/zip", headers=headers)


def _pieces(file: IO[bytes], size: int = 1 << 16) -> Iterator[bytes]:
    with file:
        while piece := file.read(size):
            yield piece


@router.get(
    "/attachments/{digest}", response_class=Response, responses={200: {"content": {"application/octet-stream": {}}}}
)
def attachment(
    digest: Annotated[str, Path(description="SHA-256 of the bytes, in hexadecimal.")], session: SessionDep
) -> Response:
    """Bytes kept whole, by their SHA-256."""
    row = session.get(Attachment, digest) if len(digest) == 64 and digest.isascii() else None
    if row is None:
        raise NotFound("no attachment has this digest", field="digest")
    return Response(row.content, media_type="application/octet-stream", headers={"content-disposition": "attachment"})


class RetractionIn(In):
    """What was entered wrongly. It stays in the record, and counts for nothing from now on."""

    subject: Annotated[
        Line,
        Field(
            description="Table and id, as the log names it.", examples=["window:01997a3e-7c1b-7d2e-9f00-5a6b7c8d9e0f"]
        ),
    ]
    by: Annotated[Line, Field(max_length=120, description="The person who says so.", examples=["Dana Reyes"])]
    reason: Annotated[Line, Field(examples=["typed 22:00 for 23:00; the provider's e-mail says 23:00"])]


class RetractionOut(Out):
    id: UUID
    subject: str
    by: str
    reason: str
    created_at: datetime


@router.post("/retractions", status_code=201, dependencies=[Operator])
def retract(body: RetractionIn, session: SessionDep, now: NowDep) -> RetractionOut:
    """A fact of ours was wrong: it counts no more, in no statement and no letter. Enter the right one beside it."""
    row = actions.retract(session, subject=body.subject, by=body.by, reason=body.reason, now=now)
    return RetractionOut.model_validate(row)


@router.get("/retractions")
def list_retractions(session: SessionDep, paging: PagingDep) -> Page[RetractionOut]:
    """What was retracted, by whom and why, oldest first."""
    rows, following = page(session, select(Retraction), Retraction.id, paging)
    return Page(items=[RetractionOut.model_validate(row) for row in rows], next=following)
