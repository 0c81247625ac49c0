"""The picture as SVG, drawn here: one ink and one accent, told apart by fill, hatch and outline, so that a grey copy
reads the same; its title is the sentence it shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, time, timedelta

from markupsafe import Markup

from app.probes.charts.picture import Bucket, Picture
from app.sla.case import State
from app.sla.periods import first_instant, zone_of
from app.sla.spans import Span
from reports.charts.ink import ACCENT, GREY, INK, PALE, PAPER, RULE, SOFT, box, figure, hatch, line, n, text

WIDE, EDGE, LEFT, RIGHT, TOP, HIGH = 648.0, 8.0, 54.0, 12.0, 48.0, 150.0
STRIP = 18.0
MINUTES = (5, 10, 15, 30, 60, 120, 180, 360, 720)
DAYS = (1, 2, 7, 14, 28, 56)
FILLS = {State.UP: PALE, State.DEGRADED: GREY, State.DOWN: ACCENT, State.UNKNOWN: "url(#unseen)"}
SAID = {State.UP: "up", State.DEGRADED: "degraded", State.DOWN: "down", State.UNKNOWN: "unknown"}
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_Place = Callable[[datetime], float]


def drawn(picture: Picture) -> str:
    """The whole SVG."""
    span, floor = picture.span, TOP + HIGH
    scale = (WIDE - LEFT - RIGHT) / (span.length / timedelta(seconds=1))

    def x(at: datetime) -> float:
        return LEFT + (min(max(at, span.start), span.end) - span.start).total_seconds() * scale

    highest = _nice(max([bucket.p95_ms for bucket in picture.buckets], default=0))
    parts = [
        text(EDGE, 17, picture.name[:80], size=10, bold=True),
        text(EDGE, 29, f"{_when(span.start, picture.zone)} to {_when(span.end, picture.zone)}, {picture.zone}",
             size=7.5, fill=SOFT),
    ]  # fmt: skip
    parts += _levels(highest)
    parts += _hours(span, picture.zone, x, floor + 8 + STRIP)
    parts += _curve(picture.buckets, x, floor, HIGH / highest)
    parts += _gaps(picture, x)
    strip = floor + 8
    for start, end, state in picture.states:
        least = 0.6 if state is State.DOWN else 0.0  # a short outage is never too thin to be seen
        parts.append(box(x(start), strip, max(x(end) - x(start), least), STRIP, FILLS[state]))
    parts.append(box(LEFT, strip, WIDE - LEFT - RIGHT, STRIP, "none", INK, 0.75))
    parts.append(text(LEFT - 5, strip + 11.5, "state", size=7, fill=SOFT, anchor="end"))
    for window in picture.windows:
        left, right = x(window.span.start), x(window.span.end)
        parts.append(box(left, TOP - 4, max(right - left, 1.5), HIGH + STRIP + 14, "none", INK, 1.1, "3 2"))
        anchor = "end" if left > WIDE * 0.75 else "start"
        parts.append(text(right if anchor == "end" else left, TOP - 7, window.label, size=7, anchor=anchor))
    parts += _legend(picture, strip + STRIP + 26)
    return str(figure(WIDE, strip + STRIP + 36, picture.sentence, parts, hatch("unseen", SOFT)))


def _gaps(picture: Picture, x: _Place) -> list[Markup]:
    """Where nobody looked, hatched over the whole height: no line is drawn across it."""
    return [
        box(x(start), TOP, x(end) - x(start), HIGH, "url(#unseen)")
        for start, end, state in picture.states
        if state is State.UNKNOWN
    ]


def _levels(highest: int) -> list[Markup]:
    parts = []
    for place in range(5):
        y = TOP + HIGH - HIGH * place / 4
        value = highest * place / 4
        label = f"{value:g} ms" if highest < 4000 else f"{value / 1000:g} s"
        parts.append(line(LEFT, y, WIDE - RIGHT, y, INK if place == 0 else RULE, 0.75 if place == 0 else 0.5))
        parts.append(text(LEFT - 5, y + 2.5, label, size=7, fill=SOFT, anchor="end"))
    return parts


def _nice(highest: int) -> int:
    """The top of the axis: four times a round number, so that its quarters are round."""
    power = 1
    while True:
        for round_ in (1, 2, 3, 4, 5, 6, 8):
            if 4 * round_ * power >= highest:
                return 4 * round_ * power
        power *= 10


def _curve(buckets: Sequence[Bucket], x: _Place, floor: float, scale: float) -> Iterator[Markup]:
    """Half of the answers as a line, 95 % as a dashed one, the space between them pale; broken where none came."""
    for group in _together(buckets):
        ends = [(x(one.span.start), x(one.span.end), one) for one in group]
        low = [(left, right, floor - one.p50_ms * scale) for left, right, one in ends]
        high = [(left, right, floor - one.p95_ms * scale) for left, right, one in ends]
        area = [*_steps(high), *reversed(_steps(low))]
        yield Markup('<path d="M{} Z" fill="{}" fill-opacity="0.75"/>').format(_path(area), GREY)
        yield Markup('<path d="M{}" fill="none" stroke="{}" stroke-width="0.8" stroke-dasharray="2.4 1.6"/>').format(
            _path(_steps(high)), INK
        )
        yield Markup('<path d="M{}" fill="none" stroke="{}" stroke-width="1.3"/>').format(_path(_steps(low)), INK)


def _together(buckets: Sequence[Bucket]) -> list[list[Bucket]]:
    out: list[list[Bucket]] = []
    for bucket in buckets:
        if out and out[-1][-1].span.end == bucket.span.start:
            out[-1].append(bucket)
        else:
            out.append([bucket])
    return out


def _steps(levels: Sequence[tuple[float, float, float]]) -> list[tuple[float, float]]:
    return [point for left, right, y in levels for point in ((left, y), (right, y))]


def _path(points: Sequence[tuple[float, float]]) -> str:
    return " L".join(f"{n(px)},{n(py)}" for px, py in points)


def _hours(span: Span, zone: str, x: _Place, y: float) -> list[Markup]:
    """Marks at round hours, or days, by the clock of the zone."""
    parts = []
    free = LEFT - 40
    for at, label, day in _marks(span, zone):
        place = x(at)
        parts.append(line(place, TOP, place, y, SOFT if day else RULE, 0.6 if day else 0.4))
        if place - free >= 34 and place <= WIDE - RIGHT - 8:
            parts.append(text(place, y + 9, label, size=7, fill=INK if day else SOFT, bold=day, anchor="middle"))
            free = place
    return parts


def _marks(span: Span, zone: str) -> Iterator[tuple[datetime, str, bool]]:
    first, last = (at.astimezone(zone_of(zone)).date() for at in (span.start, span.end))
    minutes = span.length // timedelta(minutes=1)
    step = next((one for one in MINUTES if minutes <= one * 12), None)
    every = 1 if step is not None else next((one for one in DAYS if minutes <= one * 1440 * 14), DAYS[-1])
    day = first
    while day <= last:
        for minute in range(0, 1440, step or 1440):
            at = first_instant(datetime.combine(day, time(minute // 60, minute % 60)), zone)
            if span.start <= at <= span.end:
                midnight = minute == 0
                label = f"{day.day} {MONTHS[day.month - 1]}" if midnight else f"{minute // 60:02d}:{minute % 60:02d}"
                yield at, label, midnight
        day += timedelta(days=every)


def _legend(picture: Picture, y: float) -> list[Markup]:
    parts: list[Markup] = []
    at = LEFT
    for state in (State.UP, State.DEGRADED, State.DOWN, State.UNKNOWN):
        parts += [box(at, y - 6, 12, 7, FILLS[state], INK, 0.5), text(at + 15, y, SAID[state], size=7)]
        at += 15 + 6 + 4.2 * len(SAID[state])
    parts += [line(at + 8, y - 2.5, at + 24, y - 2.5, INK, 1.3), text(at + 27, y, "half of the answers", size=7)]
    at += 27 + 74
    parts += [
        line(at + 8, y - 2.5, at + 24, y - 2.5, INK, 0.8, "2.4 1.6"), text(at + 27, y, "95 % of them", size=7)
    ]  # fmt: skip
    at += 27 + 56
    if picture.windows:
        parts += [box(at + 8, y - 7, 16, 9, PAPER, INK, 1.1, "3 2"), text(at + 27, y, "announced window", size=7)]
    return parts


def _when(at: datetime, zone: str) -> str:
    local = at.astimezone(UTC).astimezone(zone_of(zone))
    return f"{local.day} {MONTHS[local.month - 1]} {local:%Y %H:%M}"
