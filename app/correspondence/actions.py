"""The life of a letter to the provider: drafted, approved, issued, erased. Its way out and back is in `answers.py`."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from app.agreements import queries as agreements
from app.correspondence import before, compose, demands, works
from app.correspondence.private import no_client_data
from app.correspondence.tables import ProviderLetter, ProviderRequest
from app.correspondence.wording import (
    BeforeClaimWords,
    CoverWords,
    MethodWords,
    OutageWords,
    PreservationWords,
    ReminderWords,
    Words,
)
from app.errors import BadInput, Conflict
from app.evidence import actions as evidence
from reports.documents.provider_letters import ProviderLetter as Document


@dataclass(frozen=True, slots=True)
class Addressee:
    """Who is written to at the provider's: a desk or a person, and a postal address where there is one."""

    attention: str | None
    address: tuple[str, ...]


def draft(
    session: Session, *, service_id: UUID, words: Words, to: Addressee | None, as_at: datetime, now: datetime
) -> ProviderLetter:
    """A letter, composed once to show that it can be written. Raises what composing raises; nothing is sent."""
    if as_at > now:
        raise BadInput("lies in the future", field="as_at", example=now.isoformat(timespec="seconds"))
    service = agreements.service(session, service_id, lock=True)
    provider = agreements.provider(session, service.provider_id)
    last = session.exec(select(sa.func.max(ProviderLetter.number)).where(ProviderLetter.service_id == service_id)).one()
    to = to or _last_address(session, provider.id) or Addressee(provider.account_manager, ())
    row = ProviderLetter(
        created_at=now,
        salt=secrets.token_hex(16),
        service_id=service_id,
        provider_id=provider.id,
        number=(last or 0) + 1,
        kind=words.kind,
        as_at=as_at.replace(microsecond=0),
        attention=to.attention,
        address=list(to.address),
        words=words.model_dump(mode="json"),
    )
    match words:
        case CoverWords() | BeforeClaimWords():
            row.statement_id = words.statement_id
        case ReminderWords():
            row.about_id = words.letter_id
            if words.claim is not None:
                row.claim_id = demands.claim_by(session, words.claim).id
    document_of(session, row)  # before the row is kept: a letter that cannot be written leaves nothing
    session.add(row)
    session.flush()
    evidence.append(session, "provider_letter.drafted", row, now, occurred_at=row.as_at)
    return row


def _last_address(session: Session, provider_id: UUID) -> Addressee | None:
    """Who the last letter to this provider was addressed to, so that it is typed once."""
    query = select(ProviderLetter).where(ProviderLetter.provider_id == provider_id)
    row = session.exec(query.order_by(col(ProviderLetter.id).desc()).limit(1)).first()
    if row is None or (row.attention is None and not row.address):
        return None
    return Addressee(row.attention, tuple(row.address))


def document_of(session: Session, row: ProviderLetter) -> Document:
    """The letter from the record as at its moment. Raises Conflict or BadInput naming what is missing."""
    with session.no_autoflush:
        on, words = compose.ground(session, row), compose.words_of(row)
        match words:
            case MethodWords():
                body, requests = works.method_statement(session, on, words)
            case OutageWords():
                body, requests = works.outage(session, on, words)
            case PreservationWords():
                body, requests = works.preservation(session, on, words)
            case CoverWords():
                body, requests = demands.cover(session, on, words)
            case ReminderWords():
                body, requests = demands.reminder(session, on, words)
            case BeforeClaimWords():
                body, requests = before.before_claim(session, on, words)
        document = compose.letter(session, on, body, requests, words.remark)
        no_client_data(session, document)
    return document


def kept(row: ProviderLetter) -> Document:
    """The document as it was approved or issued. Raises Conflict where it was erased."""
    if row.document is None:
        raise Conflict("this letter's content was erased; its digests stay in the log", field="provider_letter_id")
    return Document.model_validate_json(row.document)


def shown(session: Session, row: ProviderLetter) -> Document:
    """The letter as it stands: issued or approved as kept, a draft from the record."""
    return document_of(session, row) if row.approved_at is None else kept(row)


def approve(session: Session, row: ProviderLetter, *, approved_by: str, now: datetime) -> ProviderLetter:
    """Puts a name to the letter as it stands; what is issued is what was approved. Raises Conflict if done before."""
    if row.approved_at is not None:
        raise Conflict(f"this letter was approved before, by {row.approved_by}", field="provider_letter_id")
    row.approved_by, row.approved_at = approved_by, now
    text = document_of(session, row).model_dump_json()
    row.document, row.document_digest = text, hashlib.sha256(text.encode()).hexdigest()
    session.add(row)
    body = {"number": row.number, "kind": row.kind, "approved_by": approved_by, "document": row.document_digest}
    evidence.append(session, "provider_letter.approved", row, now, body=body)
    return row


def final(session: Session, row: ProviderLetter) -> Document:
    """What is to be issued: as approved, with the evidence head of now. Raises Conflict where the record has come to
    say otherwise since."""
    if row.approved_at is None:
        raise Conflict(
            "nobody has put a name to this letter yet",
            field="approved_by",
            example=f"POST /api/v1/provider-letters/{row.id}/approve",
        )
    if row.issued_at is not None:
        raise Conflict("this letter was issued before; what went out is not changed", field="provider_letter_id")
    approved, now = kept(row), document_of(session, row)
    if (path := _differs(approved.model_dump(mode="json"), now.model_dump(mode="json"))) is not None:
        raise Conflict("the record says otherwise than what was approved; draft the letter anew", field=path)
    return now.model_copy(update={"header": now.header.model_copy(update={"status": "issued"})})


def _differs(one: Any, two: Any, path: str = "") -> str | None:
    """The path of the first value that is not the same; what the log's growth changes is left out."""
    if path in ("header.evidence_head", "header.evidence_entries"):
        return None
    if isinstance(one, dict) and isinstance(two, dict):
        for name in one:
            if (found_ := _differs(one[name], two.get(name), f"{path}.{name}" if path else name)) is not None:
                return found_
        return None
    if isinstance(one, list) and isinstance(two, list) and len(one) == len(two):
        pairs = (_differs(a, b, f"{path}[{place}]") for place, (a, b) in enumerate(zip(one, two, strict=True)))
        return next((item for item in pairs if item is not None), None)
    return None if one == two else path


def issue(
    session: Session, row: ProviderLetter, document: Document, pdf: bytes, *, issued_at: datetime, now: datetime
) -> ProviderLetter:
    """Freezes text, figures and PDF, and opens its requests. Raises Conflict if it was issued before."""
    text = document.model_dump_json()
    done = session.execute(
        sa.update(ProviderLetter)
        .where(col(ProviderLetter.id) == row.id, col(ProviderLetter.issued_at).is_(None))
        .values(
            issued_at=issued_at,
            document=text,
            document_digest=hashlib.sha256(text.encode()).hexdigest(),
            pdf=pdf,
            pdf_digest=hashlib.sha256(pdf).hexdigest(),
        )
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict("this letter was issued before; what went out is not changed", field="provider_letter_id")
    session.refresh(row)
    listed = []
    for item in document.requests if row.about_id is None else ():  # a reminder asks again, it opens nothing new
        request = ProviderRequest(
            created_at=now,
            letter_id=row.id,
            number=item.number,
            text=item.text,
            answer_as=item.answer,
            wanted_at=item.wanted_at,
        )
        session.add(request)
        listed.append({"request": str(request.id), "number": item.number, "wanted_at": item.wanted_at})
    body = {
        "number": row.number,
        "kind": row.kind,
        "approved_by": row.approved_by,
        "document": row.document_digest,
        "pdf": row.pdf_digest,
        "requests": listed,
    }
    evidence.append(session, "provider_letter.issued", row, now, body=body, occurred_at=issued_at)
    return row


def erase(session: Session, row: ProviderLetter, *, now: datetime) -> ProviderLetter:
    """Removes the letter's text, PDF and words, which hold people's names; the digests stay in the log."""
    if row.document is None and row.words == {"kind": row.kind}:
        raise Conflict("this letter's content was erased before", field="provider_letter_id")
    row.document, row.pdf, row.attention, row.address, row.words = None, None, None, [], {"kind": row.kind}
    session.add(row)
    body = {"document": row.document_digest, "pdf": row.pdf_digest}
    evidence.append(session, "provider_letter.erased", row, now, body=body)
    return row
