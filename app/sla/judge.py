"""`judge(case) -> Statement`: all facts of one service and one period in, the one value that everything shows out.

No clock, no database, no settings. Facts later than `case.as_at` do not exist.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction

from app.sla.bench import Bench, touches
from app.sla.case import Case, State
from app.sla.ledger import calculation, down_parts
from app.sla.notes import notes
from app.sla.parts import deadline_over, judge_period, paid, part_notes, parts_of
from app.sla.piecewise import boundary_over, counter_over, promises_over
from app.sla.procedures import judge_steps
from app.sla.readings import Measured
from app.sla.rights import right_notes, rights_of
from app.sla.seen import Seen, look, terms_of
from app.sla.sites import judge_sites
from app.sla.spans import overlaps
from app.sla.statement import METHOD_VERSION, Outage, Statement, StateSpan, StateTotals, WindowVerdict
from app.sla.summed import summed
from app.sla.together import left_out, witnesses
from app.sla.trend import days, months
from app.sla.windows import judge_windows

ZERO = timedelta(0)


def judge(case: Case) -> Statement:
    """The judged period as at `case.as_at`."""
    seen = look(case)
    terms = terms_of(case, case.period)
    every_window = judge_windows(seen, terms)
    windows = tuple(v for v in every_window if touches(v, case.period.span, case.as_at))
    judged = judge_period(seen, case.period, every_window)
    measured = judged.whole
    outages = _outages(seen, measured, windows)
    owed = paid(case, judged)
    credit = owed.credit if owed is not None else None
    bench = Bench(case, seen, measured.terms, measured, windows, judge_steps(case, windows))
    boundary = boundary_over(seen, judged, outages, credit)
    if boundary is not None and credit is not None:
        credit = replace(credit, lower_amount=boundary.lower_amount)
    rights = rights_of(seen, measured, every_window)
    stretches = [piece.measured for piece in judged.pieces]
    lower = credit.lower_amount if credit is not None else None
    more = summed(seen, judged, owed, promises_over(bench, judged), lower)
    alone = left_out(seen.sites, seen.down, measured.elapsed, seen.rule)
    totals = measured.totals
    known = sum((totals.get(name, ZERO) for name in ("up", "degraded", "down")), ZERO)
    return Statement(
        service_id=case.service_id,
        service_name=case.service_name,
        period=case.period,
        as_at=case.as_at,
        method=METHOD_VERSION,
        so_far=not measured.closed,
        elapsed=measured.elapsed,
        totals=StateTotals(*(totals.get(n, ZERO) for n in ("up", "degraded", "down", "unknown", "out_of_service"))),
        coverage=_part(known, known + measured.unknown),
        gaps=tuple(StateSpan(span, State.UNKNOWN.value) for span in seen.unknown(measured.elapsed)),
        target=measured.target,
        allowed=judged.allowed,
        readings=measured.readings,
        verdict=measured.verdict,
        breach=measured.breach,
        outages=outages,
        excused=measured.excused,
        counted_spans=measured.counted_spans,
        announced=measured.announced,
        windows=windows,
        steps=bench.steps,
        promises=more.promises,
        credit=credit,
        deadline=deadline_over(case, judged),
        days=days(seen, measured),
        months=months(seen, measured, every_window, judged.allowed),
        sites=judge_sites(seen, measured.elapsed, _work_starts(windows)),
        notes=(
            *notes(seen, measured, alone),
            *part_notes(judged),
            *more.notes,
            *((boundary.note,) if boundary is not None else ()),
            *right_notes(seen, measured, every_window, rights),
        ),
        counter=counter_over(seen, judged, windows, outages),
        down_parts=down_parts(seen, stretches, outages, windows),
        calculation=calculation(seen, stretches, windows),
        left_out=alone,
        parts=parts_of(case, judged),
        guarantees=more.guarantees,
        due=more.due,
        due_lines=more.lines,
        due_least=more.least,
        by_hand=more.by_hand,
        preconditions=more.preconditions,
        remedy_form=more.remedy_form,
        needs_review=case.unreviewed,
        terms_id=judged.terms_id,
        rights=rights,
    )


def _part(some: timedelta, whole: timedelta) -> Fraction | None:
    unit = timedelta(microseconds=1)
    return Fraction(some // unit, whole // unit) if whole else None


def _work_starts(windows: tuple[WindowVerdict, ...]) -> list[datetime]:
    return [v.actual_start for v in windows if v.actual_start is not None]


def _outages(seen: Seen, measured: Measured, windows: tuple[WindowVerdict, ...]) -> tuple[Outage, ...]:
    """The confirmed outages that reach into the period, each whole, with the part that counts."""
    reach = measured.elapsed
    if reach is None:
        return ()
    here = [facts for facts in seen.outages if facts.span.overlaps(reach)]
    parts = [facts.span.clip(reach) or facts.span for facts in here]
    excused = overlaps(parts, [part.span for part in measured.excused])
    counted = overlaps(parts, measured.counted_spans)
    inside = overlaps(parts, seen.in_service(reach))
    out: list[Outage] = []
    for index, facts in enumerate(here):
        if not inside[index]:
            continue
        out.append(
            Outage(
                number=len(out) + 1,
                span=facts.span,
                open=facts.open,
                first_failed_at=facts.first_failed_at,
                last_failed_at=facts.last_failed_at,
                last_good_at=facts.last_good_at,
                first_good_at=facts.first_good_at,
                at_least=facts.at_least,
                as_held=facts.span.length,
                at_most=facts.at_most,
                in_period=inside[index],
                excused=excused[index],
                counted=counted[index],
                monitors=facts.monitors,
                window_ids=tuple(v.window_id for v in windows if v.promised.overlaps(facts.span)),
                witnesses=witnesses(facts, seen.series, seen.sites),
            )
        )
    return tuple(out)
