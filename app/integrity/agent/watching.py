"""Snapshots at regular times until a moment, each one on the last: what is written while work runs shows in no other
copy."""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable

from .sites import Wrong

SHORTEST, LONGEST = 60, 31 * 86_400  # seconds between two; from now to the end


def every(text: str) -> int:
    """`30m`, `1h` as seconds. Raises Wrong."""
    unit = {"s": 1, "m": 60, "h": 3600, "d": 86_400}.get(text[-1:].lower(), 0)
    digits = text[:-1]
    if not unit or not digits.isascii() or not digits.isdigit() or len(digits) > 6:
        raise Wrong(f"{text!r} is no stretch of time", "--every", "1h")
    if int(digits) * unit < SHORTEST:
        raise Wrong("must be a minute or more: reading takes its time", "--every", "1h")
    return int(digits) * unit


def watch(
    take: Callable[[str, str | None], bool],
    folder: str,
    name: str,
    seconds: int,
    until: float,
    now: Callable[[], float],
    sleep: Callable[[float], None],
    say: Callable[[str], None],
    base: str | None = None,
) -> list[bool]:
    """Takes a snapshot at once and then every `seconds` until `until` (Unix time), below `folder`; gives of each
    whether all sites could be opened, which is what `take(out, base)` says of the one it takes.

    The newest finished one of this `name` is the base of the next; one that was broken off is taken up again. A time
    that passes while one is being taken is left out and said. Raises Wrong.
    """
    begun = now()
    if until <= begun:
        raise Wrong("has passed", "--until", _stamp(begun + 86_400, "%Y-%m-%dT%H:%M:%SZ"))
    if until - begun > LONGEST:
        raise Wrong("lies more than 31 days ahead", "--until", _stamp(begun + 86_400, "%Y-%m-%dT%H:%M:%SZ"))
    os.makedirs(folder, exist_ok=True)
    made = []
    due = begun
    while True:
        finished, broken = _there(folder, name)
        out = broken or os.path.join(folder, f"{_stamp(now(), '%Y%m%dT%H%M%SZ')}-{name}")
        made.append(take(out, finished or base))
        missed = 0
        while due <= now():
            due += seconds
            missed += 1
        if missed > 1:
            say(f"left out {missed - 1} that came while one was being taken")
        if due > until:
            return made
        say(f"next at {_stamp(due, '%H:%M:%S')} UTC, until {_stamp(until, '%Y-%m-%d %H:%M')}; Ctrl-C ends it")
        while now() < due:
            sleep(min(30.0, max(0.0, due - now())))


def _there(folder: str, name: str) -> tuple[str | None, str | None]:
    """The newest finished generation of this name, and one after it that was broken off."""
    found = sorted(entry for entry in os.listdir(folder) if entry.endswith("-" + name))
    finished = [entry for entry in found if os.path.exists(os.path.join(folder, entry, "manifest.json"))]
    broken = [entry for entry in found if entry not in finished and (not finished or entry > finished[-1])]
    return (
        os.path.join(folder, finished[-1]) if finished else None,
        os.path.join(folder, broken[-1]) if broken else None,
    )


def _stamp(at: float, form: str) -> str:
    return datetime.datetime.fromtimestamp(at, datetime.timezone.utc).strftime(form)
