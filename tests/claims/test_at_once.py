"""Two hands at once, and a power failure in between, on both databases."""

from __future__ import annotations

import multiprocessing
import time
from datetime import timedelta
from multiprocessing.connection import Connection
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from app.claims import actions
from app.claims.tables import Claim, ClaimSpan
from app.db import make_engine, transaction
from app.errors import Conflict
from app.evidence.queries import verify_log
from tests.build import at_once
from tests.conftest import NOW
from tests.running import FORKS
from tests.statements.ministory import Story


def draft(session: Session, service: str) -> Claim:
    return actions.draft(session, service_id=UUID(service), month="2025-06", by="Dana Reyes", now=NOW)


def test_of_two_at_once_one_claims_and_one_step_is_taken(both: Story) -> None:
    service, engine = both.ids["service"], both.engine
    lost = at_once(engine, lambda session: draft(session, service), lambda session: draft(session, service))
    assert isinstance(lost, Conflict)
    assert lost.more["claims"] == ["0001"]
    with transaction(engine) as session:
        (claim,) = session.exec(select(Claim)).all()

    def approve(session: Session) -> Claim:
        return actions.approve(session, claim.id, by="Dana Reyes", now=NOW)

    lost = at_once(engine, approve, approve)
    assert isinstance(lost, Conflict)
    assert "approved" not in lost.more["possible"]
    _the_database_holds_it_too(engine, claim)


def _the_database_holds_it_too(engine: sa.Engine, claim: Claim) -> None:
    """Whoever goes round the action meets the trigger; a withdrawn claim's minutes are free."""

    def beside(session: Session) -> None:
        other = Claim(**claim.model_dump() | {"id": UUID(int=7), "running": 7, "number": "0007", "state": "draft"})
        session.add(other)
        session.flush()
        span = session.exec(select(ClaimSpan).where(ClaimSpan.claim_id == claim.id)).first()
        assert span is not None
        last, later = span.end_at - timedelta(seconds=1), span.end_at + timedelta(hours=1)
        session.add(ClaimSpan(claim_id=other.id, service_id=claim.service_id, start_at=last, end_at=later))
        session.flush()

    with pytest.raises(IntegrityError, match="claimed already"), transaction(engine) as session:
        beside(session)
    with transaction(engine) as session:
        actions.record(session, claim.id, "withdrawn", by="Dana Reyes", words="The wrong month.", now=NOW)
    with transaction(engine) as session:
        beside(session)


def _half(url: str, service: str, told: Connection) -> None:
    with transaction(make_engine(url)) as session:
        draft(session, service)
        told.send("drafted, not committed")
        time.sleep(60)


def test_killed_in_the_middle_of_a_draft_nothing_is_left(story: Story) -> None:
    here, there = multiprocessing.Pipe()
    url = str(story.engine.url)
    process = FORKS.Process(target=_half, args=(url, story.ids["service"], there))
    process.start()
    assert here.poll(60), "the other process never got to its draft"
    process.kill()
    process.join(30)
    with transaction(story.engine) as session:
        assert session.exec(select(Claim)).all() == []
        assert verify_log(session).whole
        assert draft(session, story.ids["service"]).number == "0001"
