"""Answers of a prober into the database: observations, what was measured with them, and the runs they make.

In the caller's transaction: all of a batch or nothing. What is there already adds nothing, so that a batch may be
handed over again by whoever does not know whether it was written.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel, col, select

from app.prober.engine import Answer
from app.prober.outcome import Phases
from app.probes.importing.reading import Batch
from app.probes.importing.runs import Series
from app.probes.importing.storing import Contradiction, store
from app.probes.storage.chunks import coarse, latency_of
from app.probes.tables import CODES, Monitor

TOGETHER = 500
_MEASUREMENT = SQLModel.metadata.tables["measurement"]


def record(session: Session, answers: Sequence[Answer]) -> int:
    """Takes in answers of any monitors in any order; how many were new. Raises Contradiction, whose lines are places
    in `in_order(answers)`, for one that says another state than the one recorded for its moment."""
    ordered = in_order(answers)
    if not ordered:
        return 0
    monitors = {monitor.key: monitor for monitor in _monitors(session, {answer.key for answer in ordered})}
    writing = store(session, remember=True)
    try:
        series = Series(session, {key: monitor for key, monitor in monitors.items() if key is not None})
        series.open({answer.key for answer in ordered})
        batch = Batch(
            0,
            [answer.key for answer in ordered],
            [answer.at for answer in ordered],
            [CODES[answer.outcome.state] for answer in ordered],
            [_latency(answer) for answer in ordered],
            [None if answer.outcome.fault is None else str(answer.outcome.fault) for answer in ordered],
        )
        writing.add(batch)
        writing.settle()
        series.extend(batch.monitors, batch.ats, batch.states)
    finally:
        writing.close()
    series.finish()
    _measured(session, [answer for answer in ordered if (answer.key, answer.at) not in writing.there])
    return writing.added


def in_order(answers: Sequence[Answer]) -> list[Answer]:
    """By time; of two of one monitor at one moment the first."""
    return sorted({(one.key, one.at): one for one in reversed(answers)}.values(), key=lambda one: (one.at, one.key))


def without(answers: Sequence[Answer], said: Contradiction) -> list[Answer]:
    """The answers that contradict nothing."""
    wrong = {(one.monitor, one.at) for one in said.found}
    return [answer for answer in answers if (answer.key, answer.at) not in wrong]


def _latency(answer: Answer) -> int | None:
    return latency_of(CODES[answer.outcome.state], coarse(answer.phases.total))


def _monitors(session: Session, keys: set[int]) -> list[Monitor]:
    out: list[Monitor] = []
    wanted = sorted(keys)
    for place in range(0, len(wanted), TOGETHER):
        out += session.exec(select(Monitor).where(col(Monitor.key).in_(wanted[place : place + TOGETHER])))
    return out


def _measured(session: Session, answers: Sequence[Answer]) -> None:
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    rows = [_row(answer) for answer in answers if answer.phases != Phases() or answer.outcome.detail]
    if rows:
        session.connection().execute(insert(_MEASUREMENT).on_conflict_do_nothing(), rows)


def _row(answer: Answer) -> dict[str, object]:
    phases = answer.phases
    return {
        "monitor": answer.key, "at": answer.at, "dns_us": coarse(phases.dns), "connect_us": coarse(phases.connect),
        "tls_us": coarse(phases.tls), "first_byte_us": coarse(phases.first_byte), "total_us": coarse(phases.total),
        "address": phases.address, "detail": answer.outcome.detail, "digest": answer.outcome.digest,
    }  # fmt: skip
