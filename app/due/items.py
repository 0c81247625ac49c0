"""One thing that is due, and the words for each kind: pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from app.due.reminders import COMING, MISSED, NOW, Remind, level_at, reminders
from app.due.snapshots import Wanted
from app.sla.periods import midnight, zone_of
from app.sla.wording import moment

KINDS = ("open_ticket", "claim", "next_update", "reply", "request", "window", "right", "snapshot", "our_update")


@dataclass(frozen=True, slots=True)
class About:
    """The service an item is about, and who hosts it."""

    service_id: UUID
    service: str
    provider: str
    account: str | None
    zone: str


@dataclass(frozen=True, slots=True)
class Item:
    """`key` is the same for as long as it is the same thing, whatever becomes of its date."""

    key: str
    kind: str
    about: About
    title: str
    text: str
    level: str  # coming | half | four_fifths | last_day | now | missed
    earliest: date | None = None
    last_day: date | None = None
    due_at: datetime | None = None  # the first instant that is too late, or the moment promised
    period: str | None = None
    amount: Decimal | None = None
    currency: str | None = None
    final: bool = True
    clause: str | None = None
    claim_id: UUID | None = None
    claim: str | None = None
    claim_state: str | None = None
    reminders: tuple[Remind, ...] = ()

    @property
    def deadline(self) -> str:
        """What a reminder reminds of, as text: when it changes, it is reminded of anew."""
        return str(self.last_day or (self.due_at.isoformat() if self.due_at else ""))

    @property
    def pressing(self) -> bool:
        """Whether somebody has to do something today."""
        return self.level in ("last_day", NOW, MISSED)


def day_words(day: date, zone: str) -> str:
    """ "Wed 30 July 2025"."""
    return moment(midnight(day, zone) + timedelta(hours=12), zone).rsplit(" ", 1)[0]


@dataclass(frozen=True, slots=True)
class ToClaim:
    """Credit of a period, or of one incident of it, that nobody has asked the provider for."""

    period: str
    incident: datetime | None  # the start of the incident whose own deadline this is
    amount: Decimal
    currency: str
    final: bool
    earliest: date | None
    latest: date | None
    too_late_from: datetime | None
    clause: str
    claim_id: UUID | None = None
    claim: str | None = None
    claim_state: str | None = None


def to_claim(about: About, facts: ToClaim, now: datetime) -> Item:
    """A claim that has to go out by its last day."""
    marks: tuple[Remind, ...] = ()
    if facts.earliest is not None and facts.latest is not None and facts.too_late_from is not None:
        marks = reminders(facts.earliest, facts.latest, about.zone, facts.too_late_from)
    level = level_at(marks, facts.too_late_from, now)
    sum_ = f"{facts.amount} {facts.currency}" + ("" if facts.final else " so far")
    which = f"Claim {facts.claim} ({facts.claim_state})" if facts.claim else "A claim"
    event = f", outage of {moment(facts.incident, about.zone)}" if facts.incident is not None else ""
    by = f" by {day_words(facts.latest, about.zone)}" if facts.latest is not None else ""
    late = " was to be filed" if level == MISSED else " is to be filed"
    text = f"{which} for {sum_}{late}{by}"
    if facts.too_late_from is not None:
        text += f"; too late from {moment(facts.too_late_from, about.zone)} {_zone_name(facts.too_late_from, about)}"
    text += "." if facts.latest is not None else ". The terms name no deadline."
    tail = f":{facts.incident.isoformat()}" if facts.incident is not None else ""
    return Item(
        key=f"claim:{about.service_id}:{facts.period}{tail}",
        kind="claim",
        about=about,
        title=f"{about.service}, {facts.period}{event}: claim {sum_}{by}",
        text=text,
        level=level,
        earliest=facts.earliest,
        last_day=facts.latest,
        due_at=facts.too_late_from,
        period=facts.period,
        amount=facts.amount,
        currency=facts.currency,
        final=facts.final,
        clause=facts.clause or None,
        claim_id=facts.claim_id,
        claim=facts.claim,
        claim_state=facts.claim_state,
        reminders=marks,
    )


def open_ticket(about: About, since: datetime, text: str, clause: str) -> Item:
    """An outage runs, no ticket is in it, and the contract waits for one."""
    return Item(
        key=f"ticket:{about.service_id}:{since.isoformat()}",
        kind="open_ticket",
        about=about,
        title=f"{about.service}: open a ticket now; down since {moment(since, about.zone)}",
        text=text,
        level=NOW,
        due_at=since,
        clause=clause or None,
        reminders=(Remind(NOW, since.astimezone(zone_of(about.zone)).date(), since),),
    )


def next_update(about: About, ticket: str, ticket_id: UUID, due_at: datetime, now: datetime) -> Item:
    """ "We will write by 04:00", and nobody has."""
    late = now > due_at
    said = "was promised by" if late else "is promised by"
    return Item(
        key=f"update:{ticket_id}:{due_at.isoformat()}",
        kind="next_update",
        about=about,
        title=f"{about.service}, ticket {ticket}: next update by {moment(due_at, about.zone)}",
        text=f"The provider's next update on ticket {ticket} {said} {moment(due_at, about.zone)}.",
        level=MISSED if late else COMING,
        due_at=due_at,
        reminders=(Remind(NOW, due_at.astimezone(zone_of(about.zone)).date(), due_at),),
    )


def awaited_window(about: About, window_id: str, attempt: int, says: str, end: datetime) -> Item:
    """A window has passed, and what became of it is not established."""
    return Item(
        key=f"window:{window_id}",
        kind="window",
        about=about,
        title=f"{about.service}: say what became of window {attempt}, announced to end {moment(end, about.zone)}",
        text=f"Window {attempt} {says}. Enter what the provider or a person says of it.",
        level=NOW,
        due_at=end,
        reminders=(Remind(NOW, end.astimezone(zone_of(about.zone)).date(), end),),
    )


def awaited_reply(about: About, claim_id: UUID, number: str, filed_at: datetime, by: date, now: datetime) -> Item:
    """A filed claim whose answer was asked for by a day."""
    over = midnight(by + timedelta(days=1), about.zone)
    filed = filed_at.astimezone(zone_of(about.zone)).date()
    marks = reminders(filed, by, about.zone, over)[-1:]
    return Item(
        key=f"reply:{claim_id}",
        kind="reply",
        about=about,
        title=f"{about.service}: answer to claim {number} by {day_words(by, about.zone)}",
        text=f"Claim {number} was filed {moment(filed_at, about.zone)}; an answer was asked for by "
        f"{day_words(by, about.zone)}.",
        level=level_at(marks, over, now),
        earliest=filed,
        last_day=by,
        due_at=over,
        claim_id=claim_id,
        claim=number,
        reminders=marks,
    )


def awaited_answers(
    about: About, letter: str, letter_id: UUID, asked: tuple[tuple[str, str], ...], wanted_at: datetime, now: datetime
) -> Item:
    """What one letter asked the provider for by one moment, each (number, text) still without its answer."""
    late = now >= wanted_at
    numbers = ", ".join(number for number, _ in asked)
    lines = "\n".join(f"{number}: {text}" for number, text in asked)
    by = moment(wanted_at, about.zone)
    return Item(
        key=f"request:{letter_id}:{wanted_at.isoformat()}",
        kind="request",
        about=about,
        title=f"{about.service}, letter {letter}: answer to {numbers} by {by}",
        text=f"Letter {letter} asked for an answer by {by}; {'overdue' if late else 'still open'}:\n{lines}",
        level=MISSED if late else COMING,
        due_at=wanted_at,
        reminders=(Remind(NOW, wanted_at.astimezone(zone_of(about.zone)).date(), wanted_at),),
    )


def right_to_leave(about: About, title: str, accrued: datetime, by: date, clause: str, now: datetime) -> Item:
    """A right to leave the contract that lapses when it is not used."""
    over = midnight(by + timedelta(days=1), about.zone)
    first = accrued.astimezone(zone_of(about.zone)).date()
    marks = reminders(first, by, about.zone, over)
    return Item(
        key=f"right:{about.service_id}:{title}:{first}",
        kind="right",
        about=about,
        title=f"{about.service}: {title}, until {day_words(by, about.zone)}",
        text=f"{title}: accrued {moment(accrued, about.zone)}; it lapses after {day_words(by, about.zone)}.",
        level=level_at(marks, over, now),
        earliest=first,
        last_day=by,
        due_at=over,
        clause=clause or None,
        reminders=marks,
    )


WHY = {
    "weekly": "A week has passed since the last one.",
    "daily": "The window of {day} is announced: one a day until then shows what changed, and when.",
    "before": "The window of {day} begins within the hour: this is the copy everything will be measured by.",
    "hourly": "The window of {day} is under way: what is written and lost meanwhile shows in no other copy.",
    "after": "The work of {day} was said to be over: read the new server before it is worked on.",
    "day_after": "A day after the work of {day}: a second copy that overwrites newer files shows only now.",
    "week_after": "A week after the work of {day}: the last look.",
}


def our_update(
    about: About, number: int, letter: str, notice_id: UUID, without: int, due_at: datetime, now: datetime
) -> Item:
    """A next message we promised our clients in a letter. It is not handed over as a reminder: an alert tells of it."""
    late = now > due_at
    by = moment(due_at, about.zone)
    waiting = f"{without} client{'s' if without != 1 else ''}"
    text = f"Round {number} ({letter}) promised {waiting} the next message by {by}"
    return Item(
        key=f"ours:{notice_id}",
        kind="our_update",
        about=about,
        title=f"{about.service}: write to {waiting} by {by}",
        text=f"{text}; it was not written, and that is broken by us." if late else f"{text}.",
        level=MISSED if late else COMING,
        due_at=due_at,
    )


def snapshot(about: About, one: Wanted, now: datetime) -> Item:
    """A snapshot of the sites that is missing, or wanted next; the text holds the command."""
    day = moment(one.attempt.start, about.zone).rsplit(" ", 1)[0] if one.attempt else ""
    chunks = " --chunks 4k" if one.chunks else ""
    command = f"kept audit snapshot --label {one.label} --server {one.server}{chunks} --sites sites.toml --out gens/…"
    by = moment(one.due_at, about.zone)
    window = one.attempt.window_id if one.attempt else ""
    return Item(
        key=f"snapshot:{about.service_id}:{one.step}:{window}",
        kind="snapshot",
        about=about,
        title=f"{about.service}: a snapshot of the {one.server} server by {by}",
        text=f"{WHY[one.step].format(day=day)}\n{command}\nkept audit seal gens/… --for {about.service}",
        level=NOW if one.due_at <= now else COMING,
        due_at=one.due_at,
        reminders=(Remind(NOW, one.due_at.astimezone(zone_of(about.zone)).date(), one.due_at),),
    )


def _zone_name(instant: datetime, about: About) -> str:
    return f"{instant.astimezone(zone_of(about.zone)):%Z}"
