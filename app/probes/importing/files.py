"""Taking in a file of observations: all of it or nothing, in the caller's transaction."""

from __future__ import annotations

import hashlib
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from sqlmodel import Session, col, select

from app.errors import Conflict
from app.evidence import actions as evidence
from app.probes.importing.fields import CLOCKS_APART, instant, micros
from app.probes.importing.reading import BLOCK, REPORTED, BadLine, Format, Reader, blocks, refusal, unpacked
from app.probes.importing.runs import Series
from app.probes.importing.storing import Contradiction, store
from app.probes.tables import STATES, ImportBatch, Monitor


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What became of a file. `repeated`: these very bytes were taken in before and nothing was done now."""

    batch: ImportBatch
    repeated: bool

    @property
    def already_there(self) -> int:
        return self.batch.rows if self.repeated else self.batch.rows - self.batch.added

    @property
    def added(self) -> int:
        return 0 if self.repeated else self.batch.added


@dataclass(slots=True)
class _Seen:
    """What the batches of one file held."""

    rows: Counter[int] = field(default_factory=Counter)  # by monitor
    states: Counter[int] = field(default_factory=Counter)


def import_file(
    session: Session, source: Path | BinaryIO, *, name: str, format: Format, now: datetime,
    progress: Callable[[int, int], None] | None = None,
) -> ImportResult:  # fmt: skip
    """Takes in a file of observations, or refuses all of it; a file taken in before adds nothing.

    source: a path or a binary stream, plain or gzip. name: what the file is called in the log. now: nothing may have
    been observed more than five seconds after it. progress: called with the bytes read so far and all bytes. The
    caller commits. Raises BadInput naming up to five bad lines, Conflict for an observation that says another state
    than the one recorded for its monitor and time.
    """
    if isinstance(source, Path):
        with source.open("rb") as stream:
            return import_file(session, stream, name=name, format=format, now=now, progress=progress)
    if not source.seekable():
        with tempfile.TemporaryFile() as spooled:
            while block := source.read(BLOCK):
                spooled.write(block)
            return import_file(session, spooled, name=name, format=format, now=now, progress=progress)
    seal = hashlib.sha256()
    for block in blocks(unpacked(source)):
        seal.update(block)
    total = source.seek(0, 2)
    writing = store(session)
    try:
        before = session.exec(select(ImportBatch).where(ImportBatch.digest == seal.hexdigest())).first()
        if before is not None:
            return ImportResult(before, repeated=True)
        monitors = {
            monitor.key: monitor
            for monitor in session.exec(
                select(Monitor).where(col(Monitor.agreement).is_(None)).order_by(col(Monitor.name))
            )
            if monitor.key is not None
        }
        known = {monitor.name: key for key, monitor in monitors.items()}
        known |= {str(monitor.id): key for key, monitor in monitors.items()}
        latest = micros(now + CLOCKS_APART)
        seen, series = _Seen(), Series(session, monitors)
        try:
            for batch in Reader(unpacked(source), format, known, latest).batches():
                new = set(batch.monitors).difference(series)
                if new or series.writer.full():
                    writing.settle()
                    series.writer.flush()
                    series.open(new)
                writing.add(batch)
                seen.rows.update(batch.monitors)
                seen.states.update(batch.states)
                series.extend(batch.monitors, batch.ats, batch.states)
                if progress is not None:
                    progress(source.tell(), total)
            writing.settle()
        except Contradiction as said:
            again = Reader(unpacked(source), format, known, latest)
            raise _contradiction(said, again, {key: one.name for key, one in monitors.items()}) from None
    finally:
        writing.close()
    return ImportResult(_recorded(session, seen, writing.added, series, name, seal.hexdigest(), now), repeated=False)


def _recorded(
    session: Session, seen: _Seen, added: int, series: Series, name: str, digest: str, now: datetime
) -> ImportBatch:
    """Completes the runs and writes what was taken in, in its own table and in the log."""
    touched, sealed = [], []
    spans = series.finish()
    for key, span in spans.items():
        monitor, rows = series.monitors[key], seen.rows[key]
        touched.append({"id": str(monitor.id), "name": monitor.name, "rows": rows})
        low, high = instant(span.first), instant(span.last)
        sealed.append({"monitor": monitor.id, "rows": rows, "from": low, "to": high, "runs_sha256": span.digest})
    first, last = instant(min(s.first for s in spans.values())), instant(max(s.last for s in spans.values()))
    states = {str(state): seen.states[code] for code, state in enumerate(STATES)}
    rows = seen.rows.total()
    batch = ImportBatch(
        digest=digest, name=name[:200], rows=rows, added=added, first_at=first, last_at=last, states=states,
        monitors=touched, entry=0, created_at=now,
    )  # fmt: skip
    body = {
        "file": name, "sha256": digest, "rows": rows, "added": added, "from": first, "to": last,
        "states": states, "monitors": sealed,
    }  # fmt: skip
    entry = evidence.append(
        session, "observations.imported", f"import_batch:{batch.id}", now, body=body, occurred_at=last, source="M"
    )
    batch.entry = entry.seq
    session.add(batch)
    session.flush()
    return batch


def _contradiction(said: Contradiction, again: Reader, names: dict[int, str]) -> Exception:
    """The refusal, with the line of the same file that says otherwise where there is one."""
    earlier: dict[tuple[int, int], int] = {}
    wanted = {(one.monitor, one.at) for one in said.found}
    for batch in again.batches():
        if batch.line > max(one.line for one in said.found):
            break
        for line, key in enumerate(zip(batch.monitors, batch.ats, strict=True), batch.line):
            if key in wanted:
                earlier.setdefault(key, line)
    bad = []
    for one in said.found[:REPORTED]:
        line = earlier.get((one.monitor, one.at), one.line)
        where = f"line {line} of this file says" if line < one.line else "recorded is"
        reason = (
            f"says {STATES[one.says]} for {names[one.monitor]} at {instant(one.at).isoformat()}, but {where} "
            f"{STATES[one.recorded]}; observations are never overwritten"
        )
        bad.append(BadLine(one.line, "state", reason, str(STATES[one.recorded])))
    return refusal(bad, Conflict)
