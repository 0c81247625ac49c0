"""The counter-reading: the figure as the provider would compute it, the clause it turns on, and what we answer.

Every argument granted at once: each announced window taken out whatever its notice or outcome; an outage that touches
work taken as maintenance from its first minute to its last; the clock started by the first ticket; what only the sites
saw taken for the sites' own. What each would take
away by itself stands beside it, so that nobody has to guess which of them decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from app.sla.case import Case
from app.sla.counting import minutes
from app.sla.owed import boundary_of, credit_of, recounted
from app.sla.periods import Period
from app.sla.readings import Measured, counted_down, measure
from app.sla.seen import Seen, look, terms_of
from app.sla.spans import Span, between, inside, intersect, minus, total, union
from app.sla.statement import Argument, CounterReading, Outage, WindowVerdict
from app.sla.terms import Sla
from app.sla.timeline import down_spans
from app.sla.together import rule_text
from app.sla.windows import judge_windows
from app.sla.wording import clause, elapsed, moment


@dataclass(frozen=True, slots=True)
class _Claimed:
    """What one argument would take out, before it is held against what counts."""

    key: str
    spans: tuple[Span, ...]
    says: str
    path: str
    answer: str


def counter_reading(case: Case) -> CounterReading | None:
    """As at `case.as_at`; None where nothing counts, or nothing the provider may say changes it."""
    seen = look(case)
    terms = terms_of(case, case.period)
    windows = judge_windows(seen, terms)
    return counter_of(seen, measure(seen, case.period, terms, windows), windows)


def counter_of(
    seen: Seen,
    measured: Measured,
    windows: Sequence[WindowVerdict],
    whole: Period | None = None,
    outages: Sequence[Outage] = (),
) -> CounterReading | None:
    """`counter_reading` for a period already measured; `whole`: the one it is a part of. With the `outages` it says
    what the least time down comes to, where a row of the terms lies between their bounds here too."""
    terms, counts = measured.terms, measured.counted_spans
    if terms is None or not counts:
        return None
    down = [span for span in seen.down if any(span.overlaps(part) for part in counts)]
    claimed = [
        _announced(seen, terms, windows, counts),
        _maintenance(seen, terms, windows, down),
        _ticket_clock(seen, terms, down),
        _sites(seen, counts),
    ]
    arguments, taken, excused = [], list[Span](), list[Span]()
    for one in claimed:
        removes = total(intersect(counts, one.spans))
        if removes:
            arguments.append(Argument(one.key, one.says, removes, clause(terms, one.path), one.answer))
            taken += one.spans
            excused += one.spans if one.key in ("announced", "maintenance") else ()  # nothing else excuses
    if not arguments:
        return None
    ours = [part.span for part in measured.excused]
    counted = counted_down(seen, measured.period, terms, union(ours, taken))
    assert counted is not None
    denominator, known = measured.denominator, measured.sla.projected_known
    if terms.denominator == "less_excluded":
        here = inside(union(seen.down), measured.period.span)
        more = total(minus(intersect(here, excused), ours))
        denominator, known = denominator - minutes(more), known - more
    theirs = recounted(measured, counted, denominator, known)
    credit = credit_of(seen.case, theirs, whole)
    boundary = boundary_of(seen.case, theirs, outages, credit, whole)
    if boundary is not None and credit is not None:
        credit = replace(credit, lower_amount=boundary.lower_amount)
    return CounterReading(
        theirs.sla.down, theirs.sla.projected_availability, theirs.breach, credit, tuple(arguments)
    )  # fmt: skip


def _announced(seen: Seen, terms: Sla, windows: Sequence[WindowVerdict], counts: Sequence[Span]) -> _Claimed:
    spans, answers = [], []
    emergency = {window.id for window in seen.case.windows if window.emergency}
    announced = {window.id for window in seen.case.windows if window.announced}
    path = "maintenance.scheduled_excluded"
    for verdict in windows:
        if verdict.window_id not in announced or not intersect([verdict.promised], counts):
            continue
        spans.append(verdict.promised)
        if verdict.window_id in emergency:
            path = "maintenance.emergency"
        elif verdict.notice_met is False:
            path = "maintenance.min_notice_hours"
        why = verdict.why_not or "The terms excuse no more of it than was taken out."
        answers.append(f"{moment(verdict.promised.start, seen.case.period.zone)}: {why}")
    return _Claimed("announced", tuple(spans), "It was announced.", path, " ".join(answers))


def _maintenance(seen: Seen, terms: Sla, windows: Sequence[WindowVerdict], down: Sequence[Span]) -> _Claimed:
    spans, answers, zone = [], [], seen.case.period.zone
    for verdict in windows:
        work = None
        if verdict.actual_start is not None:
            work = between(verdict.actual_start, verdict.actual_end or seen.as_at)
        touched = [
            span for span in down if span.overlaps(verdict.promised) or (work is not None and span.overlaps(work))
        ]
        if not touched:
            continue
        spans += touched
        if verdict.excuses:
            start, end = moment(verdict.promised.start, zone), moment(verdict.promised.end, zone)
            answers.append(f"What was announced is {start} to {end}; the clause covers no minute outside it.")
        else:
            answers.append(f"{moment(verdict.promised.start, zone)}: {verdict.why_not}")
    path = "maintenance.covers" if terms.maintenance.scheduled_excluded else "maintenance.scheduled_excluded"
    return _Claimed("maintenance", tuple(spans), "All of it was maintenance.", path, " ".join(answers))


def _ticket_clock(seen: Seen, terms: Sla, down: Sequence[Span]) -> _Claimed:
    opened = sorted(ticket.opened_at for ticket in seen.case.every_ticket if ticket.opened_at <= seen.as_at)
    spans, reported, unreported = [], timedelta(0), timedelta(0)
    for span in down:
        first = next((at for at in opened if at in span), None)
        before = between(span.start, first if first is not None else span.end)
        if before is None:
            continue
        spans.append(before)
        if first is None:
            unreported += before.length
        else:
            reported += before.length
    said = [f"A ticket was opened {elapsed(reported)} into it."] if reported else []
    said += [f"No ticket was opened for {elapsed(unreported)} of it."] if unreported else []
    answer = f"{' '.join(said)} The terms start the clock with the outage and ask for no ticket."
    if terms.counting.clock_start != "outage":
        answer = f"{' '.join(said)} The terms start the clock at {terms.counting.clock_start.replace('_', ' ')}."
    return _Claimed("ticket_clock", tuple(spans), "The clock starts with the ticket.", "counting.clock_start", answer)


def _sites(seen: Seen, counts: Sequence[Span]) -> _Claimed:
    """What only sites saw, while the service's own monitors, if it has any, did not."""
    spans = minus(seen.by_sites, down_spans(seen.series))
    here = [outage for outage in seen.outages if intersect([outage.span], intersect(spans, counts))]
    saw = max((sum(1 for one in seen.sites if inside(one.down, outage.span)) for outage in here), default=0)
    own = (
        "The service's own monitor still answered"
        if seen.speaking is seen.series
        else "The service has no monitor of its own"
    )
    answer = (
        f"{own}; {saw} of its sites failed at once. One outage of the service are {rule_text(seen.rule)}: "
        "sites with nothing in common but their server do not fail together on their own."
    )
    return _Claimed("sites", tuple(spans), "The sites failed, not the service.", "counting.together", answer)
