"""Making and retiring monitors, noting our own outages. Files of observations: `importing.files`."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, select

from app.errors import BadInput, Conflict, NotFound
from app.evidence import actions as evidence
from app.probes.importing.fields import CLOCKS_APART
from app.probes.tables import Monitor, OwnOutage


def create_monitor(
    session: Session, *, name: str, service_id: UUID | None, site_id: UUID | None, interval_seconds: int,
    confirm_after: int, source: str, now: datetime,
) -> Monitor:  # fmt: skip
    """A new series of observations of a service or of a site. Raises BadInput, NotFound, or Conflict for its name."""
    if (service_id is None) == (site_id is None):
        raise BadInput(
            "a monitor watches either a service or a site; give one of service_id and site_id", field="service_id"
        )
    for what, id_ in (("service", service_id), ("site", site_id)):
        if id_ is not None and not _exists(session, what, id_):
            raise NotFound(f"no {what} has the id {id_}", field=f"{what}_id")
    if _is_id(name):
        raise BadInput("a name that reads as an id would be taken for one", field="name", example="HOST-1 from Berlin")
    if session.exec(select(Monitor).where(Monitor.name == name)).first() is not None:
        raise Conflict(f"a monitor named {name!r} exists", field="name", example=f"{name} 2")
    monitor = Monitor(
        name=name, service_id=service_id, site_id=site_id, interval_seconds=interval_seconds,
        confirm_after=confirm_after, source=source, created_at=now,
    )  # fmt: skip
    session.add(monitor)
    evidence.append(session, "monitor.created", monitor, now)
    return monitor


def retire_monitor(session: Session, monitor: Monitor, *, until_at: datetime, reason: str, now: datetime) -> Monitor:
    """The monitor takes no part from `until_at` on. Raises Conflict if it was retired before, BadInput for a moment
    still to come."""
    if monitor.until_at is not None:
        raise Conflict(f"the monitor {monitor.name!r} was retired before", field="monitor_id")
    if until_at > now:
        raise BadInput("lies in the future", field="until_at", example=now.isoformat())
    monitor.until_at = until_at
    session.add(monitor)
    body = {"name": monitor.name, "until_at": until_at, "reason": reason}
    evidence.append(session, "monitor.retired", monitor, now, body=body, occurred_at=until_at)
    return monitor


def record_own_outage(
    session: Session, *, start_at: datetime, end_at: datetime, reason: str, source: str = "N", now: datetime
) -> OwnOutage:
    """We were offline ourselves from `start_at` to `end_at`: what was measured then is unknown. Raises BadInput."""
    if end_at <= start_at:
        raise BadInput("must be later than start_at", field="end_at", example="2025-06-12T04:10:00+02:00")
    if end_at > now + CLOCKS_APART:
        raise BadInput("lies in the future; note it when it is over", field="end_at", example=now.isoformat())
    outage = OwnOutage(start_at=start_at, end_at=end_at, reason=reason, source=source, created_at=now)
    session.add(outage)
    evidence.append(session, "own_outage.recorded", outage, now, occurred_at=start_at, source=source)
    return outage


def withdraw_own_outage(session: Session, outage: OwnOutage, *, reason: str, now: datetime) -> OwnOutage:
    """It was entered wrongly: from now on it counts for nothing, and stays readable. Raises Conflict if withdrawn."""
    if outage.withdrawn_at is not None:
        raise Conflict("this own outage was withdrawn before", field="own_outage_id")
    outage.withdrawn_at, outage.withdrawn_reason = now, reason
    session.add(outage)
    evidence.append(session, "own_outage.withdrawn", outage, now, body={"id": outage.id, "reason": reason})
    return outage


def _exists(session: Session, table: str, id_: UUID) -> bool:
    """Whether another room has that row; rooms refer to one another by id alone."""
    other = sa.table(table, sa.column("id", sa.Uuid()))
    return session.connection().execute(sa.select(other.c.id).where(other.c.id == id_)).first() is not None


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
