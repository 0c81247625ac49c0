"""Entering the work, its procedure and its windows, and what the provider does to a promise it made."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, select

from app.agreements import queries as agreements
from app.errors import BadInput, Conflict
from app.evidence import actions as evidence
from app.fields import happened
from app.maintenance import queries
from app.maintenance.tables import Confirmation, Procedure, Window, Withdrawal, Work, WorkService
from app.messages import queries as messages
from app.messages.tables import Message


def add_work(
    session: Session, *, title: str, kind: str, services: Sequence[UUID], scope: str = "", now: datetime
) -> Work:
    """The job agreed, and the services it touches. Raises BadInput for none, unknown ones, or several providers'."""
    wanted = list(dict.fromkeys(services))
    there = agreements.services(session, wanted)
    for index, service_id in enumerate(services):
        if service_id not in there:
            raise BadInput(f"no service has the id {service_id}; GET /services lists them", field=f"services.{index}")
    if len({service.provider_id for service in there.values()}) != 1:
        raise BadInput(
            "a work touches one or more services, all of one provider", field="services", example='["<id of HOST-1>"]'
        )
    row = Work(created_at=now, title=title, kind=kind, scope=scope)
    session.add(row)
    session.flush()
    session.add_all([WorkService(work_id=row.id, service_id=service_id) for service_id in wanted])
    evidence.append(session, "work.agreed", row, now, body=evidence.row_body(row) | {"services": wanted})
    return row


def agree_procedure(
    session: Session,
    work_id: UUID,
    *,
    agreed_at: datetime,
    steps: Sequence[str],
    source: str | None = None,
    message_id: UUID | None = None,
    note: str = "",
    now: datetime,
) -> Procedure:
    """The steps as agreed, numbered from 1. A later agreement is a later row. Raises NotFound and BadInput."""
    work = queries.work(session, work_id)
    happened(agreed_at, now, "agreed_at")
    message = _rests_on(session, work.id, message_id, source, note)
    row = Procedure(
        created_at=now, work_id=work.id, agreed_at=agreed_at, steps=list(steps),
        source=messages.source_of(message, source), message_id=message_id, note=note,
    )  # fmt: skip
    session.add(row)
    _log(session, "procedure.agreed", row, now, agreed_at, message)
    return row


def announce(
    session: Session,
    *,
    work_id: UUID,
    start_at: datetime,
    end_at: datetime,
    role: str = "primary",
    impact: str = "OUTAGE",
    status: str = "CONFIRMED",
    announced: bool = True,
    announced_at: datetime | None = None,
    emergency: bool = False,
    text: str = "",
    source: str | None = None,
    message_id: UUID | None = None,
    note: str = "",
    replaces: Window | None = None,
    now: datetime,
) -> Window:
    """A promised window, `[start_at, end_at)`; with `announced` False, work nobody had promised.

    `announced_at` is when the promise reached us (or, unannounced, when we learned of the work): by default when the
    message came. Raises NotFound, and BadInput naming the field.
    """
    work = queries.work(session, work_id)
    if end_at <= start_at:
        raise BadInput(
            f"must come after start_at, {start_at.isoformat()}",
            field="end_at",
            example=(start_at + timedelta(hours=2)).isoformat(),
        )
    message = _rests_on(session, work.id, message_id, source, note)
    received = happened(messages.received(message, announced_at, "announced_at"), now, "announced_at")
    if not announced:
        happened(start_at, now, "start_at")
        happened(end_at, now, "end_at")
    row = Window(
        created_at=now, work_id=work.id, start_at=start_at, end_at=end_at, role=role, impact=impact, status=status,
        announced=announced, announced_at=received, emergency=emergency, text=text,
        source=messages.source_of(message, source), message_id=message_id, note=note,
        replaces=replaces.id if replaces else None,
    )  # fmt: skip
    session.add(row)
    kind = "window.rescheduled" if replaces else "window.announced" if announced else "window.found_unannounced"
    _log(session, kind, row, now, received, message)
    return row


def reschedule(
    session: Session,
    window_id: UUID,
    *,
    start_at: datetime,
    end_at: datetime,
    role: str | None = None,
    impact: str | None = None,
    status: str = "CONFIRMED",
    announced_at: datetime | None = None,
    emergency: bool = False,
    text: str = "",
    source: str | None = None,
    message_id: UUID | None = None,
    note: str = "",
    now: datetime,
) -> Window:
    """A new window that names the one it replaces; what is left out stays as promised before. Both are judged.

    Raises NotFound; BadInput; Conflict naming the row that replaced this one already.
    """
    old = _standing(session, window_id, "reschedule")
    new = announce(
        session, work_id=old.work_id, start_at=start_at, end_at=end_at, role=role or old.role,
        impact=impact or old.impact, status=status, announced_at=announced_at, emergency=emergency, text=text,
        source=source, message_id=message_id, note=note, replaces=old, now=now,
    )  # fmt: skip
    _not_before_announced(old, new.announced_at, "announced_at")
    return new


def confirm(
    session: Session,
    window_id: UUID,
    *,
    at: datetime | None = None,
    text: str = "",
    source: str | None = None,
    message_id: UUID | None = None,
    now: datetime,
) -> Confirmation:
    """A tentative window is certain now; `at` is when we were told. Raises NotFound, BadInput, Conflict."""
    window = _standing(session, window_id, "confirm")
    earlier = queries.confirmations_of(session, [window.id]).get(window.id)
    if (since := queries.confirmed_at(window, earlier)) is not None:
        raise Conflict(f"the window is confirmed since {since.isoformat()}", field="window_id")
    _not_withdrawn(session, window)
    message = _rests_on(session, window.work_id, message_id, source, text, field="text")
    told = messages.received(message, at, "at")
    _not_before_announced(window, happened(told, now, "at"), "at")
    row = Confirmation(
        created_at=now, window_id=window.id, at=told, text=text, source=messages.source_of(message, source),
        message_id=message_id,
    )  # fmt: skip
    session.add(row)
    _log(session, "window.confirmed", row, now, told, message)
    return row


def withdraw(
    session: Session,
    window_id: UUID,
    *,
    at: datetime | None = None,
    text: str,
    source: str | None = None,
    message_id: UUID | None = None,
    now: datetime,
) -> Withdrawal:
    """The promise is taken back; without a message, `at` is when we learned of it. Raises as `confirm` does."""
    window = _standing(session, window_id, "withdraw")
    _not_withdrawn(session, window)
    message = _rests_on(session, window.work_id, message_id, source, text)
    told = messages.received(message, at, "at")
    _not_before_announced(window, happened(told, now, "at"), "at")
    row = Withdrawal(
        created_at=now, window_id=window.id, at=told, text=text, source=messages.source_of(message, source),
        message_id=message_id,
    )  # fmt: skip
    session.add(row)
    _log(session, "window.withdrawn", row, now, told, message)
    return row


def _standing(session: Session, window_id: UUID, verb: str) -> Window:
    """The window, locked, if its promise is one and still the last one. Raises NotFound and Conflict."""
    row = queries.window(session, window_id, lock=True)
    if not row.announced:
        raise Conflict(f"nothing was promised here, so there is nothing to {verb}", field="window_id")
    newer = session.exec(select(Window).where(Window.replaces == row.id)).first()
    if newer is not None:
        raise Conflict(
            f"this window was replaced by {newer.id}, announced {newer.announced_at.isoformat()}; {verb} that one",
            field="window_id",
            example=str(newer.id),
            replaced_by=str(newer.id),
        )
    return row


def _not_withdrawn(session: Session, window: Window) -> None:
    if (gone := queries.withdrawals_of(session, [window.id]).get(window.id)) is not None:
        raise Conflict(f"the window was withdrawn at {gone.at.isoformat()}", field="window_id")


def _not_before_announced(window: Window, at: datetime, field: str) -> None:
    if at < window.announced_at:
        since = window.announced_at.isoformat()
        raise BadInput(f"lies before {since}, when the window was announced", field=field, example=since)


def _rests_on(
    session: Session, work_id: UUID, message_id: UUID | None, source: str | None, said: str, field: str = "note"
) -> Message | None:
    """The message a fact rests on. Raises NotFound, and BadInput for another provider's or for no source at all."""
    touched = agreements.services(session, queries.services_of(session, [work_id])[work_id])
    message = messages.cited(session, message_id, source, {service.provider_id for service in touched.values()})
    if message is None and not said:
        raise BadInput(
            "name the message it rests on in `message_id`, or say here how we know",
            field=field,
            example="told by Jo Marsh on the phone",
        )
    return message


def _log(
    session: Session,
    kind: str,
    row: Procedure | Window | Confirmation | Withdrawal,
    now: datetime,
    occurred_at: datetime,
    message: Message | None,
) -> None:
    evidence.append(
        session, kind, row, now, occurred_at=occurred_at, source=row.source, attachments=messages.attachments(message)
    )
