"""L9: one client's month, each figure as its services' statements have it."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from app.errors import Conflict
from app.notices.compose.shapes import Addressee, ClientMonth, Round, SiteMonth
from app.notices.wording import MonthWords
from app.papers.figures import answer, seconds, share, span
from app.sla.spans import Span, intersect, total
from reports import documents as doc


def monthly(item: Round, words: MonthWords, to: Addressee) -> doc.MonthlyStatement:
    if item.month is None or to.month is None:
        raise Conflict("a monthly statement is about a month", field="month", example="2025-06")
    target = Fraction(words.own_target) / 100 if words.own_target is not None else None
    month = to.month
    zone = ZoneInfo(item.case.period.zone)
    return doc.MonthlyStatement(
        month=item.month.start.astimezone(zone).date(),
        span=span(item.month),
        sites=tuple(_site(one, target) for one in month.sites),
        outages=_outages(month),
        windows=tuple(
            doc.MonthWindow(
                span=span(window.promised),
                told_at=told,
                outcome=window.outcome.value,
                down_seconds=None if window.actual_start is None else seconds(window.downtime),
            )
            for window, told in month.windows
        ),
        notices=tuple(
            doc.NoticeSent(ref=ref, letter=kind, sent_at=at)  # type: ignore[arg-type]
            for ref, kind, at in month.notices
        ),
        open_points=tuple(words.open_points),
        next_work=None if month.next_work is None else span(month.next_work),
        next_work_text=words.next_work_text if month.next_work is not None else None,
        own_target=words.own_target,
        report_ref=None if month.report is None else month.report[0],
        report_sent_at=None if month.report is None else month.report[1],
    )


def _site(one: SiteMonth, target: Fraction | None) -> doc.SiteMonth:
    down, known = total(one.down), one.whole - one.unknown
    return doc.SiteMonth(
        host_name=one.site.name,
        down_seconds=seconds(down),
        unknown_seconds=seconds(one.unknown),
        availability=share(known - down, known),
        answer=answer(down, known, one.unknown, target),
    )


def _outages(month: ClientMonth) -> tuple[doc.MonthOutage, ...]:
    """Each stretch with the sites it took down; of one stretch no site is named twice."""
    who: dict[Span, list[str]] = {}
    for one in month.sites:
        for part in one.down:
            who.setdefault(part, []).append(one.site.name)
    return tuple(
        doc.MonthOutage(
            span=span(part),
            seconds=seconds(part.length),
            host_names=tuple(names),
            announced=total(intersect([part], month.announced)) == part.length > timedelta(0),
        )
        for part, names in sorted(who.items(), key=lambda found: (found[0].start, found[0].end))
    )
