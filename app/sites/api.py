"""Sites, their placements and their checks over the API."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from fastapi import Query
from pydantic import AfterValidator, Field
from sqlmodel import col, select

from app.access.guard import Operator, Viewer
from app.agreements import queries as agreements
from app.fields import Id, In, Instant, Line, Out, Source, Text
from app.sites import actions, queries
from app.sites.tables import Placement, Site, SiteCheck
from app.web.edge import NowDep, Page, PagingDep, Router, SessionDep, page

router = Router(tags=["sites"])

LABEL = r"[^\W_](?:(?:[^\W_]|-){0,61}[^\W_])?"


def _host(name: str) -> str:
    name = unicodedata.normalize("NFC", name).lower().removesuffix(".")
    if len(name) > 253 or not re.fullmatch(rf"{LABEL}(?:\.{LABEL})+", name):
        raise ValueError("must be a host name alone, without scheme or path, e.g. shop.larkfield.example")
    return name


HostName = Annotated[Line, AfterValidator(_host), Field(examples=["shop.larkfield.example"])]
AsAt = Annotated[
    Instant | None,
    Query(description="As at this moment; now, if left out. Write Z or %2B for +.", examples=["2025-06-30T04:00:00Z"]),
]


class PlacementIn(In):
    service_id: Id
    from_at: Annotated[Instant, Field(examples=["2024-07-01T00:00:00+02:00"])]
    to_at: Annotated[
        Instant | None, Field(description="Exclusive; null: still there.", examples=["2025-07-05T20:00:00+02:00"])
    ] = None


class PlacementEnd(In):
    to_at: Annotated[Instant, Field(description="Exclusive.", examples=["2025-07-05T20:00:00+02:00"])]


class PlacementOut(Out):
    id: UUID
    site_id: UUID
    service_id: UUID
    from_at: datetime
    to_at: datetime | None
    created_at: datetime


class SiteOfClientIn(In):
    name: Annotated[HostName, Field(description="Unique among the sites that have not ended.")]
    number: Annotated[Line | None, Field(description="Unique; lists go by it.", examples=["S-014"])] = None
    placements: Annotated[
        list[PlacementIn],
        Field(
            default_factory=list,
            max_length=50,
            examples=[[{"service_id": "…", "from_at": "2024-07-01T00:00:00+02:00"}]],
        ),
    ]


class SiteIn(SiteOfClientIn):
    client_id: Id


class SiteEnd(In):
    at: Annotated[Instant, Field(examples=["2025-06-30T20:00:00+02:00"])]


class SiteOut(Out):
    id: UUID
    client_id: UUID
    name: str
    number: str | None
    ended_at: datetime | None
    created_at: datetime


class CheckIn(In):
    """True, false, or null where nobody looked. What contradicts itself is refused."""

    at: Annotated[Instant, Field(examples=["2025-06-30T05:40:00+02:00"])]
    reachable: Annotated[bool | None, Field(description="It answers at all.", examples=[True])] = None
    working: Annotated[bool | None, Field(description="Content, forms, mail work.", examples=[True])] = None
    current: Annotated[bool | None, Field(description="It holds the newest data.", examples=[False])] = None
    source: Source = "N"
    note: Annotated[Text, Field(examples=["The newest order in the shop is of 28 June, 21:47."])] = ""


class SiteCheckIn(CheckIn):
    site_id: Id


class ChecksIn(In):
    checks: Annotated[
        list[SiteCheckIn],
        Field(
            min_length=1,
            max_length=1000,
            examples=[[{"site_id": "…", "at": "2025-06-30T05:40:00+02:00", "reachable": True}]],
        ),
    ]


class CheckOut(Out):
    id: UUID
    site_id: UUID
    at: datetime
    reachable: bool | None
    working: bool | None
    current: bool | None
    source: str
    note: str
    created_at: datetime


class ChecksOut(Out):
    items: list[CheckOut]


class SiteStateOut(Out):
    """The newest check's answers. `state` is current, old, down or unknown; a site that answers is not yet back."""

    site_id: UUID
    name: str
    number: str | None
    as_at: datetime
    state: Annotated[str, Field(examples=["old"])]
    reachable: bool | None
    working: bool | None
    current: bool | None
    unknown: Annotated[list[str], Field(description="What the newest check left open.", examples=[["current"]])]
    check_id: UUID | None
    checked_at: datetime | None
    source: str | None
    note: str | None


def _state(site: Site, check: SiteCheck | None, as_at: datetime) -> SiteStateOut:
    answers = {name: getattr(check, name) if check else None for name in ("reachable", "working", "current")}
    return SiteStateOut(
        site_id=site.id,
        name=site.name,
        number=site.number,
        as_at=as_at,
        state=queries.state_of(check).value,
        **answers,
        unknown=[name for name, answer in answers.items() if answer is None],
        check_id=check.id if check else None,
        checked_at=check.at if check else None,
        source=check.source if check else None,
        note=check.note if check else None,
    )


@router.post("/sites", status_code=201, dependencies=[Operator])
def add_site(body: SiteIn, session: SessionDep, now: NowDep) -> SiteOut:
    """Enters a website of a client, with its stays on services if they are known."""
    return SiteOut.model_validate(actions.add_site(session, now=now, **body.model_dump()))


@router.get("/sites", dependencies=[Viewer])
def list_sites(
    session: SessionDep,
    paging: PagingDep,
    client_id: Annotated[UUID | None, Query()] = None,
    service_id: Annotated[UUID | None, Query(description="Ever placed on this service.")] = None,
    name: Annotated[Line | None, Query(examples=["shop.larkfield.example"])] = None,
) -> Page[SiteOut]:
    """All sites, ended ones included."""
    query = select(Site)
    if client_id is not None:
        query = query.where(Site.client_id == client_id)
    if service_id is not None:
        placed = select(Placement.site_id).where(Placement.service_id == service_id)
        query = query.where(col(Site.id).in_(placed))
    if name is not None:
        query = query.where(Site.name == name.lower())
    rows, following = page(session, query, Site.id, paging)
    return Page(items=[SiteOut.model_validate(row) for row in rows], next=following)


@router.get("/sites/{site_id}", dependencies=[Viewer])
def read_site(site_id: UUID, session: SessionDep) -> SiteOut:
    """One site, and the client it belongs to."""
    return SiteOut.model_validate(queries.site(session, site_id))


@router.post("/sites/{site_id}/end", dependencies=[Operator])
def end_site(site_id: UUID, body: SiteEnd, session: SessionDep, now: NowDep) -> SiteOut:
    """The site is ours no longer. Its stays must have ended; its name is free again."""
    return SiteOut.model_validate(actions.end_site(session, site_id, at=body.at, now=now))


@router.post("/sites/{site_id}/placements", status_code=201, dependencies=[Operator])
def place(site_id: UUID, body: PlacementIn, session: SessionDep, now: NowDep) -> PlacementOut:
    """Puts the site on a service. It sits on one at a time: 409 names the other stay."""
    return PlacementOut.model_validate(actions.place(session, site_id, now=now, **body.model_dump()))


@router.get("/placements", dependencies=[Viewer])
def list_placements(
    session: SessionDep,
    paging: PagingDep,
    site_id: Annotated[UUID | None, Query()] = None,
    service_id: Annotated[UUID | None, Query()] = None,
) -> Page[PlacementOut]:
    """Which site sat on which service, and when."""
    query = select(Placement)
    if site_id is not None:
        query = query.where(Placement.site_id == site_id)
    if service_id is not None:
        query = query.where(Placement.service_id == service_id)
    rows, following = page(session, query, Placement.id, paging)
    return Page(items=[PlacementOut.model_validate(row) for row in rows], next=following)


@router.post("/placements/{placement_id}/end", dependencies=[Operator])
def end_placement(placement_id: UUID, body: PlacementEnd, session: SessionDep, now: NowDep) -> PlacementOut:
    """The site leaves the service. To move it, end this stay and place it on the other."""
    return PlacementOut.model_validate(actions.end_placement(session, placement_id, to_at=body.to_at, now=now))


@router.post("/sites/{site_id}/checks", status_code=201, dependencies=[Operator])
def record_check(site_id: UUID, body: CheckIn, session: SessionDep, now: NowDep) -> CheckOut:
    """What was seen of the site: reachable, working, current."""
    return CheckOut.model_validate(actions.record_check(session, site_id, now=now, **body.model_dump()))


@router.get("/sites/{site_id}/checks", dependencies=[Viewer])
def list_checks(site_id: UUID, session: SessionDep, paging: PagingDep) -> Page[CheckOut]:
    """All checks of the site, as recorded."""
    queries.site(session, site_id)
    rows, following = page(session, select(SiteCheck).where(SiteCheck.site_id == site_id), SiteCheck.id, paging)
    return Page(items=[CheckOut.model_validate(row) for row in rows], next=following)


@router.post("/site-checks", status_code=201, dependencies=[Operator])
def record_checks(body: ChecksIn, session: SessionDep, now: NowDep) -> ChecksOut:
    """Many checks at once: all of them, or none if one is not right."""
    rows = actions.record_checks(session, [check.model_dump() for check in body.checks], now=now)
    return ChecksOut(items=[CheckOut.model_validate(row) for row in rows])


@router.get("/sites/{site_id}/state", dependencies=[Viewer])
def read_state(site_id: UUID, session: SessionDep, now: NowDep, as_at: AsAt = None) -> SiteStateOut:
    """Whether the site is back: reachable, working, current, or unknown."""
    site = queries.site(session, site_id)
    moment = as_at or now
    return _state(site, queries.newest_checks(session, [site.id], moment).get(site.id), moment)


@router.get("/site-states", dependencies=[Viewer])
def list_states(
    session: SessionDep,
    now: NowDep,
    paging: PagingDep,
    service_id: Annotated[UUID | None, Query(description="Placed on this service at that moment.")] = None,
    as_at: AsAt = None,
) -> Page[SiteStateOut]:
    """Whether the sites are back, by the newest check of each."""
    moment = as_at or now
    query = select(Site).where(sa.or_(col(Site.ended_at).is_(None), col(Site.ended_at) > moment))
    if service_id is not None:
        agreements.service(session, service_id)
        placed = select(Placement.site_id).where(
            Placement.service_id == service_id,
            col(Placement.from_at) <= moment,
            sa.or_(col(Placement.to_at).is_(None), col(Placement.to_at) > moment),
        )
        query = query.where(col(Site.id).in_(placed))
    rows, following = page(session, query, Site.id, paging)
    newest = queries.newest_checks(session, [row.id for row in rows], moment)
    return Page(items=[_state(row, newest.get(row.id), moment) for row in rows], next=following)
