"""The parts that the monthly report and the breach report share, mapped once so that they cannot disagree."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from app.papers.context import Context
from app.sla.case import Case, SiteCurrent, Ticket
from app.sla.case import Window as WindowFacts
from app.sla.statement import Outage, Outcome, Reading, Statement, WindowVerdict
from app.sla.wording import period_words
from reports import documents as doc

SECOND = timedelta(seconds=1)


def seconds(value: timedelta) -> int:
    """Whole seconds; the case holds whole seconds only, so nothing is lost."""
    return value // SECOND


def share(numerator: timedelta, denominator: timedelta) -> doc.Share | None:
    whole = seconds(denominator)
    return doc.Share(numerator=seconds(numerator), denominator=whole) if whole > 0 else None


def of_fraction(value: Fraction) -> doc.Share:
    return doc.Share(numerator=value.numerator, denominator=value.denominator)


def span(value: object) -> doc.Span:
    return doc.Span(start_at=value.start, end_at=value.end)  # type: ignore[attr-defined]


def percent_text(value: Fraction) -> str:
    """A promised percentage as the contract writes it: 99.9, 100. Terms hold decimals, so this is exact."""
    exact = Decimal(value.numerator * 100) / Decimal(value.denominator)
    text = format(exact.quantize(Decimal("0.000001")).normalize(), "f")
    return text


def number_text(percent: Fraction) -> str:
    """A number of percent: 30 -> "30", a third of one -> "0.333333". For display only."""
    return percent_text(percent / 100)


def header(statement: Statement, context: Context) -> doc.Header:
    return doc.Header(
        number=context.number,
        version=context.version,
        replaces=context.replaces,
        as_at=statement.as_at,
        zone=context.zone,
        method_version=f"method {statement.method}",
        evidence_head=context.evidence_head,
        evidence_entries=context.evidence_entries,
        status="issued" if context.issued else "draft",
        so_far=statement.so_far,
        paper=context.paper,
        language=context.language,
        agency=context.agency,
    )


def period(statement: Statement) -> doc.Period:
    elapsed = statement.elapsed.length if statement.elapsed else timedelta(0)
    whole = statement.period
    return doc.Period(
        kind=whole.kind,  # type: ignore[arg-type]
        label=period_words(whole),
        span=span(whole.span),
        elapsed_seconds=seconds(elapsed),
    )


def clause_of(case: Case, path: str) -> str | None:
    """The reference of a quoted clause ("C2") in the order `clauses` prints them, None where nothing is quoted.

    `path` is the field the quotation belongs to, or the quotation itself.
    """
    for number, (key, quote) in enumerate(_quotes(case), 1):
        if path in (key, key.split(".")[0], quote.text):  # type: ignore[attr-defined]
            return f"C{number}"
    return None


def on_record(clause: str) -> str | None:
    """The clause's words; None where the law could name the terms' field alone."""
    return None if re.fullmatch(r"[a-z_]+(\.[a-z0-9_]+)*", clause) else short(clause) or None


def _quotes(case: Case) -> list[tuple[str, object]]:
    out: list[tuple[str, object]] = []
    for dated in case.terms:
        out.extend(dated.terms.source_quotes.items())
    return out


def clauses(case: Case) -> tuple[doc.Clause, ...]:
    out = []
    for number, (path, quote) in enumerate(_quotes(case), 1):
        terms = next(dated for dated in case.terms if dated.terms.source_quotes.get(path) is quote)
        out.append(
            doc.Clause(
                ref=f"C{number}",
                title=path.replace("_", " ").replace(".", ", "),
                quote=short(quote.text, LONG),  # type: ignore[attr-defined]
                source=short(quote.source) or "contract",  # type: ignore[attr-defined]
                retrieved_on=quote.retrieved_on or terms.effective_from,  # type: ignore[attr-defined]
                interpretation=short(terms.terms.interpretations.get(path, "")) or None,
            )
        )
    return tuple(out)


def target(case: Case, statement: Statement) -> doc.Target | None:
    """None where the terms promise no availability: their other promises are reported all the same."""
    if statement.target is None or statement.allowed is None:
        return None
    allowed = seconds(statement.allowed)
    return doc.Target(
        percent=percent_text(statement.target), allowed_seconds=allowed, clause=clause_of(case, "target_percent")
    )


def answer(down: timedelta, known: timedelta, unknown: timedelta, wanted: Fraction | None) -> doc.Answer:
    """Met or breached only where the unknown time could not turn it, whichever way it went."""
    if wanted is None:
        return "not_promised"
    whole = seconds(known + unknown)
    if whole == 0:
        return "unproven"
    worst = Fraction(seconds(known - down), whole)
    best = Fraction(seconds(known - down + unknown), whole)
    return "met" if worst >= wanted else "breached" if best < wanted else "unproven"


def readings(statement: Statement) -> tuple[doc.Reading, ...]:
    return tuple(_reading(item, statement, statement.target) for item in statement.readings)


def _reading(item: Reading, statement: Statement, wanted: Fraction | None) -> doc.Reading:
    unknown = statement.totals.unknown
    so_far = None
    if statement.so_far:
        so_far = doc.Figure(
            down_seconds=seconds(item.down),
            availability=share(item.known - item.down, item.known),
            answer=answer(item.down, item.known, unknown, wanted),
        )
    month = doc.Figure(
        down_seconds=seconds(item.down),
        availability=share(item.projected_known - item.down, item.projected_known),
        answer=answer(item.down, item.projected_known, unknown, wanted),
    )
    return doc.Reading(name=item.key, so_far=so_far, month=month)  # type: ignore[arg-type]


CARRIED = {
    Outcome.COMPLETED_IN_WINDOW: "yes",
    Outcome.COMPLETED_LATE: "yes",
    Outcome.UNANNOUNCED: "yes",
    Outcome.PARTLY_COMPLETED: "partly",
    Outcome.ROLLED_BACK: "partly",
    Outcome.IN_PROGRESS: "open",
    Outcome.OVERRUNNING: "open",
    Outcome.ANNOUNCED: "open",
    Outcome.CONFIRMED: "open",
    Outcome.AWAITING_OUTCOME: "open",
    Outcome.UNKNOWN: "open",
}


def windows(case: Case, statement: Statement, context: Context) -> tuple[doc.Window, ...]:
    facts = {window.id: window for window in case.windows}
    works = {work.id: work for work in case.works}
    out = []
    for number, verdict in enumerate(statement.windows, 1):
        window, work = facts[verdict.window_id], works[verdict.work_id]
        agreed = [item for item in work.procedures if item.agreed_at <= verdict.announced_at]
        findings = [item for item in work.findings if item.window_id == window.id and item.at <= case.as_at]
        changed = [item for item in findings if item.verdict not in ("as_agreed", "not_observed")]
        started = verdict.downtime > timedelta(0) or verdict.actual_start is not None
        out.append(
            doc.Window(
                number=number,
                work=work.title,
                announced_at=verdict.announced_at,
                announced_by=window.source.label.split(",")[0] or "note",
                exhibit=context.exhibit(window.source.ref),
                promised=span(verdict.promised),
                promised_seconds=seconds(verdict.promised.length),
                notice_seconds=max(0, seconds(verdict.notice)),
                notice_target_seconds=None if verdict.notice_required is None else seconds(verdict.notice_required),
                procedure_agreed=short("; ".join(f"({s.number}) {s.text}" for s in agreed[-1].steps))
                if agreed
                else None,
                outcome=verdict.outcome.value,
                flags=tuple(flag.value for flag in verdict.flags),
                carried_out=CARRIED.get(verdict.outcome, "no"),  # type: ignore[arg-type]
                started_at=verdict.actual_start,
                ended_at=verdict.actual_end,
                down_seconds=seconds(verdict.downtime) if started else None,
                down_open=started and is_down_now(statement, verdict),
                down_ratio=share(verdict.downtime, verdict.promised.length) if started else None,
                work_seconds=None if verdict.work_open is None else seconds(verdict.work_open),
                work_open=verdict.open and verdict.work_open is not None,
                work_ratio=None if verdict.work_open is None else share(verdict.work_open, verdict.promised.length),
                procedure_used=short("; ".join(dict.fromkeys(item.text.rstrip(" .") for item in changed)))
                if changed
                else None,
                change_told_at=min((item.at for item in changed), default=None),
                source=window.source.code.value,
                stretches=stretches(statement, verdict),
            )
        )
    return tuple(out)


def is_down_now(statement: Statement, verdict: WindowVerdict) -> bool:
    return any(outage.open and verdict.window_id in outage.window_ids for outage in statement.outages)


def stretches(statement: Statement, verdict: WindowVerdict) -> tuple[doc.Stretch, ...]:
    """What the gantt draws: this window's down spans, then "reachable, not current" while data is in doubt."""
    out = []
    last: datetime | None = None
    down_now = False
    end = verdict.actual_end or statement.as_at
    for outage in statement.outages:
        if verdict.window_id not in outage.window_ids:
            continue
        out.append(doc.Stretch(state="down", start_at=outage.span.start, end_at=outage.span.end, open=outage.open))
        last, down_now = outage.span.end, outage.open
    if last is not None and not down_now and "data_unverified" in verdict.flags and last < end:
        out.append(doc.Stretch(state="not_current", start_at=last, end_at=end, open=verdict.open))
    return tuple(out)


def window_totals(items: tuple[doc.Window, ...]) -> doc.WindowTotals:
    """Taken is the downtime of what was carried out or is under way."""
    taken = [item for item in items if item.down_seconds is not None]
    return doc.WindowTotals(
        announced=len(items),
        announced_seconds=sum(item.promised_seconds for item in items),
        carried_out=sum(1 for item in items if item.carried_out in ("yes", "partly") or item.started_at is not None),
        taken_seconds=sum(item.down_seconds or 0 for item in taken),
        taken_open=any(item.down_open for item in taken),
    )


def outages(statement: Statement, context: Context) -> tuple[doc.Outage, ...]:
    out = []
    for item in statement.outages:
        at_most = item.at_most if item.at_most is not None else item.as_held
        out.append(
            doc.Outage(
                number=item.number,
                target=statement.service_name,
                first_fail_at=item.first_failed_at,
                last_fail_at=item.last_failed_at,
                held_from=item.span.start,
                held_to=None if item.open else item.span.end,
                at_least_seconds=seconds(item.at_least),
                held_seconds=seconds(item.as_held),
                at_most_seconds=seconds(at_most),
                in_period_seconds=seconds(item.in_period),
                error=context.errors or "no answer",
                locations=short(_witnesses(item)),
            )
        )
    return tuple(out)


def _witnesses(outage: Outage) -> str:
    """Who saw it: the service's monitors by name, sites by their number alone."""
    sites = sum(1 for one in outage.witnesses if one.site_id is not None)
    named = list(outage.monitors)
    if sites and not any(name.endswith("together") for name in named):
        named.append("1 site" if sites == 1 else f"{sites} sites together")
    return ", ".join(named) or "one"


SITE_STATES = {
    SiteCurrent.CURRENT: "current",
    SiteCurrent.OLD: "not_current",
    SiteCurrent.DOWN: "down",
    SiteCurrent.UNKNOWN: "unknown",
}


def sites(case: Case, statement: Statement) -> tuple[doc.Site, ...]:
    out = []
    for item in sorted(statement.sites, key=lambda site: (site.site_id, site.name)):
        out.append(
            doc.Site(
                site_id=item.site_id,
                host_name=item.name,
                state=SITE_STATES[item.state],  # type: ignore[arg-type]
                down_from=item.first_down_at,
                down_to=item.last_down_at,
                down_seconds=seconds(item.down),
            )
        )
    return tuple(out)


def in_question(statement: Statement) -> bool:
    """Whether anything touched the sites: an outage, a work begun, or a site found old or down."""
    troubled = any(site.state in (SiteCurrent.OLD, SiteCurrent.DOWN) for site in statement.sites)
    return troubled or bool(statement.outages) or any(verdict.actual_start for verdict in statement.windows)


def site_counts(items: tuple[doc.Site, ...]) -> doc.SiteCounts:
    states = [item.state for item in items]
    return doc.SiteCounts(**{name: states.count(name) for name in ("current", "not_current", "down", "unknown")})


LATE = timedelta(days=1)
LONG = 1500
"""A text of this many signs is printed whole; of a longer one the beginning, and the record keeps the rest."""


def chronology(case: Case, context: Context) -> tuple[doc.Event, ...]:
    """Every line of the account up to the as-at time. A line written down more than a day later says when; where most
    lines are, because the record was entered afterwards, the method says so once and the lines stay readable."""
    lines = [line for line in case.lines if line.at <= case.as_at]
    once = entered_afterwards(case) is not None
    out = [
        doc.Event(
            at=line.at,
            source=line.source.code.value,
            text=short(line.text, LONG),
            recorded_late_at=line.recorded_at if line.recorded_at - line.at > LATE and not once else None,
            exhibit=context.exhibit(line.source.ref),
        )
        for line in lines
    ]
    return tuple(sorted(out, key=lambda event: event.at))


def entered_afterwards(case: Case) -> tuple[int, datetime, datetime] | None:
    """(how many lines, first and last moment of writing) where more than half were written down late; else None."""
    lines = [line for line in case.lines if line.at <= case.as_at]
    late = [line.recorded_at for line in lines if line.recorded_at - line.at > LATE]
    return (len(late), min(late), max(late)) if len(late) * 2 > len(lines) else None


def tickets(case: Case, statement: Statement) -> tuple[Ticket, ...]:
    """The tickets of the period, and of the outages that reach into it from before."""
    first = min((item.span.start for item in statement.outages), default=statement.period.span.start)
    return tuple(ticket for ticket in case.tickets_since(first) if ticket.opened_at <= case.as_at)


def first_human_reply(ticket: Ticket, as_at: datetime) -> datetime | None:
    return min((reply.at for reply in ticket.replies if reply.human and reply.at <= as_at), default=None)


def short(text: str, most: int = 390) -> str:
    """Free text cut to what a table cell takes, at a word, with an ellipsis; the whole text stands in the annex."""
    if len(text) <= most:
        return text
    cut = text[: most - 1].rsplit(" ", 1)[0]
    return cut + "…"


def facts_of(case: Case, window_id: str) -> WindowFacts:
    return next(window for window in case.windows if window.id == window_id)
