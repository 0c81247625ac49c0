"""What is due as at a moment, most pressing first. Judges only periods whose claim can still be open."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from app.claims import ground
from app.claims import queries as claims
from app.claims import steps as life
from app.claims.tables import Claim, ClaimStep
from app.claims.ticket import Running, ticket_text
from app.correspondence.queries import open_requests
from app.due import items, periods
from app.due.desk import Desk
from app.due.items import About, Item, ToClaim
from app.due.snapshots import Attempt, Taken, wanted
from app.due.tables import CalendarFeed, Reminder
from app.errors import found
from app.incidents.tables import Reply, Ticket
from app.integrity.sealing import copies_of
from app.maintenance.tables import Window, Withdrawal, WorkService
from app.notices.rounds.promises import ours
from app.outcomes.tables import Override, Said
from app.sla.case import Case
from app.sla.deadlines import deadline
from app.sla.periods import month_of, zone_of
from app.sla.seen import terms_of
from app.sla.spans import Span, minus
from app.sla.statement import Deadline, Outage, Outcome, Statement
from app.sla.terms import Sla
from app.sla.wording import clause
from app.statements.named import errors_seen

AWAITED = timedelta(days=31)  # a window, or a promised update, that passed this long ago is no longer asked for
CLOCKS = ("ticket_opened", "provider_confirmed")
OPEN_OUTCOMES = {
    Outcome.AWAITING_OUTCOME: "awaits its outcome",
    Outcome.OVERRUNNING: "has overrun its announced end",
    Outcome.UNKNOWN: "was not observed, and nobody has spoken of it",
}
ORDER = {level: place for place, level in enumerate(("now", "last_day", "four_fifths", "half", "coming", "missed"))}


def due(session: Session, now: datetime) -> list[Item]:
    """Everything that is due, or will be, as at `now`: what presses most first, then by its moment."""
    desk = Desk(session, now)
    out: list[Item] = []
    for about in desk.about.values():
        out += _tickets_to_open(desk, about)
        out += _to_claim(desk, about)
    out += _updates(desk)
    out += _windows(desk)
    out += _replies(desk)
    out += _requests(desk)
    out += _snapshots(desk)
    out += _ours(desk)
    last = now + timedelta(days=36_500)
    return sorted(out, key=lambda item: (ORDER[item.level], item.due_at or last, item.key))


def reminder(session: Session, id_: UUID) -> Reminder:
    """Raises NotFound."""
    return found(session.get(Reminder, id_), "reminder", id_)


def feed(session: Session, id_: UUID) -> CalendarFeed:
    """Raises NotFound."""
    return found(session.get(CalendarFeed, id_), "feed", id_)


# Claims ---------------------------------------------------------------------------------------------------------------


def _to_claim(desk: Desk, about: About) -> Iterator[Item]:
    """Credit that is to be claimed: of judged periods, and of drafts no judged period speaks of any more."""
    versions = desk.versions[about.service_id]
    mine = desk.claims[about.service_id]
    told: set[UUID] = set()
    rights: set[tuple[str, date]] = set()
    silent = not any(periods.pays_without_downtime(version.sla) for version in versions)
    todo = periods.open_periods(versions, about.zone, desk.now)
    for period, claim_open in todo:  # grows while it is walked: an outage is claimed in every period it was in
        if silent and not desk.was_down(about.service_id, period):
            continue
        case, statement = desk.judged(about.service_id, period)
        if any(outage.span.start < period.span.start for outage in statement.outages):
            before = periods.before(versions, about.zone, period)
            todo += [(before, claim_open)] if before not in [item for item, _ in todo] else []
        for right in statement.rights:
            if not right.lapsed and (right.title, right.exercise_by) not in rights:
                rights.add((right.title, right.exercise_by))
                yield items.right_to_leave(
                    about, right.title, right.accrued_at, right.exercise_by, right.clause, desk.now
                )
        for facts in _of_period(desk, case, statement, mine) if claim_open else ():
            if facts.claim_id is not None:
                told.add(facts.claim_id)
            if _in_sight(desk, facts.too_late_from):
                yield items.to_claim(about, facts, desk.now)
    for claim in mine:
        if claim.state in life.UNFILED and claim.id not in told and _in_sight(desk, claim.too_late_from):
            yield items.to_claim(about, _of_claim(claim), desk.now)


def _in_sight(desk: Desk, too_late_from: datetime | None) -> bool:
    return too_late_from is None or desk.now < too_late_from + periods.MISSED_SHOWN


def _of_claim(claim: Claim) -> ToClaim:
    return ToClaim(
        claim.period, None, claim.amount, claim.currency, not claim.so_far, claim.earliest, claim.latest,
        claim.too_late_from, claim.clause or "", claim.id, claim.number, claim.state,
    )  # fmt: skip


def _of_period(desk: Desk, case: Case, statement: Statement, mine: Sequence[Claim]) -> Iterator[ToClaim]:
    """What of the period's credit nobody has filed: as a whole, or incident by incident where the clause says so."""
    same = [claim for claim in mine if ground.period_of(claim) == statement.period]
    filed = [claim for claim in same if claim.state not in life.UNFILED and claim.basis == "credit"]
    amount = ground.money(statement)[1] - sum(claim.amount for claim in filed)
    if amount <= 0:
        return
    rule, words = ground.clause_of(case)
    spans = ground.claimable(statement)
    parts: list[tuple[datetime | None, Sequence[Span], Deadline | None]] = []
    if rule is not None and rule.kind.endswith("_incident"):
        for outage in statement.outages:
            if outage.counted and not (outage.open and rule.anchor == "end"):
                inside: Sequence[Span] = [cut for span in spans if (cut := span.clip(outage.span)) is not None]
                until = deadline(rule, case.period, [outage.span], case.as_at, words)
                parts.append((outage.span.start, inside, until))
    else:
        parts.append((None, spans, ground.deadline_of(case, statement, spans)))
    final = not statement.so_far
    currency = case.currency
    taken = claims.spans_of(desk.session, [claim.id for claim in mine if claim.state not in life.UNFILED])
    for start, minutes, until in parts:
        if minutes and not minus(minutes, taken):
            continue
        if not minutes and filed:
            continue
        draft = _draft_of(desk, minutes, [claim for claim in mine if claim.state in life.UNFILED], same)
        yield ToClaim(
            statement.period.label, start, amount, currency, final,
            until.earliest if until else None, until.latest if until else None, until.too_late_from if until else None,
            until.clause if until else words, draft.id if draft else None, draft.number if draft else None,
            draft.state if draft else None,
        )  # fmt: skip


def _draft_of(desk: Desk, inside: Sequence[Span], drafts: Sequence[Claim], same: Sequence[Claim]) -> Claim | None:
    """The claim that is drafted or approved for these minutes; without minutes, for this period."""
    for claim in drafts:
        if inside:
            if minus(inside, claims.spans_of(desk.session, [claim.id])) != tuple(inside):
                return claim
        elif claim in same:
            return claim
    return None


# A ticket to open now -------------------------------------------------------------------------------------------------


def _tickets_to_open(desk: Desk, about: About) -> Iterator[Item]:
    period = periods.running(desk.versions[about.service_id], about.zone, desk.now)
    today = desk.now.astimezone(zone_of(about.zone)).date()
    version = next((item for item in desk.versions[about.service_id] if item.covers(today)), None)
    if version is None or not waits_for_ticket(version.sla) or not desk.was_down(about.service_id, period):
        return
    case, statement = desk.judged(about.service_id, period)
    for outage in statement.outages:
        begun = [ticket for ticket in case.every_ticket if outage.span.start <= ticket.opened_at <= desk.now]
        if outage.open and not begun:
            yield items.open_ticket(
                about, outage.first_failed_at, _text(desk, about, case, outage), _quote(version.sla)
            )


def waits_for_ticket(sla: Sla) -> bool:
    """Whether anything is paid only with a ticket: by the contract's clock, or by a precondition that names one."""
    counting = [sla.counting, *(one.counting for one in sla.guarantees if one.counting is not None)]
    return any(rules.clock_start in CLOCKS for rules in counting) or any(
        "ticket" in text.lower() for text in sla.preconditions
    )


def _quote(sla: Sla) -> str:
    """The contract's own words on when the clock starts; a precondition where it is one; nothing where neither."""
    words = clause(sla, "counting.clock_start")
    if words != "counting.clock_start":
        return words
    return next((text for text in sla.preconditions if "ticket" in text.lower()), "")


def _text(desk: Desk, about: About, case: Case, outage: Outage) -> str:
    terms = terms_of(case, case.period)
    return ticket_text(
        Running(
            service=about.service,
            account=about.account,
            first_failed_at=outage.first_failed_at,
            last_good_at=outage.last_good_at,
            as_at=case.as_at,
            silent=outage.monitors,
            errors=errors_seen(desk.session, about.service_id, case),
            quote=_quote(terms) if terms is not None else "",
            zone=about.zone,
        )
    )


# What the provider promised -------------------------------------------------------------------------------------------


def _updates(desk: Desk) -> Iterator[Item]:
    """Promised next updates that nobody has written: the newest of each ticket."""
    since = desk.now - AWAITED
    query = (
        select(Reply, Ticket)
        .join(Ticket, col(Ticket.id) == col(Reply.ticket_id))
        .where(col(Reply.next_update_due) > since, col(Reply.at) <= desk.now)
    )
    promised: dict[UUID, tuple[Reply, Ticket]] = {}
    for reply, ticket in desk.session.exec(query):
        if f"reply:{reply.id}" in desk.retracted or f"ticket:{ticket.id}" in desk.retracted:
            continue
        before = promised.get(ticket.id)
        if before is None or reply.at >= before[0].at:
            promised[ticket.id] = (reply, ticket)
    human: dict[UUID, list[datetime]] = defaultdict(list)
    for row in desk.session.exec(select(Reply).where(col(Reply.ticket_id).in_(promised), col(Reply.human).is_(True))):
        if row.at <= desk.now and f"reply:{row.id}" not in desk.retracted:
            human[row.ticket_id].append(row.at)
    for reply, ticket in promised.values():
        if reply.next_update_due is not None and not any(at > reply.at for at in human[ticket.id]):
            yield items.next_update(
                desk.about[ticket.service_id], ticket.number, ticket.id, reply.next_update_due, desk.now
            )


def _windows(desk: Desk) -> Iterator[Item]:
    """Windows that have passed without a word that ends them, judged by what was seen."""
    spoken = select(Said.window_id).where(col(Said.kind) != "started")
    query = (
        select(Window, WorkService)
        .join(WorkService, col(WorkService.work_id) == col(Window.work_id))
        .where(col(Window.end_at) <= desk.now, col(Window.end_at) > desk.now - AWAITED, col(Window.announced).is_(True))
        .where(col(Window.id).not_in(spoken), col(Window.id).not_in(select(Withdrawal.window_id)))
        .where(col(Window.id).not_in(select(Override.window_id)))
        .where(col(Window.id).not_in(select(Window.replaces).where(col(Window.replaces).is_not(None))))
        .order_by(col(Window.end_at), col(WorkService.service_id))
    )
    seen: set[UUID] = set()
    for window, touched in desk.session.exec(query):
        if window.id in seen or f"window:{window.id}" in desk.retracted:
            continue
        seen.add(window.id)
        about = desk.about[touched.service_id]
        _, statement = desk.judged(about.service_id, month_of(window.start_at, about.zone))
        verdict = next((item for item in statement.windows if item.window_id == str(window.id)), None)
        if verdict is not None and verdict.outcome in OPEN_OUTCOMES:
            says = OPEN_OUTCOMES[verdict.outcome]
            yield items.awaited_window(about, verdict.window_id, verdict.attempt, says, verdict.promised.end)


def _replies(desk: Desk) -> Iterator[Item]:
    """Answers to filed claims that were asked for by a day."""
    waiting = [claim for rows in desk.claims.values() for claim in rows if claim.state in ("filed", "acknowledged")]
    taken = desk.steps(waiting)
    for claim in waiting:
        filed = [step for step in life.standing(taken[claim.id]) if step.kind == "filed"]
        step = filed[-1] if filed else None
        if isinstance(step, ClaimStep) and step.reply_by is not None:
            about = desk.about[claim.service_id]
            yield items.awaited_reply(about, claim.id, claim.number, step.at, step.reply_by, desk.now)


def _requests(desk: Desk) -> Iterator[Item]:
    """What letters asked the provider for, until it is answered or withdrawn: together where one moment was named."""
    wanted: dict[tuple[UUID, str, UUID, datetime], list[tuple[str, str]]] = defaultdict(list)
    for one in open_requests(desk.session, desk.now):
        wanted[one.letter_id, one.letter, one.service_id, one.wanted_at].append((one.number, one.text))
    for (letter_id, letter, service_id, wanted_at), asked in wanted.items():
        yield items.awaited_answers(desk.about[service_id], letter, letter_id, tuple(asked), wanted_at, desk.now)


def _ours(desk: Desk) -> Iterator[Item]:
    """What we promised our clients to write, until everybody who had the promise has had a letter."""
    for one in ours(desk.session, desk.now):
        if one.state != "kept" and one.kept_at is None and one.due_at > desk.now - AWAITED:
            yield items.our_update(
                desk.about[one.service_id], one.number, one.kind, one.notice_id, len(one.without), one.due_at, desk.now
            )


def _snapshots(desk: Desk) -> Iterator[Item]:
    """The snapshot each service wants next, once one was sealed for it."""
    taken: dict[UUID, list[Taken]] = defaultdict(list)
    for service_id, server, at in copies_of(desk.session):
        for about in desk.about.values():
            if service_id in (None, about.service_id):
                taken[about.service_id].append(Taken(server, at))
    if not taken:
        return
    query = (
        select(Window, WorkService)
        .join(WorkService, col(WorkService.work_id) == col(Window.work_id))
        .where(col(Window.announced).is_(True), col(Window.announced_at) <= desk.now)
        .where(col(Window.end_at) > desk.now - AWAITED, col(WorkService.service_id).in_(list(taken)))
        .where(col(Window.id).not_in(select(Withdrawal.window_id)))
        .where(col(Window.id).not_in(select(Window.replaces).where(col(Window.replaces).is_not(None))))
        .order_by(col(Window.start_at), col(Window.id))
    )
    rows = [row for row in desk.session.exec(query) if f"window:{row[0].id}" not in desk.retracted]
    over: dict[UUID, tuple[datetime, bool]] = {}
    told = select(Said).where(col(Said.window_id).in_([window.id for window, _ in rows]), col(Said.kind) != "started")
    for said in desk.session.exec(told.order_by(col(Said.said_at))):
        if said.said_at <= desk.now and f"said:{said.id}" not in desk.retracted:
            over[said.window_id] = (said.at, said.kind != "not_carried_out")
    attempts: dict[UUID, list[Attempt]] = defaultdict(list)
    for window, touched in rows:
        ended_at, happened = over.get(window.id, (None, True))
        attempts[touched.service_id].append(
            Attempt(str(window.id), window.announced_at, window.start_at, window.end_at, ended_at, happened)
        )
    for service_id, copies in taken.items():
        found = wanted(attempts[service_id], copies, desk.now)
        if found is not None:
            yield items.snapshot(desk.about[service_id], found, desk.now)
