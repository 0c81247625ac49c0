"""Answering questions about files that are there now: a challenge with a nonce, and digests of parts of a cut file.

Questions: {"format": 1, "generation": ID, "nonce": HEX, "questions": [{"site": NAME, "path": PERCENT-ENCODED, …}]}. A
question with "chunk" and "count" asks for CRC-32 of that many parts of that length, and with "prefixes" of the first so
many bytes; every answer holds the file's size, times, digest, and SHA-256 of the nonce followed by its bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import zlib
from typing import Any

from . import clock, containers
from .reading import BLOCK, algorithm, packed
from .sites import Wrong
from .walk import FILE, FOLDER

MOST = 100_000  # questions at once
EXAMPLE = '{"format": 1, "nonce": "9f86…", "questions": [{"site": "shop.example", "path": "index.php"}]}'


def answers(questions: Any, raw: bytes, folders: dict[str, str], name: str) -> dict[str, Any]:
    """`raw` are the bytes that `questions` were read from; `folders`: where each site lies; `name`: the algorithm of
    the generation. Raises Wrong for questions that are none."""
    received = clock.now_ns()
    nonce, listed = checked(questions)
    out = [_answer(item, nonce, folders, name) for item in listed]
    return {
        "format": 1,
        "generation": questions.get("generation", ""),
        "nonce": nonce.hex(),
        "algorithm": name,
        "questions_sha256": hashlib.sha256(raw).hexdigest(),
        "received_ns": received,
        "answered_ns": clock.now_ns(),
        "machine": clock.machine()[0],
        "answers": out,
    }


def checked(questions: Any) -> tuple[bytes, list[dict[str, Any]]]:
    """The nonce and the list. Raises Wrong."""
    if not isinstance(questions, dict) or questions.get("format") != 1:
        raise Wrong("are no questions", "QUESTIONS", EXAMPLE)
    listed = questions.get("questions")
    if not isinstance(listed, list) or len(listed) > MOST:
        raise Wrong(f"has no list of at most {MOST} questions", "QUESTIONS", EXAMPLE)
    try:
        nonce = bytes.fromhex(questions.get("nonce", ""))
    except (ValueError, TypeError):
        raise Wrong("the nonce is not hexadecimal", "QUESTIONS", EXAMPLE) from None
    for number, item in enumerate(listed, 1):
        if not isinstance(item, dict) or not isinstance(item.get("site"), str) or not isinstance(item.get("path"), str):
            raise Wrong(f"question {number} needs a site and a path", "QUESTIONS", EXAMPLE)
        chunk, count, prefixes = item.get("chunk", 512), item.get("count", 0), item.get("prefixes", [])
        numbers = isinstance(prefixes, list) and all(type(one) is int and one > 0 for one in (chunk, *prefixes))
        if not numbers or type(count) is not int or count < 0:
            example = '{"site": "shop.example", "path": "a.jpg", "chunk": 4096, "count": 7, "prefixes": [64, 128]}'
            raise Wrong(f"question {number}: chunk, count and prefixes are whole numbers", "QUESTIONS", example)
    return nonce, listed


def _answer(item: dict[str, Any], nonce: bytes, folders: dict[str, str], name: str) -> dict[str, Any]:
    said: dict[str, Any] = {"site": item["site"], "path": item["path"]}
    folder = folders.get(item["site"])
    if folder is None:
        return {**said, "state": "unknown site"}
    try:
        descriptor = opened(folder, containers.unquoted(item["path"]))
    except (FileNotFoundError, NotADirectoryError):
        return {**said, "state": "absent"}
    except (OSError, ValueError):
        return {**said, "state": "unreadable"}
    try:
        info = os.fstat(descriptor)
        if not stat.S_ISREG(info.st_mode):
            return {**said, "state": "no file"}
        said.update(_content(descriptor, item, nonce, name))
        after = os.fstat(descriptor)
        still = (info.st_mtime_ns, info.st_ctime_ns) == (after.st_mtime_ns, after.st_ctime_ns)
        said.update(state="read" if still else "unstable", mtime_ns=after.st_mtime_ns, ctime_ns=after.st_ctime_ns)
    except OSError:
        return {"site": item["site"], "path": item["path"], "state": "unreadable"}
    finally:
        os.close(descriptor)
    return said


def opened(folder: str, path: bytes) -> int:
    """The file of a site, folder by folder and through no link. Raises OSError, and ValueError for a path that leads
    out of the site."""
    parts = path.split(b"/")
    if any(part in (b"", b".", b"..") for part in parts):
        raise ValueError("is no path within a site")
    here = os.open(folder, FOLDER & ~os.O_NOFOLLOW)
    try:
        for part in parts[:-1]:
            inner = os.open(part, FOLDER, dir_fd=here)
            os.close(here)
            here = inner
        return os.open(parts[-1], FILE, dir_fd=here)
    finally:
        os.close(here)


def _content(descriptor: int, item: dict[str, Any], nonce: bytes, name: str) -> dict[str, Any]:
    digest, with_nonce, size = algorithm(name)(), hashlib.sha256(nonce), 0
    chunk, count = item.get("chunk", 0), item.get("count", 0) if item.get("chunk") else 0
    crcs: list[int] = []
    left = bytearray()
    longest = max(item.get("prefixes", []), default=0)
    head = b""
    while data := os.read(descriptor, BLOCK):
        digest.update(data)
        with_nonce.update(data)
        size += len(data)
        if len(head) < longest:
            head += data[: longest - len(head)]
        if len(crcs) < count:
            left += data
            while len(left) >= chunk and len(crcs) < count:
                crcs.append(zlib.crc32(memoryview(left)[:chunk]))
                del left[:chunk]
    prefixes = [zlib.crc32(head[:length]) for length in item.get("prefixes", []) if length <= size]
    return {
        "size": size, "digest": digest.digest().hex(), "nonce_digest": with_nonce.hexdigest(),
        "digests": packed(crcs).hex(), "prefixes": packed(prefixes).hex(),
    }  # fmt: skip


def read_questions(file: str) -> tuple[Any, bytes]:
    """Raises Wrong."""
    try:
        with open(file, "rb") as stream:
            raw = stream.read(256 << 20)
        return json.loads(raw.decode("utf-8")), raw
    except (OSError, ValueError) as error:
        raise Wrong(f"{file} cannot be read: {error}", "QUESTIONS", EXAMPLE) from None
