"""What an agent is to ask: the monitors of its location, and of each only what asking takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from app.errors import Conflict
from app.logs import logger
from app.prober.remote.form import Task, Tasks
from app.probes.importing.fields import micros
from app.probes.locations.actions import ALIVE, alive
from app.probes.locations.tables import Location
from app.probes.tables import Monitor
from app.probes.vault import Sealed, Vault

Occasions = Callable[[Session, datetime], Mapping[int, Sequence[tuple[datetime, datetime]]]]  # as at the local desk
log = logger("kept.prober")


def tasks(
    session: Session, location: Location, vault: Vault, *, spool: str, encrypted: bool, now: datetime,
    occasions: Occasions = lambda session, now: {},
) -> Tasks:  # fmt: skip
    """In order of their ids, so that nothing changed reads the same. `encrypted`: nobody on the way can read it; else
    monitors that send headers are withheld. Raises Conflict where another agent asks from this location."""
    if location.spool not in (None, spool) and alive(location, now):
        raise Conflict(
            f"another agent asks from {location.name}; one takes over {ALIVE.seconds} s after the other fell silent",
            field="spool",
        )
    out, withheld, windows = [], 0, occasions(session, now)
    query = select(Monitor).where(Monitor.location == location.name, col(Monitor.until_at).is_(None))
    for row in session.exec(query.order_by(col(Monitor.key))):
        headers = None
        if row.sealed:
            try:
                headers = vault.open(row.sealed) if encrypted else None
            except Sealed as error:
                log.error("a monitor cannot be asked", monitor=row.name, error=error.sentence())
            if headers is None:
                withheld += 1
                continue
        out.append(
            Task(id=str(row.id), interval_seconds=row.interval_seconds, confirm_after=row.confirm_after,
                 check=row.spec or {}, headers=headers,
                 windows=[(micros(start), micros(end)) for start, end in windows.get(row.key or 0, ())])
        )  # fmt: skip
    return Tasks(location=location.name, monitors=out, withheld=withheld)
