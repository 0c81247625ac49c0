"""A round's way over the API: its plan, its approval, its issue; what is to be written, and our own promises."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query, Request, Response
from pydantic import BaseModel, Field
from sqlmodel import Session

from app.access.guard import Operator, Viewer
from app.db import reader, transaction
from app.errors import NotFound
from app.fields import In, Instant, Line
from app.notices import issuing
from app.notices.api import PDF, NoticeOut
from app.notices.rounds import approval, promises, proposals
from app.notices.rounds import plan as plans
from app.notices.rounds.plan import Plan, Planned
from app.statements.actions import refused
from app.web.edge import Edge, NowDep, Router, SessionDep
from reports import letters as shop
from reports.errors import RenderRefused

router = Router(tags=["notices"])
Digest = Annotated[
    str,
    Field(
        pattern="^[0-9a-f]{64}$",
        description="Of the plan that was looked at: GET /notices/{id}/plan.",
        examples=["9f2c41d07be85a6e13c0aa94d2f86b570e1d3c48a7b9526fe08d14c36b7a5e21"],
    ),
]
Person = Annotated[Line, Field(max_length=120, description="Who answers for it.", examples=["Dana Reyes"])]
At = Annotated[Instant | None, Query(description="The moment they are to go out; left out: now.")]


class ToOut(BaseModel):
    """A person a letter goes to, how, and why."""

    contact_id: UUID
    name: str
    channel: str
    address: Annotated[str | None, Field(description="For e-mail.")]
    invitation: Annotated[bool, Field(description="Whether they wish calendar invitations.")]
    why: str


class Turned(BaseModel):
    fact: str
    says: Annotated[str, Field(description="As the letter says.")]
    is_now: Annotated[str, Field(description="As it is when they go out.")]


class PlannedOut(BaseModel):
    client_id: UUID
    client_number: str
    client: str
    language: str
    zone: str
    subject: str
    sites: dict[str, str]
    to: list[ToOut]
    own_text: Annotated[str | None, Field(description="The version of the agency's own text it is written in.")]
    untrue: list[Turned]
    had_since: Annotated[int | None, Field(description="A round drafted later that this client has had.")]
    text: Annotated[str | None, Field(description="The letter in plain text; with `text=true`.")] = None


class NotPlannedOut(BaseModel):
    client_id: UUID
    client_number: str
    client: str
    why: str


class PlanOut(BaseModel):
    """What would go out. `approval`: `named` needs a person's first name and surname, `click` any name."""

    notice: NoticeOut
    digest: str
    approval: Literal["click", "named"]
    letters: list[PlannedOut]
    left_out: list[NotPlannedOut]
    channels: Annotated[dict[str, int], Field(description="How many persons are reached which way.")]
    hindrances: Annotated[list[str], Field(description="Why it would be refused; empty: it may go out.")]


class ApproveIn(In):
    plan: Digest
    approved_by: Person


class IssueIn(In):
    plan: Digest
    approved_by: Annotated[Person | None, Field(description="Left out: whoever approved it.")] = None
    issued_at: Annotated[Instant | None, Field(description="When they went out; left out: now.")] = None
    send: Annotated[
        bool | None,
        Field(
            description="Whether Kept sends them; left out: yes, but not where `issued_at` says when they went out.",
            examples=[True],
        ),
    ] = None


class RenewIn(In):
    as_at: Annotated[Instant | None, Field(description="The moment the letters speak of; left out: now.")] = None


class ProposalOut(BaseModel):
    """A round that is to be written. `words` holds what is known of them, `missing` what a person has to give."""

    key: str
    service_id: UUID
    service: str
    kind: str
    window_id: UUID | None
    outage_from: datetime | None
    month: str | None
    follows: UUID | None
    clients: Annotated[list[UUID], Field(description="Whom it is for; `only` where not everybody.")]
    only: bool
    why: str
    since: datetime
    due_at: datetime
    approval: Literal["click", "named"]
    words: dict[str, Any]
    translations: dict[str, dict[str, Any]]
    missing: list[str]
    notice_id: Annotated[UUID | None, Field(description="The round drafted for it already.")]


class PromiseOut(BaseModel):
    """A next message we promised our clients: kept, broken by us, or open."""

    notice_id: UUID
    service_id: UUID
    number: int
    kind: str
    issued_at: datetime
    due_at: datetime
    state: Literal["kept", "broken", "open"]
    kept_at: Annotated[datetime | None, Field(description="When the last of them had it.")]
    letters: int
    without: Annotated[int, Field(description="How many had none by then, or have none so far.")]
    recorded_at: Annotated[datetime | None, Field(description="When the miss was written down.")]


@router.get("/notices/proposals", dependencies=[Viewer])
def list_proposals(session: SessionDep, now: NowDep, service_id: UUID | None = None) -> list[ProposalOut]:
    """Which rounds the record asks for now, the one due longest first, and what is missing to write each."""
    return [
        ProposalOut(
            key=item.key,
            service_id=item.service_id,
            service=item.service,
            kind=item.proposal.kind,
            window_id=_id(item.proposal.window_id),
            outage_from=item.proposal.outage_from,
            month=item.proposal.month,
            follows=_id(item.proposal.follows),
            clients=sorted(UUID(client) for client in item.proposal.clients),
            only=item.only,
            why=item.proposal.why,
            since=item.proposal.since,
            due_at=item.proposal.due_at,
            approval="named" if item.proposal.kind in approval.NAMED else "click",
            words=item.known.words,
            translations=item.known.translations,
            missing=list(item.known.missing),
            notice_id=item.notice_id,
        )
        for item in proposals.asked_for(session, now, service_id)
    ]


@router.get("/notices/promises", dependencies=[Viewer])
def list_promises(session: SessionDep, now: NowDep, service_id: UUID | None = None) -> list[PromiseOut]:
    """The next messages we promised our clients, oldest first. One that was missed is broken by us."""
    return [
        PromiseOut(
            notice_id=item.notice_id,
            service_id=item.service_id,
            number=item.number,
            kind=item.kind,
            issued_at=item.issued_at,
            due_at=item.due_at,
            state=item.state,
            kept_at=item.kept_at,
            letters=item.letters,
            without=len(item.without),
            recorded_at=item.recorded_at,
        )
        for item in promises.ours(session, now, service_id)
    ]


def _id(text: str | None) -> UUID | None:
    return UUID(text) if text else None


@router.get("/notices/{notice_id}/plan", dependencies=[Viewer])
def plan(
    request: Request,
    notice_id: UUID,
    now: NowDep,
    at: At = None,
    text: Annotated[bool, Query(description="With every letter in plain text.")] = False,
) -> PlanOut:
    """Everything that would go out, who gets what and why, who is left out and why. Sends nothing. Its digest is
    needed to approve and to issue: what was looked at is what goes."""
    edge: Edge = request.state.edge
    with Session(reader(edge.engine), expire_on_commit=False) as session:
        notice = issuing.unissued(session, notice_id)
        made = plans.made(session, notice, at=at or now)
        seen = plans.shown(session, notice_id, made.digest) is not None
        out = _shown(session, made, at or now, text)
    if not seen:
        with transaction(edge.engine) as session:
            if plans.shown(session, notice_id, made.digest) is None:
                session.add(plans.remembered(made, now))
    return out


def _shown(session: Session, made: Plan, at: datetime, text: bool) -> PlanOut:
    channels: dict[str, int] = {}
    for one in made.letters:
        for to in one.draft.to:
            channels[to.channel] = channels.get(to.channel, 0) + 1
    return PlanOut(
        notice=NoticeOut.model_validate(made.notice),
        digest=made.digest,
        approval="named" if made.notice.kind in approval.NAMED else "click",
        letters=[_letter(one, text) for one in made.letters],
        left_out=[
            NotPlannedOut(client_id=one.client_id, client_number=one.number, client=one.name, why=one.why)
            for one in made.left_out
        ],
        channels=channels,
        hindrances=approval.hindrances(made, at),
    )


def _letter(one: Planned, text: bool) -> PlannedOut:
    document = one.draft.document
    try:
        subject, written = shop.subject_of(document), shop.text_of(document)
    except RenderRefused as error:
        raise refused(error) from None
    return PlannedOut(
        client_id=one.client.id,
        client_number=one.client.number,
        client=one.client.name,
        language=document.header.language,
        zone=document.header.zone,
        subject=subject,
        sites={site.host_name: site.state for site in document.sites},
        to=[
            ToOut(
                contact_id=to.contact.id,
                name=to.contact.name,
                channel=to.channel,
                address=to.contact.email if to.channel == "email" else None,
                invitation=to.contact.invitations,
                why=to.why,
            )
            for to in one.draft.to
        ],
        own_text=document.own.origin if document.own is not None else None,
        untrue=[Turned(fact=fact, says=says, is_now=is_now) for fact, says, is_now in one.untrue],
        had_since=one.had_since,
        text=written if text else None,
    )


@router.get(
    "/notices/{notice_id}/plan/{client_id}/letter.pdf", dependencies=[Viewer], response_class=Response, responses=PDF
)
def plan_pdf(notice_id: UUID, client_id: UUID, session: SessionDep, now: NowDep) -> Response:
    """One letter of the plan as it would be printed, marked as a draft."""
    from app.statements.actions import press

    notice = issuing.unissued(session, notice_id)
    made = plans.made(session, notice, at=notice.as_at)
    one = next((item for item in made.letters if item.client.id == client_id), None)
    if one is None:
        raise NotFound(f"the plan has no letter for the client {client_id}", field="client_id")
    return Response(press(one.draft.document, "pdf"), media_type="application/pdf")


@router.post("/notices/{notice_id}/approve", dependencies=[Operator])
def approve(request: Request, notice_id: UUID, body: ApproveIn, now: NowDep) -> NoticeOut:
    """Put a name to a plan. Only this plan can be issued from then on; a changed one is approved anew."""
    edge: Edge = request.state.edge
    with Session(reader(edge.engine), expire_on_commit=False) as session:
        made = plans.made(session, issuing.unissued(session, notice_id), at=now)
        approval.fits(session, made, body.plan)
    writing = edge.open()
    notice = issuing.unissued(writing, notice_id)
    row = approval.approve(writing, notice, digest=body.plan, approved_by=body.approved_by, now=now)
    return NoticeOut.model_validate(row)


@router.post("/notices/{notice_id}/renew", dependencies=[Operator])
def renew(notice_id: UUID, body: RenewIn, session: SessionDep, now: NowDep) -> NoticeOut:
    """Let a draft speak of another moment, with the same words; its approval falls away. For a plan whose facts have
    changed."""
    return NoticeOut.model_validate(issuing.renew(session, notice_id, as_at=body.as_at or now, now=now))


@router.post("/notices/{notice_id}/issue", dependencies=[Operator])
def issue(request: Request, notice_id: UUID, body: IssueIn, now: NowDep) -> NoticeOut:
    """Freeze all letters of the round with their PDFs and recipients, as its plan showed them, and send them: each
    message is in the outbox in the same transaction. Happens once."""
    edge: Edge = request.state.edge
    with Session(reader(edge.engine), expire_on_commit=False) as session:
        ready = issuing.ready(
            session, notice_id, digest=body.plan, approved_by=body.approved_by, issued_at=body.issued_at, now=now
        )
    from reports import press

    pdfs: dict[int, bytes] = {}
    try:
        pdfs.update(press.render_many([one.draft.document for one in ready.plan.letters]))
    except RenderRefused as error:
        raise refused(error) from None
    send = body.send if body.send is not None else body.issued_at is None
    return NoticeOut.model_validate(issuing.issue(edge.open(), ready, pdfs, send=send, now=now))
