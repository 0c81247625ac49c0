"""What an audit of files and databases found of each site, as facts of a case. Nothing here is judged by the law but
the interval that nobody saw.

Copies are snapshots of a server; equal means "equal to the copy of" the last one of the old server before the new one
took over, never that nothing was lost.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.sla.spans import Span, between


class DataState(StrEnum):
    """Of a site: the first that holds of any of its paths and rows. LOST: gone, cut short or damaged. OLD: an earlier
    copy lies over a newer one. UNKNOWN: not looked at, not readable, or in doubt."""

    LOST = "lost"
    OLD = "old"
    UNKNOWN = "unknown"
    CURRENT = "current"


@dataclass(frozen=True, slots=True)
class Copy:
    """One snapshot the audit rests on. `claimed`: its time is a person's word; `sealed_at`: when its root entered the
    log, None where it never did."""

    id: str
    role: str  # pre | during | after
    server: str  # old | new
    taken_at: datetime
    claimed: bool
    root: str
    sealed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SiteData:
    """Paths of one site by what became of them; `low` are counted and never claimed. `rows`: damaged rows by kind."""

    site_id: str
    name: str
    state: DataState
    equal: int
    changed: int
    old: int
    lost: int
    unknown: int
    low: int
    excluded: int
    unreadable: int
    unstable: int
    rows: tuple[tuple[str, int], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def rows_damaged(self) -> int:
        return sum(count for _, count in self.rows)


@dataclass(frozen=True, slots=True)
class Assessment:
    """An audit's result as at a moment. `equal_to` is the last copy of the old server, `first_new_at` the first look at
    the new one; `expected_writes` what was probably written between them at the pace before, None where that is not
    known."""

    id: str
    at: datetime
    recorded_at: datetime
    digest: str  # of the whole result
    copies: tuple[Copy, ...]
    equal_to: datetime
    first_new_at: datetime
    expected_writes: int | None
    clocks: str
    limits: tuple[str, ...]
    sites: tuple[SiteData, ...]

    @property
    def at_risk(self) -> Span | None:
        """What was written in it nobody has seen: from the last look at the old server to the first at the new one."""
        return between(self.equal_to, self.first_new_at)

    @property
    def counts(self) -> dict[DataState, int]:
        """Sites by state, every state with its number."""
        found = Counter(site.state for site in self.sites)
        return {state: found[state] for state in DataState}

    def of(self, site_id: str) -> SiteData | None:
        return next((site for site in self.sites if site.site_id == site_id), None)
