"""From the rooms to a Case: every fact of one service and period known at one moment. Reads only.

Every figure of every paper is a whole number of seconds (`whole`), so that totals reconcile exactly.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from app.agreements.tables import Fee, Provider, Service, Terms
from app.errors import found
from app.incidents.tables import Incident, Note, Reply, Ticket
from app.maintenance import tables as maintenance
from app.messages.tables import Message
from app.outcomes.tables import Finding, Override, Said
from app.probes import queries as probes
from app.sites.tables import Placement, Site, SiteCheck
from app.sla import case as law
from app.sla.periods import Period, calendar_month, month_of, months_before
from app.sla.spans import Span
from app.sla.terms import Sla
from app.statements.whole import floored, snapped

CHANNELS = {"email": "e-mail", "phone": "phone", "portal": "portal", "ticket": "ticket", "status_page": "status page"}
FAR = datetime(2200, 1, 1, tzinfo=UTC)


def gather(
    session: Session,
    service_id: UUID,
    month: str | None,
    as_at: datetime,
    *,
    months: int = 11,
    every_window: bool = False,
) -> law.Case:
    """The case of a service and a month of its contract zone (None: the month of `as_at`).

    `months`: how many earlier months the trend shows. `every_window`: also the windows of other months, as letters to
    clients need them. Raises NotFound for an unknown service, `PeriodError` for a month
    that does not exist.
    """
    service = found(session.get(Service, service_id), "service", service_id)
    as_at = as_at.astimezone(UTC).replace(microsecond=0)
    period = calendar_month(month, service.zone) if month else month_of(as_at, service.zone)
    before = months_before(period, months) if months else ()
    reader = _Reader(session, service, period, as_at)
    works, windows = reader.works(every_window)
    start = min([before[0].span.start if before else period.span.start, *(window.span.start for window in windows)])
    watched = Span(start, max(period.span.end, start + timedelta(seconds=1)))
    monitors = tuple(snapped(item) for item in probes.monitors_of(session, service_id, watched))
    tickets = reader.tickets()
    return law.Case(
        service_id=str(service.id),
        service_name=service.name,
        monthly_fee=reader.fee(),
        currency=service.currency,
        in_service=_stay(service.in_service_from, service.in_service_to),
        period=period,
        as_at=as_at,
        terms=reader.terms(),
        monitors=monitors,
        own_outages=tuple(
            law.OwnOutage(floored(item.span), item.reason) for item in probes.own_outages(session, watched)
        ),
        works=works,
        windows=windows,
        tickets=tickets,
        events=reader.events(),
        sites=reader.sites(),
        lines=tuple(sorted(reader.lines, key=lambda line: line.at)),
        periods_before=tuple(before),
    )


def _stay(start: datetime | None, end: datetime | None) -> Span | None:
    if start is None and end is None:
        return None
    return Span(start or datetime(1990, 1, 1, tzinfo=UTC), end or FAR)


class _Reader:
    """Rows of one service, read once each and turned into the law's values. Collects `lines` for the chronology."""

    def __init__(self, session: Session, service: Service, period: Period, as_at: datetime) -> None:
        self.session, self.service, self.period, self.as_at = session, service, period, as_at
        self.zone = ZoneInfo(service.zone)
        self.lines: list[law.Line] = []
        messages = session.exec(select(Message).where(Message.provider_id == service.provider_id)).all()
        self.messages = {message.id: message for message in messages if message.received_at <= as_at}
        for message in self.messages.values():
            if period.span.start <= message.received_at < period.span.end:
                text = message.text or message.subject or "A message without text."
                head = f"{message.subject}: " if message.subject and message.text else ""
                self.line(message.received_at, message.created_at, head + text, self.of_message(message))

    def line(self, at: datetime, recorded_at: datetime, text: str, source: law.Source) -> None:
        if text and at <= self.as_at:
            self.lines.append(law.Line(at, recorded_at, text, source))

    def in_period(self, at: datetime) -> bool:
        return self.period.span.start <= at < self.period.span.end

    def of_message(self, message: Message) -> law.Source:
        local = message.received_at.astimezone(self.zone)
        label = f"{CHANNELS.get(message.channel, message.channel)}, {local.day} {local:%B %H:%M}"
        return law.Source(law.SourceCode.PROVIDER, f"message:{message.id}", label)

    def source(self, row: Any, at: datetime, what: str) -> law.Source:
        """Where a row's fact comes from: the provider's message it names, else the row itself."""
        message = self.messages.get(row.message_id) if row.message_id else None
        if message is not None:
            return self.of_message(message)
        local = at.astimezone(self.zone)
        words = {"P": "told by the provider", "M": "measured", "T": "ticket", "C": "client", "N": "note"}[row.source]
        label = (
            row.note if getattr(row, "note", "") and len(row.note) < 60 else f"{words}, {local.day} {local:%B %H:%M}"
        )
        return law.Source(law.SourceCode(row.source), f"{what}:{row.id}", label)

    def fee(self) -> Any:
        """The monthly fee on the period's first day; of two rows for one day the later recorded counts."""
        first = self.period.first_day
        fees = self.session.exec(select(Fee).where(Fee.service_id == self.service.id)).all()
        dated = [item for item in fees if item.effective_from <= first]
        if not dated:
            return self.service.monthly_fee
        return max(dated, key=lambda item: (item.effective_from, item.created_at)).monthly_fee

    def terms(self) -> tuple[law.DatedTerms, ...]:
        rows = self.session.exec(
            select(Terms).where(Terms.service_id == self.service.id).order_by(col(Terms.effective_from))
        )
        first, last = self.period.first_day, self.period.last_day
        return tuple(
            law.DatedTerms(str(row.id), row.effective_from, row.effective_to, Sla.model_validate(row.terms))
            for row in rows
            if row.effective_from <= last and (row.effective_to is None or row.effective_to > first)
        )

    def by_window(self, table: Any, ids: Sequence[UUID]) -> dict[UUID, list[Any]]:
        out: dict[UUID, list[Any]] = defaultdict(list)
        if ids:
            for row in self.session.exec(select(table).where(col(table.window_id).in_(ids)).order_by(col(table.id))):
                out[row.window_id].append(row)
        return out

    def works(self, every: bool) -> tuple[tuple[law.Work, ...], tuple[law.Window, ...]]:
        """Works touching the service and the windows that belong into this period's account."""
        ids = self.session.exec(
            select(maintenance.WorkService.work_id).where(maintenance.WorkService.service_id == self.service.id)
        ).all()
        if not ids:
            return (), ()
        rows = self.session.exec(
            select(maintenance.Window)
            .where(col(maintenance.Window.work_id).in_(ids))
            .order_by(col(maintenance.Window.start_at))
        ).all()
        windows = [
            row for row in rows if row.announced_at <= self.as_at and (every or row.start_at < self.period.span.end)
        ]
        known = [row.id for row in windows]
        said, overrides = self.by_window(Said, known), self.by_window(Override, known)
        withdrawals, confirmations = (
            self.by_window(maintenance.Withdrawal, known),
            self.by_window(maintenance.Confirmation, known),
        )
        findings = self.by_window(Finding, known)
        successor = {row.replaces: row for row in rows if row.replaces and row.announced_at <= self.as_at}
        kept = [row for row in windows if every or self._belongs(row, said, overrides, withdrawals, successor)]
        works = self.session.exec(
            select(maintenance.Work).where(col(maintenance.Work.id).in_({row.work_id for row in kept} or {UUID(int=0)}))
        ).all()
        procedures: dict[UUID, list[maintenance.Procedure]] = defaultdict(list)
        for item in self.session.exec(
            select(maintenance.Procedure)
            .where(col(maintenance.Procedure.work_id).in_(ids))
            .order_by(col(maintenance.Procedure.agreed_at))
        ):
            procedures[item.work_id].append(item)
        attempts: dict[UUID, int] = {}
        for work_id in ids:
            mine = sorted((row for row in windows if row.work_id == work_id), key=lambda row: row.start_at)
            attempts |= {row.id: number for number, row in enumerate(mine, 1)}
        return (
            tuple(
                self._work(
                    work, procedures[work.id], [f for row in kept if row.work_id == work.id for f in findings[row.id]]
                )
                for work in works
            ),
            tuple(
                self._window(
                    row,
                    said[row.id],
                    overrides[row.id],
                    withdrawals[row.id],
                    confirmations[row.id],
                    successor.get(row.id),
                    attempts[row.id],
                )
                for row in kept
            ),
        )

    def _belongs(self, row: Any, said: Any, overrides: Any, withdrawals: Any, successor: Any) -> bool:
        """Inside the period, or begun before it and not settled before it."""
        if row.end_at > self.period.span.start:
            return True
        settled = [item.said_at for item in said[row.id] if item.kind != "started"]
        settled += [item.at for item in overrides[row.id]] + [item.at for item in withdrawals[row.id]]
        settled += [successor[row.id].announced_at] if row.id in successor else []
        return not settled or max(settled) >= self.period.span.start

    def _work(self, work: Any, procedures: Iterable[Any], findings: Iterable[Any]) -> law.Work:
        agreed = []
        for item in procedures:
            source = self.source(item, item.agreed_at, "procedure")
            steps = tuple(law.Step(number, text) for number, text in enumerate(item.steps, 1))
            agreed.append(law.Procedure(item.agreed_at, steps, source))
            if self.in_period(item.agreed_at):
                listed = "; ".join(f"({step.number}) {step.text}" for step in steps)
                self.line(item.agreed_at, item.created_at, f"Procedure agreed: {listed}.", source)
        found_ = []
        told: set[tuple[datetime, str]] = set()
        for item in findings:
            source = self.source(item, item.at, "finding")
            found_.append(
                law.Finding(
                    str(item.window_id),
                    item.step,
                    law.FindingVerdict(item.verdict),
                    item.at,
                    item.text,
                    source,
                    item.scope_change,
                )
            )
            if (item.at, item.text) not in told and item.verdict not in ("as_agreed", "not_observed"):
                told.add((item.at, item.text))
                self.line(item.at, item.created_at, item.text, source)
        return law.Work(str(work.id), work.title, work.kind, tuple(agreed), tuple(found_))

    def _window(
        self,
        row: Any,
        said: list[Any],
        overrides: list[Any],
        withdrawals: list[Any],
        confirmations: list[Any],
        successor: Any,
        attempt: int,
    ) -> law.Window:
        statements = []
        for item in said:
            source = self.source(item, item.said_at, "said")
            statements.append(law.Said(law.SaidKind(item.kind), item.at, item.said_at, item.text, source))
            self.line(item.said_at, item.created_at, item.text, source)
        overrides = [item for item in overrides if item.at <= self.as_at]
        withdrawal = None
        if withdrawals:
            source = self.source(withdrawals[0], withdrawals[0].at, "withdrawal")
            withdrawal = law.Withdrawal(withdrawals[0].at, withdrawals[0].text, source)
            self.line(withdrawals[0].at, withdrawals[0].created_at, f"Withdrawn: {withdrawals[0].text}", source)
        source = self.source(row, row.announced_at, "window")
        if row.message_id is None and self.in_period(row.announced_at):
            text = row.text or row.note or "A window was announced."
            self.line(row.announced_at, row.created_at, text, source)
        confirmed = (
            row.announced_at if row.status == "CONFIRMED" else min((item.at for item in confirmations), default=None)
        )
        message = self.messages.get(row.message_id) if row.message_id else None
        last = overrides[-1] if overrides else None
        return law.Window(
            id=str(row.id),
            work_id=str(row.work_id),
            span=floored(Span(row.start_at, row.end_at)),
            announced_at=row.announced_at,
            source=source,
            role=row.role,
            impact=row.impact,
            announced=row.announced,
            emergency=row.emergency,
            confirmed_at=confirmed,
            replaces=str(row.replaces) if row.replaces else None,
            rescheduled_at=successor.announced_at if successor is not None else None,
            withdrawal=withdrawal,
            said=tuple(statements),
            override=law.OutcomeOverride(last.outcome, last.by, last.reason, last.at) if last else None,
            text=row.text or (message.text or "" if message else ""),
            attempt=attempt,
        )

    def tickets(self) -> tuple[law.Ticket, ...]:
        rows = self.session.exec(
            select(Ticket).where(Ticket.service_id == self.service.id).order_by(col(Ticket.opened_at))
        ).all()
        rows = [row for row in rows if row.opened_at <= self.as_at and row.opened_at < self.period.span.end]
        replies: dict[UUID, list[Reply]] = defaultdict(list)
        if rows:
            for reply in self.session.exec(
                select(Reply).where(col(Reply.ticket_id).in_([row.id for row in rows])).order_by(col(Reply.at))
            ):
                replies[reply.ticket_id].append(reply)
        out = []
        for row in rows:
            answers = replies[row.id]
            if not (self.in_period(row.opened_at) or any(self.in_period(item.at) for item in answers)):
                continue
            source = law.Source(law.SourceCode.TICKET, f"ticket:{row.id}", f"ticket {row.number}")
            if self.in_period(row.opened_at):
                self.line(row.opened_at, row.created_at, f"Ticket {row.number} opened: {row.subject}", source)
            for item in answers:
                if self.in_period(item.at):
                    kind = "reply" if item.human else "automatic reply"
                    self.line(
                        item.at, item.created_at, f"Ticket {row.number}, {kind}: {item.text or 'without text'}", source
                    )
            due = tuple(
                item.next_update_due for item in answers if item.next_update_due is not None and item.at <= self.as_at
            )
            told = tuple(law.TicketReply(item.at, item.by, item.human, item.text) for item in answers)
            out.append(law.Ticket(str(row.id), row.number, row.subject, row.urgency, row.opened_at, told, due))
        return tuple(out)

    def events(self) -> tuple[law.Event, ...]:
        query = (
            select(Note, Incident)
            .join(Incident, col(Note.incident_id) == col(Incident.id))
            .where(Incident.service_id == self.service.id)
        )
        out = []
        rows = [
            row
            for row in self.session.exec(query.order_by(col(Note.occurred_at))).all()
            if row[0].occurred_at <= self.as_at
        ]
        # a clock that was running when the period began brings the line that started it
        titles = [incident.title for incident in {incident.id: incident for _, incident in rows}.values()]
        running = {
            incident.id: note.id for note, incident in rows if note.event and note.occurred_at < self.period.span.start
        }
        for note, incident in rows:
            source = self.source(note, note.occurred_at, "note")
            if self.in_period(note.occurred_at) or running.get(incident.id) == note.id:
                self.line(note.occurred_at, note.created_at, note.text, source)
            if note.event:
                subject = incident.title if titles.count(incident.title) == 1 else f"{incident.title} ({incident.id})"
                out.append(law.Event(note.event, note.occurred_at, subject, note.text, source))
        return tuple(out)

    def sites(self) -> tuple[law.Site, ...]:
        span = self.period.span
        query = (
            select(Placement, Site)
            .join(Site, col(Placement.site_id) == col(Site.id))
            .where(Placement.service_id == self.service.id)
        )
        stays: dict[UUID, list[Span]] = defaultdict(list)
        names: dict[UUID, Site] = {}
        for placement, site in self.session.exec(query.order_by(col(Placement.from_at))).all():
            if (
                placement.from_at < span.end
                and (placement.to_at is None or placement.to_at > span.start)
                and placement.from_at <= self.as_at
            ):
                stays[site.id].append(Span(placement.from_at, placement.to_at or FAR))
                names[site.id] = site
        if not names:
            return ()
        watched = probes.site_monitors_of(self.session, list(names), span)
        checks: dict[UUID, list[law.SiteCheck]] = defaultdict(list)
        for row in self.session.exec(
            select(SiteCheck)
            .where(col(SiteCheck.site_id).in_(list(names)), col(SiteCheck.at) <= self.as_at)
            .order_by(col(SiteCheck.at), col(SiteCheck.id))
        ):
            source = law.Source(law.SourceCode(row.source), f"site_check:{row.id}", row.note[:60])
            checks[row.site_id].append(law.SiteCheck(row.at, row.reachable, row.working, row.current, source, row.note))
        ordered = sorted(names.values(), key=lambda site: (site.number or "~", site.name))
        return tuple(
            law.Site(
                site.number or str(site.id),
                site.name,
                tuple(stays[site.id]),
                tuple(snapped(item) for item in watched.get(site.id, ())),
                tuple(checks[site.id]),
            )
            for site in ordered
        )


def provider_of(session: Session, service_id: UUID) -> tuple[Provider, Service]:
    service = found(session.get(Service, service_id), "service", service_id)
    return session.get_one(Provider, service.provider_id), service
