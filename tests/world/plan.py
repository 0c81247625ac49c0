"""A web that fails on a schedule, and a desk that keeps what it is handed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

import httpx

from app.prober.addresses import Networks
from app.prober.checks.tools import Tools
from app.prober.clocks import Gap
from app.prober.engine import Answer, Assignment, Health, Prober
from app.prober.matching import Matcher
from app.prober.online import Online
from app.prober.outcome import Failed, Fault
from app.prober.spec import HttpSpec
from app.prober.wire import Net, Resolver
from tests.world.servers import trusting, unverified
from tests.world.time import Hours

Fate = Callable[[str, int], str]  # a host and a moment (seconds since the start), to up, slow, refused or mute


@dataclass
class Notes:
    """A desk for tests. `broken`: how many times it will refuse what it is handed."""

    given: Sequence[Assignment] | None = None
    answers: list[Answer] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    health: Health | None = None
    broken: int = 0

    async def assignments(self) -> Sequence[Assignment] | None:
        given, self.given = self.given, None
        return given

    async def record(self, answers: Sequence[Answer], gaps: Sequence[Gap], health: Health) -> None:
        if self.broken:
            self.broken -= 1
            raise OSError("the database is away")
        self.answers += answers
        self.gaps += gaps
        self.health = health


def watching(key: int, *, interval: int = 60, confirm_after: int = 3, host: str = "") -> Assignment:
    url = f"http://{host or f'host{key}.example'}/"
    return Assignment(key, f"monitor-{key}", interval, confirm_after, HttpSpec(url=url, timeout_ms=5000), new=True)


def web(fate: Fate, loop: Hours, during: Callable[[str], None] = lambda host: None) -> httpx.AsyncBaseTransport:
    """Stands for all hosts: each answers as its fate at that second wants it."""
    async def handle(request: httpx.Request) -> httpx.Response:
        during(request.url.host)
        await asyncio.sleep(0.02)
        match fate(request.url.host, int(loop.time())):
            case "refused":
                raise Failed(Fault.REFUSED, "nobody there")
            case "mute":
                await asyncio.sleep(3600)
            case "slow":
                await asyncio.sleep(2)
        return httpx.Response(200, text="Basket")

    return httpx.MockTransport(handle)


@dataclass
class FakeOnline(Online):
    """Online as the plan says, without a socket."""

    plan: Callable[[], bool] = lambda: True

    async def _ask(self) -> bool:
        return self.plan()


def prober(
    desk: Notes, loop: Hours, fate: Fate, *, online: Callable[[], bool] | None = None,
    during: Callable[[str], None] = lambda host: None, per_host: int = 6, coarse: bool = False,
) -> Prober:  # fmt: skip
    """`coarse`: looks at its clocks and writes seldom, for days that are to pass quickly."""
    net = Net(Resolver(), Networks(), trusting(), unverified())
    clocks = loop.clocks(30.0 if coarse else 0.1)
    made = Tools(net, web(fate, loop, during), Matcher(), loop.wall)
    line = FakeOnline(net, clocks, [("reference.example", 53)] if online else (), 1, plan=online or (lambda: True))
    return Prober(desk, made, line, clocks, per_host=per_host, random=Random(7), batch=60.0 if coarse else 1.0)


