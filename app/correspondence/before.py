"""P6 from the record: a letter before claim. Basis, facts, sum, documents; no law is cited."""

from __future__ import annotations

from uuid import UUID

from sqlmodel import Session, col, select

from app.agreements.tables import Agreement, Terms
from app.claims import queries as claims
from app.claims.steps import UNFILED
from app.correspondence import queries
from app.correspondence.compose import Ground, asked, reference
from app.correspondence.demands import CHANNELS, amounts, claim_of, label, paper_of, percent_text, statement_of
from app.correspondence.tables import ProviderLetter
from app.correspondence.wording import BeforeClaimWords
from app.correspondence.works import Written
from app.errors import BadInput, Conflict, found
from app.messages.tables import Message
from app.papers.figures import first_human_reply, of_fraction, seconds, short, tickets
from app.sla.case import Case
from app.sla.statement import Outcome, Statement
from app.statements.tables import Paper
from reports import documents as doc
from reports.documents import provider_letters as shop
from reports.words import duration, percent

MOST_FACTS, MOST_PAPERS = 14, 10


def before_claim(session: Session, on: Ground, words: BeforeClaimWords) -> Written:
    """P6. Raises Conflict where the month is open, or nothing is owed under the terms."""
    if not on.row.address:
        raise BadInput(
            "a letter before claim goes to a postal address",
            field="to.address",
            example='["1 High Street", "Exampleton"]',
        )
    row, case, statement = statement_of(session, on, words.statement_id)
    amount, credit = amounts(statement)
    if statement.so_far or amount is None or credit is None:
        why = "the month has not ended" if statement.so_far else "the terms give no amount"
        raise Conflict(f"there is no sum to claim: {why}", field="words.statement_id")
    paper, claim = paper_of(session, on, row), claim_of(session, on, row, words.claim)
    currency = credit.currency
    if not case.terms:
        raise Conflict("no terms were in force, so there is no basis", field="words.statement_id")
    terms = found(session.get(Terms, UUID(case.terms[-1].id)), "terms", case.terms[-1].id)
    agreement = found(session.get(Agreement, terms.agreement_id), "agreement", terms.agreement_id)
    basis = _basis(case)
    if not basis:
        raise Conflict(
            "the terms quote no clause, and a letter before claim rests on the contract's words",
            field="terms.source_quotes",
            example='{"credit": {"text": "…", "source": "SLA, section 4"}}',
        )
    counted = statement.readings[2]
    lines = [
        shop.SumLine(what="Downtime counted", value=f"{duration(seconds(counted.down))} ({seconds(counted.down):,} s)"),
    ]
    if counted.projected_availability is not None:
        shown = percent(of_fraction(counted.projected_availability))
        lines.append(
            shop.SumLine(what="Availability", value=f"{shown} of {seconds(counted.projected_known):,} s known")
        )
    base = on.say.money(doc.Money(amount=f"{credit.base:.2f}", currency=currency))
    lines.append(shop.SumLine(what="Reckoned on", value=base))
    tier = f" (below {percent_text(credit.tier_below * 100)} %)" if credit.tier_below is not None else ""
    lines.append(shop.SumLine(what="Credit", value=f"{percent_text(credit.percent)} %{tier}"))
    if credit.cap_applied:
        lines.append(shop.SumLine(what="Before the cap", value=f"{percent_text(credit.uncapped_percent)} %"))
    if credit.lower_amount is not None:
        lines.append(
            shop.SumLine(what="On the time as held", value=f"{currency} {credit.amount:.2f}; the lower is claimed")
        )
    body = shop.BeforeClaim(
        agreement=short(agreement.title, 160),
        period=label(case),
        claim=claim.number if claim else words.claim,
        basis=basis,
        facts=_facts(session, on, case, statement),
        amount=doc.Money(amount=f"{amount:.2f}", currency=currency),
        sum=tuple(lines),
        relied_on=_relied_on(session, on, case, statement, paper),
        settle=words.settle,
    )
    return body, asked(
        ("Will you pay the sum claimed?", "yes / no; date of payment"),
        ("If not in full: which figure you dispute, and why.", "line and reason"),
        by=words.answer_by or on.end_of_day(),
    )


def _basis(case: Case) -> tuple[shop.Quoted, ...]:
    out = []
    for dated in case.terms:
        for path in ("target_percent", "credit", "maintenance"):
            quote = dated.terms.source_quotes.get(path)
            if quote is not None and quote.text:
                source = short(quote.source, 160) or None
                out.append(shop.Quoted(ref=path, quote=short(quote.text, 600), source=source))
    return tuple(out[:6])


def _facts(session: Session, on: Ground, case: Case, statement: Statement) -> tuple[shop.Told, ...]:
    """What happened, each line with its source, in order of time; the month's figure last."""
    say = on.say
    lines: list[shop.Told] = []
    for item in statement.windows:
        if item.outcome is Outcome.NOT_CARRIED_OUT:
            text = f"Window announced to {say.moment(item.promised.end)}: the work did not take place."
            lines.append(shop.Told(at=item.promised.start, text=text, source="provider"))
        elif item.outcome is not Outcome.UNANNOUNCED:
            text = f"Announced start of a window to {say.moment(item.promised.end)}."
            lines.append(shop.Told(at=item.promised.start, text=text, source="provider"))
    for down in statement.outages:
        lines.append(
            shop.Told(at=down.first_failed_at, text=f"{case.service_name} stops answering.", source="measured")
        )
        if not down.open:
            text = f"{case.service_name} answers again, after {duration(seconds(down.as_held))}."
            lines.append(shop.Told(at=down.span.end, text=text, source="measured"))
    for ticket in tickets(case, statement):
        reply = first_human_reply(ticket, case.as_at)
        answered = f"; a person first replies {say.moment(reply)}" if reply else "; no person has replied"
        lines.append(shop.Told(at=ticket.opened_at, text=f"Ticket {ticket.number} opened{answered}.", source="ticket"))
    query = select(ProviderLetter).where(
        ProviderLetter.service_id == on.service.id, col(ProviderLetter.kind).in_(("P4", "P5"))
    )
    for row in session.exec(query.order_by(col(ProviderLetter.number))):
        for sent in queries.sendings_of(session, [row.id], on.as_at)[row.id][:1]:
            what = "claim" if row.kind == "P4" else "reminder"
            text = f"Our {what} {reference(on.service.name, row)} sent {CHANNELS[sent.channel]}."
            lines.append(shop.Told(at=sent.sent_at, text=text, source="our letter"))
    for claim in claims.live(session, on.service.id):
        if claim.statement_id == on.row.statement_id and claim.state not in UNFILED:
            steps = claims.steps_of(session, [claim.id])[claim.id]
            filed = next((step for step in steps if step.kind == "filed"), None)
            if filed is not None and filed.at <= on.as_at:
                text = f"Claim {claim.number} filed with you."
                lines.append(shop.Told(at=filed.at, text=text, source="our letter"))
    lines = sorted(lines, key=lambda line: line.at or on.as_at)[: MOST_FACTS - 1]
    share = statement.readings[2].projected_availability
    if share is not None and statement.target is not None:
        target = percent_text(statement.target * 100)
        shown = percent(of_fraction(share), target)
        text = f"Availability in {label(case)}: {shown} by the contract's method, {target} % promised."
        lines.append(shop.Told(at=None, text=text, source="statement"))
    return tuple(lines)


def _relied_on(
    session: Session, on: Ground, case: Case, statement: Statement, paper: Paper | None
) -> tuple[shop.ReliedOn, ...]:
    """The claim's paper, the provider's messages that announced the windows, and the tickets."""
    out = []
    if paper is not None:
        out.append(
            shop.ReliedOn(
                what=f"Claim {paper.number} v{paper.version}", dated_at=paper.issued_at, sha256=paper.pdf_digest
            )
        )
    refs = dict.fromkeys(window.source.ref for window in case.windows if window.source.ref.startswith("message:"))
    for ref in refs:
        message = session.get(Message, UUID(ref.partition(":")[2]))
        if message is not None:
            what = f"Your message: {short(message.subject or message.text or 'without subject', 160)}"
            out.append(shop.ReliedOn(what=what, dated_at=message.received_at, sha256=message.digest))
    for ticket in tickets(case, statement):
        what = f"Ticket {ticket.number}: {short(ticket.subject, 120)}"
        out.append(shop.ReliedOn(what=what, dated_at=ticket.opened_at, sha256=None))
    seen = [monitor for monitor in case.monitors if monitor.runs]
    if seen:
        names = short(", ".join(monitor.name for monitor in seen), 160)
        first = max(case.period.span.start, min(monitor.runs[0].first_at for monitor in seen))
        out.append(shop.ReliedOn(what=f"Our observations: {names}", dated_at=first, sha256=None))
    return tuple(out[:MOST_PAPERS])
