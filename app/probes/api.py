"""Monitors, observations in bulk and what became of them, our own outages."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Annotated, Any, BinaryIO, Literal
from uuid import UUID

import sqlalchemy as sa
from fastapi import Query, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import Field, computed_field
from sqlmodel import Session, SQLModel, col, select
from starlette.requests import ClientDisconnect

from app.access.guard import Operator, Viewer
from app.errors import BadInput, found
from app.fields import In, Instant, Line, Out, Text
from app.probes import actions, states
from app.probes.importing.fields import EPOCH, LAST, instant, micros
from app.probes.importing.files import ImportResult, import_file
from app.probes.importing.reading import EXAMPLES, HEADER, Format
from app.probes.shapes import MonitorIn, MonitorOut, MonitorSeen, RetireIn
from app.probes.storage.hours import start_of
from app.probes.storage.reading import Gone, columns, digests, gone
from app.probes.tables import STATES, ImportBatch, Monitor, OwnOutage
from app.sla.case import State
from app.web.edge import Edge, NowDep, Page, PagingDep, Router, SessionDep, page

router = Router(tags=["observations"])
MOST_GONE = 100

MEDIA_TYPES: dict[str, Format] = {
    "text/csv": "csv", "application/csv": "csv",
    "application/x-ndjson": "ndjson", "application/ndjson": "ndjson", "application/jsonl": "ndjson",
    "application/x-jsonlines": "ndjson", "application/jsonlines": "ndjson",
}  # fmt: skip


class ObservationOut(Out):
    at: datetime
    state: State
    latency_ms: int | None
    error: str | None


class RunOut(Out):
    """Consecutive observations of one state. `held_until`: at the next observation, at most three intervals on."""

    state: State
    first_at: datetime
    last_at: datetime
    held_until: datetime
    count: int


class Series(Page[Any]):
    next: datetime | None = None  # type: ignore[assignment]


class GoneOut(Out):
    """An hour whose observations were let go when their time was over."""

    hour: datetime
    observations: int
    sha256: Annotated[str | None, Field(description="Of its lines, as sealed.")]
    entry: Annotated[int | None, Field(description="The line of the evidence log that covers it.")]


class ObservationPage(Series):
    items: list[ObservationOut]
    gone: Annotated[list[GoneOut], Field(description="Hours of the span that are not there any more, 100 at most.")]
    gone_hours: Annotated[int, Field(description="How many there are.")]


class RunPage(Series):
    items: list[RunOut]


class ImportMonitor(Out):
    id: UUID
    name: str
    rows: int


class BatchOut(Out):
    """A file that was taken in."""

    id: UUID
    file: str
    sha256: Annotated[str, Field(description="Of the file, unpacked.")]
    rows: int
    added: int
    already_there: int
    first_at: datetime
    last_at: datetime
    states: dict[str, int]
    monitors: list[ImportMonitor]
    entry: Annotated[int, Field(description="Its line in the evidence log.")]
    created_at: datetime


class ImportOut(BatchOut):
    repeated: Annotated[bool, Field(description="These very bytes were taken in before; nothing was done now.")]


class OwnOutageIn(In):
    start_at: Annotated[Instant, Field(examples=["2025-06-03T04:10:00+02:00"])]
    end_at: Annotated[Instant, Field(examples=["2025-06-03T04:25:00+02:00"])]
    reason: Annotated[Text, Field(min_length=1, examples=["our own connection was cut"])]
    source: Annotated[Literal["M", "N"], Field(description="M measured, N noted by a person.")] = "N"


class OwnOutageOut(Out):
    id: UUID
    start_at: datetime
    end_at: datetime
    reason: str
    source: str
    created_at: datetime
    withdrawn_at: datetime | None
    withdrawn_reason: str | None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def seconds(self) -> int:
        return round((self.end_at - self.start_at).total_seconds())


class WithdrawIn(In):
    reason: Annotated[Text, Field(min_length=1, examples=["it was another day"])]


@router.post("/monitors", status_code=201, dependencies=[Operator])
def create_monitor(body: MonitorIn, session: SessionDep, now: NowDep, request: Request) -> MonitorOut:
    """A new series of observations of a service or of a site. With `address` or `check` Kept's own prober asks, within
    a few seconds for the first time; without them observations are imported."""
    wanted = body.complete(session, request.app.state.networks)
    return MonitorOut.model_validate(
        actions.create_monitor(session, **wanted, vault=request.app.state.vault, now=now)
    )  # fmt: skip


@router.get("/monitors", dependencies=[Viewer])
def list_monitors(
    session: SessionDep, paging: PagingDep, service_id: UUID | None = None, site_id: UUID | None = None
) -> Page[MonitorOut]:
    """All monitors, those of one service or those of one site. What each location sees of one is not listed."""
    query = select(Monitor).where(col(Monitor.part_of).is_(None))
    if service_id is not None:
        query = query.where(Monitor.service_id == service_id)
    if site_id is not None:
        query = query.where(Monitor.site_id == site_id)
    rows, following = page(session, query, Monitor.id, paging)
    return Page(items=[MonitorOut.model_validate(row) for row in rows], next=following)


@router.get("/monitors/{monitor_id}", dependencies=[Viewer])
def read_monitor(monitor_id: UUID, session: SessionDep, now: NowDep) -> MonitorSeen:
    """One monitor, and how much it, or all its locations, have seen."""
    monitor = _monitor(session, monitor_id)
    runs = SQLModel.metadata.tables["observed_run"].c
    mine = runs.monitor == monitor.key
    if monitor.agreement is not None:
        mine = runs.monitor.in_(select(Monitor.key).where(Monitor.part_of == monitor.key))
    count, first, last = session.connection().execute(
        sa.select(sa.func.sum(runs.count), sa.func.min(runs.first_at), sa.func.max(runs.last_at)).where(mine)
    ).one()  # fmt: skip
    state = session.connection().execute(
        sa.select(runs.state).where(mine).order_by(runs.first_at.desc()).limit(1)
    ).scalar()  # fmt: skip
    if monitor.agreement is not None:
        state = STATES.index(states.states(session, [monitor], now)[0].state)
    return MonitorSeen(
        **monitor.model_dump(),
        observations=int(count or 0),
        first_at=instant(first) if first is not None else None,
        last_at=instant(last) if last is not None else None,
        state=STATES[state] if state is not None else None,
    )


@router.post("/monitors/{monitor_id}/retire", dependencies=[Operator])
def retire_monitor(monitor_id: UUID, body: RetireIn, session: SessionDep, now: NowDep) -> MonitorOut:
    """It takes no part from that moment on, and its silence says nothing. What it saw stays."""
    monitor = _monitor(session, monitor_id)
    actions.retire_monitor(session, monitor, until_at=body.until_at, reason=body.reason, now=now)
    return MonitorOut.model_validate(monitor)


From = Annotated[Instant | None, Query(alias="from", description="Nothing before this moment.")]
To = Annotated[Instant | None, Query(description="Nothing at or after this moment.")]
After = Annotated[Instant | None, Query(description="`next` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=5000, description="How many at the most.")]


@router.get("/monitors/{monitor_id}/observations", dependencies=[Viewer])
def list_observations(
    monitor_id: UUID, session: SessionDep, from_: From = None, to: To = None, after: After = None, limit: Limit = 1000
) -> ObservationPage:
    """What one monitor saw, answer by answer, in order of time."""
    key = _monitor(session, monitor_id).key or 0
    low = max(micros(from_ or EPOCH), micros(after) + 1 if after is not None else 0)
    high = LAST if to is None else micros(to)
    rows = list(islice(_seen(session, key, low, high), limit + 1))
    items = [
        ObservationOut(at=instant(at), state=STATES[state], latency_ms=latency, error=error)
        for at, state, latency, error in rows[:limit]
    ]
    following = items[-1].at if len(rows) > limit else None
    lost = gone(session, key, low, high if following is None else rows[limit][0])
    return ObservationPage(
        items=items, next=following, gone=[_gone(*one) for one in digests(session, key, lost[:MOST_GONE])],
        gone_hours=len(lost),
    )  # fmt: skip


@router.get("/monitors/{monitor_id}/runs", dependencies=[Viewer])
def list_runs(
    monitor_id: UUID, session: SessionDep, from_: From = None, to: To = None, after: After = None, limit: Limit = 1000
) -> RunPage:
    """The same, consecutive answers of one state put together; a run that began before `from` and still held then
    is the first."""
    key = _monitor(session, monitor_id).key
    table = SQLModel.metadata.tables["observed_run"].c
    query = sa.select(table.state, table.first_at, table.last_at, table.held_until, table.count)
    query = query.where(table.monitor == key)
    if from_ is not None:
        query = query.where(table.held_until > micros(from_))
    query = _between(query, table.first_at, None, to, after).limit(limit + 1)
    rows = session.connection().execute(query).all()
    items = [
        RunOut(
            state=STATES[row.state], first_at=instant(row.first_at), last_at=instant(row.last_at),
            held_until=instant(row.held_until), count=row[4],
        )
        for row in rows[:limit]
    ]  # fmt: skip
    return RunPage(items=items, next=items[-1].first_at if len(rows) > limit else None)


BODY = {
    "required": True,
    "content": {
        "text/csv": {"schema": {"type": "string"}, "example": f"{HEADER}\n{EXAMPLES['csv']}\n"},
        "application/x-ndjson": {"schema": {"type": "string"}, "example": EXAMPLES["ndjson"] + "\n"},
    },
}


# No replay by Idempotency-Key: it would hold the whole file in memory. The same file again adds nothing anyway.
@router.post(
    "/observations", status_code=201, dependencies=[Operator], openapi_extra={"requestBody": BODY, "x-secret": True}
)
async def import_observations(
    request: Request,
    now: NowDep,
    format: Annotated[Literal["csv", "ndjson"] | None, Query(description="Where the Content-Type is neither.")] = None,
    name: Annotated[Line, Query(description="What the file is called in the log.", examples=["june.csv"])] = "upload",
) -> ImportOut:
    """Takes in a file of observations: the body is the file itself, CSV with a header or one JSON object a line,
    plain or gzip. All of it or nothing: one bad line refuses the file and is named. What is there already adds
    nothing, so a file may be sent again."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    read_as = format or MEDIA_TYPES.get(media_type)
    if read_as is None:
        raise BadInput(
            f"{media_type or 'nothing'} is not a format observations are read from; send text/csv or "
            "application/x-ndjson, or say ?format=csv",
            field="Content-Type", example="curl --data-binary @june.csv -H 'Content-Type: text/csv' …/observations",
        )  # fmt: skip
    edge: Edge = request.state.edge
    with tempfile.TemporaryFile() as spooled:
        try:
            async for part in request.stream():
                await run_in_threadpool(spooled.write, part)
        except ClientDisconnect:
            raise BadInput("the file broke off; nothing of it was taken in", field="body") from None
        result = await run_in_threadpool(_import, edge, spooled, name, read_as, now)
    return ImportOut(**_batch(result.batch).model_dump() | _now(result))


@router.get("/imports", dependencies=[Viewer])
def list_imports(session: SessionDep, paging: PagingDep) -> Page[BatchOut]:
    """The files that were taken in."""
    rows, following = page(session, select(ImportBatch), ImportBatch.id, paging)
    return Page(items=[_batch(row) for row in rows], next=following)


@router.post("/own-outages", status_code=201, dependencies=[Operator])
def record_own_outage(body: OwnOutageIn, session: SessionDep, now: NowDep) -> OwnOutageOut:
    """We were offline ourselves: whatever was measured in that span is unknown, never the provider's."""
    return OwnOutageOut.model_validate(actions.record_own_outage(session, **body.model_dump(), now=now))


@router.get("/own-outages", dependencies=[Viewer])
def list_own_outages(session: SessionDep, paging: PagingDep) -> Page[OwnOutageOut]:
    """When we were offline ourselves, withdrawn notes included."""
    rows, following = page(session, select(OwnOutage), OwnOutage.id, paging)
    return Page(items=[OwnOutageOut.model_validate(row) for row in rows], next=following)


@router.post("/own-outages/{own_outage_id}/withdraw", dependencies=[Operator])
def withdraw_own_outage(own_outage_id: UUID, body: WithdrawIn, session: SessionDep, now: NowDep) -> OwnOutageOut:
    """It was entered wrongly: from now on it counts for nothing, and stays readable."""
    outage = found(session.get(OwnOutage, own_outage_id), "own_outage", own_outage_id)
    return OwnOutageOut.model_validate(actions.withdraw_own_outage(session, outage, reason=body.reason, now=now))


def _seen(session: Session, key: int, low: int, high: int) -> Iterator[tuple[int, int, int | None, str | None]]:
    for part in columns(session, key, low, high):
        yield from zip(part.at, part.state, part.latency_ms, part.error, strict=True)


def _gone(hour: Gone, digest: str | None, entry: int | None) -> GoneOut:
    return GoneOut(hour=start_of(hour.hour), observations=hour.observations, sha256=digest, entry=entry)


def _monitor(session: Session, monitor_id: UUID) -> Monitor:
    return found(session.exec(select(Monitor).where(col(Monitor.id) == monitor_id)).first(), "monitor", monitor_id)


def _between(
    query: sa.Select[Any], at: Any, from_: datetime | None, to: datetime | None, after: datetime | None
) -> sa.Select[Any]:
    if from_ is not None:
        query = query.where(at >= micros(from_))
    if to is not None:
        query = query.where(at < micros(to))
    if after is not None:
        query = query.where(at > micros(after))
    return query.order_by(at)


def _import(edge: Edge, spooled: BinaryIO, name: str, format: Format, now: datetime) -> ImportResult:
    session = edge.open()
    return import_file(session, spooled, name=name, format=format, now=now)


def _batch(row: ImportBatch) -> BatchOut:
    return BatchOut(
        id=row.id, file=row.name, sha256=row.digest, rows=row.rows, added=row.added,
        already_there=row.rows - row.added, first_at=row.first_at, last_at=row.last_at, states=row.states,
        monitors=[ImportMonitor(**monitor) for monitor in row.monitors], entry=row.entry, created_at=row.created_at,
    )  # fmt: skip


def _now(result: ImportResult) -> dict[str, Any]:
    return {"added": result.added, "already_there": result.already_there, "repeated": result.repeated}
