"""What is sent about a claim, and what is shown of one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field
from sqlmodel import Session

from app.claims import queries, steps
from app.claims.tables import Claim, ClaimStep
from app.evidence.tables import Attachment
from app.fields import Amount, Currency, Day, Id, In, Instant, Line, Month, Out, Text, Words

Name = Annotated[Line, Field(max_length=120, description="A person's name.", examples=["Dana Reyes"])]
ID = "01997a3e-7c1b-7d2e-9f00-5a6b7c8d9e0f"
When = Annotated[
    Instant | None, Field(description="When it happened; now if left out.", examples=["2025-07-03T10:00:00+02:00"])
]
Cited = Annotated[Id | None, Field(description="The provider's message that says it.", examples=[ID])]
MORNING = "2025-07-01T09:00:00+02:00"
State = Literal[
    "draft", "approved", "filed", "acknowledged", "accepted", "partly", "refused", "credited", "lapsed", "withdrawn"
]


class ClaimIn(In):
    """From a breach paper, from a statement, or from a service's month: one of the three."""

    service_id: Annotated[Id | None, Field(examples=[ID])] = None
    month: Annotated[Month | None, Field(examples=["2025-06"])] = None
    as_at: Annotated[
        Instant | None,
        Field(description="The moment the month is judged at; `at` if left out.", examples=[MORNING]),
    ] = None
    statement_id: Annotated[Id | None, Field(description="A statement asked for before.", examples=[None])] = None
    paper_id: Annotated[Id | None, Field(description="An issued breach paper.", examples=[None])] = None
    by: Name
    at: Annotated[Instant | None, Field(description="When it was drafted; now if left out.", examples=[MORNING])] = None
    number: Annotated[
        Line | None, Field(max_length=40, description="The next of your own if left out.", examples=["0007"])
    ] = None
    remaining: Annotated[
        bool, Field(description="Only what no other live claim of the service claims.", examples=[False])
    ] = False
    goodwill_amount: Annotated[
        Amount | None, Field(description="A sum asked for where the terms pay nothing.", examples=[None])
    ] = None


class Answered(In):
    """One precondition of the terms, as a person sees it."""

    text: Annotated[Line, Field(max_length=500, examples=["The account is in good standing."])]
    answer: Annotated[Literal["holds", "does_not", "unknown"], Field(examples=["holds"])]
    note: Annotated[Text, Field(max_length=500, examples=["All invoices up to June are paid."])] = ""


class ApproveIn(In):
    by: Name
    at: When = None
    checklist: Annotated[
        tuple[Answered, ...],
        Field(max_length=50, description="What must hold before anything is paid; what is left out is unknown.",
              examples=[[{"text": "The account is in good standing.", "answer": "holds"}]]),
    ] = ()  # fmt: skip


class FileIn(In):
    by: Name
    at: When = None
    channel: Annotated[Literal["email", "portal", "ticket", "letter", "phone", "other"], Field(examples=["portal"])]
    receipt: Annotated[
        Line | None, Field(description="What proves it: a receipt's or a ticket's number.", examples=["NG-CLAIM-118"])
    ] = None
    reply_by: Annotated[Day | None, Field(description="When an answer is due.", examples=["2025-07-17"])] = None
    paper_id: Annotated[Id | None, Field(description="The paper that went out.", examples=[None])] = None


class PrintIn(In):
    approved_by: Name
    paper: Annotated[
        Literal["A4", "Letter"] | None, Field(description="The agency's own if left out.", examples=["A4"])
    ] = None


class AcknowledgeIn(In):
    by: Name
    at: When = None
    receipt: Annotated[Line | None, Field(description="The provider's reference.", examples=["NG-90114"])] = None
    words: Annotated[Text, Field(max_length=5000, examples=["We have received your claim."])] = ""
    message_id: Cited = None


class AcceptIn(In):
    by: Name
    at: When = None
    amount: Annotated[Amount | None, Field(description="All of it if left out.", examples=["120.00"])] = None
    currency: Annotated[Currency | None, Field(examples=["EUR"])] = None
    words: Annotated[Text, Field(max_length=5000, examples=["The credit is granted."])] = ""
    message_id: Cited = None


class PartlyIn(In):
    by: Name
    at: When = None
    amount: Annotated[Amount, Field(examples=["40.00"])]
    currency: Annotated[Currency | None, Field(examples=["EUR"])] = None
    figure: Annotated[Line | None, Field(description="What it reckons itself.", examples=["99.31 %, EUR 40.00"])] = None
    words: Annotated[
        Words, Field(max_length=5000, description="The provider's own.", examples=["The first night was maintenance."])
    ]
    message_id: Cited = None


class RefuseIn(In):
    by: Name
    at: When = None
    figure: Annotated[Line, Field(description="What the provider reckons.", examples=["99.95 %, no credit"])]
    words: Annotated[
        Words, Field(max_length=5000, description="The provider's own.", examples=["All of it was maintenance."])
    ]
    message_id: Cited = None


class CreditIn(In):
    by: Name
    at: When = None
    amount: Annotated[Amount, Field(gt=0, examples=["120.00"])]
    currency: Annotated[Currency | None, Field(examples=["EUR"])] = None
    invoice: Annotated[Line, Field(description="The invoice it stands on.", examples=["NG-2025-07-0417"])]
    invoice_date: Annotated[Day, Field(examples=["2025-08-01"])]
    message_id: Cited = None


class ReasonIn(In):
    by: Name
    at: When = None
    reason: Annotated[Words, Field(max_length=5000, examples=["Entered for the wrong month."])]


class StepOut(Out):
    number: int
    kind: str
    at: datetime
    recorded_at: datetime
    by: str
    source: str
    message_id: UUID | None
    words: str
    figure: str | None
    amount: Amount | None
    channel: str | None
    receipt: str | None
    late: Annotated[bool, Field(description="Filed after its deadline.")]
    reply_by: date | None
    paper_id: UUID | None
    invoice: str | None
    invoice_date: date | None
    checklist: list[Answered] | None
    undoes: int | None
    stands: Annotated[bool, Field(description="False where it was taken back.")]


class SpanOut(Out):
    start: datetime
    end: datetime


class LineOut(Out):
    label: str
    value: str
    note: str


class ClaimRef(Out):
    """A claim as lists show it."""

    id: UUID
    number: str
    service_id: UUID
    period: str
    period_kind: Annotated[str, Field(description="What the contract measures over: calendar_month, …")]
    zone: str
    basis: Annotated[str, Field(description="credit, or goodwill where the terms pay nothing.")]
    amount: Amount
    currency: str
    state: Annotated[str, Field(description="What stands now; lapsed also where it was not filed in time.")]
    late: Annotated[bool, Field(description="Filed after its deadline.")]
    latest: Annotated[date | None, Field(description="The last local day to file it.")]
    too_late_from: datetime | None
    accepted: Annotated[Amount | None, Field(description="What the provider agreed to; null before it answered.")]
    credited: Amount
    outstanding: Annotated[Amount | None, Field(description="Agreed to, and on no invoice yet.")]
    over: Annotated[Amount, Field(description="Credited beyond what was agreed, or claimed.")]


class ClaimOut(ClaimRef):
    """A claim with everything it rests on and every step."""

    created_at: datetime
    statement_id: UUID | None
    paper_id: Annotated[UUID | None, Field(description="The issued breach paper it was drafted from.")]
    papers: Annotated[list[UUID], Field(description="The breach papers issued from its statement, oldest first.")]
    start_at: datetime
    end_at: datetime
    as_at: datetime
    so_far: bool
    held_amount: Annotated[Amount, Field(description="On the time as held; the lower amount is the one claimed.")]
    terms_id: UUID | None
    terms_version: str | None
    preconditions: list[str]
    needs_review: list[str]
    statement_digest: str
    earliest: date | None
    clause: str | None
    due_lines: Annotated[list[LineOut], Field(description="How the sum comes about, as the judged period has it.")]
    to_settle: Annotated[
        str | None,
        Field(description="Where the terms leave to a person how several credits go together: what is claimed."),
    ]
    spans: Annotated[list[SpanOut], Field(description="The minutes claimed; no other live claim has any of them.")]
    steps: list[StepOut]
    possible: Annotated[list[str], Field(description="What can come next.")]


def _late(rows: Sequence[ClaimStep]) -> bool:
    return any(step.late for step in steps.standing(rows) if isinstance(step, ClaimStep))


def _ref(claim: Claim, rows: Sequence[ClaimStep], now: datetime) -> dict[str, Any]:
    told = steps.sums(rows, claim.amount)
    state = "lapsed" if steps.lapsed(claim.state, claim.too_late_from, now) else claim.state
    return claim.model_dump() | {
        "state": state, "late": _late(rows), "accepted": told.accepted, "credited": told.credited,
        "outstanding": told.outstanding, "over": told.over,
    }  # fmt: skip


def _sum(session: Session, claim: Claim) -> dict[str, Any]:
    """How its sum comes about, read off what it froze."""
    frozen = json.loads(session.get_one(Attachment, claim.statement_digest).content)
    lines = frozen["due_lines"]
    settle = None
    if claim.basis == "credit" and frozen["due"] is None and lines:
        settle = (
            f"The terms say of several credits for one event: {lines[-1]['value']}. How they go together is to be "
            f"settled by hand; until then the largest single credit is claimed, {claim.amount} {claim.currency}."
        )
    return {"due_lines": lines, "to_settle": settle}


def claim_out(session: Session, claim: Claim, now: datetime) -> ClaimOut:
    """A claim as the API, the command line and the papers show it."""
    rows = queries.steps_of(session, [claim.id])[claim.id]
    undone = steps.undone(rows)
    shown = [
        StepOut.model_validate(row.model_dump() | {"recorded_at": row.created_at, "stands": row.number not in undone})
        for row in rows
    ]
    spans = [SpanOut(start=span.start, end=span.end) for span in queries.spans_of(session, [claim.id])]
    papers = list(queries.papers_of(session, claim))
    more = {"papers": papers, "spans": spans, "steps": shown, "possible": list(steps.possible(rows))}
    return ClaimOut.model_validate(_ref(claim, rows, now) | _sum(session, claim) | more)


def claim_refs(session: Session, rows: Sequence[Claim], now: datetime) -> list[ClaimRef]:
    taken = queries.steps_of(session, [row.id for row in rows])
    return [ClaimRef.model_validate(_ref(row, taken[row.id], now)) for row in rows]
