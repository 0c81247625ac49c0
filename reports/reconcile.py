"""Total checks before every render: one figure must be the same wherever a document shows it.

A document that disagrees with itself is refused, naming both figures and both places. Nothing is corrected here.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction
from itertools import pairwise

from .documents import (
    BreachReport,
    ClientLetter,
    Coverage,
    EvidenceAppendix,
    Figure,
    Header,
    MonthlyProviderReport,
    Outage,
    Period,
    Printed,
    ProviderLetter,
    Reading,
    Reckoning,
    Share,
    Site,
    SiteCounts,
    SiteRow,
    Span,
    Target,
    Window,
    WindowTotals,
)  # fmt: skip
from .enclosed import digest, sums
from .errors import FiguresDisagree, LanguageMissing
from .letters import check as letter_check
from .letters import provider_check

ENGLISH = ("en-GB", "en-US")


def same(one: object, where_one: str, two: object, where_two: str) -> None:
    if one != two:
        raise FiguresDisagree(where_one, f"{one} here, but {two} in {where_two}", "both must be the same figure")


def at_most(one: int, where_one: str, two: int, where_two: str) -> None:
    if one > two:
        raise FiguresDisagree(where_one, f"{one} here is more than {two} in {where_two}", "it can be at most that")


def between(start: datetime, end: datetime) -> int:
    return int((end - start).total_seconds())


def clipped(start: datetime, end: datetime, span: Span) -> int:
    """Seconds of [start, end) inside the span."""
    return max(0, between(max(start, span.start_at), min(end, span.end_at)))


def check(document: Printed) -> None:
    """Refuse a document whose figures disagree, or whose language its paper does not speak."""
    if not isinstance(document, ClientLetter) and document.header.language not in ENGLISH:
        raise LanguageMissing("header.language", "this paper is printed in English only", " or ".join(ENGLISH))
    match document:
        case MonthlyProviderReport():
            _period(document.period, document.header)
            _readings(document.readings, document.period, document.header, document.target)
            _windows(document.windows, document.window_totals, document.header)
            _outages(document.outages, document.readings, document.period, document.header)
            _sites(document.sites, document.site_counts, document.header)
            _days(document)
            _months(document)
            _promises(document)
            _covered(document.coverage, document.period)
        case BreachReport():
            _period(document.period, document.header)
            _readings(document.readings, document.period, document.header, document.target)
            _windows(document.windows, document.window_totals, document.header)
            _outages(document.outages, document.readings, document.period, document.header)
            _sites(document.sites, document.site_counts, document.header)
            _claim(document)
            _reckoned(document.reckoning, document.readings)
        case EvidenceAppendix():
            _period(document.period, document.header)
            _readings(document.readings, document.period, document.header, document.target)
            _outages([item.outage for item in document.outages], document.readings, document.period, document.header)
            _sites(document.sites, document.site_counts, document.header)
            _covered(document.coverage, document.period)
            _pieces(document)
            _attached(document)
            _reckoned(document.reckoning, document.readings)
        case ClientLetter():
            letter_check.check(document)
        case ProviderLetter():
            provider_check.check(document)


def _period(period: Period, header: Header) -> None:
    passed = min(max(between(period.span.start_at, header.as_at), 0), period.span.seconds)
    same(period.elapsed_seconds, "period.elapsed_seconds", passed, "header.as_at less period.span.start_at")
    same(header.so_far, "header.so_far", header.as_at < period.span.end_at, "header.as_at before period.span.end_at")


def _figure(figure: Figure, where: str, target: str | None) -> None:
    """`target` None: an open month's answer is the law's to give, its percentage so far decides nothing."""
    share = figure.availability
    if share is None:
        same(figure.answer, f"{where}.answer", "unproven", f"{where}.availability (none)")
        return
    same(share.numerator + figure.down_seconds, f"{where}.availability.numerator + down_seconds", share.denominator,
         f"{where}.availability.denominator")  # fmt: skip
    if target is not None and figure.answer != "unproven":
        met = Fraction(share.numerator * 100, share.denominator) >= Fraction(target)
        same(figure.answer, f"{where}.answer", "met" if met else "breached", "its availability against target.percent")


def _readings(readings: Sequence[Reading], period: Period, header: Header, promised: Target | None) -> None:
    target = promised.percent if promised is not None else None
    order = ("raw", "announced_removed", "sla_method")
    same(tuple(r.name for r in readings), "readings", order, "the order of the three readings")
    for index, reading in enumerate(readings):
        where = f"readings[{index}]"
        same(reading.so_far is not None, f"{where}.so_far given", header.so_far, "header.so_far")
        if reading.so_far is not None:
            _figure(reading.so_far, f"{where}.so_far", None)
            same(reading.so_far.down_seconds, f"{where}.so_far.down_seconds", reading.month.down_seconds,
                 f"{where}.month.down_seconds (if nothing more happens)")  # fmt: skip
        _figure(reading.month, f"{where}.month", target)
    raw, removed = readings[0].month.down_seconds, readings[1].month.down_seconds
    at_most(raw, "readings[0].month.down_seconds (raw)", period.span.seconds, "period.span")
    # The SLA method may count more than was measured (a started interval, say): only the second reading is bound.
    at_most(removed, "readings[1].month.down_seconds (announced removed)", raw, "the raw reading")


def _ratio(ratio: Share | None, seconds: int | None, promised: int, where: str) -> None:
    if ratio is None:
        return
    same(ratio.numerator, f"{where}.numerator", seconds, "the seconds it stands for")
    same(ratio.denominator, f"{where}.denominator", promised, "promised_seconds")


def _window(window: Window, where: str, header: Header) -> None:
    same(window.promised_seconds, f"{where}.promised_seconds", window.promised.seconds, f"{where}.promised")
    notice = between(window.announced_at, window.promised.start_at)
    same(window.notice_seconds, f"{where}.notice_seconds", max(notice, 0), f"{where}.announced_at to promised.start_at")
    _ratio(window.down_ratio, window.down_seconds, window.promised_seconds, f"{where}.down_ratio")
    _ratio(window.work_ratio, window.work_seconds, window.promised_seconds, f"{where}.work_ratio")
    if window.carried_out == "no":
        found = (window.down_ratio, window.work_ratio, window.started_at)
        same(found, f"{where} (carried_out no): ratios and start", (None, None, None), "what did not take place")
    if window.work_open and window.started_at is not None:
        same(window.work_seconds, f"{where}.work_seconds", between(window.started_at, header.as_at),
             f"{where}.started_at to header.as_at")  # fmt: skip
    down = [s for s in window.stretches if s.state == "down"]
    if down:
        total = sum(between(s.start_at, s.end_at) for s in down)
        same(window.down_seconds, f"{where}.down_seconds", total, f"{where}.stretches")
    for index, stretch in enumerate(window.stretches):
        if stretch.open:
            same(stretch.end_at, f"{where}.stretches[{index}].end_at", header.as_at, "header.as_at (it is open)")


def _windows(windows: Sequence[Window], totals: WindowTotals, header: Header) -> None:
    for index, window in enumerate(windows):
        _window(window, f"windows[{index}]", header)
    same(totals.announced, "window_totals.announced", len(windows), "windows")
    announced = sum(w.promised_seconds for w in windows)
    same(totals.announced_seconds, "window_totals.announced_seconds", announced, "the sum over windows")
    done = sum(w.carried_out in ("yes", "partly") or w.started_at is not None for w in windows)  # or is under way
    same(totals.carried_out, "window_totals.carried_out", done, "windows that took place")
    taken = sum(_taken(w) for w in windows if w.carried_out != "no")
    same(totals.taken_seconds, "window_totals.taken_seconds", taken, "the sum over windows")


def _taken(window: Window) -> int:
    return window.down_seconds if window.down_seconds is not None else window.work_seconds or 0


def _outages(outages: Sequence[Outage], readings: Sequence[Reading], period: Period, header: Header) -> None:
    for index, outage in enumerate(outages):
        where = f"outages[{index}]"
        end = outage.held_to or header.as_at
        held = between(outage.held_from, end)
        same(outage.held_seconds, f"{where}.held_seconds", held, f"{where}.held_from to held_to")
        inside = clipped(outage.held_from, end, period.span)
        same(outage.in_period_seconds, f"{where}.in_period_seconds", inside, f"{where} held within period.span")
        at_most(outage.at_least_seconds, f"{where}.at_least_seconds", outage.held_seconds, f"{where}.held_seconds")
        at_most(outage.held_seconds, f"{where}.held_seconds", outage.at_most_seconds, f"{where}.at_most_seconds")
    total = sum(outage.in_period_seconds for outage in outages)
    same(readings[0].month.down_seconds, "readings[0].month.down_seconds (raw)", total, "the sum over outages")


def _sites(sites: Sequence[Site | SiteRow], counts: SiteCounts, header: Header) -> None:
    seen = Counter(site.state for site in sites)
    for state in ("current", "not_current", "down", "unknown"):
        same(getattr(counts, state), f"site_counts.{state}", seen[state], "the site table")
    ids = [site.site_id for site in sites]
    same(len(set(ids)), "sites: different ids", len(ids), "the number of rows")
    for index, site in enumerate(sites):
        if site.down_from is not None:
            most = between(site.down_from, site.down_to or header.as_at)
            at_most(site.down_seconds, f"sites[{index}].down_seconds", most, f"sites[{index}].down_from to down_to")
        else:
            same(site.down_seconds, f"sites[{index}].down_seconds", 0, f"sites[{index}].down_from (none)")


def _days(document: MonthlyProviderReport) -> None:
    days = document.days
    length = sum(day.length_seconds for day in days)
    same(length, "the days' length_seconds together", document.period.span.seconds, "period.span")
    down = sum(day.down_seconds for day in days)
    raw = document.readings[0].month.down_seconds
    same(down, "the calendar's down_seconds together", raw, "readings[0].month.down_seconds (raw)")
    for index, day in enumerate(days):
        if index:
            gap = (day.day - days[index - 1].day).days
            same(gap, f"days[{index}].day: days since the one before", 1, "a month without holes")
        known = day.length_seconds - day.unknown_seconds
        at_most(day.down_seconds, f"days[{index}].down_seconds", known, f"days[{index}] less unknown_seconds")
        if day.state != "measured":
            same(day.down_seconds, f"days[{index}].down_seconds", 0, f"days[{index}].state {day.state}")


def _months(document: MonthlyProviderReport) -> None:
    firsts = [bar.month for bar in document.months]
    first = document.days[0].day if document.days else firsts[-1]
    if document.period.monthly:
        bar, reading = document.months[-1], document.readings[0].month
        # of a month nobody watched the bar says nothing, and the reading has no availability beside its 0 s
        raw = reading.down_seconds if reading.availability is not None else None
        same(bar.down_seconds, "months[11].down_seconds", raw, "readings[0].month.down_seconds (raw)")
        allowed = document.target.allowed_seconds if document.target is not None else None
        same(bar.allowed_seconds, "months[11].allowed_seconds", allowed, "target.allowed_seconds")
    steps = [(b.year - a.year) * 12 + b.month - a.month for a, b in pairwise(firsts)]
    same(steps, "months: steps from one to the next", [1] * 11, "twelve months in a row")
    if document.period.monthly:
        same(firsts[-1], "months[11].month", first, "the first of days")
    else:  # a quarter's figures are no month's: the bars end with the last of its months that has begun
        last = document.days[-1].day if document.days else firsts[-1]
        within = first.replace(day=1) <= firsts[-1] <= last
        same(within, "months[11].month within the period", True, "the first to the last of days")


def _exact(share: Share) -> Fraction:
    return Fraction(share.numerator, share.denominator)


def _promises(document: MonthlyProviderReport) -> None:
    refs = [promise.ref for promise in document.promises]
    same(len(set(refs)), "promises: different refs", len(refs), "the number of promises")
    for ref in document.sign_off:
        same(ref in refs, f"sign_off {ref} among promises", True, "promises (every line to sign must be one)")
    lead = next(r for r in document.readings if r.name == "sla_method")
    known = {_exact(f.availability) for f in (lead.so_far, lead.month) if f and f.availability}
    for index, promise in enumerate(document.promises):
        if promise.subject == "availability" and promise.figure.unit == "share" and known:
            shown = _exact(promise.figure.share)
            if shown not in known:
                same(shown, f"promises[{index}].figure", max(known), "readings[2] (SLA method)")


def _covered(seen: Coverage, period: Period) -> None:
    same(seen.elapsed_seconds, "coverage.elapsed_seconds", period.elapsed_seconds, "period.elapsed_seconds")
    whole = seen.known_seconds + sum(gap.seconds for gap in seen.gaps)
    same(whole, "coverage.known_seconds + gaps", seen.elapsed_seconds, "coverage.elapsed_seconds")
    for index, gap in enumerate(seen.gaps):
        long = between(gap.start_at, gap.end_at)
        same(gap.seconds, f"coverage.gaps[{index}].seconds", long, "its start_at to end_at")


def _claim(document: BreachReport) -> None:
    named = {exhibit.number for exhibit in document.exhibits}
    for index, deviation in enumerate(document.deviations):
        for exhibit in deviation.exhibits:
            same(exhibit in named, f"deviations[{index}].exhibits {exhibit} in the index", True, "exhibits")
    effect = document.effect
    same(effect.sites_total, "effect.sites_total", len(document.sites), "the site table")
    affected = sum(site.down_seconds > 0 for site in document.sites)
    same(effect.sites_affected, "effect.sites_affected", affected, "sites with downtime")
    total = sum(site.down_seconds for site in document.sites)
    same(effect.site_seconds, "effect.site_seconds", total, "the sum over sites")
    if document.claim.basis == "credit" and document.amount is None:
        raise FiguresDisagree("amount", "a claim for a credit has no amount", "give the amount, or basis 'goodwill'")
    if document.amount is not None and document.service.monthly_fee is not None:
        same(document.amount.amount.currency, "amount.amount.currency", document.service.monthly_fee.currency,
             "service.monthly_fee.currency")  # fmt: skip


def _pieces(document: EvidenceAppendix) -> None:
    """Every second of the raw downtime stands in exactly one piece; one that does not count names its clause."""
    raw = document.readings[0].month.down_seconds
    total = sum(piece.seconds for piece in document.pieces)
    same(total, "pieces together", raw, "readings[0].month.down_seconds (raw)")
    for index, piece in enumerate(document.pieces):
        same(piece.seconds, f"pieces[{index}].seconds", piece.span.seconds, f"pieces[{index}].span")
        if index:
            late = between(document.pieces[index - 1].span.end_at, piece.span.start_at) >= 0
            same(late, f"pieces[{index}] begins after the one before", True, "pieces in order, none twice")
        if not piece.counted:
            same(piece.clause is not None, f"pieces[{index}].clause given", True, "what does not count")


def _attached(document: EvidenceAppendix) -> None:
    names = [item.name for item in document.attached]
    same(len(set(names)), "attached: different names", len(names), "the number of files")
    same(document.bundle_sha256, "bundle_sha256", digest(sums(document.attached)), "the list of attached files")
    by_name = {item.name: item for item in document.attached}
    for index, message in enumerate(document.messages):
        if message.file is not None:
            listed = by_name.get(message.file)
            same(listed.sha256 if listed else None, f"attached {message.file}", message.sha256,
                 f"messages[{index}].sha256")  # fmt: skip


def _reckoned(item: Reckoning | None, readings: Sequence[Reading]) -> None:
    """What machines recompute is what the page shows."""
    if item is None:
        return
    counted, shown = sum(part.counted_seconds for part in item.parts), readings[2].month
    same(counted, "reckoning.parts[].counted_seconds", shown.down_seconds, "readings[2] (SLA method)")
    first = item.parts[0].availability if len(item.parts) == 1 else None
    if first is not None and shown.availability is not None:
        same(_exact(first), "reckoning.parts[0].availability", _exact(shown.availability), "readings[2] (SLA method)")
