"""Channels and alerts over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from pydantic import Field, field_validator, model_validator
from sqlmodel import col, select

from app.access.guard import Operator, Viewer
from app.alerts import actions, queries
from app.alerts.kinds import ALWAYS, CHOICE, MEANING, Kind
from app.alerts.sending import Sender, look
from app.alerts.tables import Alert, AlertChannel
from app.db import transaction
from app.fields import In, Line, Out, Zone
from app.web.edge import NowDep, Page, PagingDep, Router, SessionDep, page

router = Router(tags=["alerts"])
Clock = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", examples=["22:00"])]
KINDS_SAID = "; ".join(f"`{kind}`: {MEANING[kind]}" for kind in CHOICE)


class QuietIn(In):
    """Hours in which alerts wait."""

    start: Clock
    end: Annotated[Clock, Field(examples=["07:00"])]
    zone: Zone
    always: Annotated[
        Sequence[Kind], Field(max_length=20, examples=[["outage"]], description="What is told all the same.")
    ] = ALWAYS

    @model_validator(mode="after")
    def _some_time(self) -> QuietIn:
        if self.start == self.end:
            raise ValueError("start and end must differ, e.g. 22:00 and 07:00")
        return self


class ChannelIn(In):
    name: Annotated[Line, Field(examples=["Anna's telephone"])]
    url: Annotated[
        str,
        Field(
            min_length=5, max_length=2000, examples=["ntfys://ntfy.example/kept-alerts"],
            description="As Apprise writes it. Stored encrypted, never shown again.",
        ),
    ]  # fmt: skip
    kinds: Annotated[
        Sequence[Kind],
        Field(max_length=20, examples=[["outage", "outage_ended"]], description=f"Which. {KINDS_SAID}."),
    ] = CHOICE
    quiet: QuietIn | None = None

    @field_validator("kinds")
    @classmethod
    def _one_at_least(cls, kinds: Sequence[Kind]) -> Sequence[Kind]:
        if not set(kinds) & set(CHOICE):
            raise ValueError("must name one at least, e.g. outage")
        return kinds


class ChannelOut(Out):
    id: UUID
    name: str
    scheme: Annotated[str, Field(description="All that is shown of its address.")]
    kinds: list[str]
    quiet: dict[str, Any] | None
    created_at: datetime
    retired_at: datetime | None


class SendingOut(Out):
    channel: str
    state: Annotated[str, Field(description="queued, sending, sent, given_up, dropped")]
    due_at: datetime
    attempts: int
    sent_at: datetime | None
    error: str | None


class AlertOut(Out):
    id: UUID
    created_at: datetime
    kind: str
    title: str
    text: str
    service_id: UUID | None
    quiet: Annotated[str | None, Field(description="Why nobody was disturbed, where it was expected.")]
    sendings: list[SendingOut]


class TestOut(Out):
    sent: bool
    error: Annotated[str | None, Field(description="Why it was not taken.")]


@router.post("/alerts/channels", status_code=201, dependencies=[Operator])
def make_channel(body: ChannelIn, session: SessionDep, now: NowDep, request: Request) -> ChannelOut:
    """A channel for alerts to the people who look after Kept; it gets those raised from now on."""
    url = body.url.strip()
    scheme = look(url)
    quiet = None if body.quiet is None else body.quiet.model_dump(mode="json")
    row = actions.make_channel(
        session, name=body.name, url=url, scheme=scheme, kinds=body.kinds, quiet=quiet,
        seals=request.app.state.vault, now=now,
    )  # fmt: skip
    return ChannelOut.model_validate(row)


@router.get("/alerts/channels", dependencies=[Viewer])
def list_channels(session: SessionDep, paging: PagingDep) -> Page[ChannelOut]:
    """The channels, retired ones included; their addresses are never shown."""
    rows, following = page(session, select(AlertChannel), AlertChannel.id, paging)
    return Page(items=[ChannelOut.model_validate(row) for row in rows], next=following)


@router.post("/alerts/channels/{channel_id}/retire", dependencies=[Operator])
def retire_channel(channel_id: UUID, session: SessionDep, now: NowDep) -> ChannelOut:
    """It gets nothing more; what was on its way to it is dropped."""
    row = actions.retire_channel(session, queries.channel(session, channel_id), now=now)
    return ChannelOut.model_validate(row)


# No replay by Idempotency-Key: it would hold the database while somebody else's server is waited for.
@router.post("/alerts/channels/{channel_id}/test", dependencies=[Operator], openapi_extra={"x-secret": True})
def test_channel(channel_id: UUID, request: Request, now: NowDep) -> TestOut:
    """Sends a test to one channel at once and says whether it was taken. It stands in the log like any other."""
    state = request.app.state
    with transaction(state.engine) as session:
        row = actions.test_alert(session, queries.channel(session, channel_id), now=now)
    error = Sender(state.vault, state.settings.alert_allowed_networks).finish(state.engine, row, now)
    return TestOut(sent=error is None, error=error)


OfKind = Annotated[Kind | None, Query(description="Only of this kind.")]
Newest = Annotated[bool, Query(description="The newest of them, as many as `limit`, in place of a page.")]


@router.get("/alerts", dependencies=[Viewer])
def list_alerts(session: SessionDep, paging: PagingDep, kind: OfKind = None, newest: Newest = False) -> Page[AlertOut]:
    """What was raised, and what became of it channel by channel."""
    query = select(Alert)
    if kind is not None:
        query = query.where(Alert.kind == kind)
    if newest:
        rows = session.exec(query.order_by(col(Alert.id).desc()).limit(paging.limit)).all()[::-1]
        following = None
    else:
        rows, following = page(session, query, Alert.id, paging)
    sendings = queries.sendings_of(session, [row.id for row in rows])
    items = [
        AlertOut(
            **row.model_dump(),
            sendings=[SendingOut(**one.model_dump(), channel=name) for one, name in sendings.get(row.id, [])],
        )
        for row in rows
    ]
    return Page(items=items, next=following)
