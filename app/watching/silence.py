"""Places that are asked from and say nothing any more: told once, and once as they are heard again."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col, select

from app.alerts.actions import raise_alert
from app.db import reader, transaction
from app.probes.locations.tables import HERE, Location
from app.probes.tables import Monitor
from app.sla.timeline import STALE_INTERVALS
from app.watching.actions import one_hand
from app.watching.tables import Trouble

KIND = "location"
LEAST, MOST = timedelta(minutes=3), timedelta(hours=1)
DOUBT = timedelta(seconds=60)  # as long as an agent waits, at the most, before it tries a server that was away again


def location_tick(engine: sa.Engine, now: datetime) -> None:
    """Tells of every location that has monitors and is not heard. Seen twice, a minute apart, before it is told: when
    Kept itself was away, no agent was heard, and each of them comes back a moment later."""
    with Session(reader(engine)) as session:
        if not _changed(session, now):
            return
    with transaction(engine) as session:
        session.info["actor"] = "watch"
        one_hand(session)
        for location, row, silent in _changed(session, now):
            _tell(session, location, row, silent, now)


def bound(shortest: int) -> timedelta:
    """So long a location may say nothing whose shortest interval is so many seconds: until the first of its monitors is
    unknown, within reason."""
    return min(MOST, max(LEAST, timedelta(seconds=STALE_INTERVALS * shortest)))


def _changed(session: Session, now: datetime) -> list[tuple[Location, Trouble | None, bool]]:
    """The locations that are silent or were told to be, and whether they are silent now."""
    query = select(Trouble).where(Trouble.kind == KIND, col(Trouble.ended_at).is_(None))
    open_ = {row.subject: row for row in session.exec(query)}
    shortest, first = sa.func.min(Monitor.interval_seconds), sa.func.min(Monitor.created_at)
    theirs = select(col(Monitor.location), shortest, first).where(
        col(Monitor.location).is_not(None), col(Monitor.location) != HERE, col(Monitor.until_at).is_(None)
    )
    asked = {name: (seconds, at) for name, seconds, at in session.exec(theirs.group_by(col(Monitor.location)))}
    out = []
    for location in session.exec(select(Location).order_by(Location.name)):
        row = open_.get(f"location:{location.id}")
        silent = location.until_at is None and _silent(location, asked.get(location.name), now)
        if silent or row is not None:
            out.append((location, row, silent))
    return out


def _silent(location: Location, asked: tuple[int, datetime] | None, now: datetime) -> bool:
    if asked is None:
        return False
    shortest, first = asked
    return now - max(location.seen_at or location.created_at, first) > bound(shortest)


def _tell(session: Session, location: Location, row: Trouble | None, silent: bool, now: datetime) -> None:
    if row is None:
        row = Trouble(created_at=now, subject=f"location:{location.id}", kind=KIND, since_at=now, witnesses=[])
    elif not silent:
        row.ended_at = now
        heard = location.until_at is None and location.seen_at is not None and location.seen_at > row.since_at
        if row.told_at is not None and heard:  # else nobody is to ask from there any more: nothing to tell
            text = "What it saw in the meantime and kept on its disk is handed over now; the rest stays unknown."
            title = f"The location {location.name} is heard again"
            raise_alert(session, "location_silent", f"trouble:{row.id}:over", title, text, now)
    elif row.told_at is None and now - row.created_at >= DOUBT:
        row.told_at = now
        seen = location.seen_at
        since = f"since {seen:%d %b %H:%M:%SZ}" if seen is not None else "yet: its agent never came"
        text = (
            f"Its agent has not been heard {since}. What it would see is unknown, and of no other location; where "
            "locations must agree, fewer of them decide. Look after its machine and its line: `kept location list`."
        )
        title = f"The location {location.name} is silent"
        raise_alert(session, "location_silent", f"trouble:{row.id}", title, text, now)
    session.add(row)
