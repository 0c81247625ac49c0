"""Every second of the raw downtime: counted, with its outage, or not, with the clause that says so.

The parts are disjoint, in order, and sum to the raw reading to the second. What the contract's own counting adds to
them or drops (gaps between merged outages, a quantum, an outage that belongs whole to the period it began in) are no
seconds of downtime and so no parts: they are lines, and with them the counted parts sum to the third reading.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import timedelta

from app.sla.excuse import RECURRING
from app.sla.readings import Measured
from app.sla.seen import Seen
from app.sla.spans import Span, inside, intersect, minus, total, union
from app.sla.statement import CalculationLine, DownPart, Outage, WindowVerdict
from app.sla.terms import Sla
from app.sla.wording import clause, elapsed, moment, seconds

ZERO = timedelta(0)
NO_CLAUSE = "no clause"
PATHS = {
    "counting.clock_start": "Before the contract's clock",
    "counting.min_outage_seconds": "Too short to count",
    "attribution": "Of another period",
    "terms": "Without terms",
}


def down_parts(
    seen: Seen, stretches: Sequence[Measured], outages: Sequence[Outage], windows: Sequence[WindowVerdict]
) -> tuple[DownPart, ...]:
    """The raw downtime of a period cut into parts. `stretches`: the period, or its parts each under its own terms."""
    starts = [outage.span.start for outage in outages]
    out = []
    for measured in stretches:
        for span, counts, path, why in _cut(seen, measured, windows):
            number = outages[bisect_right(starts, span.start) - 1].number
            said = clause(measured.terms, path) if measured.terms is not None and path else ""
            if counts:
                out.append(DownPart(span, number, True, "", why or f"Outage {number}; nothing excuses it."))
            else:
                out.append(DownPart(span, number, False, said or NO_CLAUSE, why))
    return tuple(sorted(out, key=lambda part: part.span))


def calculation(
    seen: Seen, stretches: Sequence[Measured], windows: Sequence[WindowVerdict]
) -> tuple[CalculationLine, ...]:
    """From the raw downtime to the third reading, line by line; the lines add up exactly."""
    sums: dict[tuple[str, str], timedelta] = {}
    raw = counted = gaps = other = sla = ZERO
    for measured in stretches:
        for span, counts, path, why in _cut(seen, measured, windows):
            raw += span.length
            if counts:
                counted += span.length
            else:
                label = PATHS.get(path, "Excused")
                note = why if label in ("Excused", "Without terms") else _said(measured.terms, path)
                sums[label, note] = sums.get((label, note), ZERO) + span.length
        if measured.counted is None:
            continue
        whole = union([piece.span for piece in measured.counted.pieces])
        down = intersect(whole, seen.down)
        gaps += total(whole) - total(down)
        other += total(minus(down, _down(seen, measured)))
        sla += measured.sla.down
    lines = [CalculationLine("Raw downtime", seconds(raw), "every second the service was seen down")]
    lines += [CalculationLine(label, f"-{seconds(length)}", note) for (label, note), length in sums.items()]
    lines.append(CalculationLine("Counted downtime", seconds(counted), "what is left, span by span"))
    if gaps:
        lines.append(CalculationLine("Merge gap", seconds(gaps), "between outages the terms count as one"))
    if other:
        lines.append(CalculationLine("Whole outages", seconds(other), "of outages that began here, beyond the period"))
    quantum = sla - counted - gaps - other
    if quantum and any(measured.terms is not None for measured in stretches):
        sign = "-" if quantum < ZERO else ""
        lines.append(CalculationLine("Quantum", f"{sign}{seconds(abs(quantum))}", "how finely the terms count"))
    if any(measured.terms is not None for measured in stretches):
        lines.append(CalculationLine("SLA method", seconds(sla), "the third reading"))
    return tuple(lines)


def _said(terms: Sla | None, path: str) -> str:
    return clause(terms, path) if terms is not None else NO_CLAUSE


def _down(seen: Seen, measured: Measured) -> tuple[Span, ...]:
    return tuple(part for stay in seen.in_service(measured.elapsed) for part in inside(seen.down, stay))


def _cut(
    seen: Seen, measured: Measured, windows: Sequence[WindowVerdict]
) -> Iterator[tuple[Span, bool, str, str]]:  # fmt: skip
    """(span, whether it counts, the clause's path, why), in the order in which the clauses are applied."""
    terms, counted = measured.terms, measured.counted
    rest = _down(seen, measured)
    if terms is None or counted is None:
        for span in rest:
            yield span, False, "terms", "No terms were in force: nothing is counted against them."
        return
    for part in measured.excused:
        for span in intersect(rest, [part.span]):
            yield span, False, _excusing(seen, part.window_id), _covered(seen, part.window_id, windows)
    rest = minus(rest, [part.span for part in measured.excused])
    if counted.clocked is not None:
        for span in minus(rest, counted.clocked):
            yield span, False, "counting.clock_start", _unclocked(seen, terms, counted.clocked, span)
        rest = intersect(rest, counted.clocked)
    for piece in counted.short:
        for span in intersect(rest, [piece]):
            yield span, False, "counting.min_outage_seconds", _short(terms, piece)
    rest = minus(rest, counted.short)
    whole = union([piece.span for piece in counted.pieces])
    for span in minus(rest, whole):
        yield span, False, "attribution", "It belongs whole to the period in which its outage began."
    yield from _counts(seen, intersect(rest, whole), terms, windows)


def _excusing(seen: Seen, window_id: str) -> str:
    if window_id == RECURRING:
        return "maintenance.recurring"
    emergency = any(window.id == window_id and window.emergency for window in seen.case.windows)
    return "maintenance.emergency" if emergency else "maintenance.scheduled_excluded"


def _covered(seen: Seen, window_id: str, windows: Sequence[WindowVerdict]) -> str:
    for verdict in windows:
        if verdict.window_id == window_id:
            zone = seen.case.period.zone
            start, end = moment(verdict.promised.start, zone), moment(verdict.promised.end, zone)
            return f"Inside the announced window {verdict.attempt}, {start} to {end}."
    return "Inside the hours of every day that the terms name."


def _unclocked(seen: Seen, terms: Sla, clocked: Sequence[Span], span: Span) -> str:
    what = "ticket" if terms.counting.clock_start == "ticket_opened" else "provider's confirmation"
    outage = next((down for down in seen.down if down.overlaps(span)), span)
    if any(late.overlaps(outage) for late in clocked):
        return f"Before the first {what}, which starts the contract's clock."
    return f"No {what} fell into this outage, and the contract's clock starts with one."


def _short(terms: Sla, piece: Span) -> str:
    rule = terms.counting
    least = elapsed(timedelta(microseconds=int(rule.min_outage_seconds * 1_000_000)))
    asked = f"longer than {least}" if rule.min_outage_rule == "longer_than" else f"{least} or longer"
    return f"{elapsed(piece.length)} in one piece; only what is {asked} counts."


def _counts(
    seen: Seen, rest: Sequence[Span], terms: Sla, windows: Sequence[WindowVerdict]
) -> Iterator[tuple[Span, bool, str, str]]:  # fmt: skip
    """What counts; where a window was promised over it, with the reason why that window excuses none of it."""
    for verdict in windows:
        here = intersect(rest, [verdict.promised])
        why = verdict.why_not or _over(terms, any(w.id == verdict.window_id and w.emergency for w in seen.case.windows))
        for span in here:
            yield span, True, "", f"Window {verdict.attempt} lies over it and excuses none of it: {why}"
        rest = minus(rest, here)
    for span in rest:
        yield span, True, "", ""


def _over(terms: Sla, emergency: bool) -> str:
    rules = terms.maintenance
    if emergency:
        return "It took longer than the terms excuse emergency work."
    if rules.max_hours_per_period is not None:
        return f"The {rules.max_hours_per_period:f} h of maintenance that the terms excuse in a period are used up."
    return "No work was under way in this part of it."
