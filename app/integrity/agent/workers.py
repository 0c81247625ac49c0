"""One process a site: workers that are told their jobs in lines of JSON and answer in such lines.

Plain pipes, so that it works where a server's shared memory is shut, from inside a zip, and with any way of starting.
"""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

from . import clock, onesite
from .containers import Damaged
from .earlier import Earlier
from .sites import Wrong

OFTEN = 500_000_000  # nanoseconds between two words of progress


def run(jobs: list[dict[str, Any]], count: int, say: Callable[[str], None]) -> Iterator[dict[str, Any]]:
    """Carries the jobs out, the largest folders as they come, and gives each record when it is there. Raises Wrong."""
    show = _Progress(len(jobs), say)
    if count <= 1:
        earlier: dict[str, Earlier] = {}
        for job in jobs:
            yield show.done(_carried_out(job, show.seen(job["site"]), earlier))
        return
    queue = list(reversed(jobs))
    started: list[subprocess.Popen[bytes]] = []
    with selectors.DefaultSelector() as waiting:
        try:
            for _ in range(min(count, len(jobs))):
                worker = subprocess.Popen(_command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0,
                                          env=_environment())  # fmt: skip
                started.append(worker)
                waiting.register(worker.stdout, selectors.EVENT_READ, [worker, b""])  # type: ignore[arg-type]
                _tell(worker, queue.pop())
            while waiting.get_map():
                for found, _ in waiting.select():
                    worker, begun = found.data
                    data = os.read(found.fd, 1 << 16)
                    if not data:
                        raise Wrong(f"a worker ended before its site was done (code {worker.wait()})")
                    *lines, found.data[1] = (begun + data).split(b"\n")
                    for line in lines:
                        said = json.loads(line)
                        if "wrong" in said:
                            raise Wrong(said["wrong"], said["field"])
                        if "record" not in said:
                            show.seen(said["site"])(said["entries"], said["bytes"])
                            continue
                        if queue:
                            _tell(worker, queue.pop())
                        else:
                            waiting.unregister(found.fileobj)
                            worker.stdin.close()
                        yield show.done(said["record"])
        finally:
            for worker in started:
                if worker.stdin is not None:
                    worker.stdin.close()
                if sys.exc_info()[0] is not None:
                    worker.kill()
                worker.wait()
                if worker.stdout is not None:
                    worker.stdout.close()


def _tell(worker: subprocess.Popen[bytes], job: dict[str, Any]) -> None:
    assert worker.stdin is not None
    worker.stdin.write(json.dumps(job).encode() + b"\n")


def _command() -> list[str]:
    """This same program as a worker: out of the same zip, or as a module."""
    flags = [
        flag
        for flag, given in (
            ("-I", sys.flags.isolated), ("-S", sys.flags.no_site), ("-s", sys.flags.no_user_site),
            ("-E", sys.flags.ignore_environment), ("-B", sys.flags.dont_write_bytecode),
        )
        if given
    ]  # fmt: skip
    archive = getattr(globals().get("__loader__"), "archive", None)
    return [sys.executable, *flags, *([archive] if archive else ["-m", __package__ or ""]), "worker"]


def _environment() -> dict[str, str]:
    """The search path goes along, so that a worker finds this package wherever the first process found it."""
    environment = dict(os.environ)
    if not sys.flags.ignore_environment:
        environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    return environment


def serve() -> int:
    """The worker's side: a job a line on standard input, until it ends."""
    earlier: dict[str, Earlier] = {}
    out = sys.stdout.buffer
    for line in sys.stdin.buffer:
        job = json.loads(line)

        def say(entries: int, size: int, site: str = job["site"]) -> None:
            _answer(out, {"site": site, "entries": entries, "bytes": size})

        try:
            _answer(out, {"record": _carried_out(job, _seldom(say), earlier)})
        except Wrong as error:
            _answer(out, {"wrong": error.reason, "field": error.field})
            return 2
        except KeyboardInterrupt:
            return 130
    return 0


def _carried_out(job: dict[str, Any], say: Any, earlier: dict[str, Earlier]) -> dict[str, Any]:
    try:
        return onesite.take(job, say, earlier)
    except (OSError, Damaged, MemoryError) as error:  # of our own files: a full disk, a base that goes away
        raise Wrong(f"the site {job['site']!r} cannot be written down: {error}") from None


def _answer(out: Any, value: dict[str, Any]) -> None:
    out.write(json.dumps(value).encode() + b"\n")
    out.flush()


def _seldom(say: Callable[[int, int], None]) -> Callable[[int, int], None]:
    last = [clock.now_ns()]

    def now_and_then(entries: int, size: int) -> None:
        now = clock.now_ns()
        if abs(now - last[0]) >= OFTEN:
            last[0] = now
            say(entries, size)

    return now_and_then


class _Progress:
    """What is said while it goes on: sites done, entries and bytes so far."""

    def __init__(self, sites: int, say: Callable[[str], None]) -> None:
        self.sites, self.say = sites, say
        self.finished, self.entries, self.bytes = 0, 0, 0
        self.running: dict[str, tuple[int, int]] = {}

    def seen(self, site: str) -> Callable[[int, int], None]:
        def more(entries: int, size: int) -> None:
            self.running[site] = (entries, size)
            entries = self.entries + sum(count for count, _ in self.running.values())
            size = self.bytes + sum(count for _, count in self.running.values())
            self.say(f"{self.finished} of {self.sites} sites, {entries} entries, {size / 1e6:.0f} MB read; at {site}")

        return _seldom(more)

    def done(self, record: dict[str, Any]) -> dict[str, Any]:
        self.running.pop(record["name"], None)
        self.finished += 1
        self.entries += record["entries"]
        self.bytes += record["read_bytes"]
        unread = "".join(f", {record[name]} {name}" for name in ("unreadable", "unstable") if record[name])
        lost = f", NOT OPENED: {record['unopened']}" if record["unopened"] else ""
        self.say(f"{self.finished} of {self.sites}: {record['name']}, {record['entries']} entries{unread}{lost}")
        return record
