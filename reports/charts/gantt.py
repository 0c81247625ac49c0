"""Figure 2: every window from its announced start, so that the pattern shows."""

from collections.abc import Sequence
from datetime import datetime

from markupsafe import Markup

from ..documents import Stretch, Window
from ..glyphs import width as text_width
from ..words import Words, brief, duration
from .ink import ACCENT, FULL, GREY, INK, PAPER, RULE, SOFT, box, figure, hatch, line, text, ticks

LEFT, TOP = 118.0, 12.0


def _since(at: datetime, window: Window) -> int:
    return int((at - window.promised.start_at).total_seconds())


def _not_current(x: float, far: float, y: float) -> list[Markup]:
    """Reachable, with old content: a dashed outline."""
    parts = [box(x, y + 14, far - x, 15, PAPER, ACCENT, 0.9, "2.4 1.6")]
    for label in ("reachable, not current", "not current"):
        if text_width(label, 7.5) + 6 <= far - x:
            return [*parts, text((x + far) / 2, y + 24.2, label, fill=ACCENT, anchor="middle")]
    return parts


def _down(stretch: Stretch, window: Window, y: float, scale: float) -> list[Markup]:
    """Unavailable: grey within the announced time, accent beyond it, hatched while it lasts."""
    start, end = max(_since(stretch.start_at, window), 0), _since(stretch.end_at, window)
    x, far, promised = (LEFT + s * scale for s in (start, end, window.promised_seconds))
    parts = [box(x, y + 14, max(min(promised, far) - x, 0), 15, GREY)]
    if far <= promised:
        return parts
    begin = max(x, promised)
    fill = "url(#gantt-open)" if stretch.open else ACCENT
    parts.append(box(begin, y + 14, far - begin, 15, fill, ACCENT if stretch.open else "none"))
    beyond = end - max(start, window.promised_seconds)
    for label in (f"unavailable {duration(beyond)} beyond the announced end", f"{brief(beyond)} beyond"):
        wide = text_width(label, 7.5)
        if wide + 10 <= far - begin:
            if stretch.open:
                parts.append(box(begin + 3, y + 16, wide + 5, 11, PAPER))
            return [*parts, text(begin + 5, y + 24.2, label, fill=INK if stretch.open else PAPER)]
    return parts


def _stretch(stretch: Stretch, window: Window, y: float, scale: float) -> list[Markup]:
    if stretch.state == "down":
        return _down(stretch, window, y, scale)
    start, end = max(_since(stretch.start_at, window), 0), _since(stretch.end_at, window)
    return _not_current(LEFT + start * scale, LEFT + end * scale, y)


def gantt(windows: Sequence[Window], as_at: datetime, title: str, words: Words, roomy: bool = True) -> Markup:
    """Outline = announced; grey and accent = unavailable; dashed = reachable, not current; tick = the as-at time."""
    ends = [_since(s.end_at, w) for w in windows for s in w.stretches]
    longest = max([w.promised_seconds for w in windows] + ends)
    marks = ticks(longest)
    scale = (FULL - LEFT - 14) / marks[-1]
    tops = [TOP]
    for window in windows:
        tops.append(tops[-1] + (45.0 if roomy else 38.0 if window.stretches else 27.0))
    bottom = tops[-1]
    parts: list[Markup] = []
    for mark in marks:
        x = LEFT + mark * scale
        parts.append(line(x, TOP - 4, x, bottom, RULE if mark else INK, 0.5 if mark else 0.75))
        parts.append(text(x, bottom + 9, f"+{brief(mark) if mark else '0 h'}", size=7, fill=SOFT, anchor="middle"))
    for index, window in enumerate(windows):
        y = tops[index]
        promised = window.promised_seconds * scale
        parts += [
            text(0, y + 9, f"Window {window.number}", size=8.5, bold=True),
            text(0, y + 19.5, words.short_moment(window.promised.start_at), size=7.5, fill=SOFT),
            box(LEFT, y, promised, 11, PAPER, INK, 0.9),
        ]
        if window.carried_out == "no":
            said = "announced, did not take place"
            wide = text_width(said, 7.5) + 4
            if LEFT + promised + 3 + wide > FULL:
                parts.append(text(LEFT + 5, y + 8.4, said, italic=True))
            else:
                parts.append(box(LEFT + promised + 3, y + 1.5, wide, 9.5, PAPER))
                parts.append(text(LEFT + promised + 5, y + 8.6, said, italic=True))
        for stretch in window.stretches:
            parts += _stretch(stretch, window, y, scale)
        since = _since(as_at, window)
        if any(s.open for s in window.stretches) and since <= marks[-1]:
            x = LEFT + since * scale
            label = f"as at +{brief(since)}"
            fits = x + 4 + text_width(label, 7.5) < FULL
            parts += [
                line(x, y, x, y + 33, INK, 1.1),
                text(x + 4 if fits else x - 4, y + 6.5, label, anchor="start" if fits else "end"),
            ]
    return figure(FULL, bottom + 11, title, parts, hatch("gantt-open", ACCENT))
