"""Which snapshot of the sites is wanted next, pure: the proof of a loss is worth what was read before it.

Weekly while nothing is announced; daily from an announcement on; in the hour before the start; hourly while the work is
open; when it has ended, a day and a week later, of the new server. One is asked for at a time: the earliest missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Taken:
    """A sealed generation: of which server, complete when."""

    server: str  # old | new
    at: datetime


@dataclass(frozen=True, slots=True)
class Attempt:
    """A window as far as snapshots are concerned. `ended_at`: when the work was said to be over, or None; `happened`:
    False once it is established that nothing was done."""

    window_id: str
    announced_at: datetime
    start: datetime
    end: datetime
    ended_at: datetime | None = None
    happened: bool = True


@dataclass(frozen=True, slots=True)
class Wanted:
    """`step`: weekly, daily, before, hourly, after, day_after or week_after."""

    step: str
    due_at: datetime
    server: str
    label: str
    attempt: Attempt | None
    chunks: bool = False


def wanted(attempts: Sequence[Attempt], taken: Sequence[Taken], now: datetime) -> Wanted | None:
    """The snapshot that is missing, or wanted next. None before the first one was ever taken: nobody audits yet."""
    known = [one for one in taken if one.at <= now]
    if not known:
        return None
    old = max((one.at for one in known if one.server == "old"), default=None)
    newest = max(one.at for one in known)
    alive = [one for one in attempts if one.happened and one.announced_at <= now]
    for one in sorted(alive, key=lambda item: item.start):
        if now < one.start:
            hour_before = one.start - HOUR
            if now >= hour_before:
                if old is None or old < hour_before:
                    return Wanted("before", hour_before, "old", "pre", one, chunks=True)
                return Wanted("hourly", one.start + HOUR, "old", "during", one)
            due = one.announced_at if old is None or old < one.announced_at else old + DAY
            return Wanted("daily", min(due, hour_before), "old", "pre", one, chunks=due >= hour_before)
        if one.ended_at is None or now < one.ended_at:
            if now >= max(one.end, newest) + WEEK:
                continue  # nobody has said what became of it: that is asked elsewhere
            return Wanted("hourly", max(one.start, newest) + HOUR, "old", "during", one)
        for step, after in (("after", timedelta(0)), ("day_after", DAY), ("week_after", WEEK)):
            moment = one.ended_at + after
            if not any(item.server == "new" and item.at >= moment for item in known):
                if step == "week_after" and now >= moment + WEEK:
                    break
                return Wanted(step, moment, "new", "post", one)
    return Wanted("weekly", newest + WEEK, "old", "pre", None)
