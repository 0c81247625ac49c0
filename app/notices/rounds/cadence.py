"""When clients hear from us next while something lasts. Pure.

The first letter goes out a quarter of an hour after the announced end has passed; then every hour for a day; then
every three hours. Every letter says when the next one comes, and that is what we are held to.
"""

from __future__ import annotations

from datetime import datetime, timedelta

FIRST = timedelta(minutes=15)
HOURLY = timedelta(hours=1)
FOR = timedelta(hours=24)
LATER = timedelta(hours=3)


def first_due(began: datetime) -> datetime:
    """When the first letter of an overrun, or of an outage nobody announced, is due."""
    return began + FIRST


def next_due(began: datetime, told: datetime) -> datetime:
    """When the letter after the one of `told` is due, in an event that runs since `began`."""
    return told + (HOURLY if told < began + FOR else LATER)


def due_since(began: datetime, told: datetime | None, promised: datetime | None) -> datetime:
    """From when on a letter is due: the first, or the one after `told`. What was promised in it comes first where it
    is the earlier; nobody waits longer for an hour having been promised as two."""
    if told is None or told < began:
        return first_due(began)
    usual = next_due(began, told)
    return usual if promised is None else min(usual, promised)


def schedule(began: datetime, until: datetime) -> list[datetime]:
    """Every moment at which a letter is due in an event that lasts from `began` to `until`, kept to the minute."""
    out, moment = [], first_due(began)
    while moment < until:
        out.append(moment)
        moment = next_due(began, moment)
    return out
