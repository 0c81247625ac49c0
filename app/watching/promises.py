"""What we promised our clients ourselves, told to us while there is still time, and when it was missed."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session

from app.agreements import queries as agreements
from app.alerts.actions import raise_alert
from app.db import reader, transaction
from app.notices.rounds.promises import OurPromise, ours
from app.sla.wording import moment

NEAR = timedelta(minutes=15)
LATELY = timedelta(days=1)


def promise_tick(engine: sa.Engine, now: datetime) -> None:
    """The next message each letter names: told a quarter of an hour before, and once more when it did not go out."""
    with Session(reader(engine)) as session:
        owed = [one for one in ours(session, now) if one.state != "kept" and abs(one.due_at - now) < LATELY]
    for one in owed:
        if now > one.due_at or one.due_at - now <= NEAR:
            with transaction(engine) as session:
                session.info["actor"] = "watch"
                _tell(session, one, now)


def _tell(session: Session, one: OurPromise, now: datetime) -> None:
    service = agreements.service(session, one.service_id)
    by, missed = moment(one.due_at, service.zone), now > one.due_at
    title = f"{service.name}: we {'promised' if missed else 'promise'} clients word by {by}"
    text = f"{len(one.without)} of the {one.letters} who had round {one.number} ({one.kind}) "
    if not missed:
        text += "wait for it."
    elif one.kept_at is None:
        text += "have not had it."
    else:
        text += f"had it late, the last {moment(one.kept_at, service.zone)}."
    key = f"promise:{one.notice_id}:{'missed' if missed else 'near'}"
    raise_alert(session, "promise_due", key, title, text, now, service_id=one.service_id)
