"""Figure 1, the time ledger: what was promised and what was taken, on one linear scale."""

from collections.abc import Sequence

from markupsafe import Markup

from ..documents import Window, WindowTotals
from ..glyphs import width as text_width
from ..words import Words, brief, duration, times
from .ink import ACCENT, FULL, GREY, INK, RULE, SOFT, box, figure, hatch, line, text

LEFT, RIGHT = 118.0, 70.0


def _taken(window: Window) -> tuple[int, bool]:
    """What the large figure rests on: the service's downtime, else the time the work took."""
    if window.down_seconds is not None:
        return window.down_seconds, window.down_open
    return window.work_seconds or 0, window.work_open


def _row(window: Window, y: float, scale: float, words: Words) -> list[Markup]:
    promised = window.promised_seconds * scale
    parts = [
        text(0, y + 9, f"Window {window.number}", size=8.5, bold=True),
        text(0, y + 19.5, words.span(window.promised, short=True), size=7.5, fill=SOFT),
        box(LEFT, y, promised, 10, GREY),
        text(LEFT + promised + 5, y + 8, f"promised {brief(window.promised_seconds)}", fill=SOFT),
    ]
    if window.carried_out == "no" or (window.down_ratio is None and window.work_ratio is None):
        said = "did not take place" if window.carried_out == "no" else "nothing observed yet"
        parts.append(text(LEFT + 5, y + 24, said, size=8.5, italic=True))
        parts.append(text(FULL, y + 22, "–", size=19, anchor="end"))
        return parts
    taken, still = _taken(window)
    inside = min(taken, window.promised_seconds)
    parts.append(box(LEFT, y + 13, inside * scale, 17, GREY))
    end = LEFT + taken * scale
    if taken > inside:
        fill = "url(#ledger-open)" if still else ACCENT
        edge = ACCENT if still else "none"
        parts.append(box(LEFT + inside * scale, y + 13, (taken - inside) * scale, 17, fill, edge))
    label = f"taken {'≥ ' if still else ''}{duration(taken)}"
    if text_width(label, 8, True) + 12 < (taken - inside) * scale and not still:
        parts.append(text(end - 6, y + 24.4, label, size=8, fill="#ffffff", bold=True, anchor="end"))
        after = ""
    else:
        after = label
    more = window.work_seconds or 0
    if window.work_open and more > taken:
        parts.append(box(end, y + 13, (more - taken) * scale, 17, "url(#ledger-open)", ACCENT, dash="2 1.5"))
        end = LEFT + more * scale
        after = ", ".join(filter(None, (after, f"work open ≥ {duration(more)}")))
        if text_width(after, 7.5) + 5 > FULL - RIGHT - end:
            parts.append(text(end, y + 38.5, after, fill=SOFT, anchor="end"))
            after = ""
    if after:
        parts.append(text(end + 5, y + 24.2, after, size=8 if after == label else 7.5))
    ratio = window.down_ratio or window.work_ratio
    if ratio is not None:
        parts.append(text(FULL, y + 22, times(ratio, still), size=22, bold=True, fill=ACCENT, anchor="end"))
    if window.work_open and window.work_ratio is not None and window.down_ratio is not None:
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
    scale = (FULL - LEFT - RIGHT) / longest
    pitch = 53.0 if roomy else 46.0
    parts: list[Markup] = [line(LEFT, 0, LEFT, len(windows) * pitch - 9, INK, 0.75)]
    for index, window in enumerate(windows):
        parts += _row(window, index * pitch, scale, words)
    foot = len(windows) * pitch
    parts += [line(0, foot, FULL, foot, RULE), text(0, foot + 11.5, sum_line(totals, windows), size=8, bold=True)]
    return figure(FULL, foot + 14, title, parts, hatch("ledger-open", ACCENT))
