"""The three readings of one period, and the verdict on its exact seconds.

Raw: all downtime. Announced removed: without the announced windows, whatever the terms say. SLA method: the
contract's own rules. Unknown time leaves the denominator of a reading but not the verdict: a target met only if the
unknown time was good is unproven, one missed whichever way is breached. Source: the domain, "The three readings".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from app.sla.counting import Counted, count, length_of, minutes
from app.sla.excuse import excused
from app.sla.periods import Period
from app.sla.seen import Seen, announced_spans
from app.sla.spans import Span, clip, inside, minus, total, union
from app.sla.statement import Excused, Reading, Verdict, WindowVerdict
from app.sla.terms import Sla

ZERO = timedelta(0)


@dataclass(frozen=True, slots=True)
class Measured:
    """One period measured under its terms."""

    period: Period
    terms: Sla | None
    closed: bool
    elapsed: Span | None
    totals: dict[str, timedelta]
    unknown: timedelta
    announced: tuple[Span, ...]  # in the period
    excused: tuple[Excused, ...]  # in the period
    counted: Counted | None
    counted_spans: tuple[Span, ...]
    denominator: Fraction  # minutes of the whole period under the terms, unknown time included
    readings: tuple[Reading, ...]
    verdict: Verdict
    breach: bool

    @property
    def down(self) -> timedelta:
        return self.totals.get("down", ZERO)

    @property
    def sla(self) -> Reading:
        return self.readings[2]

    @property
    def target(self) -> Fraction | None:
        return self.terms.target if self.terms is not None else None


def share(good: timedelta, whole: timedelta) -> Fraction | None:
    """Exactly; None where nothing is known."""
    unit = timedelta(microseconds=1)
    return Fraction(good // unit, whole // unit) if whole > ZERO else None


def measure(
    seen: Seen,
    period: Period,
    terms: Sla | None,
    windows: Sequence[WindowVerdict],
    share_of_fixed: Fraction = Fraction(1),
) -> Measured:
    """The readings and the verdict of one period as at `seen.as_at`. `share_of_fixed`: of a fixed denominator, where
    `period` is a part of one."""
    elapsed = seen.elapsed(period)
    closed = seen.as_at >= period.span.end
    totals = seen.totals(elapsed)
    unknown = totals.get("unknown", ZERO)
    down_here = tuple(part for stay in seen.in_service(elapsed) for part in inside(seen.down, stay))
    announced = inside(announced_spans(seen.case), period.span)
    life = clip(seen.down, seen.case.in_service) if seen.case.in_service is not None else seen.down
    parts = excused(windows, seen.case.every_window, life, terms, period, seen.as_at)
    excused_here = tuple(
        Excused(span, part.window_id, part.clause)
        for part in parts
        for span in clip([part.span], period.span)
    )  # fmt: skip
    counted = counted_down(seen, period, terms, [part.span for part in parts])
    known = sum((totals.get(name, ZERO) for name in ("up", "degraded", "down")), ZERO)
    whole = total(seen.in_service(period.span))
    excused_time = total([part.span for part in excused_here])
    denominator, sla_known, sla_projected = _denominators(
        seen, period, terms, excused_time, unknown, closed, share_of_fixed
    )
    down = total(down_here)
    counted_time = length_of(counted.minutes) if counted is not None else down
    readings = (
        _reading("raw", down, known, whole - unknown),
        _reading("announced_removed", total(minus(down_here, announced)), known, whole - unknown),
        _reading("sla_method", counted_time, sla_known, sla_projected)
        if terms is not None
        else Reading("sla_method", down, known, None, whole - unknown, None),
    )
    verdict, breach = _verdict(terms, counted, denominator, minutes(unknown), closed)
    return Measured(
        period, terms, closed, elapsed, totals, unknown, announced, excused_here, counted,
        union([piece.span for piece in counted.pieces]) if counted is not None else (),
        denominator, readings, verdict, breach,
    )  # fmt: skip


def _reading(key: str, down: timedelta, known: timedelta, projected: timedelta) -> Reading:
    good, good_later = max(known - down, ZERO), max(projected - down, ZERO)
    return Reading(key, down, known, share(good, known), projected, share(good_later, projected))


def counted_down(seen: Seen, period: Period, terms: Sla | None, excused_spans: Sequence[Span]) -> Counted | None:
    """The counted downtime of the period, these spans excused; None without terms."""
    if terms is None:
        return None
    tickets: list[datetime] = [t.opened_at for t in seen.case.every_ticket if t.opened_at <= seen.as_at]
    confirmed = [
        event.at
        for event in seen.case.events
        if event.at <= seen.as_at and event.name.removesuffix("_at") == "provider_confirmed"
    ]
    return count(seen.down, excused_spans, terms, period.span, seen.case.in_service, tickets, confirmed)


def _denominators(
    seen: Seen,
    period: Period,
    terms: Sla | None,
    excused_time: timedelta,
    unknown: timedelta,
    closed: bool,
    share_of_fixed: Fraction,
) -> tuple[Fraction, timedelta, timedelta]:
    """Minutes of the whole period, the time known so far, and the whole time known if nothing more happens."""
    elapsed = seen.elapsed(period)
    rule = terms.denominator if terms is not None else "in_service"
    if rule == "actual":
        passed, whole = (elapsed.length if elapsed is not None else ZERO), period.span.length
    else:
        passed, whole = total(seen.in_service(elapsed)), total(seen.in_service(period.span))
    if rule == "less_excluded":
        passed, whole = passed - excused_time, whole - excused_time
    if rule.startswith("fixed:"):
        whole = length_of(int(rule.removeprefix("fixed:")) * share_of_fixed)
        passed = whole if closed else passed
    return minutes(whole), max(passed - unknown, ZERO), max(whole - unknown, ZERO)


def _verdict(
    terms: Sla | None, counted: Counted | None, denominator: Fraction, unknown: Fraction, closed: bool
) -> tuple[Verdict, bool]:
    """On exact minutes: breached whichever way the unknown time went, met whichever way, or unproven."""
    undecided = Verdict.UNPROVEN if closed else Verdict.OPEN
    if terms is None or terms.target is None or counted is None or denominator <= 0:
        return undecided, False
    allowed = (1 - terms.target) * denominator
    if counted.minutes > allowed:
        return Verdict.BREACHED, True
    if closed and counted.minutes + unknown <= allowed:
        return Verdict.MET, False
    return undecided, False
