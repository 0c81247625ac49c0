"""That a file is the beginning of a longer one, from digests alone, held against the files themselves."""

from __future__ import annotations

import zlib
from random import Random

import pytest

from app.integrity.agent.reading import Parts as Reader
from app.integrity.compare import parts
from tests.integrity.generator import parts_of


def of(data: bytes) -> parts.Parts:
    return parts.unpack(**parts_of(data))


def test_pieces_laid_end_to_end_have_the_digest_of_the_whole() -> None:
    data = Random(1).randbytes(4096)
    for length in (512, 1024, 2048):
        pieces = [zlib.crc32(data[at : at + length]) for at in range(0, 4096, length)]
        assert parts.joined(pieces, length) == zlib.crc32(data)


def test_the_agents_parts_are_the_ones_meant_here() -> None:
    data = Random(2).randbytes(70_001)
    reader = Reader(len(data))
    for at in range(0, len(data), 10_000):
        reader.update(data[at : at + 10_000])
    made = of(data)
    assert reader.part == made.chunk
    assert parts.unpack(len(data), reader.part, *reader.digests()) == made


@pytest.mark.parametrize("whole", [70_000, 131_072, 400_123])
@pytest.mark.parametrize("share", [0.05, 0.2, 0.49, 0.9])
def test_a_beginning_is_one_and_nothing_else_is(whole: int, share: float) -> None:
    data = Random(whole).randbytes(whole)
    size = int(whole * share)
    long, cut = of(data), of(data[:size])
    enough = size // long.chunk * long.chunk * 100 >= 85 * size or size * 2 < whole
    if size < long.chunk:
        enough = size * 8 < whole
    assert parts.is_beginning(cut, long) == enough
    edited = bytearray(data[:size])
    edited[10] ^= 1
    assert not parts.is_beginning(of(bytes(edited)), long)
    assert not parts.is_beginning(of(Random(9).randbytes(size)), long)
    assert not parts.is_beginning(long, long)


def test_what_the_server_answers_settles_a_small_file() -> None:
    data = Random(5).randbytes(100_000)
    for size in (30_000, 900):
        asked = parts.question("shop", b"a b\xff", size, of(data))
        questions = parts.as_questions("g", [asked])
        told = questions["questions"][0]
        cut = data[:size]
        length = told["chunk"]
        digests = [zlib.crc32(cut[at : at + length]) for at in range(0, length * told["count"], length)]
        answer = {
            "site": "shop", "path": told["path"], "state": "read", "size": size, "digest": "ab" * 32,
            "digests": b"".join(n.to_bytes(4, "big") for n in digests).hex(),
            "prefixes": b"".join(zlib.crc32(cut[:n]).to_bytes(4, "big") for n in told["prefixes"]).hex(),
        }  # fmt: skip
        (found,) = parts.read_answers(questions, {"answers": [answer]}).items()
        assert found[0] == ("shop", b"a b\xff")
        assert parts.is_beginning(found[1].parts, of(data))
        assert not parts.is_beginning(found[1].parts, of(Random(6).randbytes(100_000)))
