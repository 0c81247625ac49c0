"""Our own clocks, watched: a loop that comes too late, a wall clock that jumps, a machine that slept."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

TICK_S = 0.1
JUMP_US = 2_000_000  # what the wall clock may gain or lose on the other between two ticks
KEPT_S = 120.0
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micros(moment: datetime) -> int:
    passed = moment - _EPOCH
    return (passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds


@dataclass(frozen=True, slots=True)
class Gap:
    """A span (microseconds since 1970, half-open) in which what was measured says nothing about anybody else."""

    start: int
    end: int
    reason: str


@dataclass(slots=True)
class Clocks:
    """`wall` may jump, `steady` never does; both are arguments, so that a test turns them by hand."""

    wall: Callable[[], datetime]
    steady: Callable[[], float] = time.monotonic
    tick: float = TICK_S
    jumps: int = 0
    gaps: list[Gap] = field(default_factory=list)
    _offset: int | None = None
    _last: int = 0
    _due: float | None = None
    _lags: deque[tuple[float, float]] = field(default_factory=deque)

    def now(self) -> int:
        """Microseconds since 1970."""
        return micros(self.wall())

    def look(self) -> None:
        """Compares the clocks with each other and with the moment this was due at."""
        steady, wall = self.steady(), self.now()
        if self._due is not None and steady > self._due:
            self._lags.append((steady, steady - self._due))
            while self._lags[0][0] < steady - KEPT_S:
                self._lags.popleft()
        self._due = steady + self.tick
        offset = wall - int(steady * 1_000_000)
        if self._offset is not None and abs(offset - self._offset) > JUMP_US:
            self.jumps += 1
            low, high = sorted((self._last, wall))
            seconds = (offset - self._offset) / 1_000_000
            self.gaps.append(Gap(low, high, f"our own clock jumped by {seconds:+.1f} s, or the machine slept"))
        self._offset, self._last = offset, wall

    def over(self) -> list[Gap]:
        """The gaps that lie behind us, taken out; one that a clock set back made is over when it has caught up."""
        now = self.now()
        done = [gap for gap in self.gaps if gap.end <= now]
        self.gaps = [gap for gap in self.gaps if gap.end > now]
        return done

    def lag_since(self, steady: float) -> float:
        """The longest delay of the loop since that moment, the one still going on included; in seconds."""
        overdue = 0.0 if self._due is None else max(0.0, self.steady() - self._due)
        return max([overdue, *(lag for at, lag in self._lags if at >= steady)])

    async def watch(self) -> None:
        while True:
            self.look()
            await asyncio.sleep(self.tick)
