"""Reads of the outbox. The singular ones raise NotFound naming what was looked for."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from app.delivery.outbox.states import FAILED, WAITING, State
from app.delivery.tables import Delivery, DeliveryAttempt, DeliveryContent, DeliveryEvent, Suppression
from app.errors import NotFound

STUCK = timedelta(minutes=30)


def letter_key(letter_id: UUID, contact_id: UUID) -> str:
    """The key of one person's copy of a letter."""
    return f"letter:{letter_id}:{contact_id}"


def delivery(session: Session, id_: UUID, *, lock: bool = False) -> Delivery:
    """`lock` holds the row until the end of the transaction, so that one hand moves it on."""
    row = session.get(Delivery, id_, with_for_update={"key_share": True} if lock else None, populate_existing=lock)
    if row is None:
        raise NotFound(f"no delivery has the id {id_}; GET /deliveries lists them", field="delivery_id")
    return row


def suppression(session: Session, id_: UUID) -> Suppression:
    row = session.get(Suppression, id_)
    if row is None:
        raise NotFound(f"no suppression has the id {id_}; GET /suppressions lists them", field="suppression_id")
    return row


def suppressed(session: Session, addresses: Collection[str]) -> dict[str, Suppression]:
    """Those of the addresses that are not written to at present."""
    folded = {folded_address(one) for one in addresses}
    query = select(Suppression).where(col(Suppression.address).in_(folded), col(Suppression.lifted_at).is_(None))
    return {row.address: row for row in session.exec(query.order_by(col(Suppression.id)))}


def folded_address(text: str) -> str:
    """The same for addresses that differ in large and small letters only: in practice they are one mailbox."""
    return text.strip().casefold()


def bounced(session: Session, keys: Iterable[str]) -> set[str]:
    """Those of the keys whose message did not arrive, as far as is known: refused, come back, given up or held back.
    Whoever it was for has not been told and not been reached by hand since."""
    return {
        row
        for part in _parts(list(keys))
        for row in session.exec(
            select(Delivery.key).where(col(Delivery.key).in_(part), col(Delivery.state).in_(FAILED))
        )
    }


def states(session: Session, keys: Iterable[str]) -> dict[str, str]:
    """Where each message stands, by its key; those there are."""
    out: dict[str, str] = {}
    for part in _parts(list(keys)):
        rows = session.exec(select(Delivery.key, Delivery.state).where(col(Delivery.key).in_(part)))
        out |= {key: state for key, state in rows}
    return out


def _parts(keys: list[str], size: int = 500) -> Iterable[list[str]]:
    return (keys[start : start + size] for start in range(0, len(keys), size))


def of_threads(session: Session, threads: Collection[str]) -> dict[str, list[Delivery]]:
    """Everything handed over in each thread, oldest first."""
    out: dict[str, list[Delivery]] = {thread: [] for thread in threads}
    for part in _parts(sorted(out)):
        for row in session.exec(select(Delivery).where(col(Delivery.thread).in_(part)).order_by(col(Delivery.id))):
            out[row.thread or ""].append(row)
    return out


def counts(session: Session, notice_id: UUID | None = None) -> dict[str, int]:
    """How many messages stand where; of one round, or of all."""
    query = select(Delivery.state, sa.func.count()).group_by(Delivery.state)
    if notice_id is not None:
        query = query.where(Delivery.notice_id == notice_id)
    return {state: number for state, number in session.exec(query)}


def content(session: Session, delivery_id: UUID) -> bytes | None:
    """What a message says, packed; None where it is not there any more."""
    row = session.get(DeliveryContent, delivery_id)
    return row.content if row is not None and row.content else None


def digest(session: Session, delivery_id: UUID) -> str | None:
    """The digest of what a message says, or said until it was let go."""
    return session.exec(select(DeliveryContent.digest).where(DeliveryContent.delivery_id == delivery_id)).first()


def attempts_of(session: Session, delivery_id: UUID) -> list[DeliveryAttempt]:
    query = select(DeliveryAttempt).where(DeliveryAttempt.delivery_id == delivery_id)
    return list(session.exec(query.order_by(col(DeliveryAttempt.number))))


def events_of(session: Session, delivery_id: UUID) -> list[DeliveryEvent]:
    query = select(DeliveryEvent).where(DeliveryEvent.delivery_id == delivery_id)
    return list(session.exec(query.order_by(col(DeliveryEvent.id))))


def stuck(session: Session, now: datetime) -> list[Delivery]:
    """What somebody should look at: it waits and has been due for half an hour, was put off, or may have gone."""
    late = sa.and_(col(Delivery.state).in_(WAITING), col(Delivery.due_at) <= now - STUCK)
    put_off = sa.and_(col(Delivery.state) == State.DEFERRED, col(Delivery.attempts) >= 3)
    query = select(Delivery).where(sa.or_(late, put_off, col(Delivery.state) == State.UNCERTAIN))
    return list(session.exec(query.order_by(col(Delivery.id))))
