"""Figure 3: each day of a month, or of a period as short; the filled height is the share of the day the service was
down."""

from collections.abc import Sequence

from markupsafe import Markup

from ..documents import Day
from ..words import Words, clock
from .ink import ACCENT, INK, PALE, PAPER, RULE, SOFT, box, figure, hatch, text

WIDE, GAP, TOP = 31.4, 2.2, 11.0
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def _cell(day: Day, x: float, y: float, high: float, words: Words, named: bool = False) -> list[Markup]:
    """`named`: the first of a month that begins within the period says which it is."""
    number = f"{day.day.day} {words.month(day.day, short=True)}" if named else str(day.day.day)
    if day.state == "not_reached":
        return [
            box(x, y, WIDE, high, PAPER, RULE, 0.6, "1.5 1.5"),
            text(x + 3.5, y + 9, number, fill=SOFT),
            *([box(x, y, WIDE, high, "none", INK, 1.3)] if day.announced else []),
        ]
    parts = [box(x, y, WIDE, high, "url(#day-unseen)" if day.state == "no_data" else PALE)]
    filled = high * day.down_seconds / day.length_seconds
    if day.unknown_seconds and day.state == "measured":
        parts.append(box(x, y, WIDE, high * day.unknown_seconds / day.length_seconds, "url(#day-unseen)"))
    if day.down_seconds:
        parts.append(box(x, y + high - filled, WIDE, filled, ACCENT))
    ink, on_accent_foot = PAPER if filled > high - 8 else INK, filled > 9
    if day.state == "no_data" or day.unknown_seconds:
        parts.append(box(x + 1.5, y + 1.5, 26 if named else 12, 9.5, PAPER))
    parts.append(text(x + 3.5, y + 9, number, fill=ink, bold=day.announced))
    if day.down_seconds:
        label = clock(day.down_seconds) if day.down_seconds >= 60 else f"{day.down_seconds} s"
        foot = y + high - 3.2 if on_accent_foot else y + high - max(filled, 0) - 2.4
        parts.append(text(x + WIDE - 3, foot, label, fill=PAPER if on_accent_foot else INK, anchor="end", bold=True))
    if day.announced:
        parts.append(box(x, y, WIDE, high, "none", INK, 1.3))
    return parts


def weeks_of(days: Sequence[Day], words: Words) -> int:
    """The rows of weeks these days take."""
    return -(-((days[0].day.weekday() + words.american) % 7 + len(days)) // 7)


def fits(days: Sequence[Day], words: Words) -> bool:
    """Whether the days can be drawn beside the months: a month's can, a quarter's cannot."""
    return bool(days) and weeks_of(days, words) <= 6


def height_of(days: Sequence[Day], words: Words, roomy: bool = True) -> float:
    """The height in points that `calendar` will take: the chart beside it may take as much."""
    return TOP + weeks_of(days, words) * ((34.0 if roomy else 30.0) + GAP) - GAP


def calendar(days: Sequence[Day], title: str, words: Words, roomy: bool = True) -> Markup:
    """Monday first (Sunday first in American English). Hatch = not observed; dotted = the day has not come yet."""
    high = 34.0 if roomy else 30.0
    shift = 1 if words.american else 0
    names = DAYS[-shift:] + DAYS[:-shift] if shift else DAYS
    first = (days[0].day.weekday() + shift) % 7
    width, height = 7 * (WIDE + GAP) - GAP, height_of(days, words, roomy)
    parts = [
        text(index * (WIDE + GAP) + WIDE / 2, 7, name, size=7, fill=SOFT, anchor="middle")
        for index, name in enumerate(names)
    ]
    for index, day in enumerate(days):
        row, column = divmod(first + index, 7)
        named = index > 0 and day.day.day == 1
        parts += _cell(day, column * (WIDE + GAP), TOP + row * (high + GAP), high, words, named)
    return figure(width, height, title, parts, hatch("day-unseen", SOFT))
