"""Noting what was said of a window, what was found in it, and a person's verdict."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from app.agreements import queries as agreements
from app.errors import BadInput
from app.evidence import actions as evidence
from app.fields import happened
from app.maintenance import queries as maintenance
from app.maintenance.tables import Window
from app.messages import queries as messages
from app.messages.tables import Message
from app.outcomes.tables import Finding, Override, Said


def say(
    session: Session,
    window_id: UUID,
    *,
    kind: str,
    at: datetime,
    said_at: datetime | None = None,
    text: str,
    source: str | None = None,
    message_id: UUID | None = None,
    now: datetime,
) -> Said:
    """A statement about the window: `at` is the moment it speaks of, `said_at` when it was said (by default when the
    message came). Two statements may contradict one another; both are kept. Raises NotFound and BadInput."""
    window = maintenance.window(session, window_id)
    message = _cited(session, window, message_id, source)
    told = happened(messages.received(message, said_at, "said_at"), now, "said_at")
    if at > told:
        raise BadInput(
            f"lies after {told.isoformat()}, when it was said; what is yet to come is a promise, not a statement",
            field="at",
            example=told.isoformat(),
        )
    row = Said(
        created_at=now, window_id=window.id, kind=kind, at=at, said_at=told, text=text,
        source=messages.source_of(message, source), message_id=message_id,
    )  # fmt: skip
    session.add(row)
    _log(session, f"window.said_{kind}", row, now, at, message)
    return row


def override(
    session: Session, window_id: UUID, *, outcome: str, by: str, reason: str, at: datetime | None = None, now: datetime
) -> Override:
    """A named person's verdict, with the reason; what the evidence alone says is shown beside it. Raises NotFound and
    BadInput."""
    window = maintenance.window(session, window_id)
    row = Override(
        created_at=now,
        window_id=window.id,
        outcome=outcome,
        by=by,
        reason=reason,
        at=happened(at or now, now, "at"),
    )
    session.add(row)
    evidence.append(session, "window.outcome_overridden", row, now, occurred_at=row.at)
    return row


def find(
    session: Session,
    window_id: UUID,
    *,
    step: int | None = None,
    verdict: str,
    at: datetime,
    text: str,
    source: str | None = None,
    message_id: UUID | None = None,
    scope_change: bool = False,
    now: datetime,
) -> Finding:
    """What was done as, or instead of, an agreed step; without a step, something nobody had agreed.

    Raises NotFound, and BadInput for a moment to come or a step that is not in the procedure in force at `at`.
    """
    window = maintenance.window(session, window_id)
    happened(at, now, "at")
    _step_is_agreed(session, window, step, verdict, at)
    message = _cited(session, window, message_id, source)
    row = Finding(
        created_at=now, window_id=window.id, step=step, verdict=verdict, at=at, text=text,
        source=messages.source_of(message, source), message_id=message_id, scope_change=scope_change,
    )  # fmt: skip
    session.add(row)
    _log(session, "window.finding", row, now, at, message)
    return row


def _step_is_agreed(session: Session, window: Window, step: int | None, verdict: str, at: datetime) -> None:
    if verdict == "added":
        if step is not None:
            raise BadInput("what was added is no agreed step; leave it out", field="step", example="null")
        return
    procedure = maintenance.procedure_at(session, window.work_id, at)
    if procedure is None:
        if step is not None or verdict != "changed":
            raise BadInput(
                f"no procedure was agreed for this work by {at.isoformat()}, so no step of it can be judged",
                field="step",
                example=f"POST /works/{window.work_id}/procedures",
            )
        return
    last = len(procedure.steps)
    if step is None:
        if verdict != "changed":
            raise BadInput(f"is needed to say that a step was {verdict}; 1 to {last}", field="step", example="1")
    elif not 1 <= step <= last:
        raise BadInput(
            f"the procedure agreed at {procedure.agreed_at.isoformat()} has the steps 1 to {last}",
            field="step",
            example=str(last),
        )


def _cited(session: Session, window: Window, message_id: UUID | None, source: str | None) -> Message | None:
    touched = maintenance.services_of(session, [window.work_id])[window.work_id]
    providers = {service.provider_id for service in agreements.services(session, touched).values()}
    return messages.cited(session, message_id, source, providers)


def _log(
    session: Session, kind: str, row: Said | Finding, now: datetime, occurred_at: datetime, message: Message | None
) -> None:
    evidence.append(
        session, kind, row, now, occurred_at=occurred_at, source=row.source, attachments=messages.attachments(message)
    )
