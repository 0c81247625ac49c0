"""Heartbeats: the site calls us. A call is an answer; a call that does not come is one too, dated to when it was due.

The moment a silence is dated to depends on nothing but the last call, so it may be judged by several processes, and
again after a restart, and is still one observation.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from app.errors import NotFound
from app.prober.engine import Answer
from app.prober.outcome import Fault, Outcome, Phases, failed
from app.prober.spec import HeartbeatSpec
from app.probes.importing.fields import micros
from app.probes.recording import record
from app.probes.storage.reading import last_at
from app.probes.tables import Heartbeat, Monitor
from app.sla.case import State

SECOND = 1_000_000
AT_ONCE = 1000  # missing calls of one monitor that are written at a time


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def called(session: Session, secret: str, *, state: State = State.UP, note: str = "", now: datetime) -> Monitor:
    """The site called. More than one call a second is one. Raises NotFound for a secret nobody has."""
    row = session.exec(select(Heartbeat).where(Heartbeat.secret == digest(secret)).with_for_update()).first()
    monitor = None if row is None else session.get(Monitor, row.monitor)
    if row is None or monitor is None or monitor.until_at is not None:
        raise NotFound("nobody is called at this address", field="secret")
    at = micros(now)
    if row.called_at is not None and at < row.called_at + SECOND:
        return monitor
    row.called_at = at
    session.add(row)
    outcome = Outcome(State.UP) if state is State.UP else failed(Fault.CONTENT, note or "the site says so", state=state)
    record(session, [Answer(row.monitor, at, outcome, Phases())])
    return monitor


def silences(session: Session, *, listening_since: datetime, now: datetime) -> list[Answer]:
    """The calls that were due by `now`, did not come and are not recorded yet. We can miss only what we could have
    heard: none is due earlier than one interval after `listening_since`."""
    out: list[Answer] = []
    live = select(Heartbeat, Monitor).where(Heartbeat.monitor == Monitor.key, col(Monitor.until_at).is_(None))
    for beat, monitor in session.exec(live.where(col(Heartbeat.called_at).is_not(None))):
        assert beat.called_at is not None
        spec = HeartbeatSpec.model_validate(monitor.spec)
        interval = monitor.interval_seconds * SECOND
        due = max(beat.called_at, micros(listening_since)) + interval + spec.grace_seconds * SECOND
        if due > micros(now):
            continue
        newest = last_at(session, beat.monitor)
        if newest is not None and newest >= due:
            due += ((newest - due) // interval + 1) * interval
        said = failed(Fault.SILENT, f"no call within {timedelta(microseconds=interval)} and its grace")
        for _ in range(AT_ONCE):
            if due > micros(now):
                break
            out.append(Answer(beat.monitor, due, said, Phases()))
            due += interval
    return out
