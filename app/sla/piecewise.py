"""What is asked of a whole period, answered part by part where its terms change: the bounds, the counter-reading, the
promise ledger. Where they do not change, each is the plain answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from app.sla.bench import Bench
from app.sla.breaches import RULES, availability, notices, promises
from app.sla.clocks import timed
from app.sla.counter import counter_of
from app.sla.credits import rounded
from app.sla.owed import Boundary, at_least, boundary_of, fee_base, reckon
from app.sla.parts import Judged, Piece, windows_under
from app.sla.seen import Seen
from app.sla.statement import Argument, CounterReading, Credit, Outage, Promise, WindowVerdict


def boundary_over(seen: Seen, judged: Judged, outages: Sequence[Outage], credit: Credit | None) -> Boundary | None:
    """Where a row of any part's terms lies between the bounds: what is said, and the least that all parts come to."""
    case, period = seen.case, judged.whole.period
    if not judged.split:
        return boundary_of(case, judged.whole, outages, credit)
    notes: list[str] = []
    least, lower = Fraction(0), False
    for piece in judged.pieces:
        owed = reckon(case, piece.measured, period)
        within = [outage for outage in outages if outage.span.overlaps(piece.measured.period.span)]
        found = boundary_of(case, piece.measured, within, owed.credit if owed is not None else None, period)
        here = owed.exact if owed is not None else Fraction(0)
        if found is not None:
            notes.append(f"Part {piece.number}: {found.note}")
            if found.lower_amount is not None:
                low = reckon(case, at_least(piece.measured, within), period)
                here, lower = (low.exact if low is not None else Fraction(0)), True
        least += here
    if not notes:
        return None
    amount: Decimal | None = rounded(least, case.currency) if lower else None
    return Boundary(" ".join(notes), amount)


def counter_over(
    seen: Seen, judged: Judged, windows: Sequence[WindowVerdict], outages: Sequence[Outage]
) -> CounterReading | None:
    """The provider's figure, each part under its own terms; None where nothing they may say changes any part."""
    if not judged.split:
        return counter_of(seen, judged.whole, windows, outages=outages)
    period = judged.whole.period
    each = [
        (piece, counter_of(seen, piece.measured, windows_under(seen, piece.dated), period))
        for piece in judged.pieces
        if piece.dated is not None
    ]
    if not any(found is not None for _, found in each):
        return None
    down, known, breach, exact, base = timedelta(0), timedelta(0), False, Fraction(0), Fraction(0)
    for piece, found in each:
        owed = reckon(seen.case, piece.measured, period)
        base += fee_base(seen.case, piece.measured, period)
        known += piece.measured.sla.projected_known
        down += found.down if found is not None else piece.measured.sla.down
        breach = breach or (found.breach if found is not None else piece.measured.breach)
        if found is not None and found.credit is not None:
            part = fee_base(seen.case, piece.measured, period)
            exact += part * found.credit.percent / 100
        elif found is None and owed is not None:
            exact += owed.exact
    unit = timedelta(microseconds=1)
    share = Fraction(max(known - down, timedelta(0)) // unit, known // unit) if known else None
    return CounterReading(down, share, breach, _theirs(seen, judged, exact, base), _arguments(each))


def _theirs(seen: Seen, judged: Judged, exact: Fraction, base: Fraction) -> Credit | None:
    if not exact or not base:
        return None
    case = seen.case
    percent = exact / base * 100
    return Credit(percent, percent, False, rounded(exact, case.currency), case.currency, rounded(base, case.currency),
                  None, judged.whole.closed, ())  # fmt: skip


def _arguments(each: Sequence[tuple[Piece, CounterReading | None]]) -> tuple[Argument, ...]:
    """Each argument once: what it removes in all parts, the clauses and the answers of each."""
    out: dict[str, Argument] = {}
    for _, found in each:
        for one in found.arguments if found is not None else ():
            held = out.get(one.key)
            if held is None:
                out[one.key] = one
                continue
            clauses = held.clause if one.clause in held.clause else f"{held.clause} / {one.clause}"
            answers = held.answer if one.answer in held.answer else f"{held.answer} {one.answer}"
            out[one.key] = replace(held, removes=held.removes + one.removes, clause=clauses, answer=answers)
    return tuple(out.values())


def promises_over(bench: Bench, judged: Judged) -> tuple[Promise, ...]:
    """The promise ledger: availability part by part; a notice, and a clock, under the terms in force when it began."""
    if not judged.split:
        return promises(bench)
    by_part: dict[object, Callable[[Piece], tuple[Promise, ...]]] = {
        availability: lambda piece: tuple(availability(_of_part(bench, piece))),
        notices: lambda piece: tuple(notices(_under(bench, piece, judged))),
        timed: lambda piece: tuple(p for p in timed(_under(bench, piece, judged)) if _begun_in(p, piece, judged)),
    }
    out: list[Promise] = []
    for rule in RULES:
        if rule in by_part:
            out += [promise for piece in judged.pieces for promise in by_part[rule](piece)]
        else:
            out += rule(bench)
    return tuple(out)


def _of_part(bench: Bench, piece: Piece) -> Bench:
    return replace(
        bench,
        case=replace(bench.case, period=piece.measured.period),
        terms=piece.measured.terms,
        measured=piece.measured,
    )


def _under(bench: Bench, piece: Piece, judged: Judged) -> Bench:
    here = tuple(v for v in bench.windows if _piece_at(v.promised.start, judged) is piece)
    return replace(bench, terms=piece.measured.terms, windows=here)


def _begun_in(promise: Promise, piece: Piece, judged: Judged) -> bool:
    return promise.promised_at is not None and _piece_at(promise.promised_at, judged) is piece


def _piece_at(instant: datetime, judged: Judged) -> Piece:
    """The part an instant lies in; what lies before or after all of them belongs to the nearest."""
    for piece in judged.pieces:
        if instant < piece.measured.period.span.end:
            return piece
    return judged.pieces[-1]
