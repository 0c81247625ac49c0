"""Is each site back? Four answers, never one from another: an answering site may be old, a checked one stale."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from app.sla.case import Site, SiteCheck, SiteCurrent
from app.sla.seen import Seen
from app.sla.spans import Span, clip, inside, total, union
from app.sla.statement import SiteVerdict
from app.sla.timeline import down_spans


def check_as_at(site: Site, as_at: datetime, since: datetime | None, down: Sequence[Span]) -> SiteCheck | None:
    """The last look at the site up to a moment. An answer it did not ask for is taken from the newest look that did,
    if neither work began nor an outage ended since: whether a site answers is asked over the network, whether its
    content is current may be found in its files."""
    checks = sorted((c for c in site.checks if c.at <= as_at), key=lambda c: c.at)
    if not checks:
        return None
    last = checks.pop()
    ended = [span.end for span in down if span.start <= as_at]
    holds_from = max([*([] if since is None else [since]), *ended], default=None)
    for earlier in reversed(checks):
        if last.reachable is False or last.working is False or (holds_from is not None and earlier.at < holds_from):
            break
        last = replace(
            last,
            reachable=earlier.reachable if last.reachable is None else last.reachable,
            working=earlier.working if last.working is None else last.working,
            current=earlier.current if last.current is None else last.current,
        )
    return last


def is_current(check: SiteCheck | None, since: datetime | None, down: Sequence[Span]) -> bool:
    """Confirmed current by a check that is not older than `since` nor than the service's last outage."""
    if check is None or check.current is not True or check.reachable is False:
        return False
    if since is not None and check.at < since:
        return False
    return not any(span.end > check.at for span in down)


def judge_sites(seen: Seen, within: Span | None, work_starts: Iterable[datetime]) -> tuple[SiteVerdict, ...]:
    """Every site that stood on the service in the period, by name.

    Downtime is the site's own and its service's together, while it stood there, counted once. A check older than the
    last outage or the last start of work proves nothing about now: the state is unknown, the check is still shown.
    """
    since = max((s for s in work_starts if s <= seen.as_at), default=None)
    service_down = inside(seen.down, within)
    out = []
    for one in sorted(seen.sites, key=lambda one: (one.site.name, one.site.id)):
        site = one.site
        stays = clip(site.placed, within)
        if not stays:
            continue
        own = down_spans(one.series)
        everything = union(service_down, inside(own, within))
        down = union([part for stay in stays for part in inside(everything, stay)])
        gone = union(seen.down, own)
        check = check_as_at(site, seen.as_at, since, gone)
        last = down[-1].end if down else None
        still = last is not None and any(span.end >= seen.as_at for span in (*own[-1:], *seen.down[-1:]))
        out.append(
            SiteVerdict(
                site_id=site.id,
                name=site.name,
                state=_state(check, since, gone, seen.as_at),
                reachable=check.reachable if check else None,
                working=check.working if check else None,
                current=check.current if check else None,
                checked_at=check.at if check else None,
                checked_by=check.source if check else None,
                down=total(down),
                first_down_at=down[0].start if down else None,
                last_down_at=None if still else last,
            )
        )
    return tuple(out)


def _state(check: SiteCheck | None, since: datetime | None, down: Sequence[Span], as_at: datetime) -> SiteCurrent:
    if down and down[-1].end >= as_at:
        return SiteCurrent.DOWN
    if check is None or (since is not None and check.at < since) or any(span.end > check.at for span in down[-1:]):
        return SiteCurrent.UNKNOWN
    if check.reachable is False:
        return SiteCurrent.DOWN
    if check.current is None:
        return SiteCurrent.UNKNOWN
    return SiteCurrent.CURRENT if check.current else SiteCurrent.OLD
