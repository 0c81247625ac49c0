"""What several letters say in the same way: the sites, the next message, what the client has to do."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from ...documents import ClientLetter, Span
from ..block import Block
from .listed import beyond, counted
from .voice import Voice

STATE_WIDTHS = {4: (34, 16, 34, 16), 2: (50, 50)}


def many(letter: ClientLetter) -> int:
    return len(letter.sites)


def who(letter: ClientLetter, v: Voice, named: bool = True) -> str:
    """What the letter is about: a host name, or "your three websites"."""
    if many(letter) == 1 and named:
        return letter.sites[0].host_name
    return v("common.who", many(letter))


def provider(letter: ClientLetter) -> str | None:
    """The provider's name where it may be told."""
    return letter.provider_name if letter.name_provider else None


def text(said: str) -> Block:
    return Block("text", said)


def lead(said: str) -> Block:
    return Block("lead", said)


def points(heading: str, items: Sequence[str], ours: bool = True) -> Block:
    return Block("points", heading, tuple((item,) for item in items), ours=ours)


def facts(*rows: tuple[str, str] | None) -> Block:
    return Block("facts", rows=tuple(row for row in rows if row is not None), ours=False)


def table(heading: str, columns: Sequence[str], widths: Sequence[int], rows: Sequence[tuple[str, ...]]) -> Block:
    return Block("table", heading, tuple(rows), tuple(columns), tuple(widths), ours=False)


def concerned(letter: ClientLetter, v: Voice) -> Iterator[Block]:
    """Names the sites where the heading could not; of many how they stand, and that the annex names them."""
    if beyond(letter):
        yield counted(letter, v)
    elif many(letter) > 1:
        yield Block("text", v("common.concerned", hosts=", ".join(site.host_name for site in letter.sites)), ours=False)


def states(
    letter: ClientLetter, v: Voice, up: str = "state.up", older: Mapping[str, str] | None = None
) -> Iterator[Block]:
    """Each site with its state, two to a row. `older`: of sites that are not current, what is known better."""
    if many(letter) == 1:
        return
    if beyond(letter):
        yield counted(letter, v)
        return
    cells = [(site.host_name, v(up if site.state == "up" else f"state.{site.state}")) for site in letter.sites]
    known = {site.host_name: (older or {}).get(site.host_name) for site in letter.sites if site.state == "not_current"}
    cells = [(host, known.get(host) or said) for host, said in cells]
    rows: list[tuple[str, ...]] = list(cells)
    if len(cells) > 3:
        cells += [("", "")] * (len(cells) % 2)
        rows = [(*a, *b) for a, b in zip(cells[::2], cells[1::2], strict=True)]
    yield table("", (), STATE_WIDTHS[len(rows[0])], rows)


def following(letter: ClientLetter, v: Voice) -> tuple[str, str] | None:
    """When the client hears from us next."""
    when = v.moment(letter.next_contact_at) if letter.next_contact_at else ""
    said = ", ".join(filter(None, (when, letter.next_contact_words)))
    return (v("common.next"), said) if said else None


def to_do(letter: ClientLetter, v: Voice, heading: str = "common.to_do", first: str = "") -> Block:
    """What the client has to do; `first` is what the letter itself asks for."""
    asked = " ".join(filter(None, (first, letter.your_part)))
    return points(v(heading), (asked or v("common.nothing_to_do"),), ours=False)


def freeze(letter: ClientLetter, from_at: datetime | None, v: Voice, key: str = "L1.freeze") -> Block:
    """Before a window: stop editing in time, and what the letter asks besides."""
    return to_do(letter, v, first=v(key, many(letter), time=v.clock(from_at)) if from_at else "")


def announced(span: Span | None, v: Voice) -> tuple[str, str] | None:
    """The announced time with its length."""
    if span is None:
        return None
    said = v("common.announced_brief", span=v.span(span), brief=v.brief(span.seconds))
    return v("common.announced"), said


def down_count(letter: ClientLetter) -> int:
    return sum(site.state == "down" for site in letter.sites)
