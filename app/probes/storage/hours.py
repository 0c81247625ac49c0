"""Hours and days of UTC as numbers, and the key of what is stored of one monitor for one of them. Pure.

Time comes first in a key, so that what is written in order of time is appended, and what is old lies together.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOUR = 3_600_000_000  # microseconds
DAY_HOURS = 24
BITS = 24  # of a key: the monitor's number
MOST_MONITORS = 1 << BITS


def instant(at: int) -> datetime:
    """Microseconds since 1970 as a moment in UTC."""
    return EPOCH + timedelta(microseconds=at)


def hour_at(moment: datetime) -> int:
    """The hour a moment lies in, counted from 1970."""
    passed = moment - EPOCH
    return passed.days * DAY_HOURS + passed.seconds // 3600


def start_of(hour: int) -> datetime:
    return EPOCH + timedelta(hours=hour)


def key(number: int, monitor: int) -> int:
    """Of an hour (or a day) and a monitor."""
    return number << BITS | monitor


def parts(stored: int) -> tuple[int, int]:
    """The hour (or day) and the monitor of a key."""
    return stored >> BITS, stored & (MOST_MONITORS - 1)
