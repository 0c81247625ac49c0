"""The drawing language: "..###??.." is what was observed, one sign a minute.

`.` up   `#` down   `~` degraded   `?` nothing observed   (spaces and `|` are for the eye)
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from app.sla.case import Monitor, ObservedRun, State
from app.sla.timeline import runs_of

MINUTE = timedelta(minutes=1)
SIGNS = {".": State.UP, "#": State.DOWN, "~": State.DEGRADED, "?": None}


def observations(drawing: str, start: datetime, interval: timedelta = MINUTE) -> Iterator[tuple[datetime, State]]:
    """One observation for each sign but `?`, `interval` apart."""
    for index, sign in enumerate(drawing.replace(" ", "").replace("|", "")):
        state = SIGNS[sign]
        if state is not None:
            yield start + index * interval, state


def runs(drawing: str, start: datetime, interval: timedelta = MINUTE) -> tuple[ObservedRun, ...]:
    """The drawing as the runs a prober would have stored."""
    return tuple(runs_of(observations(drawing, start, interval), interval))


def monitor(
    drawing: str, start: datetime, *, id: str = "m1", name: str = "HTTP", confirm_after: int = 1,
    interval: timedelta = MINUTE, until: datetime | None = None,
) -> Monitor:  # fmt: skip
    """A monitor that saw the drawing."""
    return Monitor(id, name, interval, confirm_after, runs(drawing, start, interval), until)


def steady(*spells: tuple[datetime, datetime, State], interval: timedelta = MINUTE) -> tuple[ObservedRun, ...]:
    """Long spells without drawing them: observations every `interval` in each `[start, end)`."""
    out = []
    for start, end, state in spells:
        count = -(-(end - start) // interval)
        out.append(ObservedRun(state, start, start + (count - 1) * interval, count))
    return tuple(out)
