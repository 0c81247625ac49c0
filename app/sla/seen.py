"""What was seen of one service up to the moment of judging: read once, then asked by every rule."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.sla.case import Case, DatedTerms, State
from app.sla.clauses import Together
from app.sla.periods import Period, midnight
from app.sla.spans import Span, between, clip, inside, minus, union
from app.sla.sweep import WORST_KNOWN, Segment, sweep, totals
from app.sla.terms import Sla
from app.sla.timeline import OutageFacts, Series, combine, down_spans, outages, own_spans, read
from app.sla.together import SiteSeen, seen_of, together


@dataclass(frozen=True, slots=True)
class Seen:
    """`reach` is all the time the case speaks of, up to `as_at`: its periods and every observation around them."""

    case: Case
    own: tuple[Span, ...]
    series: tuple[Series, ...]
    reach: Span | None
    segments: tuple[Segment, ...]
    known: tuple[Span, ...]  # whenever somebody knew
    down: tuple[Span, ...]
    outages: tuple[OutageFacts, ...]
    sites: tuple[SiteSeen, ...]  # of the case, in its order
    rule: Together  # when sites that fail at once are an outage of the service
    by_sites: tuple[Span, ...]  # the downtime that sites saw together

    @property
    def as_at(self) -> datetime:
        return self.case.as_at

    @property
    def speaking(self) -> tuple[Series, ...]:
        """The service's own monitors; the sites' where it has none that ever answered."""
        if any(one.first_at is not None for one in self.series):
            return self.series
        return tuple(one for site in self.sites for one in site.series)

    def elapsed(self, period: Period) -> Span | None:
        """The part of the period that has passed."""
        return period.span.before(self.as_at)

    def in_service(self, span: Span | None) -> tuple[Span, ...]:
        """The part of `span` in which the service existed."""
        if span is None:
            return ()
        return clip([span], self.case.in_service) if self.case.in_service is not None else (span,)

    def totals(self, span: Span | None) -> dict[str, timedelta]:
        """Exact time per state inside `span`."""
        if span is None:
            return {}
        service = None
        if self.case.in_service is not None:
            service = [(self.case.in_service.start, self.case.in_service.end)]
        inside = [s for s in self.segments if s[0] < span.end and s[1] > span.start]
        return totals(sweep((span.start, span.end), inside, service=service, rank=WORST_KNOWN), timedelta(0))

    def unknown(self, span: Span | None) -> tuple[Span, ...]:
        """Where nobody knows, while the service existed."""
        return minus(self.in_service(span), inside(self.known, span))

    def observed(self, span: Span) -> tuple[int, int]:
        """Good observations inside the span, and all, of every monitor of the service."""
        counts = [one.observed(span) for one in self.speaking]
        return sum(good for good, _ in counts), sum(count for _, count in counts)


def look(case: Case) -> Seen:
    """Read the case's observations once."""
    own = own_spans(case.own_outages)
    series = tuple(read(monitor, case.as_at, own) for monitor in case.monitors)
    sites = tuple(
        seen_of(site, tuple(read(monitor, case.as_at, own) for monitor in site.monitors), case.as_at)
        for site in case.sites
    )
    terms = terms_of(case, case.period)
    rule = terms.counting.together if terms is not None else Together()
    failures = together(sites, rule, case.as_at)
    by_sites = union([failure.held for failure in failures])
    more: list[Segment] = [(span.start, span.end, State.DOWN) for span in by_sites]
    if not any(one.first_at is not None for one in series):  # then the sites alone speak for the service
        more += [(span.start, span.end, State.UP) for span in union(*(site.good for site in sites))]
    starts = [p.span.start for p in (case.period, *case.periods_before, *case.periods_earlier)]
    starts += [one.first_at for one in series if one.first_at is not None]
    starts += [start for start, _, _ in more]
    reach = between(min(starts), case.as_at)
    segments = combine(series, reach, case.as_at, more) if reach is not None else ()
    known = union([Span(a, b) for a, b, state in segments if state is not State.UNKNOWN])
    down, found = down_spans(series, failures), outages(series, case.as_at, failures)
    return Seen(case, own, series, reach, segments, known, down, found, sites, rule, by_sites)


def terms_at(case: Case, instant: datetime) -> DatedTerms | None:
    """The terms in force at an instant, by the local days of their own zone."""
    for dated in (*case.terms, *case.terms_before):
        zone = dated.terms.timezone
        if midnight(dated.effective_from, zone) <= instant and (
            dated.effective_to is None or instant < midnight(dated.effective_to, zone)
        ):
            return dated
    return None


def terms_of(case: Case, period: Period) -> Sla | None:
    """The terms a period is judged by: those in force at its last moment."""
    dated = terms_at(case, period.span.end - timedelta(microseconds=1))
    return dated.terms if dated is not None else None


def terms_within(case: Case, span: Span) -> tuple[DatedTerms, ...]:
    """Every set of terms in force at some moment of the span."""
    out = []
    for dated in case.terms:
        zone = dated.terms.timezone
        starts = midnight(dated.effective_from, zone)
        ends = midnight(dated.effective_to, zone) if dated.effective_to is not None else None
        if starts < span.end and (ends is None or ends > span.start):
            out.append(dated)
    return tuple(out)


def announced_spans(case: Case) -> tuple[Span, ...]:
    """Every span announced before it began and not taken back, whatever the terms say of it."""
    return union(
        [
            window.span
            for window in case.every_window
            if window.announced and window.announced_at <= case.as_at and window.announced_at < window.span.start
            and not _taken_back(window.withdrawal.at if window.withdrawal else None, window.rescheduled_at, window.span,
                                case.as_at)
        ]
    )  # fmt: skip


def _taken_back(withdrawn: datetime | None, moved: datetime | None, span: Span, as_at: datetime) -> bool:
    """Withdrawn or replaced before it began."""
    return any(at is not None and at <= as_at and at < span.start for at in (withdrawn, moved))
