"""Troubles told as they begin and as they end, once each, however often and by however many this is run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from app.alerts.actions import raise_alert
from app.alerts.kinds import Kind
from app.cases.gather import gather_around
from app.cases.whole import snapped, whole_second
from app.db import reader, transaction
from app.probes import queries as probes
from app.probes import states
from app.probes.importing.fields import micros
from app.probes.locations.tables import HERE
from app.probes.tables import CODES, Monitor, ObservedRun
from app.sites.tables import Placement
from app.sla.case import State
from app.sla.seen import look
from app.sla.spans import Span
from app.sla.timeline import Series, own_spans, read
from app.watching import troubles as wrong
from app.watching.actions import one_hand
from app.watching.tables import Trouble

LATELY = timedelta(hours=3)  # an outage that was over so long ago is no news
REMEMBERED = timedelta(days=1)
ALONE = timedelta(minutes=2)  # so long a site is thought to be the first of many, before it is told by itself
DOUBT = timedelta(seconds=60)  # so long a missing prober is watched before anybody is told
ASKED = ("http", "tcp", "tls", "dns", "banner", "ping")
PROBER = "prober"


@dataclass(frozen=True, slots=True)
class Scene:
    """What is to be told of one service, or of a site that sits on none."""

    subject: str
    name: str
    service_id: UUID | None
    zone: str
    found: list[wrong.Trouble]
    series: dict[str, Series]  # by subject
    expected: Callable[[str, datetime], str | None]  # whether a trouble of that kind was announced for that moment


def trouble_tick(engine: sa.Engine, now: datetime) -> None:
    """Everything that is wrong now, and whatever people were told of that is over."""
    with Session(reader(engine)) as session:
        scenes = _scenes(session, now)
    for scene in scenes:
        with transaction(engine) as session:
            session.info["actor"] = "watch"
            one_hand(session)
            _tell(session, scene, now)


def _scenes(session: Session, now: datetime) -> list[Scene]:
    """Every service, and every site by itself, of which something failed lately or is still told of as failing."""
    told = session.exec(select(Trouble.subject).where(col(Trouble.ended_at).is_(None))).all()
    ids = [UUID(subject.partition(":")[2]) for subject in told if subject.startswith("monitor:")]
    services = {UUID(subject.partition(":")[2]) for subject in told if subject.startswith("service:")}
    failing = (
        select(Monitor)
        .join(ObservedRun, col(ObservedRun.monitor) == col(Monitor.key))
        .where(
            col(ObservedRun.held_until) > micros(now - LATELY),
            col(ObservedRun.state).in_((CODES[State.DOWN], CODES[State.DEGRADED])),
        )
    )
    monitors = {row.id: row for row in session.exec(failing.distinct())}
    monitors |= {row.id: row for row in session.exec(select(Monitor).where(col(Monitor.id).in_(ids)))}
    sites = {row.site_id for row in monitors.values() if row.site_id is not None}
    here = select(Placement.site_id, Placement.service_id).where(
        col(Placement.site_id).in_(sites), col(Placement.from_at) <= now,
        sa.or_(col(Placement.to_at).is_(None), col(Placement.to_at) > now),
    )  # fmt: skip
    sits: dict[UUID, UUID] = {site: service for site, service in session.exec(here)}
    services |= {row.service_id for row in monitors.values() if row.service_id is not None} | set(sits.values())
    out = [_service(session, service_id, now) for service_id in sorted(services)]
    homeless = sorted(site for site in sites if site is not None and site not in sits)
    return out + [scene for site in homeless for scene in _site(session, site, now)]


def _service(session: Session, service_id: UUID, now: datetime) -> Scene:
    case = gather_around(session, service_id, Span(now - LATELY, now + timedelta(seconds=1)), now)
    seen = look(case)
    series = {f"monitor:{one.monitor.id}": one for one in wrong.every(seen)}
    subject = f"service:{service_id}"
    found, expected = wrong.troubles(case, seen), partial(wrong.expected_at, case, seen)
    return Scene(subject, case.service_name, service_id, case.period.zone, found, series, expected)


def _site(session: Session, site_id: UUID, now: datetime) -> list[Scene]:
    """A site on no service: each of its monitors by itself."""
    span = Span(now - LATELY, now + timedelta(seconds=1))
    own = own_spans(probes.own_outages(session, span))
    out = []
    for monitor in probes.site_monitors_of(session, [site_id], span)[site_id]:
        one = read(snapped(monitor), whole_second(now), own)
        subject, found = f"monitor:{monitor.id}", wrong.of_series(one, whole_second(now))
        out.append(Scene(subject, monitor.name, None, "UTC", found, {subject: one}, lambda kind, at: None))
    return out


def _tell(session: Session, scene: Scene, now: datetime) -> None:
    subjects = {scene.subject, *scene.series, *(one.subject for one in scene.found)}
    recent = sa.or_(col(Trouble.ended_at).is_(None), col(Trouble.ended_at) > now - REMEMBERED)
    rows = session.exec(select(Trouble).where(col(Trouble.subject).in_(subjects), recent)).all()
    for row in rows:
        if row.ended_at is None:
            _perhaps_over(session, scene, row, now)
    for one in scene.found:
        known = [row for row in rows if (row.subject, row.kind) == (one.subject, one.kind)]
        if not any(row.ended_at is None or row.ended_at >= one.since for row in known):
            _begin(session, scene, one, now)


def _begin(session: Session, scene: Scene, one: wrong.Trouble, now: datetime) -> None:
    if one.end is not None and one.end <= now - LATELY:
        return
    if one.end is None and one.subject != scene.subject and now - one.since < ALONE:
        return
    row = Trouble(
        created_at=now, subject=one.subject, kind=one.kind, since_at=one.since, told_at=now, ended_at=one.end,
        quiet=one.expected is not None, witnesses=list(one.witnesses),
    )  # fmt: skip
    session.add(row)
    title, text = wrong.said(one, scene.zone, now)
    kind: Kind = "degraded" if one.kind == "degraded" else "outage"
    raise_alert(
        session, kind, f"trouble:{row.id}", title, text, now, service_id=scene.service_id, quiet=one.expected
    )  # fmt: skip


def _perhaps_over(session: Session, scene: Scene, row: Trouble, now: datetime) -> None:
    """Ends what people were told of, where it is known to be over."""
    alive = [one for one in _of(scene, row) if one.monitor.until is None]
    if not alive:
        row.ended_at = now  # nobody looks any more: there is nothing to tell
        session.add(row)
        return
    end = _end(scene, row, alive, now)
    if end is None:
        return
    row.ended_at = end
    session.add(row)
    name = scene.name if row.subject == scene.subject else alive[0].monitor.name
    title, text = wrong.said_over(name, row.kind, row.since_at, end, scene.zone)
    kind: Kind = "degraded" if row.kind == "degraded" else "outage_ended"
    # what began as announced and was over in time disturbs nobody; what overran was told loudly, and so is its end
    quiet = scene.expected(row.kind, end) if row.quiet else None
    raise_alert(session, kind, f"trouble:{row.id}:over", title, text, now, service_id=scene.service_id, quiet=quiet)


def _of(scene: Scene, row: Trouble) -> list[Series]:
    if row.subject == scene.subject:
        return list(scene.series.values())
    return [scene.series[row.subject]] if row.subject in scene.series else []


def _end(scene: Scene, row: Trouble, alive: Sequence[Series], now: datetime) -> datetime | None:
    """When it was over. Silence ends nothing: somebody must have seen it good since."""
    same = [one for one in scene.found if (one.subject, one.kind) == (row.subject, row.kind)]
    if any(one.end is None for one in same):
        return None
    ends = [one.end for one in same if one.end is not None and one.end > row.since_at]
    ends = ends or [one.runs[-1].first_at for one in alive if wrong.is_good(one, whole_second(now))]
    return max(*ends, row.since_at) if ends else None


# The prober -----------------------------------------------------------------------------------------------------------


def prober_tick(engine: sa.Engine, now: datetime) -> None:
    """Tells when nobody asks though there are monitors to be asked, and when somebody does again. Seen twice, a minute
    apart, before it is told: at a start the prober comes a moment later."""
    with transaction(engine) as session:
        session.info["actor"] = "watch"
        one_hand(session)
        row = session.exec(select(Trouble).where(Trouble.subject == PROBER, col(Trouble.ended_at).is_(None))).first()
        asked = select(Monitor.key).where(
            col(Monitor.until_at).is_(None), col(Monitor.kind).in_(ASKED), col(Monitor.created_at) < now - DOUBT,
            col(Monitor.agreement).is_(None), col(Monitor.location).is_(None) | (col(Monitor.location) == HERE),
        )  # fmt: skip
        here = states.prober(session)
        running = states.runs(here, now) or session.exec(asked.limit(1)).first() is None
        if running and row is not None:
            row.ended_at = now
            session.add(row)
            if row.told_at is not None:
                text = f"Noticed {row.since_at:%d %b %H:%M:%SZ}. What happened while nobody asked is unknown."
                key = f"trouble:{row.id}:over"
                raise_alert(session, "prober_stopped", key, "Kept's prober asks again", text, now)
        elif not running and row is None:
            row = Trouble(created_at=now, subject=PROBER, kind=PROBER, since_at=now, witnesses=[])
            session.add(row)
        elif not running and row is not None and row.told_at is None and now - row.created_at >= DOUBT:
            row.told_at = now
            session.add(row)
            since = f"since {here.seen_at:%d %b %H:%M:%SZ}" if here is not None else "yet"
            text = f"Monitors have not been asked {since}; what happens meanwhile stays unknown. Start `kept serve`."
            raise_alert(session, "prober_stopped", f"trouble:{row.id}", "Kept's prober does not run", text, now)
