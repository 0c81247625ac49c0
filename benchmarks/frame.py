"""What every measurement shares: fresh processes, repeated runs, one line of figures.

Only ratios inside one run say anything: the machine, its load and its disks differ from day to day. Each side is run
several times in turn and its best run counts, because noise only ever adds.
"""

from __future__ import annotations

import multiprocessing
import os
import platform
import resource
import sqlite3
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

MB = 1 << 20


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the answer. `ratio` is ours to the baseline's in `unit`; `target` is "<= 5" or ">= 0.5"."""

    name: str
    ours: float
    baseline: float
    unit: str
    against: str  # what the baseline is
    target: str
    ratio: float
    more: list[str] = field(default_factory=list)  # further facts: memory, sizes
    failed: list[str] = field(default_factory=list)  # further targets missed

    @property
    def met(self) -> bool:
        sign, bound = self.target.split()
        return (self.ratio <= float(bound) if sign == "<=" else self.ratio >= float(bound)) and not self.failed

    def lines(self) -> Iterator[str]:
        sign = {"<=": "≤", ">=": "≥"}[self.target.split()[0]]
        yield f"{self.name}"
        yield f"    ours       {number(self.ours)} {self.unit}"
        yield f"    baseline   {number(self.baseline)} {self.unit}   ({self.against})"
        yield (
            f"    ratio      {number(self.ratio)} ×   target {sign} {self.target.split()[1]} ×   "
            f"{'met' if self.met else 'MISSED'}"
        )
        for line in self.more:
            yield f"               {line}"
        for line in self.failed:
            yield f"               MISSED: {line}"


def number(value: float) -> str:
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


def machine() -> str:
    """What it ran on, in one line."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    load = os.getloadavg()[0]
    return (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GB, load {load:.1f}; "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    )


@dataclass(frozen=True, slots=True)
class Run:
    """One run in a process of its own: what it returned, by how much its memory grew at the most, and (where watched)
    the most that it and its children held together; in bytes."""

    value: Any
    growth: int
    together: int = 0


def apart(work: Callable[..., Any], *arguments: Any, watched: bool = False) -> Run:
    """Runs `work(*arguments)` in a fresh process. `work` may call `settled()` when its own preparation is over, so
    that memory is counted from there. Raises RuntimeError with its traceback where it fails."""
    context = multiprocessing.get_context("spawn")
    answers, sender = context.Pipe(duplex=False)
    process = context.Process(target=_apart, args=(sender, work, arguments))
    process.start()
    sender.close()
    together = 0
    while watched and not answers.poll(1):
        together = max(together, _held(process.pid))
    try:
        said, value, growth = answers.recv()
    except EOFError:
        said, value, growth = "failed", f"the process ended with code {process.exitcode}", 0
    process.join()
    if said == "failed":
        raise RuntimeError(value)
    return Run(value, growth, together)


def _held(pid: int | None) -> int:
    """What a process and its children hold; memory they share counts once."""
    held = 0
    with suppress(psutil.Error):
        top = psutil.Process(pid)
        for process in (top, *top.children(recursive=True)):
            with suppress(psutil.Error):
                held += process.memory_full_info().pss
    return held


_settled = 0


def settled() -> None:
    """Marks the end of preparation: the peak of memory so far is what growth is counted from."""
    global _settled
    _settled = _peak()


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _apart(sender: Any, work: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    try:
        value = work(*arguments)
        sender.send(("done", value, _peak() - _settled if _settled else 0))
    except BaseException:
        sender.send(("failed", traceback.format_exc(), 0))


@contextmanager
def stopwatch() -> Iterator[list[float]]:
    """Seconds of wall time, in the list once the block has ended."""
    passed: list[float] = []
    start = time.perf_counter()
    yield passed
    passed.append(time.perf_counter() - start)


def best(times: int, work: Callable[[], Any]) -> float:
    """The shortest of several runs, in seconds."""
    out = []
    for _ in range(times):
        with stopwatch() as passed:
            work()
        out.append(passed[0])
    return min(out)


@contextmanager
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="kept-bench-") as name:
        yield Path(name)


def say(text: str) -> None:
    print(text, flush=True)
    sys.stdout.flush()
