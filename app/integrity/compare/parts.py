"""Proof that a file is the beginning of a longer one, from digests of parts taken before and after.

A shorter file is cut into smaller parts than the longer one was. CRC-32 is linear, so the digest of a large part
follows from those of the small ones it is made of, and the two can be laid side by side without reading either again.
Files too small to have parts are asked about: `question` says which bytes, `read_answers` takes what was said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import quote_from_bytes, unquote_to_bytes

POLYNOMIAL = 0xEDB88320
CHUNK = 512  # bytes of the shortest part
FIRST = 64  # bytes of the shortest beginning that has a digest
COVERED = 85  # per cent of the shorter file that full parts must cover, unless it is less than half the longer one


class Parts(NamedTuple):
    """Of one file: CRC-32 of every full part of `chunk` bytes, and of its first 64, 128, … bytes below one part."""

    size: int
    chunk: int
    digests: tuple[int, ...]
    prefixes: tuple[int, ...]


def unpack(size: int, chunk: int, digests: bytes, prefixes: bytes) -> Parts:
    return Parts(size, chunk, _numbers(digests), _numbers(prefixes))


def _numbers(packed: bytes) -> tuple[int, ...]:
    return tuple(int.from_bytes(packed[at : at + 4], "big") for at in range(0, len(packed), 4))


def is_beginning(short: Parts, long: Parts) -> bool:
    """Whether all that can be compared of the shorter file is what the longer one began with, and that is enough."""
    if not 0 < short.size < long.size or long.chunk == 0:
        return False
    full = short.size // long.chunk
    if full:
        if any(_part(short, at, long.chunk) != long.digests[at] for at in range(min(full, len(long.digests)))):
            return False
        if full > len(long.digests):
            return False
        return full * long.chunk * 100 >= COVERED * short.size or short.size * 2 < long.size
    reach = 1 << (short.size.bit_length() - 1)
    if reach < FIRST or short.size * 8 >= long.size:
        return False
    place = (reach // FIRST).bit_length() - 1
    return place < len(long.prefixes) and _beginning(short, reach) == long.prefixes[place]


def _part(parts: Parts, at: int, length: int) -> int | None:
    """The digest of the `at`th part of `length` bytes, made of smaller ones."""
    if parts.chunk == 0 or length % parts.chunk:
        return None
    each = length // parts.chunk
    own = parts.digests[at * each : (at + 1) * each]
    return joined(own, parts.chunk) if len(own) == each else None


def _beginning(parts: Parts, length: int) -> int | None:
    if length < parts.chunk:
        place = (length // FIRST).bit_length() - 1
        return parts.prefixes[place] if place < len(parts.prefixes) else None
    return _part(parts, 0, length)


def joined(digests: Iterable[int], length: int) -> int:
    """CRC-32 of pieces of `length` bytes each, laid end to end."""
    shift, total = _power(length), 0
    for number in digests:
        total = _times(shift, total) ^ number
    return total


def _times(one: int, other: int) -> int:
    """The product of two polynomials modulo the CRC's, bits reflected."""
    product, bit = 0, 1 << 31
    while bit:
        if one & bit:
            product ^= other
        bit >>= 1
        other = (other >> 1) ^ POLYNOMIAL if other & 1 else other >> 1
    return product


@cache
def _power(length: int) -> int:
    """x to the power of 8 × length."""
    result, square, left = 1 << 31, 1 << 23, length
    while left:
        if left & 1:
            result = _times(square, result)
        square, left = _times(square, square), left >> 1
    return result


class Question(NamedTuple):
    """Which digests of a file on the new server would settle whether it was cut."""

    site: str
    path: bytes
    size: int
    chunk: int  # digests of full parts of this length; 0: of the first `reach` bytes instead
    reach: int


def question(site: str, path: bytes, size: int, long: Parts) -> Question:
    full = size // long.chunk
    return Question(site, path, size, long.chunk if full else 0, 0 if full else 1 << (size.bit_length() - 1))


class Answer(NamedTuple):
    """What the server says of a file that was asked about. It counts only where `digest` is the snapshot's."""

    digest: bytes
    parts: Parts


def as_questions(generation: str, asked: Iterable[Question]) -> dict[str, Any]:
    """As `kept audit probe` reads them."""
    listed = [
        {
            "site": item.site, "path": quote_from_bytes(item.path, safe="/"), "chunk": item.chunk or CHUNK,
            "count": item.size // item.chunk if item.chunk else 0,
            "prefixes": [] if item.chunk else [item.reach],
        }
        for item in asked
    ]  # fmt: skip
    return {"format": 1, "generation": generation, "nonce": "", "questions": listed}


def read_answers(questions: Mapping[str, Any], said: Mapping[str, Any]) -> dict[tuple[str, bytes], Answer]:
    """Answers by site and path. `questions` are those that were asked. Raises KeyError, TypeError or ValueError."""
    asked = {(item["site"], item["path"]): item for item in questions["questions"]}
    out = {}
    for item in said["answers"]:
        question_ = asked[item["site"], item["path"]]
        if item["state"] != "read":
            continue
        digests, prefixes = _numbers(bytes.fromhex(item["digests"])), _numbers(bytes.fromhex(item["prefixes"]))
        if question_["count"]:
            parts = Parts(item["size"], question_["chunk"], digests, ())
        else:
            reach = question_["prefixes"][0]
            blank = (-1,) * ((reach // FIRST).bit_length() - 1)
            parts = Parts(item["size"], reach * 2, (), (*blank, *prefixes[:1]))
        out[item["site"], unquote_to_bytes(item["path"])] = Answer(bytes.fromhex(item["digest"]), parts)
    return out


def rows(columns: Mapping[str, list[int | bytes]]) -> Iterator[tuple[int, Parts]]:
    """(key, parts) of the columns of a side-car."""
    for key, size, chunk, digests, prefixes in zip(
        columns["key"], columns["size"], columns["chunk"], columns["digests"], columns["prefixes"], strict=True
    ):
        assert isinstance(key, int)
        assert isinstance(size, int)
        assert isinstance(chunk, int)
        assert isinstance(digests, bytes)
        assert isinstance(prefixes, bytes)
        yield key, unpack(size, chunk, digests, prefixes)
