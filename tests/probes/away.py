"""A server and an agent as processes of their own, in simulated days: each may be killed at any moment.

The agent lives in time that passes when everybody waits, and speaks to the server over a real connection; the server
lives at the moment the agent says it is.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from app.prober.clocks import Clocks, Gap, micros
from app.prober.engine import Answer, Health
from app.prober.remote.desk import RemoteDesk
from app.prober.remote.exchange import Away, Server
from app.prober.remote.form import Receipt
from app.prober.remote.spool import Spool
from tests.world.plan import Notes, prober
from tests.world.time import Hours, living

MOMENT = b"x-moment"


def fate(host: str, second: int) -> str:
    """By the clock of the day, the same in every life of the agent."""
    return "refused" if second % 7200 < 600 else "up"


def serve(url: str, folder: str, port: int) -> None:
    """`kept serve` without its prober, at the moment each request says."""
    import uvicorn

    from app.db import make_engine
    from app.main import create_app
    from app.settings import Settings

    latest = [datetime.fromisoformat("2025-06-01T00:00:00+00:00")]
    service = create_app(Settings(data=Path(folder)), engine=make_engine(url), clock=lambda: latest[0])

    async def at_its_moment(scope: Any, receive: Any, send: Any) -> None:
        for name, value in scope.get("headers", ()):
            if name == MOMENT:
                latest[0] = datetime.fromisoformat(value.decode())
        await service(scope, receive, send)

    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    uvicorn.run(at_its_moment, host="127.0.0.1", port=port, log_level="error", lifespan="off")


class OverTheWire(httpx.AsyncBaseTransport):
    """A real connection, during which the agent's time stands still."""

    def __init__(self, wall: Callable[[], datetime]) -> None:
        self.wall = wall
        self.wire = httpx.HTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.headers["x-moment"] = self.wall().isoformat()
        asked = httpx.Request(request.method, request.url, headers=request.headers, content=await request.aread())
        answer = self.wire.handle_request(asked)
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.read())


class Told(RemoteDesk):
    """Says what is on disk, and what the server has committed, once it knows. Works in the thread of its loop."""

    said: Any = None

    async def _apart(self, work: Callable[..., Any], *arguments: Any) -> Any:
        return work(*arguments)

    async def record(self, answers: Sequence[Answer], gaps: Sequence[Gap], health: Health) -> None:
        await super().record(answers, gaps, health)
        for answer in answers:
            self.said.write(f"{self._ids[answer.key]} {answer.at} {answer.outcome.state}\n")
        self.said.write("on disk\n")
        self.said.flush()

    async def push(self) -> bool:
        before = self.spool.taken
        more = await super().push()
        if self.spool.taken > before:
            self.said.write(f"taken {self.spool.taken}\n")
            self.said.flush()
        return more


def ask(address: str, token: str, folder: str, start: str, end: str, says: str) -> None:
    """An agent from `start` on, until it is killed or its time is up; then all is handed over."""
    loop = Hours(datetime.fromisoformat(start))
    midnight = loop.start.replace(hour=0, minute=0, second=0, microsecond=0)
    into = int((loop.start - midnight).total_seconds())

    async def run(said: Any) -> None:
        made = prober(Notes(), loop, lambda host, second: fate(host, into + second), coarse=True)
        wire = OverTheWire(loop.wall)
        server = Server(address, "york", token, made.clocks, transport=wire)
        one_machine = Clocks(loop.wall, lambda: loop.time() + into)  # its steady clock goes on between two lives
        desk = Told(server, Spool(Path(folder), file=60_000), Path(folder), one_machine, every=300, look=7200)
        desk.said, made.desk, made.batch = said, desk, 120.0
        pushing = asyncio.ensure_future(desk.pushing())
        running = asyncio.ensure_future(made.run())
        await asyncio.sleep((datetime.fromisoformat(end) - loop.wall()).total_seconds())
        made.stop()
        await running
        pushing.cancel()
        for _ in range(200):
            try:
                while desk.spool.waiting:
                    await desk.push()
                break
            except Away:
                time.sleep(0.05)
        said.write("done\n")
        said.flush()

    with open(says, "a") as said:
        living(run(said), loop)


def newest(lines: Sequence[str]) -> int:
    """When the last answer that was on disk was asked; microseconds."""
    return max((int(line.split()[1]) for line in lines if len(line.split()) == 3), default=0)


__all__ = ["Receipt", "ask", "micros", "newest", "serve"]
