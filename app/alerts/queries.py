"""Reads: channels, alerts with where each went, what does not get out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from uuid import UUID

from sqlmodel import Session, col, select

from app.alerts.tables import AlertChannel, AlertSending
from app.errors import found


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
