"""Issuing a round of letters: frozen with their PDFs and recipients, once."""

from __future__ import annotations

import hashlib
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col

from app.errors import Conflict
from app.evidence import actions as evidence
from app.notices.drafting import Draft
from app.notices.tables import Letter, LetterRecipient, Notice


def issue(
    session: Session,
    notice: Notice,
    ready: list[tuple[Draft, bytes]],
    *,
    approved_by: str,
    issued_at: datetime,
    now: datetime,
) -> Notice:
    """Freezes the letters with their PDFs. Raises Conflict if the notice was issued before."""
    done = session.execute(
        sa.update(Notice)
        .where(col(Notice.id) == notice.id, col(Notice.issued_at).is_(None))
        .values(issued_at=issued_at, approved_by=approved_by)
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict("this notice was issued before; what went out is not changed", field="notice_id")
    listed = []
    for item, pdf in ready:
        text = item.document.model_dump_json()
        letter = Letter(
            notice_id=notice.id,
            client_id=item.client_id,
            contact_id=item.contact_id,
            stated=item.stated,
            document=text,
            document_digest=hashlib.sha256(text.encode()).hexdigest(),
            pdf=pdf,
            pdf_digest=hashlib.sha256(pdf).hexdigest(),
        )
        session.add(letter)
        session.flush()
        for number, to in enumerate(item.to):
            who = LetterRecipient(letter_id=letter.id, contact_id=to.contact.id, place=number, channel=to.channel,
                                  why=to.why)  # fmt: skip
            session.add(who)
        listed.append(
            {
                "letter": str(letter.id),
                "client": str(item.client_id),
                "document": letter.document_digest,
                "pdf": letter.pdf_digest,
            }
        )
    body = {"number": notice.number, "kind": notice.kind, "approved_by": approved_by, "letters": listed}
    evidence.append(session, "notice.issued", notice, now, body=body, occurred_at=issued_at)
    session.refresh(notice)
    return notice


def erase(session: Session, letter: Letter, *, now: datetime) -> Letter:
    """Removes the letter's text and PDF, which hold a person's name and address; the digests stay in the log.

    Raises Conflict where it was done before.
    """
    if letter.pdf is None:
        raise Conflict("this letter's content was erased before", field="letter_id")
    letter.pdf, letter.document = None, "{}"
    session.add(letter)
    body = {"document": letter.document_digest, "pdf": letter.pdf_digest}
    evidence.append(session, "letter.erased", letter, now, body=body)
    return letter
