"""Every promise that lives in the period against its fact: kept, broken, open or unproven, with its figure.

A promise that is worth nothing under the contract is listed all the same. `RULES` is the whole list; each rule reads
the bench and gives promises; it decides nothing about the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction

from app.sla.bench import Bench
from app.sla.case import FindingVerdict, Source, SourceCode, Window
from app.sla.clocks import next_updates, timed
from app.sla.procedures import NOT_WORKED, agreed_for, window_by_id
from app.sla.statement import Outcome, Promise, PromiseStatus, StepVerdict, Verdict, WindowVerdict
from app.sla.wording import clause, elapsed, moment, percent, times

Rule = Callable[[Bench], Iterator[Promise]]

AVAILABILITY = {
    Verdict.MET: PromiseStatus.KEPT,
    Verdict.BREACHED: PromiseStatus.BROKEN,
    Verdict.OPEN: PromiseStatus.OPEN,
    Verdict.UNPROVEN: PromiseStatus.UNPROVEN,
}

WINDOW = {
    Outcome.ANNOUNCED: (PromiseStatus.OPEN, "is still to come"),
    Outcome.CONFIRMED: (PromiseStatus.OPEN, "is still to come, and confirmed"),
    Outcome.WITHDRAWN_IN_TIME: (PromiseStatus.KEPT, "was withdrawn in time"),
    Outcome.WITHDRAWN_LATE: (PromiseStatus.BROKEN, "was withdrawn too late"),
    Outcome.AWAITING_OUTCOME: (PromiseStatus.OPEN, "awaits its outcome: nobody has said what became of it"),
    Outcome.IN_PROGRESS: (PromiseStatus.OPEN, "is in progress"),
    Outcome.OVERRUNNING: (PromiseStatus.BROKEN, "has overrun its announced end and is not established as over"),
    Outcome.COMPLETED_IN_WINDOW: (PromiseStatus.KEPT, "was completed inside its window"),
    Outcome.COMPLETED_LATE: (PromiseStatus.BROKEN, "was completed after its announced end"),
    Outcome.PARTLY_COMPLETED: (PromiseStatus.BROKEN, "was completed in part only"),
    Outcome.ROLLED_BACK: (PromiseStatus.BROKEN, "was rolled back"),
    Outcome.NOT_CARRIED_OUT: (PromiseStatus.BROKEN, "was not carried out"),
    Outcome.UNKNOWN: (PromiseStatus.UNPROVEN, "was not observed and nobody has spoken of it"),
}


def availability(bench: Bench) -> Iterator[Promise]:
    """The promised share of time, on the contract's own reading."""
    terms, measured = bench.terms, bench.measured
    if terms is None or terms.target is None:
        return
    share = measured.sla.availability
    figure = percent(share, target=terms.target) if share is not None else "Nothing is known of the availability"
    so_far = "" if measured.closed else " so far"
    yield Promise(
        kind="availability",
        subject=bench.case.service_id,
        title=f"Available {terms.target_percent} % of {bench.case.period.label}",
        status=AVAILABILITY[measured.verdict],
        promised_at=None,
        due_at=bench.case.period.span.end,
        met_at=None,
        figure=share,
        target=terms.target,
        open=not measured.closed,
        source=_watched(bench),
        clause=clause(terms, "target_percent"),
        text=f"{figure}{so_far}, {terms.target_percent} % promised; {elapsed(measured.sla.down)} counted.",
    )


def _watched(bench: Bench) -> Source | None:
    """Measured, by these monitors; None where nothing was."""
    names = sorted({one.monitor.name for one in bench.seen.speaking if one.first_at is not None})
    if not names:
        return None
    label = ", ".join(names) if len(names) < 4 else f"{len(names)} monitors"
    return Source(SourceCode.MEASURED, f"service:{bench.case.service_id}", label)


def windows(bench: Bench) -> Iterator[Promise]:
    """Each announced window, the first promise and every later one."""
    for verdict in bench.windows:
        if verdict.outcome is Outcome.UNANNOUNCED:
            continue
        window = window_by_id(bench.case, verdict.window_id)
        status, says = WINDOW[verdict.outcome]
        if window.role == "backup" and verdict.outcome is Outcome.NOT_CARRIED_OUT:
            status, says = PromiseStatus.KEPT, "was kept in reserve and not needed"
        yield Promise(
            kind="window",
            subject=verdict.window_id,
            title=_window_title(bench, verdict),
            status=status,
            promised_at=window.announced_at,
            due_at=verdict.promised.end,
            met_at=verdict.actual_end,
            figure=verdict.downtime_ratio,
            target=Fraction(1) if verdict.downtime_ratio is not None else None,
            open=verdict.open or status is PromiseStatus.OPEN,
            source=window.source,
            clause=None,
            text=_window_text(bench, verdict, says),
        )


def _window_title(bench: Bench, verdict: WindowVerdict) -> str:
    start = moment(verdict.promised.start, bench.case.period.zone)
    return f"Window {verdict.attempt}, {start}, {elapsed(verdict.promised.length)}"


def _window_text(bench: Bench, verdict: WindowVerdict, says: str) -> str:
    text = f"The window {says}."
    least = "≥ " if verdict.open else ""
    if verdict.downtime_ratio is not None:
        still = "≥ " if verdict.open and bench.seen.down and bench.seen.down[-1].end >= bench.as_at else ""
        down, ratio = elapsed(verdict.downtime), times(verdict.downtime_ratio)
        text += f" The service was down {still}{down}: {still}{ratio} the announced time."
    if verdict.work_ratio is not None and verdict.work_open is not None:
        text += f" The work was open {least}{elapsed(verdict.work_open)}: {least}{times(verdict.work_ratio)}."
    return text


def notices(bench: Bench) -> Iterator[Promise]:
    """The notice each window was given, against the notice the terms ask for."""
    for verdict in bench.windows:
        window = window_by_id(bench.case, verdict.window_id)
        if verdict.outcome is Outcome.UNANNOUNCED:
            asked = bench.terms is not None and bench.terms.maintenance.min_notice_hours is not None
            if asked and not window.emergency:
                yield _notice(bench, window, verdict, PromiseStatus.BROKEN, "Nothing was announced before the work.")
            continue
        if verdict.notice_required is None or verdict.notice_met is None:
            continue
        status = PromiseStatus.KEPT if verdict.notice_met else PromiseStatus.BROKEN
        given, wanted = elapsed(verdict.notice), elapsed(verdict.notice_required)
        yield _notice(bench, window, verdict, status, f"Announced {given} ahead; the terms ask for {wanted}.")


def _notice(bench: Bench, window: Window, verdict: WindowVerdict, status: PromiseStatus, text: str) -> Promise:
    due = verdict.promised.start - verdict.notice_required if verdict.notice_required is not None else None
    announced = verdict.outcome is not Outcome.UNANNOUNCED
    return Promise(
        kind="notice",
        subject=verdict.window_id,
        title=f"Notice of window {verdict.attempt}",
        status=status,
        promised_at=None,
        due_at=due,
        met_at=window.announced_at if announced else None,
        figure=verdict.notice if announced else None,
        target=verdict.notice_required,
        open=False,
        source=window.source,
        clause=clause(bench.terms, "maintenance.min_notice_hours") if bench.terms is not None else None,
        text=text,
    )


def procedures(bench: Bench) -> Iterator[Promise]:
    """The agreed procedure of each window that was worked."""
    for verdict in bench.windows:
        procedure = agreed_for(bench.case, verdict)
        if procedure is None or verdict.outcome in NOT_WORKED or verdict.outcome is Outcome.UNKNOWN:
            continue
        steps = [step for step in bench.steps if step.window_id == verdict.window_id]
        status, text = _followed(steps, verdict)
        yield Promise(
            kind="procedure",
            subject=verdict.window_id,
            title=f"Procedure agreed for window {verdict.attempt}",
            status=status,
            promised_at=procedure.agreed_at,
            due_at=None,
            met_at=None,
            figure=None,
            target=None,
            open=status is PromiseStatus.OPEN,
            source=_first_source(steps) or procedure.source,
            clause=None,
            text=text,
        )


def _followed(steps: list[StepVerdict], verdict: WindowVerdict) -> tuple[PromiseStatus, str]:
    changed = [s for s in steps if s.verdict not in (FindingVerdict.AS_AGREED, FindingVerdict.NOT_OBSERVED)]
    if changed:
        said = "; ".join(s.found for s in changed if s.found)
        return PromiseStatus.BROKEN, f"Not done as agreed: {said}" if said else "Not done as agreed."
    unseen = [s for s in steps if s.verdict is FindingVerdict.NOT_OBSERVED]
    if not unseen:
        return PromiseStatus.KEPT, "Every step was done as agreed."
    if verdict.open or verdict.actual_start is None:
        return PromiseStatus.OPEN, f"{len(unseen)} of {len(steps)} steps are not observed yet."
    return PromiseStatus.UNPROVEN, f"{len(unseen)} of {len(steps)} steps were not observed."


def _first_source(steps: list[StepVerdict]) -> Source | None:
    changed = [s for s in steps if s.verdict not in (FindingVerdict.AS_AGREED, FindingVerdict.NOT_OBSERVED)]
    return next((s.source for s in changed if s.source is not None), None)


RULES: tuple[Rule, ...] = (availability, windows, procedures, notices, timed, next_updates)


def promises(bench: Bench) -> tuple[Promise, ...]:
    """Every rule's promises, rule by rule."""
    return tuple(promise for rule in RULES for promise in rule(bench))


def broken(all_promises: tuple[Promise, ...]) -> tuple[Promise, ...]:
    """The breaches alone, in the order in which they fell due."""

    found = [promise for promise in all_promises if promise.status is PromiseStatus.BROKEN]
    dated = [(promise.due_at, index) for index, promise in enumerate(found) if promise.due_at is not None]
    undated = [promise for promise in found if promise.due_at is None]
    return (*(found[index] for _, index in sorted(dated)), *undated)
