"""Snapshots of a generated tree against the limits of the machine: `cat` of the same bytes, `find` of the same paths.

Whole processes are timed, from the start of the interpreter to the last file; the tree lies in the page cache for both
sides. hashdeep and AIDE are measured where they are installed.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

from benchmarks.frame import MB, Figure, folder, say

SITES = 16
CHANGED = 3  # per cent between two snapshots


def measure(quick: bool) -> Iterator[Figure]:
    files, rounds = (4_000, 1) if quick else (80_000, 3)
    with folder() as place:
        www = place / "www"
        size = grow(www, files)
        say(f"  {files} files in {SITES} sites, {size / MB:.0f} MB")
        time.sleep(2.1)  # what is younger than two seconds is read twice
        yield from full(place, www, files, rounds)
        yield from incremental(place, www, files, rounds)
        yield from peers(www, place)
    with folder() as place:
        yield memory(place, 5_000 if quick else 50_000)


def grow(www: Path, files: int) -> int:
    """Sizes as on web servers: half below 6 kB, one in a hundred above 200 kB."""
    lot, total = Random(1), 0
    block = lot.randbytes(4 * MB)
    for number in range(files):
        inside = www / f"c{number % SITES:02d}" / f"site{number % SITES:02d}.example" / f"d{number // SITES % 50}"
        if number < SITES * 50:
            inside.mkdir(parents=True, exist_ok=True)
        size = min(int(lot.lognormvariate(8.68, 1.55)), 4 * MB)
        start = lot.randrange(4 * MB - size + 1)
        (inside / f"file-{number}.php").write_bytes(number.to_bytes(8, "big") + block[start : start + size])
        total += size + 8
    return total


def snapshot(out: Path, www: Path, *more: str) -> list[str]:
    shutil.rmtree(out, ignore_errors=True)
    command = [sys.executable, "-m", "app.integrity.agent", "snapshot", "--label", "pre", "--server", "old"]
    return [*command, "--workers", "2", "--tree", str(www), "--out", str(out), *more]


def spent(command: list[str] | str) -> tuple[float, float, int]:
    """Wall seconds, processor seconds and the most memory of one process, of a command and its children."""
    start = time.perf_counter()
    process = subprocess.Popen(command, shell=isinstance(command, str), stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)  # fmt: skip
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command} ended with code {process.returncode}")
    return wall, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024


def least(rounds: int, ours: Callable[[], list[str]], theirs: str) -> tuple[tuple[float, float], tuple[float, float]]:
    """Both sides in turn; the best wall time and the least processor time of each."""
    pairs = [(spent(ours()), spent(theirs)) for _ in range(rounds)]
    mine, other = ([pair[side] for pair in pairs] for side in (0, 1))
    return (min(one[0] for one in mine), min(one[1] for one in mine)), (
        min(one[0] for one in other),
        min(one[1] for one in other),
    )


def full(place: Path, www: Path, files: int, rounds: int) -> Iterator[Figure]:
    cat = f"find {www} -type f -print0 | xargs -0 -P2 -n 500 cat"
    spent(cat)
    ours, theirs = least(rounds, lambda: snapshot(place / "g0", www), cat)
    written = sum(file.stat().st_size for file in (place / "g0").rglob("*") if file.is_file())
    entries = sum(site["entries"] for site in json.loads((place / "g0" / "manifest.json").read_text())["sites"])
    processor = f"processor: {ours[1]:.2f} s against {theirs[1]:.2f} s, {ours[1] / theirs[1]:.2f} ×"
    yield Figure("a full snapshot, SHA-256, Parquet and roots, two processes", ours[0], theirs[0], "s",
                 "xargs -P2 cat of the same files", "<= 2.0", ours[0] / theirs[0], [processor])  # fmt: skip
    yield Figure("what a generation takes on disk", written / entries, 32, "bytes an entry", "its SHA-256 alone",
                 "<= 1.72", written / entries / 32)  # fmt: skip


def incremental(place: Path, www: Path, files: int, rounds: int) -> Iterator[Figure]:
    spent(snapshot(place / "g0", www))
    step = 100 // CHANGED
    for number in range(0, files, step):
        inside = www / f"c{number % SITES:02d}" / f"site{number % SITES:02d}.example" / f"d{number // SITES % 50}"
        (inside / f"file-{number}.php").write_bytes(b"changed %d" % number)
    time.sleep(2.1)
    find = f"find {www} -printf '%P %s %T@ %C@ %i %m %u %g %n\\n'"
    ours, theirs = least(rounds, lambda: snapshot(place / "g1", www, "--base", str(place / "g0")), find)
    entries = sum(site["entries"] for site in json.loads((place / "g1" / "manifest.json").read_text())["sites"])
    written = sum(file.stat().st_size for file in (place / "g1" / "sites").iterdir())
    spent(snapshot(place / "g2", www))
    roots = [[site["root"] for site in json.loads((place / name / "manifest.json").read_text())["sites"]]
             for name in ("g1", "g2")]  # fmt: skip
    failed = [] if roots[0] == roots[1] else ["its roots are not those of the full snapshot"]
    yield Figure(f"an incremental snapshot, {CHANGED} % changed, two processes", ours[0], theirs[0], "s",
                 "find -printf of the same paths", "<= 3.0", ours[0] / theirs[0],
                 [f"processor: {ours[1]:.2f} s against {theirs[1]:.2f} s", f"{written / entries:.1f} bytes an entry, "
                  f"of which {written / SITES / 1000:.1f} kB a site"], failed)  # fmt: skip


def peers(www: Path, place: Path) -> Iterator[Figure]:
    """Only where they are installed."""
    commands = {}
    if shutil.which("hashdeep"):
        commands["hashdeep"] = f"hashdeep -r -c sha256 {www}"
    if shutil.which("aide"):
        config = place / "aide.conf"
        config.write_text(f"database_out=file:{place}/aide.db\n{www} p+i+n+u+g+s+m+c+sha256\n")
        commands["AIDE"] = f"aide --config {config} --init"
    if not commands:
        say("  neither hashdeep nor AIDE is installed here: not compared with them")
    for name, command in commands.items():
        ours, theirs = least(1, lambda: snapshot(place / "g9", www), command)
        yield Figure(f"processor time against {name}", ours[1], theirs[1], "s", f"{name} of the same files", "<= 0.25",
                     ours[1] / theirs[1])  # fmt: skip


def memory(place: Path, entries: int) -> Figure:
    """One site of so many small files, read by one process; then the same incrementally."""
    site = place / "www" / "c" / "large.example"
    for number in range(entries):
        if number % 500 == 0:
            (site / f"d{number // 500}").mkdir(parents=True)
        (site / f"d{number // 500}" / f"file-{number}.txt").write_bytes(b"%d" % number)
    time.sleep(2.1)
    first = spent([*snapshot(place / "g0", place / "www"), "--workers", "1"])[2]
    again = spent([*snapshot(place / "g1", place / "www", "--base", str(place / "g0")), "--workers", "1"])[2]
    worst = max(first, again)
    more = [f"{first / MB:.0f} MB full, {again / MB:.0f} MB incremental"]
    return Figure(f"memory of a worker at a site of {entries} entries", worst / MB, 150, "MB", "the limit set for it",
                  "<= 1.0", worst / MB / 150, more)  # fmt: skip
