"""One site from walk to files: what a worker does for each, and the record that the manifest keeps of it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from typing import Any

from . import clock, containers, leaves, marks
from .earlier import Earlier, difference
from .excludes import Patterns
from .reading import Allowed, algorithm
from .rows import How, Walked
from .sites import file_name
from .walk import Unopened, walk

Say = Callable[[int, int], None]


def take(job: dict[str, Any], say: Say, earlier: dict[str, Earlier]) -> dict[str, Any]:
    """Reads the site of `job`, writes its files, then its record; and gives the record. `earlier` is kept between the
    jobs of one worker."""
    started = clock.now_ns()
    how = How(
        new_hash=algorithm(job["algorithm"]),
        patterns=Patterns(job["excludes"], job["volatile"]),
        allowed=Allowed(job["file_bytes"], job["file_seconds"], job["bytes_a_second"]),
        quiet_ns=job["quiet_ns"],
        start_ns=job["start_ns"],
        chunks_from=job["chunks_from"],
    )
    base, parts, below = None, None, None
    if job["base"]:
        below = earlier.setdefault(job["base"], Earlier(job["base"]))
        base = below.columns(job["site"])
        parts = below.chunks(job["site"])
    place = fs(job["folder"])
    trusted = base if base is not None and not job["full"] and _same_place(below, job, place) else None
    known = set(parts["key"]) if parts else set()
    try:
        walked = walk(job["site"], job["folder"], how, trusted, known, say)
        unopened = None
    except Unopened as error:
        walked = Walked(containers.empty(), containers.empty_chunks() if job["chunks_from"] is not None else None)
        unopened = str(error)
    record = write(job, walked, below, base, parts)
    record.update(
        started_ns=started, ended_ns=clock.now_ns(), fs=place, unopened=unopened, folder=containers.quoted(
            os.fsencode(job["folder"])
        )
    )  # fmt: skip
    save(os.path.join(job["out"], "unfinished", file_name(job["site"]) + ".json"), record)
    return record


def _same_place(below: Any, job: dict[str, Any], place: dict[str, Any]) -> bool:
    """Only on the same machine, file system and folder, and by the same algorithm, does a digest stand for a file."""
    was = below.manifest
    record = below.sites[job["site"]]
    return bool(
        was["machine"]
        and was["machine"] == job["machine"]
        and was["algorithm"] == job["algorithm"]
        and was["label"] != "import"
        and record["fs"]["id"] == place["id"]
        and record["folder"] == containers.quoted(os.fsencode(job["folder"]))
    )


def write(job: dict[str, Any], walked: Walked, below: Any, base: Any, parts: Any) -> dict[str, Any]:
    """The site's files, and what the manifest says of them."""
    columns, name = walked.columns, file_name(job["site"])
    full, content = leaves.site_leaves(columns)
    rows, delta = columns, False
    if base is not None and below is not None and below.depth < job["longest"] and not job["full"]:
        changed = difference(base, columns)
        if len(changed["key"]) * 2 <= len(columns["key"]) or not len(columns["key"]):
            rows, delta = changed, True
    file = f"sites/{name}{'.delta' if delta else ''}.{job['container']}"
    _into(job["out"], file, rows)
    chunks = None
    if walked.chunks is not None:
        mine = walked.chunks
        if parts is not None and not delta:
            mine = _with_kept(walked, parts)
        chunk_file = f"chunks/{name}{'.delta' if delta else ''}.{job['container']}"
        _into(job["out"], chunk_file, mine)
        chunks = {
            "file": chunk_file, "sha256": digest_of(os.path.join(job["out"], chunk_file)), "from": job["chunks_from"],
            "digest": "crc32",
        }  # fmt: skip
    flags = columns["flags"]
    judged = [row for row, flag in enumerate(flags) if not flag & marks.EXCLUDED]
    return {
        "name": job["site"],
        "client": job["client"],
        "entries": len(judged),
        "bytes": sum(columns["size"][row] for row in judged if columns["kind"][row] == "f"),
        "root": leaves.root(full).hex(),
        "content_root": leaves.root(content).hex(),
        "unreadable": sum(1 for row in judged if flags[row] & marks.UNREAD),
        "unread_digest": leaves.unread_digest(columns),
        "unstable": sum(1 for row in judged if flags[row] & marks.UNSTABLE),
        "vanished": walked.vanished,
        "reread": walked.reread,
        "reused": walked.reused,
        "read_bytes": walked.read_bytes,
        "excluded": {
            "entries": len(flags) - len(judged),
            "patterns": {text: {"entries": count[0], "bytes": count[1]} for text, count in walked.excluded.items()},
        },
        "granularity_ns": granularity(columns),
        "top": walked.top,
        "file": file,
        "sha256": digest_of(os.path.join(job["out"], file)),
        "delta": delta,
        "chunks": chunks,
    }


def _with_kept(walked: Walked, parts: dict[str, Any]) -> dict[str, Any]:
    """The parts that were read now, and those of the snapshot before for files whose digest was taken from there."""
    mine = walked.chunks
    assert mine is not None
    sizes = dict(zip(walked.columns["key"], walked.columns["size"]))
    have = set(mine["key"])
    kept = [
        row
        for row, key in enumerate(parts["key"])
        if key not in have and sizes.get(key) == parts["size"][row]
    ]  # fmt: skip
    whole = containers.take(parts, kept)
    for name, values in mine.items():
        whole[name].extend(values)
    keys = whole["key"]
    return containers.take(whole, sorted(range(len(keys)), key=keys.__getitem__))


def granularity(columns: dict[str, Any]) -> int:
    """How finely this file system tells time, as far as its files show: in nanoseconds."""
    for step in (1_000_000_000, 1_000_000, 1_000):
        if all(moment % step == 0 for moment in columns["ctime_ns"]):
            return step if len(columns["ctime_ns"]) else 1
    return 1


def fs(folder: str) -> dict[str, Any]:
    """The file system below a folder: its id, type and options."""
    try:
        found = os.statvfs(folder)
        device = os.stat(folder).st_dev
    except (OSError, ValueError):
        return {"id": "", "type": "", "options": ""}
    kind = options = ""
    mark = f"{os.major(device)}:{os.minor(device)}"
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as mounts:
            for line in mounts:
                fields, _, rest = line.partition(" - ")
                if fields.split()[2] == mark:
                    kind, options = rest.split()[0], fields.split()[5]
                    break
    except (OSError, IndexError):
        pass
    return {"id": f"{kind}:{getattr(found, 'f_fsid', 0):x}", "type": kind, "options": options}


def _into(folder: str, file: str, columns: dict[str, Any]) -> None:
    place = os.path.join(folder, file)
    inner, name = os.path.split(place)
    os.makedirs(inner, exist_ok=True)
    half = os.path.join(inner, ".half-" + name)  # the container is read off the end of the name
    containers.write(half, columns)
    os.replace(half, place)


def digest_of(file: str) -> str:
    whole = hashlib.sha256()
    with open(file, "rb") as stream:
        for block in iter(lambda: stream.read(1 << 20), b""):
            whole.update(block)
    return whole.hexdigest()


def save(file: str, value: Any) -> None:
    """Writes JSON so that it is there whole or not at all."""
    half = file + ".half"
    with open(half, "wb") as stream:
        stream.write(rendered(value))
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(half, file)


def rendered(value: Any) -> bytes:
    """JSON for a person to read, and one sequence of bytes for one value."""
    return (json.dumps(value, sort_keys=True, indent=1, allow_nan=False) + "\n").encode("ascii")
