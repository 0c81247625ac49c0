"""Pictures of a monitor over HTTP, with the windows that were announced for what it watches."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Response
from pydantic import Field
from sqlmodel import Session, col, select

from app.access.guard import Viewer
from app.agreements import queries as agreements
from app.errors import BadInput, found
from app.fields import Instant, Out, Zone
from app.probes.charts import drawing, press
from app.probes.charts.picture import Marked, Picture, picture
from app.probes.tables import Monitor
from app.sites.tables import Placement
from app.sla.case import State
from app.sla.spans import Span
from app.watching import queries
from app.web.edge import NowDep, Router, SessionDep

router = Router(tags=["observations"])
LONGEST = timedelta(days=400)
From = Annotated[Instant | None, Query(alias="from", description="A day before `to` if left out.")]
To = Annotated[Instant | None, Query(description="Now, if left out.")]
InZone = Annotated[Zone | None, Query(description="Whose clock the marks go by; the service's if left out.")]


class BucketOut(Out):
    start_at: datetime
    end_at: datetime
    answers: Annotated[int, Field(description="Good ones whose time is known.")]
    p50_ms: int
    p95_ms: int


class StateOut(Out):
    start_at: datetime
    end_at: datetime
    state: State


class MarkOut(Out):
    start_at: datetime
    end_at: datetime
    label: str


class PictureOut(Out):
    """What the picture shows. Milliseconds are within 0.8 %."""

    sentence: Annotated[str, Field(description="All of it in words, for whoever does not see it.")]
    zone: str
    answers: int
    p50_ms: int | None
    p95_ms: int | None
    buckets: list[BucketOut]
    states: list[StateOut]
    windows: list[MarkOut]


@router.get("/monitors/{monitor_id}/chart", dependencies=[Viewer])
def chart(
    monitor_id: UUID, session: SessionDep, now: NowDep, from_: From = None, to: To = None, zone: InZone = None
) -> PictureOut:
    """Response time, states and announced windows of one monitor in figures, with the sentence they come to."""
    one = _picture(session, monitor_id, from_, to, zone, now)
    return PictureOut(
        sentence=one.sentence, zone=one.zone, answers=one.answers, p50_ms=one.p50_ms, p95_ms=one.p95_ms,
        buckets=[BucketOut(**_span(bucket.span), **_rest(asdict(bucket))) for bucket in one.buckets],
        states=[StateOut(start_at=start, end_at=end, state=state) for start, end, state in one.states],
        windows=[MarkOut(**_span(mark.span), label=mark.label) for mark in one.windows],
    )  # fmt: skip


SVG, PNG = "image/svg+xml", "image/png"


@router.get("/monitors/{monitor_id}/chart.svg", dependencies=[Viewer], response_class=Response, responses={
    200: {"content": {SVG: {"schema": {"type": "string"}}}, "description": "Its title says in words what it shows."}
})  # fmt: skip
def chart_svg(
    monitor_id: UUID, session: SessionDep, now: NowDep, from_: From = None, to: To = None, zone: InZone = None
) -> Response:
    """The same as a picture: half of the answers as a line, 95 % dashed, states below, windows outlined, what nobody
    saw hatched. Reads the same in grey."""
    svg = drawing.drawn(_picture(session, monitor_id, from_, to, zone, now))
    return Response(svg, media_type=SVG, headers={"content-security-policy": "default-src 'none'"})


@router.get("/monitors/{monitor_id}/chart.png", dependencies=[Viewer], response_class=Response, responses={
    200: {"content": {PNG: {"schema": {"type": "string", "format": "binary"}}}, "description": "Its sentence inside."}
})  # fmt: skip
def chart_png(
    monitor_id: UUID, session: SessionDep, now: NowDep, from_: From = None, to: To = None, zone: InZone = None
) -> Response:
    """The same picture as PNG; its description says in words what it shows."""
    one = _picture(session, monitor_id, from_, to, zone, now)
    return Response(press.pressed(drawing.drawn(one), one.sentence), media_type=PNG)


def _picture(
    session: Session, monitor_id: UUID, from_: datetime | None, to: datetime | None, zone: str | None, now: datetime
) -> Picture:
    monitor = found(session.exec(select(Monitor).where(col(Monitor.id) == monitor_id)).first(), "monitor", monitor_id)
    end = to or now
    start = from_ or end - timedelta(days=1)
    if start >= end:
        raise BadInput("must be later than from", field="to", example=(start + timedelta(days=1)).isoformat())
    if end - start > LONGEST:
        raise BadInput("is more than 400 days before to", field="from", example=(end - LONGEST).isoformat())
    span = Span(start, end)
    service_id = monitor.service_id or _service_of(session, monitor, end)
    shown = zone or (agreements.service(session, service_id).zone if service_id is not None else "UTC")
    windows = queries.announced(session, service_id, span) if service_id is not None else []
    marks = [Marked(Span(row.start_at, row.end_at), "announced window") for row in windows]
    return picture(session, monitor, span, zone=shown, windows=marks, now=now)


def _service_of(session: Session, monitor: Monitor, at: datetime) -> UUID | None:
    """The service its site sat on then."""
    stays = select(Placement.service_id).where(Placement.site_id == monitor.site_id, col(Placement.from_at) < at)
    return session.exec(stays.order_by(col(Placement.from_at).desc()).limit(1)).first()


def _span(span: Span) -> dict[str, Any]:
    return {"start_at": span.start, "end_at": span.end}


def _rest(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name != "span"}
