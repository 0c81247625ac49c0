"""The evidence behind a figure: outages with their bounds, sites, chronology, calculation, clauses, method."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from .values import Count, Digest, Instant, Line, Measure, Seconds, Source, Text, Value

SiteState = Literal["current", "not_current", "down", "unknown"]
"""Four answers: confirmed current; reachable with old content; down; not checked."""


class Outage(Value):
    """One confirmed outage, held as [held_from, held_to).

    `at_least_seconds` runs from the first to the last failed observation, `held_seconds` is the figure we argue,
    `at_most_seconds` runs from the last good to the first good observation. `in_period_seconds` is the held part
    that falls into the document's period. `held_to` is None while it lasts; the seconds then run to the as-at time.
    """

    number: Annotated[int, Field(ge=1)]
    target: Line
    first_fail_at: Instant
    last_fail_at: Instant
    held_from: Instant
    held_to: Instant | None
    at_least_seconds: Seconds
    held_seconds: Seconds
    at_most_seconds: Seconds
    in_period_seconds: Seconds
    error: Line
    locations: Line


class Site(Value):
    """One site on the service: its state at the as-at time and its downtime in the period. No client is named."""

    site_id: Line
    host_name: Line
    state: SiteState
    down_from: Instant | None
    down_to: Instant | None
    down_seconds: Seconds


class SiteCounts(Value):
    """How many sites are in each state; the sum is the number of sites on the service."""

    current: Count
    not_current: Count
    down: Count
    unknown: Count


class Event(Value):
    """A line of the chronology. `recorded_late_at` is set when it was written down after the fact, as a late note."""

    at: Instant
    source: Source
    text: Text
    recorded_late_at: Instant | None = None
    exhibit: Line | None = None


class Step(Value):
    """One line of the calculation sheet: what, how (in words and figures), result."""

    what: Line
    working: Line
    result: Measure


class Clause(Value):
    """The contract's own words, with where and when they were read."""

    ref: Line
    title: Line
    quote: Text
    source: Line
    retrieved_on: date
    sha256: Digest | None = None
    interpretation: Line | None = None


class Command(Value):
    """A command a reader can run, and what it shows."""

    shows: Line
    command: Line


class Method(Value):
    """How we measured and how a reader verifies it. `interval_seconds` is the spacing of observations."""

    statement: tuple[Line, ...]
    interval_seconds: Annotated[int, Field(gt=0)]
    locations: tuple[Line, ...]
    clock: Line
    verify: tuple[Command, ...]


class Gap(Value):
    """A stretch in which our own monitoring saw nothing: unknown, never theirs."""

    start_at: Instant
    end_at: Instant
    seconds: Seconds
    reason: Line


class Coverage(Value):
    """How much of the elapsed period we observed: (known, elapsed) in seconds, and every gap."""

    known_seconds: Seconds
    elapsed_seconds: Annotated[int, Field(gt=0)]
    gaps: tuple[Gap, ...]
