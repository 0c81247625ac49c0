"""Asking for a statement, printing it, and issuing papers from it: frozen, numbered, with their digests in the log."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlmodel import Session, col, select

from app.agreements.tables import Service
from app.cases.gather import contract_period, gather
from app.errors import BadInput, Conflict, found
from app.evidence import actions as evidence
from app.papers.appendix.evidence import evidence_appendix
from app.papers.breach import breach_report
from app.papers.context import LettersSent
from app.papers.monthly import monthly_report
from app.sla.case import Case
from app.sla.judge import judge
from app.sla.periods import Period, PeriodError, calendar_month
from app.sla.statement import Statement
from app.sla.wording import period_words
from app.statements.attached import enclosed
from app.statements.named import context_of
from app.statements.tables import Paper, StatementRow
from reports import documents as doc
from reports.enclosed import File
from reports.errors import RenderRefused

Letters = Callable[[Session, UUID, datetime], LettersSent]
"""What clients were told about a service up to a moment; the room `notices` stands above and is handed in."""
CONTRACT, CALENDAR = "contract", "calendar_month"  # which period a month stands for
KINDS = {"monthly": "report", "breach": "claim", "evidence": "evidence"}
Document = doc.MonthlyProviderReport | doc.BreachReport | doc.EvidenceAppendix
MODELS: dict[str, type[Document]] = {
    "monthly": doc.MonthlyProviderReport,
    "breach": doc.BreachReport,
    "evidence": doc.EvidenceAppendix,
}


@dataclass(frozen=True, slots=True)
class Composed:
    """A document and the files it carries, not printed yet."""

    document: Document
    files: tuple[File, ...] = ()


@dataclass(frozen=True, slots=True)
class Printed:
    """A document as it stands: the issued one where there is one, else what the record gives now."""

    document: Document
    pdf: bytes | None  # kept bytes of an issued paper
    name: str  # file name without its ending
    files: tuple[File, ...] = ()


def ask(
    session: Session, *, service_id: UUID, month: str, as_at: datetime | None, wishes: dict[str, Any],
    period: str = CONTRACT, now: datetime,
) -> StatementRow:  # fmt: skip
    """A statement of the period a service's contract names the month (`period` calendar_month: of the month all the
    same). Raises NotFound for the service, BadInput for the month or a later as-at."""
    service = found(session.get(Service, service_id), "service", service_id)
    try:
        whole = period_of(session, service, month, period, as_at or now)
    except PeriodError as error:
        raise BadInput(str(error), field="month", example="2025-06") from None
    if as_at is not None and as_at > now:
        raise BadInput(
            "lies in the future; what has not happened cannot be judged",
            field="as_at",
            example=now.isoformat(timespec="seconds"),
        )
    if (as_at or now) <= whole.span.start:
        what = "month" if whole.kind == "calendar_month" else f"period ({period_words(whole)})"
        raise BadInput(f"the {what} has not begun at that moment", field="month", example=f"{now:%Y-%m}")
    row = StatementRow(service_id=service_id, month=month, period=period, as_at=as_at, wishes=wishes, created_at=now)
    session.add(row)
    evidence.append(session, "statement.asked", row, now)
    return row


def period_of(session: Session, service: Service, month: str, period: str, as_at: datetime) -> Period:
    """What is judged: the period the contract names the month, or the calendar month. Raises `PeriodError`."""
    if period == CALENDAR:
        return calendar_month(month, service.zone)
    return contract_period(session, service, month, as_at)


def judged(session: Session, row: StatementRow, now: datetime) -> tuple[Case, Statement]:
    """The case and its statement as at the row's moment, or now."""
    as_at = row.as_at or now
    service = found(session.get(Service, row.service_id), "service", row.service_id)
    case = gather(session, service.id, period_of(session, service, row.month, row.period, as_at), as_at)
    return case, judge(case)


def compose(
    session: Session, row: StatementRow, kind: str, paper: str, now: datetime, letters: Letters, issued: bool = False
) -> Composed:
    """The document of this kind, with its files; `issued`: under its next version. Raises Conflict with the reason
    where the record does not give one."""
    case, statement = judged(session, row, now)
    sent = letters(session, row.service_id, case.as_at)
    context = context_of(session, case, paper=paper, kind=KINDS[kind], wishes=row.wishes, letters=sent)
    if issued:
        version, replaces = next_version(session, context.number)
        context = replace(context, version=version, replaces=replaces, issued=True)
    try:
        if kind == "evidence":
            refs = [item.ref for item in context.exhibits]
            kept = enclosed(session, case, statement, context.mask, refs)
            return Composed(*evidence_appendix(case, statement, context, kept))
        return Composed((monthly_report if kind == "monthly" else breach_report)(case, statement, context))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Conflict(
            f"the paper cannot be written: {first['msg'].removeprefix('Value error, ')}", field=where
        ) from None


def printed(session: Session, row: StatementRow, kind: str, paper: str, now: datetime, letters: Letters) -> Printed:
    """The newest issued paper of this statement, else a preview from the record as it stands."""
    query = select(Paper).where(Paper.statement_id == row.id, Paper.kind == kind, Paper.size == paper)
    issued = session.exec(query.order_by(col(Paper.version).desc()).limit(1)).first()
    if issued is not None:
        from app.evidence.tables import Attachment

        kept = session.get_one(Attachment, issued.pdf_digest)
        document = MODELS[kind].model_validate_json(issued.document)
        return Printed(document, kept.content, f"{issued.number}_v{issued.version}")
    made = compose(session, row, kind, paper, now, letters)
    return Printed(made.document, None, f"{made.document.header.number}_preview", made.files)


def pack_of(
    session: Session, row: StatementRow, paper: str, now: datetime, letters: Letters
) -> tuple[Printed, Printed]:
    """The claim and its evidence appendix, issued or as they would be now."""
    claim = printed(session, row, "breach", paper, now, letters)
    return claim, printed(session, row, "evidence", paper, now, letters)


def pdf_of(paper: Printed) -> bytes:
    """The bytes that were issued, else a fresh print."""
    return paper.pdf if paper.pdf is not None else press(paper.document, "pdf", paper.files)


def press(document: Any, form: str, files: tuple[File, ...] = ()) -> bytes:
    """PDF or HTML bytes. Raises Conflict naming the field the print shop refuses."""
    from reports import press as shop

    try:
        return shop.render_pdf(document, files) if form == "pdf" else shop.render_html(document).encode()
    except RenderRefused as error:
        raise refused(error) from None


def refused(error: RenderRefused) -> Conflict:
    return Conflict(f"the paper cannot be printed: {error.reason}", field=error.field, example=error.example)


def next_version(session: Session, number: str) -> tuple[int, str | None]:
    """(version, what it replaces) for the next paper of this number."""
    last = session.exec(
        select(Paper).where(Paper.number == number).order_by(col(Paper.version).desc()).limit(1)
    ).first()
    return (last.version + 1, f"{number}_v{last.version}") if last else (1, None)


def issue(
    session: Session, row: StatementRow, document: Document, pdf: bytes, *, kind: str, approved_by: str, now: datetime
) -> Paper:
    """Freezes a paper that was rendered before. Raises Conflict when another was issued in between."""
    header = document.header
    version, replaces = next_version(session, header.number)
    if (version, replaces) != (header.version, header.replaces):
        raise Conflict("another version was issued meanwhile; ask again", field="version", example=str(version))
    text = document.model_dump_json()
    digest = evidence.keep(session, pdf, "application/pdf")
    paper = Paper(
        statement_id=row.id,
        kind=kind,
        size=header.paper,
        number=header.number,
        version=header.version,
        replaces=header.replaces,
        as_at=header.as_at,
        issued_at=now,
        approved_by=approved_by,
        document=text,
        document_digest=hashlib.sha256(text.encode()).hexdigest(),
        pdf_digest=digest,
    )
    session.add(paper)
    body = paper.model_dump(exclude={"document"})
    evidence.append(session, "paper.issued", paper, now, body=body, attachments=[digest])
    return paper
