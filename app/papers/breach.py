"""The breach report and claim from a case, its statement and a context."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from app.errors import Conflict
from app.papers import figures
from app.papers.amount import amount_box, counter_reading
from app.papers.beside import part_lines
from app.papers.context import Context
from app.papers.found.deviations import deviations, pairs, sign_off
from app.papers.monthly import monthly_report
from app.papers.reckoning import reckoning
from app.sla.case import Case
from app.sla.statement import PromiseStatus, Statement
from reports import documents as doc


def breach_report(case: Case, statement: Statement, context: Context) -> doc.BreachReport:
    """The document. Raises Conflict where no promise of the period is broken, so that there is nothing to report, and
    where it is to be issued while nobody has put a name to a doubtful clause."""
    if not any(item.status is PromiseStatus.BROKEN for item in statement.promises):
        raise Conflict("no promise of this period is broken, so there is no breach to report", field="statement")
    check_reviewed(statement, context)
    whole = monthly_report(case, statement, context)
    wishes = context.wishes
    today = statement.as_at.astimezone(ZoneInfo(context.zone)).date()
    amount = amount_box(case, statement, whole.clauses)
    found = deviations(case, statement, context)
    beside = pairs(case, statement, context)
    down_sites = [site for site in whole.sites if site.down_seconds]
    paper = doc.BreachReport(
        header=whole.header,
        provider=whole.provider,
        service=whole.service,
        period=whole.period,
        claim=doc.ClaimLine(
            number=wishes.claim_number or "draft",
            basis="credit" if amount else "goodwill",
            previously_claimed=wishes.previously_claimed,
            filed_on=wishes.filed_on,
            last_claim_day=whole.last_claim_day,
            deadline_clause=figures.clause_of(case, "claim"),
            good_standing=wishes.good_standing,  # type: ignore[arg-type]
            tickets=tuple(ticket.number for ticket in figures.tickets(case, statement)),
        ),
        evidence=context.evidence,
        draft_reasons=draft_reasons(statement),
        target=whole.target,
        tier_below_percent=whole.credit.tier_below_percent if whole.credit else None,
        readings=whole.readings,
        amount=amount,
        opening=wishes.opening,
        impact=wishes.impact or _impact(statement),
        counter=counter_reading(statement) if statement.target is not None else None,
        left_out=whole.left_out,
        preconditions=tuple(figures.short(item) for item in statement.preconditions),
        by_hand=tuple(figures.short(item) for item in statement.by_hand),
        remedy_form=figures.short(statement.remedy_form) if statement.remedy_form else None,
        parts=part_lines(statement),
        guarantees=whole.guarantees,
        rights=whole.rights,
        due=whole.due,
        audit=whole.audit,
        attachments=(
            "statement.json, every input and result for machines, inside this PDF",
            f"{context.evidence}, the evidence appendix E0 to {'E8' if whole.audit else 'E7'} with the observations "
            "and the original messages",
        ),
        windows=whole.windows,
        window_totals=whole.window_totals,
        pairs=beside,
        deviations=found,
        effect=doc.Effect(
            sites_affected=len(down_sites),
            sites_total=len(whole.sites),
            site_seconds=sum(site.down_seconds for site in whole.sites),
            announcements=context.letters.announcements,
            corrections=context.letters.corrections,
            updates=context.letters.updates,
            letters=context.letters.letters,
            staff_seconds=None if wishes.staff_time is None else figures.seconds(wishes.staff_time),
            statement=wishes.staff_statement,
        ),
        requests=whole.requests,
        reply_by=wishes.reply_by or today + timedelta(days=14),
        undisputed_payment_continues=True,
        exhibits=_cited(context, whole.windows, beside, found),
        outages=whole.outages,
        site_counts=whole.site_counts,
        sites=whole.sites,
        sign_off=sign_off(case, statement, amount.amount if amount else None, found),
        calculation=whole.calculation,
        clauses=whole.clauses,
        method=whole.method,
        reckoning=reckoning(case, statement),
        checklist=tuple(
            doc.Checked(
                text=figures.short(text),
                answer=answer,  # type: ignore[arg-type]
                note=figures.short(note) or None,
            )
            for text, answer, note in wishes.checklist
        ),
    )
    return context.mask.document(paper)


def check_reviewed(statement: Statement, context: Context) -> None:
    if context.issued and statement.needs_review:
        raise Conflict(
            "no claim goes out before somebody has put a name to the doubtful clauses: "
            + ", ".join(statement.needs_review),
            field=f"terms.{statement.needs_review[0]}",
            example="print it as a draft, without issuing it",
        )


def draft_reasons(statement: Statement) -> tuple[str, ...]:
    """Why the paper may not go out yet, beside that nobody issued it."""
    reasons = [f"The clause {path} is doubtful and nobody has put a name to it." for path in statement.needs_review]
    if statement.so_far:
        reasons.append("The period has not ended; its figures are what has passed so far.")
    return tuple(figures.short(reason) for reason in reasons)


def exhibits(context: Context) -> tuple[doc.Exhibit, ...]:
    """Everything kept, in the order in which it reached us."""
    return tuple(
        doc.Exhibit(
            number=f"X{number}",
            what=figures.short(item.what, 200),
            obtained_from=item.obtained_from,
            obtained_at=item.obtained_at,
            sha256=item.sha256,
        )
        for number, item in enumerate(context.exhibits, 1)
    )


def _cited(
    context: Context, windows: tuple[doc.Window, ...], beside: tuple[doc.Pair, ...], found: tuple[doc.Deviation, ...]
) -> tuple[doc.Exhibit, ...]:
    """Those this paper points at; the appendix lists all."""
    named = {item.exhibit for item in windows} | {number for item in found for number in item.exhibits}
    named |= {said.exhibit for pair in beside for said in (pair.promised, pair.happened)}
    return tuple(item for item in exhibits(context) if item.number in named)


def _impact(statement: Statement) -> str | None:
    if statement.breach:
        return None
    return f"{len(statement.sites)} client websites depend on {statement.service_name}."
