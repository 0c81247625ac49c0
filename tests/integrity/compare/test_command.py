"""`kept audit compare` and what is read off it, by hand: what is printed, what is kept, how it ends."""

from __future__ import annotations

import csv
import gzip
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

import app.cli
from app.errors import KeptError
from tests.integrity.compare.test_audit import KEEP, Site, edit, made
from tests.integrity.generator import DAY, HOUR, T0, State, parts_of

app.cli.hang_in()


class Said:
    def __init__(self, code: int, out: bytes, error: str) -> None:
        self.code, self.raw, self.out, self.error = code, out, out.decode(errors="replace"), error


def kept(*words: object) -> Said:
    """The command within this process; errors of ours as `kept` prints them."""
    result = CliRunner().invoke(app.cli.command, [str(word) for word in words])
    if isinstance(result.exception, KeptError):
        return Said(result.exception.exit_code, result.stdout_bytes, result.exception.sentence())
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Said(result.exit_code, result.stdout_bytes, result.stderr)


STALE = State("new text", T0 - DAY, 700)
ODD = State("odd", T0 - 3 * DAY, 80)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three generations: one file went back, one odd name is gone, one upload was destroyed."""
    folder = tmp_path_factory.mktemp("gens")
    old = KEEP | {"stale.php": State("old text", T0 - 9 * DAY, 700), "o\udcff d": ODD}
    last = KEEP | {"stale.php": STALE, "o\udcff d": ODD}
    upload = {"upload.jpg": State("up", T0 + 15 * HOUR, 900)}
    after = KEEP | {"stale.php": old["stale.php"]}
    site = Site(g0=old, g1=old, g2=last, h12=last, h20=after | upload, a=after)
    made(folder, ("g0", "g1", "g2", "h12", "h20", "a"), s=site)
    return folder


def all_of(place: Path) -> list[object]:
    return ["--pre", place / "g0", place / "g1", place / "g2", "--during", f"old:{place}/h12", f"new:{place}/h20",
            "--after", place / "a"]  # fmt: skip


def test_a_line_for_each_path(place: Path) -> None:
    said = kept("audit", "compare", *all_of(place), "--format", "jsonl")
    lines = said.out.splitlines()
    assert said.code == 3
    assert lines[0] == '{"path":"c1/s/file0.php","verdict":"INTACT","conf":"high","meta":[]}'
    assert [json.loads(line) for line in lines[len(KEEP) :]] == [
        {"path": "c1/s/o%FF%20d", "verdict": "MISSING", "conf": "high", "meta": []},
        {"path": "c1/s/stale.php", "verdict": "REVERTED", "conf": "high", "meta": []},
        {"path": "c1/s/upload.jpg", "verdict": "MISSING", "conf": "high", "meta": []},
    ]
    assert "clocks: known" in said.error
    found = kept("audit", "compare", *all_of(place), "--format", "jsonl", "--only-findings")
    assert found.out.splitlines() == lines[len(KEEP) :]


def test_a_table_for_a_person_and_a_file_to_keep(place: Path, tmp_path: Path) -> None:
    said = kept("audit", "compare", *all_of(place), "--out", tmp_path / "v" / "verdicts.parquet")
    assert "was overwritten with the content of 2025-06-08 15:06 UTC (g1)" in said.out
    assert "no data was lost" not in said.out
    assert "not examined: 0 unreadable, 0 unstable, 0 excluded" in said.out
    table = pl.read_parquet(tmp_path / "v" / "verdicts.parquet").sort("path")
    assert table.select("client", "site", "verdict", "generation", "last").rows() == [
        ("c1", "s", "MISSING", "", "h12"), ("c1", "s", "REVERTED", "g1", "h12"), ("c1", "s", "MISSING", "h20", "h20"),
    ]  # fmt: skip


def test_a_spreadsheet_and_a_document(place: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(kept("audit", "compare", *all_of(place), "--format", "csv").out)))
    assert len(rows) == len(KEEP) + 3
    assert (rows[-2]["why"], rows[-2]["generation"]) == ("old_date_too", "g1")
    told = json.loads(kept("audit", "compare", *all_of(place), "--format", "json").out)
    assert told["exit_code"] == 3
    assert (told["sites"][0]["state"], told["totals"]["lost"], told["totals"]["old"]) == ("lost", 2, 1)
    assert [item["role"] for item in told["generations"]] == ["pre", "pre", "pre", "during", "during", "after"]
    assert len(told["findings"]) == 3


def test_one_path_s_story(place: Path) -> None:
    said = kept("audit", "explain", "c1/s/stale.php", *all_of(place))
    assert said.code == 0
    assert "g2: file, 700 bytes, dated 2025-06-14" in said.out
    assert "REVERTED, high (rule 8 of docs/audit-verdicts.md)" in said.out
    odd = kept("audit", "explain", "s/o%FF%20d", *all_of(place)).out
    assert "a: not there" in odd
    assert "is on no snapshot of the new server" in odd
    plain = kept("audit", "explain", "s/file1.php", *all_of(place)).out
    assert "It is equal to the copy of 2025-06-16 03:06 UTC (h12)." in plain
    lost = kept("audit", "explain", "s/nowhere", *all_of(place))
    assert (lost.code, "no generation has 'nowhere'" in lost.error) == (4, True)
    assert kept("audit", "explain", "t/x", *all_of(place)).code == 4


def test_what_to_copy_back(place: Path) -> None:
    old = kept("audit", "restore-list", "--from", "old", "--site", "s", *all_of(place))
    assert old.raw == b"o\xff d\0stale.php\0"
    backup = kept("audit", "restore-list", "--from", "backup", *all_of(place))
    assert backup.raw == b"c1/s/upload.jpg\0"


def test_what_a_person_has_to_merge_is_in_no_list(tmp_path: Path) -> None:
    there, here = State("t", T0 + 11 * HOUR, 900), State("h", T0 + 3 * HOUR, 900)
    given = Site(g2=KEEP | {"both": ODD}, h12=KEEP | {"both": there}, a=KEEP | {"both": here})
    made(tmp_path, ("g2", "h12", "a"), s=given)
    words = ["--pre", tmp_path / "g2", "--during", f"old:{tmp_path}/h12", "--after", tmp_path / "a"]
    said = kept("audit", "restore-list", "--from", "old", *words)
    assert (said.raw, "1 paths were changed on both servers" in said.error) == (b"", True)


def test_a_clock_may_be_given_and_taken_away(tmp_path: Path) -> None:
    edited = KEEP | {"file0.php": State("e", T0 - HOUR + 20 * 60 * 10**9, 500)}
    made(tmp_path, s=Site(g1=KEEP, g2=KEEP, a=edited))
    words = ["audit", "compare", "--pre", tmp_path / "g2", "--after", tmp_path / "a", "--format", "jsonl"]
    assert '"CHANGED"' in kept(*words).out
    assert kept(*words, "--clock", "new=unknown").code == 4
    assert '"CHANGED_UNVERIFIED"' in kept(*words, "--clock", "new=unknown").out
    said = kept(*words, "--clock", "new=2h")
    assert (said.code, "--clock" in said.error) == (2, True)
    assert kept(*words, "--clock", "7200").code == 2


def test_no_snapshot_from_before(place: Path) -> None:
    words = ["audit", "compare", "--during", f"old:{place}/h12", "--after", place / "a"]
    said = kept(*words)
    assert (said.code, "candidates for losses, not proof" in said.out) == (3, True)
    assert "consistent with: it is newer on the old server" in said.out
    early = kept(*words, "--cutover", "2025-06-16T04:06:40Z")
    assert "candidates for losses" in early.out
    assert "REVERTED" not in early.out
    assert "is on no snapshot of the new server" in early.out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--after", "a"], 2, "--pre: nothing to compare with"),
        (["--pre", "g2", "--after", "g1"], 2, "is a snapshot of the old server"),
        (["--pre", "a", "--after", "a"], 2, "is a snapshot of the new server"),
        (["--pre", "g2", "--during", "old:h20", "--after", "a"], 2, "is a snapshot of the new server"),
        (["--pre", "nowhere", "--after", "a"], 2, "is no folder"),
        (["--pre", "g2", "--after", "a", "--site", "t"], 4, "no generation has a site 't'"),
        (["--pre", "g2", "--after", "a", "--cutover", "noon"], 2, "--cutover"),
        (["--pre", "g2", "--after", "a", "--answers", "a"], 2, "--questions"),
    ],
)
def test_bad_input_is_one_sentence(place: Path, words: list[str], code: int, said: str) -> None:
    full = [word if word.startswith("-") or word in ("t", "noon") else
            f"old:{place}/{word[4:]}" if word.startswith("old:") else str(place / word) for word in words]  # fmt: skip
    found = kept("audit", "compare", *full)
    assert found.code == code
    assert said in found.error


def test_a_cut_file_is_settled_by_questions_and_answers(tmp_path: Path) -> None:
    data = bytes(range(256)) * 400
    whole = State("whole", T0 - 20 * DAY, len(data), data=data)
    cut = State("cut", T0 + 15 * HOUR, 30_000)
    made(tmp_path, s=Site(g1=KEEP | {"x": whole}, g2=KEEP | {"x": whole}, a=KEEP | {"x": cut}))
    words = ["audit", "compare", "--pre", tmp_path / "g2", "--after", tmp_path / "a"]
    words += ["--questions", tmp_path / "q.json"]
    assert "1 shorter files may have been cut" in kept(*words).out
    (asked,) = json.loads((tmp_path / "q.json").read_text())["questions"]
    assert (asked["path"], asked["chunk"]) == ("x", parts_of(data)["chunk"])
    digests = b"".join(
        zlib.crc32(data[at : at + asked["chunk"]]).to_bytes(4, "big")
        for at in range(0, asked["chunk"] * asked["count"], asked["chunk"])
    )
    import hashlib

    answer = {"site": "s", "path": "x", "state": "read", "size": 30_000, "digests": digests.hex(), "prefixes": "",
              "digest": hashlib.sha256(b"cut").hexdigest()}  # fmt: skip
    (tmp_path / "answers.json").write_text(json.dumps({"answers": [answer]}))
    settled = kept(*words, "--answers", tmp_path / "answers.json")
    assert (settled.code, "TRUNCATED high: c1/s/x is only the beginning" in settled.out) == (3, True)
    (tmp_path / "answers.json").write_text(json.dumps({"answers": [answer | {"digest": "00" * 32}]}))
    assert kept(*words, "--answers", tmp_path / "answers.json").code == 0  # of another file than the snapshot's
    (tmp_path / "answers.json").write_text("{")
    assert kept(*words, "--answers", tmp_path / "answers.json").code == 2


def test_evidence_that_is_not_there_ends_otherwise_than_a_loss(tmp_path: Path) -> None:
    made(tmp_path, s=Site(g1=KEEP, g2=KEEP, a=KEEP), t=Site(g1=KEEP, g2=KEEP, a=KEEP))
    edit(tmp_path / "a", lambda record: record.update(sites=record["sites"][:1]))
    said = kept("audit", "compare", "--pre", tmp_path / "g2", "--after", tmp_path / "a")
    assert (said.code, "evidence lacking: c1/t" in said.out) == (5, True)


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a", "text")
    return out.getvalue()


WHOLE: dict[str, bytes] = {
    "a.jpg": b"\xff\xd8\xff\xe0" + b"x" * 500 + b"\xff\xd9",
    "b.png": b"\x89PNG\r\n\x1a\n" + b"x" * 100 + struct.pack(">I", 0) + b"IEND\xaeB`\x82",
    "c.zip": zipped(),
    "d.pdf": b"%PDF-1.4\n" + b"x" * 100 + b"\n%%EOF\n",
    "e.gz": gzip.compress(b"text" * 100) + gzip.compress(b"more"),
    "f.php": b"<?php",
    "g.txt": b"",
}


def test_signs_of_damage_without_any_snapshot(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    for name, data in WHOLE.items():
        (tmp_path / "sub" / name).write_bytes(data)
    (tmp_path / "link").symlink_to("/etc/passwd")
    sound = kept("audit", "inspect", tmp_path)
    assert (sound.code, sound.out) == (0, "7 files looked at, 0 broken, 0 not readable\n")
    damages: dict[str, Callable[[bytes], bytes]] = dict.fromkeys(WHOLE, lambda data: data[: len(data) // 2])
    damages |= {"f.php": lambda _: b"", "g.txt": lambda _: b"t" + b"\0" * 5000}
    for name, damage in damages.items():
        (tmp_path / "sub" / name).write_bytes(damage(WHOLE[name]))
    broken = kept("audit", "inspect", tmp_path)
    assert broken.code == 3
    assert broken.out.splitlines()[:-1] == [
        "sub/a.jpg: a JPEG without its end", "sub/b.png: a PNG without its end",
        "sub/c.zip: a ZIP without its list of contents", "sub/d.pdf: a PDF without its end",
        "sub/e.gz: a gzip file that breaks off", "sub/f.php: is empty", "sub/g.txt: ends in zeros",
    ]  # fmt: skip
    assert json.loads(kept("audit", "inspect", tmp_path, "--json").out)["files"] == 7
    assert kept("audit", "inspect", tmp_path / "sub" / "a.jpg").code == 2


def test_a_cliff_in_the_dates(tmp_path: Path) -> None:
    import os

    for hour in range(60):
        file = tmp_path / str(hour)
        file.write_text("x")
        os.utime(file, ns=(T0 + hour * HOUR, T0 + hour * HOUR))
    said = kept("audit", "inspect", tmp_path, "--json").out
    assert json.loads(said)["cliff"] == "2025-06-18T03:00:00+00:00"
