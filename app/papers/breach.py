"""The breach report and claim from a case, its statement and a context."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from app.errors import Conflict
from app.papers import figures, ledger
from app.papers.context import Context
from app.papers.monthly import monthly_report
from app.sla.case import Case, Source
from app.sla.statement import Flag, Outcome, PromiseStatus, Statement, WindowVerdict
from reports import documents as doc


def breach_report(case: Case, statement: Statement, context: Context) -> doc.BreachReport:
    """The document. Raises Conflict where no promise of the period is broken: there is nothing to report."""
    broken = [item for item in statement.promises if item.status is PromiseStatus.BROKEN]
    if not broken:
        raise Conflict("no promise of this period is broken, so there is no breach to report", field="statement")
    whole = monthly_report(case, statement, context)
    credit = statement.credit if statement.credit is not None and statement.credit.amount > 0 else None
    wishes = context.wishes
    zone = ZoneInfo(context.zone)
    today = statement.as_at.astimezone(zone).date()
    reply_by = wishes.reply_by or today + timedelta(days=14)
    deviations = _deviations(case, statement, context)
    down_sites = [site for site in whole.sites if site.down_seconds]
    return doc.BreachReport(
        header=whole.header,
        provider=whole.provider,
        service=whole.service,
        period=whole.period,
        claim=doc.ClaimLine(
            number=wishes.claim_number or "draft",
            basis="credit" if credit else "goodwill",
            previously_claimed=wishes.previously_claimed,
            filed_on=wishes.filed_on,
            last_claim_day=whole.last_claim_day,
            deadline_clause=figures.clause_of(case, "claim"),
            good_standing=wishes.good_standing,  # type: ignore[arg-type]
            tickets=tuple(ticket.number for ticket in case.tickets if ticket.opened_at <= case.as_at),
        ),
        target=whole.target,
        tier_below_percent=whole.credit.tier_below_percent if whole.credit else None,
        readings=whole.readings,
        amount=_amount(case, statement, whole),
        opening=wishes.opening,
        impact=wishes.impact or _impact(statement),
        attachments=(
            "Machine-readable figures of this paper (JSON, attached to this file)",
            "Evidence bundle, on request",
        ),
        windows=whole.windows,
        window_totals=whole.window_totals,
        pairs=_pairs(case, statement, context),
        deviations=deviations,
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
        reply_by=reply_by,
        undisputed_payment_continues=True,
        exhibits=tuple(
            doc.Exhibit(
                number=f"E{number}",
                what=figures.short(item.what, 200),
                obtained_from=item.obtained_from,
                obtained_at=item.obtained_at,
                sha256=item.sha256,
            )
            for number, item in enumerate(context.exhibits, 1)
        ),
        outages=whole.outages,
        site_counts=whole.site_counts,
        sites=whole.sites,
        chronology=whole.chronology,
        calculation=whole.calculation,
        clauses=whole.clauses,
        method=whole.method,
    )


def _impact(statement: Statement) -> str | None:
    if statement.breach:
        return None
    return f"{len(statement.sites)} client websites depend on {statement.service_name}."


def _amount(case: Case, statement: Statement, whole: doc.MonthlyProviderReport) -> doc.Amount | None:
    item = statement.credit
    if item is None or whole.credit is None:
        return None
    quote = next((clause for clause in whole.clauses if clause.ref == whole.credit.clause), None)
    raw = statement.readings[0]
    counted = statement.readings[2]
    money = whole.credit
    share = counted.projected_availability
    inputs = [
        doc.Input(name="Counted downtime", value=doc.InSeconds(seconds=figures.seconds(counted.down))),
        doc.Input(name="Tier", value=doc.InWords(text=f"below {money.tier_below_percent} %")),
        doc.Input(name="Monthly fee", value=doc.InMoney(money=money.base)),
    ]
    if share is not None:
        inputs.insert(1, doc.Input(name="Availability", value=doc.InShare(share=figures.of_fraction(share))))
    dated = next((terms for terms in reversed(case.terms)), None)
    cap = dated.terms.cap_percent if dated else None
    capped = None
    if cap is not None:
        capped = doc.Money(amount=f"{item.base * Decimal(cap) / 100:.2f}", currency=item.currency)
    note = f"All {figures.seconds(raw.down)} s of downtime are counted in the raw reading."
    return (
        doc.Amount(
            clause_ref=money.clause or "service credit",
            clause_quote=quote.quote if quote else None,
            formula=f"{money.credit_percent} % of {item.currency} {item.base:f}",
            inputs=tuple(inputs),
            amount=money.amount,
            capped_at=capped,
            tax_note="The amount is net; taxes follow the invoice it is credited on.",
            other_reading=None,
        )
        if note
        else None
    )


def _said(text: str, source: Source, at: datetime | None, context: Context) -> doc.Said:
    text = figures.short(text, figures.LONG)
    return doc.Said(text=text, source=source.code.value, at=at, exhibit=context.exhibit(source.ref))


def _measured(text: str, at: datetime | None = None) -> doc.Said:
    return doc.Said(text=figures.short(text, figures.LONG), source="M", at=at)


def _pairs(case: Case, statement: Statement, context: Context) -> tuple[doc.Pair, ...]:
    """One line per window, then the procedure, then every other broken promise: the promise beside the fact."""
    out = []
    for verdict in statement.windows:
        facts = figures.facts_of(case, verdict.window_id)
        text = facts.text or "Maintenance announced for this span."
        said = [item for item in facts.said if item.said_at <= case.as_at]
        seen = [text for text in verdict.evidence if not text.startswith(("Announced ", "Replaced ", "Said "))]
        words = [f"“{item.text.rstrip(' .')}.”" for item in said[-1:]]
        year = f" {statement.period.first_day.year} "  # goes without saying in a paper about it
        happened = f"{ledger.OUTCOME_WORDS[verdict.outcome].capitalize()}. " + " ".join([*seen, *words]).replace(
            year, " "
        )
        source = said[-1].source if said else None
        at = said[-1].said_at if said else verdict.actual_start
        fact = _said(happened, source, at, context) if source else _measured(happened, at)
        out.append(
            doc.Pair(
                about=f"Window {verdict.attempt}",
                promised=_said(text, facts.source, verdict.announced_at, context),
                happened=fact,
            )
        )
    for work in case.works:
        agreed = [item for item in work.procedures if item.agreed_at <= case.as_at]
        findings = [
            item
            for item in work.findings
            if item.at <= case.as_at and item.verdict not in ("as_agreed", "not_observed")
        ]
        if agreed and findings:
            steps = "; ".join(f"({step.number}) {step.text}" for step in agreed[-1].steps)
            first = findings[0]
            out.append(
                doc.Pair(
                    about="Procedure",
                    promised=_said(steps, agreed[-1].source, agreed[-1].agreed_at, context),
                    happened=_said(
                        " ".join(dict.fromkeys(item.text for item in findings)), first.source, first.at, context
                    ),
                )
            )
    for item in statement.promises:
        if item.status is PromiseStatus.BROKEN and item.kind in ("response", "repair", "next_update"):
            promised = doc.Said(
                text=item.title, source=item.source.code.value if item.source else "P", at=item.promised_at,
                exhibit=context.exhibit(item.source.ref) if item.source else None,
            )  # fmt: skip
            out.append(
                doc.Pair(
                    about=item.kind.replace("_", " ").capitalize(),
                    promised=promised,
                    happened=_measured(item.text, item.met_at),
                )
            )
    return tuple(out)


def _deviations(case: Case, statement: Statement, context: Context) -> tuple[doc.Deviation, ...]:
    found: list[tuple[str, str, tuple[str, ...]]] = []
    missed = [verdict for verdict in statement.windows if verdict.outcome is Outcome.NOT_CARRIED_OUT]
    if missed:
        numbers = [str(verdict.attempt) for verdict in missed]
        named = f"Windows {', '.join(numbers[:-1])} and {numbers[-1]}" if len(numbers) > 1 else f"Window {numbers[0]}"
        facts_missed = [figures.facts_of(case, verdict.window_id) for verdict in missed]
        origins = [source for facts in facts_missed for source in (facts.source, *(s.source for s in facts.said))]
        found.append(("date", f"{named} did not take place.", _exhibits(context, *origins)))
    for verdict in statement.windows:
        facts = figures.facts_of(case, verdict.window_id)
        exhibits = _exhibits(context, facts.source, *(item.source for item in facts.said))
        if verdict.outcome in (Outcome.OVERRUNNING, Outcome.COMPLETED_LATE):
            found.append(("duration", _overrun(verdict), exhibits))
        if Flag.PROCEDURE_CHANGED in verdict.flags:
            findings = [
                item
                for work in case.works
                for item in work.findings
                if item.window_id == verdict.window_id and item.at <= case.as_at
            ]
            sources = _exhibits(context, facts.source, *(item.source for item in findings[:1]))
            found.append(("procedure", "Another procedure than the one agreed was used.", sources))
        if Flag.DATA_UNVERIFIED in verdict.flags:
            current = sum(1 for site in statement.sites if site.state.value == "current")
            text = f"{current} of {len(statement.sites)} sites are confirmed current; of the others it is not known."
            found.append(("data", text, exhibits))
        if Flag.NO_NOTICE_OF_CHANGE in verdict.flags:
            found.append(
                (
                    "communication",
                    f"Window {verdict.attempt}: its date was changed without notice.",
                    exhibits,
                )
            )
    for item in statement.promises:
        if item.status is PromiseStatus.BROKEN and item.kind in ("response", "next_update"):
            sources = _exhibits(context, *([item.source] if item.source else []))
            found.append(("communication", f"{item.title}: {item.text}", sources))
        if item.status is PromiseStatus.BROKEN and item.kind == "repair":
            sources = _exhibits(context, *([item.source] if item.source else []))
            found.append(("duration", f"{item.title.split(',')[0]}: {item.text}", sources))
    return tuple(
        doc.Deviation(number=f"D{number}", about=about, text=figures.short(text, figures.LONG), exhibits=exhibits)  # type: ignore[arg-type]
        for number, (about, text, exhibits) in enumerate(found, 1)
    )


def _overrun(verdict: WindowVerdict) -> str:
    from reports import words

    taken = words.duration(figures.seconds(verdict.downtime))
    ratio = (
        f", {words.times(figures.of_fraction(verdict.downtime_ratio))} the announced time"
        if verdict.downtime_ratio is not None
        else ""
    )
    rest = "; the work is still open." if verdict.open else "."
    return f"Window {verdict.attempt}: {taken} down{ratio}{rest}"


def _exhibits(context: Context, *sources: Source) -> tuple[str, ...]:
    numbers = [number for source in sources if (number := context.exhibit(source.ref))]
    measured = [number for item in context.exhibits if (number := context.exhibit(item.ref)) and "monitor:" in item.ref]
    return tuple(dict.fromkeys(numbers or measured)) or ("E1",)


def claim_day(statement: Statement) -> date | None:
    return statement.deadline.latest if statement.deadline else None
