"""When each monitor is asked: spread evenly by a hash of its id, the same after a restart, with a little jitter; and
besides at the very start and end of announced windows, and every minute between."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from random import Random

JITTER_S = 1.0  # and never more than a twentieth of the interval
RETRY_S = 10.0
MINUTE_US = 60_000_000


def place(id_: str, interval: int) -> int:
    """Where in the interval a monitor has its place, in microseconds."""
    number = int.from_bytes(hashlib.sha256(id_.encode()).digest()[:8])
    return number % (interval * 1_000_000)


@dataclass(slots=True)
class Turns:
    """The turns of one monitor. Times are microseconds since 1970."""

    id: str
    interval: int  # seconds
    random: Random
    turn: int | None = None
    at: int | None = None  # the turn that is waited for

    def next(self, now: int) -> int:
        """The turn that is waited for, as long as it lies ahead; a question asked in between does not use it up."""
        length = self.interval * 1_000_000
        if self.at is None or not now < self.at <= now + 2 * length:
            self.at = self.after(now)
        return self.at

    def after(self, now: int) -> int:
        """The next turn: one that was missed while the last answer was waited for is not made up for."""
        length = self.interval * 1_000_000
        at = place(self.id, self.interval)
        following = (now - at) // length + 1
        self.turn = following if self.turn is None else max(self.turn + 1, following)
        if self.turn > following + 1:  # the clock was set back
            self.turn = following
        jitter = min(JITTER_S, self.interval / 20) * self.random.uniform(-1, 1)
        return at + self.turn * length + int(jitter * 1_000_000)


def retry_after(interval: int) -> float:
    """How soon a failure is asked about again, in seconds."""
    return min(RETRY_S, interval / 3)


def occasion(windows: Iterable[tuple[int, int]], since: int, interval: int) -> int | None:
    """The first moment after `since` (the last question) at which a monitor is asked because of a window, each from
    its start to its end in microseconds: these two, and every minute between where it is asked less often. One that
    has passed meanwhile is still returned: it is asked at once."""
    found = []
    for start, end in windows:
        if since < start:
            found.append(start)
        elif since < end:
            minute = start + ((since - start) // MINUTE_US + 1) * MINUTE_US
            found.append(min(minute, end) if interval > 60 else end)
    return min(found, default=None)
