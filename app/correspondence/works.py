"""P1, P2 and P3 from the record: a window ahead, an outage, a procedure that was changed."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from app.cases.gather import gather
from app.correspondence.compose import Ground, asked, sites_there, told_by
from app.correspondence.wording import MethodWords, OutageWords, PreservationWords
from app.errors import Conflict, NotFound
from app.papers.figures import seconds, short, span
from app.probes.tables import Monitor
from app.sla import volumes
from app.sla.case import Case, FindingVerdict, SaidKind, SiteCurrent
from app.sla.judge import judge
from app.sla.statement import Flag, Outage, Outcome, Statement, WindowVerdict
from app.statements.named import errors_seen
from reports import documents as doc
from reports.documents import provider_letters as shop

PASSED = (Outcome.NOT_CARRIED_OUT, Outcome.WITHDRAWN_LATE)
AHEAD = (Outcome.ANNOUNCED, Outcome.CONFIRMED)
DEPARTED = (FindingVerdict.CHANGED, FindingVerdict.SKIPPED, FindingVerdict.ADDED)
MOST_DEPARTURES = 5
Written = tuple[shop.ProviderBody, tuple[shop.Asked, ...]]


def judged(session: Session, on: Ground) -> tuple[Case, Statement]:
    """The service as at the letter's moment, with every window ever announced."""
    case = gather(session, on.service.id, None, on.as_at, months=0, every_window=True)
    return case, judge(case)


def _named(statement: Statement, window_id: UUID | None) -> WindowVerdict | None:
    """The window asked for. Raises NotFound where the service has none of that id at that moment."""
    if window_id is None:
        return None
    found = next((item for item in statement.windows if item.window_id == str(window_id)), None)
    if found is None:
        raise NotFound(
            "this window is not one of the service's, or was not announced at that moment; GET /windows lists them",
            field="words.window_id",
        )
    return found


def _source(case: Case, window: WindowVerdict) -> str:
    return next(short(told_by(item.source), 120) for item in case.windows if item.id == window.window_id)


def _work(case: Case, window: WindowVerdict) -> str:
    return next((item.title for item in case.works if item.id == window.work_id), "work not named")


def method_statement(session: Session, on: Ground, words: MethodWords) -> Written:
    """P1. Raises Conflict where no window lies ahead."""
    case, statement = judged(session, on)
    ahead = [item for item in statement.windows if item.outcome in AHEAD and item.promised.start > on.as_at]
    window = _named(statement, words.window_id) or min(ahead, key=lambda item: item.promised.start, default=None)
    if window is None or window not in ahead:
        raise Conflict(
            "a method statement is asked for a window that lies ahead, and the record has none at that moment"
            if window is None
            else f"a method statement is asked for a window that lies ahead; this one is: {window.outcome.value}",
            field="words.window_id",
            example="a window that starts after as_at",
        )
    attempts = sorted(
        (
            item
            for item in statement.windows
            if item.work_id == window.work_id and item.outcome in PASSED and item.promised.end <= on.as_at
        ),
        key=lambda item: item.promised.start,
    )
    text = short(_work(case, window), 200)
    length = seconds(window.promised.length)
    body = shop.MethodStatement(
        work=text if window.attempt == 1 else f"{text} (window {window.attempt})",
        window=span(window.promised),
        announced_in=_source(case, window),
        sites=sites_there(case),
        arithmetic=copy_sum(length, words.volume, words.volume_source, words.rate, words.rate_source),
        passed=tuple(_attempt(case, item) for item in attempts[-6:]),
        announce_at=words.announce_at,
    )
    first = "The volume to be copied, and the rate measured on these drives."
    if words.volume is not None:
        first = f"Whether {words.volume} is the volume to be copied, and the rate measured on these drives."
    return body, asked(
        (first, "TB; MB/s, measured when"),
        ("How the copy is verified, and from when until when writes are stopped.", "method; two times"),
        ("The hour at which you stop, and until when the way back to the old drives is open.", "two times"),
        ("Who takes that decision during the window.", "name and phone number"),
        by=words.answer_by,
    )


def copy_sum(
    length: int, volume: str | None, volume_source: str | None, rate: str | None, rate_source: str | None
) -> shop.CopySum:
    """The arithmetic of P1, decided here and printed there."""
    bytes_ = None if volume is None else volumes.volume(volume)
    reckoned = bytes_ or volumes.TERABYTE
    per_second = None if rate is None else volumes.rate(rate)
    took, hours = (None, None) if per_second is None else volumes.takes(reckoned, per_second)
    return shop.CopySum(
        volume_bytes=bytes_,
        volume_source=volume_source,
        window_seconds=length,
        reckoned_bytes=reckoned,
        needed_mb_per_second=volumes.needed(reckoned, length),
        rate_bytes_per_second=per_second,
        rate_source=rate_source,
        takes_seconds=took,
        takes_hours=hours,
        fits_bytes=None if per_second is None else volumes.fits(per_second, length),
    )


def _attempt(case: Case, window: WindowVerdict) -> shop.Attempt:
    facts = next(item for item in case.windows if item.id == window.window_id)
    said = [item for item in facts.said if item.kind is SaidKind.NOT_CARRIED_OUT and item.said_at <= case.as_at]
    return shop.Attempt(
        promised=span(window.promised),
        outcome=window.outcome.value,
        said=short(told_by(said[-1].source), 120) if said else None,
    )


def outage(session: Session, on: Ground, words: OutageWords) -> Written:
    """P2. Raises Conflict where the service answers, or where the announced window has not ended yet."""
    case, statement = judged(session, on)
    down = next((item for item in statement.outages if item.open), None)
    if down is None:
        raise Conflict(
            "the record has no outage that is open at that moment, so there is nothing to report",
            field="as_at",
            example="a moment at which the service does not answer",
        )
    window = _named(statement, words.window_id) or _overlapped(statement, down)
    if window is not None and window.window_id not in down.window_ids:
        raise Conflict("the outage does not touch this window", field="words.window_id")
    if window is not None and on.as_at < window.promised.end:
        stamp = window.promised.end.isoformat(timespec="seconds")
        raise Conflict(
            "the announced window has not ended at that moment: until then the outage was announced",
            field="as_at",
            example=stamp,
        )
    points = _points(session, on, down)
    sites = sites_there(case)
    body = shop.OutageTicket(
        window=None if window is None else span(window.promised),
        announced_in=None if window is None else _source(case, window),
        first_failed_at=down.first_failed_at,
        last_failed_at=down.last_failed_at,
        last_good_at=down.last_good_at,
        down_seconds=seconds(on.as_at - down.first_failed_at),
        beyond_seconds=None if window is None else seconds(on.as_at - window.promised.end),
        affected=tuple(words.affected or [short(name, 160) for name in down.monitors[:6]]),
        points=points,
        errors=errors_seen(session, on.service.id, case),
        sites=sites,
    )
    by = words.answer_by or on.as_at + timedelta(hours=1)
    return body, asked(
        ("The cause, as far as it is known.", "words, or “not known”"),
        ("When the service answers again.", "time, or “not known”"),
        ("When you write next.", "time"),
        by=by,
    )


def _overlapped(statement: Statement, down: Outage) -> WindowVerdict | None:
    """The announced window the outage touches, the last to end; none where what it touches was taken back."""
    touched = [
        item
        for item in statement.windows
        if item.window_id in down.window_ids
        and item.outcome not in (*PASSED, Outcome.WITHDRAWN_IN_TIME, Outcome.UNANNOUNCED)
        and item.promised.start <= statement.as_at
    ]
    return max(touched, key=lambda item: item.promised.end, default=None)


def _points(session: Session, on: Ground, down: Outage) -> tuple[str, ...]:
    """Where the monitors that saw it measure from."""
    query = select(Monitor).where(Monitor.service_id == on.service.id, col(Monitor.name).in_(down.monitors))
    sources = [row.source for row in session.exec(query.order_by(col(Monitor.key)))]
    return tuple(dict.fromkeys(sources or down.monitors))[:6]


def preservation(session: Session, on: Ground, words: PreservationWords) -> Written:
    """P3. Raises Conflict where the record shows neither another procedure nor doubtful data."""
    case, statement = judged(session, on)
    doubtful = [item for item in statement.windows if {Flag.PROCEDURE_CHANGED, Flag.DATA_UNVERIFIED} & set(item.flags)]
    window = _named(statement, words.window_id) or max(doubtful, key=lambda item: item.promised.start, default=None)
    if window is None or window not in doubtful:
        raise Conflict(
            "the record shows neither another procedure than the one agreed nor data in doubt for this window",
            field="words.window_id",
            example="POST /api/v1/windows/{id}/findings",
        )
    steps = [item for item in statement.steps if item.window_id == window.window_id and item.verdict in DEPARTED]
    procedures = [
        procedure
        for work in case.works
        if work.id == window.work_id
        for procedure in work.procedures
        if procedure.agreed_at <= window.promised.start
    ]
    agreed = max(procedures, key=lambda item: item.agreed_at, default=None)
    day = on.say.day(words.keep_until, weekday=False)
    current = sum(site.state is SiteCurrent.CURRENT for site in statement.sites)
    body = shop.Preservation(
        window=span(window.promised),
        announced_in=_source(case, window),
        agreed_at=agreed.agreed_at if agreed is not None and steps else None,
        agreed_in=short(told_by(agreed.source), 160) if agreed is not None and steps else None,
        departures=tuple(
            shop.Departure(
                agreed=None if item.step is None else short(item.text, 120),
                found=short(item.found, 160),
                source=short(told_by(item.source), 80) if item.source else "our note",
            )
            for item in steps[:MOST_DEPARTURES]
        ),
        departures_left_out=max(0, len(steps) - MOST_DEPARTURES),
        at_risk=_at_risk(statement, window, on.as_at),
        keep_until=words.keep_until,
        sites_total=len(statement.sites),
        sites_current=current,
    )
    return body, asked(
        (f"Will the old drives, every snapshot and the logs be kept unchanged until {day}?", "yes / no"),
        ("Which snapshots of the old drives exist, and from when each is.", "list of times"),
        ("When the copy started, when writes were stopped, when traffic was switched.", "three times"),
        ("Which writes made after the copy started were carried over, and which were not.", "list"),
        ("Whether personal data may be affected, which kinds, and since when you know.", "yes / no; kinds; time"),
        by=words.answer_by,
    )


def _at_risk(statement: Statement, window: WindowVerdict, as_at: datetime) -> doc.Span | None:
    """From the start of the work to the moment the service answered again, or to now."""
    touched = [item for item in statement.outages if window.window_id in item.window_ids]
    start = window.actual_start or min((item.span.start for item in touched), default=None)
    if start is None or start >= as_at:
        return None
    end = as_at if not touched or touched[-1].open else touched[-1].span.end
    return doc.Span(start_at=start, end_at=end) if end > start else None
