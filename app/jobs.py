"""The only file that knows the job engine (DBOS). What is to be done stands in the rooms' own tables.

A `Queue` says what is due and how one of it is done; a `Tick` is done every so often. `Worker` looks every second and
gives what it finds to the engine, which hands each key to one worker only, however many there are, and takes back
what a dead one had. Losing the engine's own tables loses nothing: what is still due is found again.
"""

from __future__ import annotations

import fcntl
import os
import socket
import threading
import uuid
import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import sqlalchemy as sa

from app.logs import logger

log = logger("kept.jobs")

VERSION = "kept-1"  # changes only when keys are read differently: the engine leaves what another version began
EXECUTORS = 71  # first half of the advisory locks by which workers on PostgreSQL know who lives
LOOK_S = 1.0
REAP_S = 2.0
AHEAD = 8  # what a process takes at a look, for each place it has: the engine looks once a second
AGAIN_S = timedelta(seconds=30)
KEEP = timedelta(days=3)
TICKS = "ticks"
FINISHED = ("SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")


@dataclass(frozen=True, slots=True)
class Tick:
    """Something to do every so often, by one worker of all. It must not matter when it is done once more."""

    name: str
    every_seconds: int
    call: Callable[[sa.Engine, datetime], None]


@dataclass(frozen=True, slots=True)
class Queue:
    """Things to do, each under a key that changes with every try. `call` runs once for a key, and once more where the
    worker died over it: whoever wrote it must notice that."""

    name: str
    concurrency: int  # at one time in one process
    due: Callable[[sa.Engine, datetime], Sequence[str]]
    call: Callable[[sa.Engine, str, datetime], None]
    lost: Callable[[sa.Engine, str, datetime], None]
    """Called for a key that is due though the engine remembers it as done, as after a restored backup. A key whose
    `call` raised is given again after half a minute."""


class Worker:
    """The engine at work in this process, beside something else: `with Worker(…):`."""

    def __init__(
        self, engine: sa.Engine, clock: Callable[[], datetime], queues: Sequence[Queue], ticks: Sequence[Tick],
        *, look_seconds: float = LOOK_S, patience_seconds: int = 15,
    ) -> None:  # fmt: skip
        self.engine, self.clock, self.queues, self.ticks = engine, clock, queues, ticks
        self.look_seconds, self.patience_seconds = look_seconds, patience_seconds
        self.executor = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:12]}"
        self.at_work = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self.run, name="kept-jobs", daemon=True)
        self._given: dict[str, datetime] = {}
        self._slots: dict[str, int] = {}

    def __enter__(self) -> Worker:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()
        self._thread.join(self.patience_seconds + 30)

    @property
    def ending(self) -> bool:
        return self._stop.is_set()

    def stop(self) -> None:
        """From any thread, or from a signal."""
        self._stop.set()

    def run(self) -> None:
        """Until `stop`. What cannot be done now is tried again; the log says why."""
        while not self._stop.is_set():
            place = _place(self.engine, self.executor)
            try:
                if place.take():
                    self._work(place)
                else:
                    log.info("another process does the jobs of this database; waiting for its place")
            except Exception as error:
                log.error("the jobs stopped and begin again", error=str(error))
            finally:
                place.leave()
            self._stop.wait(5)

    def _work(self, place: Place) -> None:
        from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer

        config: DBOSConfig = {
            "name": "kept",
            "system_database_url": place.url,
            "application_version": VERSION,
            "executor_id": self.executor,
            "serializer": DBOSPortableJSONSerializer(),
            "log_level": "ERROR",
            "sys_db_pool_size": 5,
            "notification_listener_polling_interval_sec": 1.0,  # nothing waits for it; shutting down does
            "scheduler_polling_interval_sec": 3600.0,  # nor for schedules
        }
        DBOS.destroy(destroy_registry=True)
        DBOS(config=config)
        calls = {queue.name: DBOS.workflow(name=queue.name)(_job(self, queue)) for queue in self.queues}
        calls[TICKS] = DBOS.workflow(name=TICKS)(_tick(self))
        try:
            DBOS.launch()
            for queue in self.queues:
                DBOS.register_queue(
                    queue.name, worker_concurrency=AHEAD * queue.concurrency, polling_interval_sec=self.look_seconds,
                    on_conflict="always_update",
                )  # fmt: skip
            DBOS.register_queue(
                TICKS, worker_concurrency=2, polling_interval_sec=self.look_seconds, on_conflict="always_update"
            )
            self._rounds(place, calls)
        finally:
            self.at_work.clear()
            DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=self.patience_seconds)

    def _rounds(self, place: Place, calls: dict[str, Any]) -> None:
        reaped = cleaned = None
        while not self._stop.is_set():
            now = self.clock()
            try:
                if reaped is None or abs(now - reaped) >= timedelta(seconds=REAP_S):
                    place.reap()
                    reaped = now
                if cleaned is None or abs(now - cleaned) >= timedelta(hours=1):
                    _clean(now)
                    cleaned = now
                for tick in self.ticks:
                    self._give_tick(tick, calls[TICKS], now)
                for queue in self.queues:
                    self._give(queue, calls[queue.name], now)
                self.at_work.set()
            except sa.exc.DBAPIError as error:
                log.warning("what is due could not be read", error=str(error.orig))
                if place.lost():
                    raise
            self._stop.wait(self.look_seconds)

    def _give(self, queue: Queue, call: Any, now: datetime) -> None:
        from dbos import DBOS, SetWorkflowID

        due = queue.due(self.engine, now)
        for key in due:
            name = f"{queue.name}:{key}"
            given = self._given.get(name)
            if given is None:
                with SetWorkflowID(name):
                    DBOS.enqueue_workflow(queue.name, call, key)
                self._given[name] = now
            elif abs(now - given) >= AGAIN_S:
                status = DBOS.get_workflow_status(name)
                if status is None:
                    del self._given[name]
                elif status.status == "SUCCESS":
                    queue.lost(self.engine, key, now)
                    del self._given[name]
                elif status.status in FINISHED:  # it failed before it had begun: once more
                    DBOS.delete_workflows([name])
                    del self._given[name]
        old = [name for name, at in self._given.items() if abs(now - at) >= 4 * AGAIN_S]
        still = {f"{queue.name}:{key}" for key in due}
        for name in old:
            if name.startswith(f"{queue.name}:") and name not in still:
                del self._given[name]

    def _give_tick(self, tick: Tick, call: Any, now: datetime) -> None:
        """At most one of a name at a time, and one for each stretch of its length, in all processes together."""
        from dbos import DBOS, SetEnqueueOptions, SetWorkflowID

        slot = int(now.timestamp()) // tick.every_seconds
        if self._slots.get(tick.name) == slot:
            return
        with (
            SetWorkflowID(f"{TICKS}:{tick.name}:{slot}"),
            SetEnqueueOptions(deduplication_id=tick.name, duplication_policy="return-existing"),
        ):
            DBOS.enqueue_workflow(TICKS, call, tick.name)
        self._slots[tick.name] = slot


class Ending(Exception):
    """The worker is about to end: what it has not begun is left to whoever comes next."""


def _job(worker: Worker, queue: Queue) -> Callable[[str], None]:
    places = threading.Semaphore(queue.concurrency)

    def job(key: str) -> None:
        try:
            with places:
                if worker.ending:
                    raise Ending
                queue.call(worker.engine, key, worker.clock())
        except Ending:
            raise
        except Exception as error:
            log.error("a job failed", queue=queue.name, key=key, error=repr(error), exc_info=error)
            raise

    return job


def _tick(worker: Worker) -> Callable[[str], None]:
    by_name = {tick.name: tick for tick in worker.ticks}

    def tick(name: str) -> None:
        if name not in by_name:  # left over from another version
            return
        try:
            by_name[name].call(worker.engine, worker.clock())
        except Exception as error:
            log.error("a tick failed and comes again", tick=name, error=repr(error), exc_info=error)

    return tick


def _clean(now: datetime) -> None:
    """What has been done for days is forgotten: the rooms' own tables keep the truth."""
    from dbos import DBOS

    before = (now - KEEP).isoformat()
    while True:
        old = DBOS.list_workflows(
            status=list(FINISHED), completed_before=before, limit=500, load_input=False, load_output=False
        )
        if not old:
            return
        DBOS.delete_workflows([one.workflow_id for one in old])


class Place(ABC):
    """Where the engine keeps its tables, and how its workers know of one another who lives."""

    url: str

    @abstractmethod
    def take(self) -> bool:
        """Whether it is ours now."""

    @abstractmethod
    def reap(self) -> None:
        """Gives what dead workers had begun to the living."""

    @abstractmethod
    def leave(self) -> None:
        """Whoever waits for it may have it."""

    def lost(self) -> bool:
        return False


def _place(engine: sa.Engine, executor: str) -> Place:
    return OneFile(engine, executor) if engine.dialect.name == "sqlite" else Together(engine, executor)


def _resume(executors: set[str]) -> None:
    """What dead workers had begun is given to the living."""
    from dbos import DBOS

    for dead in executors:
        had = DBOS.list_workflows(status="PENDING", executor_id=dead, load_input=False, load_output=False)
        for one in had:
            DBOS.resume_workflow(one.workflow_id)
        if had:
            log.warning("took over what a dead worker had begun", worker=dead, jobs=len(had))


def _working() -> set[str]:
    from dbos import DBOS

    pending = DBOS.list_workflows(status="PENDING", load_input=False, load_output=False)
    return {one.executor_id for one in pending if one.executor_id}


class OneFile(Place):
    """SQLite: a file of its own beside the database, and one process at a time, by a lock on a file."""

    def __init__(self, engine: sa.Engine, executor: str) -> None:
        database = engine.url.database
        if not database or database == ":memory:":
            raise ValueError("jobs need a database in a file")
        file = Path(database)
        self.file = file.with_name(f"{file.stem}-jobs.sqlite3")
        self.url = f"sqlite:///{self.file}"
        self.executor = executor
        self._lock: IO[str] | None = None
        self._first = True

    def take(self) -> bool:
        lock = self.file.with_suffix(".lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            return False
        self._lock = lock
        return True

    def reap(self) -> None:
        if self._first:  # whoever is named there held the lock before us, and is dead
            _resume(_working() - {self.executor})
            self._first = False

    def leave(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None


class Together(Place):
    """PostgreSQL: the schema `dbos` of the same database. Each worker holds an advisory lock for as long as it lives;
    the server lets go of it when the worker's connection ends, without any clock."""

    def __init__(self, engine: sa.Engine, executor: str) -> None:
        url = engine.url.set(drivername="postgresql")
        self.url = url.render_as_string(hide_password=False)
        self.executor = executor
        # a connection of its own, never of the pool: the lock is the connection's
        self._own = sa.create_engine(engine.url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
        self._lock: sa.Connection | None = None

    def take(self) -> bool:
        self._lock = self._own.connect()
        self._lock.execute(sa.text("select pg_advisory_lock(:room, :key)"), _key(self.executor))
        return True

    def reap(self) -> None:
        assert self._lock is not None
        self._lock.execute(sa.text("select 1"))
        for other in _working() - {self.executor}:
            free = sa.text("select pg_try_advisory_lock(:room, :key)")
            if self._lock.execute(free, _key(other)).scalar():
                try:
                    _resume({other})
                finally:
                    self._lock.execute(sa.text("select pg_advisory_unlock(:room, :key)"), _key(other))

    def lost(self) -> bool:
        """Whether the connection that says that we live is gone: then others may have taken over."""
        try:
            assert self._lock is not None
            self._lock.execute(sa.text("select 1"))
        except (sa.exc.DBAPIError, sa.exc.InvalidRequestError):
            return True
        return False

    def leave(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None
        self._own.dispose()


def _key(executor: str) -> dict[str, int]:
    return {"room": EXECUTORS, "key": zlib.crc32(executor.encode()) - 2**31}
