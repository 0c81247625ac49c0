"""What stands beside the leading figure: versions of the terms, several guarantees, all credits together, rights to
leave, and what is left out."""

from __future__ import annotations

from decimal import Decimal

from app.papers import figures
from app.sla.asked import asked, paying
from app.sla.case import Case
from app.sla.guarantees import FIRST
from app.sla.statement import Credit, GuaranteeVerdict, Part, Statement
from app.sla.wording import period_words
from reports import documents as doc

FIRST_TITLE, AS_ENTERED = "Availability", "terms as entered"


def money(amount: Decimal, currency: str) -> doc.Money:
    return doc.Money(amount=f"{amount:f}", currency=currency)


def credit_lines(statement: Statement) -> tuple[doc.CreditLine, ...]:
    """Each credit, where there is more than the one for the statement's own availability."""
    found = paying(statement)
    if not found or (len(found) == 1 and found[0].credit == statement.credit):
        return ()
    return tuple(
        doc.CreditLine(
            what=figures.short(one.name),
            how=f"{figures.number_text(one.credit.percent)} % of {one.credit.currency} {one.credit.base:f}",
            amount=money(one.credit.amount, one.credit.currency),
            counted=one.counted,
        )
        for one in found
    )


def due(case: Case, statement: Statement) -> doc.Due | None:
    """None where there is no more than the one credit, which is then what is due."""
    if not credit_lines(statement):
        return None
    return doc.Due(
        amount=None if statement.due is None else money(statement.due, case.currency),
        asked=money(asked(statement).amount, case.currency),
        lines=tuple(
            doc.DueLine(
                what=figures.short(line.label), value=figures.short(line.value), note=figures.short(line.note) or None
            )
            for line in statement.due_lines
        ),
    )


def part_lines(statement: Statement) -> tuple[doc.PartLine, ...]:
    """Each stretch of the period under one version of the terms."""
    return tuple(
        doc.PartLine(
            number=part.number,
            span=figures.span(part.span),
            terms_from=part.effective_from,
            target_percent=None if part.target is None else figures.percent_text(part.target),
            counted_seconds=figures.seconds(part.readings[2].down),
            availability=_share(part),
            verdict=part.verdict.value,
            amount=_paid(part.credit),
        )
        for part in statement.parts
    )


def guarantee_lines(case: Case, statement: Statement) -> tuple[doc.GuaranteeLine, ...]:
    """All guarantees where there are several, the one the figures of the document are of first."""
    if not statement.guarantees:
        return ()
    return (*_first(case, statement), *(_guarantee(one, statement) for one in statement.guarantees))


def _first(case: Case, statement: Statement) -> tuple[doc.GuaranteeLine, ...]:
    if statement.target is None or any(one.name == FIRST for one in statement.guarantees):
        return ()
    counted = statement.readings[2]
    share = counted.projected_availability
    found = next((one for one in paying(statement) if one.credit == statement.credit), None)
    line = doc.GuaranteeLine(
        name=FIRST_TITLE,
        clause=figures.clause_of(case, "target_percent"),
        target_percent=figures.percent_text(statement.target),
        counted_seconds=figures.seconds(counted.down),
        availability=None if share is None else figures.of_fraction(share),
        verdict=statement.verdict.value,
        amount=_paid(statement.credit),
        paid=found is None or found.counted,
    )
    return (line,)


def _guarantee(one: GuaranteeVerdict, statement: Statement) -> doc.GuaranteeLine:
    return doc.GuaranteeLine(
        name=figures.short(one.name.capitalize()),
        clause=figures.on_record(one.clause),
        target_percent=None if one.target is None else figures.percent_text(one.target),
        counted_seconds=figures.seconds(one.readings[2].down),
        availability=_share(one),
        verdict=one.verdict.value,
        amount=_paid(one.credit),
        period=None if one.period == statement.period else period_words(one.period),
        paid=one.paid,
    )


def right_lines(statement: Statement) -> tuple[doc.RightLine, ...]:
    """Rights to leave the contract: noted, never exercised by a paper."""
    return tuple(
        doc.RightLine(
            title=figures.short(item.title),
            clause=figures.on_record(item.clause) or AS_ENTERED,
            accrued=figures.short(item.accrued),
            exercise_by=item.exercise_by,
            lapsed=item.lapsed,
        )
        for item in statement.rights
    )


def left_out(statement: Statement) -> tuple[doc.LeftOut, ...]:
    """Sites that were down alone: listed, so that nobody has to find out, and claimed for nowhere."""
    return tuple(
        doc.LeftOut(
            site_id=item.site_id,
            host_name=item.name,
            span=figures.span(item.span),
            in_period_seconds=figures.seconds(item.in_period),
            why=figures.short(item.why),
        )
        for item in statement.left_out
    )


def _share(item: Part | GuaranteeVerdict) -> doc.Share | None:
    share = item.readings[2].projected_availability
    return None if share is None else figures.of_fraction(share)


def _paid(credit: Credit | None) -> doc.Money | None:
    return None if credit is None else money(credit.amount, credit.currency)
