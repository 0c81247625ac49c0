"""How a prober probes, wherever it stands: whom it asks for names, what may be asked, what says that it is online."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.prober.addresses import Networks
from app.prober.checks.tools import Tools
from app.prober.clocks import Clocks
from app.prober.matching import Matcher
from app.prober.online import Online
from app.prober.web import ProbeTransport
from app.prober.wire import Net


@dataclass(frozen=True, slots=True)
class Ways:
    networks: Networks
    name_servers: Sequence[str] = ()
    authorities: str | None = None
    references: Sequence[tuple[str, int]] = ()
    references_needed: int = 1
    per_host: int = 6

    def made(self, clock: Callable[[], datetime], clocks: Clocks) -> tuple[Tools, Online]:
        """What a prober works with. Inside its event loop; the tools must be closed at the end."""
        net = Net.make(self.networks, self.name_servers, self.authorities)
        tools = Tools(net, ProbeTransport(net), Matcher(), clock)
        everywhere = Net(net.resolver, Networks.parse("0.0.0.0/0,::/0"), net.verified, net.unverified)
        return tools, Online(everywhere, clocks, self.references, self.references_needed)
