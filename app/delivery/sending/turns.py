"""One message's turn: claimed in a commit of its own, sent, its answer written down.

Whoever is killed between the claim and the answer leaves a message that may have gone. It is never sent again by
itself: it is shown to a person as uncertain, with its Message-ID.
"""

from __future__ import annotations

import os
import socket
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from app.db import reader, transaction
from app.delivery import dkim, mime, queries, smtp
from app.delivery.actions import log, settle, suppress
from app.delivery.outbox.packing import unpack
from app.delivery.outbox.states import WAITING, State, after
from app.delivery.shapes import About, Answer, Kind, Sender, Server, Stage, Ways
from app.delivery.tables import Delivery, DeliveryAttempt
from app.errors import KeptError
from app.logs import logger

out = logger("kept.mail")

AT_ONCE = 200
MINUTE = timedelta(minutes=1)
LONGEST_TURN = timedelta(minutes=20)  # far beyond the longest conversation: whoever claimed it then is dead
DOMAINS = 7_301_012  # advisory locks on PostgreSQL, one for each domain; SQLite's BEGIN IMMEDIATE does the same
WORDS_LOST = "the sender died between claiming this message and hearing an answer: nobody knows whether it went"
WORDS_FORGOTTEN = "it waits here though it was dealt with before, as after a restored backup: it may have gone"


@dataclass(frozen=True, slots=True)
class Post:
    """How messages go out: by which server, as whom, how many a minute to one domain."""

    engine: sa.Engine
    ways: Ways
    clock: Callable[[], datetime]
    per_minute: int | None = 30
    worker: str = f"{socket.gethostname()}-{os.getpid()}"

    def due(self, engine: sa.Engine, now: datetime) -> list[str]:
        """Keys of the messages whose turn it is: none while no server is set up. Notices the dead first."""
        with Session(reader(engine)) as session:
            query = select(Delivery.id, Delivery.attempts, Delivery.due_at).where(col(Delivery.state).in_(WAITING))
            query = query.where(col(Delivery.due_at) <= now).order_by(col(Delivery.due_at), col(Delivery.id))
            rows = session.exec(query.limit(AT_ONCE)).all()
            old = now - LONGEST_TURN
            dead = session.exec(
                select(Delivery.id).where(Delivery.state == State.SENDING, col(Delivery.claimed_at) < old)
            ).all()
        for id_ in dead:
            doubt(engine, id_, now, WORDS_LOST)
        if self.ways.server is None or self.ways.sender is None:
            return []
        return [key_of(id_, attempts, due_at) for id_, attempts, due_at in rows if due_at is not None]

    def turn(self, engine: sa.Engine, key: str, now: datetime) -> None:
        """Sends the message of this key, if it is still its turn."""
        server, sender = self.ways.server, self.ways.sender
        if server is None or sender is None:
            return
        claimed = self.claim(engine, key, now)
        if claimed is None:
            return
        row, content = claimed
        answer = self.send(row, content, server, sender)
        for pause in (1, 5, 20):  # an answer is worth waiting for a database that is busy or just starts again
            try:
                record(engine, row.id, row.attempts, answer, self.clock())
                return
            except sa.exc.OperationalError:
                time.sleep(pause)
        record(engine, row.id, row.attempts, answer, self.clock())

    def claim(self, engine: sa.Engine, key: str, now: datetime) -> tuple[Delivery, bytes] | None:
        """Takes the message, in a commit of its own; None when it is not to be sent now."""
        id_, attempts, _ = key.split(":")
        with transaction(engine) as session:
            row = _locked(session, UUID(id_))
            if row is None:
                return None
            if row.state == State.SENDING and row.attempts == int(attempts) + 1:
                _doubt(session, row, now, WORDS_LOST)  # a turn of this very key died over it
                return None
            if row.state not in WAITING or key != key_of(row.id, row.attempts, row.due_at):
                return None
            content = queries.content(session, row.id)
            if content is None or row.address is None or row.domain is None:
                settle(row, State.REFUSED, "what it said is not there any more", now)
                log(session, row, "refused", now)
                return None
            held = queries.suppressed(session, [row.address])
            if held:
                settle(row, State.SUPPRESSED, next(iter(held.values())).why, now)
                log(session, row, "suppressed", now)
                return None
            if row.give_up_at is not None and now >= row.give_up_at:
                settle(row, State.GIVEN_UP, row.said or "it could not be sent in time", now)
                log(session, row, "given_up", now)
                return None
            later = self._later(session, row.domain, now)
            if later is not None:
                row.due_at = later
                return None
            row.state, row.attempts, row.claimed_at, row.claimed_by = State.SENDING, row.attempts + 1, now, self.worker
            row.due_at = None
            begun = DeliveryAttempt(
                delivery_id=row.id, number=row.attempts, started_at=now, worker=self.worker, domain=row.domain
            )
            session.add(begun)
            session.flush()
            return row, content

    def _later(self, session: Session, domain: str, now: datetime) -> datetime | None:
        """When to try instead: while the server cannot be reached one message at a time finds out, and a domain gets
        so many a minute, the rest spread over the minutes that follow."""
        newest = select(DeliveryAttempt).where(col(DeliveryAttempt.ended_at).is_not(None))
        last = session.exec(newest.order_by(col(DeliveryAttempt.ended_at).desc()).limit(1)).first()
        if last is not None and last.about == About.SERVER and last.kind != Kind.ACCEPTED and last.ended_at is not None:
            again = last.ended_at + MINUTE
            if now < again:
                return again
        if self.per_minute is None:
            return None
        if session.get_bind().dialect.name == "postgresql":
            lock = sa.text("select pg_advisory_xact_lock(:room, :key)")
            session.execute(lock, {"room": DOMAINS, "key": zlib.crc32(domain.encode()) - 2**31})
        recent = select(sa.func.count(), sa.func.min(DeliveryAttempt.started_at)).select_from(DeliveryAttempt)
        recent = recent.where(DeliveryAttempt.domain == domain, col(DeliveryAttempt.started_at) > now - MINUTE)
        number, first = session.exec(recent).one()
        if number < self.per_minute:
            return None
        waiting = select(sa.func.max(Delivery.due_at)).where(
            Delivery.domain == domain, Delivery.state == State.QUEUED, col(Delivery.due_at) > now
        )
        step = MINUTE / self.per_minute
        return max(session.exec(waiting).one() or now, first + MINUTE - step) + step

    def send(self, row: Delivery, content: bytes, server: Server, sender: Sender) -> Answer:
        """The conversation. What goes wrong before it is our own fault, and is tried again."""
        try:
            raw = mime.build(unpack(content), sender, message_id=row.message_id, at=row.created_at)
            if self.ways.dkim is not None:
                raw = dkim.sign(raw, self.ways.dkim)
        except (KeptError, OSError, ValueError) as error:
            return Answer(Kind.TEMPORARY, Stage.CONNECT, About.MESSAGE, f"could not be written: {error}")
        path = sender.return_path(row.token)
        return smtp.send(server, path, row.address or "", raw, envelope_id=row.token)

    def forgotten(self, engine: sa.Engine, key: str, now: datetime) -> None:
        """The engine remembers this turn as taken, the outbox does not: it may have gone."""
        id_, _, _ = key.split(":")
        doubt(engine, UUID(id_), now, WORDS_FORGOTTEN, key)


def key_of(id_: UUID, attempts: int, due_at: datetime | None) -> str:
    """One turn of one message: another after every attempt, and whenever it was put off."""
    return f"{id_}:{attempts}:{int(due_at.timestamp() * 1_000_000) if due_at else 0}"


def _locked(session: Session, id_: UUID) -> Delivery | None:
    return session.get(Delivery, id_, with_for_update={"key_share": True}, populate_existing=True)


def doubt(engine: sa.Engine, id_: UUID, now: datetime, words: str, key: str | None = None) -> None:
    """A message that may have gone waits for a person; with `key`, only where that is still its turn."""
    with transaction(engine) as session:
        row = _locked(session, id_)
        if row is None:
            return
        if row.state == State.SENDING if key is None else key == key_of(row.id, row.attempts, row.due_at):
            _doubt(session, row, now, words)


def _doubt(session: Session, row: Delivery, now: datetime, words: str) -> None:
    settle(row, State.UNCERTAIN, words, now)
    log(session, row, "uncertain", now, attempt=row.attempts)
    out.warning("a message may have gone, or not; a person decides", message_id=row.message_id)


def record(engine: sa.Engine, id_: UUID, number: int, answer: Answer, now: datetime) -> None:
    """Writes down what the server said. It may come late: a message taken for uncertain meanwhile is then known."""
    with transaction(engine) as session:
        row = _locked(session, id_)
        if row is None or row.attempts != number:
            return
        mine = select(DeliveryAttempt).where(DeliveryAttempt.delivery_id == id_, DeliveryAttempt.number == number)
        attempt = session.exec(mine).one()
        attempt.ended_at, attempt.kind, attempt.stage, attempt.about = now, answer.kind, answer.stage, answer.about
        attempt.code, attempt.status, attempt.text = answer.code, answer.status, answer.text[:1000]
        session.add(attempt)
        if row.state not in (State.SENDING, State.UNCERTAIN):
            return  # a report or a person was faster
        turn = after(answer, number, now, row.give_up_at or now)
        settle(row, turn.state, answer.text, now, turn.due_at)
        if answer.suppresses:
            suppress(session, row, answer.text, now)
        session.add(row)
        if turn.state != State.DEFERRED or number == 1:  # that it still waits is said once
            log(session, row, str(turn.state), now, attempt=number, code=answer.code, status=answer.status)
