"""The comparison of an audit: generations of many sites against reading the same columns alone, in time and memory.

    python -m benchmarks audit-compare --quick      a tenth of it
    python -m benchmarks.audit_compare 1200000      so many entries in each of four generations

A hundredth of the files differs between two generations, one in a thousand is lost, old or cut.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import polars as pl

from app.integrity.agent import containers
from app.integrity.compare import reading
from app.integrity.compare.audit import Asked, Audit
from app.integrity.compare.clocks import Given, order
from app.integrity.format import read_generation
from benchmarks.frame import MB, Figure, apart, folder, number, stopwatch

ENTRIES = 6_000_000
SITE = 50_000  # entries of one site
NAMES = ("g0", "g1", "g2", "a")
SECOND = 10**9
DAY = 86_400 * SECOND
T0 = 1_750_000_000 * SECOND
TIMES = {"g0": T0 - 14 * DAY, "g1": T0 - 7 * DAY, "g2": T0 - 3600 * SECOND, "a": T0 + 2 * DAY}
SECONDS, MEMORY = 15, 300  # the goal for 6 million entries: wall time, and megabytes at the most


def measure(quick: bool) -> Iterator[Figure]:
    yield figure(ENTRIES // 10 if quick else ENTRIES)


def figure(entries: int) -> Figure:
    sites = max(entries // SITE, 1)
    with folder() as place:
        rows = build(place, sites)
        read = apart(reading_alone, str(place))
        run = apart(compared, str(place))
        seconds, busy, held, judged = run.value
        goal = max(SECONDS * rows / ENTRIES / 4, 1)
        failed = [f"took {number(seconds)} s, and should take {number(goal)}"] if seconds > goal else []
        failed += [f"held {number(held / MB)} MB, and should hold {MEMORY}"] if held > MEMORY * MB else []
        return Figure(
            name=f"four generations of {sites} sites, {rows:,} entries in all, {judged:,} not intact",
            ours=seconds, baseline=read.value, unit="s", against="reading the columns that are compared, and no more",
            ratio=seconds / read.value, target="<= 5",
            more=[f"{number(busy)} s of processor time (goal in time {number(goal)} s)",
                  f"held at the most {number(held / MB)} MB (goal {MEMORY})"],
            failed=failed,
        )  # fmt: skip


def build(place: Path, sites: int) -> int:
    """Four generations as the agent writes them. Gives the number of entries in all."""
    records: dict[str, list[dict[str, Any]]] = {name: [] for name in NAMES}
    for name in NAMES:
        (place / name / "sites").mkdir(parents=True)
    for site in range(sites):
        for name, columns in _states(f"site-{site:04d}"):
            file = f"sites/site-{site:04d}.parquet"
            containers.write(str(place / name / file), columns)
            record = _record(f"site-{site:04d}", file, place / name / file, len(columns["key"]), TIMES[name])
            records[name].append(record)
    for name in NAMES:
        (place / name / "manifest.json").write_text(json.dumps(_manifest(name, records[name])))
    return sum(record["entries"] for listed in records.values() for record in listed)


def _states(site: str) -> Iterator[tuple[str, dict[str, Any]]]:
    random = Random(site)
    top = [f"wp-content/uploads/{year}/{month:02d}/" for year in (2023, 2024) for month in range(1, 13)]
    paths = sorted(f"{random.choice(top)}picture-{item:06d}.jpg".encode() for item in range(SITE))
    keys = [int.from_bytes(hashlib.sha256(site.encode() + b"\0" + path).digest()[:8], "big") for path in paths]
    blob = random.randbytes(32 * SITE)
    digests: list[bytes | None] = [blob[at : at + 32] for at in range(0, 32 * SITE, 32)]
    dates = [TIMES["g0"] - random.randrange(1, 400) * DAY - random.randrange(DAY) for _ in paths]
    sizes = [random.randrange(200, 200_000) for _ in paths]
    earlier = digests
    for name in NAMES:
        gone: set[int] = set()
        if name != "g0":
            digests = list(digests)
            for row in random.sample(range(SITE), SITE // 100):
                digests[row] = random.randbytes(32)
                dates[row] = TIMES[name] - random.randrange(60, 3000) * SECOND
        if name == "a":
            for row in random.sample(range(SITE), SITE // 1000):
                digests[row] = earlier[row]
            gone = set(random.sample(range(SITE), SITE // 1000))
        columns = containers.empty()
        columns["path"] = list(paths)
        columns["digest"] = list(digests)
        columns["target"] = [None] * SITE
        for text, value in (("kind", "f"), ("owner", "web"), ("group", "web")):
            columns[text] = [value] * SITE
        for numeric, values in (("key", keys), ("mtime_ns", dates), ("ctime_ns", dates), ("size", sizes),
                                ("ino", range(SITE)), ("mode", [0o644] * SITE)):  # fmt: skip
            columns[numeric].extend(values)
        for numeric, value in (("uid", 33), ("gid", 33), ("nlink", 1), ("hlgroup", 0), ("xattr8", 0), ("tail0", 0),
                               ("flags", 0)):  # fmt: skip
            columns[numeric].extend([value] * SITE)
        yield name, containers.take(columns, (row for row in range(SITE) if row not in gone)) if gone else columns


def _record(site: str, file: str, path: Path, entries: int, at: int) -> dict[str, Any]:
    return {
        "name": site, "client": "c", "entries": entries, "bytes": 0, "root": "", "content_root": "", "unreadable": 0,
        "unstable": 0, "vanished": 0, "excluded": {"entries": 0}, "file": file, "delta": False, "started_ns": at,
        "ended_ns": at, "chunks": None, "unopened": None, "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }  # fmt: skip


def _manifest(name: str, sites: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "format": 1, "id": name, "label": "post" if name == "a" else "pre", "server": "new" if name == "a" else "old",
        "machine": name, "boot": "", "taken_at": {"start_ns": TIMES[name], "end_ns": TIMES[name], "claimed": True},
        "clock": {"offset_ns": 0, "uncertainty_ns": SECOND, "source": "given"}, "algorithm": "sha256",
        "excludes": {"patterns": [], "volatile": [], "volatile_version": 1, "digest": ""}, "sites": sites, "dbs": [],
        "server_root": name, "previous_root": None, "base": None,
    }  # fmt: skip


def _given(place: str) -> list[Given]:
    out = []
    for name in NAMES:
        generation = read_generation(Path(place) / name)
        out.append(Given(generation, generation.server, "after" if name == "a" else "pre", generation.clock))
    return out


def reading_alone(place: str) -> float:
    given = _given(place)
    with stopwatch() as passed:
        for item in given:
            names = reading.ENTRY if item in given[-2:] else reading.NAMELESS
            for site in item.generation.sites:
                reading.columns(item.generation, site.name, names)
    return passed[0]


def compared(place: str) -> tuple[float, float, int, int]:
    """Seconds, of them of processor time, bytes held at the most, and paths that are not intact: all sites, findings
    in full."""
    from benchmarks.frame import _peak

    judged, busy = 0, time.process_time()
    with stopwatch() as passed:
        for result in Audit(Asked(order(_given(place)), only_findings=True)).results():
            judged += result.lines(True).filter(pl.col("verdict") != "INTACT").height
    return passed[0], time.process_time() - busy, _peak(), judged


if __name__ == "__main__":
    for line in figure(int(sys.argv[1]) if len(sys.argv) > 1 else ENTRIES // 10).lines():
        print(line)
