"""How it is now, over HTTP: states, what was measured, figures for Prometheus, and the address that heartbeats call."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import sqlalchemy as sa
from fastapi import Path, Query, Request, Response
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from pydantic import Field
from sqlmodel import Session, col, select

from app.access.guard import Operator, Viewer
from app.db import transaction
from app.errors import found
from app.fields import Line, Out
from app.probes import actions, heartbeats, states
from app.probes.importing.fields import instant, micros
from app.probes.locations.actions import alive
from app.probes.locations.tables import Location
from app.probes.storage.reading import newest
from app.probes.tables import STATES, Monitor, Prober
from app.sla.case import State
from app.web.edge import NowDep, Page, PagingDep, Router, SessionDep, page

router = Router(tags=["observations"])
outside = Router(root="", tags=["observations"])
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class DayOut(Out):
    """Seconds of the last 24 hours in each state, as observed; what nobody saw is unknown."""

    up: int
    degraded: int
    down: int
    unknown: int


class PlaceOut(Out):
    """How one of several locations sees it."""

    location: str
    state: State
    missing: Annotated[bool, Field(description="Nothing is heard from there.")]
    failures: int
    since_at: datetime | None
    last_at: datetime | None
    latency_ms: int | None
    error: str | None
    detail: str | None


class NowOut(Out):
    id: UUID
    name: str
    kind: str
    service_id: UUID | None
    site_id: UUID | None
    state: State
    confirmed: Annotated[bool, Field(description="A failure that counts as an outage already.")]
    failures: Annotated[int, Field(description="In a row, up to now.")]
    since_at: Annotated[datetime | None, Field(description="Since when it has been so, as far as anybody looked.")]
    last_at: Annotated[datetime | None, Field(description="Of the last answer.")]
    latency_ms: int | None
    error: Annotated[str | None, Field(description="The class of the failure.")]
    detail: str | None
    last_day: DayOut
    agreement: Annotated[str | None, Field(description="How many of its locations make it down.")] = None
    locations: Annotated[tuple[PlaceOut, ...], Field(description="Where it is asked from several.")] = ()


class ProberOut(Out):
    """Who probes for this database."""

    running: bool
    since_at: datetime | None = None
    seen_at: datetime | None = None
    monitors: int = 0
    waiting: Annotated[int, Field(description="Answers not yet written.")] = 0
    lag_ms: Annotated[int, Field(description="The longest delay of its loop of late.")] = 0
    offline_since: Annotated[datetime | None, Field(description="Since when we have been offline ourselves.")] = None
    references: Annotated[int, Field(description="Addresses that tell whether we are online; 0: nobody can tell.")] = 0


class StatusOut(Page[NowOut]):
    prober: ProberOut


class MeasurementOut(Out):
    """An answer of Kept's own prober; times in microseconds."""

    at: datetime
    state: State
    error: str | None
    dns_us: int | None
    connect_us: int | None
    tls_us: int | None
    first_byte_us: int | None
    total_us: int | None
    address: str | None
    detail: str | None
    digest: Annotated[str | None, Field(description="SHA-256 of the body of a failure, as far as it was read.")]


class MeasurementPage(Out):
    items: list[MeasurementOut]


class HeartbeatOut(Out):
    path: Annotated[str, Field(description="What the site calls, by GET or POST. It is not shown again.")]


class CalledOut(Out):
    heard: bool = True


@router.get("/status", dependencies=[Viewer])
def status(session: SessionDep, paging: PagingDep, now: NowDep) -> StatusOut:
    """Every monitor that is in use: how it is now, since when, what the last day was like; and how the prober is."""
    query = select(Monitor).where(col(Monitor.until_at).is_(None), col(Monitor.part_of).is_(None))
    rows, following = page(session, query, Monitor.id, paging)
    items = [_now(one) for one in states.states(session, rows, now)]
    return StatusOut(items=items, next=following, prober=_prober(states.prober(session), now))


@router.get("/monitors/{monitor_id}/state", dependencies=[Viewer])
def state(monitor_id: UUID, session: SessionDep, now: NowDep) -> NowOut:
    """One monitor: how it is now."""
    return _now(states.states(session, [_monitor(session, monitor_id)], now)[0])


@router.get("/monitors/{monitor_id}/measurements", dependencies=[Viewer])
def measurements(
    monitor_id: UUID, session: SessionDep, limit: Annotated[int, Query(ge=1, le=1000, description="How many.")] = 20
) -> MeasurementPage:
    """The newest answers of Kept's own prober with how long each part took, newest first."""
    key = _monitor(session, monitor_id).key
    rows = [row._asdict() for row in newest(session, key or 0, limit)]
    shown = [
        MeasurementOut.model_validate(row | {"at": instant(row["at"]), "state": STATES[row["state"]]}) for row in rows
    ]
    return MeasurementPage(items=shown)


@router.post(
    "/monitors/{monitor_id}/heartbeat", status_code=201, dependencies=[Operator], openapi_extra={"x-secret": True}
)
def new_heartbeat(monitor_id: UUID, session: SessionDep, now: NowDep) -> HeartbeatOut:
    """The address the site calls, shown once; made again, the one before counts no more."""
    secret = actions.new_heartbeat(session, _monitor(session, monitor_id), now=now)
    return HeartbeatOut(path=f"/heartbeats/{secret}")


Secret = Annotated[str, Path(max_length=200, description="As `POST /monitors/{monitor_id}/heartbeat` gave it.")]
State3 = Annotated[Literal["up", "degraded", "down"], Query(description="How the site itself says it is.")]
Note = Annotated[Line | None, Query(description="Why, where it is not up.", examples=["the nightly backup failed"])]


@outside.post("/heartbeats/{secret}")
def called(secret: Secret, session: SessionDep, now: NowDep, state: State3 = "up", note: Note = None) -> CalledOut:
    """A site says that it is there. Its address is the only thing it needs; more than one call a second is one."""
    session.info["actor"] = "heartbeat"
    heartbeats.called(session, secret, state=State(state), note=note or "", now=now)
    return CalledOut()


@outside.get("/heartbeats/{secret}")
def called_by_get(
    secret: Secret, request: Request, response: Response, now: NowDep, state: State3 = "up", note: Note = None
) -> CalledOut:  # fmt: skip
    """The same for whatever can only fetch an address."""
    with transaction(request.app.state.engine) as session:
        session.info["actor"] = "heartbeat"
        heartbeats.called(session, secret, state=State(state), note=note or "", now=now)
    response.headers["cache-control"] = "no-store"
    return CalledOut()


@outside.get("/metrics", dependencies=[Viewer], response_class=Response, responses={
    200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "In the text format of Prometheus."}
})  # fmt: skip
def metrics(session: SessionDep, now: NowDep) -> Response:
    """Figures of the monitors and of Kept itself for Prometheus, which sends a viewer's token."""
    registry = CollectorRegistry()
    registry.register(Figures(session, now))
    return Response(generate_latest(registry), media_type=CONTENT_TYPE)


class Figures(Collector):
    def __init__(self, session: Session, now: datetime) -> None:
        self.session, self.now = session, now

    def collect(self) -> Iterator[Metric]:
        live = select(Monitor).where(col(Monitor.until_at).is_(None), col(Monitor.part_of).is_(None))
        query = live.order_by(col(Monitor.name))
        state = GaugeMetricFamily("kept_monitor_state", "1 for the state a monitor is in.", labels=["monitor", "state"])
        latency = GaugeMetricFamily("kept_monitor_latency_seconds", "Of the last answer.", labels=["monitor"])
        last = GaugeMetricFamily("kept_monitor_last_answer_timestamp_seconds", "When it came.", labels=["monitor"])
        failures = GaugeMetricFamily("kept_monitor_failures", "In a row, up to now.", labels=["monitor"])
        for one in states.states(self.session, self.session.exec(query).all(), self.now):
            name = one.monitor.name
            for code in STATES:
                state.add_metric([name, str(code)], int(code is one.state))
            failures.add_metric([name], one.failures)
            if one.latency_ms is not None:
                latency.add_metric([name], one.latency_ms / 1000)
            if one.last_at is not None:
                last.add_metric([name], micros(one.last_at) / 1_000_000)
        yield from (state, latency, last, failures)
        row = states.prober(self.session)
        health: dict[str, Any] = {} if row is None else row.health
        yield GaugeMetricFamily("kept_prober_running", "Whether anybody probes.", int(states.runs(row, self.now)))
        offline = int(health.get("offline_since") is not None)
        yield GaugeMetricFamily("kept_prober_offline", "Whether we are offline ourselves.", offline)
        yield GaugeMetricFamily("kept_prober_lag_seconds", "Delay of its loop.", health.get("lag_us", 0) / 1_000_000)
        yield GaugeMetricFamily("kept_prober_waiting", "Answers not yet written.", health.get("waiting", 0))
        yield CounterMetricFamily("kept_prober_asked", "Questions asked since it started.", health.get("asked", 0))
        yield CounterMetricFamily("kept_prober_failed", "Of them answered with a failure.", health.get("failed", 0))
        asks = GaugeMetricFamily("kept_location_asks", "Whether its agent is heard of.", labels=["location"])
        offset = GaugeMetricFamily("kept_location_clock_offset_seconds", "Its clock less ours.", labels=["location"])
        waiting = GaugeMetricFamily("kept_location_waiting", "Answers on its disk.", labels=["location"])
        for place in self.session.exec(select(Location).where(col(Location.until_at).is_(None))):
            asks.add_metric([place.name], int(alive(place, self.now)))
            waiting.add_metric([place.name], place.health.get("waiting", 0))
            if place.offset_ms is not None:
                offset.add_metric([place.name], place.offset_ms / 1000)
        yield from (asks, offset, waiting)
        head = self.session.connection().execute(sa.text("select max(seq) from entry")).scalar()
        yield GaugeMetricFamily("kept_evidence_entries", "Lines of the evidence log.", head or 0)


def _now(one: states.Now) -> NowOut:
    monitor, day = one.monitor, one.day
    parts = (day.up, day.degraded, day.down, day.unknown) if day is not None else ()
    seconds = [round(part.total_seconds()) for part in parts] or [0, 0, 0, 86_400]
    return NowOut(
        id=monitor.id, name=monitor.name, kind=monitor.kind, service_id=monitor.service_id, site_id=monitor.site_id,
        state=one.state, confirmed=one.confirmed, failures=one.failures, since_at=one.since_at, last_at=one.last_at,
        latency_ms=one.latency_ms, error=one.error, detail=one.detail,
        last_day=DayOut(**dict(zip(("up", "degraded", "down", "unknown"), seconds, strict=True))),
        agreement=monitor.agreement, locations=tuple(_place(place) for place in one.places),
    )  # fmt: skip


def _place(one: states.Now) -> PlaceOut:
    return PlaceOut(
        location=one.monitor.location or "", state=one.state, missing=one.missing, failures=one.failures,
        since_at=one.since_at, last_at=one.last_at, latency_ms=one.latency_ms, error=one.error, detail=one.detail,
    )  # fmt: skip


def _prober(row: Prober | None, now: datetime) -> ProberOut:
    if row is None:
        return ProberOut(running=False)
    health = row.health
    offline = health.get("offline_since")
    return ProberOut(
        running=states.runs(row, now), since_at=row.since_at, seen_at=row.seen_at, monitors=health.get("monitors", 0),
        waiting=health.get("waiting", 0), lag_ms=health.get("lag_us", 0) // 1000,
        references=health.get("references", 0), offline_since=None if offline is None else instant(offline),
    )  # fmt: skip


def _monitor(session: Session, monitor_id: UUID) -> Monitor:
    return found(session.exec(select(Monitor).where(col(Monitor.id) == monitor_id)).first(), "monitor", monitor_id)
