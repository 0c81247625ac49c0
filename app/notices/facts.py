"""What a letter states as facts, and whether it is still true. Pure.

A window is told to a client in one of a few ways (`planned`, `did not take place`, `overrunning`, …) and a site in one
of four states. A letter is true for as long as both say the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from app.sla.case import Case, SiteCurrent
from app.sla.judge import judge
from app.sla.statement import Outcome, SiteVerdict, Statement, WindowVerdict

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
    """up, down, not_current or unknown. A site nobody checked is as reachable as its server is."""
    if site.state is SiteCurrent.CURRENT:
        return "up"
    if site.state is SiteCurrent.OLD:
        return "not_current"
    if site.state is SiteCurrent.DOWN or down_now:
        return "down"
    return "unknown"


def service_down(statement: Statement) -> bool:
    return any(outage.open for outage in statement.outages)


def stated(statement: Statement, window: WindowVerdict, sites: list[SiteVerdict], kind: str) -> dict[str, str]:
    """The facts a letter about this window and these sites states, keyed `window:…` and `site:…`."""
    down = service_down(statement)
    facts = {f"window:{window.window_id}": word_of(window, statement.as_at)}
    newest = newest_of_work(statement, window.work_id)
    facts["newest"] = newest.window_id if newest else window.window_id
    if kind in ("L4", "L6"):
        facts |= {f"site:{site.site_id}": site_word(site, down) for site in sites}
    return facts


def as_it_is(case: Case, statement: Statement, work_id: str, fact: str) -> str:
    """What a letter would state of this fact at the statement's moment."""
    kind, _, key = fact.partition(":")
    if kind == "window":
        window = window_of(statement, key)
        return word_of(window, statement.as_at) if window else "no longer on record"
    if kind == "site":
        stays = next((site.placed for site in case.sites if site.id == key), ())
        if not any(statement.as_at in stay for stay in stays):
            return "no longer on this service"
        return site_word(next(site for site in statement.sites if site.site_id == key), service_down(statement))
    newest = newest_of_work(statement, work_id)
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

    def since(self, work_id: str, fact: str, value: str, told: datetime) -> datetime:
        """The moment from which `fact` has been other than `value`, which was told at `told`; not before that."""
        turns = sorted({(seen, at) for at, seen in self._turns(work_id, fact) if told < seen <= self.case.as_at})
        since = self.case.as_at
        for seen, at in reversed([(told, told), *turns]):
            if as_it_is(self.case, self.at(seen), work_id, fact) == value:
                break
            since = at
        return max(since, told)

    def _turns(self, work_id: str, fact: str) -> Iterator[tuple[datetime, datetime]]:
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
