"""Figure 4: minutes down in each of twelve months, on a linear axis, each month's minutes above its bar."""

from collections.abc import Sequence

from markupsafe import Markup

from ..documents import MonthBar
from ..words import Words, minutes
from .ink import ACCENT, GREY, INK, RULE, SOFT, box, figure, hatch, line, text

WIDE, TOP = 236.0, 12.0


def months(bars: Sequence[MonthBar], title: str, words: Words, height: float = 190.0) -> Markup:
    """Grey within the allowance, accent beyond; dashes = allowed; hatch = not observed; * = observed in part."""
    high = height - TOP - 22
    step = WIDE / len(bars)
    thick = step * 0.66
    highest = max([b.down_seconds or 0 for b in bars] + [b.allowed_seconds or 0 for b in bars] + [60])
    scale = high / highest
    floor = TOP + high
    parts: list[Markup] = []
    for index, bar in enumerate(bars):
        x = index * step + (step - thick) / 2
        middle = x + thick / 2
        if bar.down_seconds is None:
            parts.append(box(x, TOP, thick, high, "url(#month-unseen)"))
        else:
            over = bar.allowed_seconds is not None and bar.down_seconds > bar.allowed_seconds
            top = floor - bar.down_seconds * scale
            parts.append(box(x, top, thick, floor - top, ACCENT if over else GREY))
            label_y = top - 3.5
            allowed = None if bar.allowed_seconds is None else floor - bar.allowed_seconds * scale
            if allowed is not None and not over and label_y - 6 < allowed:
                label_y = min(label_y, allowed - 3)
            label = minutes(bar.down_seconds) + ("*" if bar.incomplete else "")
            parts.append(text(middle, label_y, label, size=7, bold=over, anchor="middle"))
        if bar.allowed_seconds is not None:
            y = floor - bar.allowed_seconds * scale
            parts.append(line(index * step, y, (index + 1) * step, y, INK, 0.8, "2 1.5"))
        parts.append(text(middle, floor + 9, words.month(bar.month, short=True), size=7, anchor="middle"))
        if index == 0 or bar.month.month == 1:
            parts.append(text(middle, floor + 18, str(bar.month.year), size=7, fill=SOFT, anchor="middle"))
    parts.append(line(0, floor, WIDE, floor, INK, 0.75))
    parts.append(line(0, floor + 22, WIDE, floor + 22, RULE, 0.01))
    return figure(WIDE, floor + 20, title, parts, hatch("month-unseen", GREY))
