"""Pens for the figures: escaped text, boxes, lines, hatches. Lengths are points; text is at least 7 points."""

from markupsafe import Markup, escape

INK, SOFT, RULE, GREY, PALE, ACCENT, PAPER = (
    "#14171c", "#565d69", "#c9cdd3", "#bcc2ca", "#eceef1", "#a3123a", "#ffffff",
)  # fmt: skip
FULL = 493.2
"""The width of the text block, 174 mm, in points: the same on A4 and on Letter."""


def n(value: float) -> str:
    """A coordinate with at most two decimals."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def text(
    x: float, y: float, words: str, *, size: float = 7.5, fill: str = INK, bold: bool = False, italic: bool = False,
    anchor: str = "start",
) -> Markup:  # fmt: skip
    """One line of text with its baseline at y."""
    style = (' font-weight="600"' if bold else "") + (' font-style="italic"' if italic else "")
    place = f' text-anchor="{anchor}"' if anchor != "start" else ""
    return Markup('<text x="{}" y="{}" font-size="{}" fill="{}"{}{}>{}</text>').format(
        n(x), n(y), n(size), fill, Markup(place), Markup(style), words
    )


def box(
    x: float, y: float, width: float, height: float, fill: str = "none", stroke: str = "none", line: float = 0.75,
    dash: str = "",
) -> Markup:  # fmt: skip
    """A rectangle; a stroked one is drawn inside its bounds, so that boxes align whatever their outline."""
    inset = line / 2 if stroke != "none" else 0
    outline = f' stroke="{stroke}" stroke-width="{n(line)}"' if stroke != "none" else ""
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return Markup('<rect x="{}" y="{}" width="{}" height="{}" fill="{}"{}{}/>').format(
        n(x + inset), n(y + inset), n(max(width - 2 * inset, 0)), n(max(height - 2 * inset, 0)), Markup(fill),
        Markup(outline), Markup(dashes),
    )  # fmt: skip


def line(x1: float, y1: float, x2: float, y2: float, stroke: str = RULE, width: float = 0.5, dash: str = "") -> Markup:
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return Markup('<line x1="{}" y1="{}" x2="{}" y2="{}" stroke="{}" stroke-width="{}"{}/>').format(
        n(x1), n(y1), n(x2), n(y2), stroke, n(width), Markup(dashes)
    )


def hatch(name: str, stroke: str, ground: str = PAPER) -> Markup:
    """A diagonal hatch, to be used as fill="url(#name)"; the name must be unique on the page."""
    return Markup(
        '<pattern id="{0}" width="4" height="4" patternUnits="userSpaceOnUse"><rect width="4" height="4" fill="{2}"/>'
        '<path d="M-1,1 l2,-2 M0,4 l4,-4 M3,5 l2,-2" stroke="{1}" stroke-width="0.8"/></pattern>'
    ).format(name, stroke, ground)


def figure(width: float, height: float, title: str, parts: list[Markup], defs: Markup | None = None) -> Markup:
    """The finished drawing: its size in points, its sentence as title."""
    shown = Markup("<defs>{}</defs>").format(defs) if defs else ""
    return Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {1}" width="{0}pt" height="{1}pt" role="img"'
        ' aria-label="{2}" font-family="Inter, DejaVu Sans, sans-serif"><title>{2}</title>{3}{4}</svg>'
    ).format(n(width), n(height), escape(title), shown, Markup("").join(parts))


def ticks(longest: int, most: int = 6) -> tuple[int, ...]:
    """Round tick marks in seconds from 0 to just beyond `longest`, at most `most` steps."""
    steps = (300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 345600, 604800, 1209600, 2592000)
    step = next((s for s in steps if longest <= s * most), steps[-1])
    return tuple(range(0, -(-longest // step) * step + 1, step)) or (0, step)
