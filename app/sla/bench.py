"""What every rule reads: the case, what was seen, the windows and the measured period."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.sla.case import Case
from app.sla.readings import Measured
from app.sla.seen import Seen
from app.sla.spans import Span
from app.sla.statement import StepVerdict, WindowVerdict
from app.sla.terms import Sla


@dataclass(frozen=True, slots=True)
class Bench:
    case: Case
    seen: Seen
    terms: Sla | None
    measured: Measured
    windows: tuple[WindowVerdict, ...]  # those that touch the period
    steps: tuple[StepVerdict, ...]

    @property
    def as_at(self) -> datetime:
        return self.case.as_at

    def lives_in_period(self, start: datetime, end: datetime | None) -> bool:
        """Whether something from `start` to `end` (None: still going on) belongs to this period."""
        span = self.case.period.span
        last = end if end is not None else self.as_at
        return start < span.end and (last > span.start or (start == last and start in span))


def touches(verdict: WindowVerdict, period: Span, as_at: datetime) -> bool:
    """The window was promised in the period, or its work ran in it."""
    if verdict.promised.overlaps(period):
        return True
    start = verdict.actual_start
    if start is None:
        return False
    return start < period.end and (verdict.actual_end or as_at) > period.start
