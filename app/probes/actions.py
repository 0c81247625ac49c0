"""Making and retiring monitors, noting our own outages. Files of observations: `importing.files`."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

from app.errors import BadInput, Conflict, NotFound
from app.evidence import actions as evidence
from app.prober.spec import Spec
from app.probes.importing.fields import CLOCKS_APART
from app.probes.locations import actions as places
from app.probes.tables import Heartbeat, Monitor, OwnOutage
from app.probes.vault import Vault


def create_monitor(
    session: Session, *, name: str, service_id: UUID | None, site_id: UUID | None, interval_seconds: int,
    confirm_after: int, source: str, now: datetime, spec: Spec | None = None,
    headers: Mapping[str, str] | None = None, vault: Vault | None = None, locations: Sequence[str] = (),
    agreement: str | int | None = None,
) -> Monitor:  # fmt: skip
    """A new series of observations of a service or of a site. With `spec` our own prober asks, sending `headers`,
    which `vault` encrypts; from several `locations`, which must agree. Raises BadInput, NotFound, or Conflict for its
    name."""
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
    if spec is not None:
        monitor.spec = spec.model_dump(mode="json")
        monitor.kind = monitor.spec["kind"]
    if headers and vault is not None:
        monitor.headers, monitor.sealed = sorted(headers), vault.seal(headers)
    monitor.agreement = places.agreement_of(session, locations, agreement)
    session.add(monitor)
    session.flush()
    body = evidence.row_body(monitor)
    del body["sealed"]
    evidence.append(session, "monitor.created", monitor, now, body=body)
    places.spread(session, monitor, locations, now)
    return monitor


def new_heartbeat(session: Session, monitor: Monitor, *, now: datetime) -> str:
    """The secret of the address the site calls, which is stored nowhere; one made before counts no more. Raises
    Conflict for a monitor that nobody calls."""
    if monitor.kind != "heartbeat" or monitor.until_at is not None or monitor.key is None:
        raise Conflict(
            f"{monitor.name!r} is no heartbeat that is still in use", field="monitor_id",
            example='POST /monitors {"check": {"kind": "heartbeat"}, …}',
        )  # fmt: skip
    secret = secrets.token_urlsafe(32)
    row = session.get(Heartbeat, monitor.key) or Heartbeat(monitor=monitor.key, secret="")
    row.secret = hashlib.sha256(secret.encode()).hexdigest()
    session.add(row)
    evidence.append(session, "monitor.heartbeat_address", monitor, now, body={"name": monitor.name})
    return secret


def site_named(session: Session, host: str) -> UUID | None:
    """The site that has this host name now, with or without `www.`; rooms refer to one another by id alone."""
    site = SQLModel.metadata.tables["site"]
    names = (host, host.removeprefix("www."), f"www.{host}")
    found = session.connection().execute(sa.select(site.c.id).where(site.c.name.in_(names), site.c.ended_at.is_(None)))
    ids = [row.id for row in found]
    return ids[0] if len(ids) == 1 else None


def retire_monitor(session: Session, monitor: Monitor, *, until_at: datetime, reason: str, now: datetime) -> Monitor:
    """The monitor takes no part from `until_at` on. Raises Conflict if it was retired before, BadInput for a moment
    still to come."""
    if monitor.until_at is not None:
        raise Conflict(f"the monitor {monitor.name!r} was retired before", field="monitor_id")
    if monitor.part_of is not None:
        raise Conflict(
            f"{monitor.name!r} is what one location sees; retire the monitor it is a part of, or the location",
            field="monitor_id",
        )
    if until_at > now:
        raise BadInput("lies in the future", field="until_at", example=now.isoformat())
    parts = session.exec(select(Monitor).where(Monitor.part_of == monitor.key, col(Monitor.until_at).is_(None)))
    for one in [monitor, *(parts if monitor.agreement is not None else ())]:
        one.until_at = until_at
        session.add(one)
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
