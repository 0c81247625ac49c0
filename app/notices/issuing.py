"""Issuing a round of letters: frozen with their PDFs and recipients, once, as their plan showed them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col, select

from app.delivery import actions as outbox
from app.errors import BadInput, Conflict, found
from app.evidence import actions as evidence
from app.evidence.tables import Entry
from app.notices import drafting
from app.notices.drafting.moments import refuse_impossible
from app.notices.rounds import approval
from app.notices.rounds import plan as plans
from app.notices.rounds.plan import Plan
from app.notices.sending import Copy, hand_over_round
from app.notices.tables import Letter, LetterRecipient, Notice
from app.notices.wording.translating import read

BESIDE = (
    "observations.", "delivery.accepted", "delivery.deferred", "reminder.", "token.", "calendar_feed.", "paper.",
    "statement.", "alert",
)  # fmt: skip
"""Kinds of entries that no letter draws on: they may come while letters are printed."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A round that may go out as it was planned: who answers for it, from when, and as the log stood."""

    plan: Plan
    approved_by: str
    issued_at: datetime
    head: int


def ready(
    session: Session,
    notice_id: UUID,
    *,
    digest: str,
    approved_by: str | None,
    issued_at: datetime | None,
    now: datetime,
) -> Ready:
    """Composes the round once more and holds it against its plan. Writes nothing.

    Raises Conflict where it was issued before, the plan does not fit, or a letter would be untrue when it goes out.
    """
    notice = unissued(session, notice_id)
    moment = issued_at or now
    if moment > now:
        raise Conflict(
            "letters cannot have gone out in the future", field="issued_at", example=now.isoformat(timespec="seconds")
        )
    if moment < notice.as_at:
        stamp = notice.as_at.isoformat(timespec="seconds")
        raise Conflict(f"the letters speak of {stamp}, so they went out later", field="issued_at", example=stamp)
    name = approval.approver(session, notice, approved_by)
    head = _head(session)
    plan = plans.made(session, notice, at=moment, issued=True, approved_by=name)
    approval.fits(session, plan, digest)
    if notice.plan is not None and notice.plan != digest:
        raise Conflict(
            f"{notice.approved_by} approved another plan of this round, before the record changed; approve this one",
            field="plan",
            example=f"POST /api/v1/notices/{notice.id}/approve",
        )
    approval.true_when_sent(plan, moment)
    return Ready(plan, name, moment, head)


def unissued(session: Session, notice_id: UUID) -> Notice:
    """Raises NotFound, and Conflict where it is out already."""
    notice = found(session.get(Notice, notice_id), "notice", notice_id)
    if notice.issued_at is not None:
        raise Conflict("this notice was issued before; what went out is not changed", field="notice_id")
    return notice


def _head(session: Session) -> int:
    return session.exec(select(sa.func.max(Entry.seq))).one() or 0


def issue(session: Session, item: Ready, pdfs: Mapping[int, bytes], *, send: bool, now: datetime) -> Notice:
    """Freezes the letters with their PDFs and recipients, and, to `send` them, puts their messages into the outbox.

    Raises Conflict if the notice was issued before, or the record came to say otherwise while they were printed.
    """
    plan, notice = item.plan, found(session.get(Notice, item.plan.notice.id), "notice", item.plan.notice.id)
    values = {
        "issued_at": item.issued_at,
        "approved_by": item.approved_by,
        "approved_at": notice.approved_at or now,
        "plan": plan.digest,
    }
    same = col(Notice.plan) == notice.plan if notice.plan is not None else col(Notice.plan).is_(None)
    done = session.execute(
        sa.update(Notice).where(col(Notice.id) == notice.id, col(Notice.issued_at).is_(None), same).values(**values)
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict("this notice was issued before; what went out is not changed", field="notice_id")
    session.refresh(notice)
    _as_it_was(session, item)
    listed, copies = [], []
    for place, one in enumerate(plan.letters):
        draft, pdf = one.draft, pdfs[place]
        text = draft.document.model_dump_json()
        letter = Letter(
            notice_id=notice.id,
            client_id=draft.client_id,
            contact_id=draft.contact_id,
            stated=draft.stated,
            document=text,
            document_digest=hashlib.sha256(text.encode()).hexdigest(),
            pdf=pdf,
            pdf_digest=hashlib.sha256(pdf).hexdigest(),
            own_text_id=draft.own_text_id,
        )
        session.add(letter)
        session.flush()
        for number, to in enumerate(draft.to):
            who = LetterRecipient(letter_id=letter.id, contact_id=to.contact.id, place=number, channel=to.channel,
                                  why=to.why)  # fmt: skip
            session.add(who)
            copies.append(Copy(letter, draft.document, pdf, to.contact, to.channel, to.why))
        listed.append(
            {
                "letter": str(letter.id),
                "client": str(draft.client_id),
                "document": letter.document_digest,
                "pdf": letter.pdf_digest,
                "to": [[str(to.contact.id), to.channel] for to in draft.to],
                **({"own_text": str(draft.own_text_id)} if draft.own_text_id is not None else {}),
            }
        )
    body = {"number": notice.number, "kind": notice.kind, "approved_by": item.approved_by, "plan": plan.digest,
            "letters": listed}  # fmt: skip
    evidence.append(session, "notice.issued", notice, now, body=body, occurred_at=item.issued_at)
    if send:
        session.flush()
        hand_over_round(session, notice, copies, now)
    return notice


def _as_it_was(session: Session, item: Ready) -> None:
    """Where something was recorded while the letters were printed, they must still be what the record gives."""
    if _head(session) == item.head:
        return
    kinds = session.exec(select(Entry.kind).where(col(Entry.seq) > item.head)).all()
    if all(kind.startswith(BESIDE) for kind in kinds):
        return
    notice = session.get_one(Notice, item.plan.notice.id)
    again = plans.made(session, notice, at=item.issued_at, issued=True, approved_by=item.approved_by)
    approval.fits(session, again, item.plan.digest)
    approval.true_when_sent(again, item.issued_at)


def renew(session: Session, notice_id: UUID, *, as_at: datetime, now: datetime) -> Notice:
    """The round speaks of another moment from now on, with the same words; an approval falls away.

    Raises Conflict where it is out already, or cannot be written as at that moment.
    """
    notice = unissued(session, notice_id)
    if as_at > now:
        raise BadInput("lies in the future", field="as_at", example=now.isoformat(timespec="seconds"))
    if as_at < notice.as_at:
        stamp = notice.as_at.isoformat(timespec="seconds")
        raise Conflict(
            f"the letters speak of {stamp} already", field="as_at", example=now.isoformat(timespec="seconds")
        )
    notice.as_at, notice.approved_by, notice.approved_at, notice.plan = as_at, None, None, None
    session.add(notice)
    session.flush()
    refuse_impossible(read({name: notice.words[name] for name in notice.words if name not in drafting.BESIDE}), as_at)
    if not drafting.write(session, notice, issued=False).drafts:
        raise Conflict("nobody is concerned any more; leave this round", field="notice_id")
    evidence.append(session, "notice.renewed", notice, now, occurred_at=as_at)
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
    outbox.erase(session, now, letter_id=letter.id)
    return letter
