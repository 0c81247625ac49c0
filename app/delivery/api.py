"""Messages on their way over the API: where each stands, what a person decides, what came back, who gets none."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Depends, Query, Request
from pydantic import Field
from sqlmodel import Session, col, select

from app.access.guard import Operator, Viewer
from app.delivery import actions, afterwards, bounces, queries
from app.delivery.outbox.states import FOR_A_PERSON, State
from app.delivery.tables import Delivery, Suppression
from app.errors import BadInput
from app.fields import Id, In, Instant, Line, Out
from app.web.edge import NowDep, Page, PagingDep, Router, SessionDep, page

router = Router(tags=["deliveries"])
Person = Annotated[Line, Field(max_length=120, description="A person's name.", examples=["Dana Reyes"])]
Why = Annotated[Line, Field(max_length=300, examples=["their mail server says it is in the mailbox"])]


class DeliveryOut(Out):
    """One message to one person."""

    id: UUID
    key: str
    state: Annotated[State, Field(description="Where it stands; docs/delivery.md explains each.")]
    channel: Annotated[str, Field(description="email, paper or phone.")]
    message_id: str
    notice_id: UUID | None
    letter_id: UUID | None
    client_id: UUID | None
    contact_id: UUID | None
    name: str | None
    address: str | None
    subject: str | None
    calendar: Annotated[str | None, Field(description="REQUEST or CANCEL, where it has a date.")]
    calendar_sequence: int | None
    attempts: int
    due_at: Annotated[datetime | None, Field(description="When it is tried next.")]
    settled_at: datetime | None
    said: Annotated[str, Field(description="What it came to: the server's last words, as a rule.")]
    created_at: datetime
    erased_at: datetime | None
    let_go_at: Annotated[datetime | None, Field(description="When what it said was let go for its age.")]


class AttemptOut(Out):
    """One conversation with the server; without an end where the sender died."""

    number: int
    started_at: datetime
    ended_at: datetime | None
    kind: str | None
    stage: str | None
    about: str | None
    code: int | None
    status: str | None
    text: str


class EventOut(Out):
    """A report that came back, a decision, what was done by hand."""

    kind: str
    at: datetime
    by: str | None
    how: str | None
    status: str | None
    text: str


class DeliveryWhole(DeliveryOut):
    in_log: Annotated[str, Field(description="The subject of its entries in the log.")]
    content_digest: Annotated[
        str | None, Field(description="SHA-256 of what it said as handed over; stays when that is let go.")
    ]
    tries: list[AttemptOut]
    events: list[EventOut]


class CountsOut(Out):
    """How many messages stand where; of the states that have any."""

    states: dict[str, int]
    for_a_person: Annotated[int, Field(description="Those that somebody has to decide, post or telephone.")]


class DecideIn(In):
    what: Annotated[
        Literal["went", "again"],
        Field(description="`went`: it arrived after all. `again`: send it again, under the same Message-ID."),
    ]
    by: Person
    why: Why


class ByHandIn(In):
    how: Annotated[afterwards.How, Field(examples=["phone"])]
    by: Person
    at: Annotated[Instant | None, Field(description="When; left out: now.")] = None
    text: Annotated[Line | None, Field(max_length=300, examples=["told Ms Okafor herself"])] = None


class LiftIn(In):
    by: Person
    why: Why


class SuppressionOut(Out):
    id: UUID
    created_at: datetime
    address: str
    why: str
    delivery_id: UUID | None
    lifted_at: datetime | None
    lifted_by: str | None
    lifted_why: str | None


def _out(row: Delivery) -> DeliveryOut:
    return DeliveryOut.model_validate(row.model_dump() | {"calendar": row.calendar_method})


def _whole(session: Session, row: Delivery) -> DeliveryWhole:
    tries = [AttemptOut.model_validate(one) for one in queries.attempts_of(session, row.id)]
    events = [EventOut.model_validate(one) for one in queries.events_of(session, row.id)]
    more = {"in_log": f"delivery:{row.id}", "content_digest": queries.digest(session, row.id)}
    return DeliveryWhole(**_out(row).model_dump(), **more, tries=tries, events=events)


@router.get("/deliveries", dependencies=[Viewer])
def list_deliveries(
    session: SessionDep,
    paging: PagingDep,
    notice_id: Annotated[Id | None, Query()] = None,
    letter_id: Annotated[Id | None, Query()] = None,
    client_id: Annotated[Id | None, Query()] = None,
    contact_id: Annotated[Id | None, Query()] = None,
    state: Annotated[State | None, Query(description="Only those that stand there.")] = None,
    for_a_person: Annotated[bool, Query(description="Only those somebody has to decide, post or telephone.")] = False,
) -> Page[DeliveryOut]:
    """Messages, oldest first: of a round, a letter, a client, a person; in a state; or those for somebody to do."""
    query = select(Delivery)
    for column, value in (
        (Delivery.notice_id, notice_id), (Delivery.letter_id, letter_id), (Delivery.client_id, client_id),
        (Delivery.contact_id, contact_id), (Delivery.state, state),
    ):  # fmt: skip
        if value is not None:
            query = query.where(col(column) == value)
    if for_a_person:
        query = query.where(col(Delivery.state).in_(FOR_A_PERSON))
    rows, following = page(session, query, Delivery.id, paging)
    return Page(items=[_out(row) for row in rows], next=following)


@router.get("/deliveries/counts", dependencies=[Viewer])
def counts(session: SessionDep, notice_id: Annotated[Id | None, Query()] = None) -> CountsOut:
    """How many messages stand where, of one round or of all."""
    states = queries.counts(session, notice_id)
    return CountsOut(states=states, for_a_person=sum(states.get(state, 0) for state in FOR_A_PERSON))


async def _body(request: Request) -> bytes:
    return await request.body()


RAW: dict[str, Any] = {
    "required": True,
    "content": {"message/rfc822": {"schema": {"type": "string", "format": "binary"}}},
}


@router.post("/deliveries/bounces", dependencies=[Operator], openapi_extra={"requestBody": RAW})
def take_bounce(session: SessionDep, now: NowDep, content: Annotated[bytes, Depends(_body)]) -> list[DeliveryOut]:
    """Take in a delivery report (RFC 3464): `curl --data-binary @bounce.eml`. The same one twice counts once.
    Answers the messages it is about."""
    read = bounces.read(content)
    if not read:
        raise BadInput("is no delivery report", field="body", example="a message of the type multipart/report")
    return [_out(row) for row in afterwards.take_in(session, content, read, now)]


@router.get("/deliveries/{delivery_id}", dependencies=[Viewer])
def read_delivery(delivery_id: UUID, session: SessionDep) -> DeliveryWhole:
    """One message with every attempt to send it, and whatever else happened to it."""
    return _whole(session, queries.delivery(session, delivery_id))


@router.post("/deliveries/{delivery_id}/decide", dependencies=[Operator])
def decide(delivery_id: UUID, body: DecideIn, session: SessionDep, now: NowDep) -> DeliveryWhole:
    """Decide about a message that may have gone, or send one again that did not arrive."""
    return _whole(session, afterwards.decide(session, delivery_id, body.what, by=body.by, why=body.why, now=now))


@router.post("/deliveries/{delivery_id}/by-hand", dependencies=[Operator])
def by_hand(delivery_id: UUID, body: ByHandIn, session: SessionDep, now: NowDep) -> DeliveryWhole:
    """It reached them another way: posted, told by telephone or in person. It is not sent any more."""
    row = afterwards.by_hand(
        session, delivery_id, how=body.how, by=body.by, at=body.at or now, text=body.text or "", now=now
    )
    return _whole(session, row)


@router.get("/suppressions", dependencies=[Viewer])
def list_suppressions(
    session: SessionDep, paging: PagingDep, lifted: Annotated[bool, Query(description="Lifted ones too.")] = False
) -> Page[SuppressionOut]:
    """Addresses that are not written to, because mail to them was refused for good."""
    query = select(Suppression)
    if not lifted:
        query = query.where(col(Suppression.lifted_at).is_(None))
    rows, following = page(session, query, Suppression.id, paging)
    return Page(items=[SuppressionOut.model_validate(row) for row in rows], next=following)


@router.post("/suppressions/{suppression_id}/lift", dependencies=[Operator])
def lift(suppression_id: UUID, body: LiftIn, session: SessionDep, now: NowDep) -> SuppressionOut:
    """A named person says that the address works again. What was held back is sent only when somebody says so."""
    return SuppressionOut.model_validate(actions.lift(session, suppression_id, by=body.by, why=body.why, now=now))
