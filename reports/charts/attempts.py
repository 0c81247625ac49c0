"""The small figure of a final report: each announced time from its announced start, and what happened."""

from collections.abc import Callable, Sequence
from datetime import datetime

from markupsafe import Markup

from ..documents import ReportedAttempt
from ..glyphs import width as text_width
from .ink import ACCENT, GREY, INK, PAPER, RULE, SOFT, box, figure, hatch, line, text, ticks

LEFT, ROW, BAR = 104.0, 25.0, 11.0


def _since(at: datetime, attempt: ReportedAttempt) -> int:
    return int((at - attempt.promised.start_at).total_seconds())


def _row(
    attempt: ReportedAttempt, y: float, scale: float, full: float, beyond: Callable[[int], str], did_not: str,
    old_content: str,
) -> list[Markup]:  # fmt: skip
    promised = LEFT + attempt.promised_seconds * scale
    parts: list[Markup] = []
    for stretch in attempt.stretches:
        first, last = max(_since(stretch.start_at, attempt), 0), _since(stretch.end_at, attempt)
        x, far = LEFT + first * scale, LEFT + last * scale
        if stretch.state == "not_current":
            parts.append(box(x, y + 2, far - x, BAR, PAPER, ACCENT, 0.9, "2.4 1.6"))
            if text_width(old_content, 7.5) + 6 <= far - x:
                parts.append(text((x + far) / 2, y + 10.2, old_content, fill=ACCENT, anchor="middle"))
            continue
        if x < promised:
            parts.append(box(x, y + 2, min(far, promised) - x, BAR, GREY))
        if far > promised:
            begin = max(x, promised)
            fill = "url(#attempts-open)" if stretch.open else ACCENT
            parts.append(box(begin, y + 2, far - begin, BAR, fill, ACCENT if stretch.open else "none"))
            said = beyond(last - max(first, attempt.promised_seconds))
            wide = text_width(said, 7.5)
            if wide + 10 <= far - begin:
                if stretch.open:
                    parts.append(box(begin + 3, y + 3, wide + 5, BAR - 2, PAPER))
                parts.append(text(begin + 5, y + 10.2, said, fill=INK if stretch.open else PAPER))
    parts.append(box(LEFT, y, promised - LEFT, BAR + 4, "none", INK, 0.9))
    if attempt.took_place == "no":
        wide = text_width(did_not, 7.5) + 6
        if promised + 3 + wide <= full:
            parts += [box(promised + 3, y + 2, wide, BAR, PAPER), text(promised + 6, y + 10.2, did_not, italic=True)]
        else:
            parts.append(text(LEFT + 5, y + 10.2, did_not, italic=True))
    return parts


def attempts(
    shown: Sequence[ReportedAttempt], full: float, title: str, moment: Callable[[datetime], str],
    brief: Callable[[int], str], beyond: Callable[[int], str], *, did_not: str, old_content: str,
) -> Markup:  # fmt: skip
    """Outline = announced; grey and accent = unavailable; dashed = old content. `full` is the width in points."""
    longest = max([a.promised_seconds for a in shown] + [_since(s.end_at, a) for a in shown for s in a.stretches])
    marks = ticks(longest)
    scale = (full - LEFT - 14) / marks[-1]
    bottom = ROW * len(shown) + 2
    parts: list[Markup] = []
    for mark in marks:
        x = LEFT + mark * scale
        parts.append(line(x, 0, x, bottom, RULE if mark else INK, 0.5 if mark else 0.75))
        label = f"+{brief(mark)}" if mark else "0"
        parts.append(text(x, bottom + 8.5, label, size=7, fill=SOFT, anchor="middle"))
    for index, attempt in enumerate(shown):
        y = index * ROW + 4
        parts.append(text(0, y + 10, moment(attempt.promised.start_at), fill=INK))
        parts += _row(attempt, y, scale, full, beyond, did_not, old_content)
    return figure(full, bottom + 11, title, parts, hatch("attempts-open", ACCENT))
