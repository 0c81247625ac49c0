"""Reads of works and windows. The singular ones raise NotFound naming what was looked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from app.errors import NotFound
from app.maintenance.tables import Confirmation, Procedure, Window, Withdrawal, Work, WorkService


def work(session: Session, id_: UUID) -> Work:
    row = session.get(Work, id_)
    if row is None:
        raise NotFound(f"no work has the id {id_}; GET /works lists them", field="work_id")
    return row


def window(session: Session, id_: UUID, *, lock: bool = False) -> Window:
    """`lock` holds the row until the end of the transaction, so that it is replaced or withdrawn only once."""
    row = session.get(Window, id_, with_for_update={"key_share": True} if lock else None)
    if row is None:
        raise NotFound(f"no window has the id {id_}; GET /windows lists them", field="window_id")
    return row


def works_on(session: Session, service_id: UUID) -> Sequence[Work]:
    """The works that touch a service, as they were entered."""
    touching = select(WorkService.work_id).where(col(WorkService.service_id) == service_id)
    return session.exec(select(Work).where(col(Work.id).in_(touching)).order_by(col(Work.id))).all()


def services_of(session: Session, work_ids: Collection[UUID]) -> dict[UUID, list[UUID]]:
    """The services each work touches."""
    found: defaultdict[UUID, list[UUID]] = defaultdict(list)
    query = select(WorkService).where(col(WorkService.work_id).in_(work_ids))
    for row in session.exec(query.order_by(col(WorkService.service_id))):
        found[row.work_id].append(row.service_id)
    return dict(found)


def procedures_of(session: Session, work_ids: Collection[UUID]) -> Sequence[Procedure]:
    """All agreed procedures of these works, in the order they were agreed."""
    query = select(Procedure).where(col(Procedure.work_id).in_(work_ids))
    return session.exec(query.order_by(col(Procedure.agreed_at), col(Procedure.id))).all()


def procedure_at(session: Session, work_id: UUID, at: datetime) -> Procedure | None:
    """The procedure in force at a moment: the one agreed last before it."""
    query = select(Procedure).where(col(Procedure.work_id) == work_id, col(Procedure.agreed_at) <= at)
    return session.exec(query.order_by(col(Procedure.agreed_at).desc(), col(Procedure.id).desc()).limit(1)).first()


def windows_of(session: Session, work_ids: Collection[UUID]) -> Sequence[Window]:
    """All windows of these works, replaced and withdrawn ones included, in the order they were announced."""
    query = select(Window).where(col(Window.work_id).in_(work_ids))
    return session.exec(query.order_by(col(Window.announced_at), col(Window.id))).all()


def replaced_by(session: Session, window_ids: Collection[UUID]) -> dict[UUID, Window]:
    """For each window that was rescheduled, the row that replaces it."""
    query = select(Window).where(col(Window.replaces).in_(window_ids))
    return {row.replaces: row for row in session.exec(query) if row.replaces is not None}


def confirmations_of(session: Session, window_ids: Collection[UUID]) -> dict[UUID, Confirmation]:
    """The confirmation of each window that was tentative and then confirmed."""
    query = select(Confirmation).where(col(Confirmation.window_id).in_(window_ids))
    return {row.window_id: row for row in session.exec(query)}


def withdrawals_of(session: Session, window_ids: Collection[UUID]) -> dict[UUID, Withdrawal]:
    """The withdrawal of each window that was withdrawn."""
    query = select(Withdrawal).where(col(Withdrawal.window_id).in_(window_ids))
    return {row.window_id: row for row in session.exec(query)}


def confirmed_at(row: Window, confirmation: Confirmation | None) -> datetime | None:
    """Since when the window is confirmed: from its announcement, from a later confirmation, or not at all."""
    if row.announced and row.status == "CONFIRMED":
        return row.announced_at
    return confirmation.at if confirmation else None
