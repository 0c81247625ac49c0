"""Are we online ourselves? Reference addresses of one's own choice, in several networks, say so."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from app.prober.clocks import Clocks, Gap
from app.prober.outcome import Failed, Phases
from app.prober.spec import host_name
from app.prober.wire import Net

LIMIT_S = 3.0
AGAIN_S = 5.0
PIECE_US = 300_000_000  # a long outage of ours is written in pieces, so that a kill in the middle loses little
REASON = "too few of our reference addresses answered: we were offline"


def references(text: str) -> tuple[tuple[str, int], ...]:
    """Of a list `host:port, host:port`. Raises ValueError."""
    out = []
    for part in (part.strip() for part in text.split(",") if part.strip()):
        host, _, port = part.rpartition(":")
        if not host or not port.isdigit() or not 0 < int(port) < 65_536:
            raise ValueError(f"{part!r} is no host with its port; write e.g. 192.0.2.1:53,reference.example:443")
        out.append((host_name(host), int(port)))
    return tuple(out)


@dataclass(slots=True)
class Online:
    """`need` of the `targets` must take a connection. Without targets nobody can tell, and we count as online."""

    net: Net
    clocks: Clocks
    targets: Sequence[tuple[str, int]] = ()
    need: int = 1
    limit: float = LIMIT_S
    offline_since: int | None = None  # microseconds since 1970
    ended: int = 0  # when our last outage was over
    _asked: float = -1e18  # when the last answer was asked for, on the steady clock
    _asking: asyncio.Task[bool] | None = field(default=None)
    _begun: float = -1e18
    _went: asyncio.Event = field(default_factory=asyncio.Event)

    async def sure(self, since: float, at: int) -> bool:
        """Whether we are online, by an answer asked for no earlier than `since` (steady clock), and have been since
        `at`, when the question was asked whose failure makes us ask; our outage begins there at the latest."""
        if not self.targets:
            return True
        while self._asked < since:
            if self._asking is None:
                self._begun = self.clocks.steady()
                self._asking = asyncio.ensure_future(self._ask())
            asking, begun = self._asking, self._begun
            online = await asyncio.shield(asking)
            if self._asking is asking:
                self._asking = None
            self._asked = max(self._asked, begun)
            if not online:
                since_at = max(at, self.ended)
                self.offline_since = since_at if self.offline_since is None else min(self.offline_since, since_at)
                self._went.set()
        return self.offline_since is None and self.ended <= at

    async def _ask(self) -> bool:
        answers = await asyncio.gather(*(self._one(host, port) for host, port in self.targets))
        return sum(answers) >= min(self.need, len(self.targets))

    async def _one(self, host: str, port: int) -> bool:
        try:
            async with asyncio.timeout(self.limit):
                wire = await self.net.connect(host, port, Phases())
        except (Failed, TimeoutError):
            return False
        wire.abort()
        return True

    async def watch(self) -> None:
        """While we are offline: asks again, and says from when to when it was."""
        while True:
            await self._went.wait()
            await asyncio.sleep(AGAIN_S)
            await self.turn()

    async def turn(self) -> None:
        """One look, where we are offline; adds to the gaps what is over."""
        if self.offline_since is None:
            return
        online, now = await self._ask(), self.clocks.now()
        if (online or now - self.offline_since >= PIECE_US) and now > self.offline_since:
            self.clocks.gaps.append(Gap(self.offline_since, now, REASON))
            self.offline_since = None if online else now
            self.ended = now
            if online:
                self._went.clear()
