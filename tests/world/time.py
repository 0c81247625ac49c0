"""Time that passes when everybody waits: days of probing in seconds, with the real loop, tasks and time limits."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from app.prober.clocks import Clocks

T = TypeVar("T")


class _Leap(selectors.DefaultSelector):
    """Waits for nothing: where the loop would sleep, its time moves on."""

    def __init__(self) -> None:
        super().__init__()
        self.passed = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise RuntimeError("everybody waits, and nobody will come")
        self.passed += max(0.0, timeout)
        return super().select(0)


class Hours(asyncio.SelectorEventLoop):
    """An event loop whose seconds cost nothing. Nothing in it may touch a socket."""

    def __init__(self, start: datetime) -> None:
        self.leap = _Leap()
        super().__init__(self.leap)
        self.start = start
        self.shift = timedelta(0)  # what the wall clock is set forward by; a test may change it

    def time(self) -> float:
        return self.leap.passed

    def wall(self) -> datetime:
        return self.start + self.shift + timedelta(microseconds=round(self.leap.passed * 1_000_000))

    def clocks(self, tick: float = 0.1) -> Clocks:
        return Clocks(self.wall, self.time, tick)


def living(work: Coroutine[Any, Any, T], loop: Hours) -> T:
    """Runs it in that loop, to its end."""
    try:
        return loop.run_until_complete(asyncio.wait_for(work, 100 * 86_400))
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


DAY = datetime(2025, 6, 28, tzinfo=UTC)
