"""The sentences on the pages, written from the document's own figures: a sentence cannot disagree with its table."""

from .documents import BreachReport, Figure, MonthlyProviderReport, SiteCounts, Window
from .words import Words, brief, duration, minutes, percent, percent_text, times

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")

OUTCOMES = {
    "announced": "announced",
    "confirmed": "confirmed",
    "withdrawn_in_time": "withdrawn in time",
    "withdrawn_late": "withdrawn late",
    "awaiting_outcome": "outcome not established",
    "in_progress": "in progress",
    "overrunning": "overrunning",
    "completed_in_window": "completed in the window",
    "completed_late": "completed late",
    "partly_completed": "partly completed",
    "rolled_back": "rolled back",
    "not_carried_out": "did not take place",
    "unannounced": "not announced",
    "unknown": "not known",
}
FLAGS = {
    "started_late": "started late",
    "procedure_changed": "procedure changed",
    "scope_changed": "scope changed",
    "notice_too_short": "notice too short",
    "no_notice_of_change": "change not announced",
    "notice_after_the_fact": "told after the fact",
    "data_unverified": "data not verified",
    "carried_to_backup": "moved to the backup window",
}
READINGS = {
    "raw": ("Raw", "all downtime measured"),
    "announced_removed": ("Announced windows removed", "whatever the terms say"),
    "sla_method": ("SLA method", "by the contract's own rules"),
}
SITE_STATES = {
    "current": "current",
    "not_current": "old content",
    "down": "down",
    "unknown": "not checked",
}
SOURCES = {"P": "provider", "M": "measured", "T": "ticket", "C": "client", "N": "our note"}
PRIOR_STATES = {
    "open": "open",
    "answered": "answered",
    "answered_in_part": "answered in part",
    "withdrawn": "withdrawn",
}


def number(count: int) -> str:
    """A small number as a word: "two"; larger ones as figures."""
    return _NUMBERS[count] if count < len(_NUMBERS) else f"{count:,}"


def counted(count: int, one: str, many: str | None = None) -> str:
    """ "1 site", "120 sites"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def availability(figure: Figure, target: str | None) -> str:
    return "unproven" if figure.availability is None else percent(figure.availability, target)


def sla_figure(document: MonthlyProviderReport | BreachReport) -> Figure:
    """The figure that leads the page, by the SLA method, or raw where no availability is promised: so far in an open
    month, else the month's."""
    leading = "sla_method" if document.target is not None else "raw"
    reading = next(r for r in document.readings if r.name == leading)
    return reading.so_far or reading.month


def headline(document: MonthlyProviderReport) -> str:
    """The verdict in one sentence, with the number."""
    figure, name, month = sla_figure(document), document.service.name, document.period.said
    if document.target is None:
        return _without_target(document, figure)
    target = percent_text(document.target.percent)
    if figure.availability is None or figure.answer == "unproven":
        return f"Whether {name} kept the {target} promised for {month} is unproven."
    shown = percent(figure.availability, document.target.percent)
    if document.header.so_far:
        return f"{name} has been available {shown} of {month} so far, against {target} promised."
    if figure.answer == "met":
        return f"{name} was available {shown} of {month}: the {target} promised were kept."
    return f"{name} was available {shown} of {month}, against {target} promised."


def _without_target(document: MonthlyProviderReport, figure: Figure) -> str:
    """No availability is promised: the other promises lead."""
    name, month = document.service.name, document.period.said
    broken = sum(promise.verdict == "broken" for promise in document.promises)
    whole = len(document.promises)
    kind = "promise" if whole == 1 else "promises"
    said = f"{number(broken)} of {number(whole)} {kind} broken" if broken else "no promise broken"
    when = f"{month} so far" if document.header.so_far else month
    shown = "availability unproven" if figure.availability is None else f"available {percent(figure.availability)}"
    return f"{name} in {when}: {said if whole else 'nothing promised that can be judged'}; {shown}."


def _window_sentence(windows: tuple[Window, ...], words: Words) -> str:
    missed = [w for w in windows if w.carried_out == "no"]
    over = [w for w in windows if w.down_ratio is not None and w.down_ratio.numerator > w.down_ratio.denominator]
    before = ""
    if over:
        worst = max(over, key=lambda w: (w.down_seconds or 0, w.number))
        earlier = sum(w.promised.start_at < worst.promised.start_at for w in missed)
        if earlier:
            dates = "an earlier date" if earlier == 1 else f"{number(earlier)} earlier dates"
            before = f", after {dates} on which it did not take place"
        still = "at least " if worst.down_open else ""
        day = words.day(words.local(worst.promised.start_at).date())
        assert worst.down_ratio is not None
        ratio = times(worst.down_ratio, worst.down_open)
        return (
            f"The announced {brief(worst.promised_seconds)} job of {day} took the service down for {still}"
            f"{duration(worst.down_seconds or 0)}, {ratio} the announced time{before}."
        )
    if missed and len(windows) == 1:
        return "The announced window did not take place."
    if missed:
        return f"{number(len(missed)).capitalize()} of {counted(len(windows), 'announced window')} did not take place."
    return ""


def _open_work(windows: tuple[Window, ...]) -> str:
    for window in windows:
        if window.work_open and window.work_ratio is not None:
            return (
                f"The work is still open after {duration(window.work_seconds or 0)} ({times(window.work_ratio, True)})."
            )
    return ""


def site_sentence(counts: SiteCounts) -> str:
    """ "49 of 120 sites are not confirmed current: 31 show old content, 6 are down, 12 are not checked."."""
    whole = counts.current + counts.not_current + counts.down + counts.unknown
    rest = whole - counts.current
    if not rest:
        return ""
    parts = [
        text
        for count, text in (
            (counts.not_current, f"{counts.not_current} with old content"),
            (counts.down, f"{counts.down} down"),
            (counts.unknown, f"{counts.unknown} not checked"),
        )
        if count
    ]
    verb = "is" if rest == 1 else "are"
    return f"{rest} of {counted(whole, 'site')} {verb} not confirmed current: {', '.join(parts)}."


def verdict_details(document: MonthlyProviderReport, words: Words) -> list[str]:
    """The two or three sentences under the verdict."""
    lines = [
        _window_sentence(document.windows, words),
        _open_work(document.windows),
        site_sentence(document.site_counts) if document.sites_in_question else "",
    ]
    if document.header.so_far:
        month = next(r for r in document.readings if r.name == "sla_method").month
        shown = availability(month, document.target.percent if document.target else None)
        lines.append(f"If nothing more happens, {document.period.said} comes to {shown}.")
    if is_quiet(document):
        lines.append("No breach; nothing requested.")
    return [line for line in lines if line]


def is_quiet(document: MonthlyProviderReport) -> bool:
    """A closed month in which every promise was kept: it fits one page."""
    return (
        not document.header.so_far
        and not document.requests
        and all(promise.verdict == "kept" for promise in document.promises)
        and all(reading.month.answer in ("met", "not_promised") for reading in document.readings)
        and (document.site_counts.current == len(document.sites) or not document.sites_in_question)
    )


def ledger_title(windows: tuple[Window, ...], words: Words) -> str:
    return _window_sentence(windows, words) or f"{counted(len(windows), 'announced window')}, each within its time."


def gantt_title(windows: tuple[Window, ...]) -> str:
    missed = sum(w.carried_out == "no" for w in windows)
    said = "" if not missed else f"; in {number(missed)} of them nothing happened"
    return f"{counted(len(windows), 'announced window')}, each drawn from its announced start{said}."


def calendar_title(document: MonthlyProviderReport, words: Words) -> str:
    down = [day for day in document.days if day.down_seconds]
    if not down:
        return f"No downtime was measured on any day of {document.period.said}."
    first = f"Downtime on {counted(len(down), 'day')} of {document.period.said}: "
    return first + ", ".join(f"{words.short_day(d.day)} {duration(d.down_seconds)}" for d in down[:6]) + "."


def months_title(document: MonthlyProviderReport, words: Words) -> str:
    this = document.months[-1]
    over = sum(
        b.down_seconds is not None and b.allowed_seconds is not None and b.down_seconds > b.allowed_seconds
        for b in document.months
    )
    said = "no observation" if this.down_seconds is None else f"{minutes(this.down_seconds)} min down"
    named = document.period.label if document.period.kind == "billing_cycle" else words.month(this.month)
    bars = "billing cycles" if document.period.kind == "billing_cycle" else "months"
    return f"{named}: {said}; {number(over)} of twelve {bars} beyond the minutes allowed."


def claim_subject(document: BreachReport) -> str:
    """The subject a provider's billing desk sorts by; without a credit due it says so plainly."""
    if document.claim.basis == "credit":
        return f"SLA Credit Request - {document.service.name} - {document.period.label} - claim {document.claim.number}"
    return f"Service failure report and request for goodwill - {document.service.name} - {document.period.label}"


def claim_opening(document: BreachReport, words: Words) -> str:
    """What is asked, what was measured, what is counted, and that it was not claimed before."""
    raw = next(r for r in document.readings if r.name == "raw").month.down_seconds
    counted_down = sla_figure(document).down_seconds
    parts = []
    if document.claim.basis == "credit" and document.amount is not None:
        sum_ = words.money(document.amount.amount)
        clause = document.amount.clause_ref
        parts.append(f"We request the service credit under clause {clause} for {document.period.said}: {sum_}.")
    else:
        parts.append(
            "The contract may leave no credit due for this. We report the failure all the same, and ask for a gesture "
            "of goodwill."
        )
    if document.outages:
        longest = max(document.outages, key=lambda o: o.held_seconds)
        since = words.moment(longest.held_from)
        many = "" if len(document.outages) == 1 else f" in {counted(len(document.outages), 'outage')}, the longest"
        parts.append(f"{document.service.name} was unavailable for {duration(raw)}{many} from {since}.")
    if counted_down < raw:
        parts.append(
            f"We count {duration(counted_down)}, leaving out the {duration(raw - counted_down)} that were announced"
            " in time. The remaining time was not announced, so the maintenance clause does not cover it."
        )
    if document.amount is not None and document.amount.as_held is not None:
        held = words.money(document.amount.as_held)
        parts.append(f"On the time as held it would be {held}; we claim what the least time observed pays.")
    if not document.claim.previously_claimed:
        parts.append("This has not been claimed before.")
    return " ".join(parts)


def sites_title(counts: SiteCounts) -> str:
    whole = counts.current + counts.not_current + counts.down + counts.unknown
    return site_sentence(counts) or f"All {counted(whole, 'site')} are confirmed current."
