"""The claim's own parts: what else is paid, what the provider may say, what is left out, what is to be signed."""

from datetime import date
from typing import Literal

from .values import DecimalText, Line, Measure, Money, Seconds, Share, Span, Text, Value


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
    target_percent: DecimalText | None
    counted_seconds: Seconds
    availability: Share | None
    verdict: Line
    amount: Money | None


class GuaranteeLine(Value):
    """One of several guarantees. `period` is its own where that is not the document's; `paid` False: another credit for
    the same event is paid instead."""

    name: Line
    clause: Line | None
    target_percent: DecimalText | None
    counted_seconds: Seconds
    availability: Share | None
    verdict: Line
    amount: Money | None
    period: Line | None = None
    paid: bool = True


class DueLine(Value):
    """One line of how all credits together come about, as the law wrote it down."""

    what: Line
    value: Line
    note: Line | None


class Due(Value):
    """All credits together. `amount` None: a person must settle how they go together. `asked` is what is claimed: the
    same, or less where a boundary of the terms lies between the bounds of what was observed."""

    amount: Money | None
    asked: Money
    lines: tuple[DueLine, ...]


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

