"""Which letter would put right what somebody believes and is no longer true. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.notices import facts
from app.notices.compose.before import AHEAD, WITHDRAWN
from app.notices.compose.untrue import unready
from app.sla.statement import Outcome, SiteVerdict, Statement, WindowVerdict


@dataclass(frozen=True, slots=True)
class Believed:
    """What a client's newest letter on something said, and the client's sites that are on the service now."""

    kind: str
    notice_id: UUID
    work_id: str | None
    window_id: str | None
    outage_from: datetime | None
    month: str | None
    untrue: tuple[tuple[str, str, str], ...]
    sites: tuple[SiteVerdict, ...]


@dataclass(frozen=True, slots=True)
class Remedy:
    """The letter that would put it right: its kind, the notice whose recipients it goes to, what it is about, and why
    this one. An update on a window they were not told of follows none. `kind` None: none can be written before
    something is established, and `why` says what."""

    kind: str | None
    why: str
    follows: UUID | None = None
    window_id: UUID | None = None
    outage_from: datetime | None = None
    month: str | None = None


def remedy(statement: Statement, item: Believed) -> Remedy:
    kind, why, window = _kind(statement, item)
    if kind is None:
        return Remedy(None, why)
    about = UUID(window.window_id) if window is not None else None
    outage = item.outage_from if about is None else None
    another = window is not None and window.window_id != item.window_id and kind in ("L4", "L5", "L6")
    return Remedy(kind, why, None if another else item.notice_id, about, outage, item.month)


def _kind(statement: Statement, item: Believed) -> tuple[str | None, str, WindowVerdict | None]:
    if item.month is not None:
        return "L11", "the figures of the month have changed since it was sent", None
    if item.window_id is None:
        return _of_outage(statement, item)
    told = facts.window_of(statement, item.window_id)
    newest = facts.newest_of_work(statement, item.work_id or "")
    if told is None or newest is None:
        return "L11", "the window they were told of is no longer on record", None
    another = newest.window_id != told.window_id and any(fact == "newest" for fact, _, _ in item.untrue)
    if another and newest.outcome in AHEAD and newest.promised.start > statement.as_at:
        if newest.promised.start > told.promised.start:
            return "L3", "the work has a new date", newest
        return "L11", "another window of the work was announced, and not as a later date", told
    undone = newest.outcome is Outcome.NOT_CARRIED_OUT or newest.outcome in WITHDRAWN
    window = newest if another and not undone else told
    if item.kind == "L8" and not another:
        return "L11", "what the full account said has changed", window
    return _of_window(statement, item, window, told)


def _of_window(
    statement: Statement, item: Believed, window: WindowVerdict, told: WindowVerdict
) -> tuple[str | None, str, WindowVerdict | None]:
    announced = item.kind in ("L1", "L3") and window.window_id == told.window_id
    passed = statement.as_at >= window.promised.end
    down = any(o.open and window.window_id in o.window_ids for o in statement.outages)
    if window.outcome is Outcome.NOT_CARRIED_OUT or window.outcome in WITHDRAWN:
        what = "did not take place" if window.outcome is Outcome.NOT_CARRIED_OUT or passed else "was taken back"
        if announced:
            return "L2", f"the work they were told of {what}", window
        return "L11", f"they were told of work that {what}", window
    if down and window.outcome is Outcome.OVERRUNNING and passed:
        return "L4", "the announced end has passed and the service does not answer", window
    if down:
        return (
            None,
            "the service is down inside the window that was announced; nothing is to be put right before its end",
            None,
        )
    if window.outcome in (Outcome.AWAITING_OUTCOME, Outcome.UNKNOWN) and not _was_down(statement, window):
        return (
            None,
            "nobody has said what became of the window, and nothing was seen of it; ask the provider, and enter the "
            "answer: POST /api/v1/windows/{id}/said",
            None,
        )
    if window.outcome in AHEAD:
        return "L11", "the window stands as announced again", window
    if not _was_down(statement, window):
        return "L11", "the work took place, and nothing was unavailable", window
    return (*_back(item.sites), window)


def _of_outage(statement: Statement, item: Believed) -> tuple[str | None, str, WindowVerdict | None]:
    outage = facts.outage_at(statement, item.outage_from) if item.outage_from is not None else None
    if outage is None:
        return "L11", "the outage they were told of is no longer on record", None
    if item.kind == "L8":
        return "L11", "what the full account said has changed", None
    if outage.open:
        return "L10", "the service is down", None
    if facts.service_down(statement):
        return "L10", "the service is down again", None
    return (*_back(item.sites), None)


def _back(sites: Sequence[SiteVerdict]) -> tuple[str, str]:
    if not sites:
        return "L11", "their site has left the service"
    wrong = unready(sites)
    if not wrong:
        return "L5", "every site of theirs is reachable, working and current"
    return "L6", f"the service answers again, but {wrong[0]}" + (f", and {len(wrong) - 1} more" if wrong[1:] else "")


def _was_down(statement: Statement, window: WindowVerdict) -> bool:
    return any(window.window_id in outage.window_ids for outage in statement.outages)
