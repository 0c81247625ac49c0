"""Watching a window: what is noticed is written once, to the log as well, and told to whoever looks after Kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session

from app.alerts.actions import raise_alert
from app.alerts.kinds import Kind as AlertKind
from app.db import reader, transaction
from app.evidence import actions as evidence
from app.maintenance.tables import Window
from app.sla.wording import moment
from app.watching import queries
from app.watching.figures import evidence_of
from app.watching.looking import ENDS, FINAL, Kind, Look, Noticed, look_at, noticed, outcome_of
from app.watching.tables import WatchEntry, WindowWatch

LOCK = 7_301_013  # one hand writes at a time on PostgreSQL; SQLite's BEGIN IMMEDIATE does the same
PATIENCE = timedelta(seconds=90)  # so long the answers of the announced start and end are waited for
AGAIN = timedelta(minutes=15)  # how often a window that has ended is looked at though nothing was said
LATELY = timedelta(days=1)  # what is noticed later than this of a window's end disturbs nobody any more
ALERTS: dict[Kind, AlertKind] = {
    "opened": "window_starts", "overrunning": "window_overruns", "awaiting": "window_ended",
    "no_sign": "no_sign_of_work", "unseen": "window_ended",
}  # fmt: skip
TITLES: dict[Kind, str] = {
    "opened": "window {n} begins, announced until {end}", "overrunning": "window {n} overruns its announced end {end}",
    "awaiting": "window {n} is over, say what became of it", "no_sign": "window {n} is over: no sign of work",
    "unseen": "window {n} is over and nobody saw it",
}  # fmt: skip


def watch_tick(engine: sa.Engine, now: datetime) -> None:
    """Every window that is on, or is over and awaits its outcome. May be run by several at a time, and late: what
    happened while nobody ran it is noticed then, with the gaps in what was seen."""
    with Session(reader(engine)) as session:
        windows = [one for one in queries.to_watch(session, now) if _wanted(session, one, now)]
        looks = {one.id: _looks(session, one, now) for one in windows}
    for window in windows:
        if looks[window.id]:
            with transaction(engine) as session:
                session.info["actor"] = "watch"
                one_hand(session)
                write(session, window, looks[window.id], now)


def one_hand(session: Session) -> None:
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.text("select pg_advisory_xact_lock(:key)"), {"key": LOCK})


def _wanted(session: Session, window: Window, now: datetime) -> bool:
    """Until its end every time; afterwards while it may still be going on, when something was said, and now and
    then, because answers may come late."""
    before = session.get(WindowWatch, window.id)
    if before is None or before.state == "open" or now - before.looked_at >= AGAIN:
        return True
    going_on = before.outcome == "overrunning" and now - before.looked_at >= timedelta(minutes=1)
    return going_on or queries.words_about(session, window) != before.words


def _looks(session: Session, window: Window, now: datetime) -> list[Look]:
    services = queries.services_of(session, window)
    found = [look_at(session, window, service_id, now) for service_id in services]
    return [one for one in found if one is not None]


def write(session: Session, window: Window, looks: Sequence[Look], now: datetime) -> list[WatchEntry]:
    """Writes what is not written yet; the entries that are new."""
    before = session.get(WindowWatch, window.id)
    if before is not None and (before.state == "over" or before.looked_at > now):
        return []
    known = queries.entries_of(session, window.id)
    started, ended = (_heard(looks, at, now) for at in (looks[0].span.start, looks[0].span.end))
    out = []
    for one in noticed(looks, started=started, ended=ended):
        if not _said(one, known):
            out.append(_enter(session, window, looks, one, now))
    outcome = outcome_of(looks)
    state = "over" if outcome in FINAL else "ended" if ended else "open"
    row = before or WindowWatch(window_id=window.id, state=state, outcome=outcome.value, words=0, looked_at=now)
    row.state, row.outcome, row.looked_at = state, outcome.value, now
    row.words = queries.words_about(session, window)
    session.add(row)
    return out


def _heard(looks: Sequence[Look], instant: datetime, now: datetime) -> bool:
    """Whether that moment has come, and everybody was heard since or waited for long enough."""
    if now < instant:
        return False
    return now >= instant + PATIENCE or all(one.answered_by(instant) for one in looks)


def _said(one: Noticed, known: Sequence[WatchEntry]) -> bool:
    """Whether it stands there already: each kind once, an answer for each moment, and the end as it was known last."""
    if one.kind == "answered":
        return any(entry.kind == one.kind and entry.at >= one.at for entry in known)
    if one.kind in ENDS:
        ends = sorted((entry for entry in known if entry.kind in ENDS), key=lambda entry: (entry.created_at, entry.id))
        return bool(ends) and (ends[-1].kind == one.kind or any(entry.kind == one.kind for entry in ends))
    return any(entry.kind == one.kind for entry in known)


def _enter(session: Session, window: Window, looks: Sequence[Look], one: Noticed, now: datetime) -> WatchEntry:
    services = [evidence_of(each) for each in looks]
    entry = WatchEntry(
        created_at=now, window_id=window.id, kind=one.kind, at=one.at, text=one.text, evidence={"services": services}
    )  # fmt: skip
    session.add(entry)
    evidence.append(session, f"window.watched_{one.kind}", entry, now, occurred_at=one.at, source="M")
    kind = ALERTS.get(one.kind)
    if kind is not None and not (one.kind == "opened" and now >= window.end_at):
        _tell(session, window, looks[0], one, kind, now)
    return entry


def _tell(session: Session, window: Window, look: Look, one: Noticed, kind: AlertKind, now: datetime) -> None:
    verdict, zone = look.verdict, look.zone
    names = look.case.service_name
    said = TITLES[one.kind].format(n=verdict.attempt, end=moment(look.span.end, zone))
    late = f"noticed {moment(now, zone)}, long after" if now - window.end_at >= LATELY else None
    raise_alert(
        session, kind, f"window:{window.id}:{one.kind}", f"{names}: {said}", one.text, now,
        service_id=queries.services_of(session, window)[0], quiet=late,
    )  # fmt: skip
