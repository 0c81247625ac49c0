"""L8: the full account, two pages: in short and in figures, then how it went and what follows."""

from collections.abc import Iterator

from ...charts.attempts import attempts as drawn
from ...documents import ClientLetter, FinalReport, ReportedAttempt
from ..block import Block
from .compared import all_equal, compared, copy_compared
from .listed import beyond, counted
from .pieces import facts, following, lead, many, points, provider, table, text, to_do
from .voice import Voice

WIDE = {"din5008b": 165.0, "uk": 160.0, "us": 165.0}
"""Width of the body in millimetres, for the drawing."""
FEW = 4
"""Sites that are listed on the first page; more of them stand on the second, which has the room."""


def _in_short(letter: ClientLetter, part: FinalReport, v: Voice) -> Iterator[str]:
    n = many(letter)
    missed = sum(attempt.took_place == "no" for attempt in part.attempts)
    if missed:
        said = v("L8.missed", missed)
        yield said[0].upper() + said[1:]
    for attempt in part.attempts:
        if attempt.took_place == "no":
            continue
        day, down = v.plain_day(attempt.promised.start_at), attempt.down_seconds or 0
        if not down:
            yield v("L8.no_down", day=day)
        else:
            key = "L8.took" if down > attempt.promised_seconds else "L8.within"
            yield v(key, n, day=day, duration=v.in_prose(down), announced=v.in_prose(attempt.promised_seconds))
    if part.outage is not None:
        since = v.moment(part.outage.start_at)
        yield v("L8.outage", n, duration=v.in_prose(part.down_seconds), moment=since)
    equal = all_equal(part.compared, {site.host_name for site in part.sites}) if part.data == "complete" else None
    yield v("compared.all_equal", copy=copy_compared(equal, v)) if equal else v(f"L8.data_{part.data}")


def _attempt(attempt: ReportedAttempt, v: Voice) -> tuple[str, ...]:
    none = v("L8.nothing")
    down = none if attempt.down_seconds is None else v.duration(attempt.down_seconds)
    ratio = v.times(attempt.down_ratio) if attempt.down_ratio else none
    return v.span(attempt.promised), v(f"outcome.{attempt.outcome}"), down, ratio


def _figures(letter: ClientLetter, part: FinalReport, v: Voice) -> Iterator[Block]:
    if part.attempts:
        columns = (v("L8.date"), v("L8.happened"), v("L8.down"), v("L8.ratio"))
        rows = [_attempt(attempt, v) for attempt in part.attempts]
        yield table(v("L8.attempts"), columns, (36, 28, 18, 18), rows)
        said = v("L8.figure", len(part.attempts))
        said = said[0].upper() + said[1:]
        labels = {name: v(f"L8.{name}") for name in ("did_not", "old_content")}
        drawing = drawn(
            part.attempts, WIDE[letter.layout] / 25.4 * 72, said, lambda at: v.short_moment(at), v.brief,
            lambda seconds: v("L8.beyond", brief=v.brief(seconds)), **labels,
        )  # fmt: skip
        yield Block("figure", said, drawing=drawing, ours=False)


def sites(part: FinalReport, v: Voice) -> Block:
    rows = []
    for site in part.sites:
        back = v.moment(site.back_at) if site.back_at else v("L8.not_back")
        back = back if site.down_seconds or site.back_at else v("L8.never_down")
        rows.append((site.host_name, v.duration(site.down_seconds), back, _data(part, site.data, {site.host_name}, v)))
    columns = (v("L8.site"), v("L8.down"), v("L8.back"), v("L8.data"))
    return table(v("L8.sites"), columns, (34, 20, 26, 20), rows)


def _data(part: FinalReport, data: str, hosts: set[str], v: Voice) -> str:
    """How the data of these sites stands; complete by an audit is equal to its copy."""
    equal = all_equal(part.compared, hosts) if data == "complete" else None
    return v("compared.cell", moment=v.moment(equal.copy_at)) if equal else v(f"data.{data}")


def final_report(letter: ClientLetter, part: FinalReport, v: Voice) -> Iterator[Block]:
    yield lead(v("L8.lead", about=part.about))
    yield text(" ".join(_in_short(letter, part, v)))
    if letter.apology:
        yield text(letter.apology)
    many_dates = len(part.attempts)
    in_all = v("L8.announced_in_all", many_dates, brief=v.brief(part.announced_seconds)) if many_dates else None
    yield facts(
        (v("L8.announced"), in_all) if in_all else None,
        (v("L8.taken"), v("L8.taken_in_all", duration=v.duration(part.down_seconds))),
        (v("L8.data"), _data(part, part.data, {site.host_name for site in part.sites}, v)),
        following(letter, v),
    )
    yield from _figures(letter, part, v)
    if many(letter) <= FEW:
        yield sites(part, v)
    if beyond(letter):
        yield counted(letter, v)
    yield Block("sheet", v("L8.account"), ours=False)
    yield table("", (), (30, 70), [(v.moment(line.at), line.text) for line in part.timeline])
    if many(letter) > FEW and not beyond(letter):
        yield sites(part, v)
    yield from compared(part.compared, v)
    yield points(v("L8.cause"), (_cause(part, v),), ours=False)
    yield points(v("L8.done"), part.done)
    if part.changes:
        changes = [
            (change.text, change.owner, v.plain_day(change.by) if change.by else v("L8.no_day"))
            for change in part.changes
        ]
        yield table(v("L8.changes"), (v("L8.change"), v("L8.owner"), v("L8.by")), (56, 24, 20), changes)
    if part.asked:
        name = provider(letter)
        heading = v("L8.asked_named", provider=name) if name else v("L8.asked")
        asked = [(ask.text, v(f"L8.state_{ask.state}")) for ask in part.asked]
        yield table(heading, (v("L8.ask"), v("L8.ask_state")), (72, 28), asked)
    if part.credit:
        said = v("L8.credit_line", amount=v.money(part.credit.amount), how=part.credit.how)
        yield points(v("L8.credit"), (said,), ours=False)
    if part.still_check:
        yield points(v("L8.still_check"), part.still_check)
    yield to_do(letter, v)
    if part.approved_by:
        yield Block("text", v("common.approved", name=part.approved_by), ours=False)


def _cause(part: FinalReport, v: Voice) -> str:
    if part.cause is None:
        return v("L8.cause_unknown")
    if part.cause_status == "confirmed":
        return v("L8.cause_confirmed", cause=part.cause)
    if part.cause_by:
        return v("L8.cause_stated", by=part.cause_by, cause=part.cause)
    return v("L8.cause_stated_alone", cause=part.cause)
