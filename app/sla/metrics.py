"""Measured figures against their limits: latency, packet loss. Exact: counts, sums and nearest-rank percentiles.

Each period, local day or hour of the clock is held against the limit by itself; one over it breaks the promise. What
was not observed may have been good or bad: a stretch is kept only if it is whichever way, broken likewise, else it is
unproven. Exactly on the limit is kept. An observation while we were offline ourselves counts for nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, timedelta
from fractions import Fraction
from math import ceil

from app.sla.case import Case, Gauge, Source, SourceCode
from app.sla.clauses import NoCredit
from app.sla.counting import minutes
from app.sla.credits import Owed, settle
from app.sla.due import Payable
from app.sla.parts import stretches
from app.sla.periods import local_days
from app.sla.promised import MetricPromise
from app.sla.seen import Seen
from app.sla.spans import Span, clip, inside, total
from app.sla.statement import CalculationLine, Credit, Promise, PromiseStatus
from app.sla.terms import Sla
from app.sla.wording import clause, exactly, moment

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A metric promise of one version of the terms, and the stretches of the period it is asked of."""

    promise: MetricPromise
    terms: Sla
    index: int
    spans: tuple[Span, ...]


def wanted(case: Case) -> tuple[Wanted, ...]:
    """What the case needs gauges for."""
    out = []
    for dated, span in stretches(case, case.period):
        for index, promise in enumerate(dated.terms.metrics if dated is not None else ()):
            life = clip([span], case.in_service) if case.in_service is not None else (span,)
            cut = tuple(piece for part in life for piece in _cut(part, promise, case.period.zone))
            assert dated is not None
            out.append(Wanted(promise, dated.terms, index, cut))
    return tuple(out)


def _cut(span: Span, promise: MetricPromise, zone: str) -> Iterator[Span]:
    if promise.over == "period":
        yield span
    elif promise.over == "day":
        for _, day in local_days(span, zone):
            yield day
    else:
        start = span.start
        while start < span.end:
            end = min(start.astimezone(UTC).replace(minute=0, second=0, microsecond=0) + HOUR, span.end)
            yield Span(start, end)
            start = end


def gauge(promise: MetricPromise, span: Span, failed: int, answers: Iterable[tuple[int | None, int]]) -> Gauge:
    """From how many failed, and the good answers as (milliseconds or None where unknown, how often), fastest first."""
    answered = summed = over = unknown = 0
    largest: int | None = None
    counts: list[tuple[int, int]] = []
    for value, often in answers:
        if value is None:
            unknown += often
            continue
        answered += often
        summed += value * often
        over += often if value > promise.limit else 0
        largest = value
        if promise.percentile is not None:
            counts.append((value, often))
    ranked = _ranked(counts, _rank(promise, answered)) if answered and promise.percentile is not None else None
    return Gauge(promise.name, span, failed + answered + unknown, failed, answered, summed, largest, over, ranked)


def _rank(promise: MetricPromise, count: int) -> int:
    """The nearest rank: the smallest whose share reaches the percentile."""
    assert promise.percentile is not None
    return max(ceil(Fraction(promise.percentile) * count / 100), 1)


def _ranked(counts: Iterable[tuple[int, int]], rank: int) -> int | None:
    for value, often in counts:
        rank -= often
        if rank <= 0:
            return value
    return None


def figure_of(promise: MetricPromise, one: Gauge) -> Fraction | None:
    """Milliseconds, or percent; None where nothing was measured."""
    if promise.metric == "packet_loss_percent":
        return Fraction(one.failed * 100, one.asked) if one.asked else None
    if not one.answered:
        return None
    if promise.statistic == "mean":
        return Fraction(one.total_ms, one.answered)
    found = one.largest_ms if promise.statistic == "max" else one.ranked_ms
    return Fraction(found) if found is not None else None


def stands(promise: MetricPromise, one: Gauge, missing: int) -> PromiseStatus:
    """Kept or broken whichever way `missing` further observations had gone, else unproven."""
    figure, limit = figure_of(promise, one), Fraction(promise.limit)
    if figure is None:
        return PromiseStatus.UNPROVEN
    if promise.metric == "packet_loss_percent":
        whole = one.asked + missing
        low, high = Fraction(one.failed * 100, whole), Fraction((one.failed + missing) * 100, whole)
        broken, kept = low > limit, high <= limit
    elif promise.statistic == "mean":
        broken, kept = Fraction(one.total_ms, one.answered + missing) > limit, figure <= limit and not missing
    elif promise.statistic == "max":
        broken, kept = figure > limit, figure <= limit and not missing
    else:
        rank, within = _rank(promise, one.answered + missing), one.answered - one.over
        broken, kept = within + missing < rank, within >= rank
    if broken:
        return PromiseStatus.BROKEN
    return PromiseStatus.KEPT if kept else PromiseStatus.UNPROVEN


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric promise judged: its line of the ledger, and what it pays before the rounding."""

    promise: Promise
    payable: Payable | None


def judge_metrics(seen: Seen) -> tuple[Metric, ...]:
    """Every metric promise of the period."""
    held = {(one.name, one.span): one for one in seen.case.gauges}
    return tuple(_judged(seen, one, held) for one in wanted(seen.case))


def _missing(seen: Seen, promise: MetricPromise, span: Span) -> int:
    """How many observations the unknown time of a stretch stands for."""
    out = 0
    for one in seen.case.monitors:
        if not promise.monitors or one.name in promise.monitors:
            known = inside(_known(seen, one.id), span)
            lacking = span.length - total(known)
            out += -(-lacking // one.interval)
    return out


def _known(seen: Seen, monitor_id: str) -> tuple[Span, ...]:
    for series in seen.series:
        if series.monitor.id == monitor_id:
            return tuple(Span(start, end) for start, end, state in series.segments if state.value != "unknown")
    return ()


def _judged(seen: Seen, one: Wanted, held: Mapping[tuple[str, Span], Gauge]) -> Metric:
    promise, as_at = one.promise, seen.as_at
    over: list[Span] = []
    worst: tuple[Fraction, Span] | None = None
    unproven, asked, lost, open_ = 0, 0, 0, False
    for span in one.spans:
        if span.start >= as_at:
            open_ = True
            continue
        found = held.get((promise.name, span), Gauge(promise.name, span, 0, 0))
        passed = span.before(as_at) or span
        running = passed != span
        open_ = open_ or running
        missing = _missing(seen, promise, passed) + found.gone
        asked, lost = asked + found.asked, lost + missing
        figure = figure_of(promise, found)
        if figure is not None and (worst is None or figure > worst[0]):
            worst = figure, span
        status = stands(promise, found, missing)
        if status is PromiseStatus.BROKEN and not running:
            over.append(span)
        unproven += status is PromiseStatus.UNPROVEN and not running
    status = PromiseStatus.KEPT
    if over:
        status = PromiseStatus.BROKEN
    elif open_:
        status = PromiseStatus.OPEN
    elif unproven or worst is None:
        status = PromiseStatus.UNPROVEN
    owed = _credit(seen, one, over)
    entry = Promise(
        kind="metric",
        subject=promise.name,
        title=f"{promise.name}: {_words(promise)}",
        status=status,
        promised_at=None,
        due_at=one.spans[-1].end if one.spans else seen.case.period.span.end,
        met_at=None,
        figure=_typed(promise, worst[0]) if worst is not None else None,
        target=_typed(promise, Fraction(promise.limit)),
        open=open_,
        source=Source(SourceCode.MEASURED, f"service:{seen.case.service_id}", "own observations"),
        clause=clause(one.terms, f"metrics.{one.index}.limit"),
        text=_text(seen, one, worst, over, unproven, asked, lost),
        credit=owed[0] if owed is not None else None,
    )
    return Metric(entry, Payable(promise.name, owed[1], tuple(over)) if owed is not None else None)


def _typed(promise: MetricPromise, value: Fraction) -> timedelta | Fraction:
    """A duration for milliseconds, a share for percent."""
    if promise.metric == "packet_loss_percent":
        return value / 100
    return timedelta(microseconds=int(value * 1000 + Fraction(1, 2)))


def _unit(promise: MetricPromise) -> str:
    return "%" if promise.metric == "packet_loss_percent" else "ms"


def _words(promise: MetricPromise) -> str:
    what = "packet loss" if promise.metric == "packet_loss_percent" else f"{promise.statistic} latency"
    each = {"period": "over the period", "day": "each day", "hour": "each hour"}[promise.over]
    return f"{what} at most {promise.limit} {_unit(promise)} {each}"


def _text(
    seen: Seen, one: Wanted, worst: tuple[Fraction, Span] | None, over: list[Span], unproven: int, asked: int, lost: int
) -> str:
    promise, zone = one.promise, seen.case.period.zone
    if worst is None:
        return "Nothing was measured."
    value = exactly(worst[0]) if worst[0].denominator != 1 else str(worst[0])
    at = "" if promise.over == "period" else f" in the {promise.over} from {moment(worst[1].start, zone)}"
    text = f"Worst: {value} {_unit(promise)}{at}; {promise.limit} {_unit(promise)} promised. {asked} observations"
    text += f", about {lost} missing." if lost else "."
    if promise.over != "period":
        text += f" {len(over)} of {len(one.spans)} {promise.over}s over the limit"
        text += f", {unproven} unproven." if unproven else "."
    return text


def _credit(seen: Seen, one: Wanted, over: list[Span]) -> tuple[Credit, Fraction] | None:
    promise, case = one.promise, seen.case
    if not over or isinstance(promise.credit, NoCredit):
        return None
    fee = Fraction(case.monthly_fee)
    lengths = tuple(minutes(span.length) for span in over)
    owed = Owed(
        sum(lengths, Fraction(0)), lengths, minutes(case.period.span.length), None, None,
        sum(1 for _ in local_days(case.period.span, case.period.zone)), fee, lengths, one.terms.base("renewal_fee"),
    )  # fmt: skip
    settled = settle(promise.credit, owed, promise.cap_percent, None, case.currency, one.terms.total_cap_percent)
    lines = (
        CalculationLine("Over the limit", f"{len(over)} × {promise.over}", _words(promise)),
        CalculationLine("Credit", f"{exactly(settled.percent)} %", settled.formula.said),
        CalculationLine("Amount", f"{settled.amount} {case.currency}", "rounded once, half up"),
    )
    credit = Credit(settled.percent, settled.formula.percent, settled.cap_applied, settled.amount, case.currency,
                    case.monthly_fee, None, all(span.end <= seen.as_at for span in one.spans), lines)  # fmt: skip
    return credit, settled.exact
