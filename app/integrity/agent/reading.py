"""Reading one file: its digest, its zero tail, digests of its parts; within what the agent was allowed."""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
import zlib
from typing import Any

BLOCK = 1 << 20
DROP = 8 << 20  # files from this size on do not stay in the page cache
LOWEST = 512  # the smallest part, and
PREFIX = 64  # the smallest prefix that is digested
ALGORITHMS = ("sha256", "blake2b", "blake3")


class TooMuch(Exception):
    """The file is larger, or slower, than the agent was allowed to read."""


def algorithm(name: str) -> Any:
    """A function () -> a hash with `update` and `digest` of 32 bytes. Raises ValueError."""
    if name == "sha256":
        return hashlib.sha256
    if name == "blake2b":
        return lambda data=b"": hashlib.blake2b(data, digest_size=32)
    if name == "blake3":
        try:
            from blake3 import blake3
        except ImportError:
            raise ValueError("blake3 is not installed here; sha256 needs nothing") from None
        return blake3
    raise ValueError(f"{name!r} is none of {', '.join(ALGORITHMS)}")


def part_of(size: int) -> int:
    """How long the parts of a file are: the largest power of two that goes at least 16 times into it."""
    return max(LOWEST, 1 << max(0, (size // 16).bit_length() - 1))


class Parts:
    """CRC-32 of every full part of a file, and of its first 64, 128, … bytes below one part."""

    def __init__(self, size: int) -> None:
        self.size, self.part = size, part_of(size)
        self._left = bytearray()
        self._crcs: list[int] = []
        self._prefixes: list[int] = []

    def update(self, data: bytes) -> None:
        self._left += data
        if not self._prefixes and not self._crcs:
            if len(self._left) < self.part:
                return
            self._begin()
        while len(self._left) >= self.part:
            self._crcs.append(zlib.crc32(memoryview(self._left)[: self.part]))
            del self._left[: self.part]

    def _begin(self) -> None:
        length = PREFIX
        while length < self.part:
            self._prefixes.append(zlib.crc32(memoryview(self._left)[:length]))
            length *= 2

    def digests(self) -> tuple[bytes, bytes]:
        return packed(self._crcs), packed(self._prefixes)


def packed(crcs: list[int]) -> bytes:
    return b"".join(crc.to_bytes(4, "big") for crc in crcs)


class Allowed:
    """What one worker may read: so many bytes a file, so many seconds a file, so many bytes a second."""

    def __init__(self, file_bytes: int, file_seconds: int, bytes_a_second: int = 0) -> None:
        self.file_bytes, self.file_seconds, self.bytes_a_second = file_bytes, file_seconds, bytes_a_second
        self._start = time.monotonic()
        self._read = 0

    def spend(self, count: int) -> None:
        """Waits as long as reading `count` bytes should have taken."""
        if not self.bytes_a_second:
            return
        self._read += count
        ahead = self._read / self.bytes_a_second - (time.monotonic() - self._start)
        if ahead > 0:
            time.sleep(min(ahead, 10))
        elif ahead < -1:
            self._start, self._read = time.monotonic(), 0


def whole(
    descriptor: int, size: int, new_hash: Any, allowed: Allowed, parts: Parts | None = None
) -> tuple[bytes, int, int]:
    """Digest, bytes read and zero bytes at the end. Raises TooMuch or OSError."""
    if size > allowed.file_bytes:
        raise TooMuch
    if size < BLOCK:
        data = os.read(descriptor, size + 1)
        allowed.spend(len(data))
        if len(data) <= size:  # a regular file gives less than was asked for only at its end
            if parts is not None:
                parts.update(data)
            return new_hash(data).digest(), len(data), _zeros(data)
    else:
        data = b""
    state, count, tail = new_hash(data), len(data), _zeros(data)
    if parts is not None:
        parts.update(data)
    until = time.monotonic() + allowed.file_seconds
    dropped = 0
    while True:
        data = os.read(descriptor, BLOCK)
        if not data:
            break
        state.update(data)
        if parts is not None:
            parts.update(data)
        zeros = _zeros(data)
        tail = tail + zeros if zeros == len(data) else zeros
        count += len(data)
        allowed.spend(len(data))
        if count > allowed.file_bytes or time.monotonic() > until:
            raise TooMuch
        if size >= DROP and count - dropped >= DROP:
            _forget(descriptor, dropped, count - dropped)
            dropped = count
    return state.digest(), count, tail


def _zeros(data: bytes) -> int:
    return len(data) - len(data.rstrip(b"\0")) if data[-1:] == b"\0" else 0


def _forget(descriptor: int, start: int, length: int) -> None:
    with contextlib.suppress(OSError, AttributeError):
        os.posix_fadvise(descriptor, start, length, os.POSIX_FADV_DONTNEED)
