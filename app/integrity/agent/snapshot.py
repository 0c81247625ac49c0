"""A snapshot of all sites: planned, carried out by workers, taken up again where it broke off, closed by one file."""

from __future__ import annotations

import fcntl
import json
import os
import sys
import uuid
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from . import VERSION, clock, containers, excludes, leaves, workers
from .earlier import LONGEST, Earlier
from .onesite import digest_of, save
from .packing import own_digest
from .reading import ALGORITHMS, algorithm
from .sites import Site, Wrong, file_name, unique

FORMAT = 1
LABELS = ("pre", "during", "post", "import", "test")
SERVERS = ("old", "new")
SECOND = 10**9


@dataclass
class Plan:
    """What is asked for. Everything in it stands in the manifest, and so below the root."""

    out: str
    sites: list[Site]
    label: str
    server: str
    base: str | None = None
    full: bool = False
    algorithm: str = "sha256"
    workers: int = 0  # 0: as many as the machine bears
    gentle: bool = False
    max_read: int = 0  # bytes a second, all workers together; 0: no limit
    chunks_from: int | None = None
    nonce: str = ""
    taken_at: int | None = None
    clock_offset: str | None = None
    excludes: list[str] = field(default_factory=list)
    volatile: bool = True
    quiet_ns: int = 2 * SECOND
    file_bytes: int = 64 << 30
    file_seconds: int = 3600
    container: str = ""  # parquet, ndjson.gz, or what there is


def checked(plan: Plan) -> Plan:
    """The plan with what was left open filled in. Raises Wrong."""
    if plan.label not in LABELS:
        raise Wrong(f"{plan.label!r} is none of {', '.join(LABELS)}", "--label", "pre")
    if plan.server not in SERVERS:
        raise Wrong(f"{plan.server!r} is none of {', '.join(SERVERS)}", "--server", "old")
    if plan.algorithm not in ALGORITHMS:
        raise Wrong(f"{plan.algorithm!r} is none of {', '.join(ALGORITHMS)}", "--hash", "sha256")
    if plan.taken_at is not None and plan.label not in ("import", "test"):
        raise Wrong("a time may only be claimed for what is imported, or for a test", "--taken-at", "--label import")
    if plan.nonce and (len(plan.nonce) > 128 or set(plan.nonce) - set("0123456789abcdef")):
        raise Wrong("must be lower-case hexadecimal digits", "--nonce", "9f86d081884c7d65")
    try:
        algorithm(plan.algorithm)
        excludes.Patterns(plan.excludes, [])
        if plan.clock_offset is not None:
            clock.given(plan.clock_offset)
    except ValueError as error:
        raise Wrong(str(error)) from None
    if plan.container not in ("", "parquet", "ndjson.gz"):
        raise Wrong(f"{plan.container!r} is neither parquet nor ndjson.gz", "--container", "ndjson.gz")
    if plan.container == "parquet" and not containers.have_parquet():
        raise Wrong("pyarrow is not installed here", "--container", "ndjson.gz")
    plan.container = plan.container or ("parquet" if containers.have_parquet() else "ndjson.gz")
    plan.sites = unique(plan.sites)
    plan.out = os.path.abspath(plan.out)
    plan.base = os.path.abspath(plan.base) if plan.base else None
    return plan


def snapshot(
    plan: Plan, say: Callable[[str], None], databases: Callable[[str], list[dict[str, Any]]] | None = None
) -> dict[str, Any]:
    """Takes the snapshot and gives its manifest. Raises Wrong; what was finished before an interruption is kept.

    `databases` is called with the generation's folder when the sites are done, and gives the records of databases: each
    with a `name`, and `files` (`file`, `sha256`) below db/.
    """
    plan = checked(plan)
    for site in plan.sites:
        if (plan.out + "/").startswith(os.path.realpath(site.folder) + "/"):
            raise Wrong(f"lies in the site {site.name!r}, which would hold its own snapshot", "--out", "gens/pre-old")
    if os.path.exists(os.path.join(plan.out, "manifest.json")):
        raise Wrong("holds a finished generation already", "--out", plan.out + "-2")
    base = Earlier(plan.base) if plan.base else None
    if base is not None:
        _fits(plan, base)
    unfinished = os.path.join(plan.out, "unfinished")
    try:
        os.makedirs(unfinished, exist_ok=True)
    except OSError as error:
        raise Wrong(f"cannot be made: {error.strerror}", "--out", "gens/pre-old") from None
    with _alone(unfinished):
        begun = _begun(plan, unfinished, base)
        if plan.gentle:
            clock.be_gentle()
        done = _done(plan, unfinished)
        if done:
            begun["resumed"] += 1
            save(os.path.join(unfinished, "begun.json"), begun)
            say(f"taken up again: {len(done)} of {len(plan.sites)} sites were finished before")
        jobs = [_job(plan, begun, site) for site in plan.sites if site.name not in done]
        for record in workers.run(jobs, _count(plan, len(jobs)), say):
            done[record["name"]] = record
        dbs = sorted(databases(plan.out), key=lambda record: record["name"]) if databases is not None else []
        manifest = _manifest(plan, begun, done, base, dbs)
        save(os.path.join(plan.out, "manifest.json"), manifest)
        for name in os.listdir(unfinished):
            os.unlink(os.path.join(unfinished, name))
    os.rmdir(unfinished)
    return manifest


def _fits(plan: Plan, base: Earlier) -> None:
    was = base.manifest
    if was["algorithm"] != plan.algorithm:
        raise Wrong(f"was read with {was['algorithm']}, and this with {plan.algorithm}: they cannot be compared",
                    "--base", f"--hash {was['algorithm']}")  # fmt: skip
    if was["server"] != plan.server:
        raise Wrong(f"is of the {was['server']} server, and this is of the {plan.server} one", "--base")
    if os.path.dirname(base.folder) != os.path.dirname(plan.out) and not plan.full:
        raise Wrong("must lie beside the new generation, or its deltas lose it", "--base",
                    os.path.join(os.path.dirname(plan.out), os.path.basename(base.folder)))  # fmt: skip


@contextmanager
def _alone(folder: str) -> Any:
    """One snapshot a folder; the lock ends with its process, however that ends."""
    with open(os.path.join(folder, "lock"), "wb") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Wrong("another snapshot is writing there", "--out", "gens/pre-old-2") from None
        yield


def _begun(plan: Plan, folder: str, base: Earlier | None) -> dict[str, Any]:
    """What was fixed when the snapshot was begun: read back where it broke off. Raises Wrong where the plan is another
    now."""
    machine, boot = clock.machine()
    asked = {
        "label": plan.label, "server": plan.server, "algorithm": plan.algorithm, "excludes": plan.excludes,
        "volatile": list(excludes.VOLATILE) if plan.volatile else [], "base": base.manifest["id"] if base else None,
        "full": plan.full, "chunks_from": plan.chunks_from, "nonce": plan.nonce, "taken_at": plan.taken_at,
        "quiet_ns": plan.quiet_ns, "file_bytes": plan.file_bytes, "file_seconds": plan.file_seconds,
        "container": plan.container, "machine": machine, "agent": own_digest(), "clock_offset": plan.clock_offset,
        "sites": [[site.name, site.client, containers.quoted(os.fsencode(site.folder))] for site in plan.sites],
    }  # fmt: skip
    file = os.path.join(folder, "begun.json")
    if os.path.exists(file):
        try:
            with open(file, "rb") as stream:
                begun: dict[str, Any] = json.loads(stream.read())
            differing = [name for name in asked if begun["asked"][name] != asked[name]]
        except (OSError, ValueError, KeyError, TypeError):
            raise Wrong("holds a snapshot that was begun and cannot be taken up again; remove it", "--out") from None
        if differing:
            what = ", ".join(differing)
            raise Wrong(f"holds a snapshot that was begun otherwise ({what}); take it up as it was begun, or remove it",
                        "--out", plan.out + "-2")  # fmt: skip
        return begun
    start = clock.now_ns()
    begun = {
        "asked": asked, "start_ns": start, "boot": boot, "resumed": 0,
        "id": f"{stamp(plan.taken_at or start)}-{plan.label}-{plan.server}-{uuid.uuid4().hex[:8]}",
    }  # fmt: skip
    save(file, begun)
    return begun


def stamp(ns: int) -> str:
    import datetime

    moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=ns // SECOND)  # noqa: DTZ001  UTC throughout
    return moment.strftime("%Y%m%dT%H%M%SZ")


def _done(plan: Plan, folder: str) -> dict[str, Any]:
    """Records of sites whose files are there as they were written."""
    done = {}
    for site in plan.sites:
        file = os.path.join(folder, file_name(site.name) + ".json")
        try:
            with open(file, "rb") as stream:
                record = json.loads(stream.read())
            parts = [record] + ([record["chunks"]] if record["chunks"] else [])
            if all(digest_of(os.path.join(plan.out, part["file"])) == part["sha256"] for part in parts):
                done[site.name] = record
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return done


def _count(plan: Plan, jobs: int) -> int:
    cores = os.cpu_count() or 1
    count = plan.workers or (1 if plan.gentle else min(8, 4 * cores))
    return max(1, min(count, jobs))


def _job(plan: Plan, begun: dict[str, Any], site: Site) -> dict[str, Any]:
    asked = begun["asked"]
    return {
        "out": plan.out, "site": site.name, "client": site.client, "folder": site.folder, "base": plan.base,
        "start_ns": begun["start_ns"], "longest": LONGEST,
        "bytes_a_second": plan.max_read // _count(plan, len(plan.sites)) if plan.max_read else 0,
        **{name: asked[name] for name in ("algorithm", "excludes", "volatile", "full", "chunks_from", "quiet_ns",
                                          "file_bytes", "file_seconds", "container", "machine")},
    }  # fmt: skip


def _manifest(
    plan: Plan, begun: dict[str, Any], done: dict[str, Any], base: Earlier | None, dbs: list[dict[str, Any]]
) -> dict[str, Any]:
    asked, end = begun["asked"], clock.now_ns()
    records = [done[site.name] for site in plan.sites]
    claimed = plan.taken_at is not None
    manifest = {
        "format": FORMAT,
        "id": begun["id"],
        "label": plan.label,
        "server": plan.server,
        "machine": asked["machine"],
        "boot": begun["boot"],
        "agent": {"version": VERSION, "sha256": asked["agent"], "python": ".".join(map(str, sys.version_info[:3]))},
        "taken_at": {
            "start_ns": plan.taken_at if claimed else begun["start_ns"],
            "end_ns": plan.taken_at if claimed else end,
            "claimed": claimed,
            "read_start_ns": begun["start_ns"],
            "read_end_ns": end,
        },
        "clock": clock.given(plan.clock_offset) if plan.clock_offset is not None else clock.state(),
        "algorithm": plan.algorithm,
        "excludes": excluded(plan.excludes, asked["volatile"]),
        "options": {name: asked[name] for name in ("quiet_ns", "file_bytes", "file_seconds", "chunks_from", "full")},
        "resumed": begun["resumed"],
        "nonce": plan.nonce,
        "sites": records,
        "dbs": dbs,
        "base": {"id": base.manifest["id"], "server_root": base.manifest["server_root"]}
        if base and any(record["delta"] for record in records)
        else None,
        "previous_root": base.manifest["server_root"] if base else None,
    }
    return closed(manifest)


def excluded(patterns: list[str], volatile: list[str]) -> dict[str, Any]:
    """What was left out, as the manifest says it."""
    version = excludes.VOLATILE_VERSION
    return {
        "patterns": patterns, "volatile": volatile, "volatile_version": version,
        "digest": leaves.patterns_digest(patterns, volatile, version),
    }  # fmt: skip


def closed(manifest: dict[str, Any]) -> dict[str, Any]:
    """The manifest with the number of its leaves and its server root."""
    manifest = {**manifest, "leaves": 1 + len(manifest["sites"]) + len(manifest["dbs"])}
    return {**manifest, "server_root": leaves.root(leaves.server_leaves(manifest)).hex()}
