"""All credits of a statement together: what several for one event come to, the cap over all, one rounding.

Credits are for one event where the outages they are for overlap. `all` are paid, or the `highest` of an event, or the
`first_listed` (the first guarantee, the further ones, measured figures, clocks: in the order of the terms). A text that
says something else is settled by a person, and nothing is added up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from app.sla.case import Case
from app.sla.credits import rounded
from app.sla.spans import Span
from app.sla.statement import CalculationLine, Promise
from app.sla.terms import STACKING, Sla
from app.sla.wording import exactly

FIRST_CREDIT = "Availability"
LEFT_OUT = "left out: another credit for the same event is paid"


@dataclass(frozen=True, slots=True)
class Payable:
    """A credit before its rounding, with the time it is for."""

    name: str
    exact: Fraction
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Due:
    """`amount` None where a person must settle it. `paid` says of each payable whether it is in the sum."""

    amount: Decimal | None
    paid: tuple[bool, ...]
    lines: tuple[CalculationLine, ...]


def due_of(case: Case, terms: Sla | None, payables: Sequence[Payable]) -> Due | None:
    """None where nothing is paid."""
    if terms is None or not payables:
        return None
    groups = events(payables)
    several = any(len(group) > 1 for group in groups)
    if several and terms.stacking is not None and terms.stacking not in STACKING:
        line = CalculationLine("Several credits for one event", terms.stacking, "to be settled by hand")
        return Due(None, tuple(True for _ in payables), (*_each(case, payables, [True] * len(payables)), line))
    chosen = set(range(len(payables)))
    if several and terms.stacking == "highest":
        chosen = {max(group, key=lambda index: (payables[index].exact, -index)) for group in groups}
    elif several and terms.stacking == "first_listed":
        chosen = {min(group) for group in groups}
    kept = [index in chosen for index in range(len(payables))]
    total = sum((one.exact for one, stays in zip(payables, kept, strict=True) if stays), Fraction(0))
    lines = list(_each(case, payables, kept))
    if several:
        said = terms.stacking or "all"
        why = "as the terms say" if terms.stacking else "the terms do not say how several go together"
        lines.append(CalculationLine("Several credits for one event", said.replace("_", " "), why))
    exact = total
    if terms.total_cap_percent is not None:
        named = terms.base(terms.cap_base)
        cap = Fraction(terms.total_cap_percent) / 100 * (Fraction(case.monthly_fee) if named is None else named)
        exact = min(total, cap)
        applied = "applied" if total > cap else "not reached"
        lines.append(CalculationLine("Sum", f"{exactly(total)} {case.currency}"))
        value = f"{terms.total_cap_percent} % = {exactly(cap)} {case.currency}"
        lines.append(CalculationLine("Cap over all credits", value, applied))
    amount = rounded(exact, case.currency)
    lines.append(CalculationLine("Due", f"{amount} {case.currency}", "all credits together, rounded once, half up"))
    return Due(amount, tuple(kept), tuple(lines))


def _each(case: Case, payables: Sequence[Payable], kept: Sequence[bool]) -> Iterable[CalculationLine]:
    for one, stays in zip(payables, kept, strict=True):
        yield CalculationLine(one.name, f"{exactly(one.exact)} {case.currency}", "" if stays else LEFT_OUT)


def events(payables: Sequence[Payable]) -> tuple[tuple[int, ...], ...]:
    """Which payables are for one event: those linked by overlapping time."""
    groups: list[tuple[set[int], list[Span]]] = []
    for index, one in enumerate(payables):
        mine, spans = {index}, list(one.spans)
        apart = []
        for members, held in groups:
            if any(span.overlaps(other) for span in one.spans for other in held):
                mine, spans = mine | members, spans + held
            else:
                apart.append((members, held))
        groups = [*apart, (mine, spans)]
    return tuple(sorted(tuple(sorted(members)) for members, _ in groups))


def of_promises(promises: Iterable[Promise], case: Case) -> list[Payable]:
    """What clocks pay by themselves; `Credit.percent` is exact, and of the monthly fee."""
    out = []
    for promise in promises:
        credit, start = promise.credit, promise.promised_at
        if credit is None or start is None:
            continue
        end = promise.met_at or case.as_at
        spans = (Span(start, end),) if start < end else ()
        out.append(Payable(promise.title, Fraction(case.monthly_fee) * credit.percent / 100, spans))
    return out
