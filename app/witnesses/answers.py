"""What every other monitoring comes down to: its monitors, and each answer they had with its time.

A source names what it cannot use instead of guessing: states it calls maintenance are unknown, never up; what cannot
be read is counted and shown.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol
from urllib.parse import urlsplit

from app.probes.importing.fields import LONGEST_ERROR, SLOWEST_MS, micros
from app.sla.case import State

WORST = {State.DOWN: 3, State.DEGRADED: 2, State.UP: 1, State.UNKNOWN: 0}
_STAMP = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?\s?(Z|[+-]\d\d:?\d\d)?(?:\s.*)?", re.ASCII | re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Foreign:
    """A monitor of theirs. `address` is what it asks, as they wrote it; `why_not` is set where it cannot be used."""

    key: str
    name: str
    address: str = ""
    interval_seconds: int = 60
    confirm_after: int = 2
    why_not: str = ""

    @property
    def host(self) -> str:
        """The name of the machine it asks, in lower case; "" where it says none."""
        text = self.address.strip().lower()
        try:
            name = urlsplit(text if "//" in text else f"//{text}").hostname or ""
        except ValueError:
            return ""
        return name.rstrip(".")


@dataclass(frozen=True, slots=True)
class Answer:
    """One observation of theirs; `at` in microseconds since 1970, UTC."""

    at: int
    state: State
    latency_ms: int | None = None
    error: str = ""


@dataclass(slots=True)
class Unread:
    """What a source left out while it was read, by reason, with the first example of each."""

    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)

    def add(self, reason: str, example: object = "") -> None:
        self.counts[reason] += 1
        self.examples.setdefault(reason, str(example)[:80])

    def lines(self) -> list[str]:
        """One sentence for each reason."""
        return [
            f"{count} left out: {reason}" + (f" (the first: {self.examples[reason]})" if self.examples[reason] else "")
            for reason, count in self.counts.items()
        ]


class Source(Protocol):
    """One other monitoring, opened. `kind` and `name` say who saw it and where that was written."""

    kind: str
    name: str
    unread: Unread

    def monitors(self) -> list[Foreign]: ...

    def answers(self, monitor: Foreign, after: int | None) -> Iterator[Answer]:
        """In order of time, those later than `after` (microseconds) where it is given."""
        ...

    def close(self) -> None: ...


def stamp(text: str) -> int:
    """A time as these programs store it, to microseconds; without an offset it is UTC. Raises ValueError."""
    found = _STAMP.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text[:40]!r} is not a time")
    day, clock, parts, offset = found.groups()
    fraction = (parts or "0")[:6].ljust(6, "0")
    zone = "+00:00" if offset in (None, "Z", "z") else offset
    moment = datetime.fromisoformat(f"{day}T{clock}.{fraction}{zone}")
    return micros(moment.astimezone(UTC))


def latency(value: object, per_ms: int = 1) -> int | None:
    """Whole milliseconds, rounded down; None for what is no time a request can take."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        return None
    number = int(value // per_ms)
    return number if 0 <= number <= SLOWEST_MS else None


def one_line(text: object) -> str:
    """What a failure said, printable and short."""
    shown = "".join(
        " " if unicodedata.category(sign) in ("Cc", "Cs", "Cn", "Co", "Zl", "Zp") else sign for sign in str(text or "")
    )
    return " ".join(shown.split())[:LONGEST_ERROR]


def settled(answers: Iterable[Answer]) -> Iterator[Answer]:
    """Of several answers for one instant the worst known state; the rest as they come."""
    held: Answer | None = None
    for answer in answers:
        if held is not None and answer.at == held.at:
            held = max(held, answer, key=lambda one: WORST[one.state])
            continue
        if held is not None:
            yield held
        held = answer
    if held is not None:
        yield held
