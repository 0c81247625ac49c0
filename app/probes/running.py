"""The prober at work: beside the API in a thread of its own, or alone. Waits for its place, asks, leaves in order."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa
import uvloop
from sqlmodel import Session

from app.db import reader, transaction
from app.logs import logger
from app.prober.checks.tools import Tools
from app.prober.checks.ways import Ways as Ways
from app.prober.clocks import Clocks
from app.prober.engine import Displaced, Prober
from app.prober.online import Online
from app.probes.desk import LocalDesk, Occasions
from app.probes.heartbeats import silences
from app.probes.recording import record
from app.probes.vault import Vault

log = logger("kept.prober")

LISTEN_S = 2.0
AGAIN_S = 5.0


class Running:
    """`probes`: whether it asks; `listens`: whether it notices heartbeats that do not come, which only the process
    that hears them can."""

    def __init__(
        self, engine: sa.Engine, vault: Vault, ways: Ways, clock: Callable[[], datetime], *, probes: bool,
        listens: bool, occasions: Occasions = lambda session, now: {},
    ) -> None:  # fmt: skip
        self.engine, self.vault, self.ways, self.clock, self.occasions = engine, vault, ways, clock, occasions
        self.probes, self.listens = probes, listens
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._asked_to_stop = threading.Event()

    def run(self) -> None:
        """Until `stop`, on a loop of its own."""
        uvloop.run(self.main())

    def stop(self) -> None:
        """From any thread, or from a signal."""
        self._asked_to_stop.set()
        if self._loop is not None and self._stop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stop.set)

    async def main(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        if self._asked_to_stop.is_set():
            return
        ways, clocks = self.ways, Clocks(self.clock)
        tools, online = ways.made(self.clock, clocks)
        work = [self._probe(tools, online, clocks)] if self.probes else []
        work += [self._listen(online, clocks)] if self.listens else []
        tasks = [asyncio.ensure_future(one) for one in work]
        try:
            await self._stop.wait()
        finally:
            for task in tasks:
                task.cancel()
            for ended in await asyncio.gather(*tasks, return_exceptions=True):
                if isinstance(ended, Exception):
                    log.error("the prober ended badly", error=repr(ended))
            await tools.close()

    async def _probe(self, tools: Tools, online: Online, clocks: Clocks) -> None:
        while True:
            desk = LocalDesk(self.engine, self.vault, self.clock, occasions=self.occasions)
            try:
                await desk.enter()
                prober = Prober(desk, tools, online, clocks, per_host=self.ways.per_host)
                await _to_its_end(prober)
            except Displaced as error:
                log.warning("stopped", reason=str(error))
            except Exception as error:
                log.error("the prober failed and begins again", error=repr(error), exc_info=error)
                await asyncio.sleep(AGAIN_S)
            finally:
                await asyncio.shield(desk.leave())

    async def _listen(self, online: Online, clocks: Clocks) -> None:
        since = self.clock()
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(LISTEN_S)
            try:
                if await loop.run_in_executor(None, self._due, since) and await online.sure(
                    clocks.steady(), clocks.now()
                ):
                    await loop.run_in_executor(None, self._silences, since)
            except Exception as error:
                log.warning("heartbeats could not be judged", error=str(error))

    def _due(self, since: datetime) -> bool:
        with Session(reader(self.engine)) as session:
            return bool(silences(session, listening_since=since, now=self.clock()))

    def _silences(self, since: datetime) -> None:
        with transaction(self.engine) as session:
            record(session, silences(session, listening_since=since, now=self.clock()))


async def _to_its_end(prober: Prober) -> None:
    """Runs the prober; when we are cancelled it is stopped, and what it has is written first."""
    running = asyncio.ensure_future(prober.run())
    try:
        await asyncio.shield(running)
    except asyncio.CancelledError:
        prober.stop()
        await running
        raise


class Beside:
    """The same in a thread, for as long as the block lasts."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self._thread = threading.Thread(target=running.run, name="kept-prober", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self.running.stop()
        self._thread.join(30)
