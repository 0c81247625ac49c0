"""What a reader of a statement must know beside its figures. A missing source is said, never reckoned over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from app.sla.agreement import rule_text as rule_of
from app.sla.counting import length_of
from app.sla.readings import Measured
from app.sla.seen import Seen
from app.sla.spans import Span, between, clip, inside, minus, total
from app.sla.statement import LeftOut
from app.sla.timeline import Series
from app.sla.together import rule_text
from app.sla.wording import elapsed, moment


def notes(seen: Seen, measured: Measured, alone: Sequence[LeftOut]) -> tuple[str, ...]:
    """In order: the terms, the sources, what could not be decided, what is left to a person. `alone`: the downtime of
    single sites that was left out."""
    return (*_terms(seen, measured), *_sources(seen, measured, alone), *_undecided(seen, measured), *_by_hand(measured))


def _terms(seen: Seen, measured: Measured) -> Iterator[str]:
    terms = measured.terms
    if terms is None:
        yield "No terms were in force in the period: nothing can be judged against the contract."
        return
    if terms.target is None:
        yield "The terms promise no availability."
    if terms.period.kind != measured.period.kind:
        yield f"The terms are measured by {terms.period.kind}; this statement covers a {measured.period.kind}."
    if terms.currency != seen.case.currency:
        yield f"The fee is in {seen.case.currency}, the terms in {terms.currency}."


def _sources(seen: Seen, measured: Measured, alone: Sequence[LeftOut]) -> Iterator[str]:
    elapsed_part = measured.elapsed
    if elapsed_part is None:
        return
    yield from _of_sites(seen, elapsed_part, alone)
    if not seen.speaking:
        yield "Nothing was monitored: the whole period is unknown."
    elif seen.speaking is not seen.series:
        yield "The service has no monitor of its own that answered: it counts as up while any of its sites answers."
    for one in seen.series:
        first = one.first_at
        if first is None:
            yield f"{one.monitor.name} has given no observation; it takes no part."
            continue
        missing = _missing(seen, one, first, elapsed_part)
        if missing:
            left = "undecided" if one.parts else "without a usable observation"
            yield f"{one.monitor.name} leaves {elapsed(missing)} {left}; that time is unknown."
        yield from _of_locations(seen, one, first, elapsed_part)
    for span in clip(seen.own, elapsed_part):
        zone = measured.period.zone
        yield f"We were offline ourselves {moment(span.start, zone)} to {moment(span.end, zone)}: unknown, not down."


def _missing(seen: Seen, one: Series, first: datetime, within: Span) -> timedelta:
    """How much of its part of the span a series says nothing about."""
    part = between(max(first, within.start), min(one.monitor.until or seen.as_at, within.end))
    if part is None:
        return timedelta(0)
    known = [Span(a, b) for a, b, _ in one.segments if a < part.end and b > part.start]
    return total(minus(clip(seen.in_service(part), part), known))


def _of_locations(seen: Seen, one: Series, first: datetime, within: Span) -> Iterator[str]:
    """What the locations of a monitor agree by, which of them is missing, and what too few of them saw."""
    if not one.parts:
        return
    rule = rule_of(one.monitor.agreement, len(one.parts))
    yield f"{one.monitor.name} is down where {rule} are down at once; one that is silent decides nothing."
    for part in one.parts:
        if part.first_at is None:
            yield f"{part.monitor.name} has given no observation; that location is missing."
        elif missing := _missing(seen, part, first, within):
            yield f"{part.monitor.name} was missing for {elapsed(missing)}."
    if apart := total(inside(one.apart, within)):
        yield f"{one.monitor.name}: for {elapsed(apart)} fewer locations than agreed were down; that is no outage."


def _of_sites(seen: Seen, within: Span, alone: Sequence[LeftOut]) -> Iterator[str]:
    joined = total(inside(seen.by_sites, within))
    if not joined and not alone:
        return
    yield f"Sites that fail at once are one outage of the service where they are {rule_text(seen.rule)}."
    if joined:
        yield f"Sites failed together for {elapsed(joined)}; what the service's own monitors saw of it counts once."
    if alone:
        names = len({one.site_id for one in alone})
        length = elapsed(sum((one.in_period for one in alone), timedelta(0)))
        yield f"Left out of the service's downtime: {length} in which {names} site(s) failed alone."


def _undecided(seen: Seen, measured: Measured) -> Iterator[str]:
    for one in [part for series in seen.series for part in series.parts or (series,)]:
        short = [at for at in one.unconfirmed if at in measured.period.span and at != one.pending]
        if short:
            yield (
                f"{one.monitor.name}: {len(short)} run(s) of failures shorter than {one.monitor.confirm_after} "
                "in a row are not outages."
            )
        if one.pending is not None and one.pending in measured.period.span:
            yield f"{one.monitor.name} has failed since {moment(one.pending, measured.period.zone)}; not confirmed yet."
    counted = measured.counted
    if counted is not None and counted.ignored:
        yield f"{counted.ignored} piece(s) of downtime are shorter than the terms count."
    if measured.closed and measured.verdict.value == "unproven" and measured.target is not None:
        yield (
            f"{elapsed(measured.unknown)} are unknown: the target is met or missed depending on them, "
            "so it is unproven."
        )
    if measured.terms is not None and measured.terms.denominator.startswith("fixed:") and not measured.closed:
        yield "The terms measure against a fixed time; so far the time passed stands in for it."


def _by_hand(measured: Measured) -> Iterator[str]:
    if measured.terms is None:
        return
    for text in measured.terms.by_hand:
        yield f"To be settled by hand: {text}"
    if measured.terms.attribution == "start_period" and measured.counted is not None:
        inside = total([piece.span for piece in measured.counted.pieces if piece.span.overlaps(measured.period.span)])
        if inside != length_of(measured.counted.minutes) and inside > timedelta(0):
            yield "Outages belong whole to the period they began in."
