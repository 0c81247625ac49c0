"""L4, L5, L6, L10, L11: while it lasts, when it is over, and what corrects a letter."""

from __future__ import annotations

from datetime import timedelta

from app.errors import Conflict
from app.notices import facts
from app.notices.compose.audited import compared
from app.notices.compose.before import new_window
from app.notices.compose.shapes import Addressee, Round
from app.notices.compose.untrue import about_this, not_true, outages_of, unready
from app.notices.wording import BackWords, CorrectionWords, OutageWords, OverrunWords, PartlyWords
from app.papers.figures import seconds, share, span
from app.sla.case import SiteCurrent
from app.sla.spans import Span, total, union
from app.sla.statement import Flag, Outcome
from reports import documents as doc

AT_WORK = (Outcome.IN_PROGRESS, Outcome.OVERRUNNING, Outcome.AWAITING_OUTCOME)


def overrunning(item: Round, words: OverrunWords) -> doc.Overrunning:
    window, as_at = item.announced, item.case.as_at
    down = next((o for o in item.statement.outages if o.open and window.window_id in o.window_ids), None)
    if window.outcome is not Outcome.OVERRUNNING or down is None or as_at <= window.promised.end:
        raise not_true(item, "says that the work overruns and the sites are unavailable", "overrunning")
    about_this(item)
    return doc.Overrunning(
        update=item.update,
        announced=span(window.promised),
        down_from=down.span.start,
        down_seconds=seconds(as_at - down.span.start),
        beyond_seconds=seconds(as_at - window.promised.end),
        expected_end_at=words.expected_end_at,
        known=tuple(words.known),
        not_known=tuple(words.not_known),
        doing=tuple(words.doing),
        procedure_changed=True if Flag.PROCEDURE_CHANGED in window.flags else None,
        fallback=words.fallback,
        fallback_decided_at=words.fallback_decided_at,
    )


def outage(item: Round, words: OutageWords) -> doc.UnplannedOutage:
    """L10. A window's own outage is told by L4: it was announced."""
    down = item.outage
    if down is None or not down.open:
        raise not_true(item, "says that the sites are unavailable", "an outage that still runs")
    own = [w for w in item.statement.windows if w.window_id in down.window_ids and w.outcome in AT_WORK]
    if own:
        raise Conflict(
            "this outage belongs to a window that was announced; it is told by L4", field="kind", example="L4"
        )
    return doc.UnplannedOutage(
        update=item.update,
        down_from=down.span.start,
        down_seconds=seconds(item.case.as_at - down.span.start),
        expected_end_at=words.expected_end_at,
        known=tuple(words.known),
        not_known=tuple(words.not_known),
        doing=tuple(words.doing),
        fallback=words.fallback,
        fallback_decided_at=words.fallback_decided_at,
    )


def back(item: Round, words: BackWords, to: Addressee) -> doc.Completed:
    """L5. What was down is this client's own sites, as they were measured; of several together counted once."""
    if facts.service_down(item.statement) or unready(to.sites):
        raise not_true(item, "says that all is well", "every site reachable, working and current")
    about_this(item)
    down = union(*(down_in_event(item, site.site_id) for site in to.sites))
    if not down:
        raise Conflict(
            f"no downtime of {to.client.number} was measured in it, so there is nothing to be back from",
            field="kind",
            example="L11",
        )
    length = None if item.window is None else item.window.promised.length
    return doc.Completed(
        announced=None if item.window is None else span(item.window.promised),
        down_from=down[0].start,
        back_since=down[-1].end,
        down_seconds=seconds(total(down)),
        down_ratio=share(total(down), length) if words.tell_ratio and length is not None else None,
        checks=tuple(doc.CheckMade(what=c.what, result=c.result, at=c.at) for c in words.checks),
        current_to_at=words.current_to_at,
        not_checked=tuple(words.not_checked),
        look_at=tuple(words.look_at),
        tell_by=words.tell_by,
        kept_until=words.kept_until,
    )


def down_in_event(item: Round, site_id: str) -> tuple[Span, ...]:
    """When a site was down from the first outage of the event until its work was over, or until now."""
    own = outages_of(item)
    if not own:
        return ()
    until = (item.window.actual_end if item.window is not None else own[-1].span.end) or item.case.as_at
    until = max(until, own[-1].span.end)
    reach = Span(own[0].span.start, max(until, own[0].span.start + timedelta(seconds=1)))
    return tuple(part for part in item.down.get(site_id, ()) if part.overlaps(reach))


def partly(item: Round, words: PartlyWords, to: Addressee) -> doc.PartlyDone:
    ended = outages_of(item)
    if facts.service_down(item.statement) or not ended:
        raise not_true(item, "says that the sites can be reached again", "a service that answers again")
    about_this(item)
    old = any(site.state is SiteCurrent.OLD for site in to.sites)
    return doc.PartlyDone(
        announced=None if item.window is None else span(item.window.promised),
        reachable_since=ended[-1].span.end,
        down_seconds=sum(seconds(o.as_held) for o in ended),
        copy_from_at=words.copy_from_at if old else None,
        functions=tuple(
            doc.FunctionState(function=f.function, state=f.state, expected_at=f.expected_at, workaround=f.workaround)
            for f in words.functions
        ),
        editing_allowed=words.editing_allowed,
        cause=words.cause,
        compared=compared(item, to.sites),
    )


def correction(item: Round, words: CorrectionWords) -> doc.Correction:
    """L11, to exactly those who had the letter it follows."""
    told = item.earlier
    if told is None:
        raise Conflict("a correction names the letter that was not right", field="follows")
    return doc.Correction(
        notice_ref=told.ref,
        notice_sent_at=told.at,
        notice_letter=told.kind,  # type: ignore[arg-type]
        lines=tuple(doc.CorrectedLine(wrote=line.wrote, correct=line.correct) for line in words.lines),
        window=new_window(item),
    )
