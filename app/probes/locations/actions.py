"""Making and retiring places to ask from; a monitor that is asked from several of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, func, select

from app.access.actions import create_token, revoke_token
from app.access.tables import AGENT, Token
from app.db import new_id
from app.errors import BadInput, Conflict, NotAllowed, NotFound
from app.evidence import actions as evidence
from app.probes.locations.tables import HERE, Location
from app.probes.tables import Monitor
from app.sla.agreement import RULES, needed

MOST = 20  # locations of one monitor
ALIVE = timedelta(seconds=30)  # an agent that was heard of so long ago still asks
LONGEST = 200  # of a monitor's name
SHOWN = 5


def add_location(session: Session, *, name: str, now: datetime) -> tuple[Location, str]:
    """A place to ask from, and the token of its agent, which is stored nowhere. Raises BadInput, Conflict."""
    if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?", name):
        raise BadInput("is small letters, digits and dashes, 40 at most", field="name", example="frankfurt")
    if name == HERE:
        raise BadInput(
            f"{HERE} is the prober beside the database; it needs no token", field="name", example="frankfurt"
        )
    if session.exec(select(Location).where(Location.name == name)).first() is not None:
        raise Conflict(f"a location named {name} exists", field="name", example=f"{name}-2")
    token, text = _token(session, name, now)
    location = Location(name=name, token_id=token.id, created_at=now)
    session.add(location)
    evidence.append(session, "location.created", location, now, body={"name": name, "token": token.name})
    return location, text


def new_token(session: Session, location: Location, *, now: datetime) -> str:
    """Another token for its agent; the one before counts no more. Raises Conflict where it was retired."""
    if location.until_at is not None:
        raise Conflict(f"the location {location.name} was retired", field="name")
    session.refresh(location, with_for_update=True)  # before the log, as whoever takes a batch of its agent does
    _revoke(session, location, now)
    token, text = _token(session, location.name, now)
    location.token_id = token.id
    session.add(location)
    evidence.append(session, "location.token", location, now, body={"name": location.name, "token": token.name})
    return text


def _token(session: Session, name: str, now: datetime) -> tuple[Token, str]:
    called = f"agent {name}"
    before = session.exec(select(func.count()).where(col(Token.name).startswith(called), Token.role == AGENT)).one()
    while session.exec(
        select(Token).where(Token.name == (made := called if not before else f"{called} {before + 1}"))
    ).first():
        before += 1
    return create_token(session, name=made, role=AGENT, now=now, of_location=True)


def _revoke(session: Session, location: Location, now: datetime) -> None:
    token = session.get(Token, location.token_id)
    if token is not None and token.revoked_at is None:
        revoke_token(session, name=token.name, now=now)


def retire_location(session: Session, location: Location, *, reason: str, now: datetime) -> Location:
    """Its agent is given nothing any more, its token counts no more, and its series take no part from now on. Raises
    Conflict while a monitor would be left with fewer locations than its agreement asks for."""
    if location.until_at is not None:
        raise Conflict(f"the location {location.name} was retired before", field="name")
    series = session.exec(
        select(Monitor).where(Monitor.location == location.name, col(Monitor.until_at).is_(None))
    ).all()  # fmt: skip
    stuck = [whole.name for one in series if (whole := _whole(session, one)) is not None and _last(session, whole)]
    if stuck:
        named = ", ".join(repr(name) for name in stuck[:SHOWN]) + (
            f" and {len(stuck) - SHOWN} more" if stuck[SHOWN:] else ""
        )
        raise Conflict(
            f"without {location.name} too few locations would be left for {named}; retire these monitors first",
            field="name", example="POST /api/v1/monitors/{monitor_id}/retire",
        )  # fmt: skip
    location.until_at = now
    session.add(location)
    for one in series:
        one.until_at = now
        session.add(one)
        body = {"name": one.name, "until_at": now, "reason": reason}
        evidence.append(session, "monitor.retired", one, now, body=body)
    _revoke(session, location, now)
    evidence.append(session, "location.retired", location, now, body={"name": location.name, "reason": reason})
    return location


def _whole(session: Session, part: Monitor) -> Monitor | None:
    return session.get(Monitor, part.part_of)


def _last(session: Session, whole: Monitor) -> bool:
    """Whether one location less is too few."""
    left = session.exec(
        select(func.count()).where(col(Monitor.part_of) == whole.key, col(Monitor.until_at).is_(None))
    ).one() - 1  # fmt: skip
    rule = whole.agreement or ""
    return left < (needed(rule, left) if rule in RULES and left else int(rule) if rule.isdigit() else 1)


def found(session: Session, name: str) -> Location:
    """Raises NotFound."""
    row = session.exec(select(Location).where(Location.name == name)).first()
    if row is None:
        raise NotFound(f"no location is named {name[:40]!r}", field="name", example="kept location list")
    return row


def alive(location: Location, now: datetime) -> bool:
    """Whether its agent was heard of lately."""
    return location.seen_at is not None and now - location.seen_at < ALIVE


def of_token(session: Session, token_id: Any, name: str) -> Location:
    """The location an agent speaks for. Raises NotAllowed where the token is not this location's."""
    row = session.exec(select(Location).where(Location.token_id == token_id, col(Location.until_at).is_(None))).first()
    if row is None:
        raise NotAllowed("this token belongs to no location any more; `kept location add` makes one", field="location")
    if row.name != name:
        raise NotAllowed(
            f"this token is the one of {row.name}, not of {name[:40]!r}", field="location", example=row.name
        )
    return row


def agreement_of(session: Session, locations: Sequence[str], agreement: str | int | None) -> str | None:
    """The agreement a monitor is stored with; None where it is asked from one place alone. Raises BadInput."""
    if not locations:
        if agreement is not None:
            raise BadInput("needs the locations that are to agree", field="locations", example='["here", "frankfurt"]')
        return None
    if len(set(locations)) != len(locations) or len(locations) > MOST:
        raise BadInput(f"are different ones, {MOST} at most", field="locations", example='["here", "frankfurt"]')
    live = set(session.exec(select(Location.name).where(col(Location.until_at).is_(None)))) | {HERE}
    for place, name in enumerate(locations):
        if name not in live:
            raise BadInput(
                f"no location is named {name[:40]!r}; there are {', '.join(sorted(live))}",
                field=f"locations.{place}", example=HERE,
            )  # fmt: skip
    rule = str(agreement) if agreement is not None else "majority"
    if rule not in RULES and not (rule.isascii() and rule.isdigit() and 1 <= int(rule) <= len(locations)):
        raise BadInput(
            f"is any, majority, all, or how many of the {len(locations)} locations must say down",
            field="agreement", example="majority",
        )  # fmt: skip
    return rule if rule in RULES else str(int(rule))


def spread(session: Session, whole: Monitor, locations: Sequence[str], now: datetime) -> None:
    """A series of its own for each of the monitor's locations, named after both. Raises BadInput, Conflict."""
    for location in locations:
        name = f"{whole.name} from {location}"
        if len(name) > LONGEST:
            raise BadInput(f"leaves no room for its locations' names; {LONGEST} characters hold both", field="name")
        if session.exec(select(Monitor).where(Monitor.name == name)).first() is not None:
            raise Conflict(f"a monitor named {name!r} exists", field="name", example=f"{whole.name} 2")
        source = "own probe" if location == HERE else f"own probe, {location}"
        part = Monitor(
            id=new_id(), name=name, service_id=whole.service_id, site_id=whole.site_id, created_at=now,
            interval_seconds=whole.interval_seconds, confirm_after=whole.confirm_after, source=source, kind=whole.kind,
            spec=whole.spec, headers=whole.headers, sealed=whole.sealed, part_of=whole.key, location=location,
        )  # fmt: skip
        session.add(part)
        session.flush()
        body = {"name": name, "location": location, "part_of": whole.id, "source": source}
        evidence.append(session, "monitor.created", part, now, body=body)
