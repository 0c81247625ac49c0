"""Which letter says what: its subject, its body, what follows the name at its foot."""

from collections.abc import Iterator
from dataclasses import replace

from ...documents import (
    ClientLetter,
    Completed,
    Correction,
    FinalReport,
    MonthlyStatement,
    NotCarriedOut,
    Overrunning,
    PartlyDone,
    Planned,
    PossibleLoss,
    Rescheduled,
    UnplannedOutage,
)
from ..block import Block
from . import after, before, compared, during, listed, loss, month, partly, report
from .pieces import many, text
from .voice import Voice


def _whole_minutes(seconds: int) -> int:
    """Rounded down: a heading has no room for seconds."""
    return seconds // 60 * 60 if seconds >= 60 else seconds


def subject(letter: ClientLetter, v: Voice, name: str, short: bool) -> str:
    """The e-mail's subject and the letter's heading: the site first, then its state. `short` leaves out extras."""
    part, as_at = letter.body, letter.header.as_at
    tail = "_short" if short else ""
    match part:
        case Planned():
            day, until = v.day(part.window.start_at), v.until(part.window)
            return v(f"L1.subject{tail}", name=name, day=day, until=until)
        case NotCarriedOut():
            weekday = v.weekday(part.window.start_at)
            if part.down_seconds is None:
                return v("L2.subject_ahead", name=name, weekday=weekday)
            if short or part.down_seconds:
                return v("L2.subject_short", name=name, weekday=weekday)
            return v("L2.subject", many(letter), name=name, weekday=weekday)
        case Rescheduled():
            day, until = v.day(part.new.start_at), v.until(part.new)
            if short:
                return v("L3.subject_short", name=name, day=day, until=until)
            return v("L3.subject", name=name, day=day, until=until, old=v.plain_day(part.old.start_at))
        case Overrunning():
            late = v.brief(_whole_minutes(part.beyond_seconds))
            if short or letter.next_contact_at is None:
                return v("L4.subject_short", name=name, late=late)
            return v("L4.subject", name=name, late=late, time=v.clock(letter.next_contact_at))
        case Completed():
            if short:
                return v("L5.subject_short", name=name)
            return v("L5.subject", name=name, since=v.since(part.back_since, as_at))
        case PartlyDone():
            return partly.heading(letter, part, v, name)
        case PossibleLoss():
            return loss.subject(part, v, name, short)
        case FinalReport():
            return v("L8.subject_short", name=name) if short else v("L8.subject", name=name, about=part.about)
        case MonthlyStatement():
            return month.subject(letter, part, v, short)
        case UnplannedOutage():
            since = v.since(part.down_from, as_at)
            if short or letter.next_contact_at is None:
                return v("L10.subject_short", name=name, since=since)
            return v("L10.subject", name=name, since=since, time=v.clock(letter.next_contact_at))
        case Correction():
            if short:
                return v("L11.subject_short", name=name)
            return v("L11.subject", name=name, day=v.plain_day(part.notice_sent_at))


def _standard(letter: ClientLetter, v: Voice) -> Iterator[Block]:
    part = letter.body
    match part:
        case Planned():
            yield from before.planned(letter, part, v)
        case NotCarriedOut():
            yield from before.not_carried_out(letter, part, v)
        case Rescheduled():
            yield from before.rescheduled(letter, part, v)
        case Overrunning():
            yield from during.overrunning(letter, part, v)
        case Completed():
            yield from after.completed(letter, part, v)
        case PartlyDone():
            yield from partly.partly_done(letter, part, v)
        case PossibleLoss():
            yield from loss.possible_loss(letter, part, v)
        case FinalReport():
            yield from report.final_report(letter, part, v)
            return
        case MonthlyStatement():
            yield from month.monthly(letter, part, v)
        case UnplannedOutage():
            yield from during.unplanned(letter, part, v)
        case Correction():
            yield from during.corrected(letter, part, v)
    if letter.apology:
        yield text(letter.apology)


def body(letter: ClientLetter, v: Voice) -> Iterator[Block]:
    """The blocks of the letter, from the first sentence to the last before the name.

    Where the agency has a wording of its own it stands first, in place of ours; what is decided stays.
    """
    if letter.own is None:
        yield from _standard(letter, v)
        return
    for paragraph in letter.own.paragraphs:
        yield text(paragraph)
    yield from (block for block in _standard(letter, v) if not block.ours)


def annex(letter: ClientLetter, v: Voice) -> tuple[Block, ...]:
    """What follows the name at the foot, on pages of its own: what is known of data, then every one of many sites."""
    return tuple(_annex(letter, v))


def _annex(letter: ClientLetter, v: Voice) -> Iterator[Block]:
    part = letter.body
    if isinstance(part, PossibleLoss):
        yield from loss.annex(letter, part, v)
    long = isinstance(part, MonthlyStatement) and len(part.outages) > listed.LISTED
    if not (listed.beyond(letter) or long):
        return
    found = getattr(part, "compared", None)
    yield from listed.annex(letter, v, compared.state_words(found, v), found)
    if isinstance(part, FinalReport):
        yield replace(report.sites(part, v), text="")
    if isinstance(part, MonthlyStatement):
        yield month.sites(part, v)
        if long:
            yield month.outages(part, part.outages, v("L9.outages"), v)
