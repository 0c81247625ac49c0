"""The rows of one site while it is walked, and what is asked of the system for each."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from dataclasses import dataclass, field
from typing import Any

from . import containers, leaves, marks
from .excludes import Patterns
from .reading import Allowed, Parts

HOUR = 3600 * 10**9
KINDS = {stat.S_IFREG: "f", stat.S_IFDIR: "d", stat.S_IFLNK: "l", stat.S_IFIFO: "p", stat.S_IFSOCK: "s",
         stat.S_IFBLK: "b", stat.S_IFCHR: "c"}  # fmt: skip


def kind_of(info: os.stat_result) -> str:
    return KINDS.get(stat.S_IFMT(info.st_mode), "?")


@dataclass
class How:
    """How sites are read."""

    new_hash: Any
    patterns: Patterns
    allowed: Allowed
    quiet_ns: int  # younger than this when it was read: hot, read again
    start_ns: int  # of the whole snapshot
    tries: int = 3
    chunks_from: int | None = None  # digests of parts for files of this size and more


@dataclass
class Walked:
    """A site as it was found, sorted by path."""

    columns: dict[str, Any]
    chunks: dict[str, Any] | None
    vanished: int = 0
    reread: int = 0
    read_bytes: int = 0
    reused: int = 0
    excluded: dict[str, list[int]] = field(default_factory=dict)  # pattern -> entries, bytes
    top: dict[str, Any] | None = None


class Rows:
    """Columns that grow; their order is that of the walk until `sorted`."""

    def __init__(self, site: str, how: How) -> None:
        self.how = how
        self.columns = containers.empty()
        self.chunks = containers.empty_chunks() if how.chunks_from is not None else None
        self.out = Walked(self.columns, self.chunks)
        self._key = leaves.key(site)
        self._links: dict[int, list[int]] = {}
        self._owners: dict[int, str] = {}
        self._groups: dict[int, str] = {}
        self._attributes = hasattr(os, "listxattr")

    def add(
        self, path: bytes, kind: str, info: os.stat_result, *, flags: int = 0, digest: bytes | None = None,
        target: bytes | None = None, xattr8: int = 0, tail0: int = 0, pattern: int = -1, row: int = -1,
    ) -> int:  # fmt: skip
        """Writes a new row, or `row` again, and gives its number. `pattern`: the one that leaves the path out."""
        limit = self.how.start_ns - self.how.quiet_ns
        if kind == "f" and (info.st_mtime_ns >= limit or info.st_ctime_ns >= limit):
            flags |= marks.RACY
        size = 0 if kind == "d" else info.st_size
        if pattern >= 0:
            flags |= marks.EXCLUDED
            counted = self.out.excluded.setdefault(self.how.patterns.texts[pattern], [0, 0])
            counted[0] += 1
            counted[1] += size
        values = (
            self._key(path), path, kind, stat.S_IMODE(info.st_mode), info.st_uid, info.st_gid, self.owner(info.st_uid),
            self.group(info.st_gid), size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino, info.st_nlink, 0, digest,
            target, xattr8, tail0, flags,
        )  # fmt: skip
        if row >= 0:
            for name, value in zip(containers.COLUMNS, values):
                self.columns[name][row] = value
            return row
        row = len(self.columns["key"])
        for column, value in zip(self.columns.values(), values):
            column.append(value)
        if kind == "f" and info.st_nlink > 1:
            self._links.setdefault(info.st_ino, []).append(row)
        return row

    def wants_parts(self, size: int) -> bool:
        return self.how.chunks_from is not None and size >= self.how.chunks_from

    def add_parts(self, row: int, parts: Parts) -> None:
        if self.chunks is not None:
            values = (self.columns["key"][row], parts.size, parts.part, *parts.digests())
            for column, value in zip(self.chunks.values(), values):
                column.append(value)

    def owner(self, uid: int) -> str:
        if uid not in self._owners:
            import pwd

            try:
                self._owners[uid] = pwd.getpwuid(uid).pw_name
            except KeyError:
                self._owners[uid] = str(uid)
        return self._owners[uid]

    def group(self, gid: int) -> str:
        if gid not in self._groups:
            import grp

            try:
                self._groups[gid] = grp.getgrgid(gid).gr_name
            except KeyError:
                self._groups[gid] = str(gid)
        return self._groups[gid]

    def extended(self, descriptor: int) -> int:
        """First 8 bytes of the digest of extended attributes and access lists; the label of SELinux is the server's."""
        if not self._attributes:
            return 0
        try:
            names = sorted(name for name in os.listxattr(descriptor) if name != "security.selinux")
            if not names:
                return 0
            whole = hashlib.sha256()
            for name in names:
                value = os.getxattr(descriptor, name)
                whole.update(os.fsencode(name) + b"\0" + str(len(value)).encode() + b"\0" + value)
            return int.from_bytes(whole.digest()[:8], "big")
        except OSError as error:
            if error.errno == errno.ENOTSUP:
                self._attributes = False
            return 0

    def sorted(self) -> Walked:
        """The site whole. Raises ValueError where two paths share a key."""
        paths, kinds = self.columns["path"], self.columns["kind"]
        order = sorted((row for row in range(len(paths)) if kinds[row] != marks.GONE), key=paths.__getitem__)
        columns: dict[str, Any] = {}
        for name in containers.COLUMNS:  # one after another, so that the whole is never there twice
            columns |= containers.take({name: self.columns.pop(name)}, order)
        self.out.columns = columns
        keys = columns["key"]
        if self._links:
            place = {row: number for number, row in enumerate(order)}
            for rows in self._links.values():
                there = sorted(place[row] for row in rows if row in place)
                for number in there:
                    columns["hlgroup"][number] = keys[there[0]]
        if len(set(keys)) != len(keys):
            raise ValueError("two paths of this site have the same key")
        if self.chunks is not None:
            last = {key: row for row, key in enumerate(self.chunks["key"])}  # of a file read twice the last one stands
            there_now = set(keys)
            self.out.chunks = containers.take(self.chunks, (last[key] for key in sorted(last) if key in there_now))
        return self.out


def hot(info: os.stat_result, read_ns: int, quiet_ns: int) -> bool:
    """Whether a file was changed so shortly before it was read that it may be changing still."""
    limit = read_ns - quiet_ns
    return info.st_ctime_ns >= limit or limit <= info.st_mtime_ns <= read_ns + HOUR
