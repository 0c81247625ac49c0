"""Bringing another monitoring's answers in: who becomes which monitor of ours, then its answers, part by part.

Every part is a file of observations in a transaction of its own, so a break costs at most one part; the next run goes
on after the last answer recorded. The same answers again add nothing.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from uuid import UUID

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from app.agreements.tables import Service
from app.db import reader, transaction
from app.errors import BadInput, Conflict, NotFound
from app.probes.actions import create_monitor
from app.probes.importing.fields import CLOCKS_APART, instant, micros
from app.probes.importing.files import import_file
from app.probes.importing.reading import COLUMNS
from app.probes.storage.reading import last_at
from app.probes.storage.sealing import lock
from app.probes.tables import Monitor
from app.sites.tables import Site
from app.witnesses.answers import Answer, Foreign, Source

PART = 50_000  # answers in one transaction


@dataclass(frozen=True, slots=True)
class Place:
    """One monitor of theirs: what it becomes here, or why it is left out."""

    foreign: Foreign
    name: str  # of the monitor here
    subject: str  # "site shop.example", "service HOST-1"; "" where it is left out
    service_id: UUID | None = None
    site_id: UUID | None = None
    monitor: UUID | None = None  # where it is here already
    left_out: str = ""


@dataclass(frozen=True, slots=True)
class Brought:
    """What became of one monitor's answers."""

    name: str
    read: int
    added: int
    first_at: datetime | None
    last_at: datetime | None


def plan(session: Session, source: Source, *, service: str | None = None, only: tuple[str, ...] = ()) -> list[Place]:
    """What each of their monitors becomes: a witness of the site whose name it asks, else of `service` where one is
    given. Raises NotFound for a service or a name in `only` that is not there, Conflict where a monitor of ours has
    the name and watches something else."""
    on = _service(session, service) if service is not None else None
    names = {site.name.lower(): site for site in session.exec(select(Site).where(col(Site.ended_at).is_(None)))}
    theirs = source.monitors()
    known = {foreign.name for foreign in theirs} | {foreign.key for foreign in theirs}
    for wanted in only:
        if wanted not in known:
            raise NotFound(f"{source.name} has no monitor named {wanted!r}", field="--only", example=_some(theirs))
    places: list[Place] = []
    for foreign in theirs:
        if only and foreign.name not in only and foreign.key not in only:
            continue
        twice = sum(other.name == foreign.name for other in theirs) > 1
        label = f"{foreign.name} #{foreign.key}" if twice and "\0" not in foreign.key else foreign.name
        places.append(_placed(session, foreign, f"{source.kind}: {label}"[:200], names, on))
    return places


def _placed(session: Session, foreign: Foreign, name: str, sites: dict[str, Site], on: Service | None) -> Place:
    if foreign.why_not:
        return Place(foreign, name, "", left_out=foreign.why_not)
    site = sites.get(foreign.host) or sites.get(foreign.host.removeprefix("www."))
    there = session.exec(select(Monitor).where(col(Monitor.name) == name)).first()
    if there is not None:
        if on is not None and there.site_id is None and there.service_id != on.id:
            raise Conflict(f"the monitor {name!r} watches another service than {on.name}", field="--service")
        what = "site" if there.site_id is not None else "service"
        return Place(foreign, name, f"{what}, as before", there.service_id, there.site_id, there.id)
    if site is not None:
        return Place(foreign, name, f"site {site.name}", None, site.id)
    if on is not None:
        return Place(foreign, name, f"service {on.name}", on.id, None)
    asks = f"it asks {foreign.host}, which is no site here" if foreign.host else "it says no host that could be a site"
    return Place(foreign, name, "", left_out=f"{asks}; name a service for it")


def bring(
    engine: Engine, source: Source, places: list[Place], *, now: datetime, actor: str, again: bool = False,
    progress: Callable[[str, int], None] | None = None,
) -> Iterator[Brought]:  # fmt: skip
    """Makes the monitors that are missing and takes their answers in, one monitor after the other.

    again: reads from the beginning instead of after the last answer recorded, for answers that came in late. progress:
    called with the monitor's name and the answers read so far. Raises as `import_file` does."""
    for place in places:
        if not place.left_out:
            yield _bring(engine, source, place, now, actor, again, progress)


def _bring(
    engine: Engine, source: Source, place: Place, now: datetime, actor: str, again: bool,
    progress: Callable[[str, int], None] | None,
) -> Brought:  # fmt: skip
    after = None if again or place.monitor is None else _last(engine, place.name)
    answers = _past(source, place.foreign, after, micros(now + CLOCKS_APART))
    read = added = 0
    first: int | None = None
    last: int | None = None
    part = list(islice(answers, PART))
    while part:
        with transaction(engine) as session:
            session.info["actor"] = actor
            lock(session)  # before the log, as whoever seals does
            if place.monitor is None and read == 0:
                create_monitor(
                    session, name=place.name, service_id=place.service_id, site_id=place.site_id,
                    interval_seconds=place.foreign.interval_seconds, confirm_after=place.foreign.confirm_after,
                    source=f"{source.kind}, {source.name}"[:200], now=now,
                )  # fmt: skip
                session.flush()
            title = f"{source.kind} {source.name}, {place.foreign.name}, {len(part)} answers from {instant(part[0].at)}"
            result = import_file(session, _file(place.name, part), name=title[:200], format="csv", now=now)
        first = part[0].at if first is None else first
        last = part[-1].at
        read, added = read + len(part), added + result.added
        if progress is not None:
            progress(place.name, read)
        part = list(islice(answers, PART))
    return Brought(place.name, read, added, *(None if at is None else instant(at) for at in (first, last)))


def _past(source: Source, foreign: Foreign, after: int | None, latest: int) -> Iterator[Answer]:
    for answer in source.answers(foreign, after):
        if answer.at > latest:
            source.unread.add("an answer dated in the future", instant(answer.at).isoformat())
            continue
        yield answer


def _file(name: str, answers: list[Answer]) -> io.BytesIO:
    out = io.StringIO(newline="")
    write = csv.writer(out, lineterminator="\n").writerow
    write(COLUMNS)
    for one in answers:
        latency = "" if one.latency_ms is None else one.latency_ms
        write((instant(one.at).isoformat(), name, one.state.value, latency, one.error))
    return io.BytesIO(out.getvalue().encode())


def _last(engine: Engine, name: str) -> int | None:
    with Session(reader(engine)) as session:
        key = session.exec(select(Monitor.key).where(col(Monitor.name) == name)).first()
        return None if key is None else last_at(session, key)


def _service(session: Session, name: str) -> Service:
    found = session.exec(select(Service).where(col(Service.name) == name)).all()
    if not found:
        raise NotFound(f"there is no service named {name!r}", field="--service", example="HOST-1")
    if len(found) > 1:
        raise BadInput(f"{len(found)} services have the name {name!r}; rename one", field="--service")
    return found[0]


def _some(theirs: list[Foreign]) -> str | None:
    return theirs[0].name if theirs else None
