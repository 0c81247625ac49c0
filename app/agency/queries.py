"""The agency as it is now, and as it was."""

from __future__ import annotations

from sqlmodel import Session, col, select

from app.agency.tables import Agency


def agency(session: Session) -> Agency | None:
    """The newest row: the one that counts. None until somebody has entered it."""
    return session.exec(select(Agency).order_by(col(Agency.id).desc()).limit(1)).first()
