"""P4 and P5 from the record: the letter over a claim, and the reminder of what nobody answered."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import Session, col, select

from app.claims import queries as claims
from app.claims.steps import standing
from app.claims.tables import Claim
from app.correspondence import queries
from app.correspondence.compose import DAYS_TO_REPLY, Ground, asked, reference
from app.correspondence.tables import ProviderLetter
from app.correspondence.wording import CoverWords, ReminderWords
from app.correspondence.works import Written
from app.errors import BadInput, Conflict, NotFound, found
from app.notices.stale import letters_sent
from app.papers.figures import of_fraction, seconds, short
from app.sla.case import Case
from app.sla.statement import Credit, Outcome, Statement
from app.sla.wording import period_words
from app.statements.actions import judged
from app.statements.tables import Paper, StatementRow
from reports import documents as doc
from reports.documents import provider_letters as shop

SECTION = re.compile(r"(?i)\b((?:section|clause|article|paragraph|no\.|§)\s*[\w.]*\w)\s*$")
MOST_ASKED = 8


def statement_of(session: Session, on: Ground, statement_id: UUID) -> tuple[StatementRow, Case, Statement]:
    row = found(session.get(StatementRow, statement_id), "statement", statement_id)
    if row.service_id != on.service.id:
        raise BadInput("this statement is about another service", field="words.statement_id")
    case, statement = judged(session, row, on.as_at)
    if case.as_at > on.as_at:
        stamp = case.as_at.isoformat(timespec="seconds")
        raise Conflict(f"the statement speaks of {stamp}, after the letter's moment", field="as_at", example=stamp)
    return row, case, statement


def paper_of(session: Session, on: Ground, row: StatementRow) -> Paper | None:
    """The claim's paper: the newest issued from the statement by the letter's moment."""
    query = select(Paper).where(Paper.statement_id == row.id, Paper.kind == "breach", col(Paper.issued_at) <= on.as_at)
    return session.exec(query.order_by(col(Paper.version).desc(), col(Paper.id)).limit(1)).first()


def claim_of(session: Session, on: Ground, row: StatementRow, number: str | None) -> Claim | None:
    """The claim of this number, or the live one that rests on the statement. Raises BadInput."""
    if number is None:
        return next((item for item in claims.live(session, on.service.id) if item.statement_id == row.id), None)
    claim = _numbered(session, number)
    if claim is None:
        return None  # kept by hand: the number is the agency's own
    if claim.service_id != on.service.id:
        raise BadInput(f"claim {number} is about another service", field="words.claim")
    return claim


def section(case: Case, path: str) -> str | None:
    """ "section 4" of the clause's source, or the whole source where it names no section."""
    for dated in reversed(case.terms):
        quote = dated.terms.source_quotes.get(path)
        if quote is not None and quote.source:
            match = SECTION.search(quote.source)
            return match[1] if match else short(quote.source, 120)
    return None


def label(case: Case) -> str:
    return period_words(case.period)


def amounts(statement: Statement) -> tuple[Decimal | None, Credit | None]:
    """What the statement gives to claim: the lower amount where a boundary lies between the bounds."""
    credit = statement.credit
    if credit is None or credit.amount <= 0:
        return None, None
    return (credit.lower_amount if credit.lower_amount is not None else credit.amount), credit


def percent_text(value: Fraction) -> str:
    """A percentage as a decimal with at most six places: 30, 12.5."""
    return format(
        (Decimal(value.numerator) / Decimal(value.denominator)).quantize(Decimal("0.000001")).normalize(), "f"
    )


def cover(session: Session, on: Ground, words: CoverWords) -> Written:
    """P4. Raises Conflict where no claim was issued, or where the record has come to say otherwise."""
    row, case, statement = statement_of(session, on, words.statement_id)
    paper = paper_of(session, on, row)
    if paper is None:
        raise Conflict(
            "no claim was issued from this statement by then, and this letter only goes with one",
            field="words.statement_id",
            example=f'POST /api/v1/statements/{row.id}/issue {{"kind": "breach", "approved_by": "…"}}',
        )
    printed = json.loads(paper.document)
    claim = claim_of(session, on, row, words.claim)
    number = claim.number if claim else words.claim or str(printed["claim"]["number"])
    amount, credit = amounts(statement)
    claimed = _printed_amount(printed)
    if claimed != (None if amount is None else f"{amount:.2f}"):
        raise Conflict(
            f"the claim was issued over {claimed or 'nothing'}, and the record now gives {amount or 'nothing'}:"
            " issue a corrected claim first",
            field="words.statement_id",
        )
    raw, counted = statement.readings[0], statement.readings[2]
    longest = max(statement.outages, key=lambda item: item.as_held, default=None)
    ratios = [item.downtime_ratio for item in statement.windows if item.downtime_ratio is not None]
    told = letters_sent(session, on.service.id, on.as_at)
    currency = on.service.currency
    body = shop.ClaimCover(
        claim=number,
        paper=f"{paper.number} v{paper.version}",
        paper_digest=paper.pdf_digest,
        period=label(case),
        amount=None if amount is None else doc.Money(amount=f"{amount:.2f}", currency=currency),
        base=None if credit is None else doc.Money(amount=f"{credit.base:.2f}", currency=credit.currency),
        credit_percent=None if credit is None else percent_text(credit.percent),
        credit_clause=_of_terms(section(case, "credit")),
        maintenance_clause=section(case, "maintenance"),
        raw_seconds=seconds(raw.down),
        counted_seconds=seconds(counted.down),
        rest_unannounced=not any(one.overlaps(two) for one in statement.counted_spans for two in statement.announced),
        outages=len(statement.outages),
        down_from=longest.span.start if longest else None,
        not_carried_out=sum(item.outcome is Outcome.NOT_CARRIED_OUT for item in statement.windows),
        longest_ratio=of_fraction(max(ratios)) if ratios else None,
        letters=told.letters,
        announcements=told.announcements,
        previously_claimed=bool(printed["claim"]["previously_claimed"]),
    )
    items = [(short(str(item["text"]), 300), "words") for item in printed["requests"]][:MOST_ASKED]
    items = items or [("The credit, or your reasons against it.", "words")]
    return body, asked(*items, by=words.answer_by or on.end_of_day())


def _printed_amount(printed: dict[str, object]) -> str | None:
    amount = printed.get("amount")
    if not isinstance(amount, dict):
        return None
    return f"{Decimal(str(amount['amount']['amount'])):.2f}"


def _of_terms(text: str | None) -> str | None:
    return None if text is None else f"{text} of your terms" if SECTION.search(text) else text


def reminder(session: Session, on: Ground, words: ReminderWords) -> Written:
    """P5. Raises Conflict where what it reminds of was never sent, or nothing of it is overdue."""
    if words.answer_by <= on.as_at:
        stamp = on.as_at.isoformat(timespec="seconds")
        raise BadInput(f"is not after the letter's moment, {stamp}", field="words.answer_by", example=stamp)
    if words.claim is not None:
        return _of_claim(session, on, words, words.claim)
    assert words.letter_id is not None
    about = queries.letter(session, words.letter_id)
    if about.service_id != on.service.id:
        raise BadInput("this letter is about another service", field="words.letter_id")
    if about.kind in ("P5", "P6"):
        raise BadInput("name the letter that asked first, not a reminder of it", field="words.letter_id")
    sent = queries.sendings_of(session, [about.id], on.as_at)[about.id]
    if not sent:
        raise Conflict(
            "it is not recorded how and when this letter was sent, so nobody can be reminded of it",
            field="words.letter_id",
            example=f"POST /api/v1/provider-letters/{about.id}/sendings",
        )
    requests = queries.requests_of(session, about.id)
    waiting = {item.request_id for item in queries.open_requests(session, on.as_at, on.service.id) if item.overdue}
    left = [item for item in requests if item.id in waiting]
    if not left:
        raise Conflict("nothing this letter asked is overdue at that moment", field="words.letter_id")
    again = tuple(
        shop.Asked(
            number=item.number,
            text=item.text,
            answer=item.answer_as,
            wanted_at=words.answer_by,
            first_wanted_at=item.wanted_at,
        )
        for item in left
    )
    age = seconds(on.as_at - sent[0].sent_at)
    body = shop.Reminder(
        about=reference(on.service.name, about),
        about_kind=about.kind,  # type: ignore[arg-type]
        claim=_named_claim(about),
        sent_at=sent[0].sent_at,
        sent_how=CHANNELS[sent[0].channel],
        age_seconds=age,
        age_days=age // 86400,
        asked=len(requests),
        reminder=queries.reminders_of(session, [about.id], on.as_at).get(about.id, 0) + 1,
    )
    return body, again


def claim_by(session: Session, number: str) -> Claim:
    """The claim of this number. Raises NotFound."""
    claim = _numbered(session, number)
    if claim is None:
        raise NotFound(f"no live claim has the number {number}; GET /claims lists them", field="words.claim")
    return claim


def _numbered(session: Session, number: str) -> Claim | None:
    return next((item for item in claims.live(session) if item.number == number), None)


def _of_claim(session: Session, on: Ground, words: ReminderWords, number: str) -> Written:
    """A filed claim that the provider has not answered by its date."""
    claim = claim_by(session, number)
    if claim.service_id != on.service.id:
        raise BadInput(f"claim {number} is about another service", field="words.claim")
    steps = [step for step in claims.steps_of(session, [claim.id])[claim.id] if step.at <= on.as_at]
    counts = {step.number for step in standing(steps)}
    stand = [step for step in steps if step.number in counts]
    filed = next((step for step in stand if step.kind == "filed"), None)
    if filed is None or stand[-1].kind not in ("filed", "acknowledged"):
        raise Conflict(
            f"claim {number} is not waiting for an answer: it is {stand[-1].kind if stand else 'not drafted by then'}",
            field="words.claim",
            example="a claim that was filed and not answered",
        )
    zone = ZoneInfo(on.service.zone)
    day = (filed.reply_by or filed.at.astimezone(zone).date() + timedelta(days=DAYS_TO_REPLY)) + timedelta(days=1)
    due = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
    if due > on.as_at:
        raise Conflict(
            f"claim {number} is not overdue before {due.isoformat()}", field="as_at", example=due.isoformat()
        )
    before = select(sa.func.count()).select_from(ProviderLetter).where(ProviderLetter.claim_id == claim.id)
    count = session.execute(before.where(col(ProviderLetter.issued_at) <= on.as_at)).scalar_one()
    age = seconds(on.as_at - filed.at)
    body = shop.Reminder(
        about=f"claim {claim.number}",
        about_kind="P4",
        claim=claim.number,
        sent_at=filed.at,
        sent_how=CHANNELS.get(filed.channel or "other", "by hand"),
        age_seconds=age,
        age_days=age // 86400,
        asked=1,
        reminder=count + 1,
    )
    text = f"Your answer to claim {claim.number}: accepted, accepted in part with your figure, or refused with reasons."
    item = shop.Asked(number="R1", text=text, answer="one of the three", wanted_at=words.answer_by, first_wanted_at=due)
    return body, (item,)


CHANNELS = {
    "email": "by e-mail",
    "ticket": "as a ticket",
    "letter": "by letter",
    "phone": "by phone",
    "portal": "through your portal",
    "post": "by post",
    "fax": "by fax",
    "other": "by hand",
}


def _named_claim(row: ProviderLetter) -> str | None:
    """The claim an issued covering letter names."""
    if row.kind != "P4" or not row.document:
        return None
    return str(json.loads(row.document)["body"]["claim"])
