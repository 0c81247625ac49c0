"""Making and retiring channels; raising an alert, once for its key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, time
from typing import Any, Protocol
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel, col, select

from app.alerts.kinds import CHOICE, Kind
from app.alerts.quiet import QuietHours
from app.alerts.tables import DROPPED, GIVEN_UP, LOST, QUEUED, SENDING, Alert, AlertChannel, AlertSending
from app.db import new_id
from app.errors import Conflict
from app.evidence import actions as evidence

TITLE, TEXT, KEY = 200, 4000, 300
_ALERT = SQLModel.metadata.tables["alert"]
_SENDING = SQLModel.metadata.tables["alert_sending"]


class Seals(Protocol):
    """What keeps secrets beside the database: the vault that monitors' headers are in."""

    def seal(self, headers: Mapping[str, str]) -> bytes: ...

    def open(self, sealed: bytes) -> dict[str, str]: ...


def raise_alert(
    session: Session, kind: Kind, key: str, title: str, text: str, now: datetime,
    *, service_id: UUID | None = None, quiet: str | None = None,
) -> Alert | None:  # fmt: skip
    """Tells every channel that takes this kind, in the caller's transaction. None where this key was told before.
    `quiet`: why nobody is disturbed though it is written down."""
    row = Alert(
        id=new_id(), created_at=now, kind=kind, key=key[:KEY], title=" ".join(title.split())[:TITLE],
        text=text.strip()[:TEXT], service_id=service_id, quiet=None if quiet is None else quiet[:TITLE],
    )  # fmt: skip
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    written = insert(_ALERT).values(**row.model_dump()).on_conflict_do_nothing(index_elements=["key"])
    if session.connection().execute(written.returning(_ALERT.c.id)).first() is None:
        return None
    if quiet is None:
        living = select(AlertChannel).where(col(AlertChannel.retired_at).is_(None)).order_by(col(AlertChannel.id))
        for channel in session.exec(living):
            if kind in channel.kinds:
                hours = quiet_hours(channel)
                due_at = now if hours is None else hours.opens(kind, now)
                session.add(AlertSending(alert_id=row.id, channel_id=channel.id, state=QUEUED, due_at=due_at))
        session.flush()
    return row


def quiet_hours(channel: AlertChannel) -> QuietHours | None:
    given: dict[str, Any] | None = channel.quiet
    if given is None:
        return None
    start, end = time.fromisoformat(given["start"]), time.fromisoformat(given["end"])
    return QuietHours(start, end, given["zone"], tuple(given["always"]))


def make_channel(
    session: Session, *, name: str, url: str, scheme: str, kinds: Sequence[str], quiet: dict[str, Any] | None,
    seals: Seals, now: datetime,
) -> AlertChannel:  # fmt: skip
    """A channel for alerts raised from now on; `url` has been looked at (`sending.look`). Raises Conflict."""
    if session.exec(select(AlertChannel).where(AlertChannel.name == name)).first() is not None:
        raise Conflict(f"a channel named {name!r} exists", field="name", example=f"{name} 2")
    wanted: list[str] = [kind for kind in CHOICE if kind in kinds]
    row = AlertChannel(
        created_at=now, name=name, scheme=scheme, sealed=seals.seal({"url": url}), kinds=wanted, quiet=quiet
    )
    session.add(row)
    body = {"name": name, "scheme": scheme, "kinds": wanted, "quiet": quiet}
    evidence.append(session, "alert_channel.made", row, now, body=body)
    return row


def retire_channel(session: Session, channel: AlertChannel, *, now: datetime) -> AlertChannel:
    """It gets nothing more; what was still on its way to it is dropped. Raises Conflict."""
    if channel.retired_at is not None:
        raise Conflict(f"the channel {channel.name!r} was retired before", field="channel_id")
    channel.retired_at = now
    session.add(channel)
    waiting = (_SENDING.c.channel_id == channel.id) & _SENDING.c.state.in_((QUEUED, GIVEN_UP))
    session.connection().execute(sa.update(_SENDING).where(waiting).values(state=DROPPED))
    evidence.append(session, "alert_channel.retired", channel, now, body={"name": channel.name})
    return channel


def test_alert(session: Session, channel: AlertChannel, *, now: datetime) -> UUID:
    """A test for one channel, claimed by whoever calls; the id of its sending. Raises Conflict for a retired one."""
    if channel.retired_at is not None:
        raise Conflict(f"the channel {channel.name!r} was retired", field="channel_id", example="POST /alerts/channels")
    said = "This is a test. If you can read it, alerts from Kept reach you here."
    alert = Alert(created_at=now, kind="test", key=f"test:{new_id()}", title="Kept: a test", text=said)
    session.add(alert)
    session.flush()
    sending = AlertSending(alert_id=alert.id, channel_id=channel.id, state=SENDING, due_at=now + LOST)
    session.add(sending)
    session.flush()
    return sending.id
