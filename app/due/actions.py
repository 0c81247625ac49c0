"""Handing reminders over, once each; acknowledging them; calendar feeds and what they said before."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from app.due import queries
from app.due.items import Item
from app.due.reminders import MISSED
from app.due.tables import CalendarEntry, CalendarFeed, Reminder
from app.errors import Conflict, NotFound
from app.evidence import actions as evidence

DUE_LOCK = 7_301_006  # one hand gives reminders out at a time on PostgreSQL; SQLite's BEGIN IMMEDIATE does the same
Deliver = Callable[[Session, Reminder], None]
"""What carries a reminder away. It writes into the same transaction (an outbox), so that both stand or neither."""


def pending(session: Session, now: datetime) -> list[Reminder]:
    """The reminders that are due and were not handed over, one for each thing: the latest of those that have come."""
    come = []
    for item in queries.due(session, now):
        marks = [mark for mark in item.reminders if mark.at <= now]
        if marks and not (item.level == MISSED and item.kind == "claim"):
            come.append((item, marks[-1]))
    query = select(Reminder).where(col(Reminder.key).in_([item.key for item, _ in come]))
    given = {(row.key, row.level, row.deadline) for row in session.exec(query)}
    return [
        _reminder(item, mark.level, mark.at, now)
        for item, mark in come
        if (item.key, mark.level, item.deadline) not in given
    ]


def _reminder(item: Item, level: str, due_at: datetime, now: datetime) -> Reminder:
    return Reminder(
        created_at=now, key=item.key, level=level, deadline=item.deadline, due_at=due_at, title=item.title,
        text=item.text,
    )  # fmt: skip


def hand_over(session: Session, now: datetime, deliver: Deliver) -> list[Reminder]:
    """Calls `deliver` once for each reminder that is due, and records it in the same transaction: what `deliver`
    writes into the session is there exactly once, however often this is called or killed. When it raises, none of this
    call's reminders is recorded, and the next call gives them again."""
    _one_hand(session)
    out = pending(session, now)
    for row in out:
        session.add(row)
        evidence.append(session, "reminder.handed_over", row, now)
        deliver(session, row)
    return out


def acknowledge(session: Session, reminder_id: UUID, *, by: str, now: datetime) -> Reminder:
    """Somebody has seen it. Raises NotFound, and Conflict naming who saw it before."""
    row = queries.reminder(session, reminder_id)
    if row.acknowledged_at is not None:
        raise Conflict(f"{row.acknowledged_by} acknowledged this before", field="reminder_id")
    row.acknowledged_at, row.acknowledged_by = now, by
    session.add(row)
    evidence.append(session, "reminder.acknowledged", row, now, body={"by": by, "title": row.title})
    return row


# Calendar feeds -------------------------------------------------------------------------------------------------------


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def make_feed(session: Session, *, name: str, now: datetime) -> tuple[CalendarFeed, str]:
    """A feed and the secret of its address, which is stored nowhere."""
    secret = secrets.token_urlsafe(32)
    row = CalendarFeed(created_at=now, name=name, digest=_digest(secret), hint=secret[:4] + "…")
    session.add(row)
    evidence.append(session, "calendar_feed.made", row, now, body={"name": name})
    return row, secret


def revoke_feed(session: Session, feed_id: UUID, *, now: datetime) -> CalendarFeed:
    """The address answers no more. Raises NotFound, and Conflict where it was revoked before."""
    row = queries.feed(session, feed_id)
    if row.revoked_at is not None:
        raise Conflict("this feed was revoked before", field="feed_id")
    row.revoked_at = now
    session.add(row)
    evidence.append(session, "calendar_feed.revoked", row, now, body={"name": row.name})
    return row


def recognise(session: Session, secret: str) -> CalendarFeed:
    """The feed behind an address. Raises NotFound, in the same words for an unknown one and a revoked one."""
    row = session.exec(select(CalendarFeed).where(CalendarFeed.digest == _digest(secret))).first()
    if row is None or row.revoked_at is not None:
        raise NotFound("there is no calendar at this address")
    return row


def uid(item: Item) -> str:
    """The same for as long as it is the same thing."""
    return f"{hashlib.sha256(item.key.encode()).hexdigest()[:32]}@kept"


def said_before(session: Session, items: Sequence[Item]) -> dict[str, CalendarEntry] | None:
    """What feeds said of each date, by uid; None where one of them is new or has moved since."""
    wanted = {uid(item): _said(item) for item in items}
    query = select(CalendarEntry).where(col(CalendarEntry.uid).in_(wanted))
    known = {row.uid: row for row in session.exec(query)}
    return known if {key: row.said for key, row in known.items()} == wanted else None


def say(session: Session, items: Sequence[Item], now: datetime) -> dict[str, CalendarEntry]:
    """Keeps what feeds say of each date from now on: one that moved gets the next number."""
    _one_hand(session)
    wanted = {uid(item): _said(item) for item in items}
    query = select(CalendarEntry).where(col(CalendarEntry.uid).in_(wanted))
    known = {row.uid: row for row in session.exec(query)}
    now = now.replace(microsecond=0)
    for key, text in wanted.items():
        row = known.get(key)
        if row is None:
            known[key] = row = CalendarEntry(uid=key, sequence=0, said=text, changed_at=now)
        elif row.said != text:
            row.sequence, row.said, row.changed_at = row.sequence + 1, text, now
        session.add(row)
    session.flush()
    return known


def _one_hand(session: Session) -> None:
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.text("select pg_advisory_xact_lock(:key)"), {"key": DUE_LOCK})


def _said(item: Item) -> str:
    marks = ",".join(evidence.stamp(mark.at) for mark in item.reminders)
    return f"{item.deadline};{item.title};{marks}"
