"""What metric promises read: counted stretch by stretch, so that no list of observations is held."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from app.probes.importing.fields import micros
from app.probes.storage.hours import HOUR
from app.probes.storage.reading import columns, gone
from app.probes.tables import STATES, Monitor
from app.sla.case import Case, Gauge, State
from app.sla.metrics import gauge, wanted
from app.sla.spans import Span, minus

DOWN, UNKNOWN = STATES.index(State.DOWN), STATES.index(State.UNKNOWN)


def gauges_of(session: Session, case: Case) -> tuple[Gauge, ...]:
    """The gauges the case's metric promises ask for. What was measured while we were offline ourselves is left out."""
    asked = wanted(case)
    if not asked:
        return ()
    names = {part.id: one.name for one in case.monitors for part in one.locations or (one,)}
    ids = [UUID(id_) for id_ in names]
    found = session.exec(select(Monitor.key, Monitor.id).where(col(Monitor.id).in_(ids))).all()
    keys = [(names[str(id_)], key) for key, id_ in found if key is not None]
    own = [outage.span for outage in case.own_outages]
    out = []
    for one in asked:
        chosen = [key for name, key in keys if not one.promise.monitors or name in one.promise.monitors]
        for span in one.spans:
            passed = span.before(case.as_at + timedelta(microseconds=1))
            if passed is None:
                continue
            counted = _counted(session, chosen, minus([passed], own))
            answers = sorted(counted.answers.items(), key=_fastest_first)
            out.append(replace(gauge(one.promise, span, counted.failed, answers), gone=counted.gone))
    return tuple(out)


def _fastest_first(answered: tuple[int | None, int]) -> tuple[bool, int]:
    return answered[0] is not None, answered[0] or 0


@dataclass(slots=True)
class _Counted:
    """`answers`: how often each time was answered; `gone`: answers of which nobody can tell it any more."""

    failed: int = 0
    answers: Counter[int | None] = field(default_factory=Counter)
    gone: int = 0


def _counted(session: Session, keys: Sequence[int], spans: Sequence[Span]) -> _Counted:
    out = _Counted()
    for key in keys:
        for span in spans:
            low, high = micros(span.start), micros(span.end)
            for part in columns(session, key, low, high):
                out.failed += part.state.count(DOWN)
                pairs = zip(part.state, part.latency_ms, strict=True)
                out.answers.update(latency for state, latency in pairs if state not in (DOWN, UNKNOWN))
            for lost in gone(session, key, low, high):
                whole = lost.hour * HOUR >= low and (lost.hour + 1) * HOUR <= high
                out.failed += lost.counts[DOWN] if whole else 0
                out.gone += lost.observations - lost.counts[UNKNOWN] - (lost.counts[DOWN] if whole else 0)
    return out
