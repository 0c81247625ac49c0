"""The account: where each fact comes from, and the lines of the chronology collected while facts are read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from app.agreements.tables import Service
from app.cases.whole import whole_second
from app.evidence.queries import retracted
from app.incidents import queries as incidents
from app.integrity.assessing.queries import looks_taken_back
from app.messages.tables import Message
from app.sla import case as law
from app.sla.periods import Period

CHANNELS = {"email": "e-mail", "phone": "phone", "portal": "portal", "ticket": "ticket", "status_page": "status page"}
PART = 500  # ids asked for in one query
WORDS = {"P": "told by the provider", "M": "measured", "T": "ticket", "C": "client", "N": "note"}


RowT = TypeVar("RowT")


class Fact(Protocol):
    """A row that says where it comes from."""

    id: UUID
    source: str
    message_id: UUID | None


class Account:
    """One service, one period, one moment. `lines` grows as facts are read."""

    def __init__(self, session: Session, service: Service, period: Period, as_at: datetime) -> None:
        self.session, self.service, self.period, self.as_at = session, service, period, as_at
        self.zone = ZoneInfo(service.zone)
        gone = retracted(session)
        self.retracted = gone | looks_taken_back(session, gone)
        self.lines: list[law.Line] = []
        self.messages: dict[UUID, Message] = {}
        self._asked: set[UUID] = set()
        until = min(as_at, period.span.end)
        here = select(Message).where(
            Message.provider_id == service.provider_id,
            col(Message.received_at) >= period.span.start,
            col(Message.received_at) <= until,
        )
        for message in self._keep(session.exec(here.order_by(col(Message.received_at))).all()):
            if self.in_period(message.received_at):
                text = message.text or message.subject or "A message without text."
                head = f"{message.subject}: " if message.subject and message.text else ""
                self.line(message.received_at, message.created_at, head + text, self.of_message(message))

    def _keep(self, rows: Sequence[Message]) -> list[Message]:
        """These messages, known from now on: those that stand and had reached us by the moment."""
        kept = [row for row in self.standing("message", rows) if row.received_at <= self.as_at]
        self.messages |= {row.id: row for row in kept}
        return kept

    def need(self, ids: Iterable[UUID | None]) -> None:
        """Read the messages that facts name, whenever they were received; those already read are not read again."""
        wanted = {id_ for id_ in ids if id_ is not None} - self._asked - self.messages.keys()
        self._asked |= wanted
        named = sorted(wanted)
        for place in range(0, len(named), PART):
            query = select(Message).where(col(Message.id).in_(named[place : place + PART]))
            rows = self.session.exec(query).all()
            self._keep([row for row in rows if row.provider_id == self.service.provider_id])

    def standing(self, table: str, rows: Sequence[RowT]) -> list[RowT]:
        """The rows that were not retracted."""
        return [row for row in rows if f"{table}:{row.id}" not in self.retracted]  # type: ignore[attr-defined]

    def in_period(self, at: datetime) -> bool:
        return self.period.span.start <= at < self.period.span.end

    def line(self, at: datetime, recorded_at: datetime, text: str, source: law.Source) -> None:
        if text and at <= self.as_at:
            self.lines.append(law.Line(at, recorded_at, text, source))

    def local(self, at: datetime) -> str:
        moment = at.astimezone(self.zone)
        return f"{moment.day} {moment:%B %H:%M}"

    def of_message(self, message: Message) -> law.Source:
        channel = CHANNELS.get(message.channel, message.channel)
        label = f"{channel}, {self.local(message.received_at)}"
        return law.Source(law.SourceCode.PROVIDER, f"message:{message.id}", label)

    def source(self, row: Fact, at: datetime, what: str) -> law.Source:
        """Where a row's fact comes from: the provider's message it names, else the row itself."""
        message = self.messages.get(row.message_id) if row.message_id else None
        if message is not None:
            return self.of_message(message)
        note = str(getattr(row, "note", "") or "")
        label = note if 0 < len(note) < 60 else f"{WORDS[row.source]}, {self.local(at)}"
        return law.Source(law.SourceCode(row.source), f"{what}:{row.id}", label)

    def tickets(self) -> tuple[tuple[law.Ticket, ...], tuple[law.Ticket, ...]]:
        """Tickets opened in the period, and older ones that were answered in it; then all older ones."""
        out: list[law.Ticket] = []
        before: list[law.Ticket] = []
        for item in incidents.tickets_of(self.session, self.service.id):
            row = item.ticket
            known = row.opened_at <= self.as_at and row.opened_at < self.period.span.end
            if not known or f"ticket:{row.id}" in self.retracted:
                continue
            replies = [reply for reply in self.standing("reply", item.replies) if reply.at <= self.as_at]
            here = self.in_period(row.opened_at) or any(self.in_period(reply.at) for reply in replies)
            source = law.Source(law.SourceCode.TICKET, f"ticket:{row.id}", f"ticket {row.number}")
            if self.in_period(row.opened_at):
                self.line(row.opened_at, row.created_at, f"Ticket {row.number} opened: {row.subject}", source)
            for reply in replies:
                if self.in_period(reply.at):
                    kind = "reply" if reply.human else "automatic reply"
                    text = f"Ticket {row.number}, {kind}: {reply.text or 'without text'}"
                    self.line(reply.at, reply.created_at, text, source)
            promised = [reply for reply in replies if reply.next_update_due is not None]
            (out if here else before).append(
                law.Ticket(
                    str(row.id),
                    row.number,
                    row.subject,
                    row.urgency,
                    whole_second(row.opened_at),
                    tuple(law.TicketReply(whole_second(one.at), one.by, one.human, one.text) for one in replies),
                    tuple(whole_second(one.next_update_due) for one in promised if one.next_update_due is not None),
                    tuple(whole_second(one.at) for one in promised),
                )
            )
        return tuple(out), tuple(before)

    def events(self) -> tuple[law.Event, ...]:
        """Moments at which timed promises' clocks start or stop, paired within their incident."""
        titles = {row.id: row.title for row in incidents.incidents_of(self.session, self.service.id)}
        notes = self.standing("note", incidents.notes_of(self.session, self.service.id))
        notes = [note for note in notes if note.occurred_at <= self.as_at]
        self.need(note.message_id for note in notes if note.event or self.in_period(note.occurred_at))
        # a clock that was running when the period began brings the line that started it
        before = [note for note in notes if note.event and note.occurred_at < self.period.span.start]
        running = {note.incident_id: note.id for note in before}
        out = []
        for note in notes:
            source = self.source(note, note.occurred_at, "note")
            if self.in_period(note.occurred_at) or running.get(note.incident_id) == note.id:
                self.line(note.occurred_at, note.created_at, note.text, source)
            if note.event:
                title = titles[note.incident_id]
                alone = list(titles.values()).count(title) == 1
                subject = title if alone else f"{title} ({note.incident_id})"
                out.append(law.Event(note.event, whole_second(note.occurred_at), subject, note.text, source))
        return tuple(out)
