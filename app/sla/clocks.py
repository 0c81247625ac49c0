"""Timed promises: a clock from one event to another, of one ticket or incident.

Ticket events: `ticket_opened`, `urgent_ticket_opened`, `first_human_reply` (an automatic reply stops no clock).
Exactly on time is in time. A clock still running past its target is broken already, and its figure still grows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from app.sla.bench import Bench
from app.sla.case import Case, Source, SourceCode, Ticket
from app.sla.clauses import NoCredit
from app.sla.counting import minutes
from app.sla.credits import Owed, settle
from app.sla.periods import local_days
from app.sla.statement import CalculationLine, Credit, Promise, PromiseStatus
from app.sla.terms import TimedPromise
from app.sla.wording import clause, elapsed, long_elapsed, moment


@dataclass(frozen=True, slots=True)
class Tick:
    """An event as a clock sees it."""

    name: str
    at: datetime
    subject: str
    source: Source


def timed(bench: Bench) -> Iterator[Promise]:
    """Each timed promise of the terms, for every clock that ran in the period."""
    if bench.terms is None:
        return
    ticks = ticks_of(bench.case)
    for index, promise in enumerate(bench.terms.promises):
        for start, stop in pairs(ticks, promise.clock_start, promise.clock_stop):
            if bench.lives_in_period(start.at, stop.at if stop is not None else None):
                yield _timed(bench, promise, index, start, stop)


def ticks_of(case: Case) -> list[Tick]:
    """Every event known as at, the tickets' own among them, by time."""
    names = {ticket.number: ticket.id for ticket in case.every_ticket}
    out = [
        Tick(_plain(event.name), event.at, names.get(event.subject, event.subject), event.source)
        for event in case.events
        if event.at <= case.as_at
    ]
    for ticket in case.every_ticket:
        if ticket.opened_at > case.as_at:
            continue
        source = Source(SourceCode.TICKET, f"ticket:{ticket.id}", f"ticket {ticket.number}")
        out.append(Tick("ticket_opened", ticket.opened_at, ticket.id, source))
        if ticket.urgency == "urgent":
            out.append(Tick("urgent_ticket_opened", ticket.opened_at, ticket.id, source))
        for at in _replies(ticket, case.as_at)[:1]:
            out.append(Tick("first_human_reply", at, ticket.id, source))
    return sorted(out, key=lambda tick: (tick.at, tick.name, tick.subject))


def pairs(ticks: Sequence[Tick], start: str, stop: str) -> Iterator[tuple[Tick, Tick | None]]:
    """Each start with the first stop after it, within one subject; a clock that runs is not started again."""
    start, stop = _plain(start), _plain(stop)
    running: dict[str, Tick] = {}
    done: list[tuple[Tick, Tick | None]] = []
    for tick in ticks:
        if tick.name == stop and tick.subject in running:
            done.append((running.pop(tick.subject), tick))
        elif tick.name == start and tick.subject not in running:
            running[tick.subject] = tick
    done.extend((tick, None) for tick in running.values())
    return iter(sorted(done, key=lambda pair: (pair[0].at, pair[0].subject)))


def _plain(name: str) -> str:
    return name.removesuffix("_at")


def _timed(bench: Bench, promise: TimedPromise, index: int, start: Tick, stop: Tick | None) -> Promise:
    target = timedelta(microseconds=int(Fraction(promise.target_minutes) * 60_000_000))
    taken = (stop.at if stop is not None else bench.as_at) - start.at
    in_time = PromiseStatus.KEPT if stop is not None else PromiseStatus.OPEN
    status = in_time if taken <= target else PromiseStatus.BROKEN
    subject = next((t.number for t in bench.case.every_ticket if t.id == start.subject), start.subject)
    title = promise.name.replace("_", " ").capitalize()
    still = "" if stop is not None else " and still open"
    return Promise(
        kind="response" if "reply" in _plain(promise.clock_stop) or "response" in promise.name else "repair",
        subject=start.subject,
        title=f"{title}, {subject}",
        status=status,
        promised_at=start.at,
        due_at=start.at + target,
        met_at=stop.at if stop is not None else None,
        figure=taken,
        target=target,
        open=stop is None,
        source=stop.source if stop is not None else start.source,
        clause=clause(bench.terms, f"promises.{index}.target_minutes") if bench.terms is not None else None,
        text=f"{long_elapsed(taken)} taken{still}; {elapsed(target)} promised.",
        credit=_credit(bench, promise, taken, target),
    )


def _credit(bench: Bench, promise: TimedPromise, taken: timedelta, target: timedelta) -> Credit | None:
    if isinstance(promise.credit, NoCredit) or taken <= target:
        return None
    span = bench.case.period.span
    settled = settle(
        promise.credit,
        timed_owed(taken, target, promise, minutes(span.length), Fraction(bench.case.monthly_fee),
                   sum(1 for _ in local_days(span, bench.case.period.zone))),
        promise.cap_percent,
        None,
        bench.case.currency,
    )  # fmt: skip
    lines = (
        CalculationLine("Taken", elapsed(taken), f"{elapsed(target)} promised"),
        CalculationLine("Credit", f"{settled.percent} %", settled.formula.said),
        CalculationLine("Amount", f"{settled.amount} {bench.case.currency}", "rounded once, half up"),
    )
    return Credit(
        percent=settled.percent,
        uncapped_percent=settled.formula.percent,
        cap_applied=settled.cap_applied,
        amount=settled.amount,
        currency=bench.case.currency,
        base=bench.case.monthly_fee,
        tier_below=None,
        final=True,
        lines=lines,
    )


def timed_owed(
    taken: timedelta, target: timedelta, promise: TimedPromise, period: Fraction, fee: Fraction, days: int
) -> Owed:
    """Steps read the time taken, every other formula the time over the target."""
    over = minutes(taken) if promise.credit.kind == "steps" else minutes(taken - target)
    return Owed(over, (over,), period, None, None, days, fee)


def next_updates(bench: Bench) -> Iterator[Promise]:
    """ "We will write by 04:00": kept when somebody wrote by then."""
    for ticket in bench.case.every_ticket:
        if ticket.opened_at > bench.as_at:
            continue
        replies = _replies(ticket, bench.as_at)
        for number, due in enumerate(ticket.next_update_due):
            made = _made_at(ticket, number, replies)
            if made is not None and made > bench.as_at:
                continue
            after = [at for at in replies if made is None or at > made]
            met = next((at for at in after if at <= due), None)
            came = met if met is not None else next(iter(after), None)
            if bench.lives_in_period(made or ticket.opened_at, max(due, came) if came is not None else None):
                yield _next_update(bench, ticket, due, made, came)


def _made_at(ticket: Ticket, number: int, replies: Sequence[datetime]) -> datetime | None:
    """When it was promised; where nobody noted that, in the first reply since the update before it fell due."""
    if number < len(ticket.next_update_promised_at):
        return ticket.next_update_promised_at[number]
    since = ticket.next_update_due[number - 1] if number else ticket.opened_at
    due = ticket.next_update_due[number]
    made = next((at for at in replies if since <= at < due), None)
    return made if made is not None else max((at for at in replies if at < due), default=None)


def _next_update(bench: Bench, ticket: Ticket, due: datetime, made: datetime | None, came: datetime | None) -> Promise:
    zone = bench.case.period.zone
    if came is not None and came <= due:
        status, text = PromiseStatus.KEPT, f"Promised by {moment(due, zone)}; came {moment(came, zone)}."
    elif came is not None:
        late = elapsed(came - due)
        status, text = PromiseStatus.BROKEN, f"Promised by {moment(due, zone)}; came {late} later."
    elif bench.as_at > due:
        status, text = PromiseStatus.BROKEN, f"Promised by {moment(due, zone)}; none has come."
    else:
        status, text = PromiseStatus.OPEN, f"Promised by {moment(due, zone)}."
    begun = made if made is not None else ticket.opened_at
    return Promise(
        kind="next_update",
        subject=ticket.id,
        title=f"Next update, {ticket.number}",
        status=status,
        promised_at=made,
        due_at=due,
        met_at=came,
        figure=(came if came is not None else bench.as_at) - begun,
        target=due - begun,
        open=came is None,
        source=Source(SourceCode.TICKET, f"ticket:{ticket.id}", f"ticket {ticket.number}"),
        clause=None,
        text=text,
    )


def _replies(ticket: Ticket, as_at: datetime) -> list[datetime]:
    return sorted(reply.at for reply in ticket.replies if reply.human and reply.at <= as_at)
