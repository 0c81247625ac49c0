"""What is due over the API: the list, reminders, and a calendar anybody with its address can subscribe to."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query, Request, Response
from pydantic import Field
from sqlmodel import Session, col, select

from app.access.guard import Operator, Owner, Viewer
from app.db import reader, transaction
from app.due import actions, queries
from app.due.calendar import MEDIA, calendar, in_calendar
from app.due.items import KINDS, Item
from app.due.tables import CalendarFeed, Reminder
from app.fields import Amount, In, Line, Out
from app.web.edge import Edge, NowDep, Page, PagingDep, Router, SessionDep, page

router = Router(tags=["due"])
ICS: dict[int | str, dict[str, Any]] = {200: {"content": {"text/calendar": {}}, "description": "The calendar."}}


class ReminderAt(Out):
    level: Annotated[str, Field(description="half, four_fifths, last_day; now for what cannot wait.")]
    day: date
    at: datetime


class DueOut(Out):
    """One thing that is due, or will be."""

    key: Annotated[str, Field(description="The same for as long as it is the same thing.")]
    kind: Annotated[str, Field(description=", ".join(KINDS))]
    level: Annotated[str, Field(description="coming, half, four_fifths, last_day, now or missed.")]
    title: str
    text: Annotated[str, Field(description="In full; of open_ticket the text to paste into the provider's form.")]
    service_id: UUID
    service: str
    provider: str
    zone: Annotated[str, Field(description="The contract's: its days are meant.")]
    period: str | None
    earliest: Annotated[date | None, Field(description="The first local day.")]
    last_day: Annotated[date | None, Field(description="The last local day.")]
    due_at: Annotated[datetime | None, Field(description="The first instant too late, or the moment promised.")]
    amount: Amount | None
    currency: str | None
    final: Annotated[bool, Field(description="False while the period runs: what it comes to so far.")]
    clause: str | None
    claim_id: UUID | None
    claim: Annotated[str | None, Field(description="The number of the claim drafted for it.")]
    claim_state: str | None
    reminders: list[ReminderAt]


class ReminderOut(Out):
    id: UUID
    key: str
    level: str
    deadline: str
    due_at: datetime
    title: str
    text: str
    handed_over_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str | None


class AcknowledgedIn(In):
    by: Annotated[Line, Field(max_length=120, description="A person's name.", examples=["Dana Reyes"])]


class FeedIn(In):
    name: Annotated[Line, Field(max_length=120, description="Who reads it.", examples=["Dana's phone"])]


class FeedOut(Out):
    id: UUID
    name: str
    hint: Annotated[str, Field(description="The first characters of its secret.")]
    created_at: datetime
    revoked_at: datetime | None


class FeedMade(FeedOut):
    address: Annotated[str, Field(description="Where a calendar subscribes. Shown once; only its digest is kept.")]
    path: Annotated[str, Field(description="The same behind any other name of this service.")]


def due_out(item: Item) -> DueOut:
    """An item as the API and the command line show it."""
    about = item.about
    named = {name: getattr(item, name) for name in DueOut.model_fields if hasattr(item, name) and name != "reminders"}
    return DueOut(
        **named, service_id=about.service_id, service=about.service, provider=about.provider, zone=about.zone,
        reminders=[ReminderAt.model_validate(mark) for mark in item.reminders],
    )  # fmt: skip


def _reminder(row: Reminder) -> ReminderOut:
    return ReminderOut.model_validate(row.model_dump() | {"handed_over_at": row.created_at})


@router.get("/due", dependencies=[Viewer])
def list_due(
    session: SessionDep, now: NowDep,
    service_id: UUID | None = None,
    kind: Annotated[str | None, Query(pattern="^[a-z_]{1,20}$", description="open_ticket, claim, …")] = None,
) -> list[DueOut]:  # fmt: skip
    """What is due, most pressing first: tickets to open now, claims by their last day, promised updates, windows that
    await a word, answers asked for on claims and in letters, rights to leave. Judged as at the moment of asking."""
    return [
        due_out(item)
        for item in queries.due(session, now)
        if service_id in (None, item.about.service_id) and kind in (None, item.kind)
    ]


@router.get("/reminders", dependencies=[Viewer])
def list_reminders(session: SessionDep, paging: PagingDep) -> Page[ReminderOut]:
    """The reminders that were handed over, oldest first."""
    rows, following = page(session, select(Reminder), Reminder.id, paging)
    return Page(items=[_reminder(row) for row in rows], next=following)


@router.get("/reminders/pending", dependencies=[Viewer])
def list_pending(session: SessionDep, now: NowDep) -> list[ReminderOut]:
    """The reminders that are due and were not handed over. Looking hands nothing over."""
    return [_reminder(row) for row in actions.pending(session, now)]


@router.post("/reminders/{reminder_id}/acknowledge", dependencies=[Operator])
def acknowledge(reminder_id: UUID, body: AcknowledgedIn, session: SessionDep, now: NowDep) -> ReminderOut:
    """Somebody has seen a reminder."""
    return _reminder(actions.acknowledge(session, reminder_id, by=body.by, now=now))


@router.post("/calendar-feeds", status_code=201, dependencies=[Owner], openapi_extra={"x-secret": True})
def make_feed(body: FeedIn, request: Request, session: SessionDep, now: NowDep) -> FeedMade:
    """A calendar address of a reader's own. Its secret is in this answer and nowhere else."""
    row, secret = actions.make_feed(session, name=body.name, now=now)
    path = f"/api/v1/calendar/{secret}.ics"
    return FeedMade(
        address=str(request.base_url).rstrip("/") + path, path=path, **FeedOut.model_validate(row).model_dump()
    )


@router.get("/calendar-feeds", dependencies=[Owner])
def list_feeds(session: SessionDep) -> list[FeedOut]:
    """All calendar feeds, revoked ones included."""
    rows = session.exec(select(CalendarFeed).order_by(col(CalendarFeed.id)))
    return [FeedOut.model_validate(row) for row in rows]


@router.post("/calendar-feeds/{feed_id}/revoke", dependencies=[Owner])
def revoke_feed(feed_id: UUID, session: SessionDep, now: NowDep) -> FeedOut:
    """The address answers no more, from now on."""
    return FeedOut.model_validate(actions.revoke_feed(session, feed_id, now=now))


@router.get("/calendar/{secret}.ics", response_class=Response, responses=ICS)
def read_feed(
    secret: Annotated[str, Path(max_length=100, description="Of a reader's own.", examples=["kept-made-this"])],
    request: Request, now: NowDep,
) -> Response:  # fmt: skip
    """What is due, as a calendar to subscribe to. The address is the secret: a calendar program sends no token."""
    edge: Edge = request.state.edge
    with Session(reader(edge.engine), expire_on_commit=False) as session:
        feed = actions.recognise(session, secret)
        items = in_calendar(queries.due(session, now))
        said = actions.said_before(session, items)
    if said is None:  # kept, so that the date's number goes up when it moves
        with transaction(edge.engine) as session:
            said = actions.say(session, items, now)
    content = calendar(items, said, f"Kept: {feed.name}")
    return Response(content, headers={"cache-control": "private, no-store"}, media_type=MEDIA)
