"""Which rounds of letters the record asks for as at a moment: what happened against what was told. Pure.

Every client is taken by the letter they had last about a work, or about an outage nobody announced; those who had the
same round stand together, so that what follows goes to exactly them. Nothing here knows who will write the words.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.notices import facts
from app.notices.rounds import cadence
from app.sla.case import SiteCurrent
from app.sla.periods import Period
from app.sla.statement import Flag, Outage, Outcome, SiteVerdict, Statement, WindowVerdict

MONTH_CLOSED = timedelta(days=1)
NOT_BACK = ("L1", "L2", "L3", "L4", "L6", "L10")  # after these a client still waits to hear that all is well
NOTHING_DONE = ("withdrawn", "did not take place")


@dataclass(frozen=True, slots=True)
class Told:
    """A round that went out, and who had it."""

    notice_id: str
    number: int
    kind: str
    window_id: str | None
    work_id: str | None
    outage_from: datetime | None
    month: str | None
    issued_at: datetime
    next_contact_at: datetime | None
    clients: frozenset[str]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A round to write: which letter, about what, to whom, and why. `clients` are the ones it is for."""

    kind: str
    window_id: str | None
    outage_from: datetime | None
    month: str | None
    follows: str | None
    clients: frozenset[str]
    why: str
    since: datetime  # when it came about
    due_at: datetime  # from when on it is to go out

    @property
    def key(self) -> str:
        """The same for as long as it is the same round to write."""
        about = self.window_id or self.month or (self.outage_from.isoformat() if self.outage_from else "")
        whom = hashlib.sha256(" ".join(sorted(self.clients)).encode()).hexdigest()[:12]
        return ":".join((self.kind, about, self.follows or "", f"{self.due_at:%Y%m%dT%H%M%SZ}", whom))


@dataclass(frozen=True, slots=True)
class Known:
    """What the record says as at a moment, and what was told until then."""

    statement: Statement
    placed: Mapping[str, Sequence[SiteVerdict]]  # each client's sites that are on the service now
    told: Sequence[Told]  # oldest first
    closed: Period | None = None  # the calendar month that ended last
    turned: Mapping[str, datetime] = field(default_factory=dict)  # when the last word about each window reached us

    @property
    def as_at(self) -> datetime:
        return self.statement.as_at


def proposals(known: Known) -> tuple[Proposal, ...]:
    """Every round that is to be written, the one due longest first."""
    out: list[Proposal] = []
    works: dict[str, list[WindowVerdict]] = defaultdict(list)
    for window in known.statement.windows:
        works[window.work_id].append(window)
    for work_id in works:
        out += _of_work(known, work_id)
    for outage in known.statement.outages:
        if not outage.window_ids:
            out += _of_outage(known, outage)
    out += _of_month(known)
    return tuple(sorted(out, key=lambda item: (item.due_at, item.kind, item.follows or "")))


# One thread of letters: who had which last --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Thread:
    """The rounds about one work or one outage, and the clients by the round they had last."""

    rounds: tuple[Told, ...]
    groups: tuple[tuple[Told, frozenset[str]], ...]
    untold: frozenset[str]  # with a site here now, and no letter about this

    def kinds(self) -> set[str]:
        return {item.kind for item in self.rounds}


def _thread(known: Known, mine: Iterable[Told]) -> Thread:
    rounds = tuple(sorted(mine, key=lambda item: item.number))
    last: dict[str, Told] = {}
    for item in rounds:
        last |= dict.fromkeys(item.clients, item)
    groups: dict[str, set[str]] = defaultdict(set)
    for client, item in last.items():
        groups[item.notice_id].add(client)
    by_id = {item.notice_id: item for item in rounds}
    listed = tuple((by_id[key], frozenset(clients)) for key, clients in groups.items())
    return Thread(rounds, listed, frozenset(client for client, sites in known.placed.items() if sites) - set(last))


# A work with its windows ----------------------------------------------------------------------------------------------


def _of_work(known: Known, work_id: str) -> Iterator[Proposal]:
    newest = facts.newest_of_work(known.statement, work_id)
    if newest is None:
        return
    thread = _thread(known, (item for item in known.told if item.work_id == work_id))
    word = facts.word_of(newest, known.as_at)
    if word == "planned" and newest.promised.end > known.as_at:
        yield from _planned(newest, thread, known.as_at)
    happened = newest.actual_start is not None and word not in NOTHING_DONE
    if word != "planned" and not happened:
        yield from _nothing_done(known, newest, thread)
    if happened:
        yield from _event(
            known, thread, window=newest, began=newest.promised.end,
            over=newest.outcome is not Outcome.OVERRUNNING or newest.promised.end > known.as_at,
        )  # fmt: skip
        past = newest.promised.end <= known.as_at
        if past and Flag.DATA_UNVERIFIED in newest.flags and "L7" not in thread.kinds():
            why = "what the sites' data holds is not verified, and entries may be missing"
            there = (client for client, sites in known.placed.items() if sites)
            yield _proposal("L7", there, None, why, newest.promised.end, window=newest)
    yield from _account(known, thread, newest, None, over=word in ("done", "rolled back", *NOTHING_DONE))


def _planned(newest: WindowVerdict, thread: Thread, as_at: datetime) -> Iterator[Proposal]:
    confirmed = newest.outcome is not Outcome.ANNOUNCED
    why = "the window is confirmed" if confirmed else "the window is announced, and nobody has confirmed it yet"
    if thread.untold:
        yield _proposal("L1", thread.untold, None, why, newest.announced_at, window=newest)
    for last, clients in thread.groups:
        if last.window_id == newest.window_id:
            continue
        kind = "L1" if last.kind in ("L5", "L8") else "L3"
        moved = "the work has a new date" if kind == "L3" else why
        yield _proposal(kind, clients, last if kind == "L3" else None, moved, newest.announced_at, window=newest)


def _nothing_done(known: Known, newest: WindowVerdict, thread: Thread) -> Iterator[Proposal]:
    """Whoever was told of a window in which nothing was done, and has heard nothing else since."""
    for last, clients in thread.groups:
        window = facts.window_of(known.statement, last.window_id or "")
        if window is None or last.kind not in ("L1", "L3"):
            continue
        word = facts.word_of(window, known.as_at)
        if word in NOTHING_DONE:
            why = f"the window {word}" if word == "did not take place" else f"the window was {word}"
            since = known.turned.get(window.window_id, max(last.issued_at, newest.announced_at))
            yield _proposal("L2", clients, last, why, since, window=window)


# While it lasts, and after --------------------------------------------------------------------------------------------


def _event(
    known: Known,
    thread: Thread,
    *,
    window: WindowVerdict | None = None,
    outage: Outage | None = None,
    began: datetime,
    over: bool,
) -> Iterator[Proposal]:
    """Still down: the next update. Answers again: back and checked, or back but not whole, client by client."""
    down = facts.service_down(known.statement)
    running = "L4" if window is not None else "L10"
    if down and not over:
        late = "past its announced end" if window is not None else "since it began, announced by nobody"
        first = cadence.first_due(began)
        if thread.untold and first <= known.as_at:
            yield _proposal(running, thread.untold, None, f"still down {late}", began, first, window, outage)
        for last, clients in thread.groups:
            told = last.issued_at if last.kind in ("L4", "L10", "L6") else None
            due = cadence.due_since(began, told, last.next_contact_at)
            if due <= known.as_at:
                yield _proposal(running, clients, _same(last, window), f"still down {late}", began, due, window, outage)
        return
    if down or (window is not None and window.promised.end > known.as_at and not _finished(window)):
        return
    for last, clients in thread.groups:
        if last.kind not in NOT_BACK or (last.kind == "L2" and window is not None):
            continue
        there = {client: known.placed[client] for client in clients if known.placed.get(client)}
        whole = frozenset(client for client, sites in there.items() if _whole(sites))
        back = _back(known, window, outage)
        if whole:
            why = "every site is reachable, working and current"
            yield _proposal("L5", whole, _same(last, window), why, back, back, window, outage)
        partly = frozenset(there) - whole
        since = _due_partly(known, last, [there[one] for one in partly], back) if partly else None
        if since is not None:
            unseen = sum(site.state is SiteCurrent.UNKNOWN for one in partly for site in there[one])
            why = "it answers again, and not every site is confirmed current"
            why += f"; {unseen} not looked at" if unseen else ""
            yield _proposal("L6", partly, _same(last, window), why, back, since, window, outage)


def _same(last: Told, window: WindowVerdict | None) -> Told | None:
    """The round that an update follows: one about this very window. Whoever was told of another one last gets the
    letter of how it stands."""
    return last if window is None or last.window_id == window.window_id else None


def _due_partly(known: Known, last: Told, sites: Sequence[Sequence[SiteVerdict]], back: datetime) -> datetime | None:
    """From when on a letter that it is partly there is due: at once, then by the cadence or when a site has turned."""
    if last.kind != "L6":
        return back
    turned = [_seen(one, back) for one in sites if _seen(one, back) > last.issued_at]
    due = cadence.due_since(back, last.issued_at, last.next_contact_at)
    due = min([due, *turned])
    return due if due <= known.as_at else None


def _finished(window: WindowVerdict) -> bool:
    return not window.open and window.actual_end is not None


def _whole(sites: Sequence[SiteVerdict]) -> bool:
    return all(site.state is SiteCurrent.CURRENT for site in sites)


def _seen(sites: Sequence[SiteVerdict], back: datetime) -> datetime:
    """When the sites were last looked at, but not before the service was back."""
    return max([back, *(site.checked_at for site in sites if site.checked_at is not None)])


def _back(known: Known, window: WindowVerdict | None, outage: Outage | None) -> datetime:
    """When it answered again: the end of the last outage of the event; without one, the window's own end."""
    if outage is not None:
        return outage.span.end
    assert window is not None
    ends = [item.span.end for item in known.statement.outages if window.window_id in item.window_ids]
    return max(ends, default=min(window.actual_end or window.promised.end, known.as_at))


def _of_outage(known: Known, outage: Outage) -> Iterator[Proposal]:
    mine = [item for item in known.told if item.outage_from is not None and outage.span.start <= item.outage_from
            and (item.outage_from < outage.span.end or outage.open)]  # fmt: skip
    thread = _thread(known, mine)
    if not outage.open and not thread.rounds:
        return  # over before anybody had to be written to
    yield from _event(known, thread, outage=outage, began=outage.span.start, over=not outage.open)
    yield from _account(known, thread, None, outage, over=not outage.open)


def _account(
    known: Known, thread: Thread, window: WindowVerdict | None, outage: Outage | None, *, over: bool
) -> Iterator[Proposal]:
    """The full account, once everybody who was told that something is wrong was told that all is well."""
    kinds = thread.kinds()
    if not over or "L8" in kinds or "L5" not in kinds or not kinds & {"L4", "L6", "L10"}:
        return
    waiting = [last for last, _ in thread.groups if last.kind != "L5"]
    if not waiting:
        closed = max(last.issued_at for last, _ in thread.groups)
        clients = frozenset().union(*(clients for _, clients in thread.groups))
        why = "the event is over, and everybody was told that all is well"
        yield _proposal("L8", clients, None, why, closed, closed, window, outage)


def _of_month(known: Known) -> Iterator[Proposal]:
    month = known.closed
    if month is None or known.as_at < month.span.end + MONTH_CLOSED:
        return
    had = frozenset[str]().union(*(item.clients for item in known.told if item.month == month.label))
    clients = frozenset(client for client, sites in known.placed.items() if sites) - had
    if clients:
        due = month.span.end + MONTH_CLOSED
        why = "the month is closed"
        yield Proposal("L9", None, None, month.label, None, clients, why, month.span.end, due)


def _proposal(
    kind: str,
    clients: Iterable[str],
    follows: Told | None,
    why: str,
    since: datetime,
    due_at: datetime | None = None,
    window: WindowVerdict | None = None,
    outage: Outage | None = None,
) -> Proposal:
    return Proposal(
        kind, window.window_id if window else None, outage.span.start if outage else None, None,
        follows.notice_id if follows else None, frozenset(clients), why, since, due_at or since,
    )  # fmt: skip
