"""L9: one client's month on one page. A month in which nothing happened is told in a few lines."""

from collections.abc import Iterator, Sequence

from ...documents import ClientLetter, MonthlyStatement, MonthOutage, SiteMonth
from ..block import Block
from .listed import LISTED, WORST, beyond, hosts
from .pieces import facts, following, lead, many, points, table, text, to_do
from .voice import Voice


def subject(letter: ClientLetter, part: MonthlyStatement, v: Voice, short: bool) -> str:
    month = v.month(part.month)
    return v("L9.subject_short", month=month) if short else v("L9.subject", month=month, client=letter.recipient.name)


def _everywhere(outage: MonthOutage, part: MonthlyStatement) -> bool:
    return set(outage.host_names) == {site.host_name for site in part.sites}


def _in_a_sentence(letter: ClientLetter, part: MonthlyStatement, v: Voice) -> str:
    n, month = many(letter), v.month(part.month)
    if all(site.availability is None for site in part.sites):
        return v("L9.not_measured", n, month=month)
    if not part.outages:
        gaps = any(site.unknown_seconds or site.availability is None for site in part.sites)
        return v("L9.observed" if gaps else "L9.quiet", n, month=month)
    if len(part.outages) == 1 and _everywhere(part.outages[0], part):
        outage = part.outages[0]
        days, long = v.days(outage.span), v.in_prose(outage.seconds)
        if part.report_ref and part.report_sent_at:
            sent = v.plain_day(part.report_sent_at)
            return v("L9.except_report", n, month=month, days=days, duration=long, report=sent)
        return v("L9.except", n, month=month, days=days, duration=long)
    longest = v.in_prose(max(site.down_seconds for site in part.sites))
    if n == 1:
        return v("L9.one_site", month=month, duration=longest)
    down = sum(site.down_seconds > 0 for site in part.sites)
    return v("L9.some", down, count=v.number(n), month=month, down=v.number(down), duration=longest)


def _site(site: SiteMonth, part: MonthlyStatement, v: Voice) -> tuple[str, ...]:
    none = v("L9.none")
    row = [
        site.host_name,
        v.duration(site.down_seconds) if site.down_seconds else none,
        v.duration(site.unknown_seconds) if site.unknown_seconds else none,
        v.percent(site.availability, part.own_target) if site.availability else v("L9.unmeasured"),
    ]
    return (*row, v(f"answer.{site.answer}")) if part.own_target else tuple(row)


def monthly(letter: ClientLetter, part: MonthlyStatement, v: Voice) -> Iterator[Block]:
    said = _in_a_sentence(letter, part, v)
    yield lead(said[0].upper() + said[1:])
    if part.report_ref and part.report_sent_at and (len(part.outages) != 1 or not _everywhere(part.outages[0], part)):
        day = v.plain_day(part.report_sent_at)
        yield Block("text", v("L9.report", day=day, ref=part.report_ref), ours=False)
    every = sites(part, v)
    if beyond(letter):
        yield text(v("listed.every", count=v.number(many(letter))))
        worst = sorted((site for site in part.sites if site.down_seconds), key=lambda site: -site.down_seconds)[:WORST]
        if len({site.down_seconds for site in part.sites}) > 1:
            yield table(v("L9.worst"), every.columns, every.widths, [_site(site, part, v) for site in worst])
    else:
        yield every
    if len(part.outages) > LISTED:
        longest = sorted(part.outages, key=lambda outage: -outage.seconds)[:WORST]
        longest.sort(key=lambda outage: outage.span.start_at)
        yield outages(part, longest, v("L9.longest", count=v.number(len(part.outages))), v)
    elif part.outages:
        yield outages(part, part.outages, v("L9.outages"), v)
    if part.windows:
        none = v("L9.none")
        rows = [
            (
                v.span(window.span),
                v.moment(window.told_at) if window.told_at else v("L9.not_told"),
                v(f"outcome.{window.outcome}"),
                none if window.down_seconds is None else v.duration(window.down_seconds),
            )
            for window in part.windows
        ]
        heads = (v("L9.window"), v("L9.told"), v("L9.happened"), v("L9.window_down"))
        yield table(v("L9.windows"), heads, (32, 24, 28, 16), rows)
    elif not part.outages and not part.open_points:
        yield Block("text", v("L9.no_windows"))
    if part.open_points:
        yield points(v("L9.open"), part.open_points, ours=False)
    yield facts(
        (v("L9.notices"), _notices(part, v)),
        (v("L9.next_work"), _next_work(part, v)),
        following(letter, v),
    )
    if letter.your_part:
        yield to_do(letter, v)


def sites(part: MonthlyStatement, v: Voice) -> Block:
    """Every site with its month."""
    columns = [v("L9.site"), v("L9.down"), v("L9.unknown"), v("L9.available")]
    widths = [40, 20, 20, 20]
    if part.own_target:
        columns.append(v("L9.target", percent=v.percent_text(part.own_target)))
        widths = [32, 18, 17, 16, 17]
    return table("", columns, widths, [_site(site, part, v) for site in part.sites])


def outages(part: MonthlyStatement, some: Sequence[MonthOutage], heading: str, v: Voice) -> Block:
    columns = (v("L9.when"), v("L9.how_long"), v("L9.which"), v("L9.how_announced"))
    return table(heading, columns, (38, 18, 28, 16), [_outage(outage, part, v) for outage in some])


def _outage(outage: MonthOutage, part: MonthlyStatement, v: Voice) -> tuple[str, ...]:
    which = v("L9.all_sites") if _everywhere(outage, part) else hosts(list(outage.host_names), v)
    return v.span(outage.span), v.duration(outage.seconds), which, v("L9.yes" if outage.announced else "L9.no")


def _notices(part: MonthlyStatement, v: Voice) -> str:
    if not part.notices:
        return v("L9.no_notices")
    sent = sorted(notice.sent_at for notice in part.notices)
    first, last = v.plain_day(sent[0]), v.plain_day(sent[-1])
    return v("L9.notices_sent", len(sent), days=first, first=first, last=last)


def _next_work(part: MonthlyStatement, v: Voice) -> str:
    if part.next_work is None:
        return v("L9.no_next_work")
    if part.next_work_text is None:
        return v.span(part.next_work)
    return v("L9.next_work_at", span=v.span(part.next_work), text=part.next_work_text)
