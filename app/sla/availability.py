"""Availability arithmetic on plain data: the same sweep the judge uses, for worked examples of any origin.

    availability({"period": {"start": 0, "end": 60}, "segments": [[0, 45, "up"], [45, 60, "down"]]})
    -> {"seconds": {"up": 45, "down": 15}, "availability_percent": {"ignore_downtime": 75.0, …}}

Times are seconds on an abstract axis (numbers) or ISO 8601 (text; UTC unless it carries an offset or the case names
a `timezone`). Arithmetic is exact; only the answer is rounded, to 10 decimals, half up, once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

from app.sla.case import State
from app.sla.periods import PeriodError, first_instant
from app.sla.sweep import WORST_KNOWN, Segment, Stretch, sweep, totals

EXAMPLE = '{"period": {"start": 1000, "end": 2000}, "segments": [[1000, 1900, "up"], [1900, 2000, "down"]]}'
KEYS = {"period", "segments", "excluded_windows", "service_windows", "events", "initial_state", "timezone"}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ExampleError(ValueError):
    """A case that cannot be read: names the field and shows what is right."""

    def __init__(self, field: str, problem: str, example: str = EXAMPLE) -> None:
        super().__init__(f"{field}: {problem}; for example {example}")
        self.field = field


def availability(case: Mapping[str, Any]) -> dict[str, Any]:
    """Seconds per state (only those above zero) and the five readings in percent. Raises `ExampleError`."""
    if not isinstance(case, Mapping):
        raise ExampleError("case", f"must be an object, not {type(case).__name__}")
    for key in case:
        if key not in KEYS:
            raise ExampleError(str(key), "is not a field of a case")
    zone = case.get("timezone", "UTC")
    period = _period(case, zone)
    segments = [_segment(row, f"segments[{i}]", zone) for i, row in enumerate(_rows(case, "segments"))]
    segments += _from_events(case, period, zone)
    excluded = [_stretch(row, f"excluded_windows[{i}]", zone) for i, row in enumerate(_rows(case, "excluded_windows"))]
    service = None
    if case.get("service_windows") is not None:
        rows = enumerate(_rows(case, "service_windows"))
        service = [_stretch(row, f"service_windows[{i}]", zone) for i, row in rows]
    seconds = totals(sweep(period, segments, excluded, service), Fraction(0))
    readings = {name: _percent(up, down) for name, (up, down) in policies(seconds).items()}
    return {
        "seconds": {name: _number(seconds[name]) for name in sorted(seconds)},
        "availability_percent": readings,
    }


def policies(seconds: Mapping[str, Fraction]) -> dict[str, tuple[Fraction, Fraction]]:
    """For each reading the time it holds good and the time it holds bad. Degraded counts as up."""

    def time(*names: str) -> Fraction:
        return sum((seconds.get(name, Fraction(0)) for name in names), Fraction(0))

    up, up_excluded = time("up", "degraded"), time("up_excluded", "degraded_excluded")
    down, down_excluded = time("down"), time("down_excluded")
    unknown, unknown_excluded = time("unknown"), time("unknown_excluded")
    return {
        "ignore_downtime": (up + up_excluded, down + down_excluded),
        "forgive": (up + up_excluded + down_excluded, down),
        "exclude": (up, down),
        "forgive_unknown_as_up": (up + up_excluded + down_excluded + unknown + unknown_excluded, down),
        "exclude_unknown_as_down": (up, down + unknown),
    }


def _percent(good: Fraction, bad: Fraction) -> float | None:
    if good + bad == 0:
        return None
    share = 100 * good / (good + bad)
    scaled = (share.numerator * 10**10 * 2 + share.denominator) // (share.denominator * 2)  # half up, exactly
    return float(Decimal(scaled).scaleb(-10))


def _number(seconds: Fraction) -> int | float:
    """As a JSON number: whole seconds stay whole."""
    if seconds.denominator == 1:
        return seconds.numerator
    rounded = (Decimal(seconds.numerator) / Decimal(seconds.denominator)).quantize(Decimal("1e-12"), ROUND_HALF_UP)
    return float(rounded)


def _period(case: Mapping[str, Any], zone: Any) -> Stretch:
    period = case.get("period")
    if not isinstance(period, Mapping) or "start" not in period or "end" not in period:
        raise ExampleError("period", "is missing its start or its end")
    start, end = _time(period["start"], "period.start", zone), _time(period["end"], "period.end", zone)
    if end <= start:
        raise ExampleError("period", "must end after it starts")
    return start, end


def _rows(case: Mapping[str, Any], field: str) -> Sequence[Any]:
    rows = case.get(field)
    if rows is None:
        return ()
    if isinstance(rows, str | bytes) or not isinstance(rows, Sequence):
        raise ExampleError(field, "must be a list")
    return rows


def _fields(row: Any, field: str, names: tuple[str, ...], example: str) -> tuple[Any, ...]:
    """A row as a list in order, or as an object by name."""
    if isinstance(row, Mapping) and set(row) == set(names):
        return tuple(row[name] for name in names)
    if isinstance(row, Sequence) and not isinstance(row, str | bytes) and len(row) == len(names):
        return tuple(row)
    raise ExampleError(field, f"must be {', '.join(names)}", example)


def _stretch(row: Any, field: str, zone: Any) -> Stretch:
    start, end = _fields(row, field, ("start", "end"), "[1200, 1300]")
    a, b = _time(start, f"{field}.start", zone), _time(end, f"{field}.end", zone)
    if b < a:
        raise ExampleError(field, "ends before it starts", "[1200, 1300]")
    return a, b


def _segment(row: Any, field: str, zone: Any) -> Segment:
    start, end, state = _fields(row, field, ("start", "end", "state"), '[1000, 1900, "up"]')
    a, b = _stretch([start, end], field, zone)
    return a, b, _state(state, f"{field}.state")


def _from_events(case: Mapping[str, Any], period: Stretch, zone: Any) -> list[Segment]:
    """Each event holds until the next. The latest at or before the start wins over `initial_state`; of several at
    one instant the worst known state wins, so the order of the rows does not matter."""
    at: dict[Fraction, State] = {}
    for i, row in enumerate(_rows(case, "events")):
        field = f"events[{i}]"
        when, state = _event(row, field, zone)
        at[when] = min((at.get(when, state), state), key=WORST_KNOWN.index)
    initial = case.get("initial_state")
    if initial is not None:
        state = _state(initial, "initial_state")
        if not any(when <= period[0] for when in at):
            at[period[0]] = state
    ordered = sorted(at)
    ends = [*ordered[1:], max([period[1], *ordered])]
    return [(when, end, at[when]) for when, end in zip(ordered, ends, strict=True)] if ordered else []


def _event(row: Any, field: str, zone: Any) -> tuple[Fraction, State]:
    example = '[1100, "down"]'
    if isinstance(row, Mapping):
        names = [name for name in ("at", "t", "time") if name in row]
        if len(names) != 1 or set(row) != {names[0], "state"}:
            raise ExampleError(field, "must be at, state", '{"at": 1100, "state": "down"}')
        row = [row[names[0]], row["state"]]
    when, state = _fields(row, field, ("at", "state"), example)
    return _time(when, f"{field}.at", zone), _state(state, f"{field}.state")


def _state(value: Any, field: str) -> State:
    if not isinstance(value, str) or value not in {state.value for state in State}:
        raise ExampleError(field, f"{value!r} is not a state", '"up", "degraded", "down" or "unknown"')
    return State(value)


def _time(value: Any, field: str, zone: Any) -> Fraction:
    """Seconds, exactly: numbers as they are written, text as ISO 8601."""
    example = '1000 or "2025-06-28T20:00:00Z"'
    if isinstance(value, int | Fraction) and not isinstance(value, bool):
        return Fraction(value)
    if isinstance(value, float | Decimal):
        written = Decimal(repr(value)) if isinstance(value, float) else value
        if written.is_finite():
            return Fraction(written)
    if isinstance(value, str):
        try:
            instant = datetime.fromisoformat(value)
            if instant.tzinfo is None:
                instant = first_instant(instant, zone)
            passed = instant.astimezone(UTC) - EPOCH
        except PeriodError as error:
            raise ExampleError("timezone", f"{zone!r} is not a time zone", '"Europe/Berlin"') from error
        except (ValueError, OverflowError) as error:
            raise ExampleError(field, f"{value!r} is not a time", example) from error
        return Fraction(passed.days * 86_400 + passed.seconds) + Fraction(passed.microseconds, 1_000_000)
    raise ExampleError(field, f"{value!r} is not a time", example)
