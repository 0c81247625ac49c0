"""An agent's answers on disk: nothing promised is lost, whatever the disk or a kill does to it."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random
from typing import Any

import pytest

from app.errors import Conflict
from app.prober.remote.spool import Spool, line, parsed

MINUTE = 60_000_000


def answer(number: int) -> dict[str, Any]:
    return {"k": "a", "m": "shop", "at": number * MINUTE, "s": "up"}


def filled(folder: Path, count: int, **more: Any) -> Spool:
    spool = Spool(folder, **more)
    for number in range(1, count + 1, 5):
        spool.add([answer(n) for n in range(number, min(number + 5, count + 1))])
    return spool


def reopened(spool: Spool, **more: Any) -> Spool:
    spool.close()
    return Spool(spool.folder, **more)


def numbers(spool: Spool) -> list[int]:
    return [record["n"] for record in spool.read(10_000)]


def test_what_is_added_is_there_until_it_is_marked(tmp_path: Path) -> None:
    spool = filled(tmp_path / "spool", 10)
    assert (numbers(spool), spool.waiting) == (list(range(1, 11)), 10)
    assert [record["n"] for record in spool.read(3)] == [1, 2, 3]
    spool.mark(4)
    again = reopened(spool)
    assert (numbers(again), again.waiting, again.name) == (list(range(5, 11)), 6, spool.name)
    again.mark(10)
    again.mark(2)  # word of an older batch that comes late takes nothing back
    assert (numbers(again), again.waiting) == ([], 0)
    again.add([answer(11), answer(12)])
    assert numbers(reopened(again)) == [11, 12]


def test_one_process_at_a_time(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    with pytest.raises(Conflict, match="another agent"):
        Spool(tmp_path)
    spool.close()
    Spool(tmp_path).close()


def test_a_file_cut_anywhere_loses_the_torn_line_alone(tmp_path: Path) -> None:
    """Cut at every length: whole lines stay, the torn one goes, and what is added then is read again."""
    spool = filled(tmp_path / "whole", 4)
    spool.close()
    (path,) = spool.folder.glob("*.spool")
    content = path.read_bytes()
    for size in range(0, len(content) + 1, 11):
        folder = tmp_path / f"cut-{size}"
        folder.mkdir()
        (folder / path.name).write_bytes(content[:size])
        cut = Spool(folder)
        whole = content[:size].count(b"\n")
        assert numbers(cut) == list(range(1, whole + 1)), size
        cut.add([answer(99)])
        back = reopened(cut)
        assert [record["at"] for record in back.read(9)][-1] == 99 * MINUTE
        assert (len(back.read(9)), back.dropped) == (whole + 1, 0)
        back.close()


def test_lines_that_cannot_be_read_in_the_middle_are_reported_as_lost(tmp_path: Path) -> None:
    spool = filled(tmp_path / "spool", 9)
    spool.close()
    (path,) = spool.folder.glob("*.spool")
    lines = path.read_bytes().split(b"\n")
    lines[3] = lines[3][:20]  # the fourth was cut in the middle, the fifth has another byte in it
    lines[4] = lines[4].replace(b"up", b"UP")
    path.write_bytes(b"\n".join(lines))
    spool = Spool(tmp_path / "spool")
    *known, lost = spool.read(99)
    assert [record["n"] for record in known] == [1, 2, 3, 6, 7, 8, 9]
    assert (lost["k"], lost["answers"], lost["n"]) == ("l", 2, 10)
    assert (lost["since"], lost["until"]) == (3 * MINUTE, 6 * MINUTE + 1)
    assert spool.dropped == 2
    spool.mark(8)
    assert numbers(reopened(spool)) == [9, 10]  # what was taken is missed no more, and nothing is said twice


def test_it_is_bounded_and_says_what_went(tmp_path: Path) -> None:
    spool = filled(tmp_path / "spool", 400, largest=4000, file=2000)
    size = sum(path.stat().st_size for path in spool.folder.glob("*.spool"))
    assert size <= 4000 + 2000 + 500
    records = spool.read(10_000)
    kept = [record["at"] // MINUTE for record in records if record["k"] == "a"]
    assert kept == list(range(kept[0], 401))
    lost = [record for record in records if record["k"] == "l"]
    # every answer is there, or is told of as lost, once; where the telling itself went, another one tells of both
    assert sum(record["answers"] for record in lost) == spool.dropped == 400 - len(kept)
    assert all(record["until"] > record["since"] for record in lost)
    again = reopened(spool, largest=4000, file=2000)
    assert numbers(again) == [record["n"] for record in records]


def test_a_full_disk_leaves_no_half_line(tmp_path: Path) -> None:
    spool = filled(tmp_path / "spool", 3)
    reader, writer = os.pipe()
    os.close(reader)
    kept, spool._handle = spool._handle, writer  # where nobody reads, writing fails
    with pytest.raises(OSError):
        spool.add([answer(4)])
    os.close(writer)
    spool._handle = kept
    spool.add([answer(4)])
    assert [(record["n"], record["at"] // MINUTE) for record in reopened(spool).read(9)] == [
        (n, n) for n in range(1, 5)
    ]


def test_any_damage_leaves_only_what_was_written(tmp_path: Path) -> None:
    """Bytes changed, cut out or put in at random places: what is read was written, in order, each once."""
    random = Random(11)
    whole = b"".join(line({"n": number} | answer(number)) for number in range(1, 30))
    written = {number: answer(number) for number in range(1, 30)}
    for turn in range(60):
        damaged = bytearray(whole)
        for _ in range(random.randint(1, 4)):
            at = random.randrange(len(damaged))
            match random.randrange(3):
                case 0:
                    damaged[at] = random.randrange(256)
                case 1:
                    del damaged[at : at + random.randrange(1, 90)]
                case _:
                    damaged[at:at] = random.randbytes(random.randrange(1, 40))
        folder = tmp_path / str(turn)
        folder.mkdir()
        (folder / f"{1:015}.spool").write_bytes(damaged)
        spool = Spool(folder)
        records = [record for record in spool.read(99) if record["k"] == "a"]
        assert all(written[record["n"]]["at"] == record["at"] for record in records)
        order = [record["n"] for record in records]
        assert order == sorted(set(order))
        assert len(order) >= 10, "damage spreads"
        spool.close()
    assert parsed(b"00000000 {}") is None
    assert parsed(b"") is None
