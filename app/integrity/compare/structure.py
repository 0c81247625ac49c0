"""Signs of damage in a tree that has no baseline: endings that are not there, and a cliff in the dates."""

from __future__ import annotations

import os
import stat
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from app.integrity.format import instant, shown

TAIL = 66_000  # bytes: the longest comment a ZIP may end in, and its record
PAGE = 4096
HOUR = 3_600_000_000_000
QUIET = 24  # hours without a write that make a cliff, where there was one each hour before
LATEST = 48  # hours before the cliff that are looked at
BUSY = 24  # of which so many must have had a write
EMPTY_IS_WRONG = (b".php", b".jpg", b".jpeg", b".png", b".gif", b".webp", b".pdf", b".zip", b".gz", b".css", b".js",
                  b".html", b".sql", b".svg", b".docx", b".xlsx")  # fmt: skip


@dataclass(slots=True)
class Inspection:
    files: int = 0
    unread: int = 0
    broken: list[tuple[bytes, str]] = field(default_factory=list)
    cliff_ns: int | None = None  # the end of the last hour that was written in

    def lines(self) -> list[str]:
        out = [f"{shown(path)}: {why}" for path, why in self.broken]
        out.append(f"{self.files} files looked at, {len(self.broken)} broken, {self.unread} not readable")
        if self.cliff_ns is not None:
            hour = f"{instant(self.cliff_ns):%Y-%m-%d %H:%M} UTC"
            out.append(f"nothing was written after {hour}, and something in most hours before: perhaps a copy of then")
        return out

    def as_json(self) -> dict[str, Any]:
        cliff = None if self.cliff_ns is None else instant(self.cliff_ns).isoformat()
        broken = [{"path": shown(path), "why": why} for path, why in self.broken]
        return {"files": self.files, "unread": self.unread, "broken": broken, "cliff": cliff}


def inspect(folder: Path) -> Inspection:
    """Every regular file below the folder, through no link, in the order of names."""
    out = Inspection()
    hours: Counter[int] = Counter()
    for path, place in _files(os.fsencode(folder)):
        out.files += 1
        try:
            handle = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(handle, "rb") as stream:
                info = os.fstat(handle)
                if not stat.S_ISREG(info.st_mode):
                    continue
                hours[info.st_mtime_ns // HOUR] += 1
                why = problem(path, info.st_size, stream)
        except OSError:
            out.unread += 1
            continue
        if why:
            out.broken.append((path, why))
    out.cliff_ns = cliff(hours)
    return out


def _files(top: bytes) -> Iterator[tuple[bytes, bytes]]:
    for folder, folders, names in os.walk(top):
        folders.sort()
        for name in sorted(names):
            place = os.path.join(folder, name)
            if stat.S_ISREG(os.lstat(place).st_mode):
                yield os.path.relpath(place, top), place


def problem(path: bytes, size: int, stream: BinaryIO) -> str:
    """What is wrong with a file by its own structure; "" where nothing shows."""
    name = path.lower()
    if size == 0:
        return "is empty" if name.endswith(EMPTY_IS_WRONG) else ""
    head = stream.read(8)
    stream.seek(max(size - TAIL, 0))
    tail = stream.read(TAIL)
    if len(tail) >= PAGE and not tail[-PAGE:].strip(b"\0"):
        return "ends in zeros"
    if head.startswith(b"\xff\xd8\xff") and b"\xff\xd9" not in tail[-PAGE:]:
        return "a JPEG without its end"
    if head == b"\x89PNG\r\n\x1a\n" and b"IEND" not in tail[-64:]:
        return "a PNG without its end"
    if head.startswith(b"PK\x03\x04") and b"PK\x05\x06" not in tail:
        return "a ZIP without its list of contents"
    if head.startswith(b"%PDF-") and b"%%EOF" not in tail[-PAGE:]:
        return "a PDF without its end"
    if head.startswith(b"\x1f\x8b"):
        stream.seek(0)
        return _gzip(stream)
    return ""


def _gzip(stream: BinaryIO) -> str:
    """Whether gzip's own check sum holds, for every member."""
    reader = zlib.decompressobj(wbits=31)
    try:
        while data := stream.read(1 << 20):
            while data:
                reader.decompress(data)
                data = b""
                if reader.eof and (data := reader.unused_data.lstrip(b"\0")):
                    reader = zlib.decompressobj(wbits=31)
    except zlib.error:
        return "a gzip file whose check sum does not hold"
    return "" if reader.eof else "a gzip file that breaks off"


def cliff(hours: Counter[int]) -> int | None:
    """The end of the last hour written in, where writing stopped all at once: most of the 48 hours before it had a
    write, and the newest dates of other trees are for the reader to compare. None where writing was never steady."""
    if not hours:
        return None
    last = max(hours)
    busy = sum(1 for hour in range(last - LATEST, last) if hours[hour])
    return (last + 1) * HOUR if busy >= BUSY else None
