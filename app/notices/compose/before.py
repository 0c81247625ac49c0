"""L1, L2, L3: each refused where the record does not bear out what the letter would say."""

from __future__ import annotations

from datetime import timedelta

from app.errors import Conflict
from app.notices import facts
from app.notices.compose.shapes import Round
from app.notices.compose.untrue import not_true
from app.notices.wording import MovedWords, NotDoneWords, PlannedWords
from app.papers.figures import seconds, span
from app.sla.statement import Outcome
from reports import documents as doc

AHEAD = (Outcome.ANNOUNCED, Outcome.CONFIRMED)
WITHDRAWN = (Outcome.WITHDRAWN_IN_TIME, Outcome.WITHDRAWN_LATE)


def planned(item: Round, words: PlannedWords) -> doc.Planned:
    window = item.announced
    if window.outcome not in AHEAD:
        raise not_true(item, "announces a window", "announced")
    longest = words.longest_expected_minutes
    return doc.Planned(
        work=words.work,
        window=span(window.promised),
        longest_expected_seconds=None if longest is None else longest * 60,
        effects=tuple(doc.FunctionEffect(function=e.function, effect=e.effect) for e in words.effects),
        confirmed_by=words.confirmed_by,
        confirmed_at=words.confirmed_at,
        freeze_from_at=words.freeze_from_at,
        backup_at=words.backup_at,
        if_it_overruns=words.if_it_overruns,
        word_by_at=words.word_by_at,
    )


def not_done(item: Round, words: NotDoneWords) -> doc.NotCarriedOut:
    """Of a window that passed without the work, and of one that was taken back and so will."""
    window = item.announced
    ahead = window.outcome in WITHDRAWN and item.case.as_at < window.promised.end
    if window.outcome is not Outcome.NOT_CARRIED_OUT and window.outcome not in WITHDRAWN:
        raise not_true(item, "says that the work did not take place", "not_carried_out")
    told = item.earlier
    if (
        told is None
        or told.kind not in ("L1", "L3")
        or told.window is None
        or told.window.window_id != window.window_id
    ):
        raise Conflict("a letter that nothing took place names the one that announced this window", field="follows")
    return doc.NotCarriedOut(
        notice_ref=told.ref,
        notice_sent_at=told.at,
        window=span(window.promised),
        down_seconds=None if ahead else _down_within(item),
        reason=words.reason,
        reason_by=words.reason_by,
        reason_status=words.reason_status,
        new_window=new_window(item),
        restrictions_lifted=words.restrictions_lifted,
    )


def moved(item: Round, words: MovedWords) -> doc.Rescheduled:
    window, told = item.announced, item.earlier
    if window.outcome not in AHEAD:
        raise not_true(item, "gives a new date", "announced")
    if told is None or told.window is None or told.window.promised == window.promised:
        raise Conflict("a letter with a new date names the letter with the old one", field="follows")
    if told.window.promised.start >= window.promised.start or window.attempt < 2:
        raise Conflict("there is no earlier window of this work to replace; send L1", field="kind", example="L1")
    return doc.Rescheduled(
        notice_ref=told.ref,
        work=words.work,
        old=span(told.window.promised),
        new=span(window.promised),
        attempt=window.attempt,
        what_changed=words.what_changed,
        what_changed_source=words.what_changed_source,
        notice_seconds=max(0, seconds(window.promised.start - item.case.as_at)),
        freeze_from_at=words.freeze_from_at,
        backup_at=words.backup_at,
        word_by_at=words.word_by_at,
    )


def new_window(item: Round) -> doc.Span | None:
    """The window of the work that now holds, where one lies ahead."""
    newest = facts.newest_of_work(item.statement, item.window.work_id) if item.window is not None else None
    if newest is None or newest.outcome not in AHEAD or newest.promised.start <= item.case.as_at:
        return None
    return span(newest.promised)


def _down_within(item: Round) -> int:
    """Downtime measured inside the announced span. Raises Conflict where the measuring has a gap there."""
    promised = item.announced.promised
    if any(gap.span.overlaps(promised) for gap in item.statement.gaps):
        raise Conflict(
            "our own measuring has a gap in the window, so we cannot say that the sites were up", field="kind"
        )
    inside = (outage.span.clip(promised) for outage in item.statement.outages)
    return seconds(sum((part.length for part in inside if part is not None), timedelta(0)))
