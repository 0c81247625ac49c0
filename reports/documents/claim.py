"""The claim's own parts: what else is paid, what the provider may say, what is left out, what is to be signed."""

from datetime import date
from typing import Literal

from .values import Line, Measure, Money, Seconds, Share, Span, Text, Value


class Argument(Value):
    """One thing the provider may say, the time it would take away by itself, its clause, and our answer."""

    says: Line
    removes_seconds: Seconds
    clause: Line
    answer: Text


class CounterReading(Value):
    """The figure as the provider would reckon it, every argument granted. `amount` None: nothing would be due."""

    counted_seconds: Seconds
    availability: Share | None
    breached: bool
    amount: Money | None
    arguments: tuple[Argument, ...]


class CreditLine(Value):
    """One of several credits. `counted` False: the contract's rule for several credits leaves it out of the sum."""

    what: Line
    how: Line
    amount: Money
    counted: bool


class PartLine(Value):
    """A stretch of the period under one version of the terms, judged by it alone."""

    number: int
    span: Span
    terms_from: date
    target_percent: Line | None
    counted_seconds: Seconds
    availability: Share | None
    verdict: Line
    amount: Money | None


class GuaranteeLine(Value):
    """A guarantee beside the main one."""

    name: Line
    clause: Line | None
    target_percent: Line | None
    counted_seconds: Seconds
    availability: Share | None
    verdict: Line
    amount: Money | None


class RightLine(Value):
    """A right to leave the contract, noted and not exercised here."""

    title: Line
    clause: Line
    accrued: Line
    exercise_by: date
    lapsed: bool


class LeftOut(Value):
    """Downtime of one site alone: probably its own application, so no part of the claim."""

    site_id: Line
    host_name: Line
    span: Span
    in_period_seconds: Seconds
    why: Line


class SignLine(Value):
    """One line the provider agrees or disagrees with: a window with its span, a deviation, or a figure."""

    ref: Line
    about: Literal["window", "deviation", "figure"]
    found: Text
    span: Span | None = None
    figure: Measure | None = None

