"""L1, L2, L3: planned, did not take place, a new date."""

from collections.abc import Iterator

from ...documents import ClientLetter, NotCarriedOut, Planned, Rescheduled, Span
from ..block import Block
from .pieces import concerned, facts, following, freeze, lead, many, points, provider, text, to_do
from .voice import Voice


def _zoned(span: Span, v: Voice) -> str:
    return v("common.announced_span", span=v.span(span), zone=v.zone_label(span.start_at))


def planned(letter: ClientLetter, part: Planned, v: Voice) -> Iterator[Block]:
    n = many(letter)
    yield lead(v("L1.lead", n, span=v.span_in_prose(part.window)))
    yield from concerned(letter, v)
    longest = part.longest_expected_seconds
    yield facts(
        (v("common.what_is_done"), part.work),
        (v("common.announced"), _zoned(part.window, v)),
        None if longest is None else (v("L1.longest"), v.brief(longest)),
        (v("L1.confirmed"), v("L1.confirmed_by", by=part.confirmed_by, moment=v.moment(part.confirmed_at))),
        (v("common.backup"), v.moment(part.backup_at)) if part.backup_at else None,
        following(letter, v),
    )
    effects = [v("common.named", name=effect.function, value=effect.effect) for effect in part.effects]
    yield points(v("L1.what_it_means"), effects)
    yield freeze(letter, part.freeze_from_at, v)
    yield text(part.if_it_overruns)
    yield text(v("L1.will_write", n, time=v.clock(part.word_by_at)))


def not_carried_out(letter: ClientLetter, part: NotCarriedOut, v: Voice) -> Iterator[Block]:
    n = many(letter)
    yield lead(v("L2.lead" if part.down_seconds is not None else "L2.lead_ahead", day=v.full_day(part.window.start_at)))
    more = "_editable" if part.restrictions_lifted else ""
    if part.down_seconds is None:
        yield text(v(f"L2.ahead{more}", n))
    elif part.down_seconds == 0:
        yield text(v(f"L2.stayed{more}", n))
    else:
        yield text(v(f"L2.was_down{more}", n, duration=v.duration(part.down_seconds)))
    yield from concerned(letter, v)
    sent, ref = v.day(part.notice_sent_at), part.notice_ref
    yield facts(
        (v("common.announced"), v("L2.announced_in", span=v.span(part.window), ref=ref, day=sent)),
        None
        if part.down_seconds is None
        else (v("L2.downtime"), v.duration(part.down_seconds) if part.down_seconds else v("L2.no_downtime")),
        (v("L2.new_date"), v.span(part.new_window) if part.new_window else v("L2.no_new_date")),
        following(letter, v),
    )
    name = provider(letter)
    if part.reason and part.reason_by:
        key = "L2.reason" if part.reason_status == "confirmed" else "L2.reason_unconfirmed"
        yield text(v(key, by=part.reason_by, reason=part.reason.rstrip(".")))
    elif name:
        yield text(v("L2.reason_unknown_named", provider=name))
    else:
        yield text(v("L2.reason_unknown"))
    if part.new_window is None:
        yield text(v("L2.no_date_before"))
    yield to_do(letter, v)


def rescheduled(letter: ClientLetter, part: Rescheduled, v: Voice) -> Iterator[Block]:
    n = many(letter)
    yield lead(v("L3.lead", span=v.span_in_prose(part.new)))
    old = v.day(part.old.start_at)
    yield text(v("L3.attempt", n, ordinal=v.ordinal(part.attempt), old=old, ref=part.notice_ref))
    yield from concerned(letter, v)
    yield facts(
        (v("L3.old_date"), v.span(part.old)),
        (v("L3.new_date"), _zoned(part.new, v)),
        (v("common.what_is_done"), part.work),
        (v("L3.notice"), v("L3.notice_given", duration=v.duration(part.notice_seconds))),
        (v("common.backup"), v.moment(part.backup_at)) if part.backup_at else None,
        following(letter, v),
    )
    yield points(v("L3.different"), (part.what_changed,))
    yield freeze(letter, part.freeze_from_at, v)
    yield text(v("L3.if_not_back", n, time=v.clock(part.word_by_at)))
