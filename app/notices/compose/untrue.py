"""Refusals: what a letter would say, and what the record gives instead."""

from __future__ import annotations

from collections.abc import Iterable

from app.errors import Conflict
from app.notices import facts
from app.notices.compose.shapes import Addressee, Round
from app.sla.case import SiteCurrent
from app.sla.statement import Outage, SiteVerdict


def not_true(item: Round, says: str, needed: str) -> Conflict:
    if item.window is not None:
        found = f"gives the window as: {facts.TOLD[item.window.outcome]} ({item.window.outcome.value})"
    elif item.outage is not None:
        found = "gives the outage as still running" if item.outage.open else "gives the outage as over"
    else:
        found = "has no such outage"
    return Conflict(f"this letter {says}, but the record {found}", field="kind", example=f"{item.kind} needs {needed}")


def about_this(item: Round) -> None:
    """An update goes to those who were told of this very window, or of this very outage."""
    told = item.earlier
    if told is None:
        return
    if item.window is not None and (told.window is None or told.window.window_id != item.window.window_id):
        raise Conflict("the notice this one follows is about another window of the work", field="follows")


def outages_of(item: Round) -> list[Outage]:
    """The outage itself; of a window every outage since its own began, while its work was open."""
    if item.window is None:
        return [item.outage] if item.outage is not None else []
    first = next((o for o in item.statement.outages if item.window.window_id in o.window_ids), None)
    if first is None:
        return []
    until = item.window.actual_end or item.case.as_at
    return [o for o in item.statement.outages if first.span.start <= o.span.start < until]


def unready(sites: Iterable[SiteVerdict]) -> list[str]:
    """Which of these sites cannot be said to be back, and why. What nobody looked at is not back."""
    out = []
    for site in sites:
        answers = (("reachable", site.reachable), ("working", site.working), ("current", site.current))
        open_ = next((word for word, answer in answers if answer is not True), None)
        if site.state is SiteCurrent.DOWN:
            out.append(f"{site.name} is down")
        elif site.state is SiteCurrent.OLD:
            out.append(f"{site.name} is not current")
        elif open_ is not None:
            known = dict(answers)[open_]
            out.append(f"{site.name} is {'not' if known is False else 'not known to be'} {open_}")
        elif site.state is not SiteCurrent.CURRENT:
            out.append(f"{site.name} was not looked at since it was last down or worked on")
    return out


def all_back(item: Round, to: Iterable[Addressee]) -> None:
    """L5 is written to nobody before each of their sites is reachable, working and current. Raises Conflict naming
    the clients and the sites."""
    if item.kind != "L5":
        return
    wrong = [(one, unready(one.sites)) for one in to]
    listed = [f"{one.client.number}: {', '.join(found)}" for one, found in wrong if found]
    if listed:
        more = f"; and {len(listed) - 5} clients more" if len(listed) > 5 else ""
        raise Conflict(
            f"not every site is confirmed reachable, working and current: {'; '.join(listed[:5])}{more}. Look at these "
            "sites, or write to the others alone (only)",
            field="sites",
            example="POST /api/v1/site-checks",
        )
