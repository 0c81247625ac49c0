"""The provider's messages over the API: in whole, and out as the very bytes that came."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Annotated, Literal
from urllib.parse import quote
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from pydantic import Field
from sqlmodel import select

from app.access.guard import Operator, Viewer
from app.errors import BadInput
from app.evidence.tables import Attachment
from app.fields import Id, In, Instant, Line, Out, Text
from app.messages import actions, queries
from app.messages.tables import Message
from app.web.edge import NowDep, Page, PagingDep, Router, SessionDep, page

router = Router(prefix="/messages", tags=["messages"])

Channel = Literal["email", "phone", "portal", "ticket", "status_page", "other"]
Type = Literal[
    "announce",
    "remind",
    "amend",
    "reschedule",
    "postpone",
    "withdraw",
    "cancel",
    "start",
    "extend",
    "complete",
    "other",
]
MediaType = Annotated[
    str, Field(max_length=127, pattern=r"^[A-Za-z0-9][\w.+-]*/[A-Za-z0-9][\w.+-]*$", examples=["message/rfc822"])
]


class MessageIn(In):
    """`content_base64` is the message as it came (an .eml, a picture of a page); without it, `text` is what is kept."""

    provider_id: Id
    channel: Annotated[Channel, Field(examples=["email"])]
    received_at: Annotated[Instant, Field(description="When it reached us.", examples=["2025-06-03T10:05:00+02:00"])]
    type: Annotated[Type, Field(description="What the message does.", examples=["announce"])]
    subject: Annotated[Line | None, Field(examples=["Scheduled maintenance HOST-1"])] = None
    text: Annotated[
        Text | None, Field(examples=["The array is cloned on Sat 7 June, 22:00-24:00. The server is off."])
    ] = None
    content_base64: Annotated[
        str | None, Field(max_length=40_000_000, description="The bytes, in base64.", examples=["RnJvbTogc3VwcG9ydEA="])
    ] = None
    media_type: MediaType | None = None
    filename: Annotated[Line | None, Field(examples=["maintenance.eml"])] = None


class MessageOut(Out):
    id: UUID
    provider_id: UUID
    channel: str
    received_at: datetime
    type: str
    subject: str | None
    text: str | None
    digest: Annotated[str, Field(description="SHA-256 of the bytes kept.")]
    size: Annotated[int, Field(description="Bytes.")]
    media_type: str
    filename: str | None
    source: Annotated[str, Field(description="P, or T in a ticket.", examples=["P"])]
    created_at: datetime


def _out(row: Message) -> MessageOut:
    values = {name: getattr(row, name) for name in MessageOut.model_fields if name != "source"}
    return MessageOut(**values, source=queries.source_of(row, None))


def _bytes(text: str | None) -> bytes | None:
    if text is None:
        return None
    try:
        content = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise BadInput("is not base64", field="content_base64", example="RnJvbTogc3VwcG9ydEA=") from None
    if not content:
        raise BadInput("holds no bytes", field="content_base64", example="RnJvbTogc3VwcG9ydEA=")
    return content


@router.post("", status_code=201, dependencies=[Operator])
def receive(body: MessageIn, session: SessionDep, now: NowDep) -> MessageOut:
    """Keeps a provider's message whole and answers with its SHA-256."""
    values = body.model_dump(exclude={"content_base64"})
    return _out(actions.receive(session, content=_bytes(body.content_base64), now=now, **values))


async def _body(request: Request) -> bytes:
    return await request.body()


RAW = {
    "required": True,
    "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
}


@router.post("/raw", status_code=201, dependencies=[Operator], openapi_extra={"requestBody": RAW})
def receive_raw(
    session: SessionDep,
    now: NowDep,
    request: Request,
    content: Annotated[bytes, Depends(_body)],
    provider_id: Annotated[Id, Query()],
    channel: Annotated[Channel, Query(examples=["email"])],
    received_at: Annotated[Instant, Query(description="Write Z or %2B for +.", examples=["2025-06-03T08:05:00Z"])],
    type: Annotated[Type, Query(examples=["announce"])],
    subject: Annotated[Line | None, Query(examples=["Scheduled maintenance HOST-1"])] = None,
    filename: Annotated[Line | None, Query(examples=["maintenance.eml"])] = None,
) -> MessageOut:
    """The same with the bytes as the body, of whatever content type: `curl --data-binary @mail.eml`."""
    if not content:
        raise BadInput("holds no bytes", field="body", example="curl --data-binary @mail.eml …")
    media_type = request.headers.get("content-type", "").partition(";")[0].strip()
    if not media_type.isascii() or media_type.count("/") != 1 or len(media_type) > 127:
        media_type = "application/octet-stream"
    row = actions.receive(
        session, provider_id=provider_id, channel=channel, received_at=received_at, type=type, subject=subject,
        content=content, media_type=media_type, filename=filename, now=now,
    )  # fmt: skip
    return _out(row)


@router.get("", dependencies=[Viewer])
def list_messages(
    session: SessionDep,
    paging: PagingDep,
    provider_id: Annotated[UUID | None, Query()] = None,
    channel: Annotated[Channel | None, Query(examples=["email"])] = None,
    type: Annotated[Type | None, Query(examples=["announce"])] = None,
) -> Page[MessageOut]:
    """The messages, without their bytes, as recorded."""
    query = select(Message)
    if provider_id is not None:
        query = query.where(Message.provider_id == provider_id)
    if channel is not None:
        query = query.where(Message.channel == channel)
    if type is not None:
        query = query.where(Message.type == type)
    rows, following = page(session, query, Message.id, paging)
    return Page(items=[_out(row) for row in rows], next=following)


@router.get("/{message_id}", dependencies=[Viewer])
def read_message(message_id: UUID, session: SessionDep) -> MessageOut:
    """One message, without its bytes."""
    return _out(queries.message(session, message_id))


@router.get(
    "/{message_id}/content",
    dependencies=[Viewer],
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}}},
)
def read_content(message_id: UUID, session: SessionDep) -> Response:
    """The very bytes that came, to be saved: a foreign mail is never shown as a page of ours."""
    row = queries.message(session, message_id)
    content = session.get_one(Attachment, row.digest).content
    name = quote(row.filename or f"message-{row.id}", safe="")
    headers = {
        "content-disposition": f"attachment; filename*=UTF-8''{name}",
        "x-content-type-options": "nosniff",
    }
    return Response(content, media_type="application/octet-stream", headers=headers)
