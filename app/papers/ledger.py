"""The promise list, the response ledger, the requests and the calculation, as the papers print them."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

from app.papers import figures
from app.papers.context import Context
from app.papers.figures import clause_of, first_human_reply, percent_text, seconds, short
from app.sla.asked import asked
from app.sla.case import Case
from app.sla.statement import Flag, Outcome, Promise, PromiseStatus, Statement
from reports import documents as doc

SUBJECTS = {
    "availability": "availability",
    "window": "window",
    "procedure": "procedure",
    "notice": "notice",
    "response": "first_reply",
    "repair": "repair",
    "next_update": "next_update",
}
BOUNDS = {"availability": "at_least", "notice": "at_least", "window": "exactly", "procedure": "exactly"}


def measure(
    value: timedelta | Fraction | None, words: str, *, is_open: bool = False, times: bool = False
) -> doc.Measure:
    if isinstance(value, timedelta):
        return doc.InSeconds(seconds=max(0, seconds(value)), open=is_open)
    if isinstance(value, Fraction):
        pair = doc.Share(numerator=value.numerator, denominator=value.denominator)
        return doc.InTimes(share=pair, open=is_open) if times else doc.InShare(share=pair)
    return doc.InWords(text=short(words, 200))


def promises(case: Case, statement: Statement) -> tuple[doc.Promise, ...]:
    outcomes = {verdict.window_id: verdict for verdict in statement.windows}
    out = []
    for number, item in enumerate(statement.promises, 1):
        words = ""
        if item.kind == "window" and item.subject in outcomes:
            words = OUTCOME_WORDS[outcomes[item.subject].outcome]
        title = f"Availability in {figures.period(statement).label}" if item.kind == "availability" else item.title
        running = item.open
        if item.kind == "window" and isinstance(item.figure, Fraction) and item.subject in outcomes:
            running = figures.is_down_now(statement, outcomes[item.subject])  # the multiple is of downtime, not of work
        target: doc.Measure
        if item.kind == "availability" and isinstance(item.target, Fraction):
            target = doc.InPercent(percent=percent_text(item.target))
        else:
            target = measure(item.target, TARGET_WORDS.get(item.kind, "as promised"), times=item.kind == "window")
        out.append(
            doc.Promise(
                ref=f"P{number}",
                subject=SUBJECTS.get(item.kind, "other"),  # type: ignore[arg-type]
                promise=short(title, 300),
                target=target,
                bound=BOUNDS.get(item.kind, "at_most"),  # type: ignore[arg-type]
                figure=measure(
                    item.figure, words or STATUS_WORDS[item.status], is_open=running, times=item.kind == "window"
                ),
                verdict=item.status.value,
                source=item.source.code.value if item.source else "M",
                clause=clause_of(case, item.clause) or item.clause if item.clause else None,
                worth=_worth(item, statement),
            )
        )
    return tuple(out)


def _worth(item: Promise, statement: Statement) -> str | None:
    if item.kind == "availability" and statement.credit is not None and statement.credit.amount > 0:
        amount = f"{statement.credit.currency} {statement.credit.amount}"
        return amount if statement.credit.final else f"{amount} so far"
    return None


OUTCOME_WORDS = {
    Outcome.ANNOUNCED: "announced",
    Outcome.CONFIRMED: "confirmed",
    Outcome.WITHDRAWN_IN_TIME: "withdrawn in time",
    Outcome.WITHDRAWN_LATE: "withdrawn late",
    Outcome.AWAITING_OUTCOME: "no sign of work; outcome not stated",
    Outcome.IN_PROGRESS: "in progress",
    Outcome.OVERRUNNING: "overrunning",
    Outcome.COMPLETED_IN_WINDOW: "completed in the window",
    Outcome.COMPLETED_LATE: "completed late",
    Outcome.PARTLY_COMPLETED: "partly completed",
    Outcome.ROLLED_BACK: "rolled back",
    Outcome.NOT_CARRIED_OUT: "did not take place",
    Outcome.UNANNOUNCED: "not announced",
    Outcome.UNKNOWN: "not known",
}
STATUS_WORDS = {
    PromiseStatus.KEPT: "as promised",
    PromiseStatus.BROKEN: "not as promised",
    PromiseStatus.OPEN: "not yet due",
    PromiseStatus.UNPROVEN: "not known",
}
TARGET_WORDS = {"procedure": "as agreed", "window": "as announced"}


def responses(case: Case, statement: Statement) -> tuple[doc.Response, ...]:
    judged = {item.subject: item for item in statement.promises if item.kind == "response"}
    updates = [item for item in statement.promises if item.kind == "next_update"]
    out = []
    older = tuple(ticket for ticket in case.tickets_before if ticket.id in judged)  # waited for into the period
    for ticket in (*older, *case.tickets):
        if ticket.opened_at > case.as_at:
            continue
        promise = judged.get(ticket.id)
        reply = first_human_reply(ticket, case.as_at)
        waited = (reply or case.as_at) - ticket.opened_at
        update = next((item for item in reversed(updates) if item.subject == ticket.id), None)
        target = promise.target if promise is not None and isinstance(promise.target, timedelta) else None
        out.append(
            doc.Response(
                ticket=ticket.number,
                subject=short(ticket.subject, 200),
                opened_at=ticket.opened_at,
                first_reply_at=reply,
                reply_seconds=seconds(waited),
                target_seconds=None if target is None else seconds(target),
                verdict=promise.status.value if promise is not None else "kept" if reply else "open",
                promised_update_at=update.due_at if update else None,
                update_verdict=update.status.value if update else None,
            )
        )
    return tuple(out)


def requests(case: Case, statement: Statement, today: date) -> tuple[doc.Request, ...]:
    """What follows from what was broken, each with the day we want it by. Nothing broken asks for nothing."""
    wanted: list[tuple[str, int]] = []
    flags = {flag for verdict in statement.windows for flag in verdict.flags}
    outcomes = [verdict.outcome for verdict in statement.windows]
    broken = {item.kind for item in statement.promises if item.status is PromiseStatus.BROKEN}
    if Flag.DATA_UNVERIFIED in flags:
        wanted.append(
            ("State of the data per site: which writes after the copy began were carried over, which were not.", 2)
        )
        wanted.append(
            ("Keep the old drives and every snapshot unchanged until the data is reconciled; confirm in writing.", 1)
        )
    if Outcome.OVERRUNNING in outcomes:
        wanted.append(("The state of the work, its expected end, and the time of your next update.", 1))
    if Outcome.AWAITING_OUTCOME in outcomes:
        wanted.append(("Whether the announced work was carried out, with its actual start and end.", 3))
    if Flag.PROCEDURE_CHANGED in flags:
        wanted.append(("Why another procedure than the one agreed was used, who decided it, and when.", 7))
    if statement.breach or {"window", "repair"} & broken:
        wanted.append(
            ("The cause in writing: of the failure, of the dates that passed without work, of the duration.", 14)
        )
    if {"response", "next_update"} & broken:
        wanted.append(("How urgent tickets are answered outside office hours, and why these were answered late.", 14))
    due = asked(statement).amount
    if due and not statement.so_far:
        wanted.append((f"The service credit of {case.currency} {due} on the next invoice.", 14))
    if Outcome.NOT_CARRIED_OUT in outcomes or Flag.PROCEDURE_CHANGED in flags:
        wanted.append(("A method statement before any further window: volume, rate, hours, abort time, way back.", 7))
    return tuple(
        doc.Request(number=f"R{number}", text=text, wanted_by=today + timedelta(days=days))
        for number, (text, days) in enumerate(wanted, 1)
    )


def prior_requests(case: Case, context: Context) -> tuple[doc.PriorRequest, ...]:
    return tuple(
        doc.PriorRequest(
            number=item.number,
            text=item.text,
            asked_at=item.asked_at,
            age_seconds=seconds((item.answered_at or case.as_at) - item.asked_at),
            state="answered" if item.answered_at else "open",
        )
        for item in context.asked_before
        if item.asked_at <= case.as_at
    )


TOLD_ABOVE = frozenset({"Period", "Denominator", "Unknown", "Down", "Excused", "Counted", "Availability"})


def calculation(statement: Statement) -> tuple[doc.Step, ...]:
    """The sheet: length, unknown, each reading, what is excused and by which window, then the credit line by line."""
    assert statement.elapsed is not None
    out = [
        doc.Step(
            what="Length of the period",
            working="local midnight to local midnight, in elapsed seconds",
            result=doc.InSeconds(seconds=seconds(statement.period.span.length)),
        )
    ]
    if statement.so_far:
        elapsed = seconds(statement.elapsed.length)
        out.append(
            doc.Step(
                what="Passed so far",
                working="start of the period to the as-at time",
                result=doc.InSeconds(seconds=elapsed),
            )
        )
    unknown = seconds(statement.totals.unknown)
    out.append(
        doc.Step(
            what="Unknown", working="no observation held; neither up nor down", result=doc.InSeconds(seconds=unknown)
        )
    )
    numbers = {verdict.window_id: verdict.attempt for verdict in statement.windows}
    for outage in statement.outages:
        out.append(
            doc.Step(
                what=f"Outage {outage.number} in the period",
                working=f"as held {seconds(outage.as_held)} s, of them in the period",
                result=doc.InSeconds(seconds=seconds(outage.in_period), open=outage.open),
            )
        )
    for item in statement.excused:
        out.append(
            doc.Step(
                what=f"Excused by window {numbers.get(item.window_id, '?')}",
                working=f"overlap of the downtime with the announced span; {short(item.clause, 200)}",
                result=doc.InSeconds(seconds=seconds(item.span.length)),
            )
        )
    for reading in statement.readings:
        name = {"raw": "Raw", "announced_removed": "Announced removed", "sla_method": "SLA method"}[reading.key]
        out.append(
            doc.Step(
                what=f"{name}: downtime",
                working="sum of the spans it counts",
                result=doc.InSeconds(seconds=seconds(reading.down)),
            )
        )
        if reading.projected_availability is not None:
            known, down = seconds(reading.projected_known), seconds(reading.down)
            out.append(
                doc.Step(
                    what=f"{name}: availability" + (" if nothing more happens" if statement.so_far else ""),
                    working=f"({known} s - {down} s) / {known} s",
                    result=doc.InShare(share=doc.Share(numerator=known - down, denominator=known)),
                )
            )
    if statement.credit is not None:
        for line in statement.credit.lines:
            if line.label in TOLD_ABOVE:
                continue
            out.append(
                doc.Step(
                    what=short(line.label, 200),
                    working=short(line.note or "-", 300),
                    result=doc.InWords(text=line.value),
                )
            )
    return tuple(out)
