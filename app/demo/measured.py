"""What the monitor of HOST-1 saw: one observation a minute, on the minute, for a year, as CSV lines.

Minutes down before June are the story's; on which day they fell is invented. Response times follow the story's
medians (0.35 s in February, 4.2 s in May); their spread is invented. After Mon 30 June 06:00 nothing more happens.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from app.demo.cast import ZONE

MONITOR = "HOST-1 from Berlin"
BERLIN = ZoneInfo(ZONE)
FIRST = datetime(2024, 7, 1, tzinfo=BERLIN)
LAST = datetime(2025, 7, 1, 9, 0, tzinfo=BERLIN)
MINUTE = timedelta(minutes=1)

# (local start, minutes): 3, 9, 0, 4, 22, 4, 39, 4, 13, 4, 30 minutes from July 2024 to May 2025, then the story's day
DOWN = (
    ("2024-07-11 03:17", 3), ("2024-08-20 14:05", 9), ("2024-10-02 04:40", 4),
    ("2024-11-07 22:31", 13), ("2024-11-23 06:12", 9), ("2024-12-15 01:02", 4),
    ("2025-01-09 11:20", 26), ("2025-01-28 02:45", 13), ("2025-02-13 05:09", 4),
    ("2025-03-19 09:33", 13), ("2025-04-04 23:50", 4), ("2025-05-06 10:15", 18),
    ("2025-05-22 16:00", 12), ("2025-06-28 22:00", 24 * 60),
)  # fmt: skip
MEDIAN_MS = {3: 900, 4: 2100, 5: 4200, 6: 4300}  # from March on files are served slower and slower
USUAL_MS = 350


def lines() -> Iterator[str]:
    """The CSV file, header first: at, monitor, state, latency_ms, error."""
    down = [(datetime.fromisoformat(start).replace(tzinfo=BERLIN).astimezone(UTC), minutes) for start, minutes in DOWN]
    spans = sorted((start, start + minutes * MINUTE) for start, minutes in down)
    random = Random(20417)
    at, end = FIRST.astimezone(UTC), LAST.astimezone(UTC)
    current = 0
    yield "at,monitor,state,latency_ms,error\n"
    while at <= end:
        if current < len(spans) and at >= spans[current][1]:
            current += 1
        stamp = f"{at:%Y-%m-%dT%H:%M:%SZ}"
        if current < len(spans) and at >= spans[current][0]:
            yield f"{stamp},{MONITOR},down,,timeout\n"
        else:
            slow = MEDIAN_MS.get(at.month, USUAL_MS) if at.year == 2025 else USUAL_MS
            yield f"{stamp},{MONITOR},up,{int(slow * random.uniform(0.8, 1.2))},\n"
        at += MINUTE


def count() -> int:
    """How many observations `lines` yields."""
    return int((LAST.astimezone(UTC) - FIRST.astimezone(UTC)) / MINUTE) + 1
