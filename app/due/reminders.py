"""When somebody is reminded, pure: at half and at four fifths of the days there are, and on the last one.

Of the days from the earliest E to the latest L, by the contract's calendar, with n = L - E: the reminders fall on
E + n // 2, E + 4n // 5 and L, at eight in the morning by the contract's clock; at midnight where eight would be too
late. Of reminders that fall on one day the last stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from app.sla.periods import first_instant, midnight

HALF, FOUR_FIFTHS, LAST_DAY = "half", "four_fifths", "last_day"
COMING, NOW, MISSED = "coming", "now", "missed"
MORNING = time(8)


@dataclass(frozen=True, slots=True)
class Remind:
    """`at` is the moment from which on the reminder is due."""

    level: str
    day: date
    at: datetime


def reminders(earliest: date, latest: date, zone: str, too_late_from: datetime) -> tuple[Remind, ...]:
    """The reminders of one deadline, in order of time."""
    length = max((latest - earliest).days, 0)
    days = {
        latest - timedelta(days=length - length // 2): HALF,
        latest - timedelta(days=length - length * 4 // 5): FOUR_FIFTHS,
        latest: LAST_DAY,
    }
    return tuple(Remind(level, day, _moment(day, zone, too_late_from)) for day, level in days.items())


def _moment(day: date, zone: str, too_late_from: datetime) -> datetime:
    eight = first_instant(datetime.combine(day, MORNING), zone)
    return eight if eight < too_late_from else midnight(day, zone)


def level_at(all_: tuple[Remind, ...], too_late_from: datetime | None, now: datetime) -> str:
    """How far the days have run: coming, half, four_fifths, last_day, missed."""
    if too_late_from is not None and now >= too_late_from:
        return MISSED
    passed = [item.level for item in all_ if item.at <= now]
    return passed[-1] if passed else COMING
