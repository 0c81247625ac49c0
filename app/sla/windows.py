"""Promised against actual: what became of each window, from the evidence there was at the moment of judging.

A window ends on evidence, never on the clock. Work is open from its start until somebody says it is over: a service
that answers again closes nothing. "No sign of work" is not "not carried out" until a person or the provider says so,
or the provider replaces the window after it has passed. Source: the domain, "Work and windows".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from app.sla.case import FindingVerdict, Said, SaidKind, Site, Window
from app.sla.excuse import excuse_of
from app.sla.seen import Seen, terms_at
from app.sla.sentences import sentences
from app.sla.sites import check_as_at, is_current
from app.sla.spans import Span, between, clip, total
from app.sla.statement import Flag, Outcome, WindowVerdict
from app.sla.terms import Sla
from app.sla.timeline import OutageFacts

LEAD = timedelta(hours=1)  # an outage that began at most this long before the announced start is the work's own
CLOSING = {
    SaidKind.ENDED, SaidKind.PARTLY, SaidKind.ROLLED_BACK, SaidKind.NOT_CARRIED_OUT,
}  # fmt: skip
CHANGES = (FindingVerdict.CHANGED, FindingVerdict.SKIPPED, FindingVerdict.ADDED)
NEVER_BEGUN = {
    Outcome.ANNOUNCED, Outcome.CONFIRMED, Outcome.WITHDRAWN_IN_TIME, Outcome.WITHDRAWN_LATE, Outcome.NOT_CARRIED_OUT,
    Outcome.UNKNOWN,
}  # fmt: skip
OVER = {
    Outcome.COMPLETED_IN_WINDOW, Outcome.COMPLETED_LATE, Outcome.PARTLY_COMPLETED, Outcome.ROLLED_BACK,
    Outcome.UNANNOUNCED,
}  # fmt: skip


class OutcomeError(ValueError):
    """An override that names no outcome."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one window as at the moment."""

    window: Window
    terms: Sla | None
    said: tuple[Said, ...]  # in the order they reached us
    word: Said | None  # the one that closed the work, or reopened it since
    outages: tuple[OutageFacts, ...]  # the service's outages that began inside the window, or just before it
    started_at: datetime | None
    started_by_word: bool
    ended_at: datetime | None
    moved_at: datetime | None  # withdrawn or replaced
    required: timedelta | None


def judge_windows(seen: Seen, sla: Sla | None) -> tuple[WindowVerdict, ...]:
    """A verdict for every window known as at, by announced start. `sla` stands in where no dated terms cover it."""
    known = sorted(
        (w for w in seen.case.every_window if w.announced_at <= seen.as_at),
        key=lambda w: (w.span.start, w.announced_at, w.id),
    )
    facts = {w.id: _facts(w, seen, sla) for w in known}
    derived = {key: _outcome(f, seen) for key, f in facts.items()}
    for key, f in facts.items():
        if _spare(f, derived, facts):
            derived[key] = Outcome.NOT_CARRIED_OUT
    begun = [f for key, f in facts.items() if derived[key] not in NEVER_BEGUN]
    starts = sorted(f.started_at for f in begun if f.started_at is not None)
    attempts: dict[str, int] = {}
    out = []
    for w in known:
        attempts[w.work_id] = w.attempt or attempts.get(w.work_id, 0) + 1
        out.append(_verdict(facts[w.id], derived, facts, seen, attempts[w.work_id], starts))
    return tuple(out)


def _facts(window: Window, seen: Seen, sla: Sla | None) -> Facts:
    as_at = seen.as_at
    dated = terms_at(seen.case, window.span.start)
    terms = dated.terms if dated is not None else sla
    said = tuple(sorted((s for s in window.said if s.said_at <= as_at), key=lambda s: (s.said_at, s.at)))
    moved = [at for at in (window.withdrawal.at if window.withdrawal else None, window.rescheduled_at)
             if at is not None and at <= as_at]  # fmt: skip
    moved_at = min(moved, default=None)
    word = _word(said)
    by_word = [s.at for s in said if s.kind is SaidKind.STARTED]
    own = tuple(o for o in seen.outages if o.span.overlaps(window.span) and o.span.start >= window.span.start - LEAD)
    started_at: datetime | None = min(by_word, default=None)
    if started_at is None and own and not (moved_at is not None and moved_at < window.span.start):
        started_at = own[0].span.start
    if not window.announced:
        started_at = min(by_word, default=window.span.start)
    ended_at = None
    if word is not None and word.kind is SaidKind.NOT_CARRIED_OUT:
        started_at = None
    elif word is not None and word.kind in CLOSING:
        ended_at = word.at
    if not window.announced and ended_at is None and window.span.end <= as_at:
        ended_at = window.span.end
    hours = terms.maintenance.min_notice_hours if terms is not None else None
    required = None
    if hours is not None and not window.emergency:
        required = timedelta(microseconds=int(Fraction(hours) * 3_600_000_000))
    return Facts(window, terms, said, word, own, started_at, bool(by_word), ended_at, moved_at, required)


def _word(said: tuple[Said, ...]) -> Said | None:
    """The latest word that closed the work, unless it was said to have begun again since."""
    closing = [s for s in said if s.kind in CLOSING]
    if not closing:
        return None
    last = closing[-1]
    again = [
        s
        for s in said
        if s.kind is SaidKind.STARTED
        and s.said_at > last.said_at
        and (s.at > last.at or last.kind is SaidKind.NOT_CARRIED_OUT)
    ]
    return again[-1] if again else last


def _outcome(f: Facts, seen: Seen) -> Outcome:
    """What the evidence alone says."""
    w, as_at = f.window, seen.as_at
    if not w.announced:
        return Outcome.UNANNOUNCED
    if f.word is not None and f.word.kind in CLOSING:
        if f.word.kind is SaidKind.ENDED:
            return Outcome.COMPLETED_IN_WINDOW if f.word.at <= w.span.end else Outcome.COMPLETED_LATE
        return {
            SaidKind.PARTLY: Outcome.PARTLY_COMPLETED,
            SaidKind.ROLLED_BACK: Outcome.ROLLED_BACK,
            SaidKind.NOT_CARRIED_OUT: Outcome.NOT_CARRIED_OUT,
        }[f.word.kind]
    if f.started_at is not None and f.started_at <= as_at:
        return _running(f, as_at)
    if f.moved_at is not None:
        return _moved(f)
    if as_at < w.span.start:
        return Outcome.CONFIRMED if w.confirmed_at is not None and w.confirmed_at <= as_at else Outcome.ANNOUNCED
    if as_at >= w.span.end and _blind(w.span, seen):
        return Outcome.UNKNOWN
    return Outcome.AWAITING_OUTCOME


def _running(f: Facts, as_at: datetime) -> Outcome:
    """Begun, and no word of its end."""
    end = f.window.span.end
    last = f.outages[-1] if f.outages else None
    if last is not None and last.span.end > end:
        return Outcome.OVERRUNNING  # whether it answers again or not
    if f.word is not None and f.word.said_at > end:
        return Outcome.OVERRUNNING  # said to have begun again
    if as_at >= end:
        return Outcome.OVERRUNNING if last is not None and last.open else Outcome.AWAITING_OUTCOME
    back = last is not None and last.first_good_at is not None
    # It answers again inside its window: finished, given up or pausing. Only a word of its start says "still at it".
    return Outcome.AWAITING_OUTCOME if back and not f.started_by_word else Outcome.IN_PROGRESS


def _moved(f: Facts) -> Outcome:
    """Withdrawn or replaced, with no work seen in it."""
    w, moved_at = f.window, f.moved_at
    assert moved_at is not None
    if moved_at >= w.span.end:
        return Outcome.NOT_CARRIED_OUT  # it had passed undone; a later replacement does not take it back
    silent = w.withdrawal is not None and w.withdrawal.silent and w.withdrawal.at == moved_at
    given = w.span.start - moved_at
    if silent or given <= timedelta(0) or (f.required is not None and given < f.required):
        return Outcome.WITHDRAWN_LATE
    return Outcome.WITHDRAWN_IN_TIME


def _blind(span: Span, seen: Seen) -> bool:
    """Nothing at all is known of the span."""
    return total(seen.unknown(span)) == total(seen.in_service(span))


def _spare(f: Facts, derived: dict[str, Outcome], facts: dict[str, Facts]) -> bool:
    """A backup window nobody needed: the primary's work was over before it began."""
    if f.window.role != "backup" or derived[f.window.id] not in (Outcome.AWAITING_OUTCOME, Outcome.UNKNOWN):
        return False
    return f.started_at is None and any(
        other.window.work_id == f.window.work_id
        and other.window.id != f.window.id
        and other.window.role == "primary"
        and derived[key] in (Outcome.COMPLETED_IN_WINDOW, Outcome.COMPLETED_LATE)
        and other.ended_at is not None
        and other.ended_at <= f.window.span.start
        for key, other in facts.items()
    )


def _final(f: Facts, derived: Outcome, as_at: datetime) -> tuple[Outcome, str | None, str | None]:
    """A named person's word, with a reason, stands above the derivation."""
    override = f.window.override
    if override is None or override.at > as_at:
        return derived, None, None
    if override.outcome not in {outcome.value for outcome in Outcome}:
        raise OutcomeError(f"{override.outcome!r} is not an outcome; for example {Outcome.COMPLETED_LATE.value}")
    return Outcome(override.outcome), override.by, override.reason


def _verdict(
    f: Facts, derived: dict[str, Outcome], facts: dict[str, Facts], seen: Seen, attempt: int, starts: list[datetime]
) -> WindowVerdict:
    w, as_at = f.window, seen.as_at
    outcome, by, reason = _final(f, derived[w.id], as_at)
    begun = outcome not in NEVER_BEGUN
    start = f.started_at if begun else None
    end = f.ended_at if begun else None
    is_open = begun and outcome not in OVER and start is not None
    from_ = start if start is not None else (w.span.start if end is not None else None)
    worked = between(from_, end or as_at) if from_ is not None else None
    known_end = end is not None or is_open
    downtime = total(clip(seen.down, worked)) if worked is not None and known_end else timedelta(0)
    work_open = (end or as_at) - start if start is not None and known_end and (end or as_at) >= start else None
    notice = w.span.start - w.announced_at
    met = notice >= f.required if f.required is not None and w.announced else None
    excuses, why_not = excuse_of(w, f.terms, outcome, met, start, f.moved_at)
    measured = w.announced and worked is not None and known_end
    return WindowVerdict(
        window_id=w.id,
        work_id=w.work_id,
        attempt=attempt,
        outcome=outcome,
        derived_outcome=derived[w.id],
        override_by=by,
        override_reason=reason,
        flags=_flags(f, outcome, start, end, met, derived, facts, seen, starts),
        open=is_open,
        promised=w.span,
        announced_at=w.announced_at,
        notice=notice,
        notice_required=f.required if w.announced else None,
        notice_met=met,
        actual_start=start,
        actual_end=end,
        start_delay=start - w.span.start if start is not None else None,
        downtime=downtime,
        downtime_ratio=ratio(downtime, w.span.length) if measured else None,
        work_open=work_open,
        work_ratio=ratio(work_open, w.span.length) if work_open is not None and w.announced else None,
        excuses=excuses,
        why_not=why_not,
        evidence=sentences(w, f.said, f.outages if begun else (), seen),
    )


def ratio(part: timedelta, whole: timedelta) -> Fraction:
    """Exactly, in microseconds."""
    unit = timedelta(microseconds=1)
    return Fraction(part // unit, whole // unit)


def _flags(
    f: Facts,
    outcome: Outcome,
    start: datetime | None,
    end: datetime | None,
    met: bool | None,
    derived: dict[str, Outcome],
    facts: dict[str, Facts],
    seen: Seen,
    starts: list[datetime],
) -> tuple[Flag, ...]:
    w, as_at = f.window, seen.as_at
    found = [
        finding
        for work in seen.case.works
        if work.id == w.work_id
        for finding in work.findings
        if finding.window_id == w.id and finding.at <= as_at
    ]
    changed = [finding for finding in found if finding.verdict in CHANGES]
    late = start is not None and start > w.span.start and (f.started_by_word or _good_after(w.span.start, start, seen))
    flags = {
        Flag.STARTED_LATE: late and w.announced,
        Flag.PROCEDURE_CHANGED: bool(changed),
        Flag.SCOPE_CHANGED: any(finding.scope_change for finding in found),
        Flag.NOTICE_TOO_SHORT: met is False,
        Flag.NO_NOTICE_OF_CHANGE: _no_notice_of_change(f, start),
        Flag.NOTICE_AFTER_THE_FACT: w.announced_at >= w.span.start,
        Flag.DATA_UNVERIFIED: start is not None and _data_unverified(start, end, seen, starts),
        Flag.CARRIED_TO_BACKUP: _carried_to_backup(f, outcome, derived, facts),
    }
    return tuple(flag for flag, holds in flags.items() if holds)


def _good_after(promised: datetime, start: datetime, seen: Seen) -> bool:
    """It was seen good after the announced start: later than the interval of observing can explain."""
    tick = timedelta(microseconds=1)
    span = between(promised + tick, start)
    return span is not None and seen.observed(span)[0] > 0


def _no_notice_of_change(f: Facts, start: datetime | None) -> bool:
    """The date changed and nobody told us: taken back in silence, or begun before the announced start.

    An overrun and another procedure are said by the outcome and by their own flags, and are not said twice.
    """
    if f.window.withdrawal is not None and f.window.withdrawal.silent:
        return True
    return start is not None and start < f.window.span.start


def _data_unverified(start: datetime, end: datetime | None, seen: Seen, starts: list[datetime]) -> bool:
    """After the work began sites were checked, or the service came back, and not all are confirmed current.

    A later window's own work ends what checks can say about this one.
    """
    until = min((s for s in starts if s > start), default=seen.as_at)
    until = min(until, seen.as_at)
    here: list[Site] = [s for s in seen.case.sites if any(start in stay or until in stay for stay in s.placed)]
    if not here:
        return False
    after = [d for d in seen.down if d.end > start and d.start < (end or seen.as_at)]
    came_back = bool(after) and after[-1].end < seen.as_at
    checked = any(start <= check.at <= until for site in here for check in site.checks)
    if not checked and not came_back:
        return False
    return not all(is_current(check_as_at(site, until, start, seen.down), start, seen.down) for site in here)


def _carried_to_backup(f: Facts, outcome: Outcome, derived: dict[str, Outcome], facts: dict[str, Facts]) -> bool:
    undone = {Outcome.NOT_CARRIED_OUT, Outcome.PARTLY_COMPLETED, Outcome.ROLLED_BACK, Outcome.AWAITING_OUTCOME}
    if f.window.role != "primary" or outcome not in undone:
        return False
    return any(
        other.window.work_id == f.window.work_id
        and other.window.role == "backup"
        and other.started_at is not None
        and derived[key] not in NEVER_BEGUN
        and other.window.span.start >= f.window.span.start
        for key, other in facts.items()
    )
