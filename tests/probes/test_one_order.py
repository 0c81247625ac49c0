"""Whoever takes observations in, seals them or gives an agent another token waits for the others in one order: what the
observations or the agent belong to first, the log last. Else two of them wait for each other for ever."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from sqlmodel import Session, col, select

from app.db import transaction
from app.evidence import actions as evidence
from app.evidence.tables import Entry
from app.prober.clocks import micros
from app.probes.locations.actions import found, new_token
from app.probes.storage.sealing import lock
from app.sla.case import State
from app.witnesses.answers import Answer, Foreign, Unread
from app.witnesses.bring import bring, plan
from tests import build
from tests.build import post
from tests.conftest import NOW

pytestmark = pytest.mark.parametrize("engine", ["postgres"], indirect=True)
WAITING = "select count(*) from pg_locks where not granted"


class Theirs:
    """Another monitoring with one monitor and one answer."""

    kind, name = "theirs", "york"

    def __init__(self) -> None:
        self.unread = Unread()

    def monitors(self) -> list[Foreign]:
        return [Foreign("1", "shop")]

    def answers(self, monitor: Foreign, after: int | None) -> Iterator[Answer]:
        yield Answer(micros(NOW), State.UP)


def crossed(engine: sa.Engine, first: Callable[[Session], object], other: Callable[[], object]) -> None:
    """`first`, then a line in the log; `other` begins in between, and waits."""
    with ThreadPoolExecutor(1) as pool:
        with transaction(engine) as session:
            first(session)
            begun = pool.submit(other)
            for _ in range(3000):
                if begun.done() or session.connection().exec_driver_sql(WAITING).scalar_one():
                    break
                time.sleep(0.01)
            assert not begun.done()
            evidence.append(session, "note.added", "note:1", NOW, body={"text": "sealed"})
        begun.result(60)
    with Session(engine) as session:
        kinds = session.exec(select(Entry.kind).order_by(col(Entry.seq))).all()
    assert kinds.index("note.added") < len(kinds) - 1, "the other came after it, and was done"


def test_bringing_and_sealing(engine: sa.Engine, owner: TestClient) -> None:
    build.service(owner, name="HOST-1")
    theirs = Theirs()
    with Session(engine) as session:
        places = plan(session, theirs, service="HOST-1")
    crossed(engine, lock, lambda: list(bring(engine, theirs, places, now=NOW, actor="person:test")))


def test_a_batch_and_another_token(engine: sa.Engine, owner: TestClient) -> None:
    post(owner, "/locations", {"name": "york"})

    def heard(session: Session) -> None:
        location = found(session, "york")
        location.seen_at = NOW
        session.add(location)
        session.flush()

    def another() -> None:
        with transaction(engine) as session:
            new_token(session, found(session, "york"), now=NOW)

    crossed(engine, heard, another)
