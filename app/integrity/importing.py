"""Older backups as generations: a folder, a tar, the listings of restic and borg. Nothing of them is unpacked.

    tar     any tar that Python reads; contents are hashed
    restic  lines of JSON: the snapshot (`restic cat snapshot ID`), then its trees (`restic cat tree ID`), which name
            the SHA-256 of every file stored in one piece; or `restic ls --json`, which names no content at all
    borg    `borg list --json-lines --format '{sha256}{uid}{gid}' REPO::ARCHIVE`

A file whose content the backup does not tell is taken in as not examined, never as equal to anything.
"""

from __future__ import annotations

import bz2
import gzip
import hashlib
import json
import lzma
import os
import re
import stat
import tarfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from app.errors import BadInput
from app.integrity.agent import clock, containers, excludes, leaves, marks, onesite, packing, snapshot
from app.integrity.agent.reading import Allowed, algorithm
from app.integrity.agent.rows import How, Rows
from app.integrity.agent.sites import Site

KINDS = ("dir", "tar", "restic", "borg")
BLOCK = 1 << 20
NO_TIME = datetime(1970, 1, 1)  # noqa: DTZ001  only subtracted from


@dataclass
class Told:
    """What a backup says of one path, in the words of a file system."""

    path: bytes
    st_mode: int
    st_size: int = 0
    st_mtime_ns: int = 0
    st_uid: int = 0
    st_gid: int = 0
    owner: str = ""
    group: str = ""
    digest: bytes | None = None
    target: bytes | None = None
    st_ctime_ns: int = 0  # a backup's own, never the file's
    st_ino: int = 0
    st_nlink: int = 1


def generation(plan: snapshot.Plan, kind: str, source: Path) -> dict[str, Any]:
    """Writes the generation of `plan`, whose sites' folders are the places of the sites within the backup, and gives
    its manifest. Raises BadInput for what cannot be read, and Wrong for the plan."""
    if plan.algorithm != "sha256":
        raise BadInput("backups are read with sha256", field="--hash", example="sha256")
    places = {site.name: site.folder for site in plan.sites}
    plan = snapshot.checked(plan)
    if os.path.exists(os.path.join(plan.out, "manifest.json")):
        raise BadInput("holds a finished generation already", field="--out", example=f"{plan.out}-2")
    start = clock.now_ns()
    patterns = excludes.Patterns(plan.excludes, excludes.VOLATILE if plan.volatile else [])
    how = How(algorithm("sha256"), patterns, Allowed(1 << 62, 1 << 30), -(1 << 62), start)
    rows = {site.name: Rows(site.name, how) for site in plan.sites}
    seen: dict[str, dict[bytes, int]] = {site.name: {} for site in plan.sites}
    folders = sorted(((_clean(places[site.name].encode()), site) for site in plan.sites), key=lambda it: -len(it[0]))
    for told in READERS[kind](source):
        for folder, site in folders:
            if told.path == folder or not told.path.startswith(folder + b"/" if folder else b""):
                continue
            _take_in(rows[site.name], seen[site.name], told, told.path[len(folder) + 1 if folder else 0 :], patterns)
            break
    empty = [name for name, rows_ in rows.items() if not rows_.columns["key"]]
    if empty:
        raise BadInput(f"holds nothing below {places[empty[0]]!r} for the site {empty[0]!r}", field="SOURCE",
                       example="shop.example=var/www/shop.example")  # fmt: skip
    os.makedirs(plan.out, exist_ok=True)
    records = [_record(plan, site, places[site.name], rows[site.name], start) for site in plan.sites]
    manifest = _manifest(plan, records, kind, start)
    onesite.save(os.path.join(plan.out, "manifest.json"), manifest)
    return manifest


def _take_in(rows: Rows, seen: dict[bytes, int], told: Told, path: bytes, patterns: excludes.Patterns) -> None:
    kind = {stat.S_IFREG: "f", stat.S_IFDIR: "d", stat.S_IFLNK: "l", stat.S_IFIFO: "p"}.get(
        stat.S_IFMT(told.st_mode), "?"
    )
    if not path:
        return
    pattern = -1
    parts = path.split(b"/")
    for depth in range(1, len(parts) + 1):
        pattern = patterns.match(parts[depth - 1], b"/".join(parts[:depth]))
        if pattern >= 0:
            break
    flags = marks.NOT_TOLD if kind == "f" and told.digest is None and pattern < 0 else 0
    digest = None if pattern >= 0 else told.digest
    row = rows.add(path, kind, told, flags=flags, digest=digest, target=told.target, pattern=pattern,  # type: ignore[arg-type]
                   row=seen.get(path, -1))  # fmt: skip
    rows.columns["owner"][row] = told.owner or str(told.st_uid)
    rows.columns["group"][row] = told.group or str(told.st_gid)
    seen[path] = row


def _record(plan: snapshot.Plan, site: Site, place: str, rows: Rows, start: int) -> dict[str, Any]:
    job = {"out": plan.out, "site": site.name, "client": site.client, "container": plan.container,
           "longest": 0, "full": True, "chunks_from": None}  # fmt: skip
    record = onesite.write(job, rows.sorted(), None, None, None)
    folder = containers.quoted(place.encode())
    record.update(started_ns=start, ended_ns=clock.now_ns(), unopened=None, folder=folder,
                  fs={"id": "", "type": "", "options": ""})  # fmt: skip
    return record


def _manifest(plan: snapshot.Plan, records: list[dict[str, Any]], kind: str, start: int) -> dict[str, Any]:
    end = clock.now_ns()
    taken = plan.taken_at if plan.taken_at is not None else start
    volatile = list(excludes.VOLATILE) if plan.volatile else []
    identity = hashlib.sha256(leaves.canonical(records)).hexdigest()[:8]
    return snapshot.closed({
        "format": snapshot.FORMAT,
        "id": f"{snapshot.stamp(taken)}-{plan.label}-{plan.server}-{identity}",
        "label": plan.label, "server": plan.server, "machine": "", "boot": "",
        "agent": {"version": f"import {kind}", "sha256": packing.own_digest(), "python": ""},
        "taken_at": {"start_ns": taken, "end_ns": taken, "claimed": True, "read_start_ns": start, "read_end_ns": end},
        "clock": {"offset_ns": None, "uncertainty_ns": None, "source": "unknown"},
        "algorithm": plan.algorithm,
        "excludes": snapshot.excluded(plan.excludes, volatile),
        "options": {"import": kind}, "resumed": 0, "nonce": plan.nonce, "sites": records, "dbs": [], "base": None,
        "previous_root": None,
    })  # fmt: skip


def _clean(path: bytes) -> bytes:
    """A path in a backup without what stands before its first name."""
    return b"/".join(part for part in path.split(b"/") if part not in (b"", b"."))


def tar(source: Path) -> Iterator[Told]:
    """Members in their order; a later one of the same name replaces an earlier one."""
    digests: dict[bytes, tuple[bytes | None, int]] = {}
    try:
        with _opened(source) as plain:
            watched: Any = _Watched(plain)
            archive = tarfile.open(fileobj=watched, mode="r|", encoding="utf-8", errors="surrogateescape")  # noqa: SIM115
            for member in archive:
                path = _clean(os.fsencode(member.name))
                told = Told(path, stat.S_IMODE(member.mode), 0, _fraction(member), member.uid, member.gid,
                            member.uname, member.gname)  # fmt: skip
                if member.isdir():
                    told.st_mode |= stat.S_IFDIR
                elif member.issym():
                    told.st_mode |= stat.S_IFLNK
                    told.target = os.fsencode(member.linkname)
                    told.st_size = len(told.target)
                elif member.islnk():
                    told.st_mode |= stat.S_IFREG
                    told.digest, told.st_size = digests.get(_clean(os.fsencode(member.linkname)), (None, 0))
                elif member.isreg():
                    told.st_mode |= stat.S_IFREG
                    stream, whole = archive.extractfile(member), hashlib.sha256()
                    while stream is not None and (data := stream.read(BLOCK)):
                        whole.update(data)
                        told.st_size += len(data)
                    told.digest = whole.digest()
                    digests[path] = (told.digest, told.st_size)
                elif member.isfifo():
                    told.st_mode |= stat.S_IFIFO
                yield told
            if not watched.ended():
                raise EOFError("it does not end as a tar does")
    except (tarfile.TarError, OSError, EOFError, ValueError, lzma.LZMAError, zlib.error) as error:
        raise BadInput(f"is no tar, or it was cut short: {error}", field=str(source), example="backup.tar.gz") from None


def _opened(source: Path) -> Any:
    """The archive without its compression, read by what says so where it was cut short."""
    with source.open("rb") as stream:
        start = stream.read(6)
    readers: dict[bytes, Callable[[Path], Any]] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\0": lzma.open}
    return next((reader(source) for sign, reader in readers.items() if start.startswith(sign)), None) or source.open(
        "rb"
    )


class _Watched:
    """A stream that remembers how it ended: a tar ends in two blocks of zeros, and tarfile does not insist on them."""

    def __init__(self, stream: Any) -> None:
        self.stream, self.last = stream, b""

    def read(self, size: int) -> bytes:
        data: bytes = self.stream.read(size)
        self.last = (self.last + data)[-1024:]
        return data

    def ended(self) -> bool:
        while self.read(BLOCK):
            pass
        return self.last == bytes(1024)


def _fraction(member: tarfile.TarInfo) -> int:
    """The time of a member to the nanosecond, where the archive says it so finely."""
    try:
        return int(Decimal(member.pax_headers.get("mtime", str(int(member.mtime)))) * 10**9)
    except InvalidOperation:
        return int(member.mtime) * 10**9


def _lines(source: Path) -> Iterator[tuple[int, bytes, Any]]:
    try:
        with source.open("rb") as stream:
            for number, line in enumerate(stream, 1):
                if line.strip():
                    value = json.loads(line)
                    if not isinstance(value, dict):
                        raise ValueError("no object")
                    yield number, line, value
    except (OSError, ValueError) as error:
        raise BadInput(f"cannot be read: {error}", field=str(source), example="lines of JSON") from None


def restic(source: Path) -> Iterator[Told]:
    """A snapshot with its trees, or a listing. Raises BadInput where a tree is missing or not the one it should be."""
    trees: dict[str, Any] = {}
    tops: list[str] = []
    listed = False
    for number, line, value in _lines(source):
        if isinstance(value.get("nodes"), list):
            trees[hashlib.sha256(line.rstrip(b"\n")).hexdigest()] = value["nodes"]
            trees[hashlib.sha256(line.rstrip(b"\n") + b"\n").hexdigest()] = value["nodes"]
        elif value.get("struct_type") == "node" or value.get("message_type") == "node":
            listed = True
            try:
                yield _node(_clean(value["path"].encode("utf-8", "surrogateescape")), value)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise BadInput(f"line {number} is no file of restic's: {error}", field=str(source)) from None
        elif isinstance(value.get("tree"), str):
            tops.append(value["tree"])
    if len(tops) != 1 and not listed:
        raise BadInput(f"names {len(tops)} snapshots and must name one", field=str(source),
                       example="restic cat snapshot ID; restic cat tree ID …")  # fmt: skip
    pending = [(b"", top) for top in ([] if listed else tops)]
    while pending:
        above, tree = pending.pop()
        if tree not in trees:
            raise BadInput(f"lacks the tree {tree} ({above.decode('utf-8', 'replace') or 'the top'})",
                           field=str(source), example=f"restic cat tree {tree}")  # fmt: skip
        for node in trees[tree]:
            try:
                told = _node(above + node["name"].encode("utf-8", "surrogateescape"), node)
                if node.get("subtree"):
                    pending.append((told.path + b"/", node["subtree"]))
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise BadInput(f"the tree {tree} holds no files of restic's: {error}", field=str(source)) from None
            yield told


def _node(path: bytes, node: dict[str, Any]) -> Told:
    kinds = {"file": stat.S_IFREG, "dir": stat.S_IFDIR, "symlink": stat.S_IFLNK, "fifo": stat.S_IFIFO}
    told = Told(path, kinds.get(node["type"], 0) | (int(node.get("mode", 0)) & 0o777), int(node.get("size") or 0),
                moment(node["mtime"]), int(node.get("uid", 0)), int(node.get("gid", 0)), node.get("user") or "",
                node.get("group") or "")  # fmt: skip
    if node["type"] == "symlink":
        told.target = (node.get("linktarget") or "").encode("utf-8", "surrogateescape")
        told.st_size = len(told.target)
    pieces = node.get("content")
    if node["type"] == "file" and isinstance(pieces, list):
        if len(pieces) == 1:  # the id of a piece is the SHA-256 of its bytes, and this file is one piece
            told.digest = bytes.fromhex(pieces[0])
        elif not pieces and told.st_size == 0:
            told.digest = hashlib.sha256().digest()
    return told


def borg(source: Path) -> Iterator[Told]:
    """The lines of `borg list --json-lines`; with `sha256` among the keys of its format, contents are known."""
    types = {"-": stat.S_IFREG, "d": stat.S_IFDIR, "l": stat.S_IFLNK, "p": stat.S_IFIFO, "h": stat.S_IFREG}
    for number, _, value in _lines(source):
        try:
            mode = value["mode"]
            told = Told(
                _clean(value["path"].encode("utf-8", "surrogateescape")),
                types.get(value["type"], 0) | _bits(mode),
                int(value.get("size") or 0),
                moment(value.get("isomtime") or value["mtime"]),
                int(value.get("uid") or 0),
                int(value.get("gid") or 0),
                value.get("user") or "",
                value.get("group") or "",
            )
            if value["type"] == "l":
                told.target = (value.get("linktarget") or value.get("source") or "").encode("utf-8", "surrogateescape")
                told.st_size = len(told.target)
            elif value.get("sha256"):
                told.digest = bytes.fromhex(value["sha256"])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BadInput(f"line {number} is no file of borg's: {error}", field=str(source),
                           example="borg list --json-lines --format '{sha256}'") from None  # fmt: skip
        yield told


def _bits(text: str) -> int:
    """`-rwxr-xr-x` as permission bits."""
    if not re.fullmatch(r".[r-][w-][xsS-][r-][w-][xsS-][r-][w-][xtT-]", text):
        raise ValueError(f"{text!r} is no mode")
    bits = 0
    for place, sign in enumerate(text[1:]):
        if sign not in "-ST":
            bits |= 1 << (8 - place)
    return (
        bits
        | (0o4000 if text[3] in "sS" else 0)
        | (0o2000 if text[6] in "sS" else 0)
        | (0o1000 if text[9] in "tT" else 0)
    )


def moment(text: str) -> int:
    """A time with up to nine digits behind its second, in UTC where it says no zone, as nanoseconds since 1970."""
    found = re.fullmatch(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)?", text)
    if found is None:
        raise ValueError(f"{text!r} is no time")
    day, time, fraction, zone = found.groups()
    whole = datetime.fromisoformat(f"{day}T{time}") - NO_TIME
    seconds = whole.days * 86400 + whole.seconds
    if zone and zone != "Z":
        sign = -1 if zone[0] == "-" else 1
        seconds -= sign * (int(zone[1:3]) * 3600 + int(zone[4:6]) * 60)
    return seconds * 10**9 + int((fraction or "0").ljust(9, "0"))


READERS = {"tar": tar, "restic": restic, "borg": borg}
