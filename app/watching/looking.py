"""One look at a window as the record stands: the law's own verdict, and the figures it rests on. Pure but for reading.

Nothing here decides an outcome by the clock: the kinds below say what was noticed, and the law says what it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlmodel import Session

from app.cases.gather import gather_around
from app.maintenance.tables import Window
from app.sla.case import Case, State
from app.sla.seen import Seen, look, terms_of
from app.sla.spans import Span, clip, total
from app.sla.statement import Outcome, WindowVerdict
from app.sla.timeline import OutageFacts, Series
from app.sla.windows import LEAD, OVER, judge_windows
from app.sla.wording import elapsed, moment

Kind = Literal["opened", "down", "answered", "overrunning", "awaiting", "no_sign", "unseen", "over"]
ENDS: tuple[Kind, ...] = ("overrunning", "awaiting", "no_sign", "unseen")
BEFORE = timedelta(hours=2)  # what is read before the announced start
FINAL = (*OVER, Outcome.NOT_CARRIED_OUT, Outcome.WITHDRAWN_IN_TIME, Outcome.WITHDRAWN_LATE)
ORDER = (Outcome.OVERRUNNING, Outcome.IN_PROGRESS, Outcome.AWAITING_OUTCOME, Outcome.UNKNOWN)  # of several services


@dataclass(frozen=True, slots=True)
class Look:
    """One service, as it was in and around the window."""

    case: Case
    seen: Seen
    verdict: WindowVerdict
    span: Span  # as promised, from whole second to whole second
    words: int  # statements about the window that had been made

    @property
    def zone(self) -> str:
        return self.case.period.zone

    @property
    def outages(self) -> tuple[OutageFacts, ...]:
        """The outages the law takes for the window's own."""
        early = self.span.start - LEAD
        return tuple(one for one in self.seen.outages if one.span.overlaps(self.span) and one.span.start >= early)

    @property
    def passed(self) -> Span | None:
        """The part of the window that has passed."""
        return self.span.before(self.case.as_at)

    @property
    def every_series(self) -> tuple[Series, ...]:
        return (*self.seen.series, *(one for site in self.seen.sites for one in site.series))

    def answered_by(self, instant: datetime) -> bool:
        """Whether everybody who takes part has answered at or after that moment: only then is it known how it was."""
        taking = [one for one in self.every_series if one.monitor.until is None and one.runs]
        return bool(taking) and all(one.runs[-1].last_at >= instant for one in taking)


def look_at(session: Session, window: Window, service_id: UUID, now: datetime) -> Look | None:
    """None where the record holds no such window of that service by now, or it was retracted."""
    start, end = window.start_at - BEFORE, max(window.end_at, now) + timedelta(seconds=1)
    case = gather_around(session, service_id, Span(start, end), now)
    seen = look(case)
    found = [one for one in judge_windows(seen, terms_of(case, case.period)) if one.window_id == str(window.id)]
    if not found:
        return None
    mine = next(one for one in case.windows if one.id == str(window.id))
    return Look(case, seen, found[0], mine.span, sum(word.said_at <= case.as_at for word in mine.said))


def outcome_of(looks: Sequence[Look]) -> Outcome:
    """What the window came to over all services its work touches: what is worst and still open stands."""
    outcomes = [one.verdict.outcome for one in looks]
    return next((outcome for outcome in ORDER if outcome in outcomes), outcomes[0])


@dataclass(frozen=True, slots=True)
class Noticed:
    """What stands in a watch entry."""

    kind: Kind
    at: datetime
    text: str


def noticed(looks: Sequence[Look], *, started: bool, ended: bool) -> list[Noticed]:
    """Everything to be noticed of a window by now, in order of time. `started`, `ended`: whether its announced start
    and end have come and everybody was heard since, or waited for long enough."""
    span, zone = looks[0].span, looks[0].zone
    out: list[Noticed] = []
    outcome = outcome_of(looks)
    if started:
        out.append(Noticed("opened", span.start, _opened(looks)))
    outages = sorted((one for each in looks for one in each.outages), key=lambda one: one.span.start)
    if outages:
        first = outages[0]
        said = f"It stopped answering {moment(first.span.start, zone)}"
        out.append(Noticed("down", first.span.start, f"{said}, seen by {_names(first.monitors)}."))
        back = [one for one in outages if one.first_good_at is not None]
        if len(back) == len(outages):
            last = max(back, key=lambda one: one.span.end)
            out.append(
                Noticed(
                    "answered", last.span.end,
                    f"It answers again since {moment(last.span.end, zone)}, after {elapsed(last.span.length)}; that "
                    "alone does not end the work.",
                )
            )  # fmt: skip
    if outcome in FINAL:
        at = max(
            [one.verdict.actual_end for one in looks if one.verdict.actual_end is not None]
            or [word.said_at for one in looks for word in _words(one)] or [span.end]
        )  # fmt: skip
        out.append(Noticed("over", at, f"Established: {outcome.value.replace('_', ' ')}. {_last_words(looks)}".strip()))
    elif ended:
        out.append(_end(looks, outcome))
    return sorted(out, key=lambda one: one.at)


def _words(one: Look) -> list[Any]:
    return [word for window in one.case.windows if window.id == one.verdict.window_id for word in window.said]


def _last_words(looks: Sequence[Look]) -> str:
    """Who established it."""
    verdict = looks[0].verdict
    if verdict.override_by:
        return f"Decided by {verdict.override_by}: {verdict.override_reason}"
    return verdict.evidence[-1] if len(verdict.evidence) > 1 else ""


def _opened(looks: Sequence[Look]) -> str:
    """How it was at the announced start."""
    states: dict[State | None, int] = {}
    for one in looks:
        for series in one.every_series:
            state = _state_at(series, one.span.start)
            states[state] = states.get(state, 0) + 1
    good = states.get(State.UP, 0) + states.get(State.DEGRADED, 0)
    down, unknown = states.get(State.DOWN, 0), states.get(None, 0)
    parts = [f"{good} of {good + down + unknown} monitors answer"]
    if down:
        parts.append(f"{down} {'fails' if down == 1 else 'fail'}")
    if unknown:
        parts.append(f"of {unknown} nothing is known")
    if not states:
        return "The announced start has come. No monitor watches the service, so nobody will see what happens."
    said = "" if down else " No sign of work yet."
    return f"The announced start has come: {', '.join(parts)}.{said}"


def _state_at(series: Series, instant: datetime) -> State | None:
    return next((state for start, end, state in series.segments if start <= instant < end), None)


def _end(looks: Sequence[Look], outcome: Outcome) -> Noticed:
    """How it was at the announced end. Never an outcome by itself: "no sign of work" is still awaited."""
    span, zone = looks[0].span, looks[0].zone
    seen = " ".join(dict.fromkeys(said for one in looks for said in _seen(one)))
    if outcome is Outcome.OVERRUNNING:
        down = [outage for one in looks for outage in one.outages if outage.span.end > span.end]
        since = f", since {moment(min(one.span.start for one in down), zone)}" if down else ""
        text = f"Still down at the announced end{since}: overrunning from {moment(span.end, zone)} on. {seen}"
        return Noticed("overrunning", span.end, text)
    if outcome is Outcome.UNKNOWN:
        return Noticed("unseen", span.end, "The announced end has come, and nothing at all is known of the window: "
                       "nobody measured, and nobody has spoken of it.")  # fmt: skip
    if any(_sign(one) for one in looks):
        down_for = sum((total(clip(one.seen.down, one.span)) for one in looks), timedelta(0))
        was = f"It was down {elapsed(down_for)} in the window. " if down_for else ""
        said = "The announced end has come, and nobody has said that the work is over."
        return Noticed("awaiting", span.end, f"{said} {was}{seen}")
    said = (
        "No sign of work: nothing failed in the window as far as it was watched, no note and no message says that the "
        "work began. Its outcome is awaited; it counts as not carried out only when a person or the provider says so."
    )
    return Noticed("no_sign", span.end, f"{said} {seen}")


def _sign(one: Look) -> bool:
    """Anything at all that may have been the work: a word, a failure, slowness."""
    if one.words or one.outages:
        return True
    for series in one.every_series:
        good, count = series.observed(one.span)
        slow = any(state is State.DEGRADED and start < one.span.end and end > one.span.start
                   for start, end, state in series.segments)  # fmt: skip
        if good < count or slow:
            return True
    return False


def _seen(one: Look) -> list[str]:
    """The figures: how much was observed, and what of the window nobody knows."""
    if one.passed is None:
        return []
    good, count = one.seen.observed(one.passed)
    unknown = total(one.seen.unknown(one.passed))
    known = one.passed.length - unknown
    name = one.case.service_name
    said = [
        f"{name}: {good} of {count} observations were good, {elapsed(known)} of {elapsed(one.passed.length)} known."
    ]
    if unknown:
        gaps = one.seen.unknown(one.passed)
        first = f" from {moment(gaps[0].start, one.zone)}" if len(gaps) == 1 else f" in {len(gaps)} pieces"
        said.append(f"What happened in {elapsed(unknown)}{first} is unknown: nothing was measured then.")
    return said


def _names(monitors: Sequence[str]) -> str:
    if len(monitors) <= 3:
        return " and ".join(monitors)
    return f"{len(monitors)} monitors"
