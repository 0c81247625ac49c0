"""Answers of a prober into the database: observations, what was measured with them, and the runs they make.

In the caller's transaction: all of a batch or nothing. What is there already adds nothing, so that a batch may be
handed over again by whoever does not know whether it was written.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session, col, select

from app.prober.engine import Answer
from app.prober.outcome import Phases
from app.probes.importing.reading import Batch
from app.probes.importing.runs import Series
from app.probes.importing.storing import Contradiction, store
from app.probes.storage.chunks import PHASES, TEXTS, coarse, latency_of
from app.probes.tables import CODES, Monitor

TOGETHER = 500
MEASURED = ("monitor", "at", *PHASES, *TEXTS)


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
    rows = [_row(answer) for answer in answers if answer.phases != Phases() or answer.outcome.detail]
    if rows:
        mark = "%s" if session.get_bind().dialect.name == "postgresql" else "?"
        marks = ", ".join([mark] * len(MEASURED))
        insert = f"INSERT INTO measurement ({', '.join(MEASURED)}) VALUES ({marks}) ON CONFLICT DO NOTHING"
        session.connection().exec_driver_sql(insert, rows)


def _row(answer: Answer) -> tuple[object, ...]:
    """MEASURED."""
    phases = answer.phases
    took = (phases.dns, phases.connect, phases.tls, phases.first_byte, phases.total)
    return answer.key, answer.at, *map(coarse, took), phases.address, answer.outcome.detail, answer.outcome.digest
