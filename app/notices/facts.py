"""What a letter states as facts, and whether it is still true. Pure.

A window is told to a client in one of a few ways (`planned`, `did not take place`, `overrunning`, …), an outage as
running or over, a site in one of four states, and a full account in seconds. A letter is true for as long as all of
them say the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from app.sla.case import Case, SiteCurrent
from app.sla.judge import judge
from app.sla.statement import Outage, Outcome, SiteVerdict, Statement, WindowVerdict

SECOND = timedelta(seconds=1)
TOLD = {
    Outcome.ANNOUNCED: "planned",
    Outcome.CONFIRMED: "planned",
    Outcome.WITHDRAWN_IN_TIME: "withdrawn",
    Outcome.WITHDRAWN_LATE: "withdrawn",
    Outcome.AWAITING_OUTCOME: "past, outcome not known",
    Outcome.UNKNOWN: "past, outcome not known",
    Outcome.IN_PROGRESS: "in progress",
    Outcome.OVERRUNNING: "overrunning",
    Outcome.COMPLETED_IN_WINDOW: "done",
    Outcome.COMPLETED_LATE: "done",
    Outcome.PARTLY_COMPLETED: "partly done",
    Outcome.ROLLED_BACK: "rolled back",
    Outcome.NOT_CARRIED_OUT: "did not take place",
    Outcome.UNANNOUNCED: "not announced",
}


def word_of(window: WindowVerdict, as_at: datetime) -> str:
    """The window as a client is told of it. Inside the promised span a plan is still the plan, seen at work or not."""
    waiting = (Outcome.IN_PROGRESS, Outcome.AWAITING_OUTCOME, Outcome.UNKNOWN)
    if window.outcome in waiting and window.promised.start <= as_at < window.promised.end:
        return TOLD[Outcome.ANNOUNCED]
    return TOLD[window.outcome]


def window_of(statement: Statement, window_id: str) -> WindowVerdict | None:
    return next((item for item in statement.windows if item.window_id == window_id), None)


def newest_of_work(statement: Statement, work_id: str) -> WindowVerdict | None:
    """The window announced last: the one a client should know about."""
    mine = [item for item in statement.windows if item.work_id == work_id]
    return max(mine, key=lambda item: item.announced_at, default=None)


SiteWord = Literal["up", "down", "not_current", "unknown"]


def site_word(site: SiteVerdict, down_now: bool) -> SiteWord:
    """up, down, not_current or unknown. A site nobody checked is as reachable as its server is; one that was looked at
    and did not work is down, whatever it showed."""
    if site.working is False and site.state is not SiteCurrent.UNKNOWN:
        return "down"
    if site.state is SiteCurrent.CURRENT:
        return "up"
    if site.state is SiteCurrent.OLD:
        return "not_current"
    if site.state is SiteCurrent.DOWN or down_now:
        return "down"
    return "unknown"


def service_down(statement: Statement) -> bool:
    return any(outage.open for outage in statement.outages)


WITH_SITES = ("L4", "L5", "L6", "L7", "L8", "L10")
WITH_WINDOW = ("L1", "L2", "L3", "L4", "L6", "L8")
OUTAGE_WORDS = {True: "down", False: "over"}


@dataclass(frozen=True, slots=True)
class Topic:
    """What a round of letters is about: a work and one of its windows, or an outage outside any."""

    work_id: str | None
    window: WindowVerdict | None
    outage_from: datetime | None


def outage_at(statement: Statement, moment: datetime) -> Outage | None:
    """The outage that ran at a moment; one that is still open runs at the moment of judging as well."""
    for item in statement.outages:
        if moment in item.span or (item.open and moment == item.span.end):
            return item
    return None


def stated(statement: Statement, topic: Topic, sites: Sequence[SiteVerdict], kind: str) -> dict[str, str]:
    """The facts a letter about this and these sites states, keyed `window:…`, `newest`, `outage:…`, `down:…` and
    `site:…`. What a correction states is what the letter it corrects stated, so `kind` is then that letter's."""
    facts: dict[str, str] = {}
    if topic.window is not None:
        if kind in WITH_WINDOW:
            facts[f"window:{topic.window.window_id}"] = word_of(topic.window, statement.as_at)
        newest = newest_of_work(statement, topic.window.work_id)
        facts["newest"] = newest.window_id if newest else topic.window.window_id
        if kind == "L8":
            for item in statement.windows:
                if item.work_id == topic.window.work_id:
                    facts[f"window:{item.window_id}"] = word_of(item, statement.as_at)
                    facts[f"down:{item.window_id}"] = str(item.downtime // SECOND)
    elif topic.outage_from is not None and kind != "L9":
        outage = outage_at(statement, topic.outage_from)
        facts[f"outage:{stamp(topic.outage_from)}"] = OUTAGE_WORDS[outage is not None and outage.open]
        if kind == "L8" and outage is not None:
            facts[f"down:{stamp(topic.outage_from)}"] = str(outage.as_held // SECOND)
    return facts | (of_sites(statement, sites) if kind in WITH_SITES else {})


def of_sites(statement: Statement, sites: Sequence[SiteVerdict]) -> dict[str, str]:
    down = service_down(statement)
    return {f"site:{site.site_id}": site_word(site, down) for site in sites}


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def as_it_is(case: Case, statement: Statement, work_id: str | None, fact: str) -> str:
    """What a letter would state of this fact at the statement's moment."""
    kind, _, key = fact.partition(":")
    if kind == "window":
        window = window_of(statement, key)
        return word_of(window, statement.as_at) if window else "no longer on record"
    if kind == "outage":
        outage = outage_at(statement, datetime.fromisoformat(key))
        return OUTAGE_WORDS[outage.open] if outage else "no longer on record"
    if kind == "down":
        window = window_of(statement, key)
        if window is not None:
            return str(window.downtime // SECOND)
        outage = outage_at(statement, datetime.fromisoformat(key)) if "T" in key else None
        return str(outage.as_held // SECOND) if outage else "no longer on record"
    if kind == "site":
        stays = next((site.placed for site in case.sites if site.id == key), ())
        if not any(statement.as_at in stay for stay in stays):
            return "no longer on this service"
        return site_word(next(site for site in statement.sites if site.site_id == key), service_down(statement))
    newest = newest_of_work(statement, work_id or "")
    return newest.window_id if newest else "no window any more"


@dataclass(slots=True)
class History:
    """The record as it was at any moment up to the case's own, each judged once."""

    case: Case
    judged: dict[datetime, Statement] = field(default_factory=dict)

    def at(self, moment: datetime) -> Statement:
        if moment not in self.judged:
            self.judged[moment] = judge(replace(self.case, as_at=moment))
        return self.judged[moment]

    def since(self, work_id: str | None, fact: str, value: str, told: datetime) -> datetime:
        """The moment from which `fact` has been other than `value`, which was told at `told`; not before that."""
        turns = sorted({(seen, at) for at, seen in self._turns(work_id, fact) if told < seen <= self.case.as_at})
        since = self.case.as_at
        for seen, at in reversed([(told, told), *turns]):
            if as_it_is(self.case, self.at(seen), work_id, fact) == value:
                break
            since = at
        return max(since, told)

    def _turns(self, work_id: str | None, fact: str) -> Iterator[tuple[datetime, datetime]]:
        """(when a fact may have changed, when that could be seen)."""
        confirming = max(
            (monitor.interval * (monitor.confirm_after - 1) for monitor in self.case.monitors), default=timedelta(0)
        )
        for outage in self.at(self.case.as_at).outages:
            yield outage.span.start, outage.span.start + confirming + SECOND
            yield outage.span.end, outage.span.end + SECOND
        if fact.startswith("site:"):
            for site in self.case.sites:
                if fact == f"site:{site.id}":
                    yield from ((check.at, check.at) for check in site.checks)
                    yield from ((moment, moment) for stay in site.placed for moment in (stay.start, stay.end))
            return
        for window in self.case.windows:
            if window.work_id == work_id:
                taken = [window.withdrawal.at] if window.withdrawal else []
                moments = [window.announced_at, window.span.start, window.span.end, *taken]
                moments += [item for item in (window.rescheduled_at, window.confirmed_at) if item is not None]
                moments += [item.said_at for item in window.said]
                moments += [window.override.at] if window.override else []
                yield from ((moment, moment) for moment in moments)
