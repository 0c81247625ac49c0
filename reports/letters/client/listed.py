"""More sites than a page has room for: the letter says how many and how they stand, its annex lists every one."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from ...documents import ClientLetter, Compared, FinalReport, MonthlyStatement, PossibleLoss
from ..block import Block
from .voice import Voice

Standing = Literal["down", "not_current", "unknown", "up"]
LISTED = 12
"""Sites, or outages of a month, that a letter lists itself."""
WORST = 6
"""Of more than that: those it names all the same, because they were down longest."""
SHEET = "sites"
"""The anchor of the page the list begins on."""
ORDER: tuple[Standing, ...] = ("down", "not_current", "unknown", "up")
STATELESS = ("L1", "L2", "L3")
"""Letters about a date: how each site stands is none of their facts, so they name the sites alone."""
PAIRS = (34, 16, 34, 16)


def beyond(letter: ClientLetter) -> bool:
    """Whether the sites are more than the letter lists itself."""
    return len(letter.sites) > LISTED


def state_word(letter: ClientLetter, state: str, v: Voice) -> str:
    return v("L5.state_up") if (state, letter.body.letter) == ("up", "L5") else v(f"state.{state}")


def counted(letter: ClientLetter, v: Voice) -> Block:
    """How many sites, how they stand, and where each is listed."""
    count = v.number(len(letter.sites))
    if letter.body.letter in STATELESS:
        return Block("text", v("listed.names", count=count), ours=False)
    found = Counter(site.state for site in letter.sites)
    said = [f"{found[state]} {state_word(letter, state, v)}" for state in ORDER if found[state]]
    return Block("text", v("listed.states", count=count, states=", ".join(said)), ours=False)


def hosts(names: list[str], v: Voice) -> str:
    """The sites by name, or how many they are where that would fill the page."""
    return v.joined(names) if len(names) <= LISTED else v("listed.websites", count=v.number(len(names)))


def annex(letter: ClientLetter, v: Voice, older: Mapping[str, str], compared: Compared | None) -> Iterator[Block]:
    """A page of its own: every site as it stands at the letter's moment, whatever is amiss first."""
    at = letter.header.as_at
    yield Block("sheet", v("listed.annex"), ours=False, anchor=SHEET)
    note = v("listed.note", count=v.number(len(letter.sites)), moment=v.dated_moment(at), zone=v.zone_label(at))
    yield Block("text", note, ours=False)
    body = letter.body
    if isinstance(body, (FinalReport, MonthlyStatement)):  # their own table of sites says more
        return
    if body.letter in STATELESS:
        names = [(site.host_name,) for site in letter.sites]
        yield paired((v("listed.site"),), (50, 50), names)
        return
    rows = [
        (site.host_name, older.get(site.host_name) if site.state == "not_current" else None, site.state)
        for site in sorted(letter.sites, key=lambda site: ORDER.index(site.state))
    ]
    said = [(host, word or state_word(letter, state, v)) for host, word, state in rows]
    if compared is None or isinstance(body, PossibleLoss):
        yield paired((v("listed.site"), v("listed.state")), PAIRS, said)
        return
    found = {site.host_name: v(f"listed.found_{site.found}") for site in compared.sites}
    more = tuple((host, state, found.get(host, v("listed.found_not"))) for host, state in said)
    columns = (v("listed.site"), v("listed.state"), v("listed.found"))
    yield Block("table", "", more, columns, (44, 22, 34), ours=False)


def paired(columns: tuple[str, ...], widths: tuple[int, ...], entries: Sequence[tuple[str, ...]]) -> Block:
    """A table with two entries to a row."""
    empty = ("",) * len(columns)
    filled = [*entries, *([empty] if len(entries) % 2 else [])]
    rows = tuple((*one, *two) for one, two in zip(filled[::2], filled[1::2], strict=True))
    return Block("table", "", rows, columns * 2, widths, ours=False, pairs=True)
