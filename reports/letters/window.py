"""The three letter geometries, in millimetres from the page's edge, and the check that an address fits its window."""

from dataclasses import dataclass
from functools import cache

from babel import Locale

from ..documents import ClientLetter, Layout
from ..errors import RenderRefused
from ..glyphs import width
from .client import languages

POINTS_PER_MM = 72 / 25.4


@dataclass(frozen=True)
class Geometry:
    """Where the address stands and how it is set. `lines` is how many lines of `size` points the window holds."""

    left: float
    top: float
    wide: float
    size: float
    leading_mm: float
    lines: int


GEOMETRY: dict[Layout, Geometry] = {
    # DIN 5008 form B: field 20/45, 85 × 45; return line 5, notes 12.7, address 27.3 from 62.7 on
    "din5008b": Geometry(left=20, top=62.7, wide=80, size=9.5, leading_mm=4.3, lines=6),
    # C5/DL window as GOV.UK Notify prints it: 24.6/39.5, 85 × 26.7
    "uk": Geometry(left=24.6, top=39.5, wide=85, size=9.5, leading_mm=4.3, lines=6),
    # US #10 window: from 0.875/2.04 inch, 3.5 × 0.875 inch
    "us": Geometry(left=22.2, top=51.8, wide=88.9, size=9, leading_mm=3.7, lines=6),
}


@cache
def _countries() -> dict[str, str]:
    """Every country's name, in any language Kept writes, with its code."""
    tags = {*(tag.replace("-", "_") for tag in languages()), "en"}
    return {name.casefold(): code for tag in tags for code, name in Locale.parse(tag).territories.items()}


def address_lines(letter: ClientLetter) -> tuple[str, ...]:
    """Name, attention, address: as they stand in the window.

    DIN 5008: the country stands in capitals in the last line, and not at all where it is the sender's own.
    """
    who = letter.recipient
    lines = (who.name, *((who.attention,) if who.attention else ()), *who.address)
    if letter.layout != "din5008b" or len(who.address) < 2:
        return lines
    theirs, ours = (_countries().get(line.casefold()) for line in (lines[-1], letter.header.agency.address[-1]))
    if theirs is None:
        return lines
    return lines[:-1] if theirs == ours else (*lines[:-1], lines[-1].upper())


def _lines_taken(text: str, limit: float, size: float, field: str) -> int:
    """How many lines a text takes when it breaks at spaces only; a word wider than the window is refused."""
    taken, used = 1, 0.0
    for word in text.split():
        wide = width(word, size)
        if wide > limit:
            raise RenderRefused(field, f"{word[:30]!r}… is wider than the address window", "write it in shorter lines")
        if used and used + width(" ", size) + wide > limit:
            taken, used = taken + 1, wide
        else:
            used += (width(" ", size) if used else 0) + wide
    return taken


def check_address(letter: ClientLetter) -> None:
    """Refuse an address that would leave its window: the post could not read it."""
    check_fits(address_lines(letter), letter.layout, "recipient.address")


def check_fits(lines: tuple[str, ...], layout: Layout, field: str) -> None:
    """Refuse lines that do not fit the window of this layout."""
    room = GEOMETRY[layout]
    limit = room.wide * POINTS_PER_MM
    taken = sum(_lines_taken(line, limit, room.size, field) for line in lines)
    if taken > room.lines:
        raise RenderRefused(
            field, f"the address takes {taken} lines, the window holds {room.lines}",
            "name, person, street, town and country in at most 6 lines",
        )  # fmt: skip
