"""Answers on disk until the server has them: files that only grow, a sum on every line, a bound on all of it.

A line is `CRC32 SPACE JSON LF`, the sum in eight hexadecimal digits; its record carries its number, one more than the
one before. `add` returns when the lines are on disk. What the server has taken is marked in a file of its own, and
whole files behind the mark are removed. A file that ends in the middle of a line was cut when the machine died: that
line was never promised to anybody and is dropped. A line that cannot be read elsewhere is left out, and its number is
reported as lost. Where all of it grows beyond its bound the oldest file goes, and what was in it is reported as lost.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import zlib
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from app.errors import Conflict
from app.logs import logger

log = logger("kept.prober")

FILE = 1 << 20  # bytes after which another file is begun
LARGEST = 64 << 20  # bytes of all of them


class Spool:
    """One folder, one process at a time. Raises Conflict where another one has it."""

    def __init__(self, folder: Path, *, largest: int = LARGEST, file: int = FILE) -> None:
        self.folder, self.largest, self.file = folder, max(largest, 2 * file), file
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            raise Conflict(
                f"another agent keeps its answers in {folder}", field="--data", example="/srv/agent-2"
            ) from None
        self.name = self._named()
        self.taken = self._marked()
        self.dropped = 0  # answers lost since this process began
        self._handle: int | None = None
        self._size = 0
        self.last = self.taken
        self._open()

    def close(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
        os.close(self._lock)

    @property
    def waiting(self) -> int:
        return self.last - self.taken

    def add(self, records: Sequence[dict[str, Any]]) -> None:
        """On disk when it returns. Raises OSError, and then nothing of it is there."""
        if not records:
            return
        if self._size >= self.file:
            self._begin(self.last + 1)
            self._bound()
        lines = b"".join(line({"n": number} | record) for number, record in enumerate(records, self.last + 1))
        assert self._handle is not None
        try:
            done = 0
            while done < len(lines):
                done += os.write(self._handle, lines[done:])
            os.fsync(self._handle)
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._handle, self._size)
            raise
        self._size += len(lines)
        self.last += len(records)

    def read(self, most: int) -> list[dict[str, Any]]:
        """The oldest records that the server has not taken, in order."""
        out: list[dict[str, Any]] = []
        for _, path in self._files():
            for record in self._lines(path):
                if record["n"] > self.taken:
                    out.append(record)
                    if len(out) >= most:
                        return out
        return out

    def mark(self, number: int) -> None:
        """The server has everything up to this number."""
        if number <= self.taken:
            return
        self._write("taken", str(number))
        self.taken = number
        files = self._files()
        for (_, path), (following, _) in pairwise(files):
            if following <= number + 1:
                path.unlink(missing_ok=True)

    def _named(self) -> str:
        """A name of its own, by which the server tells one agent from another."""
        path = self.folder / "name"
        if path.exists() and len(text := path.read_text().strip()) == 32:
            return text
        name = secrets.token_hex(16)
        self._write("name", name)
        return name

    def _marked(self) -> int:
        try:
            return int((self.folder / "taken").read_text())
        except (FileNotFoundError, ValueError):
            return 0

    def _write(self, name: str, text: str) -> None:
        """A small file that is there whole or as it was."""
        made = self.folder / f"{name}.new"
        handle = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.write(handle, text.encode())
            os.fsync(handle)
        finally:
            os.close(handle)
        os.replace(made, self.folder / name)
        self._settle()

    def _settle(self) -> None:
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _files(self) -> list[tuple[int, Path]]:
        """By the number each begins with."""
        return sorted((int(path.stem), path) for path in self.folder.glob("*.spool") if path.stem.isdigit())

    def _open(self) -> None:
        """Looks at every file, drops what was cut off at the end, and goes on behind the last whole line."""
        files = self._files()
        due, before, missing = self.taken + 1, None, 0
        lost: list[dict[str, Any]] = []
        for place, (_, path) in enumerate(files):
            if place == len(files) - 1:
                self._trim(path)
            for record in self._lines(path):
                if record["n"] > due:
                    missing += record["n"] - due
                    lost += _hole(record["n"] - due, before, moment(record))
                due, before = max(due, record["n"] + 1), moment(record) or before
        self.last = due - 1
        if files:
            self._handle = os.open(files[-1][1], os.O_WRONLY | os.O_APPEND)
            self._size = os.fstat(self._handle).st_size
        else:
            self._begin(due)
        if missing:
            self.dropped += missing
            log.error("lines of the spool cannot be read; they are reported as lost", lines=missing)
            self.add(lost)

    def _trim(self, path: Path) -> None:
        """Cuts the last file behind its last line that is whole, where nothing that can be read follows it."""
        content = path.read_bytes()
        whole = place = 0
        while (end := content.find(b"\n", place)) >= 0:
            if parsed(content[place:end]) is not None:
                whole = end + 1
            place = end + 1
        if whole < len(content):
            log.warning("the spool ended in a torn line, which is dropped", bytes=len(content) - whole)
            with path.open("r+b") as out:
                out.truncate(whole)
                os.fsync(out.fileno())

    def _begin(self, first: int) -> None:
        """Another file. Raises OSError, and then the one before stays open."""
        made = os.open(self.folder / f"{first:015}.spool", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        if self._handle is not None:
            os.close(self._handle)
        self._handle, self._size = made, os.fstat(made).st_size
        self._settle()

    def _bound(self) -> None:
        """Lets the oldest files go while all of them are larger than they may be, and says what went."""
        files = self._files()
        sizes = [path.stat().st_size for _, path in files]
        while len(files) > 1 and sum(sizes) > self.largest:
            gone = [record for record in self._lines(files[0][1]) if record["n"] > self.taken]
            at = [found for record in gone if (found := moment(record)) is not None]
            answers = sum(record.get("answers", record["k"] == "a") for record in gone)
            if at:
                why = "the agent's spool was full, and its oldest answers were let go"
                self.add([{"k": "l", "why": why, "since": min(at), "until": max(at) + 1, "answers": answers}])
            self.dropped += sum(record["k"] == "a" for record in gone)
            log.error("the spool is full; its oldest answers are lost", answers=answers)
            last = files[1][0] - 1
            if last > self.taken:
                self._write("taken", str(last))
                self.taken = last
            files[0][1].unlink()
            del files[0], sizes[0]

    def _lines(self, path: Path) -> Iterator[dict[str, Any]]:
        """The records that can be read, each greater in number than the one before."""
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return
        due = 0
        for text in content.split(b"\n")[:-1]:
            record = parsed(text)
            if record is not None and record["n"] > due:
                due = record["n"]
                yield record


def line(record: dict[str, Any]) -> bytes:
    text = json.dumps(record, separators=(",", ":"), ensure_ascii=False).encode()
    return b"%08x %s\n" % (zlib.crc32(text), text)


def parsed(text: bytes) -> dict[str, Any] | None:
    """The record of a line without its end; None where its sum is not right."""
    if len(text) < 10 or text[8:9] != b" ":
        return None
    try:
        if int(text[:8], 16) != zlib.crc32(text[9:]):
            return None
        record = json.loads(text[9:])
    except ValueError:
        return None
    return record if isinstance(record, dict) and isinstance(record.get("n"), int) else None


def moment(record: dict[str, Any]) -> int | None:
    """When what a record tells of happened."""
    at = record.get("at", record.get("until"))
    return at if isinstance(at, int) else None


def _hole(lines: int, before: int | None, after: int | None) -> list[dict[str, Any]]:
    """What is said of lines that cannot be read, between what stands before and after them."""
    since, until = before if before is not None else after, after if after is not None else before
    if since is None or until is None:
        return []
    why = f"{lines} lines of the agent's spool cannot be read"
    return [{"k": "l", "why": why, "since": min(since, until), "until": max(since, until) + 1, "answers": lines}]
