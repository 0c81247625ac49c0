"""What an audit of files and databases found: figures by site, never a path, never a client's name."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from .values import Count, Digest, Instant, Line, Seconds, Span, Value

DataState = Literal["current", "old", "lost", "unknown"]


class DataCopy(Value):
    """A snapshot the audit rests on. `sealed_at`: when its root entered the log; `claimed`: its time is our word."""

    what: Line
    taken_at: Instant
    claimed: bool
    sealed_at: Instant | None
    root: Digest


class SiteData(Value):
    """One site's files by what became of them. `low` are counted and never claimed; `not_examined` were left out,
    unreadable or being written."""

    site_id: Line
    host_name: Line
    state: DataState
    equal: Count
    changed: Count
    old: Count
    lost: Count
    rows_damaged: Count
    unknown: Count
    low: Count
    not_examined: Count
    note: Line | None


class DataAudit(Value):
    """`equal` means equal to the copy of `equal_to`; nothing here says that no data was lost.

    `at_risk` is the stretch nobody saw, with `expected_writes` probably made in it. `not_compared`: sites on the
    service the audit says nothing of. `sites` are those listed: all of them, or those that are not current.
    """

    at: Instant
    equal_to: Instant
    at_risk: Span | None
    at_risk_seconds: Seconds
    expected_writes: Count | None
    compared: Annotated[int, Field(ge=1)]
    current: Count
    old: Count
    lost: Count
    unknown: Count
    not_compared: Count
    sites: tuple[SiteData, ...]
    copies: Annotated[tuple[DataCopy, ...], Field(min_length=2)]
    limits: tuple[Line, ...]
    clocks: Line
    digest: Digest

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if self.current + self.old + self.lost + self.unknown != self.compared:
            raise ValueError("current, old, lost and unknown must add up to the sites compared")
        for state, number in (("old", self.old), ("lost", self.lost), ("unknown", self.unknown)):
            if sum(site.state == state for site in self.sites) != number:
                raise ValueError(f"the sites listed as {state} must be as many as are counted")
        seconds = 0 if self.at_risk is None else self.at_risk.seconds
        if seconds != self.at_risk_seconds:
            raise ValueError("at_risk_seconds must be the length of at_risk")
        return self
