"""The promise list, the response ledger, the requests and the calculation, as the papers print them."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from app.papers import figures
from app.papers.beside import AS_ENTERED
from app.papers.context import Context
from app.papers.figures import clause_of, first_human_reply, percent_text, seconds, short
from app.sla.asked import asked, first_credit
from app.sla.case import Case
from app.sla.statement import Credit, Flag, Outcome, Promise, PromiseStatus, Statement
from reports import documents as doc

SUBJECTS = {
    "availability": "availability",
    "window": "window",
    "procedure": "procedure",
    "notice": "notice",
    "response": "first_reply",
    "repair": "repair",
    "next_update": "next_update",
    "metric": "metric",
}
BOUNDS = {"availability": "at_least", "notice": "at_least", "window": "exactly", "procedure": "exactly"}


def measure(value: timedelta | Fraction | None, words: str, *, is_open: bool = False, kind: str = "") -> doc.Measure:
    """A decided figure in its own unit: of a promise of time a duration, of an answer time milliseconds, of a window
    the multiple of what was announced, else a share; in words where it is no number."""
    if isinstance(value, timedelta) and kind == "metric":
        exact = Decimal(value // timedelta(microseconds=1)) / 1000
        return doc.InMilliseconds(milliseconds=f"{exact.normalize():f}")
    if isinstance(value, timedelta):
        return doc.InSeconds(seconds=max(0, seconds(value)), open=is_open)
    if isinstance(value, Fraction):
        pair = doc.Share(numerator=value.numerator, denominator=value.denominator)
        return doc.InTimes(share=pair, open=is_open) if kind == "window" else doc.InShare(share=pair)
    return doc.InWords(text=short(words, 200))


def promises(case: Case, statement: Statement) -> tuple[doc.Promise, ...]:
    outcomes = {verdict.window_id: verdict for verdict in statement.windows}
    out = []
    for number, item in enumerate(statement.promises, 1):
        words = ""
        if item.kind == "window" and item.subject in outcomes:
            words = OUTCOME_WORDS[outcomes[item.subject].outcome]
        further = item.kind == "availability" and (bool(statement.parts) or item.subject != statement.service_id)
        subject = "guarantee" if further else SUBJECTS.get(item.kind, "other")
        title = item.title if subject != "availability" else f"Availability in {figures.period(statement).label}"
        running = item.open
        if item.kind == "window" and isinstance(item.figure, Fraction) and item.subject in outcomes:
            running = figures.is_down_now(statement, outcomes[item.subject])  # the multiple is of downtime, not of work
        target: doc.Measure
        if item.kind in ("availability", "metric") and isinstance(item.target, Fraction):
            target = doc.InPercent(percent=percent_text(item.target))
        else:
            target = measure(item.target, TARGET_WORDS.get(item.kind, "as promised"), kind=item.kind)
        out.append(
            doc.Promise(
                ref=f"P{number}",
                subject=subject,  # type: ignore[arg-type]
                promise=short(title, 300),
                target=target,
                bound=BOUNDS.get(item.kind, "at_most"),  # type: ignore[arg-type]
                figure=measure(item.figure, words or STATUS_WORDS[item.status], is_open=running, kind=item.kind),
                verdict=item.status.value,
                source=item.source.code.value if item.source else "M",
                clause=_clause(case, item.clause),
                worth=_worth(item, statement),
            )
        )
    return tuple(out)


def _clause(case: Case, clause: str | None) -> str | None:
    return clause and (clause_of(case, clause) or figures.on_record(clause) or AS_ENTERED)


def _worth(item: Promise, statement: Statement) -> str | None:
    credit = _credit(item, statement)
    if credit is None or not credit.amount:
        return None
    amount = f"{credit.currency} {credit.amount}"
    return amount if credit.final else f"{amount} so far"


def _of_part(item: Promise, statement: Statement) -> Credit | None:
    """Where the terms changed within the period each part is promised, and paid, by itself."""
    return next((part.credit for part in statement.parts if part.span.end == item.due_at), None)


def _credit(item: Promise, statement: Statement) -> Credit | None:
    if item.kind != "availability":
        return item.credit
    if item.subject == statement.service_id:
        return _of_part(item, statement) if statement.parts else first_credit(statement)
    name = item.subject.removeprefix(f"{statement.service_id}/")
    return next((one.credit for one in statement.guarantees if one.name == name), None)


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
