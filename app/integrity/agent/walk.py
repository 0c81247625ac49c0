"""Walking one site: every path once, never through a link, never off the file system, never into a device."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from typing import Any

from . import clock, marks
from .reading import Parts, TooMuch, whole
from .rows import How, Rows, Walked, hot, kind_of

DEEPEST = 500
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
NOT_CACHED = marks.UNREAD | marks.UNSTABLE | marks.RACY | marks.EXCLUDED


class Unopened(Exception):
    """The site's own folder cannot be opened or listed."""


def walk(
    site: str, folder: str, how: How, base: dict[str, Any] | None = None, known_chunks: set[int] | None = None,
    say: Callable[[int, int], None] = lambda entries, size: None,
) -> Walked:  # fmt: skip
    """Reads a site. `base`: columns of the snapshot before, of the same machine and file system, whose digests stand
    for files that did not change since; `known_chunks`: keys it has parts for. Raises Unopened."""
    return _Walk(site, folder, how, base, known_chunks or set(), say).run()


class _Walk:
    def __init__(self, site: str, folder: str, how: How, base: Any, known_chunks: set[int], say: Any) -> None:
        self.folder, self.how, self.base, self.say = folder, how, base, say
        self.before = {path: row for row, path in enumerate(base["path"])} if base else {}
        self.known_chunks = known_chunks
        self.rows = Rows(site, how)
        self.columns, self.out = self.rows.columns, self.rows.out
        self.hot: list[int] = []
        self.no_atime = getattr(os, "O_NOATIME", 0)

    def run(self) -> Walked:
        try:
            # the site's own folder may be a link: the operator named it
            top = os.open(self.folder, FOLDER & ~os.O_NOFOLLOW)
        except (OSError, ValueError) as error:
            raise Unopened(getattr(error, "strerror", None) or str(error)) from None
        try:
            info = os.fstat(top)
            self.device = info.st_dev
            self.out.top = {"mode": stat.S_IMODE(info.st_mode), "owner": self.rows.owner(info.st_uid),
                            "group": self.rows.group(info.st_gid)}  # fmt: skip
            self.descend(top)
            self.again(top)
        finally:
            os.close(top)
        for row in self.hot:
            self.columns["flags"][row] |= marks.UNSTABLE
        return self.rows.sorted()

    def descend(self, top: int) -> None:
        """Depth first, with the folders above held open, so that nobody can swap one for a link."""
        stack = [(os.dup(top), b"", self.below(top, b"", -1))]
        try:
            while stack:
                here, prefix, pending = stack[-1]
                if not pending:
                    os.close(stack.pop()[0])
                    continue
                name, pattern = pending.pop()
                path = prefix + name
                try:
                    inner = os.open(name, FOLDER, dir_fd=here)
                except OSError as error:
                    self.shut(path, name, here, pattern, error)
                    continue
                try:
                    info = os.fstat(inner)
                    flags = marks.ELSEWHERE if info.st_dev != self.device else 0
                    if not flags and len(stack) >= DEEPEST:
                        flags = marks.TOO_DEEP
                    extended = self.rows.extended(inner)
                    row = self.rows.add(path, "d", info, flags=flags, xattr8=extended, pattern=pattern)
                    if not flags:
                        stack.append((os.dup(inner), path + b"/", self.below(inner, path + b"/", pattern, row)))
                finally:
                    os.close(inner)
        finally:
            for here, _, _ in stack:
                os.close(here)

    def shut(self, path: bytes, name: bytes, here: int, pattern: int, error: OSError) -> None:
        """A folder that does not open: gone, or shut to us. What took its place is looked at, and not opened."""
        try:
            info = os.stat(name, dir_fd=here, follow_symlinks=False)
            if stat.S_ISDIR(info.st_mode):
                self.rows.add(path, "d", info, flags=marks.UNREADABLE, pattern=pattern)
            else:
                self.other(here, name, path, info, pattern)
        except OSError:
            self.out.vanished += 1

    def below(self, here: int, prefix: bytes, pattern: int, row: int = -1) -> list[tuple[bytes, int]]:
        """Takes in everything of a folder but its folders, and gives those."""
        folders: list[tuple[bytes, int]] = []
        match = self.how.patterns.match
        broken = False
        try:
            with os.scandir(here) as listing:
                for item in listing:
                    name = os.fsencode(item.name)
                    path = prefix + name
                    left_out = pattern if pattern >= 0 else match(name, path)
                    try:
                        if item.is_dir(follow_symlinks=False):
                            folders.append((name, left_out))
                        elif left_out >= 0 or not item.is_file(follow_symlinks=False):
                            self.other(here, name, path, item.stat(follow_symlinks=False), left_out)
                        else:
                            self.file(here, name, path, item)
                    except FileNotFoundError:
                        self.out.vanished += 1
                    except OSError:  # it can be listed and not be looked at
                        broken = True
        except OSError:
            broken = True
        if broken and row < 0:
            raise Unopened("its list of names cannot be read")
        if broken:
            self.columns["flags"][row] |= marks.UNREADABLE
        self.say(len(self.columns["key"]), self.out.read_bytes)
        return folders

    def other(self, here: int, name: bytes, path: bytes, info: os.stat_result, pattern: int) -> None:
        """Links, FIFOs, sockets, devices, and whatever is left out: looked at, never opened."""
        kind = kind_of(info)
        target = os.readlink(name, dir_fd=here) if kind == "l" else None
        self.rows.add(path, kind, info, target=target, pattern=pattern)

    def file(self, here: int, name: bytes, path: bytes, item: Any) -> None:
        old = self.before.get(path)
        if old is not None and self.unchanged(old, item.stat(follow_symlinks=False)):
            base = self.base
            self.out.reused += 1
            self.rows.add(path, "f", item.stat(follow_symlinks=False), digest=base["digest"][old],
                          tail0=base["tail0"][old], xattr8=base["xattr8"][old])  # fmt: skip
            return
        try:
            descriptor = self.open(name, here)
        except FileNotFoundError:
            raise
        except OSError as error:
            info = os.stat(name, dir_fd=here, follow_symlinks=False)
            if error.errno in (errno.ELOOP, errno.ENXIO) or not stat.S_ISREG(info.st_mode):  # another took its place
                self.other(here, name, path, info, -1)
            else:
                self.rows.add(path, "f", info, flags=marks.UNREADABLE)
            return
        try:
            self.opened(descriptor, path)
        finally:
            os.close(descriptor)

    def unchanged(self, old: int, info: os.stat_result) -> bool:
        """Size, both times and inode are those of the snapshot before, and that one had read the file at rest."""
        base = self.base
        return bool(
            base["ctime_ns"][old] == info.st_ctime_ns
            and base["mtime_ns"][old] == info.st_mtime_ns
            and base["size"][old] == info.st_size
            and base["ino"][old] == info.st_ino
            and base["kind"][old] == "f"
            and not base["flags"][old] & NOT_CACHED
            and (not self.rows.wants_parts(info.st_size) or base["key"][old] in self.known_chunks)
        )

    def open(self, name: bytes, here: int) -> int:
        if self.no_atime:
            try:
                return os.open(name, FILE | self.no_atime, dir_fd=here)
            except PermissionError:  # another's file: its time of access cannot be spared
                descriptor = os.open(name, FILE, dir_fd=here)
                self.no_atime = 0
                return descriptor
        return os.open(name, FILE, dir_fd=here)

    def opened(self, descriptor: int, path: bytes, row: int = -1) -> None:
        """Reads an opened file into a new row, or into `row` again."""
        read_ns = clock.now_ns()
        info = os.fstat(descriptor)
        if not stat.S_ISREG(info.st_mode):  # something else took its place between the list and the opening
            self.rows.add(path, kind_of(info), info, row=row)
            return
        parts = Parts(info.st_size) if self.rows.wants_parts(info.st_size) else None
        flags, digest, tail, count = 0, None, 0, -1
        try:
            digest, count, tail = whole(descriptor, info.st_size, self.how.new_hash, self.how.allowed, parts)
            self.out.read_bytes += count
        except TooMuch:
            flags = marks.CAPPED
        except OSError:
            flags = marks.UNREADABLE
        after = os.fstat(descriptor)
        if after.st_nlink == 0:  # removed while it was read
            self.out.vanished += 1
            if row >= 0:
                self.columns["kind"][row] = marks.GONE
            return
        extended = self.rows.extended(descriptor)
        row = self.rows.add(path, "f", after, flags=flags, digest=digest, tail0=tail, xattr8=extended, row=row)
        if flags == 0:
            was = (info.st_mtime_ns, info.st_ctime_ns, count)
            still = was == (after.st_mtime_ns, after.st_ctime_ns, after.st_size)
            if not still or hot(after, read_ns, self.how.quiet_ns):
                self.hot.append(row)
        if parts is not None and digest is not None:
            self.rows.add_parts(row, parts)

    def again(self, top: int) -> None:
        """Hot files are read again, with rest between, until they are at rest or it was tried often enough."""
        for _ in range(self.how.tries):
            if not self.hot:
                return
            now = clock.now_ns()
            youngest = max(self.age(row, now) for row in self.hot)
            clock.wait(min(self.how.quiet_ns, max(0, youngest + self.how.quiet_ns - now)) + 1_000_000)
            rows, self.hot = self.hot, []
            self.out.reread += len(rows)
            for row in rows:
                self.once_more(top, row)

    def age(self, row: int, now: int) -> int:
        """The youngest of the file's times that does not lie in the future; else now."""
        times = (self.columns["ctime_ns"][row], self.columns["mtime_ns"][row])
        return max([moment for moment in times if moment <= now], default=now)

    def once_more(self, top: int, row: int) -> None:
        path, before = self.columns["path"][row], self.state(row)
        here = os.dup(top)
        try:
            *folders, name = path.split(b"/")
            for folder in folders:
                inner = os.open(folder, FOLDER, dir_fd=here)
                os.close(here)
                here = inner
            descriptor = self.open(name, here)
        except FileNotFoundError:
            self.out.vanished += 1
            self.columns["kind"][row] = marks.GONE
            return
        except OSError:
            self.columns["flags"][row] |= marks.UNREADABLE
            self.columns["digest"][row] = None
            return
        finally:
            os.close(here)
        try:
            self.opened(descriptor, path, row)
        finally:
            os.close(descriptor)
        if self.hot[-1:] == [row] and self.state(row) == before and before[1] > clock.now_ns():
            self.hot.pop()  # dated in the future and the same twice, with rest between: a clock was wrong

    def state(self, row: int) -> tuple[Any, int, int]:
        return self.columns["digest"][row], self.columns["ctime_ns"][row], self.columns["mtime_ns"][row]
