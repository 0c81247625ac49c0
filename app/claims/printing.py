"""A claim's own paper: the breach paper with its number, its checklist and when it was filed, from its steps alone."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlmodel import Session

from app.claims import queries, steps
from app.claims.tables import Claim, ClaimStep
from app.errors import Conflict
from app.evidence import actions as evidence
from app.sla.periods import zone_of
from app.sla.spans import union
from app.sla.statement import Statement
from app.statements import actions as statements
from app.statements.actions import Composed, Letters
from app.statements.tables import Paper, StatementRow


def composed(
    session: Session, claim_id: UUID, size: str, now: datetime, letters: Letters
) -> tuple[StatementRow, Composed]:
    """The next version of the claim's breach paper, as at the moment the claim was judged at, not frozen yet.

    Raises NotFound; Conflict where nobody approved the claim, where it was withdrawn, or where the record no longer
    gives the sum that is claimed.
    """
    claim = queries.claim(session, claim_id)
    if claim.state in ("draft", "withdrawn") or claim.statement_id is None:
        why = "is withdrawn" if claim.state == "withdrawn" else "was approved by nobody"
        raise Conflict(
            f"claim {claim.number} {why}, so no paper of it goes out", field="claim_id",
            example=f"POST /api/v1/claims/{claim.id}/approve",
        )  # fmt: skip
    asked = session.get_one(StatementRow, claim.statement_id)
    asked = StatementRow(**asked.model_dump() | {"as_at": claim.as_at})
    _, statement = statements.judged(session, asked, now)
    asked.wishes = asked.wishes | _wishes(session, claim, statement)
    made = statements.compose(session, asked, "breach", size, now, letters, issued=True)
    _same_sum(claim, made)
    return asked, made


def printed(session: Session, claim_id: UUID, paper: Paper, now: datetime) -> None:
    """Says in the log which paper the claim went out on."""
    body = {"paper": str(paper.id), "number": paper.number, "version": paper.version, "replaces": paper.replaces}
    evidence.append(session, "claim.printed", f"claim:{claim_id}", now, body=body, attachments=[paper.pdf_digest])


def _wishes(session: Session, claim: Claim, statement: Statement) -> dict[str, Any]:
    standing = steps.standing(queries.steps_of(session, [claim.id])[claim.id])
    last = {step.kind: step for step in standing if isinstance(step, ClaimStep)}
    approved, filed = last.get("approved"), last.get("filed")
    out: dict[str, Any] = {
        "claim_number": claim.number,
        "previously_claimed": claimed_before(session, claim, statement),
        "checklist": (approved.checklist if approved is not None else None) or [],
    }
    if filed is not None:
        out["filed_on"] = filed.at.astimezone(zone_of(claim.zone)).date().isoformat()
        out["reply_by"] = filed.reply_by.isoformat() if filed.reply_by is not None else None
    standings = {item["answer"] for item in out["checklist"] if "good standing" in item["text"].lower()}
    if len(standings) == 1 and standings <= set(STANDING):
        out["good_standing"] = STANDING[standings.pop()]
    return {name: value for name, value in out.items() if value is not None}


STANDING = {"holds": "yes", "does_not": "no"}


def claimed_before(session: Session, claim: Claim, statement: Statement) -> bool:
    """Whether another claim was filed for the same outages, or without downtime for the same period, whatever became
    of it."""
    mine = queries.spans_of(session, [claim.id])
    event = union([item.span for item in statement.outages if any(item.span.overlaps(span) for span in mine)])
    for other in queries.filed_before(session, claim):
        theirs = queries.spans_of(session, [other.id])
        if mine and any(span.overlaps(one) for span in event for one in theirs):
            return True
        if not mine and not theirs and other.period == claim.period:
            return True
    return False


def _same_sum(claim: Claim, made: Composed) -> None:
    amount = getattr(made.document, "amount", None)
    says = Decimal(amount.amount.amount) if amount is not None else Decimal(0)
    asked = (claim.amount, claim.held_amount) if claim.basis == "credit" else (Decimal(0),)
    if says not in asked:
        raise Conflict(
            f"claim {claim.number} asks for {claim.amount}, the paper would now ask for {says}: something was "
            "retracted or entered since, or the claim asks only for what others left. Withdraw it and draft it anew",
            field="claim_id", example="POST /api/v1/claims/{id}/withdraw",
        )  # fmt: skip
