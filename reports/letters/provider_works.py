"""P1, P2 and P3: asking about work ahead, telling an outage, keeping what is needed afterwards."""

from collections.abc import Iterator
from fractions import Fraction

from ..documents import Span
from ..documents.provider_letters import CopySum, MethodStatement, OutageTicket, Preservation, ProviderLetter
from ..sentences import OUTCOMES, counted, number
from ..words import Words, brief, duration
from .provider_piece import Piece, amount, ended, listed, ordinal, points

UNITS = (
    "Decimal units: 1 TB = 1,000,000 MB = 1,000,000,000,000 bytes. Rate = volume ÷ time, rounded up; hours to the "
    "nearest tenth, the time in brackets up to the full second. Stopping writes, verification and the switch need "
    "time besides."
)


def _day(w: Words, span: Span) -> str:
    return w.day(w.local(span.start_at).date())


def subject(body: MethodStatement | OutageTicket | Preservation, w: Words) -> str:
    match body:
        case MethodStatement():
            return f"four questions on the window of {w.span(body.window)}"
        case OutageTicket():
            if body.window is None:
                return f"does not answer since {w.moment(body.first_failed_at)}, nothing was announced"
            return f"still down after the window of {w.span(body.window)}"
        case Preservation():
            what = "procedure changed" if body.departures else "state of the data not established"
            return f"{what}; please preserve and inform"


def method_statement(letter: ProviderLetter, body: MethodStatement, w: Words) -> Iterator[Piece]:
    asked = number(len(letter.requests))
    owners = f"the owners of {counted(body.sites, 'site')}" if body.sites else "anybody"
    yield Piece(
        "lead",
        f"Before we inform {owners}, please answer {asked} questions about the window of"
        f" {w.span_in_prose(body.window)}.",
    )
    rows = [
        ("Announced", f"{w.span(body.window)}, {w.zone_label(body.window.start_at)}; {body.announced_in}"),
        ("Work", body.work),
    ]
    for item in body.passed:
        said = f"; {item.said}" if item.said else ""
        rows.append(("Earlier window", f"{w.span(item.promised)}: {OUTCOMES[item.outcome]}{said}"))
    yield Piece("facts", "", tuple(rows))
    yield Piece("head", "What the announced time must hold")
    yield Piece("facts", "", tuple(_sum(body.arithmetic)))
    yield Piece("note", UNITS)


def _sum(sum_: CopySum) -> Iterator[tuple[str, str]]:
    time = brief(sum_.window_seconds)
    if sum_.volume_bytes is not None:
        source = f" ({sum_.volume_source})" if sum_.volume_source else ""
        yield "Volume", f"{amount(sum_.volume_bytes)}{source}"
        yield "Needed", f"{amount(sum_.volume_bytes)} in {time} needs {sum_.needed_mb_per_second} MB/s sustained"
    else:
        yield "Volume", "not known to us"
        yield "Needed", f"each terabyte in {time} needs {sum_.needed_mb_per_second} MB/s sustained"
    rate, seconds, fits = sum_.rate_bytes_per_second, sum_.takes_seconds, sum_.fits_bytes
    if rate is not None and seconds is not None and fits is not None:
        source = f"; rate from {sum_.rate_source}" if sum_.rate_source else ""
        what = amount(sum_.volume_bytes) if sum_.volume_bytes is not None else "each terabyte"
        took = f"{what} takes {sum_.takes_hours} h ({duration(seconds)})"
        yield f"At {amount(rate)}/s", f"{took}; {time} hold {amount(fits)}{_part(sum_)}{source}"


def _part(sum_: CopySum) -> str:
    """Which part of the volume fits: whole percent, rounded down, for it must not read as all of it."""
    if sum_.volume_bytes is None or sum_.fits_bytes is None:
        return ""
    if sum_.fits_bytes >= sum_.volume_bytes:
        return ", all of it"
    return f", {int(Fraction(sum_.fits_bytes * 100, sum_.volume_bytes))} % of it"


def announcing(body: MethodStatement, w: Words) -> Iterator[Piece]:
    """What we do with the answers."""
    passed = len(body.passed)
    before = ""
    if passed:
        earlier = "One earlier window" if passed == 1 else f"{number(passed).capitalize()} earlier windows"
        before = f"{earlier} of this work passed without work. "
    if body.announce_at is not None:
        after = (
            f"We announce this one to the owners on {w.moment(body.announce_at)}, with what you have told us by then."
        )
    elif passed:
        after = f"We will not announce a {ordinal(passed + 1)} without these answers."
    else:
        after = "We announce the window once we have these answers."
    yield Piece("text", before + after)


def outage(letter: ProviderLetter, body: OutageTicket, w: Words) -> Iterator[Piece]:
    as_at = letter.header.as_at
    now, seen = f"at {w.time(as_at)} {w.local(as_at).tzname()}", points(len(body.points))
    if body.window is not None:
        lead = (
            f"Window of {w.span(body.window)}: {now} {letter.service} still does not answer from {seen}. We regard the"
            f" announced window as ended at {ended(w, body.window.end_at)}, and this as an unplanned outage from that"
            " time."
        )
    else:
        lead = (
            f"{letter.service} does not answer: {now} there is no answer from {seen}. No maintenance was announced for"
            f" this time. We regard this as an unplanned outage from {w.moment(body.first_failed_at)}."
        )
    yield Piece("lead", lead)
    rows = [("Affected", "; ".join(body.affected))]
    if body.last_good_at is not None:
        rows.append(("Last good answer", w.short_moment(body.last_good_at, with_seconds=True)))
    first = w.short_moment(body.first_failed_at, with_seconds=True)
    rows.append(("First failure", f"{first}, {duration(body.down_seconds)} ago"))
    rows.append(("Latest failure", w.short_moment(body.last_failed_at, with_seconds=True)))
    if body.errors:
        rows.append(("Kind of failure", body.errors))
    rows.append(("Measured from", listed(body.points)))
    if body.window is not None and body.beyond_seconds is not None:
        beyond = "just now" if body.beyond_seconds == 0 else f"{duration(body.beyond_seconds)} ago"
        rows.append(("Announced", f"{w.span(body.window)} ({body.announced_in}); ended {beyond}"))
    if body.sites:
        rows.append(("Depending on it", counted(body.sites, "website")))
    yield Piece("facts", "", tuple(rows))


def preservation(letter: ProviderLetter, body: Preservation, w: Words) -> Iterator[Piece]:
    steps = len(body.departures) + body.departures_left_out
    if steps:
        when = f" on {w.day(w.local(body.agreed_at).date())}" if body.agreed_at is not None else ""
        lead = f"The procedure agreed{when} is not the one used: {counted(steps, 'point')} went otherwise."
    else:
        lead = f"Whether the data of {letter.service} is complete is not established."
    yield Piece("lead", f"{lead} Please keep what can still show which data is complete, and answer the points below.")
    rows = [("Window", f"{w.span(body.window)}; {body.announced_in}")]
    if body.agreed_in:
        rows.append(("Agreed", body.agreed_in))
    if body.at_risk is not None:
        risk = f"what was written from {w.moment(body.at_risk.start_at)} to {w.moment(body.at_risk.end_at)}"
        rows.append(("Data in question", risk))
    if body.sites_total:
        rows.append(("Confirmed current", f"{body.sites_current} of {counted(body.sites_total, 'site')}"))
    yield Piece("facts", "", tuple(rows))
    if body.departures:
        sources = {step.source for step in body.departures}
        rows_ = tuple((step.agreed or "nothing", step.found, step.source) for step in body.departures)
        if len(sources) == 1:
            columns = ("Agreed", f"Done, as far as we know ({sources.pop()})")
            yield Piece("table", "", tuple(row[:2] for row in rows_), columns, (42, 58))
        else:
            yield Piece("table", "", rows_, ("Agreed", "Done, as far as we know", "Source"), (35, 43, 22))
        if body.departures_left_out:
            yield Piece("note", f"{counted(body.departures_left_out, 'further point')} on record.")
