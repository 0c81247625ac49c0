"""L4, L10, L11: the work overruns, an outage nobody announced, a letter put right."""

from collections.abc import Iterator

from ...documents import ClientLetter, Correction, Overrunning, UnplannedOutage
from ..block import Block
from .listed import beyond
from .pieces import announced, concerned, down_count, facts, following, lead, many, points, states, text, to_do
from .voice import Voice


def _down(letter: ClientLetter, v: Voice, kind: str) -> Block:
    """Of how many sites it is true."""
    n, down = many(letter), down_count(letter)
    if n == 1:
        return lead(v(f"{kind}.lead", host=letter.sites[0].host_name))
    if down == n:
        return lead(v(f"{kind}.lead_all", count=v.number(n)))
    said = v(f"{kind}.lead_some", down, down=v.number(down), count=v.number(n))
    return lead(said[0].upper() + said[1:])


def _now(letter: ClientLetter, part: Overrunning | UnplannedOutage, v: Voice, *first: tuple[str, str] | None) -> Block:
    end = v("common.expected_unknown")
    if part.expected_end_at:
        end = v("common.expected_unconfirmed", moment=v.moment(part.expected_end_at))
    since = v("common.so_far", moment=v.moment(part.down_from), duration=v.duration(part.down_seconds))
    return facts(
        *first,
        (v("common.unavailable_since"), since),
        (v("common.expected_end"), end),
        following(letter, v),
    )


def _knowing(
    letter: ClientLetter, part: Overrunning | UnplannedOutage, v: Voice, known: tuple[str, ...]
) -> Iterator[Block]:
    yield points(v("common.known"), known)
    yield points(v("common.not_known"), part.not_known)
    doing = part.doing
    if part.fallback and part.fallback_decided_at:
        when = v.moment(part.fallback_decided_at)
        doing = (*doing, v("common.at_that_time", moment=when, text=part.fallback))
    elif part.fallback:
        doing = (*doing, part.fallback)
    yield points(v("common.doing"), doing)
    yield to_do(letter, v, "common.can_do")


def overrunning(letter: ClientLetter, part: Overrunning, v: Voice) -> Iterator[Block]:
    yield _down(letter, v, "L4")
    yield text(v("L4.not_finished", span=v.span_in_prose(part.announced)))
    yield from states(letter, v)
    yield _now(letter, part, v, announced(part.announced, v))
    changed = v("L4.procedure_changed") if part.procedure_changed is True else part.procedure_changed
    yield from _knowing(letter, part, v, (*part.known, *((changed,) if changed else ())))


def unplanned(letter: ClientLetter, part: UnplannedOutage, v: Voice) -> Iterator[Block]:
    yield _down(letter, v, "L10")
    yield text(v("L10.unannounced") if part.update == 1 else v("L10.still", update=str(part.update)))
    yield from states(letter, v)
    yield _now(letter, part, v)
    yield from _knowing(letter, part, v, part.known)


def corrected(letter: ClientLetter, part: Correction, v: Voice) -> Iterator[Block]:
    day = v.plain_day(part.notice_sent_at)
    yield lead(v("L11.lead", len(part.lines), day=day))
    for line in part.lines:
        yield text(v("L11.wrote", day=day, wrote=v.quoted(line.wrote), correct=line.correct))
    if not beyond(letter):
        yield from concerned(letter, v)
    sent = v.moment(part.notice_sent_at)
    yield facts(
        (v("L11.corrects"), v("L11.letter_of", ref=part.notice_ref, moment=sent)),
        (v("L11.window_now"), v.span(part.window)) if part.window else None,
        following(letter, v),
    )
    yield from states(letter, v)
    yield to_do(letter, v)
