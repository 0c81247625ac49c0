"""L5: reachable, working and current, each of them checked."""

from collections.abc import Iterator

from ...documents import ClientLetter, Completed
from ..block import Block
from .pieces import announced, concerned, facts, following, lead, many, points, table, text, to_do
from .voice import Voice


def completed(letter: ClientLetter, part: Completed, v: Voice) -> Iterator[Block]:
    n = many(letter)
    since = v.moment(part.back_since)
    yield lead(v("L5.lead", n, since=since))
    newest = part.current_to_at
    yield text(v("L5.current_to", moment=v.moment(newest)) if newest else v("L5.current"))
    yield from concerned(letter, v)
    down = v.duration(part.down_seconds)
    if part.down_ratio is not None:
        down = v("L5.times", duration=down, times=v.times(part.down_ratio))
    yield facts(
        announced(part.announced, v),
        (v("L5.back_since"), since),
        (v("L5.unavailable"), down),
        (v("L5.kept_until"), v.plain_day(part.kept_until)) if part.kept_until else None,
        following(letter, v),
    )
    yield table(
        "",
        (v("L5.tried"), v("L5.result"), v("L5.when")),
        (36, 38, 26),
        [(check.what, check.result, v.moment(check.at)) for check in part.checks],
    )
    if part.not_checked:
        yield points(v("L5.not_checked"), part.not_checked)
    if part.look_at:
        yield points(v("L5.look_at"), part.look_at)
    yield to_do(letter, v, first=v("L5.tell_by", day=v.plain_day(part.tell_by)) if part.tell_by else "")
