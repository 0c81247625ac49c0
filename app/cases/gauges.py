"""What metric promises read: counted by the database, stretch by stretch, so that no list of observations is held."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

from app.probes.importing.fields import micros
from app.probes.tables import STATES, Monitor
from app.sla.case import Case, Gauge, State
from app.sla.metrics import gauge, wanted
from app.sla.spans import Span, minus

DOWN, UNKNOWN = STATES.index(State.DOWN), STATES.index(State.UNKNOWN)
_SEEN = SQLModel.metadata.tables["observation"]


def gauges_of(session: Session, case: Case) -> tuple[Gauge, ...]:
    """The gauges the case's metric promises ask for. What was measured while we were offline ourselves is left out."""
    asked = wanted(case)
    if not asked:
        return ()
    ids = [UUID(one.id) for one in case.monitors]
    names = {one.id: one.name for one in case.monitors}
    found = session.exec(select(Monitor.key, Monitor.id).where(col(Monitor.id).in_(ids))).all()
    keys = {names[str(id_)]: key for key, id_ in found if key is not None}
    own = [outage.span for outage in case.own_outages]
    out = []
    for one in asked:
        chosen = [key for name, key in keys.items() if not one.promise.monitors or name in one.promise.monitors]
        for span in one.spans:
            passed = span.before(case.as_at + timedelta(microseconds=1))
            if passed is None:
                continue
            failed, answers = _counted(session, chosen, minus([passed], own))
            out.append(gauge(one.promise, span, failed, answers))
    return tuple(out)


def _counted(
    session: Session, keys: Sequence[int], spans: Sequence[Span]
) -> tuple[int, Iterator[tuple[int | None, int]]]:
    """How many failed, and how often each time was answered, fastest first."""
    if not keys or not spans:
        return 0, iter(())
    at = _SEEN.c.at
    here = sa.and_(
        _SEEN.c.monitor.in_(keys),
        sa.or_(*(sa.and_(at >= micros(span.start), at < micros(span.end)) for span in spans)),
    )
    count = sa.func.count()
    connection = session.connection()
    failed = connection.execute(sa.select(count).select_from(_SEEN).where(here, _SEEN.c.state == DOWN)).scalar_one()
    good = sa.select(_SEEN.c.latency_ms, count).where(here, _SEEN.c.state.not_in((DOWN, UNKNOWN)))
    rows = connection.execute(good.group_by(_SEEN.c.latency_ms).order_by(_SEEN.c.latency_ms))
    return failed, ((value, often) for value, often in rows)
