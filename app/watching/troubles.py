"""What is wrong now, and what was lately, read off one look at a service: outages as the law has them, sites that fail
alone, slowness; and whether it was to be expected. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from app.sla.case import Case, State
from app.sla.seen import Seen, terms_of
from app.sla.timeline import GOOD, Failure, OutageFacts, Series
from app.sla.together import witnesses
from app.sla.windows import judge_windows
from app.sla.wording import elapsed, moment

EXPECTED: dict[str, tuple[str, ...]] = {"outage": ("OUTAGE",), "degraded": ("OUTAGE", "DEGRADED")}
MOST = 8  # witnesses that are named


@dataclass(frozen=True, slots=True)
class Trouble:
    """`end`: None while it goes on. `expected`: the announced window it began in, in words."""

    subject: str
    kind: Literal["outage", "degraded"]
    name: str
    since: datetime
    end: datetime | None
    witnesses: tuple[str, ...]
    last_good_at: datetime | None
    expected: str | None


def troubles(case: Case, seen: Seen) -> list[Trouble]:
    """Of the service as a whole, then of those of its sites that failed by themselves."""
    service = f"service:{case.service_id}"
    out = [_outage(case, seen, one, service) for one in seen.outages]
    spans = [(one.span.start, one.span.end) for one in seen.outages]
    for site in seen.sites:
        for series in site.series:
            for failure in _joined(series):
                if not any(failure[0].held.start < end and failure[-1].held.end > start for start, end in spans):
                    out.append(_alone(series, failure, expected_at(case, seen, "outage", failure[0].first_failed_at)))
    slow = {series.monitor.name: at for series in every(seen) if (at := degraded_since(series, case.as_at)) is not None}
    if slow:
        since = min(slow.values())
        expected = expected_at(case, seen, "degraded", since)
        out.append(Trouble(service, "degraded", case.service_name, since, None, tuple(slow), None, expected))
    return out


def of_series(series: Series, as_at: datetime) -> list[Trouble]:
    """Of one monitor that watches for itself."""
    out = [_alone(series, failures, None) for failures in _joined(series)]
    if (since := degraded_since(series, as_at)) is not None:
        name, subject = series.monitor.name, f"monitor:{series.monitor.id}"
        out.append(Trouble(subject, "degraded", name, since, None, (name,), None, None))
    return out


def every(seen: Seen) -> Iterable[Series]:
    return (*seen.series, *(series for site in seen.sites for series in site.series))


def _outage(case: Case, seen: Seen, one: OutageFacts, subject: str) -> Trouble:
    names = tuple(dict.fromkeys(saw.name for saw in witnesses(one, seen.series, seen.sites)))
    end = None if one.first_good_at is None else one.span.end
    expected = expected_at(case, seen, "outage", one.first_failed_at)
    return Trouble(
        subject,
        "outage",
        case.service_name,
        one.first_failed_at,
        end,
        names or one.monitors,
        one.last_good_at,
        expected,
    )


def _joined(series: Series) -> list[list[Failure]]:
    """Runs of failures with nothing good between them."""
    out: list[list[Failure]] = []
    for failure in series.failures:
        if out and out[-1][-1].first_good_at == failure.first_good_at:
            out[-1].append(failure)
        else:
            out.append([failure])
    return out


def _alone(series: Series, failures: Sequence[Failure], expected: str | None) -> Trouble:
    first, last, name = failures[0], failures[-1], series.monitor.name
    subject, end = f"monitor:{series.monitor.id}", None if last.first_good_at is None else last.held.end
    return Trouble(subject, "outage", name, first.first_failed_at, end, (name,), first.last_good_at, expected)


def degraded_since(series: Series, as_at: datetime) -> datetime | None:
    """Since when it has been degraded, for as many answers in a row as make an outage; None where it is not now."""
    if not series.runs or not series.segments or series.segments[-1][1] < as_at:
        return None
    last = series.runs[-1]
    confirmed = last.state is State.DEGRADED and last.count >= series.monitor.confirm_after
    return last.first_at if confirmed else None


def is_good(series: Series, as_at: datetime) -> bool:
    """Whether it answers well now, as far as anybody knows: silence is not good."""
    return bool(series.segments) and series.segments[-1][1] >= as_at and series.segments[-1][2] in GOOD


def expected_at(case: Case, seen: Seen, kind: str, at: datetime) -> str | None:
    """The announced window in which this was to be expected, in words: announced before it began and early enough, not
    taken back by then, and of an impact that includes it."""
    impacts = {window.id: window for window in case.windows}
    for verdict in judge_windows(seen, terms_of(case, case.period)):
        window = impacts.get(verdict.window_id)
        if window is None or not window.announced or at not in window.span or verdict.notice_met is False:
            continue
        taken = [window.withdrawal.at if window.withdrawal else None, window.rescheduled_at]
        if window.announced_at >= window.span.start or any(one is not None and one <= at for one in taken):
            continue
        if window.impact in EXPECTED[kind]:
            return f"inside window {verdict.attempt}, announced until {moment(window.span.end, case.period.zone)}"
    return None


def said(one: Trouble, zone: str, now: datetime) -> tuple[str, str]:
    """Title and text while it goes on, or of one that was over before anybody was told."""
    since = moment(one.since, zone)
    names = ", ".join(one.witnesses[:MOST]) + (f" and {len(one.witnesses) - MOST} more" if one.witnesses[MOST:] else "")
    lines = [f"Seen by {names}."]
    if one.last_good_at is not None:
        lines.append(f"The last good answer came {moment(one.last_good_at, zone)}.")
    if one.kind == "degraded":
        return f"{one.name} is slow or not current since {since}", " ".join(lines)
    if one.end is None:
        lines.append(f"First failed answer {since}; {elapsed(_whole(now - one.since))} by now.")
        return f"{one.name} is down since {since}", " ".join(lines)
    lines.append(f"It answers again since {moment(one.end, zone)}.")
    return f"{one.name} was down for {elapsed(_whole(one.end - one.since))} from {since}", " ".join(lines)


def said_over(name: str, kind: str, since: datetime, end: datetime, zone: str) -> tuple[str, str]:
    """Title and text of its end."""
    length = elapsed(_whole(end - since))
    if kind == "degraded":
        return f"{name} is no longer slow", f"It was from {moment(since, zone)} to {moment(end, zone)}, {length}."
    return (
        f"{name} answers again since {moment(end, zone)}",
        f"It was down from {moment(since, zone)}, {length} as held. That it answers does not say that its content is "
        "current.",
    )


def _whole(length: timedelta) -> timedelta:
    return timedelta(seconds=length // timedelta(seconds=1))
