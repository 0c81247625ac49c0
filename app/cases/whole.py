"""Whole seconds: moments are snapped down here, in one place, before anything is judged."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from app.sla import case as law
from app.sla.spans import Span, union


def whole_second(moment: datetime) -> datetime:
    """The moment in UTC, its part of a second dropped."""
    return moment.astimezone(UTC).replace(microsecond=0)


def floored(span: Span) -> Span:
    """The span from whole second to whole second, a second long at the least."""
    start, end = whole_second(span.start), whole_second(span.end)
    return Span(start, end if end > start else start + timedelta(seconds=1))


def snapped(monitor: law.Monitor) -> law.Monitor:
    """The monitor, or each of its locations, with its runs from whole second to whole second."""
    if monitor.locations:
        return replace(monitor, locations=tuple(snapped(one) for one in monitor.locations))
    if monitor.gaps:
        monitor = replace(monitor, gaps=union([floored(gap) for gap in monitor.gaps]))
    if all(run.first_at.microsecond == 0 == run.last_at.microsecond for run in monitor.runs):
        return monitor
    runs = tuple(
        law.ObservedRun(run.state, whole_second(run.first_at), whole_second(run.last_at), run.count)
        for run in monitor.runs
    )
    return replace(monitor, runs=runs)
