"""Reads of what happened, one query for all windows asked about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from uuid import UUID

from sqlmodel import Session, col, select

from app.outcomes.tables import Finding, Override, Said


def said_of(session: Session, window_ids: Collection[UUID]) -> dict[UUID, list[Said]]:
    """What was said of each window, in the order it was said."""
    found: defaultdict[UUID, list[Said]] = defaultdict(list)
    query = select(Said).where(col(Said.window_id).in_(window_ids))
    for row in session.exec(query.order_by(col(Said.said_at), col(Said.id))):
        found[row.window_id].append(row)
    return dict(found)


def overrides_of(session: Session, window_ids: Collection[UUID]) -> dict[UUID, list[Override]]:
    """The verdicts of persons on each window, oldest first: the last one as at a moment counts."""
    found: defaultdict[UUID, list[Override]] = defaultdict(list)
    query = select(Override).where(col(Override.window_id).in_(window_ids))
    for row in session.exec(query.order_by(col(Override.at), col(Override.id))):
        found[row.window_id].append(row)
    return dict(found)


def findings_of(session: Session, window_ids: Collection[UUID]) -> dict[UUID, list[Finding]]:
    """What was found in each window, in order of time."""
    found: defaultdict[UUID, list[Finding]] = defaultdict(list)
    query = select(Finding).where(col(Finding.window_id).in_(window_ids))
    for row in session.exec(query.order_by(col(Finding.at), col(Finding.id))):
        found[row.window_id].append(row)
    return dict(found)
