"""The monthly provider report from a case, its statement and a context. Raises BadInput where it cannot be written."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from app.errors import BadInput
from app.papers import figures, ledger
from app.papers.beside import due, guarantee_lines, left_out, right_lines
from app.papers.context import Context
from app.papers.found.audited import data_audit
from app.papers.method import method
from app.papers.sheet import calculation
from app.sla import asked
from app.sla.case import Case
from app.sla.statement import DayTotals, MonthTotals, Statement
from reports import documents as doc


def monthly_report(case: Case, statement: Statement, context: Context) -> doc.MonthlyProviderReport:
    """The document. `ValueError`s of the print shop's own checks are left to the press."""
    if not case.terms:
        raise BadInput(
            "no terms are in force in this period, so there is nothing to report against",
            field="terms",
            example="POST /api/v1/agreements/{id}/terms",
        )
    if statement.elapsed is None:
        raise BadInput("the period has not begun at the as-at time", field="as_at", example="2025-06-30T06:00:00+02:00")
    windows = figures.windows(case, statement, context)
    sites = figures.sites(case, statement)
    promises = ledger.promises(case, statement)
    today = statement.as_at.astimezone(ZoneInfo(context.zone)).date()
    deadline = asked.deadline(statement)
    paper = doc.MonthlyProviderReport(
        header=figures.header(statement, context),
        provider=context.provider,
        service=context.service,
        period=figures.period(statement),
        target=figures.target(case, statement),
        readings=figures.readings(statement),
        credit=credit(case, statement),
        last_claim_day=deadline.latest if deadline else None,
        windows=windows,
        window_totals=figures.window_totals(windows),
        days=tuple(_day(day) for day in statement.days),
        months=tuple(_month(month) for month in statement.months),
        site_counts=figures.site_counts(sites),
        sites_in_question=figures.in_question(statement),
        coverage=coverage(case, statement),
        promises=promises,
        responses=ledger.responses(case, statement),
        requests=ledger.requests(case, statement, today),
        prior_requests=ledger.prior_requests(case, context),
        sign_off=tuple(item.ref for item in promises if item.verdict == "broken"),
        outages=figures.outages(statement, context),
        sites=sites,
        chronology=figures.chronology(case, context),
        calculation=calculation(statement),
        clauses=figures.clauses(case),
        method=method(case, context),
        left_out=left_out(statement),
        guarantees=guarantee_lines(case, statement),
        due=due(case, statement),
        rights=right_lines(statement),
        audit=data_audit(case, statement, whole=False),
        remark=context.wishes.remark,
    )
    return context.mask.document(paper)


def credit(case: Case, statement: Statement) -> doc.Credit | None:
    item = asked.first_credit(statement)
    if item is None or item.amount <= 0:
        return None
    return doc.Credit(
        tier_below_percent=None if item.tier_below is None else figures.percent_text(item.tier_below),
        how=next((line.note for line in item.lines if line.label == "Credit" and line.note), None),
        credit_percent=figures.percent_text(item.percent / 100),
        base=doc.Money(amount=f"{item.base:f}", currency=item.currency),
        amount=doc.Money(amount=f"{item.amount:f}", currency=item.currency),
        asked=None if item.lower_amount is None else doc.Money(amount=f"{item.lower_amount:f}", currency=item.currency),
        clause=figures.clause_of(case, "credit"),
    )


def coverage(case: Case, statement: Statement) -> doc.Coverage:
    """How much of the elapsed period was observed, and why not the rest."""
    assert statement.elapsed is not None
    elapsed = figures.seconds(statement.elapsed.length)
    gaps = tuple(
        doc.Gap(
            start_at=gap.span.start,
            end_at=gap.span.end,
            seconds=figures.seconds(gap.span.length),
            reason=next(
                (figures.short(own.reason) for own in case.own_outages if own.span.overlaps(gap.span) and own.reason),
                "no observation of ours",
            ),
        )
        for gap in statement.gaps
    )
    return doc.Coverage(
        known_seconds=elapsed - figures.seconds(statement.totals.unknown), elapsed_seconds=elapsed, gaps=gaps
    )


def _day(day: DayTotals) -> doc.Day:
    length = figures.seconds(day.span.length)
    unknown, down = figures.seconds(day.unknown), figures.seconds(day.down)
    nothing = not day.future and down == 0 and unknown > 0 and day.unknown >= day.span.length
    return doc.Day(
        day=day.day,
        state="not_reached" if day.future else "no_data" if nothing else "measured",
        length_seconds=length,
        down_seconds=down,
        unknown_seconds=unknown,
        announced=day.announced > timedelta(0),
    )


def _month(month: MonthTotals) -> doc.MonthBar:
    return doc.MonthBar(
        month=month.period.span.start.astimezone(ZoneInfo(month.period.zone)).date(),
        down_seconds=None if month.known == timedelta(0) else figures.seconds(month.down),
        allowed_seconds=None if month.allowed is None else figures.seconds(month.allowed),
        incomplete=month.known > timedelta(0) and month.unknown > timedelta(0),
    )
