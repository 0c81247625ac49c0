"""What a claim stands on: a judged period, and what of it is still to be claimed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlmodel import Session

from app.agreements import queries as agreements
from app.claims import queries
from app.claims.tables import Claim
from app.errors import BadInput, Conflict, found
from app.evidence.queries import retracted
from app.sla import deadlines
from app.sla.asked import asked
from app.sla.case import Case
from app.sla.clauses import Claim as ClaimClause
from app.sla.guarantees import FIRST
from app.sla.periods import Period
from app.sla.seen import terms_at, terms_of
from app.sla.spans import Span, clip, minus, union
from app.sla.statement import Deadline, PromiseStatus, Statement
from app.sla.wording import clause
from app.statements import actions as statements
from app.statements.tables import Paper, StatementRow

MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Ground:
    """The figures of a claim before it is one."""

    row: StatementRow
    paper: Paper | None
    case: Case
    statement: Statement
    basis: str
    amount: Decimal
    held: Decimal
    currency: str
    spans: tuple[Span, ...]
    deadline: Deadline | None
    terms_id: UUID | None
    terms_version: str | None


def of_paper(session: Session, paper_id: UUID) -> tuple[StatementRow, Paper]:
    """The question an issued breach paper answers. Raises NotFound, and BadInput for another kind of paper."""
    paper = found(session.get(Paper, paper_id), "paper", paper_id)
    if paper.kind != "breach":
        raise BadInput(
            "this paper is a monthly report; a claim rests on a breach paper", field="paper_id",
            example='POST /api/v1/statements/{id}/issue {"kind": "breach", "approved_by": "Dana Reyes"}',
        )  # fmt: skip
    row = session.get_one(StatementRow, paper.statement_id)
    return StatementRow(**row.model_dump() | {"as_at": paper.as_at}), paper


def judge(session: Session, row: StatementRow, paper: Paper | None, *, remaining: bool, now: datetime) -> Ground:
    """The ground of a claim from a statement as at its moment (None: now).

    remaining: only the minutes and the money no other live claim of the service claims. Raises Conflict where nothing
    is broken, nothing remains, or the record no longer gives what the paper says.
    """
    case, statement = statements.judged(session, row, now)
    if not any(promise.status is PromiseStatus.BROKEN for promise in statement.promises):
        raise Conflict(
            f"no promise of {statement.period.label} is broken, so there is nothing to claim", field="month",
            example="GET /api/v1/statements/{id} shows every promise",
        )  # fmt: skip
    held, amount = money(statement)
    basis = "credit" if held else "goodwill"
    spans = claimable(statement)
    if paper is not None:
        _same_as_printed(paper, held, amount)
    if remaining:
        others = queries.live(session, row.service_id)
        spans = minus(spans, queries.spans_of(session, [other.id for other in others]))
        same = [other for other in others if period_of(other) == statement.period and other.basis == "credit"]
        amount, held = (max(sum_ - sum(other.amount for other in same), Decimal(0)) for sum_ in (amount, held))
        if not spans or (basis == "credit" and not amount):
            raise Conflict(
                f"nothing of {statement.period.label} remains to be claimed", field="remaining",
                example="GET /api/v1/claims shows what is claimed",
            )  # fmt: skip
    dated = terms_at(case, case.period.span.end - MOMENT)
    return Ground(
        row, paper, case, statement, basis, amount, held, case.currency, spans,
        deadline_of(case, statement, spans, everything=not remaining),
        UUID(dated.id) if dated is not None else None, dated.terms.version if dated is not None else None,
    )  # fmt: skip


def money(statement: Statement) -> tuple[Decimal, Decimal]:
    """(what all credits come to on the time as held, what is to be claimed), as every paper asks for it."""
    sum_ = asked(statement)
    return sum_.held, sum_.amount


def claimable(statement: Statement) -> tuple[Span, ...]:
    """The minutes that count for what pays: the first guarantee's, and those of each further guarantee whose credit is
    in the sum, over its own period. Where none do, the downtime that goodwill is asked for."""
    paying = [one for one in statement.guarantees if one.paid and one.credit is not None and one.credit.amount]
    elsewhere = statement.credit is None or any(one.name == FIRST for one in statement.guarantees)
    own = () if paying and elsewhere else statement.counted_spans
    if spans := union(own, *(one.counted_spans for one in paying)):
        return spans
    return clip(union([outage.span for outage in statement.outages]), statement.elapsed)


def clause_of(case: Case) -> tuple[ClaimClause | None, str]:
    """The clause on claiming that the period is judged by, and its words."""
    terms = terms_of(case, case.period)
    return (None, "") if terms is None else (terms.claim, clause(terms, "claim"))


def deadline_of(case: Case, statement: Statement, spans: Sequence[Span], *, everything: bool = True) -> Deadline | None:
    """Until when these minutes must be claimed: the earliest of all deadlines that apply. No credit, no deadline."""
    if not money(statement)[0]:
        return None
    every = [statement.deadline, *(item.deadline for item in statement.guarantees if item.paid)] if everything else []
    if found_ := [item for item in every if item is not None]:
        return min(found_, key=lambda item: item.too_late_from)
    rule, words = clause_of(case)
    incidents = [outage.span for outage in statement.outages if any(outage.span.overlaps(span) for span in spans)]
    return deadlines.deadline(rule, case.period, incidents, case.as_at, words)


def _same_as_printed(paper: Paper, held: Decimal, amount: Decimal) -> None:
    printed = json.loads(paper.document).get("amount")
    says = Decimal(printed["amount"]["amount"]) if printed else Decimal(0)
    if says not in (held, amount):
        raise Conflict(
            f"the paper {paper.number}_v{paper.version} asks for {says}, the record now gives {amount} for the same "
            "moment: something was retracted or entered since. Issue a new version first",
            field="paper_id", example="POST /api/v1/statements/{id}/issue",
        )  # fmt: skip


def unreviewed(session: Session, service_id: UUID, period: Period) -> tuple[str, ...]:
    """The doubtful clauses of every version of the terms in force in the period that nobody has put a name to."""
    gone = retracted(session)
    rows = [
        row
        for row in agreements.terms_of(session, service_id)
        if row.effective_from <= period.last_day
        and (row.effective_to is None or row.effective_to > period.first_day)
        and f"terms:{row.id}" not in gone
    ]
    return tuple(dict.fromkeys(path for row in rows for path in agreements.unreviewed(session, row.id)))


def period_of(claim: Claim) -> Period:
    """The period the claim is about."""
    span = Span(claim.start_at, claim.end_at)
    return Period(claim.period_kind, claim.period, claim.zone, span, claim.period_anchor)
