"""An agent from its start to its end: greets its server, asks, keeps, hands over, and leaves nothing unsaid."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import uvloop

from app.logs import logger
from app.prober.checks.ways import Ways
from app.prober.clocks import Clocks
from app.prober.engine import Prober
from app.prober.remote.desk import RemoteDesk
from app.prober.remote.exchange import Away, Refused, Server
from app.prober.remote.spool import Spool

log = logger("kept.prober")

AGAIN_S = 5.0
LAST_S = 5.0


class Agent:
    """`folder`: its own, for the spool. `told` is called with one line for a person when it has begun."""

    def __init__(
        self, address: str, location: str, token: str, folder: Path, ways: Ways, clock: Callable[[], datetime], *,
        largest: int, told: Callable[[str], None] = lambda _: None,
    ) -> None:  # fmt: skip
        self.address, self.location, self.token, self.folder = address, location, token, folder
        self.ways, self.clock, self.largest, self.told = ways, clock, largest, told
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._asked_to_stop = threading.Event()

    def run(self) -> None:
        """Until `stop`. Raises BadInput, Refused, Conflict before it begins."""
        uvloop.run(self.main())

    def stop(self) -> None:
        """From any thread, or from a signal."""
        self._asked_to_stop.set()
        if self._loop is not None and self._stop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stop.set)

    async def main(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        clocks = Clocks(self.clock)
        server = Server(self.address, self.location, self.token, clocks, authorities=self.ways.authorities)
        desk = RemoteDesk(server, Spool(self.folder, largest=self.largest), self.folder, clocks)
        try:
            await self._greet(desk)
            if not self._asked_to_stop.is_set():
                await self._work(desk, clocks)
        finally:
            desk.close()
            await server.close()

    async def _greet(self, desk: RemoteDesk) -> None:
        """The first word. A server that is away is no reason to wait."""
        try:
            await desk.greet()
        except Away as error:
            self.told(f"The server is away ({error}); what it said last time is asked, and answers wait on disk.")

    async def _work(self, desk: RemoteDesk, clocks: Clocks) -> None:
        assert self._stop is not None
        tools, online = self.ways.made(self.clock, clocks)
        tasks = [asyncio.ensure_future(desk.pushing())]
        prober: Prober | None = None
        running: asyncio.Future[None] | None = None
        try:
            while not self._stop.is_set():
                prober = Prober(desk, tools, online, clocks, per_host=self.ways.per_host)
                running = asyncio.ensure_future(prober.run())
                stopping = asyncio.ensure_future(self._stop.wait())
                await asyncio.wait([running, stopping], return_when=asyncio.FIRST_COMPLETED)
                stopping.cancel()
                if running.done() and not self._stop.is_set():
                    log.error("the prober failed and begins again", error=repr(running.exception()))
                    desk.again()
                    await asyncio.sleep(AGAIN_S)
        finally:
            if prober is not None and running is not None and not running.done():
                prober.stop()
                await asyncio.gather(running, return_exceptions=True)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._last_word(desk)
            await tools.close()

    async def _last_word(self, desk: RemoteDesk) -> None:
        """What is on disk is handed over where that is quickly done; it stays there otherwise."""
        try:
            async with asyncio.timeout(LAST_S):
                while await desk.push():
                    pass
        except (TimeoutError, Away, Refused):
            log.warning("answers stay on disk until the agent runs again", answers=desk.spool.waiting)
