"""Sites of one service that fail together are one outage of the service, with as many witnesses; one alone is not.

Together: at any instant at least `min_sites` sites, and at least `min_share_percent` of those observed at that instant,
are down (the terms' `counting.together`; two, and half). Such time joins the service's own downtime, counted once. Its
bounds are reckoned the same way: at least, while so many sites lie between failures of their own; at most, while so
many lie between their last good answer and their next. What one site was down beyond that is probably its own
application: left out of a claim, and shown. A remainder at the edge of an outage that is no longer than the site's own
interval of observing belongs to the bounds and is not shown.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from app.sla.case import Site
from app.sla.clauses import Together
from app.sla.spans import Span, between, clip, inside, intersect, minus, total, union
from app.sla.statement import LeftOut, Witness
from app.sla.timeline import GOOD, Failure, OutageFacts, Series

LONG_AGO, LATER = timedelta(days=36_500), timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class SiteSeen:
    """One site by its own monitors, while it stood on the service. All spans disjoint and in order."""

    site: Site
    series: tuple[Series, ...]
    down: tuple[Span, ...]
    sure: tuple[Span, ...]  # between failures
    possible: tuple[Span, ...]  # from the last good answer to the next
    known: tuple[Span, ...]
    good: tuple[Span, ...]  # answering, by at least one of its monitors

    @property
    def interval(self) -> timedelta:
        return max((one.monitor.interval for one in self.series), default=timedelta(0))


def seen_of(site: Site, series: tuple[Series, ...], as_at: datetime) -> SiteSeen:
    """The site's monitors read as one: down if any is down."""
    failures = [failure for one in series for failure in one.failures]
    down = union([failure.held for failure in failures])
    sure = intersect([s for f in failures if (s := between(f.first_failed_at, f.last_failed_at)) is not None], down)
    possible = union([
        Span(f.last_good_at or as_at - LONG_AGO, f.first_good_at or as_at + LATER)
        for f in failures
        if any(f.held.overlaps(stay) for stay in site.placed)
    ])  # fmt: skip
    known = union([Span(a, b) for one in series for a, b, _ in one.segments])
    good = union([Span(a, b) for one in series for a, b, state in one.segments if state in GOOD])

    def there(spans: Sequence[Span]) -> tuple[Span, ...]:
        return intersect(spans, site.placed)

    return SiteSeen(site, series, there(down), there(sure), possible, there(known), there(good))


def together(sites: Sequence[SiteSeen], rule: Together, as_at: datetime) -> tuple[Failure, ...]:
    """Each stretch in which the sites were down together, as a failure that the sites saw."""
    known = [one.known for one in sites]
    down = quorum([one.down for one in sites], known, rule)
    if not down:
        return ()
    sure = quorum([one.sure for one in sites], known, rule)
    possible = quorum(
        [one.possible for one in sites], [union(one.known, one.possible) for one in sites], rule
    )  # fmt: skip
    out = []
    for span in down:
        at_least = inside(sure, span)
        around = possible[bisect_right(possible, span.start, key=lambda reach: reach.start) - 1]
        saw = sum(1 for one in sites if inside(one.down, span))
        out.append(
            Failure(
                f"{saw} sites together",
                span,
                at_least[0].start if at_least else span.start,
                at_least[-1].end if at_least else span.start,
                around.start if around.start > as_at - LONG_AGO else None,
                around.end if around.end <= as_at else None,
                at_least,
            )
        )
    return tuple(out)


def quorum(down: Sequence[Sequence[Span]], observed: Sequence[Sequence[Span]], rule: Together) -> tuple[Span, ...]:
    """When at least so many are down, and at least that share of the observed. One sweep, exactly."""
    return union([Span(at, to) for at, to, failed, seen in _counts(down, observed) if _enough(failed, seen, rule)])


def _enough(failed: int, seen: int, rule: Together) -> bool:
    return failed >= rule.min_sites and failed * 100 >= Fraction(rule.min_share_percent) * seen


def _counts(
    down: Iterable[Sequence[Span]], observed: Iterable[Sequence[Span]]
) -> Iterable[tuple[datetime, datetime, int, int]]:  # fmt: skip
    """Stretches, from and to, with the number of sites down in them (at least one) and the number observed."""
    marks: list[tuple[datetime, int, int]] = []
    for spans in down:
        for span in spans:
            marks += ((span.start, 1, 0), (span.end, -1, 0))
    if not marks:
        return
    for spans in observed:
        for span in spans:
            marks += ((span.start, 0, 1), (span.end, 0, -1))
    marks.sort(key=lambda mark: mark[0])
    failed = seen = 0
    at = marks[0][0]
    for when, more_failed, more_seen in marks:
        if when > at and failed:
            yield at, when, failed, seen
        at = when
        failed, seen = failed + more_failed, seen + more_seen


def witnesses(outage: OutageFacts, series: Sequence[Series], sites: Sequence[SiteSeen]) -> tuple[Witness, ...]:
    """Who saw the outage: the service's monitors by name (each of their locations), then its sites by name, each with
    its first and last failure between the last good answer before the outage and the first after it."""
    low, high = outage.last_good_at or outage.span.start, outage.first_good_at or outage.span.end
    asking = [part for one in series for part in one.parts or (one,)]
    own = [_witness(one.monitor.name, None, one.failures, outage, low, high) for one in asking]
    theirs = [
        _witness(one.site.name, one.site.id, [f for s in one.series for f in s.failures], outage, low, high)
        for one in sites
        if inside(one.down, outage.span)
    ]
    order = [found for found in own if found], [found for found in theirs if found]
    return tuple(witness for found in order for witness in sorted(found, key=lambda w: (w.name, w.site_id or "")))


def _witness(
    name: str, site_id: str | None, failures: Iterable[Failure], outage: OutageFacts, low: datetime, high: datetime
) -> Witness | None:
    here = [failure for failure in failures if failure.held.overlaps(outage.span)]
    if not here:
        return None
    first, last = min(f.first_failed_at for f in here), max(f.last_failed_at for f in here)
    return Witness(name, site_id, max(first, low), max(min(last, high), max(first, low)))


def left_out(
    sites: Sequence[SiteSeen], service_down: Sequence[Span], within: Span | None, rule: Together
) -> tuple[LeftOut, ...]:
    """Downtime of single sites that reaches into `within` and lies outside the service's, by time and name."""
    if within is None:
        return ()
    found = [(span, one) for one in sites for span in _alone(one, service_down) if span.overlaps(within)]
    if not found:
        return ()
    reach = Span(min(span.start for span, _ in found), max(span.end for span, _ in found))
    counts = tuple(_counts([inside(one.down, reach) for one in sites], [inside(one.known, reach) for one in sites]))
    out = []
    for span, one in sorted(found, key=lambda item: (item[0].start, item[0].end, item[1].site.name, item[1].site.id)):
        first = bisect_right(counts, span.start, key=lambda part: part[1])
        last = bisect_left(counts, span.end, lo=first, key=lambda part: part[0])
        most, of = max((failed, seen) for _, _, failed, seen in counts[first:last])
        inside_ = total(clip([span], within))
        out.append(LeftOut(one.site.id, one.site.name, span, inside_, _why(most, of, rule)))
    return tuple(out)


def _alone(one: SiteSeen, service_down: Sequence[Span]) -> list[Span]:
    edges = {edge for span in service_down for edge in (span.start, span.end)}
    return [
        span
        for span in minus(one.down, service_down)
        if span.length > one.interval or not (span.start in edges or span.end in edges)
    ]


def rule_text(rule: Together) -> str:
    """ "at least 2 of them and 50 % of those observed"."""
    share = f"{rule.min_share_percent:f}"
    share = share.rstrip("0").rstrip(".") if "." in share else share
    return f"at least {rule.min_sites} of them and {share} % of those observed"


def _why(most: int, of: int, rule: Together) -> str:
    return (
        f"{most} of {of} sites observed failed at once; together are {rule_text(rule)}. "
        "Probably its own application: no claim rests on it."
    )
