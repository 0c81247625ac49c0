"""What an evidence appendix carries: the observations as files, the provider's messages as they came."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

from app.cases.account import CHANNELS
from app.evidence.tables import Attachment
from app.messages.tables import Message
from app.papers.appendix.evidence import Counted, Enclosed, Original
from app.papers.redaction import Mask
from app.probes.importing.fields import EPOCH, micros
from app.probes.storage import reading as raw
from app.probes.storage.hours import start_of
from app.probes.storage.reading import tally
from app.probes.tables import CODES, STATES, Monitor
from app.sla.case import Case
from app.sla.spans import Span
from app.sla.statement import Statement
from reports.enclosed import File

MOST_ROWS = 250_000
"""More observations than this are given as the intervals they make: some 12 MB, held in memory once."""
AT_ONCE = 5_000
AROUND = timedelta(days=7)
_RUN = SQLModel.metadata.tables["observed_run"]
Rows = Iterable[Iterable[object]]


def enclosed(session: Session, case: Case, statement: Statement, mask: Mask, refs: Iterable[str]) -> Enclosed:
    """`refs` are the exhibits' (`message:0197…`), in their order."""
    span = _reach(case, statement)
    monitors = session.exec(
        select(Monitor)
        .where(Monitor.service_id == UUID(case.service_id), col(Monitor.agreement).is_(None))
        .order_by(col(Monitor.key))
    ).all()
    names = {row.key: cell(row.name) for row in monitors if row.key is not None}
    own = [[stamp(one.span.start), stamp(one.span.end), cell(mask.text(one.reason))]
           for one in case.own_outages if one.span.overlaps(span)]  # fmt: skip
    file, what, note = _observed(session, names, span, mask)
    data = [(file, what)] if names else []
    lost = _let_go(session, names, span)
    if lost is not None:
        data.append((lost, "Hours of which the single answers were let go: how many, and their digests"))
        note += " Of some hours the single answers were let go in time: let-go.csv holds what is left of them."
    data.append((table("own-outages.csv", ("from", "until", "reason"), own), "When we were offline ourselves"))
    return Enclosed(
        originals=tuple(_originals(session, refs)),
        data=tuple(data),
        data_note=note if names else "No monitor of the service is on record.",
        counted=tuple(_counted(session, monitors, case)),
    )


def _reach(case: Case, statement: Statement) -> Span:
    """The period so far, and on to the answers that bound its first and last outage, a week at most."""
    period = case.period.span
    start, end = period.start, min(case.as_at, period.end)
    for outage in statement.outages:
        start = min(start, outage.last_good_at or outage.span.start)
        end = max(end, outage.first_good_at or outage.span.end)
    start, end = max(start, period.start - AROUND), min(end + timedelta(seconds=1), period.end + AROUND)
    return Span(start, max(min(end, case.as_at + timedelta(seconds=1)), start + timedelta(seconds=1)))


def _observed(session: Session, names: dict[int, str], span: Span, mask: Mask) -> tuple[File, str, str]:
    """Every answer, or the intervals they make where they are too many. Read in batches, in order of time."""
    low, high = micros(span.start), micros(span.end)
    tallies = [tally(session, key, low, high) for key in names]
    count = sum(one.total - one.gone for one in tallies)
    reach = f"{span.start:%Y-%m-%d %H:%M} to {span.end:%Y-%m-%d %H:%M} UTC"
    if count <= MOST_ROWS:
        hidden: dict[str | None, str] = {}
        rows = (
            [stamp(EPOCH + timedelta(0, 0, row.at)), names[monitor], STATES[row.state].value,
             "" if row.latency_ms is None else row.latency_ms,
             hidden.setdefault(row.error, cell(mask.text(row.error or "")))]
            for monitor, row in raw.rows(session, names, low, high)
        )  # fmt: skip
        header = ("at", "monitor", "state", "latency_ms", "error")
        return (
            table("observations.csv", header, rows),
            f"Every observation of the service's monitors, {count:,} rows, {reach}",
            "observations.csv holds every single answer; the pages show the intervals they make.",
        )
    run_query = (
        sa.select(_RUN)
        .where(_RUN.c.monitor.in_(list(names)), _RUN.c.held_until > low, _RUN.c.first_at < high)
        .order_by(_RUN.c.first_at, _RUN.c.monitor)
    )
    intervals = (
        [stamp(EPOCH + timedelta(0, 0, row.first_at)), stamp(EPOCH + timedelta(0, 0, row.last_at)),
         names[row.monitor], STATES[row.state].value, row.count]
        for row in _batches(session, run_query)
    )  # fmt: skip
    return (
        table("intervals.csv", ("first_at", "last_at", "monitor", "state", "observations"), intervals),
        f"Intervals of one state, made of {count:,} observations, {reach}",
        f"{count:,} observations are too many for this file: intervals.csv holds the intervals they make; "
        "every single answer is in our record.",
    )


def _let_go(session: Session, names: dict[int, str], span: Span) -> File | None:
    """The hours of the span of which only counts and digests are left."""
    low, high = micros(span.start), micros(span.end)
    rows = [
        [stamp(start_of(hour.hour)), name, *hour.counts, digest or "", entry or ""]
        for key, name in names.items()
        for hour, digest, entry in raw.digests(session, key, raw.gone(session, key, low, high))
    ]
    header = ("hour", "monitor", *(state.value for state in STATES), "sha256", "entry")
    return table("let-go.csv", header, rows) if rows else None


def _batches(session: Session, query: sa.Select[tuple[object, ...]]) -> Iterator[sa.Row[tuple[object, ...]]]:
    """Rows as they are read, a batch in memory at a time."""
    result = session.connection().execution_options(yield_per=AT_ONCE).execute(query)
    for batch in result.partitions(AT_ONCE):
        yield from batch


def _counted(session: Session, monitors: Iterable[Monitor], case: Case) -> Iterator[tuple[str, Counted]]:
    low, high = micros(case.period.span.start), micros(min(case.as_at, case.period.span.end))
    for monitor in monitors:
        found = tally(session, monitor.key or 0, low, high)
        edges = [None if at is None else EPOCH + timedelta(0, 0, at) for at in (found.first, found.last)]
        yield monitor.name, Counted(found.total, found.counts[CODES["down"]], edges[0], edges[1])


def _originals(session: Session, refs: Iterable[str]) -> Iterator[Original]:
    for ref in refs:
        table_name, _, id_ = ref.partition(":")
        message = session.get(Message, UUID(id_)) if table_name == "message" else None
        kept = session.get(Attachment, message.digest) if message is not None else None
        if message is not None and kept is not None:
            channel = CHANNELS.get(message.channel, message.channel)
            yield Original(ref, message.received_at, channel, message.subject, message.media_type, kept.content)
            session.expunge(kept)


def table(name: str, header: tuple[str, ...], rows: Rows) -> File:
    """A CSV file: UTF-8, comma, line feed, a header."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return File(name, out.getvalue().encode())


def cell(text: str) -> str:
    """Text that a spreadsheet takes for text: what begins like a formula gets an apostrophe before it."""
    text = " ".join(text.split())
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text


def stamp(moment: datetime) -> str:
    """2025-06-28T20:00:00Z; the decimals of a second only where there are some."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


__all__ = ["MOST_ROWS", "cell", "enclosed", "stamp", "table"]
