"""The parts of a statement's JSON that occur more than once: spans, shares, readings, credits, deadlines."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

from app.sla.case import Source
from app.sla.periods import Period
from app.sla.spans import Span
from app.sla.statement import (
    CalculationLine,
    CounterReading,
    Credit,
    Deadline,
    GuaranteeVerdict,
    Part,
    Reading,
)
from app.statements import shapes


def share(value: Fraction | None) -> shapes.ShareOut | None:
    if value is None:
        return None
    millionths = (value * 100_000_000 + Fraction(1, 2)).__floor__()
    return shapes.ShareOut(
        numerator=value.numerator, denominator=value.denominator, percent=f"{Decimal(millionths).scaleb(-6):f}"
    )


def secs(value: timedelta) -> int:
    return value // timedelta(seconds=1)


def maybe(value: timedelta | None) -> int | None:
    return None if value is None else secs(value)


def text_or_none(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"


def span_out(value: Span) -> shapes.SpanOut:
    return shapes.SpanOut(start=value.start, end=value.end, seconds=secs(value.length))


def period_out(value: Period) -> shapes.PeriodOut:
    return shapes.PeriodOut(**span_out(value.span).model_dump(), kind=value.kind, anchor=value.anchor)


def source_out(value: Source | None) -> shapes.SourceOut | None:
    return None if value is None else shapes.SourceOut(code=value.code.value, ref=value.ref, label=value.label)


def line_out(line: CalculationLine) -> shapes.LineOut:
    return shapes.LineOut(label=line.label, value=line.value, note=line.note)


def plain(value: Fraction) -> str:
    """A number of percent: 30 -> "30". Six decimals at the most, half up, for display only."""
    millionths = (value * 1_000_000 + Fraction(1, 2)).__floor__()
    return f"{Decimal(millionths).scaleb(-6).normalize():f}"


def reading_out(reading: Reading) -> shapes.ReadingOut:
    return shapes.ReadingOut(
        key=reading.key,
        down=secs(reading.down),
        known=secs(reading.known),
        availability=share(reading.availability),
        projected_known=secs(reading.projected_known),
        projected_availability=share(reading.projected_availability),
    )


def credit_out(credit: Credit | None) -> shapes.CreditOut | None:
    if credit is None:
        return None
    return shapes.CreditOut(
        amount=f"{credit.amount:f}",
        currency=credit.currency,
        percent=plain(credit.percent),
        uncapped_percent=plain(credit.uncapped_percent),
        cap_applied=credit.cap_applied,
        tier_below_percent=None if credit.tier_below is None else plain(credit.tier_below * 100),
        base=f"{credit.base:f}",
        lower_amount=text_or_none(credit.lower_amount),
        final=credit.final,
        lines=[line_out(line) for line in credit.lines],
    )


def deadline_out(deadline: Deadline | None) -> shapes.DeadlineOut | None:
    if deadline is None:
        return None
    return shapes.DeadlineOut(
        earliest=deadline.earliest,
        latest=deadline.latest,
        too_late_from=deadline.too_late_from,
        clause=deadline.clause,
        missed=deadline.missed,
    )


def counter_out(found: CounterReading | None) -> shapes.CounterOut | None:
    if found is None:
        return None
    return shapes.CounterOut(
        down=secs(found.down),
        availability=share(found.availability),
        breach=found.breach,
        credit_amount=None if found.credit is None else f"{found.credit.amount:f}",
        credit_lower_amount=None if found.credit is None else text_or_none(found.credit.lower_amount),
        currency=None if found.credit is None else found.credit.currency,
        arguments=[
            shapes.ArgumentOut(
                key=one.key, says=one.says, removes=secs(one.removes), clause=one.clause, answer=one.answer
            )
            for one in found.arguments
        ],
    )


def part_out(part: Part) -> shapes.PartOut:
    return shapes.PartOut(
        number=part.number,
        span=span_out(part.span),
        terms_id=part.terms_id,
        effective_from=part.effective_from,
        target=share(part.target),
        readings=[reading_out(reading) for reading in part.readings],
        allowed=maybe(part.allowed),
        verdict=part.verdict.value,
        breach=part.breach,
        credit=credit_out(part.credit),
    )


def guarantee_out(one: GuaranteeVerdict) -> shapes.GuaranteeOut:
    return shapes.GuaranteeOut(
        name=one.name,
        period=period_out(one.period),
        label=one.period.label,
        target=share(one.target),
        readings=[reading_out(reading) for reading in one.readings],
        allowed=maybe(one.allowed),
        verdict=one.verdict.value,
        breach=one.breach,
        credit=credit_out(one.credit),
        deadline=deadline_out(one.deadline),
        paid=one.paid,
        clause=one.clause,
        counted_spans=[span_out(span) for span in one.counted_spans],
    )
