"""Entering sites, moving them between services, and noting what was seen of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

from app.agreements import queries as agreements
from app.errors import BadInput, Conflict, KeptError, NotFound
from app.evidence import actions as evidence
from app.fields import happened
from app.sites import queries
from app.sites.tables import Placement, Site, SiteCheck


@contextmanager
def inside(path: str) -> Iterator[None]:
    """Puts `path` before the field of an error, so that one of many things sent together is found: `sites.3.name`."""
    try:
        yield
    except KeptError as error:
        error.field = f"{path}.{error.field}" if error.field else path
        error.args = (error.sentence(),)
        raise


def add_site(
    session: Session,
    *,
    client_id: UUID,
    name: str,
    number: str | None = None,
    placements: Iterable[Mapping[str, Any]] = (),
    now: datetime,
) -> Site:
    """A website, with its stays on services. Raises NotFound, and Conflict for a name or number already taken."""
    _client_is_there(session, client_id)
    current = select(Site).where(Site.name == name, col(Site.ended_at).is_(None))
    if (other := session.exec(current).first()) is not None:
        raise Conflict(
            f"the site {name} is there already, {other.id}; end that one if this is another",
            field="name",
            example=f"POST /sites/{other.id}/end",
        )
    if number is not None and (other := session.exec(select(Site).where(Site.number == number)).first()) is not None:
        raise Conflict(f"the number {number} is that of {other.name}", field="number", example="S-001")
    row = Site(created_at=now, client_id=client_id, name=name, number=number)
    session.add(row)
    evidence.append(session, "site.added", row, now)
    for index, stay in enumerate(placements):
        with inside(f"placements.{index}"):
            place(session, row.id, now=now, **stay)
    return row


def _client_is_there(session: Session, client_id: UUID) -> None:
    """Rooms refer to one another by id: the room `clients` stands above this one and is not imported."""
    client = SQLModel.metadata.tables["client"]
    if session.execute(sa.select(client.c.id).where(client.c.id == client_id)).first() is None:
        raise NotFound(f"no client has the id {client_id}; GET /clients lists them", field="client_id")


def end_site(session: Session, id_: UUID, *, at: datetime, now: datetime) -> Site:
    """The site is ours no longer and its name is free again. Raises NotFound, Conflict, BadInput."""
    row = queries.site(session, id_, lock=True)
    happened(at, now, "at")
    if row.ended_at is not None:
        raise Conflict(f"{row.name} ended at {row.ended_at.isoformat()} already", field="at")
    for stay in queries.placements_of(session, row.id):
        if stay.to_at is None or stay.to_at > at:
            raise Conflict(
                f"{row.name} is still placed on {_service(session, stay)}; end that stay first",
                field="at",
                example=f'POST /placements/{stay.id}/end {{"to_at": "{at.isoformat()}"}}',
            )
    row.ended_at = at
    session.add(row)
    evidence.append(session, "site.ended", row, now, occurred_at=at)
    return row


def place(
    session: Session,
    site_id: UUID,
    *,
    service_id: UUID,
    from_at: datetime,
    to_at: datetime | None = None,
    now: datetime,
) -> Placement:
    """The site sits on the service during `[from_at, to_at)`.

    Raises NotFound; BadInput when it would end before it begins; Conflict naming the service it sits on by then.
    """
    site = queries.site(session, site_id, lock=True)
    agreements.service(session, service_id)
    if to_at is not None:
        _ends_after(from_at, to_at)
    if site.ended_at is not None and (to_at is None or to_at > site.ended_at):
        raise Conflict(
            f"{site.name} ended at {site.ended_at.isoformat()}", field="to_at", example=site.ended_at.isoformat()
        )
    for other in queries.placements_of(session, site.id):
        if (to_at is None or other.from_at < to_at) and (other.to_at is None or from_at < other.to_at):
            raise _two_at_once(session, site, other, from_at)
    row = Placement(created_at=now, site_id=site.id, service_id=service_id, from_at=from_at, to_at=to_at)
    session.add(row)
    evidence.append(session, "site.placed", row, now, occurred_at=from_at)
    return row


def end_placement(session: Session, id_: UUID, *, to_at: datetime, now: datetime) -> Placement:
    """The site leaves the service at that instant, which may lie ahead. Raises NotFound, Conflict, BadInput."""
    queries.site(session, queries.placement(session, id_).site_id, lock=True)
    row = queries.placement(session, id_)
    session.refresh(row)
    if row.to_at is not None:
        raise Conflict(f"this stay ends at {row.to_at.isoformat()} already", field="to_at")
    _ends_after(row.from_at, to_at)
    row.to_at = to_at
    session.add(row)
    evidence.append(session, "site.placement_ended", row, now, occurred_at=to_at)
    return row


def _ends_after(from_at: datetime, to_at: datetime) -> None:
    if to_at <= from_at:
        example = from_at.replace(year=from_at.year + 1, day=1).isoformat()
        raise BadInput(f"must come after {from_at.isoformat()}, when it begins", field="to_at", example=example)


def _service(session: Session, stay: Placement) -> str:
    return agreements.service(session, stay.service_id).name


def _two_at_once(session: Session, site: Site, other: Placement, from_at: datetime) -> Conflict:
    """A site sits on one service at a time: names the stay in the way, and what would make room."""
    until = f"until {other.to_at.isoformat()}" if other.to_at else "until further notice"
    reason = f"{site.name} is on {_service(session, other)} from {other.from_at.isoformat()} {until} ({other.id})"
    named = {"id": str(other.id), "service_id": str(other.service_id)}
    if other.from_at > from_at:
        return Conflict(f"{reason}; end before that", field="to_at", example=other.from_at.isoformat(), placement=named)
    if other.to_at is not None:
        return Conflict(
            f"{reason}; begin after that", field="from_at", example=other.to_at.isoformat(), placement=named
        )
    leaves = max(from_at, other.from_at + timedelta(minutes=1))  # no stay is empty
    example = f'POST /placements/{other.id}/end {{"to_at": "{leaves.isoformat()}"}}'
    return Conflict(f"{reason}; end that stay first", field="from_at", example=example, placement=named)


def record_check(session: Session, site_id: UUID, *, now: datetime, **seen: Any) -> SiteCheck:
    """One look at one site; see `record_checks`. Raises NotFound and BadInput with the bare field."""
    queries.site(session, site_id)
    row = _check(site_id, now=now, **seen)
    session.add(row)
    evidence.append(session, "site.checked", row, now, occurred_at=row.at, source=row.source)
    return row


def record_checks(session: Session, checks: Sequence[Mapping[str, Any]], *, now: datetime) -> list[SiteCheck]:
    """Many looks at once, all of them or none: each with site_id, at, reachable, working, current, source, note.

    Raises NotFound and BadInput naming the one at fault: `checks.3.working`.
    """
    wanted = {check["site_id"] for check in checks}
    there = set(session.exec(select(Site.id).where(col(Site.id).in_(wanted))))
    rows = []
    for index, check in enumerate(checks):
        with inside(f"checks.{index}"):
            if check["site_id"] not in there:
                raise NotFound(f"no site has the id {check['site_id']}; GET /sites lists them", field="site_id")
            rows.append(_check(now=now, **check))
    session.add_all(rows)
    for row in rows:
        evidence.append(session, "site.checked", row, now, occurred_at=row.at, source=row.source)
    return rows


def _check(
    site_id: UUID,
    *,
    at: datetime,
    reachable: bool | None = None,
    working: bool | None = None,
    current: bool | None = None,
    source: str = "N",
    note: str = "",
    now: datetime,
) -> SiteCheck:
    """Raises BadInput for a moment to come, and for answers that contradict one another."""
    happened(at, now, "at")
    if reachable is False and working:
        raise BadInput("a site that cannot be reached was not seen working", field="working", example="null")
    if reachable is False and current:
        raise BadInput("a site that cannot be reached was not seen current", field="current", example="null")
    if working is False and current:
        raise BadInput(
            "a site that does not work was not seen current; if its content was looked up elsewhere, say so in `note`",
            field="current",
            example="null",
        )
    if reachable is working is current is None and not note:
        raise BadInput(
            "nothing was looked at; answer one of reachable, working, current, or say here why it is not known",
            field="note",
            example="The page seen before came from a cache.",
        )
    return SiteCheck(
        created_at=now, site_id=site_id, at=at, reachable=reachable, working=working, current=current,
        source=source, note=note,
    )  # fmt: skip
