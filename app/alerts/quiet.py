"""Quiet hours, pure: what is told then waits for their end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from app.sla.periods import first_instant, zone_of


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Every day from `start` to `end` by the clock of `zone`; over midnight where the end comes first. `always` is
    told all the same."""

    start: time
    end: time
    zone: str
    always: Sequence[str] = ()

    def opens(self, kind: str, now: datetime) -> datetime:
        """From when on an alert of this kind may be sent: `now`, or the end of the quiet hours `now` lies in."""
        if kind in self.always:
            return now
        today = now.astimezone(zone_of(self.zone)).date()
        for day in (today - timedelta(days=1), today):
            last = day if self.start < self.end else day + timedelta(days=1)
            begins = first_instant(datetime.combine(day, self.start), self.zone)
            ends = first_instant(datetime.combine(last, self.end), self.zone)
            if begins <= now < ends:
                return ends.astimezone(UTC)
        return now
