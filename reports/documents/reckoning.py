"""What a sum was reckoned from, for machines: `docs/recompute_claim.py` comes to the same sum from nothing else."""

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from .values import DecimalText, Instant, Line, Money, Seconds, Share, Span, Value

Exact = Annotated[str, StringConstraints(pattern=r"^\d+(/[1-9]\d*)?$")]
"""An exact fraction as text: "120", "40/3"."""


class Bounds(Value):
    """One outage that reaches into the period: held as `span`; `at_least_seconds` from first to last failure,
    `at_most_seconds` from last good to first good answer (None: no good answer on one side)."""

    number: Annotated[int, Field(ge=1)]
    span: Span
    at_least_seconds: Seconds
    at_most_seconds: Seconds | None


class ExcusedSpan(Value):
    """Downtime the terms excuse, and the clause that does."""

    span: Span
    clause: Line


class ReckonedPart(Value):
    """The period under one version of the terms, or a stretch of it where they changed.

    `terms` is the contract as data, with every default written out; `part` the stretch's share of the period by time.
    `excused` are whole spans, also where they reach out of it. Results: `counted_seconds`, `availability` (None where
    nothing is known), `breached`, and what is due for it before the one rounding.
    """

    terms: dict[str, Any]
    span: Span
    part: Share
    unknown_seconds: Seconds
    excused: tuple[ExcusedSpan, ...]
    counted_seconds: Seconds
    availability: Share | None
    breached: bool
    due_exactly: Exact


class BesideCredit(Value):
    """A credit for something else than the first guarantee: stated, and added where `counted`."""

    what: Line
    amount: Money
    counted: bool


class Clocks(Value):
    """The moments at which a contract's clock may start, where it does not start with the outage."""

    ticket_opened: tuple[Instant, ...]
    provider_confirmed: tuple[Instant, ...]


class Reckoning(Value):
    """Every input of the credit for the first guarantee over a period, then what came of it.

    `down` is the raw downtime, outages whole, also where they reach out of the period. `period_days` counts its local
    days; `in_service` is the service's life, reaching far where it is open. `amount` is due on the time as held;
    `asked` is claimed: less, where a row of the terms lies between the bounds.
    """

    period: Span
    period_days: Annotated[int, Field(gt=0)]
    in_service: Span
    fee: Money
    minor_units: Annotated[int, Field(ge=0, le=3)]
    down: tuple[Span, ...]
    bounds: tuple[Bounds, ...]
    clocks: Clocks
    parts: tuple[ReckonedPart, ...]
    amount: DecimalText
    asked: DecimalText
    beside: tuple[BesideCredit, ...]
