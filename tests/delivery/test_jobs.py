"""The job engine behind its one file: each key once, ticks once, no threads left, nothing asked of the network."""

from __future__ import annotations

import shutil
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from app.jobs import Queue, Tick, Worker
from tests.running import kept

ASKED: list[str] = []


def now() -> datetime:
    return datetime.now(UTC)


class Todo:
    """A table of things to do, and how often each was done."""

    def __init__(self, engine: sa.Engine, *keys: str) -> None:
        self.engine, self.done, self.lost, self.ticks = engine, Counter[str](), list[str](), list[datetime]()
        self.fails = Counter[str]()
        with engine.begin() as connection:
            connection.execute(sa.text("create table if not exists todo (name varchar primary key)"))
            for key in keys:
                connection.execute(sa.text("insert into todo values (:key)"), {"key": key})

    def due(self, engine: sa.Engine, _: datetime) -> Sequence[str]:
        with engine.connect() as connection:
            return list(connection.execute(sa.text("select name from todo")).scalars())

    def call(self, engine: sa.Engine, key: str, _: datetime) -> None:
        self.done[key] += 1
        if key.startswith("stays"):
            return
        with engine.begin() as connection:
            connection.execute(sa.text("delete from todo where name = :key"), {"key": key})

    def forget(self, engine: sa.Engine, key: str, _: datetime) -> None:
        self.lost.append(key)
        with engine.begin() as connection:
            connection.execute(sa.text("delete from todo where name = :key"), {"key": key})

    def worker(self, clock: Callable[[], datetime] = now) -> Worker:
        queue = Queue("mail", 4, self.due, self.call, self.forget)
        tick = Tick("often", 1, lambda _, moment: self.ticks.append(moment))
        return Worker(self.engine, clock, [queue], [tick], look_seconds=0.1, patience_seconds=1)


def until(what: Callable[[], Any], seconds: float = 60) -> None:
    ends = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < ends
        time.sleep(0.02)


def heard(event: str, given: tuple[Any, ...]) -> None:
    """What the interpreter reports of sockets; the database's own is none of the network's."""
    if event == "socket.getaddrinfo":
        ASKED.append(str(given[0]))
    elif event == "socket.connect" and given[0].family != socket.AF_UNIX:
        ASKED.append(str(given[1]))


def test_each_key_is_done_once_ticks_come_and_nothing_is_left_behind(engine: sa.Engine) -> None:
    sys.addaudithook(heard)
    ASKED.clear()
    before = {thread.name for thread in threading.enumerate()}
    todo = Todo(engine, *(f"k{n}" for n in range(30)))
    begun = int(now().timestamp())
    with todo.worker():
        until(lambda: not todo.due(engine, now()) and len(todo.ticks) >= 2)
    assert todo.done == Counter({f"k{n}": 1 for n in range(30)})
    # one for each second, and a slow machine may come to two of them at once; it looked ten times a second
    assert len(todo.ticks) <= int(now().timestamp()) - begun + 1
    left = {thread.name for thread in threading.enumerate()} - before
    assert not {name for name in left if not name.startswith("dbos-executor")}, left  # idle ones end with the process
    assert ASKED == []
    tables = sa.inspect(engine).get_table_names()
    assert "workflow_status" not in tables  # a file of its own, or a schema of its own


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_second_process_waits_for_its_place_and_what_the_engine_thinks_done_is_noticed(
    engine: sa.Engine, tmp_path: Path
) -> None:
    hurry = [now()]  # the worker's clock runs a minute at each look, so that it looks again soon

    def fast() -> datetime:
        hurry[0] = datetime.fromtimestamp(hurry[0].timestamp() + 5, UTC)
        return hurry[0]

    todo = Todo(engine, "stays", "goes")
    with todo.worker(fast) as first:
        until(first.at_work.is_set)
        second = todo.worker()
        with second:
            until(lambda: todo.lost == ["stays"])
            assert not second.at_work.is_set()
    assert todo.done == Counter({"stays": 1, "goes": 1})
    assert (tmp_path / "kept-jobs.sqlite3").exists()


def test_the_commands_say_what_is_missing(sqlite_template: Path, tmp_path: Path) -> None:
    said = kept("work", "--data", tmp_path)
    assert (said.code, "kept init" in said.err) == (6, True)
    shutil.copy(sqlite_template, tmp_path / "kept.sqlite3")
    wrong = kept("work", "--data", tmp_path, KEPT_SMTP_HOST="127.0.0.1")
    assert (wrong.code, "KEPT_MAIL_FROM" in wrong.err) == (2, True)
    queue = kept("mail", "queue", "--data", tmp_path)
    assert (queue.code, queue.err.strip()) == (0, "Nothing was handed over so far.")
    unknown = kept("mail", "decide", "<a@b.example>", "went", "--by", "D", "--why", "w", "--data", tmp_path)
    assert (unknown.code, "no message has the Message-ID <a@b.example>" in unknown.err) == (4, True)
