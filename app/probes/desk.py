"""The prober's desk at this database: hands out the monitors, takes in the answers, lets one prober in at a time."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

from app.db import reader, transaction
from app.logs import logger
from app.prober.clocks import Gap
from app.prober.engine import Answer, Assignment, Displaced, Health
from app.prober.spec import CHECK
from app.probes.actions import record_own_outage
from app.probes.importing.fields import instant, micros
from app.probes.importing.storing import Contradiction
from app.probes.locations.tables import HERE as HERE_AS_LOCATION
from app.probes.recording import record, without
from app.probes.tables import CODES, Monitor, ObservedRun, Prober
from app.probes.vault import Sealed, Vault
from app.sla.case import State

log = logger("kept.prober")

HERE = "here"  # the name of the prober that has the database for itself
STILL_S = 10.0  # a holder whose turn stands still for so long is gone
ASKED = ("http", "tcp", "tls", "dns", "banner", "ping")
T = TypeVar("T")
Occasions = Callable[[Session, datetime], Mapping[int, Sequence[tuple[datetime, datetime]]]]
"""The announced windows of now and the next hours, by the key of each monitor they concern."""
_PROBER = SQLModel.metadata.tables["prober"]


class LocalDesk:
    """Implements `Desk`. Every answer is written in a transaction that also raises our turn: a prober that lost its
    place can write nothing any more."""

    def __init__(
        self, engine: sa.Engine, vault: Vault, clock: Callable[[], datetime], still: float = STILL_S,
        occasions: Occasions = lambda session, now: {},
    ) -> None:  # fmt: skip
        self.engine, self.vault, self.clock, self.still, self.occasions = engine, vault, clock, still, occasions
        self.holder = f"{socket.gethostname()[:150]}:{os.getpid()}:{secrets.token_hex(8)}"
        self._one_thread = ThreadPoolExecutor(1, thread_name_prefix="kept-desk")
        self._mark: Any = None

    async def _apart(self, work: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._one_thread, work, *arguments)

    async def enter(self) -> None:
        """Waits until this prober is the one. Whoever holds the place now and shows no turn for a while has lost it."""
        seen, since = await self._apart(self._take, None), asyncio.get_running_loop().time()
        while seen is not None:
            await asyncio.sleep(min(1.0, self.still / 4))
            waited = asyncio.get_running_loop().time() - since
            now = await self._apart(self._take, seen if waited >= self.still else None)
            if now != seen:
                seen, since = now, asyncio.get_running_loop().time()
        self._mark = None

    def _take(self, abandoned: tuple[str | None, int] | None) -> tuple[str | None, int] | None:
        """Takes the place where it is free or still as it was `abandoned`; None where it is ours now."""
        try:
            return self._took(abandoned)
        except sa.exc.IntegrityError:  # the very first two came at once
            return None, -1

    def _took(self, abandoned: tuple[str | None, int] | None) -> tuple[str | None, int] | None:
        with transaction(self.engine) as session:
            row = session.exec(select(Prober).where(Prober.name == HERE).with_for_update()).first()
            now = self.clock()
            if row is None:
                row = Prober(name=HERE, turn=0, since_at=now, seen_at=now, health={})
            elif row.holder is not None and row.holder != self.holder and (row.holder, row.turn) != abandoned:
                return row.holder, row.turn
            row.holder, row.turn, row.since_at, row.seen_at = self.holder, row.turn + 1, now, now
            session.add(row)
            return None

    async def leave(self) -> None:
        """Lets the next one in at once."""
        await self._apart(self._free)
        self._one_thread.shutdown()

    def _free(self) -> None:
        mine = (_PROBER.c.name == HERE) & (_PROBER.c.holder == self.holder)
        with transaction(self.engine) as session:
            session.connection().execute(sa.update(_PROBER).where(mine).values(holder=None))

    async def record(self, answers: Sequence[Answer], gaps: Sequence[Gap], health: Health) -> None:
        await self._apart(self._record, answers, gaps, asdict(health))

    def _record(self, answers: Sequence[Answer], gaps: Sequence[Gap], health: dict[str, Any]) -> None:
        while True:
            try:
                with transaction(self.engine) as session:
                    session.info["actor"] = "prober"
                    self._raise_turn(session, health)
                    record(session, answers)
                    for gap in gaps:
                        self._own_outage(session, gap)
                return
            except Contradiction as said:
                log.error("answers contradict what is recorded and were left out", answers=len(said.found))
                answers = without(answers, said)

    def _raise_turn(self, session: Session, health: dict[str, Any]) -> None:
        mine = (_PROBER.c.name == HERE) & (_PROBER.c.holder == self.holder)
        raised = sa.update(_PROBER).where(mine)
        done = session.connection().execute(
            raised.values(turn=_PROBER.c.turn + 1, seen_at=self.clock(), health=health)
        )  # fmt: skip
        if done.rowcount != 1:
            raise Displaced("another prober works on this database now")

    def _own_outage(self, session: Session, gap: Gap) -> None:
        span = {"start_at": instant(gap.start), "end_at": instant(gap.end)}
        record_own_outage(session, **span, reason=gap.reason, source="M", now=max(self.clock(), span["end_at"]))

    async def assignments(self) -> list[Assignment] | None:
        return await self._apart(self._assignments)

    def _assignments(self) -> list[Assignment] | None:
        with Session(reader(self.engine)) as session:
            counts = session.exec(
                select(sa.func.count(), sa.func.max(Monitor.key), sa.func.count(col(Monitor.until_at)))
            ).one()  # fmt: skip
            windows = self.occasions(session, self.clock())
            mark = (*counts, windows)
            if mark == self._mark:
                return None
            asked = select(Monitor).where(
                col(Monitor.until_at).is_(None), col(Monitor.kind).in_(ASKED), col(Monitor.agreement).is_(None),
                col(Monitor.location).is_(None) | (col(Monitor.location) == HERE_AS_LOCATION),
            )  # fmt: skip
            found = [(row.key, self._assignment(session, row)) for row in session.exec(asked)]
            out = [
                replace(one, windows=tuple((micros(start), micros(end)) for start, end in windows.get(key or 0, ())))
                for key, one in found
                if one is not None
            ]
            self._mark = mark
            return out

    def _assignment(self, session: Session, row: Monitor) -> Assignment | None:
        assert row.key is not None
        mine = select(ObservedRun).where(ObservedRun.monitor == row.key).order_by(col(ObservedRun.first_at).desc())
        last = session.exec(mine.limit(1)).first()
        failures = last.count if last is not None and last.state == CODES[State.DOWN] else 0
        try:
            headers = self.vault.open(row.sealed) if row.sealed else {}
        except Sealed as error:
            log.error("a monitor cannot be asked", monitor=row.name, error=error.sentence())
            return None
        return Assignment(
            row.key, str(row.id), row.interval_seconds, row.confirm_after, CHECK.validate_python(row.spec), headers,
            failures=failures, new=last is None,
        )  # fmt: skip
