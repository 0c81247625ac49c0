"""Drafting a claim, and every step it takes. Nothing is overwritten: a step is a row, and a line of the log."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, select

from app.agreements import queries as agreements
from app.claims import ground, queries, steps
from app.claims.ground import Ground
from app.claims.tables import Claim, ClaimSpan, ClaimStep
from app.errors import BadInput, Conflict, found
from app.evidence import actions as evidence
from app.evidence.chain import canonical
from app.fields import happened
from app.messages import queries as messages
from app.sla.wording import elapsed, moment
from app.statements import actions as statements
from app.statements import shown
from app.statements.tables import Paper, StatementRow

CLAIM_LOCK = 7_301_005  # one claim is drafted at a time on PostgreSQL; SQLite's BEGIN IMMEDIATE does the same


def draft(
    session: Session,
    *,
    service_id: UUID | None = None,
    month: str | None = None,
    as_at: datetime | None = None,
    statement_id: UUID | None = None,
    paper_id: UUID | None = None,
    by: str,
    at: datetime | None = None,
    number: str | None = None,
    remaining: bool = False,
    goodwill_amount: Decimal | None = None,
    now: datetime,
) -> Claim:
    """A claim from an issued breach paper, from a statement, or from a service's month as at a moment.

    Raises BadInput, NotFound, and Conflict where there is nothing to claim or where its minutes are claimed already:
    that one names the other claim and the minutes.
    """
    at = happened(at, now, "at") if at is not None else now
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.text("select pg_advisory_xact_lock(:key)"), {"key": CLAIM_LOCK})
    running = session.exec(select(sa.func.coalesce(sa.func.max(Claim.running), 0))).one() + 1
    _one_way(service_id, month, as_at, statement_id, paper_id)
    printed = ground.of_paper(session, paper_id) if paper_id is not None else None
    number = _number(session, number, running, printed[1] if printed is not None else None)
    row, paper = printed or (_asked(session, service_id, month, as_at, statement_id, number, at, now), None)
    base = ground.judge(session, row, paper, remaining=remaining, now=at)
    if at < base.statement.as_at:
        stamp = base.statement.as_at.isoformat(timespec="seconds")
        raise BadInput(f"lies before the moment judged at, {stamp}", field="at", example=stamp)
    if goodwill_amount is not None and base.basis == "credit":
        raise BadInput(
            f"the terms themselves pay {base.amount} {base.currency}; a sum asked as goodwill has no place beside it",
            field="goodwill_amount", example="null",
        )  # fmt: skip
    _claimed_once(session, row.service_id, base)
    claim = _row(session, base, running, number, goodwill_amount, now)
    first = ClaimStep(created_at=now, claim_id=claim.id, number=1, kind="draft", at=at, by=by, source="N")
    session.add(first)
    body = evidence.row_body(claim) | {
        "by": by,
        "spans": [[evidence.stamp(span.start), evidence.stamp(span.end)] for span in base.spans],
    }
    digests = [claim.statement_digest, *([paper.pdf_digest] if paper is not None else [])]
    evidence.append(session, "claim.drafted", claim, now, body=body, occurred_at=at, attachments=digests)
    return claim


def _one_way(
    service_id: UUID | None, month: str | None, as_at: datetime | None, statement_id: UUID | None, paper_id: UUID | None
) -> None:
    """Raises BadInput where the question the claim answers is named in none, or in several, of three ways."""
    ways = [paper_id is not None, statement_id is not None, service_id is not None or month is not None]
    if sum(ways) != 1:
        raise BadInput(
            "say one of three: a breach paper, a statement, or a service with its month", field="service_id",
            example='{"service_id": "01997a3e-…", "month": "2025-06", "by": "Dana Reyes"}',
        )  # fmt: skip
    if (service_id is None) != (month is None):
        field, example = ("month", "2025-06") if month is None else ("service_id", "01997a3e-…")
        raise BadInput("a service is claimed for by its month", field=field, example=example)
    if as_at is not None and service_id is None:
        raise BadInput("goes with a service and its month only", field="as_at", example="null")


def _asked(
    session: Session, service_id: UUID | None, month: str | None, as_at: datetime | None, statement_id: UUID | None,
    number: str, at: datetime, now: datetime,
) -> StatementRow:  # fmt: skip
    """The question the claim answers. One asked here carries the claim's number to the papers issued from it."""
    if service_id is not None and month is not None:
        wishes = {"claim_number": number}
        return statements.ask(session, service_id=service_id, month=month, as_at=as_at or at, wishes=wishes, now=now)
    row = found(session.get(StatementRow, statement_id), "statement", statement_id)
    return StatementRow(**row.model_dump() | {"as_at": row.as_at or at})


def _number(session: Session, given: str | None, running: int, paper: Paper | None) -> str:
    """The number papers print: as given, as the paper has it, else the next of the agency's own."""

    def taken(number: str) -> bool:
        return session.exec(select(Claim.id).where(Claim.number == number)).first() is not None

    if given is not None:
        if taken(given):
            raise Conflict(f"a claim is numbered {given} already", field="number", example=f"{running:04d}")
        return given
    printed = json.loads(paper.document)["claim"]["number"] if paper is not None else None
    if printed is not None and printed.isdigit() and len(printed) <= 40 and not taken(printed):
        return str(printed)
    while taken(f"{running:04d}"):
        running += 1
    return f"{running:04d}"


def _claimed_once(session: Session, service_id: UUID, base: Ground) -> None:
    """Raises Conflict naming the claim that claims any of these minutes; without minutes, this period."""
    shared = queries.overlapping(session, service_id, base.spans)
    if shared:
        zone = base.statement.period.zone
        others = sorted({other.number for other, _ in shared})
        parts = ", ".join(
            f"{moment(span.start, zone)} to {moment(span.end, zone)} ({elapsed(span.length)}) in claim {other.number}"
            for other, span in shared[:5]
        )
        raise Conflict(
            f"these minutes are claimed already: {parts}. Withdraw that claim first, or claim what remains",
            field="remaining", example="true", claims=others,
            minutes=[[evidence.stamp(span.start), evidence.stamp(span.end)] for _, span in shared],
        )  # fmt: skip
    if not base.spans:
        for other in queries.live(session, service_id):
            if ground.period_of(other) == base.statement.period and not queries.spans_of(session, [other.id]):
                raise Conflict(
                    f"claim {other.number} asks about {other.period} already", field="month", example="2025-05",
                    claims=[other.number],
                )  # fmt: skip


def _row(
    session: Session, base: Ground, running: int, number: str, goodwill_amount: Decimal | None, now: datetime
) -> Claim:
    statement = base.statement
    frozen = canonical(shown.statement_out(statement, base.case).model_dump(mode="json"))
    amount = base.amount if base.basis == "credit" else goodwill_amount or Decimal(0)
    claim = Claim(
        created_at=now,
        running=running,
        number=number,
        service_id=base.row.service_id,
        statement_id=base.row.id,
        paper_id=base.paper.id if base.paper is not None else None,
        period=statement.period.label,
        period_kind=statement.period.kind,
        period_anchor=statement.period.anchor,
        start_at=statement.period.span.start,
        end_at=statement.period.span.end,
        zone=statement.period.zone,
        as_at=statement.as_at,
        so_far=statement.so_far,
        basis=base.basis,
        amount=amount,
        held_amount=base.held if base.basis == "credit" else amount,
        currency=base.currency,
        terms_id=base.terms_id,
        terms_version=base.terms_version,
        preconditions=list(statement.preconditions),
        needs_review=list(ground.unreviewed(session, base.row.service_id, statement.period)),
        statement_digest=evidence.keep(session, frozen, "application/json"),
        earliest=base.deadline.earliest if base.deadline else None,
        latest=base.deadline.latest if base.deadline else None,
        too_late_from=base.deadline.too_late_from if base.deadline else None,
        clause=base.deadline.clause if base.deadline else None,
        state="draft",
    )
    session.add(claim)
    session.flush()
    for span in base.spans:
        session.add(ClaimSpan(claim_id=claim.id, start_at=span.start, end_at=span.end, service_id=claim.service_id))
    session.flush()
    return claim


def approve(
    session: Session, claim_id: UUID, *, by: str, at: datetime | None = None, checklist: Sequence[dict[str, Any]] = (),
    now: datetime,
) -> Claim:  # fmt: skip
    """A named person lets the claim go out. Raises Conflict, naming the paths, while terms it rests on need review.

    checklist: each precondition with its answer (holds, does_not, unknown); what is left out is unknown. No answer
    stops the claim: the person does.
    """
    claim = queries.claim(session, claim_id, lock=True)
    open_ = ground.unreviewed(session, claim.service_id, ground.period_of(claim))
    if open_:
        raise Conflict(
            f"nobody has put a name to what these terms were read as: {', '.join(open_)}. Compare them with the "
            "contract and say so, then approve",
            field="terms", example="POST /api/v1/terms/{id}/reviews", paths=list(open_),
        )  # fmt: skip
    answered = {item["text"]: item for item in checklist}
    for text in claim.preconditions:
        answered.setdefault(text, {"text": text, "answer": "unknown", "note": ""})
    return record(session, claim_id, "approved", by=by, at=at, checklist=list(answered.values()), now=now)


def file(
    session: Session, claim_id: UUID, *, by: str, at: datetime | None = None, channel: str, receipt: str | None = None,
    reply_by: date | None = None, paper_id: UUID | None = None, now: datetime,
) -> Claim:  # fmt: skip
    """It went out. After its deadline it is recorded as late, not refused."""
    claim = queries.claim(session, claim_id, lock=True)
    if paper_id is not None:
        row, _ = ground.of_paper(session, paper_id)
        if row.service_id != claim.service_id:
            raise BadInput("this paper is about another service", field="paper_id", example=str(claim.paper_id or ""))
    moment_ = at or now
    late = claim.too_late_from is not None and moment_ >= claim.too_late_from
    return record(
        session, claim_id, "filed", by=by, at=at, channel=channel, receipt=receipt, reply_by=reply_by,
        paper_id=paper_id, late=late, now=now,
    )  # fmt: skip


def answered(
    session: Session, claim_id: UUID, kind: str, *, by: str, amount: Decimal | None = None,
    currency: str | None = None, now: datetime, **more: Any,
) -> Claim:  # fmt: skip
    """What the provider decided or paid: accepted, partly, refused, credited. Raises BadInput for another currency,
    and for a part that is none."""
    claim = queries.claim(session, claim_id, lock=True)
    if currency is not None and currency != claim.currency:
        raise BadInput(f"this claim is in {claim.currency}", field="currency", example=claim.currency)
    if kind == "accepted":
        amount = claim.amount if amount is None else amount
        if amount < claim.amount:
            raise BadInput(
                f"is less than the {claim.amount} claimed; that is accepted in part", field="amount",
                example="POST /api/v1/claims/{id}/accept-partly",
            )  # fmt: skip
    if kind == "partly" and claim.basis == "credit" and (amount is None or not 0 < amount < claim.amount):
        raise BadInput(
            f"a part lies between nothing and the {claim.amount} claimed", field="amount",
            example=f"{claim.amount / 2:.2f}",
        )  # fmt: skip
    return record(session, claim_id, kind, by=by, amount=amount, now=now, **more)


def record(
    session: Session, claim_id: UUID, kind: str, *, by: str, at: datetime | None = None,
    message_id: UUID | None = None, now: datetime, **more: Any,
) -> Claim:  # fmt: skip
    """One step further. Raises NotFound; Conflict naming what is possible; BadInput for a moment to come, or before
    the step it follows. `at` is by default when the message came, else now."""
    claim = queries.claim(session, claim_id, lock=True)
    before = queries.steps_of(session, [claim.id])[claim.id]
    can = steps.possible(before)
    if kind not in can:
        told = ", ".join(can) or "nothing any more"
        raise Conflict(
            f"claim {claim.number} is {claim.state.replace('_', ' ')}; what can come next: {told}", field="claim_id",
            example=f"GET /api/v1/claims/{claim.id}", possible=list(can),
        )  # fmt: skip
    provider = agreements.service(session, claim.service_id).provider_id
    message = messages.cited(session, message_id, None, [provider])
    if at is None:
        at = message.received_at if message is not None else now
    happened(at, now, "at")
    last = steps.standing(before)[-1]
    if at < last.at:
        stamp = evidence.stamp(last.at)
        raise BadInput(f"lies before the step it follows, {last.kind} at {stamp}", field="at", example=stamp)
    row = ClaimStep(
        created_at=now, claim_id=claim.id, number=before[-1].number + 1, kind=kind, at=at, by=by,
        source=messages.source_of(message, None), message_id=message_id,
        undoes=last.number if kind == steps.TAKEN_BACK else None, **more,
    )  # fmt: skip
    session.add(row)
    session.flush()
    claim.state = steps.state_of([*before, row])
    session.add(claim)
    body = evidence.row_body(row) | {"claim": claim.number, "state": claim.state}
    evidence.append(
        session, f"claim.{kind}", f"claim:{claim.id}", now, body=body, occurred_at=at, source=row.source,
        attachments=messages.attachments(message),
    )  # fmt: skip
    return claim
