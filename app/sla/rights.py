"""The rights to leave as at a moment: which clause gives one, since when, until which day, and whether it has lapsed.

Months are those that are over, each judged by the terms in force in it. A month counts as below only where it is below
whichever way its unknown time went; one that is not proven breaks a run. Outages are those that count under the terms,
whole, once they are over. Of each clause the last right is shown that arose in the period or could still be used in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from fractions import Fraction

from app.sla.clauses import AggregateDowntime, MonthsBelow, OutageCount
from app.sla.parts import judge_period
from app.sla.periods import Period, midnight
from app.sla.readings import Measured
from app.sla.seen import Seen
from app.sla.spans import union
from app.sla.statement import Right, WindowVerdict
from app.sla.termination import RightToLeave, accruals
from app.sla.terms import Sla
from app.sla.wording import clause, days, elapsed, moment

FOREVER_MONTHS = 36  # how far back a clause looks that names no window
DAYS_A_MONTH = 28


def months_back(terms: Iterable[Sla]) -> int:
    """How many earlier months these clauses must know, so that what arose in them and still runs is found too."""
    most = 0
    for one in terms:
        for item in one.termination:
            notice = -(-item.notice_within_days // DAYS_A_MONTH)
            if not isinstance(item, MonthsBelow):
                back = -(-item.window_days // DAYS_A_MONTH)
            elif item.consecutive:
                back = item.count
            else:
                back = item.window_months or FOREVER_MONTHS
            most = max(most, back + notice)
    return most


def rights_of(seen: Seen, this: Measured, windows: Sequence[WindowVerdict]) -> tuple[Right, ...]:
    """Every right that arose in the period or could still be used in it, as at `seen.as_at`."""
    if this.terms is None or not this.terms.termination:
        return ()
    measured = _months(seen, this, windows)
    months = [(one.period, _at_best(one)) for one in measured if one.closed]
    outages = [
        piece.whole
        for one in measured
        if one.counted is not None
        for piece in one.counted.pieces
        if piece.whole.end < seen.as_at
    ]
    out = []
    for index, item in enumerate(this.terms.termination):
        found = [one for one in accruals(item, this.terms.timezone, months, union(outages)) if _lives(one, seen, this)]
        if found:
            out.append(_right(found[-1], item, index, seen, this.terms))
    return tuple(out)


def right_notes(seen: Seen, this: Measured, windows: Sequence[WindowVerdict], rights: Sequence[Right]) -> Iterator[str]:
    """What a reader must know of them: until when, and which months are not proven."""
    for right in rights:
        last = days(right.exercise_by)
        how = f"it lapsed with {last}" if right.lapsed else f"it must be used by {last}"
        yield f"Right to leave ({right.title}): arose {right.accrued}; {how}."
    if this.terms is None:
        return
    for item in this.terms.termination:
        if not isinstance(item, MonthsBelow):
            continue
        limit = Fraction(item.below_percent) / 100
        for one in _months(seen, this, windows):
            known = one.sla.availability
            if one.closed and known is not None and known < limit <= _at_best(one):
                yield (
                    f"{one.period.label} is below {item.below_percent} % only if its unknown time was down too: "
                    "not proven, so it gives no right to leave."
                )


def _months(seen: Seen, this: Measured, windows: Sequence[WindowVerdict]) -> list[Measured]:
    before: tuple[Period, ...] = (*seen.case.periods_earlier, *seen.case.periods_before)
    last = [this] if this.period.monthly else []  # a quarter is no month: its months stand before
    return [*(judge_period(seen, period, windows).whole for period in before), *last]


def _at_best(measured: Measured) -> Fraction:
    """The uptime if all unknown time was up: a month below even so is below whichever way."""
    if measured.counted is None or measured.denominator <= 0:
        return Fraction(1)
    return 1 - min(measured.counted.minutes, measured.denominator) / measured.denominator


def _lives(right: RightToLeave, seen: Seen, this: Measured) -> bool:
    arose = right.accrued.span.end if isinstance(right.accrued, Period) else right.accrued
    return arose <= min(seen.as_at, this.period.span.end) and right.exercise_by >= this.period.first_day


def _right(
    found: RightToLeave, item: MonthsBelow | OutageCount | AggregateDowntime, index: int, seen: Seen, terms: Sla
) -> Right:
    month = found.accrued if isinstance(found.accrued, Period) else None
    arose = month.span.end if month is not None else found.accrued
    assert not isinstance(arose, Period)
    return Right(
        title=title(item),
        clause=clause(terms, f"termination.{index}"),
        accrued=f"with {month.label}" if month is not None else moment(arose, terms.timezone),
        accrued_at=arose,
        exercise_by=found.exercise_by,
        lapsed=seen.as_at >= midnight(found.exercise_by + timedelta(days=1), terms.timezone),
    )


def title(item: MonthsBelow | OutageCount | AggregateDowntime) -> str:
    """ "2 months in a row below 99.5 %"."""
    if isinstance(item, MonthsBelow):
        if item.consecutive:
            return f"{item.count} months in a row below {item.below_percent} %"
        within = f" within {item.window_months} months" if item.window_months is not None else ""
        return f"{item.count} months below {item.below_percent} %{within}"
    if isinstance(item, OutageCount):
        longer = f" longer than {_minutes(item.longer_than_minutes)}" if item.longer_than_minutes else ""
        return f"{item.count} outages{longer} within {item.window_days} days"
    return f"more than {_minutes(item.over_minutes)} down within {item.window_days} days"


def _minutes(value: object) -> str:
    return elapsed(timedelta(microseconds=int(Fraction(str(value)) * 60_000_000)))
