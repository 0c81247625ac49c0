"""The figures a look rests on, for the entry, the API and whoever doubts the sentence."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from app.evidence.actions import stamp
from app.sla.spans import Span, clip, total
from app.sla.timeline import OutageFacts, Series
from app.watching.looking import Look

SHOWN = 20  # gaps, outages, sites in one piece of evidence


def evidence_of(one: Look) -> dict[str, Any]:
    """What was seen of one service in the part of the window that has passed."""
    passed = one.passed
    good, count = one.seen.observed(passed) if passed is not None else (0, 0)
    gaps = one.seen.unknown(passed) if passed is not None else ()
    known = passed.length - total(gaps) if passed is not None else timedelta(0)
    sites = [series for site in one.seen.sites for series in site.series]
    failed = [series for series in sites if passed is not None and _failed_in(series, passed)]
    return {
        "service_id": one.case.service_id,
        "service": one.case.service_name,
        "as_at": stamp(one.case.as_at),
        "outcome": one.verdict.outcome.value,
        "good": good,
        "observations": count,
        "known_seconds": _seconds(known),
        "unknown_seconds": _seconds(total(gaps)),
        "unknown": [_span(gap) for gap in gaps[:SHOWN]],
        "own_outages": [_span(span) for span in clip(one.seen.own, passed)][:SHOWN],
        "outages": [_outage(outage) for outage in one.outages[:SHOWN]],
        "monitors": [_monitor(series, passed) for series in one.seen.series],
        "site_monitors": len(sites),
        "site_monitors_failed": [_monitor(series, passed) for series in failed[:SHOWN]],
        "words": one.words,
    }


def _failed_in(series: Series, span: Span) -> bool:
    good, count = series.observed(span)
    return good < count


def _monitor(series: Series, span: Span | None) -> dict[str, Any]:
    good, count = series.observed(span) if span is not None else (0, 0)
    inside = [Span(start, end) for start, end, _ in series.segments]
    known = total(clip(inside, span))
    return {
        "name": series.monitor.name,
        "good": good,
        "observations": count,
        "known_seconds": _seconds(known),
        "failures_too_few": sum(span is not None and at in span for at in series.unconfirmed),
    }


def _outage(one: OutageFacts) -> dict[str, Any]:
    return {
        "start_at": stamp(one.span.start),
        "end_at": stamp(one.span.end),
        "open": one.open,
        "first_good_at": stamp(one.first_good_at) if one.first_good_at is not None else None,
        "monitors": list(one.monitors[:SHOWN]),
        "witnesses": len(one.monitors),
    }


def _span(span: Span) -> list[str]:
    return [stamp(span.start), stamp(span.end)]


def _seconds(length: timedelta) -> int:
    return length // timedelta(seconds=1)
