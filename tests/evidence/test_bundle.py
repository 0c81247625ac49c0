"""The bundle a third party checks: the same bytes each time; a verifier of the standard library names each fault."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from sqlmodel import Session

from app.db import make_engine, reader
from app.evidence import actions as evidence
from app.evidence.chain import GENESIS, canonical, link
from app.evidence.queries import bundle
from tests.build import API, get
from tests.evidence.test_log import ROOT, fill

VERIFIER = ROOT / "docs" / "verify_bundle.py"
PAGE = ROOT / "docs" / "verify-evidence.md"
ON_SQLITE = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
Files = dict[str, bytes]


def exported(engine: sa.Engine) -> bytes:
    out = io.BytesIO()
    with Session(reader(engine)) as session:
        bundle(session, out)
    return out.getvalue()


def unpacked(content: bytes) -> Files:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def check(folder: Path, content: bytes | Files, *heads: str) -> tuple[int, str]:
    """What the verifier says, run as a stranger would run it: isolated, without site packages."""
    file = folder / "bundle.zip"
    if isinstance(content, bytes):
        file.write_bytes(content)
    else:
        with zipfile.ZipFile(file, "w") as archive:
            for name, data in content.items():
                archive.writestr(name, data)
    run = subprocess.run(
        [sys.executable, "-I", "-S", str(VERIFIER), str(file), *heads], capture_output=True, text=True, timeout=30
    )
    assert run.stderr == ""
    return run.returncode, run.stdout


def test_the_same_log_gives_the_same_bytes_on_both_databases_and_over_the_api(
    engine: sa.Engine, viewer: TestClient, tmp_path: Path
) -> None:
    fill(engine)
    content = exported(engine)
    answer = viewer.get(f"{API}/evidence/bundle.zip")
    assert answer.content == content == exported(engine)
    assert int(answer.headers["content-length"]) == len(content)
    head = get(viewer, "/evidence/head")
    assert json.loads(unpacked(content)["head.json"]) == {"entries": head["seq"], "head": head["digest"]}
    assert check(tmp_path, content, head["digest"]) == (0, f"whole: {head['seq']} entries, head {head['digest']}\n")
    with Session(reader(engine)) as session:
        lines = [canonical(entry) for entry in evidence.entries(session, batch=3)]
    assert unpacked(content)["entries.jsonl"] == b"\n".join(lines) + b"\n"


@ON_SQLITE
def test_an_empty_log_is_whole(engine: sa.Engine, tmp_path: Path) -> None:
    assert check(tmp_path, exported(engine)) == (0, f"whole: 0 entries, head {GENESIS}\n")


def _line(number: int, change: Callable[[dict[str, Any]], object], sealed: bool = False) -> Callable[[Files], None]:
    def tamper(files: Files) -> None:
        lines = files["entries.jsonl"].splitlines()
        entry = json.loads(lines[number - 1])
        change(entry)
        if sealed:
            entry["digest"] = link(entry["prev"], entry)
        lines[number - 1] = canonical(entry)
        files["entries.jsonl"] = b"\n".join(lines) + b"\n"

    return tamper


def _lines(change: Callable[[list[bytes]], object]) -> Callable[[Files], None]:
    def tamper(files: Files) -> None:
        lines = files["entries.jsonl"].splitlines()
        change(lines)
        files["entries.jsonl"] = b"\n".join(lines) + b"\n"
        last = json.loads(lines[-1])
        files["head.json"] = json.dumps({"entries": len(lines), "head": last["digest"]}).encode()

    return tamper


def _swap(lines: list[bytes]) -> None:
    lines[3], lines[4] = lines[4], lines[3]


def _raw(old: bytes, new: bytes) -> Callable[[Files], None]:
    def tamper(files: Files) -> None:
        assert old in files["entries.jsonl"]
        files["entries.jsonl"] = files["entries.jsonl"].replace(old, new, 1)

    return tamper


def _attachment(content: bytes | None) -> Callable[[Files], None]:
    def tamper(files: Files) -> None:
        named = json.loads(files["entries.jsonl"].splitlines()[3])["attachments"][0]
        if content is None:
            del files[f"attachments/{named}"]
        else:
            files[f"attachments/{named}"] = content

    return tamper


TAMPERINGS: dict[str, tuple[Callable[[Files], None], str]] = {
    "body": (_line(3, lambda e: e["body"].update(amount="4000.00")), r"entry 3: it was changed"),
    "time": (_line(5, lambda e: e.update(occurred_at="2025-06-01T00:00:00.000000Z")), r"entry 5: it was changed"),
    "digest": (_line(4, lambda e: e.update(digest="ab" * 32)), r"entry 4: it was changed"),
    "prev": (_line(4, lambda e: e.update(prev="ab" * 32)), r"entry 4: it was changed"),
    "replaced": (_line(4, lambda e: e.update(actor="token:x"), sealed=True), r"entry 5: it does not follow"),
    "number": (_line(4, lambda e: e.update(seq=9)), r"entry 9: .* behind entry 3"),
    "first row": (_lines(lambda lines: lines.pop(0)), r"entry 2: it stands behind entry 0"),
    "middle row": (_lines(lambda lines: lines.pop(4)), r"entry 6: it stands behind entry 4"),
    "pair": (_lines(_swap), r"entry 5: it stands behind entry 3"),
    "twice": (_lines(lambda lines: lines.insert(4, lines[3])), r"entry 4: it stands behind entry 4"),
    "float": (_raw(b'"amount":"400.00"', b'"amount":400.00'), r"entry 1: cannot be read: the number 400.00"),
    "nan": (_raw(b'"amount":"400.00"', b'"amount":NaN'), r"entry 1: cannot be read"),
    "white space": (_raw(b'"source":"N"', b'"source": "N"'), r"entry 1: cannot be read: it is not written canonically"),
    "key twice": (_raw(b'"source":"N"', b'"source":"M","source":"N"'), r"entry 1: .*not written canonically"),
    "more fields": (_line(2, lambda e: e.update(extra=1)), r"entry 2: .*fields of an entry"),
    "no UTF-8": (_raw(b"Line 1", b"Line \xff"), r"entry 1: cannot be read"),
    "attachment changed": (_attachment(b"Message 4 of Southgate"), r"entry 4: its attachment [0-9a-f]{64} was changed"),
    "attachment gone": (_attachment(None), r"entry 4: its attachment [0-9a-f]{64} is missing"),
}  # fmt: skip


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> bytes:
    path = tmp_path_factory.mktemp("bundle") / "kept.sqlite3"
    path.write_bytes(sqlite_template.read_bytes())
    engine = make_engine(f"sqlite:///{path}")
    fill(engine)
    content = exported(engine)
    engine.dispose()
    return content


@pytest.mark.parametrize("name", TAMPERINGS)
def test_the_verifier_names_the_entry(name: str, good: bytes, tmp_path: Path) -> None:
    tamper, sentence = TAMPERINGS[name]
    files = unpacked(good)
    tamper(files)
    code, said = check(tmp_path, files)
    assert code == 1, said
    assert re.search(sentence, said), said
    findings = said.splitlines()[:-1]
    assert len(findings) <= (3 if name in ("number", "pair") else 2), said  # no cascade behind the fault


def test_cut_entries_need_a_printed_head(good: bytes, tmp_path: Path) -> None:
    files = unpacked(good)
    printed = json.loads(files["head.json"])["head"]
    _lines(lambda lines: lines.pop())(files)
    code, said = check(tmp_path, files)
    assert (code, said.splitlines()[0][:7]) == (0, "whole: ")
    code, said = check(tmp_path, files, printed)
    assert code == 1
    assert f"entry 7: the log ends here without {printed}" in said
    assert check(tmp_path, good, printed)[0] == 0


def test_a_tail_written_anew_needs_a_printed_head(good: bytes, tmp_path: Path) -> None:
    files = unpacked(good)
    printed = json.loads(files["head.json"])["head"]
    lines = [json.loads(line) for line in files["entries.jsonl"].splitlines()]
    lines[5]["body"]["text"] = "It took place."
    for before, entry in pairwise(lines[4:]):
        entry["prev"] = before["digest"]
        entry["digest"] = link(entry["prev"], entry)
    _lines(lambda old: old.__setitem__(slice(None), [canonical(entry) for entry in lines]))(files)
    assert check(tmp_path, files)[0] == 0
    assert check(tmp_path, files, printed)[0] == 1


def test_what_is_no_bundle_is_said_in_a_sentence(good: bytes, tmp_path: Path) -> None:
    for content in (b"", b"PK\x03\x04", good[: len(good) // 2]):
        code, said = check(tmp_path, content)
        assert code == 2
        assert said.startswith("this is no bundle")
    assert check(tmp_path, {"readme": b"nothing"})[0] == 2
    damaged = bytearray(good)
    damaged[200] ^= 255  # inside the packed entries
    assert check(tmp_path, bytes(damaged))[0] in (1, 2)


def test_the_page_and_its_example_agree_with_the_program() -> None:
    page = PAGE.read_text()
    block = re.search(r"## An example to test with.*?```\n(.*?)\n([0-9a-f]{64})\n```", page, re.S)
    assert block is not None
    words, digest = block.groups()
    entry = json.loads(words)
    assert canonical(entry).decode() == words
    assert link(GENESIS, entry) == digest
    for name in entry:
        assert f"| `{name}` |" in page
    commands = re.findall(r"python3 -I -S (docs/\S+)", page)
    assert set(commands) == {"docs/verify_bundle.py"}
