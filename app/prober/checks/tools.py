"""What the questions are asked with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import httpx

from app.prober.matching import Matcher
from app.prober.wire import Net


@dataclass(slots=True)
class Tools:
    """`web` is the transport requests go through; `clock` says what time it is, for the age of content and of
    certificates alone."""

    net: Net
    web: httpx.AsyncBaseTransport
    matcher: Matcher
    clock: Callable[[], datetime]
    name: str = "Kept"

    async def close(self) -> None:
        await self.matcher.close()
        await self.net.close()
