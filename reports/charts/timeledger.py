"""Figure 1, the time ledger: what was promised and what was taken, on one linear scale."""

from collections.abc import Sequence

from markupsafe import Markup

from ..documents import Window, WindowTotals
from ..glyphs import width as text_width
from ..words import Words, brief, duration, times
from .ink import ACCENT, FULL, GREY, INK, PAPER, RULE, SOFT, box, figure, hatch, line, text

LEFT, RATIO = 118.0, 22.0
HATCH = "url(#ledger-open)"


def _taken(window: Window) -> tuple[int, bool]:
    """What the large figure rests on: the service's downtime, else the time the work took."""
    if window.down_seconds is not None:
        return window.down_seconds, window.down_open
    return window.work_seconds or 0, window.work_open


def _ratio(window: Window) -> str:
    """ "12.0×", "≥ 12.0×" while open, "–" for what did not take place: never 0×."""
    ratio = window.down_ratio or window.work_ratio
    return "–" if ratio is None else times(ratio, _taken(window)[1])


def _label(words: str, end: float, limit: float, y: float, fill: str, ground: str, bold: bool = False) -> list[Markup]:
    """Beside the bar where there is room, else inside its end: white on the accent, on a white patch on the hatch."""
    wide = text_width(words, 8, bold)
    if end + 5 + wide <= limit:
        return [text(end + 5, y, words, size=8, fill=fill, bold=bold)]
    inside = [text(end - 6, y, words, size=8, fill=PAPER if ground == ACCENT else INK, bold=bold, anchor="end")]
    return [box(end - 9 - wide, y - 8, wide + 6, 11, PAPER), *inside] if ground == HATCH else inside


def _row(window: Window, y: float, scale: float, limit: float, words: Words) -> list[Markup]:
    promised = window.promised_seconds * scale
    parts = [
        text(0, y + 9, f"Window {window.number}", size=8.5, bold=True),
        text(0, y + 19.5, words.span(window.promised, short=True), size=7.5, fill=SOFT),
        box(LEFT, y, promised, 10, GREY),
        *_label(f"promised {brief(window.promised_seconds)}", LEFT + promised, limit, y + 8, SOFT, GREY),
    ]
    if window.down_ratio is None and window.work_ratio is None:
        said = "did not take place" if window.carried_out == "no" else "nothing observed yet"
        parts.append(text(LEFT + 5, y + 24, said, size=8.5, italic=True))
        return [*parts, text(FULL, y + 22, "–", size=19, anchor="end")]
    taken, still = _taken(window)
    inside, end, more = min(taken, window.promised_seconds), LEFT + taken * scale, window.work_seconds or 0
    over, ground = taken > inside, GREY
    parts.append(box(LEFT, y + 13, inside * scale, 17, GREY))
    if over:
        ground = HATCH if still else ACCENT
        edge = ACCENT if still else "none"
        parts.append(box(LEFT + inside * scale, y + 13, (taken - inside) * scale, 17, ground, edge))
    label = f"taken {'≥ ' if still else ''}{duration(taken)}"
    if window.work_open and more > taken:
        far = LEFT + more * scale
        parts.append(box(end, y + 13, (more - taken) * scale, 17, HATCH, ACCENT, dash="2 1.5"))
        parts.append(text(far, y + 38.5, f"work open ≥ {duration(more)}", fill=SOFT, anchor="end"))
        parts += _label(label, end, end, y + 24.4, INK, ground, bold=True)
    elif over and not still and text_width(label, 8, True) + 12 < (taken - inside) * scale:
        parts += _label(label, end, end, y + 24.4, INK, ground, bold=True)
    else:
        parts += _label(label, end, limit, y + 24.4, INK, GREY if not over or (taken - inside) * scale < 90 else ground)
    parts.append(text(FULL, y + 22, _ratio(window), size=RATIO, bold=True, fill=ACCENT if over else INK, anchor="end"))
    if window.work_open and window.work_ratio is not None and window.work_ratio != window.down_ratio:
        parts.append(text(FULL, y + 34, f"work {times(window.work_ratio, True)}", fill=SOFT, anchor="end"))
    return parts


def sum_line(totals: WindowTotals, windows: Sequence[Window]) -> str:
    """ "Announced 3 × 2 h = 6 h; carried out 1; taken 24 h 00 min."."""
    lengths = {window.promised_seconds for window in windows}
    product = f"{totals.announced} × {brief(lengths.pop())} = " if len(lengths) == 1 and totals.announced > 1 else ""
    taken = ("≥ " if totals.taken_open else "") + duration(totals.taken_seconds)
    return f"Announced {product}{brief(totals.announced_seconds)}; carried out {totals.carried_out}; taken {taken}"


def time_ledger(
    windows: Sequence[Window], totals: WindowTotals, title: str, words: Words, roomy: bool = True
) -> Markup:
    """Bars promised (grey) and taken (grey to the promise, accent beyond); hatched while open; the multiple right."""
    longest = max(max(w.promised_seconds, w.down_seconds or 0, (w.work_seconds or 0) * w.work_open) for w in windows)
    limit = FULL - 12 - max(text_width(_ratio(w), RATIO, True) for w in windows)
    scale = (limit - LEFT) / longest
    foot, rows = 0.0, []
    for window in windows:
        rows += _row(window, foot, scale, limit, words)
        empty = window.down_ratio is None and window.work_ratio is None
        foot += 53.0 if roomy else 33.0 if empty else 46.0
    parts: list[Markup] = [line(LEFT, 0, LEFT, foot - 9, INK, 0.75), *rows]
    parts += [line(0, foot, FULL, foot, RULE), text(0, foot + 11.5, sum_line(totals, windows), size=8, bold=True)]
    return figure(FULL, foot + 14, title, parts, hatch("ledger-open", ACCENT))
