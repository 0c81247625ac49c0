"""What each letter says, written from its figures. First person, calm, no cause that is not confirmed.

Each function yields the blocks of its part of the letter, in order.
"""

from collections.abc import Iterator
from datetime import datetime

from ..documents import (
    ClientLetter,
    NotCarriedOut,
    Overrunning,
    PartlyDone,
    Planned,
    Rescheduled,
    Span,
)  # fmt: skip
from ..errors import RenderRefused
from ..sentences import number
from ..words import Words, brief, duration
from . import partly
from .block import Block

STATES = {"up": "available", "down": "down", "not_current": "old content", "unknown": "not checked"}
_ORDINALS = ("", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


def who(letter: ClientLetter, named: bool = True) -> str:
    """What the letter is about: a host name, or "your 3 websites"."""
    if len(letter.sites) > 1:
        return f"your {number(len(letter.sites))} websites"
    return letter.sites[0].host_name if named else "your website"


def is_host(letter: ClientLetter, name: str) -> bool:
    return name == letter.sites[0].host_name


class Say:
    """Words that agree in number: one website is, three websites are."""

    def __init__(self, letter: ClientLetter) -> None:
        many = len(letter.sites) > 1
        self.yours = f"Your {number(len(letter.sites))} websites" if many else "Your website"
        self.site = "the sites" if many else "the site"
        self.are, self.were, self.have, self.they = (
            ("are", "were", "have", "they") if many else ("is", "was", "has", "it")
        )
        self.show, self.them = ("show", "them") if many else ("shows", "it")
        self.provider = letter.provider_name if letter.name_provider and letter.provider_name else "the provider"
        self.Provider = self.provider[0].upper() + self.provider[1:]


def _until(w: Words, span: Span) -> str:
    """ "22:00 to midnight"."""
    return w.span_in_prose(span).partition(" from ")[2]


def _clock(w: Words, at: datetime) -> str:
    return "midnight" if w.local(at).strftime("%H%M%S") == "000000" else w.time(at)


def subject(letter: ClientLetter, w: Words, name: str, short: bool) -> str:
    """The e-mail's subject and the letter's heading: the site first, then its state. `short` leaves out extras."""
    body = letter.body
    match body:
        case Planned():
            return f"{name}: unavailable {w.day(w.local(body.window.start_at).date())}, {_until(w, body.window)}"
        case NotCarriedOut():
            unaffected = " – site unaffected" if body.down_seconds == 0 and not short else ""
            return f"{name}: {w.weekday(body.window.start_at)}’s work did not take place{unaffected}"
        case Rescheduled():
            old = w.day(w.local(body.old.start_at).date(), weekday=False)
            replaced = "" if short else f" (replaces {old})"
            return f"{name}: new date, {w.day(w.local(body.new.start_at).date())}, {_until(w, body.new)}{replaced}"
        case Overrunning():
            when = letter.next_contact_at
            following = f" – next update {w.time(when)}" if when and not short else ""
            late = brief(_rounded(body.beyond_seconds))
            return f"{name}: still unavailable, {late} past the announced end{following}"
        case PartlyDone():
            return partly.heading(letter, body, w, name)
        case _:
            raise RenderRefused("body.letter", f"{body.letter} has no wording", "L1, L2, L3, L4 or L6")


def _rounded(seconds: int) -> int:
    """Whole minutes, rounded down: a heading has no room for seconds."""
    return seconds // 60 * 60 if seconds >= 60 else seconds


def body(letter: ClientLetter, w: Words) -> Iterator[Block]:
    """The blocks of the letter, from the first sentence to the last before the name."""
    say, part = Say(letter), letter.body
    match part:
        case Planned():
            yield from _planned(letter, part, w, say)
        case NotCarriedOut():
            yield from _not_carried_out(letter, part, w, say)
        case Rescheduled():
            yield from _rescheduled(letter, part, w, say)
        case Overrunning():
            yield from _overrunning(letter, part, w, say)
        case PartlyDone():
            yield from _partly_done(letter, part, w)
    if letter.apology:
        yield Block("text", letter.apology)


def _concerned(letter: ClientLetter) -> Iterator[Block]:
    """Names the sites where the heading could not."""
    if len(letter.sites) > 1:
        yield Block("text", "This concerns " + ", ".join(site.host_name for site in letter.sites) + ".")


def _states(letter: ClientLetter) -> Iterator[Block]:
    """Each site with its state, two to a row."""
    if len(letter.sites) > 1:
        cells = [(site.host_name, STATES[site.state]) for site in letter.sites]
        if len(cells) > 3:
            cells += [("", "")] * (len(cells) % 2)
            yield Block("table", "", tuple((*a, *b) for a, b in zip(cells[::2], cells[1::2], strict=True)))
        else:
            yield Block("table", "", tuple(cells))


def _next(letter: ClientLetter, w: Words) -> tuple[str, str]:
    when = w.moment(letter.next_contact_at) if letter.next_contact_at else ""
    return "Next message", ", ".join(filter(None, (when, letter.next_contact_words)))


def _task(letter: ClientLetter) -> str:
    return letter.your_part or "You need to do nothing."


def _freeze(letter: ClientLetter, from_at: datetime | None, w: Words, say: Say) -> str:
    """What to do before a window: stop editing in time, and what the letter asks besides."""
    if from_at is None:
        return _task(letter)
    freeze = f"Please make no changes to {say.site} after {_clock(w, from_at)}."
    return f"{freeze} {letter.your_part}" if letter.your_part else freeze


def _planned(letter: ClientLetter, part: Planned, w: Words, say: Say) -> Iterator[Block]:
    yield Block("lead", f"{say.yours} will be unavailable on {w.span_in_prose(part.window)}.")
    yield from _concerned(letter)
    rows = [("What is done", part.work), ("Announced", f"{w.span(part.window)}, {w.zone_label(part.window.start_at)}")]
    if part.longest_expected_seconds is not None:
        rows.append(("At the longest", brief(part.longest_expected_seconds)))
    rows.append(("Confirmed", f"by {part.confirmed_by}, {w.moment(part.confirmed_at)}"))
    if part.backup_at:
        rows.append(("Our backup", w.moment(part.backup_at)))
    yield Block("facts", "", (*rows, _next(letter, w)))
    yield Block("points", "What it means", tuple((f"{e.function}: {e.effect}",) for e in part.effects))
    yield Block("points", "What you need to do", ((_freeze(letter, part.freeze_from_at, w, say),),))
    yield Block("text", part.if_it_overruns)
    yield Block(
        "text",
        (
            f"I will write when {say.they} {say.are} back; if {say.they} {say.are} not back by"
            f" {_clock(w, part.word_by_at)}, you will hear from me then too."
        ),
    )


def _not_carried_out(letter: ClientLetter, part: NotCarriedOut, w: Words, say: Say) -> Iterator[Block]:
    day = w.span_in_prose(part.window).partition(" from ")[0]
    yield Block("lead", f"The work announced for {day} did not take place.")
    if part.down_seconds == 0:
        seen = f"{say.yours} stayed available throughout the announced time"
    else:
        seen = f"{say.yours} {say.were} unavailable for {duration(part.down_seconds)} of the announced time"
    yield Block("text", seen + (f", and you can edit {say.them} again as usual." if part.restrictions_lifted else "."))
    yield from _concerned(letter)
    sent = w.day(w.local(part.notice_sent_at).date())
    down = "none" if part.down_seconds == 0 else duration(part.down_seconds)
    yield Block("facts", "", (
        ("Announced", f"{w.span(part.window)} (my letter {part.notice_ref} of {sent})"),
        ("Downtime", down),
        ("New date", w.span(part.new_window) if part.new_window else "none yet"),
        _next(letter, w),
    ))  # fmt: skip
    if part.reason and part.reason_by:
        status = "" if part.reason_status == "confirmed" else " We have not been able to confirm this."
        yield Block("text", f"The reason, as given by {part.reason_by}: {part.reason.rstrip('.')}.{status}")
    else:
        yield Block("text", f"We have asked {say.provider} for the reason and do not know it yet.")
    if part.new_window is None:
        yield Block("text", "I will only send you a new date once we have seen how long the work will take.")
    yield Block("points", "What you need to do", ((_task(letter),),))


def _rescheduled(letter: ClientLetter, part: Rescheduled, w: Words, say: Say) -> Iterator[Block]:
    ordinal = _ORDINALS[part.attempt] if part.attempt < len(_ORDINALS) else f"{part.attempt}th"
    yield Block("lead", f"The work now has a new date: {w.span_in_prose(part.new)}.")
    old = w.day(w.local(part.old.start_at).date())
    yield Block(
        "text",
        (
            f"{say.yours} will be unavailable in that time. This is the {ordinal} attempt; the date of {old}"
            f" in my letter {part.notice_ref} no longer holds."
        ),
    )
    yield from _concerned(letter)
    rows = [
        ("Old date", w.span(part.old)),
        ("New date", f"{w.span(part.new)}, {w.zone_label(part.new.start_at)}"),
        ("What is done", part.work),
        ("Notice to you", f"{duration(part.notice_seconds)} before the new start"),
    ]
    if part.backup_at:
        rows.append(("Our backup", w.moment(part.backup_at)))
    yield Block("facts", "", (*rows, _next(letter, w)))
    yield Block("points", "What is different this time", ((part.what_changed,),))
    yield Block("points", "What you need to do", ((_freeze(letter, part.freeze_from_at, w, say),),))
    yield Block(
        "text", f"If {say.they} {say.are} not back by {_clock(w, part.word_by_at)}, you will hear from me then too."
    )


def _overrunning(letter: ClientLetter, part: Overrunning, w: Words, say: Say) -> Iterator[Block]:
    names = letter.sites[0].host_name if len(letter.sites) == 1 else say.yours
    down = [site for site in letter.sites if site.state == "down"]
    if len(down) == len(letter.sites):
        yield Block("lead", f"{names} {say.are} still unavailable.")
    else:
        verb, count = "is" if len(down) == 1 else "are", number(len(letter.sites))
        yield Block("lead", f"{number(len(down)).capitalize()} of your {count} websites {verb} unavailable.")
    yield Block("text", f"The work announced for {w.span_in_prose(part.announced)} has not finished.")
    yield from _states(letter)
    end = "not known; I would rather give no time than a wrong one"
    if part.expected_end_at:
        end = f"{w.moment(part.expected_end_at)}, not confirmed"
    yield Block("facts", "", (
        ("Announced", f"{w.span(part.announced)} ({brief(part.announced.seconds)})"),
        ("Unavailable since", f"{w.moment(part.down_from)} ({duration(part.down_seconds)} so far)"),
        ("Expected end", end),
        _next(letter, w),
    ))  # fmt: skip
    changed = part.procedure_changed
    if changed is True:
        changed = "Another procedure than the one agreed is being used."
    known = (*part.known, *((changed,) if changed else ()))
    yield Block("points", "What we know", tuple((line,) for line in known))
    yield Block("points", "What we do not know yet", tuple((line,) for line in part.not_known))
    doing = part.doing
    if part.fallback:
        when = f"{w.moment(part.fallback_decided_at)}: " if part.fallback_decided_at else ""
        doing = (*doing, when + part.fallback)
    yield Block("points", "What we are doing", tuple((line,) for line in doing))
    yield Block("points", "What you can do", ((_task(letter),),))


def _partly_done(letter: ClientLetter, part: PartlyDone, w: Words) -> Iterator[Block]:
    yield from partly.told(letter, part, w)
    yield from _states(letter)
    yield partly.facts(letter, part, w, _next(letter, w))
    yield Block(
        "table",
        "",
        tuple(
            (f.function, f.state, w.moment(f.expected_at) if f.expected_at else "not known", f.workaround or "–")
            for f in part.functions
        ),
        ("Function", "State", "Expected", "Until then"),
    )
    if part.cause:
        yield Block("text", f"The cause is confirmed: {part.cause}")
    yield Block("points", "What you need to do", ((_task(letter),),))
