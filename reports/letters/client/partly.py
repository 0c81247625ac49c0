"""L6: the server answers again, but not everything is there. Each site is told as it is, never all as one."""

from collections.abc import Iterator, Sequence

from ...documents import ClientLetter, FunctionState, PartlyDone
from ..block import Block
from .compared import compared, state_words
from .listed import beyond
from .pieces import facts, following, lead, many, states, table, text, to_do
from .voice import Voice


def heading(letter: ClientLetter, part: PartlyDone, v: Voice, name: str) -> str:
    """The subject: what is true of all the sites in the letter."""
    standing = {site.state for site in letter.sites}
    if standing == {"down"}:
        return v("L6.subject_down", name=name)
    if standing == {"unknown"}:
        return v("L6.subject_unknown", name=name)
    if standing == {"not_current"}:
        if part.copy_from_at:
            return v("L6.subject_content", name=name, weekday=v.weekday(part.copy_from_at))
        return v("L6.subject_incomplete", name=name)
    return v("L6.subject_part", name=name)


def _told(letter: ClientLetter, part: PartlyDone, v: Voice) -> Iterator[Block]:
    """The first sentences. A letter about sites in one state says it of all; a mixed one counts them."""
    standing = _standing(letter, part)
    n, old = many(letter), part.copy_from_at
    if set(standing) == {"not_current"}:
        whole = part.compared is None or all(site.found == "older" for site in part.compared.sites)
        yield lead(v("L6.old", n, moment=v.moment(old)) if old else v("L6.older" if whole else "L6.not_as_it_was", n))
    elif set(standing) == {"down"}:
        yield lead(v("L6.down", n))
    elif set(standing) == {"unknown"}:
        yield lead(v("L6.unknown", n))
    else:
        key = "L6.not_as_it_was" if set(standing) == {"not_current", "lacking"} else "L6.mixed"
        yield lead(v(key, n) if key == "L6.not_as_it_was" else v(key, count=v.number(n)))
        yield text(v("L6.of_them", parts=_counted(standing, part, v)))
    if "not_current" in standing and old:
        if set(standing) == {"not_current"}:
            yield text(v("L6.missing_since", n))
        else:
            yield text(v("L6.missing_since_some"))


def _standing(letter: ClientLetter, part: PartlyDone) -> list[str]:
    """How each site stands. Of several, one that lacks data does not show the content of an earlier moment alone."""
    lacking = {site.host_name for site in part.compared.sites if site.found == "lacking"} if part.compared else set()
    if part.copy_from_at is None or lacking >= {site.host_name for site in letter.sites}:
        return [site.state for site in letter.sites]
    return ["lacking" if site.state == "not_current" and site.host_name in lacking else site.state
            for site in letter.sites]  # fmt: skip


def _counted(standing: Sequence[str], part: PartlyDone, v: Voice) -> str:
    """ "one is up to date, one shows the content of Sat 28 June 21:58 and one cannot be reached"."""
    parts = []
    for state in ("up", "not_current", "lacking", "down", "unknown"):
        count = standing.count(state)
        if not count:
            continue
        if state != "not_current":
            parts.append(v(f"L6.part_{state}", count))
        elif part.copy_from_at:
            parts.append(v("L6.part_old", count, moment=v.moment(part.copy_from_at)))
        else:
            parts.append(v("L6.part_older" if part.compared is None else "L6.part_not_as_it_was", count))
    return v.joined(parts)


def _expected(row: FunctionState, v: Voice) -> str:
    return v.moment(row.expected_at) if row.expected_at else v("common.unknown")


def partly_done(letter: ClientLetter, part: PartlyDone, v: Voice) -> Iterator[Block]:
    yield from _told(letter, part, v)
    if beyond(letter):
        yield Block("text", v("listed.every", count=v.number(many(letter))), ours=False)
    else:
        yield from states(letter, v, older=state_words(part.compared, v))
    yield from compared(part.compared, v)
    back = v("L6.back_after", moment=v.moment(part.reachable_since), duration=v.duration(part.down_seconds))
    yield facts(
        (v("common.announced"), v.span(part.announced)) if part.announced else None,
        (v("L6.server_back"), back),
        (v("L6.editing"), v("L6.edit") if part.editing_allowed else v("L6.do_not_edit")),
        following(letter, v),
    )
    yield table(
        "",
        (v("L6.function"), v("L6.function_state"), v("L6.expected"), v("L6.until_then")),
        (25, 27, 24, 24),
        [(row.function, row.state, _expected(row, v), row.workaround or v("L6.none")) for row in part.functions],
    )
    if part.cause:
        yield text(v("L6.cause", cause=part.cause))
    yield to_do(letter, v)
