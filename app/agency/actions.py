"""Entering who we are."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from sqlmodel import Session

from app.agency.tables import Agency
from app.evidence import actions as evidence


def set_agency(session: Session, *, now: datetime, **values: Any) -> Agency:
    """The agency from now on, with every column of `Agency` that is not made here. What was before is kept."""
    row = Agency(created_at=now, salt=secrets.token_hex(16), **values)
    session.add(row)
    evidence.append(session, "agency.set", row, now)
    return row
