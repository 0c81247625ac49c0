"""Figure 3: each day of the month; the filled height is the share of the day the service was down."""

from collections.abc import Sequence

from markupsafe import Markup

from ..documents import Day
from ..words import Words, clock
from .ink import ACCENT, INK, PALE, PAPER, RULE, SOFT, box, figure, hatch, text

WIDE, HIGH, GAP, TOP = 31.4, 25.0, 2.2, 11.0
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def _cell(day: Day, x: float, y: float) -> list[Markup]:
    number = str(day.day.day)
    if day.state == "not_reached":
        return [
            box(x, y, WIDE, HIGH, PAPER, RULE, 0.6, "1.5 1.5"),
            text(x + 3.5, y + 9, number, fill=SOFT),
            *([box(x, y, WIDE, HIGH, "none", INK, 1.3)] if day.announced else []),
        ]
    parts = [box(x, y, WIDE, HIGH, "url(#day-unseen)" if day.state == "no_data" else PALE)]
    filled = HIGH * day.down_seconds / day.length_seconds
    if day.unknown_seconds and day.state == "measured":
        parts.append(box(x, y, WIDE, HIGH * day.unknown_seconds / day.length_seconds, "url(#day-unseen)"))
    if day.down_seconds:
        parts.append(box(x, y + HIGH - filled, WIDE, filled, ACCENT))
    ink, on_accent_foot = PAPER if filled > HIGH - 8 else INK, filled > 9
    if day.state == "no_data":
        parts.append(box(x + 1.5, y + 1.5, 11, 9.5, PAPER))
    parts.append(text(x + 3.5, y + 9, number, fill=ink, bold=day.announced))
    if day.down_seconds:
        label = clock(day.down_seconds) if day.down_seconds >= 60 else f"{day.down_seconds} s"
        foot = y + HIGH - 3.2 if on_accent_foot else y + HIGH - max(filled, 0) - 2.4
        parts.append(text(x + WIDE - 3, foot, label, fill=PAPER if on_accent_foot else INK, anchor="end", bold=True))
    if day.announced:
        parts.append(box(x, y, WIDE, HIGH, "none", INK, 1.3))
    return parts


def calendar(days: Sequence[Day], title: str, words: Words) -> Markup:
    """Monday first (Sunday first in American English). Hatch = not observed; dotted = the day has not come yet."""
    shift = 1 if words.american else 0
    names = DAYS[-shift:] + DAYS[:-shift] if shift else DAYS
    first = (days[0].day.weekday() + shift) % 7
    rows = -(-(first + len(days)) // 7)
    width, height = 7 * (WIDE + GAP) - GAP, TOP + rows * (HIGH + GAP) - GAP
    parts = [
        text(index * (WIDE + GAP) + WIDE / 2, 7, name, size=7, fill=SOFT, anchor="middle")
        for index, name in enumerate(names)
    ]
    for index, day in enumerate(days):
        row, column = divmod(first + index, 7)
        parts += _cell(day, column * (WIDE + GAP), TOP + row * (HIGH + GAP))
    return figure(width, height, title, parts, hatch("day-unseen", SOFT))
