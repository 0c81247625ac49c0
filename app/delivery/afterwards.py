"""What happens to a message by other hands than the sender's: reports that come back, decisions, post and telephone."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlmodel import Session, select

from app.delivery import queries
from app.delivery.actions import log, settle, suppress
from app.delivery.outbox.states import FAILED, PATIENCE, WAITING, State, pause
from app.delivery.shapes import Bounce
from app.delivery.tables import Delivery, DeliveryEvent
from app.errors import BadInput, Conflict, NotFound
from app.evidence import actions as evidence

How = Literal["post", "phone", "visit", "other"]
RETRIES = 3  # of a message that came back only for now


def _event(session: Session, row: Delivery, kind: str, now: datetime, **values: Any) -> DeliveryEvent:
    event = DeliveryEvent(
        created_at=now, salt=secrets.token_hex(16), delivery_id=row.id, kind=kind,
        **{"at": now} | values,
    )  # fmt: skip
    session.add(event)
    session.flush()
    return event


def decide(
    session: Session, delivery_id: UUID, what: Literal["went", "again"], *, by: str, why: str, now: datetime
) -> Delivery:
    """A person decides about a message nobody knows of, or sends one again that did not arrive, under the same
    Message-ID. Raises Conflict where there is nothing to decide, or the address is not written to."""
    row = queries.delivery(session, delivery_id, lock=True)
    allowed = (State.UNCERTAIN,) if what == "went" else (State.UNCERTAIN, *FAILED)
    if row.state not in allowed:
        raise Conflict(f"this message is {row.state.replace('_', ' ')}: that leaves nothing to decide", field="what")
    if what == "went":
        settle(row, State.ACCEPTED, f"{by}: {why}", now)
    else:
        if row.let_go_at is not None:
            day = f"{row.let_go_at:%Y-%m-%d}"
            raise Conflict(f"what this message said was let go on {day}, for its age", field="delivery_id")
        if queries.content(session, row.id) is None or row.address is None:
            raise Conflict("what this message said was erased", field="delivery_id")
        if queries.suppressed(session, [row.address]):
            raise Conflict(
                "mail to this address was refused for good; lift that first", field="what",
                example="POST /api/v1/suppressions/{id}/lift",
            )  # fmt: skip
        settle(row, State.QUEUED, f"again, says {by}: {why}", now, due_at=now)
        row.give_up_at = now + PATIENCE
    session.add(row)
    event = _event(session, row, what, now, by=by, text=why)
    log(session, row, "decided", now, decision=what, by=evidence.commitment(event.salt, by))
    return row


DONE_BY_HAND = (State.TO_DO, State.UNCERTAIN, *WAITING, *FAILED)


def by_hand(
    session: Session, delivery_id: UUID, *, how: How, by: str, at: datetime, text: str, now: datetime
) -> Delivery:
    """It reached them another way: posted, told by telephone. It is not sent any more.

    Raises BadInput for a moment to come, Conflict where it has gone, or is just going.
    """
    if at > now:
        raise BadInput("has not come yet", field="at", example=now.isoformat(timespec="seconds"))
    row = queries.delivery(session, delivery_id, lock=True)
    if row.state not in DONE_BY_HAND:
        raise Conflict(f"this message is {row.state.replace('_', ' ')}: nobody has to do it", field="delivery_id")
    settle(row, State.BY_HAND, f"{how}, {by}", at)
    session.add(row)
    event = _event(session, row, "by_hand", now, at=at, by=by, how=how, text=text)
    log(session, row, "by_hand", now, how=how, at=at, by=evidence.commitment(event.salt, by))
    return row


def report(session: Session, bounce: Bounce, raw: bytes, now: datetime) -> Delivery | None:
    """Takes in what a server reports of one of our messages; None where it is not one of ours. Said twice counts once.

    Failed for good: bounced, and where nobody is there the address is not written to. Else: tried again, a few times.
    """
    row = _reported(session, bounce)
    if row is None:
        return None
    row = queries.delivery(session, row.id, lock=True)
    digest = hashlib.sha256(raw).hexdigest()
    before = session.exec(select(DeliveryEvent).where(DeliveryEvent.delivery_id == row.id)).all()
    if any(event.digest == digest for event in before):
        return row
    _event(
        session, row, "report", now, by=bounce.reported_by[:200], how=bounce.action[:12], status=bounce.status,
        text=bounce.diagnostic[:1000], digest=digest,
    )  # fmt: skip
    if bounce.lost and row.state in (State.ACCEPTED, State.SENDING, State.UNCERTAIN, State.DEFERRED):
        failures = sum(event.kind == "report" and event.how == "failed" for event in before) + 1
        if bounce.suppresses:
            suppress(session, row, bounce.diagnostic, now)
        if bounce.final or failures > RETRIES or queries.content(session, row.id) is None:
            settle(row, State.BOUNCED, bounce.diagnostic, now)
        else:
            settle(row, State.DEFERRED, bounce.diagnostic, now, due_at=now + pause(failures))
            row.give_up_at = now + PATIENCE
    elif bounce.action in ("delivered", "relayed", "expanded") and row.state == State.UNCERTAIN:
        settle(row, State.ACCEPTED, bounce.diagnostic or bounce.action, now)
    session.add(row)
    log(session, row, "reported", now, action=bounce.action, status=bounce.status, report=digest)
    return row


def _reported(session: Session, bounce: Bounce) -> Delivery | None:
    for column, value in ((Delivery.token, bounce.token), (Delivery.message_id, bounce.message_id)):
        if value is not None and (row := session.exec(select(Delivery).where(column == value)).first()) is not None:
            return row
    return None


def take_in(session: Session, raw: bytes, read: Iterable[Bounce], now: datetime) -> list[Delivery]:
    """All that one message reports. Raises NotFound where nothing in it is about a message of ours."""
    rows = [row for bounce in read if (row := report(session, bounce, raw, now)) is not None]
    if not rows:
        raise NotFound("this reports nothing of a message of ours", field="body")
    return rows
