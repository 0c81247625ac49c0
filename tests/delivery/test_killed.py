"""kill -9 of the sender at random moments: everybody has the letter, nothing recorded goes twice, doubt is listed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import Session, select

from app.db import reader, transaction
from app.delivery import queries
from app.delivery.actions import Belongs, Parcel, hand_over_all
from app.delivery.afterwards import decide
from app.delivery.shapes import Mailbox, Outgoing
from app.delivery.tables import Delivery
from app.evidence.queries import verify_log
from tests.delivery.sender import now
from tests.world.smtp import MailServer, mail_server

ROOT = Path(__file__).resolve().parents[2]
OPEN = {"queued", "deferred", "sending"}


class Lives:
    """Copies of the sender, started and killed by their numbers."""

    def __init__(self, url: str, server: MailServer, loaded: subprocess.Popen[str]) -> None:
        self.line, self.loaded, self.living = f"{url} {server.port}\n", loaded, set[int]()

    def start(self) -> None:
        assert self.loaded.stdin is not None
        assert self.loaded.stdout is not None
        self.loaded.stdin.write(self.line)
        self.loaded.stdin.flush()
        self.living.add(int(self.loaded.stdout.readline()))

    def kill(self, number: int) -> None:
        self.living.remove(number)
        os.kill(number, signal.SIGKILL)


@contextmanager
def lives(url: str, server: MailServer) -> Iterator[Lives]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.delivery.sender"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        text=True,
    ) as loaded:  # fmt: skip
        all_ = Lives(url, server, loaded)
        try:
            yield all_
        finally:
            for number in list(all_.living):
                all_.kill(number)
            loaded.kill()


def waiting(engine: sa.Engine) -> int:
    with Session(reader(engine)) as session:
        return sum(number for state, number in queries.counts(session).items() if state in OPEN)


def hand_over(engine: sa.Engine, letters: list[Outgoing]) -> None:
    with transaction(engine) as session:
        hand_over_all(session, [Parcel(one.key, Belongs(), one) for one in letters], now(), domain="brightwell.example")


@pytest.mark.parametrize(
    ("engine", "letters", "kills", "workers"), [("sqlite", 240, 8, 1), ("postgres", 200, 6, 2)], indirect=["engine"]
)
def test_killed_at_random(engine: sa.Engine, letters: int, kills: int, workers: int) -> None:
    """As many letters again come after each kill, so that senders of whatever speed have something in hand at each."""
    chance = random.Random(20250628)
    to = [
        Outgoing(f"letter-{n}", Mailbox(f"client{n}@example.org"), f"Letter {n}", f"It is back, client {n}.")
        for n in range(letters)
    ]
    hand_over(engine, to[:: kills + 1])
    url = engine.url.render_as_string(hide_password=False)
    with mail_server(pause=0.01) as server, lives(url, server) as senders:
        for _ in range(workers):
            senders.start()
        until = time.monotonic() + 400
        for kill in range(1, kills + 1):
            before = len(server.taken)
            while len(server.taken) == before and waiting(engine):
                assert time.monotonic() < until, queries_of(engine)
                time.sleep(0.02)
            if kill % 2:  # at every other kill, some are surely in the server's hands and not written down
                time.sleep(chance.uniform(0.0, 0.3))
            senders.kill(chance.choice(sorted(senders.living)))
            senders.start()
            hand_over(engine, to[kill :: kills + 1])
        while waiting(engine):
            assert time.monotonic() < until, queries_of(engine)
            time.sleep(0.05)
        copies = Counter(one.to[0] for one in server.taken)
        with Session(reader(engine)) as session:
            rows = session.exec(select(Delivery)).all()
        assert {row.state for row in rows} <= {"accepted", "uncertain"}
        doubtful = [row for row in rows if row.state == "uncertain"]
        assert 0 < len(doubtful) <= 4 * kills
        assert all(copies[str(row.address)] == 1 for row in rows if row.state == "accepted")
        assert all(copies[str(row.address)] <= 1 for row in doubtful)
        with transaction(engine) as session:  # a person looks into the mailboxes and decides
            for row in doubtful:
                what = "went" if copies[str(row.address)] else "again"
                decide(session, row.id, what, by="Dana Reyes", why="asked them", now=now())  # type: ignore[arg-type]
        while waiting(engine):
            assert time.monotonic() < until
            time.sleep(0.05)
    ids = [line for one in server.taken for line in one.raw.decode().splitlines() if line.startswith("Message-ID: ")]
    assert sorted(one.to[0] for one in server.taken) == sorted(one.to.address for one in to)
    assert len(set(ids)) == letters
    with Session(reader(engine)) as session:
        assert verify_log(session).whole


def queries_of(engine: sa.Engine) -> dict[str, int]:
    with Session(reader(engine)) as session:
        return queries.counts(session)
