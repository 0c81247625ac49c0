"""Runs out of observations, as plain numbers. Pure; `app.sla.timeline.runs_of` says the same in values of the law."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from operator import ne, or_, sub


@dataclass(slots=True)
class Run:
    """Consecutive observations of one state; times in microseconds."""

    state: int
    first: int
    last: int
    count: int

    def line(self) -> bytes:
        return b"%d\t%d\t%d\t%d\n" % (self.first, self.last, self.state, self.count)


def fold(runs: list[Run], ats: Sequence[int], states: Sequence[int], limit: int) -> None:
    """Continues the runs with observations in order of time, all later than those before."""
    if not ats:
        return
    joins = bool(runs) and runs[-1].state == states[0] and ats[0] - runs[-1].last <= limit
    changed = map(ne, states[1:], states)
    silent = map(limit.__lt__, map(sub, ats[1:], ats))
    low = 0
    for high in (*compress(range(1, len(ats)), map(or_, changed, silent)), len(ats)):
        if joins:
            runs[-1].last, runs[-1].count, joins = ats[high - 1], runs[-1].count + high - low, False
        else:
            runs.append(Run(states[low], ats[low], ats[high - 1], high - low))
        low = high
