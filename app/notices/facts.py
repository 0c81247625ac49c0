"""What a letter states as facts, and whether it is still true. Pure.

A window is told to a client in one of a few ways (`planned`, `did not take place`, `overrunning`, …) and a site in one
of four states. A letter is true for as long as both say the same.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from app.sla.case import Case, SiteCurrent
from app.sla.statement import Outcome, SiteVerdict, Statement, WindowVerdict

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
    facts = {f"window:{window.window_id}": TOLD[window.outcome]}
    newest = newest_of_work(statement, window.work_id)
    facts["newest"] = newest.window_id if newest else window.window_id
    if kind in ("L4", "L6"):
        facts |= {f"site:{site.site_id}": site_word(site, down) for site in sites}
    return facts


def since(case: Case, statement: Statement, fact: str, as_at: datetime) -> datetime:
    """The moment from which a changed fact has been otherwise."""
    kind, _, key = fact.partition(":")
    if kind == "site":
        site = next((item for item in statement.sites if item.site_id == key), None)
        moments = [site.checked_at] if site and site.checked_at else []
        moments += [outage.span.end for outage in statement.outages if not outage.open]
        return max((moment for moment in moments if moment <= as_at), default=as_at)
    if kind == "window":
        window = window_of(statement, key)
        facts = next((item for item in case.windows if item.id == key), None)
        if window is None or facts is None:
            return as_at
        if window.outcome is Outcome.NOT_CARRIED_OUT:
            said = [item.said_at for item in facts.said if item.said_at <= as_at]
            return max(said, default=window.promised.end)
        if facts.withdrawal is not None and facts.withdrawal.at <= as_at:
            return facts.withdrawal.at
        ended = [item.said_at for item in facts.said if item.kind != "started" and item.said_at <= as_at]
        return max(ended, default=min(window.promised.end, as_at))
    newest = max((item for item in statement.windows), key=lambda item: item.announced_at, default=None)
    return newest.announced_at if newest else as_at
