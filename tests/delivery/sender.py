"""A process that sends what is due, to be killed: loaded once, copied for each life. Run by test_killed.py.

It reads the database's address and the mail server's port, one line for each life, and answers with the copy's number.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime

import dbos  # noqa: F401
import structlog

import app.tables  # noqa: F401
from app import jobs
from app.db import make_engine
from app.delivery.sending.turns import Post
from app.delivery.shapes import Mailbox, Sender, Server, Ways

STUDIO = Sender(Mailbox("dana@brightwell.example"), Mailbox("dana@brightwell.example"), "bounces@brightwell.example")


def now() -> datetime:
    return datetime.now(UTC)


def live(url: str, port: int) -> None:
    """Sends until it is killed."""
    engine = make_engine(url)
    post = Post(engine, Ways(Server("127.0.0.1", port, "none", step_seconds=20), STUDIO), now, None)
    mail = jobs.Queue("mail", 4, post.due, post.turn, post.forgotten)
    jobs.REAP_S = 0.3
    jobs.Worker(engine, now, [mail], [], look_seconds=0.1).run()


if __name__ == "__main__":
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    for line in sys.stdin:
        given = line.split()
        number = os.fork()
        if number == 0:
            live(given[0], int(given[1]))
            os._exit(0)
        print(number, flush=True)
