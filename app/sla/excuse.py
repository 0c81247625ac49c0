"""Which downtime the terms excuse: only the overlap with a valid window, each part with its window and its clause.

Valid: announced, notice met, not withdrawn, not carried out only on paper. The announced span counts, never the
overrun; a contract that is silent excuses nothing. Source: the domain, "The three readings"; the terms vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from app.sla.case import Window
from app.sla.clauses import Maintenance
from app.sla.periods import Period, daily_windows
from app.sla.spans import Span, clip, intersect, minus, total, union
from app.sla.statement import Excused, Outcome, WindowVerdict
from app.sla.terms import Sla
from app.sla.wording import clause, elapsed

RECURRING = "recurring"  # stands for a window's id where the contract itself names the hours


def excuse_of(
    window: Window, terms: Sla | None, outcome: Outcome, notice_met: bool | None, started_at: datetime | None,
    moved_at: datetime | None,
) -> tuple[bool, str]:  # fmt: skip
    """Whether the window's announced span excuses downtime, and the reason where it does not."""
    if terms is None:
        return False, "No terms were in force."
    if not window.announced:
        return False, "Nothing was announced."
    if outcome in (Outcome.WITHDRAWN_IN_TIME, Outcome.WITHDRAWN_LATE):
        return False, "The window was withdrawn."
    if outcome is Outcome.NOT_CARRIED_OUT:
        return False, "The work was not carried out."
    if moved_at is not None and moved_at < window.span.start:
        return False, "The window was replaced before it began."
    rules = terms.maintenance
    if window.emergency:
        if rules.emergency is None or not rules.emergency.excluded:
            return False, "The terms do not excuse emergency work."
    elif rules.scheduled_excluded is None:
        return False, "The terms say nothing that excuses maintenance."
    elif not rules.scheduled_excluded:
        return False, "The terms do not excuse maintenance."
    if window.announced_at >= window.span.start and not window.emergency:
        return False, "It was announced after it had begun."
    if notice_met is False:
        asked = elapsed(_hours(rules.min_notice_hours or Decimal(0)))
        given = elapsed(window.span.start - window.announced_at)
        return False, f"It was announced {given} before its start; the terms ask for {asked}."
    if started_at is None:
        return False, "No work is established in it."
    return True, ""


def excused(
    verdicts: Sequence[WindowVerdict], windows: Iterable[Window], down: Sequence[Span], terms: Sla | None,
    period: Period, as_at: datetime,
) -> tuple[Excused, ...]:  # fmt: skip
    """The excused parts of `down`, disjoint, by time. Where windows overlap, the earlier one is named."""
    if terms is None:
        return ()
    by_id = {window.id: window for window in windows}
    covers = []
    for verdict in sorted((v for v in verdicts if v.excuses), key=lambda v: (v.promised.start, v.window_id)):
        performed = None
        if verdict.actual_start is not None and verdict.actual_start < (verdict.actual_end or as_at):
            performed = Span(verdict.actual_start, verdict.actual_end or as_at)
        covers.append(Cover(verdict.window_id, by_id[verdict.window_id].emergency, verdict.promised, performed))
    return excused_by(covers, down, terms, period)


@dataclass(frozen=True, slots=True)
class Cover:
    """A valid window: what was announced, and what was done of it."""

    window_id: str
    emergency: bool
    promised: Span | None
    performed: Span | None


def excused_by(covers: Sequence[Cover], down: Sequence[Span], terms: Sla, period: Period) -> tuple[Excused, ...]:
    """`excused` for covers already found valid."""
    rules = terms.maintenance
    parts: list[Excused] = []
    taken: tuple[Span, ...] = ()
    for cover in covers:
        spans = _covered(cover, rules, down)
        path = "maintenance.emergency" if cover.emergency else "maintenance.scheduled_excluded"
        for span in minus(intersect(down, spans), taken):
            parts.append(Excused(span, cover.window_id, clause(terms, path)))
        taken = union(taken, spans)
    if rules.recurring is not None and down:
        reach = Span(min(d.start for d in down), max(d.end for d in down))
        nightly = list(daily_windows(reach, rules.recurring.timezone, *rules.recurring.hours))
        for span in minus(intersect(down, nightly), taken):
            parts.append(Excused(span, RECURRING, clause(terms, "maintenance.recurring")))
    parts.sort(key=lambda part: part.span)
    return tuple(_first_hours(parts, rules, period))


def _covered(cover: Cover, rules: Maintenance, down: Sequence[Span]) -> tuple[Span, ...]:
    if cover.emergency:
        span = cover.promised or cover.performed
        if span is None:
            return ()
        most = rules.emergency.max_downtime_minutes if rules.emergency is not None else None
        if most is not None and total(clip(down, span)) > _hours(Fraction(most) / 60):
            return ()  # it took longer than the clause allows: it counts in full
        return (span,)
    if cover.promised is None:
        return ()
    if rules.covers == "performed_work":
        return intersect([cover.promised], [cover.performed]) if cover.performed is not None else ()
    return (cover.promised,)


def _first_hours(parts: list[Excused], rules: Maintenance, period: Period) -> Iterable[Excused]:
    """At most so many hours in a period: the first ones are excused, the rest counts."""
    if rules.max_hours_per_period is None:
        yield from parts
        return
    left = _hours(rules.max_hours_per_period)
    for part in parts:
        inside = part.span.clip(period.span)
        if inside is None:
            yield part  # another period's hours
            continue
        if left <= timedelta(0):
            continue
        end = min(inside.end, inside.start + left)
        left -= end - inside.start
        yield Excused(Span(inside.start, end), part.window_id, part.clause)


def _hours(hours: Decimal | Fraction) -> timedelta:
    return timedelta(microseconds=int(Fraction(hours) * 3_600_000_000))
