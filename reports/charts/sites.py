"""Figure 5: one square per site, always in the order of the site ids, so that two reports compare."""

from collections.abc import Sequence

from markupsafe import Markup

from ..documents import Site
from .ink import ACCENT, FULL, INK, PALE, PAPER, SOFT, box, figure, line, text


def _mark(state: str, x: float, y: float, side: float) -> list[Markup]:
    match state:
        case "current":
            return [box(x, y, side, side, PALE, SOFT, 0.5)]
        case "not_current":
            return [
                box(x, y, side, side, PAPER, ACCENT, 0.8),
                line(x + 0.6, y + side - 0.6, x + side - 0.6, y + 0.6, ACCENT, 1.2),
            ]
        case "down":
            return [box(x, y, side, side, ACCENT)]
        case _:
            inside = (
                text(x + side / 2, y + side / 2 + 2.6, "?", size=7.2, bold=True, anchor="middle")
                if side >= 8
                else box(x + side / 2 - 0.8, y + side / 2 - 0.8, 1.6, 1.6, INK)
            )
            return [box(x, y, side, side, PAPER, INK, 0.6), inside]


def site_mark(state: str, title: str) -> Markup:
    """One square for the legend."""
    return figure(9, 9, title, _mark(state, 0, 0, 9))


def site_grid(sites: Sequence[Site], title: str) -> Markup:
    """Pale = current; slashed = reachable with old content; solid = down; "?" = not checked."""
    columns = next((c for most, c in ((120, 40), (420, 60), (1200, 100)) if len(sites) <= most), 140)
    pitch = FULL / columns
    side = pitch * 0.86
    parts: list[Markup] = []
    for index, site in enumerate(sorted(sites, key=lambda s: s.site_id)):
        row, column = divmod(index, columns)
        parts += _mark(site.state, column * pitch, row * pitch, side)
    rows = -(-len(sites) // columns)
    return figure(FULL, rows * pitch - (pitch - side), title, parts)
