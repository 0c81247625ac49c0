"""Places to ask from over the API: made and retired by the owner; and the two doors that are there for agents alone."""

from __future__ import annotations

from datetime import datetime
from ipaddress import ip_address
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Path, Query, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import Field, ValidationError
from sqlmodel import col, select
from starlette.requests import ClientDisconnect

from app.access.guard import Agent, Owner, Viewer, need
from app.access.tables import AGENT, Token
from app.errors import BadInput
from app.fields import In, Line, Out, Text
from app.prober.remote.form import CLOCKS_APART_US, Batch, Receipt, Tasks, unpacked
from app.probes.locations import actions, assigning, batches
from app.probes.locations.tables import Location, LocationGap
from app.web.edge import Edge, NowDep, Page, PagingDep, Router, SessionDep, page

router = Router(tags=["observations"])

Named = Annotated[str, Path(description="Of the location.", examples=["frankfurt"], max_length=40)]


class LocationIn(In):
    name: Annotated[Line, Field(max_length=40, examples=["frankfurt"], description="Small letters, digits, dashes.")]


class LocationOut(Out):
    """A place to ask from, and how its agent is."""

    id: UUID
    name: str
    created_at: datetime
    until_at: datetime | None
    asks: Annotated[bool, Field(description="Its agent was heard of within the last half minute.")]
    seen_at: Annotated[datetime | None, Field(description="When it was heard of last.")]
    offset_ms: Annotated[int | None, Field(description="How far its clock is ahead of ours, for certain.")]
    clock_wrong: Annotated[bool, Field(description="Too far: what it answers counts for nothing.")]
    monitors: int
    waiting: Annotated[int, Field(description="Answers still on its disk.")]
    dropped: Annotated[int, Field(description="Answers it lost since it began.")]


class LocationMade(LocationOut):
    token: Annotated[str, Field(description="Its agent's. Shown once; only its digest is kept.")]


class TokenOut(Out):
    token: Annotated[str, Field(description="Shown once; only its digest is kept.")]


class RetireIn(In):
    reason: Annotated[Text, Field(min_length=1, examples=["the contract there ended"])]


class GapOut(Out):
    id: UUID
    location: str
    kind: Literal["offline", "clock", "refused", "lost"]
    start_at: datetime
    end_at: datetime
    answers: Annotated[int | None, Field(description="How many count for nothing, where that is known.")]
    reason: str
    created_at: datetime


@router.post("/locations", status_code=201, dependencies=[Owner], openapi_extra={"x-secret": True})
def add_location(body: LocationIn, session: SessionDep, now: NowDep) -> LocationMade:
    """A place to ask from. Its agent, `kept probe --server … --location NAME`, needs the token in this answer."""
    location, text = actions.add_location(session, name=body.name, now=now)
    return LocationMade(token=text, **_shown(location, now).model_dump())


@router.get("/locations", dependencies=[Viewer])
def list_locations(session: SessionDep, paging: PagingDep, now: NowDep) -> Page[LocationOut]:
    """All places to ask from, retired ones included, and how their agents are."""
    rows, following = page(session, select(Location), Location.id, paging)
    return Page(items=[_shown(row, now) for row in rows], next=following)


@router.post("/locations/{name}/token", status_code=201, dependencies=[Owner], openapi_extra={"x-secret": True})
def new_token(name: Named, session: SessionDep, now: NowDep) -> TokenOut:
    """Another token for its agent. The one before counts no more."""
    return TokenOut(token=actions.new_token(session, actions.found(session, name), now=now))


@router.post("/locations/{name}/retire", dependencies=[Owner])
def retire_location(name: Named, body: RetireIn, session: SessionDep, now: NowDep) -> LocationOut:
    """It takes no part from now on. Refused while a monitor would be left with fewer locations than must agree."""
    return _shown(actions.retire_location(session, actions.found(session, name), reason=body.reason, now=now), now)


@router.get("/location-gaps", dependencies=[Viewer])
def list_gaps(
    session: SessionDep, paging: PagingDep,
    location: Annotated[str | None, Query(max_length=40, description="Of one location alone.")] = None,
) -> Page[GapOut]:  # fmt: skip
    """When a location could tell nothing: cut off, its clock wrong, its answers lost."""
    query = select(LocationGap)
    if location is not None:
        query = query.where(col(LocationGap.location) == location)
    rows, following = page(session, query, LocationGap.id, paging)
    return Page(items=[GapOut.model_validate(row) for row in rows], next=following)


Who = Annotated[Token, Depends(need(AGENT))]
Where = Annotated[str, Query(max_length=40, description="The location it asks from.", examples=["frankfurt"])]
Spool = Annotated[
    str, Query(pattern="^[0-9a-f]{32}$", description="Its spool's name.", examples=["0f8b1c2d3e4f5a6b7c8d9e0f1a2b3c4d"])
]


@router.get("/agent/assignments", dependencies=[Agent])
def read_assignments(
    request: Request, session: SessionDep, now: NowDep, who: Who, location: Where, spool: Spool
) -> Tasks:  # fmt: skip
    """For agents: what to ask from their location, with an ETag; 304 where nothing changed. Headers that monitors send
    are in it over TLS alone."""
    place = actions.of_token(session, who.id, location)
    vault = request.app.state.vault
    return assigning.tasks(
        session, place, vault, spool=spool, encrypted=_encrypted(request), now=now,
        occasions=request.app.state.occasions,
    )  # fmt: skip


BODY = {"required": True, "content": {"application/json": {
    "schema": {"type": "object", "description": "A batch, as app/prober/remote/form.py has it; gzip as a rule."},
    "example": {"location": "frankfurt", "spool": "0f8b1c2d3e4f5a6b7c8d9e0f1a2b3c4d", "sent_at": 1750000000000000},
}}}  # fmt: skip


@router.post("/agent/batches", dependencies=[Agent], openapi_extra={"requestBody": BODY, "x-secret": True})
async def take_batch(request: Request, now: NowDep, who: Who) -> Receipt:
    """For agents: takes in a batch of answers, JSON or gzip, whole or not at all. It is answered when it is committed;
    handed over again, whole or cut otherwise, it adds nothing."""
    try:
        body = await request.body()
    except ClientDisconnect:
        raise BadInput("the batch broke off; nothing of it was taken in", field="body") from None
    return await run_in_threadpool(_take, request.state.edge, body, request.headers.get("content-encoding"), who, now)


def _take(edge: Edge, body: bytes, encoding: str | None, who: Token, now: datetime) -> Receipt:
    session = edge.open()
    example = '{"location": "frankfurt", "spool": "…", "sent_at": 1750000000000000, "records": []}'
    try:
        text = unpacked(body) if encoding == "gzip" else body
        batch = Batch.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "body"
        raise BadInput(f"{first['msg']}; nothing of the batch was taken in", field=where, example=example) from None
    except ValueError as error:
        raise BadInput(f"{error}; nothing of the batch was taken in", field="body", example=example) from None
    location = actions.of_token(session, who.id, batch.location)
    return batches.take(session, location, batch, batches.digest_of(text), now)


def _encrypted(request: Request) -> bool:
    """Whether the way to the agent is TLS, as the proxy before us says, or does not leave this machine."""
    if request.url.scheme == "https":
        return True
    try:
        return request.client is not None and ip_address(request.client.host).is_loopback
    except ValueError:
        return False


def _shown(row: Location, now: datetime) -> LocationOut:
    health, off = row.health, row.offset_ms
    return LocationOut(
        id=row.id, name=row.name, created_at=row.created_at, until_at=row.until_at,
        asks=actions.alive(row, now), seen_at=row.seen_at, offset_ms=off,
        clock_wrong=off is not None and abs(off) * 1000 > CLOCKS_APART_US,
        monitors=health.get("monitors", 0), waiting=health.get("waiting", 0), dropped=health.get("dropped", 0),
    )  # fmt: skip
