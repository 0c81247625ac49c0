"""Reads: channels, alerts with where each went, what does not get out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from app.alerts.tables import GIVEN_UP, QUEUED, AlertChannel, AlertSending
from app.errors import found

STUCK = timedelta(minutes=15)


def channel(session: Session, id_: UUID) -> AlertChannel:
    """Raises NotFound."""
    return found(session.get(AlertChannel, id_), "channel", id_)


def sendings_of(session: Session, alert_ids: Collection[UUID]) -> dict[UUID, list[tuple[AlertSending, str]]]:
    """Each alert's sendings with the name of their channel."""
    out: defaultdict[UUID, list[tuple[AlertSending, str]]] = defaultdict(list)
    query = (
        select(AlertSending, AlertChannel.name)
        .join(AlertChannel, col(AlertChannel.id) == col(AlertSending.channel_id))
        .where(col(AlertSending.alert_id).in_(alert_ids))
    )
    for row, name in session.exec(query.order_by(AlertChannel.name)):
        out[row.alert_id].append((row, name))
    return dict(out)


def stuck(session: Session, now: datetime) -> int:
    """How many sendings were given up in the last day, or wait though they failed and are overdue."""
    state, due_at = col(AlertSending.state), col(AlertSending.due_at)
    given_up = sa.and_(state == GIVEN_UP, due_at > now - timedelta(days=2))
    waiting = sa.and_(state == QUEUED, sa.or_(col(AlertSending.attempts) > 0, due_at < now - STUCK))
    return len(session.exec(select(AlertSending.id).where(sa.or_(given_up, waiting))).all())
