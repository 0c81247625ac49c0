"""`kept evidence` on a log that is whole, and on one that somebody with the rights of its owner was at."""

from __future__ import annotations

import io
import shutil
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.running import ROOT, kept


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of six entries: the owner's token, four more and an end."""
    folder = tmp_path_factory.mktemp("whole") / "data"
    assert kept("init", "--data", folder).code == 0
    for name in ("Jo Marsh", "Dana Reyes", "Sam Okafor", "Kim Brandt"):
        assert kept("token", "create", name, "--data", folder).code == 0
    assert kept("token", "revoke", "Sam Okafor", "--data", folder).code == 0
    return folder


def test_a_whole_log(whole: Path) -> None:
    head = kept("evidence", "head", "--json", "--data", whole).json
    assert head["seq"] == 6
    verified = kept("evidence", "verify", "--expect", head["digest"], "--data", whole)
    assert verified.code == 0
    assert verified.out == f"The log is whole: 6 entries, head {head['digest']}\n"
    as_json = kept("evidence", "verify", "--json", "--data", whole).json
    assert as_json == {"whole": True, "entries": 6, "head": head["digest"], "findings": []} | {
        key: as_json[key] for key in as_json.keys() - {"whole", "entries", "head", "findings"}
    }
    assert kept("evidence", "head", "--data", whole).out == f"6 {head['digest']}\n"


def test_a_digest_that_is_not_in_it(whole: Path) -> None:
    lost = kept("evidence", "verify", "--expect", "0" * 64, "--data", whole)
    assert lost.code == 1
    assert "0000" in lost.out
    assert kept("evidence", "verify", "--expect", "9f86", "--data", whole).code == 2


def byte(open_: sqlite3.Connection) -> None:
    open_.execute("update entry set body = replace(body, 'Dana', 'Dena') where seq = 3")


def moment(open_: sqlite3.Connection) -> None:
    open_.execute("update entry set occurred_at = '2024-01-01 00:00:00.000000' where seq = 4")


def row(open_: sqlite3.Connection) -> None:
    open_.execute("delete from entry where seq = 4")


def pair(open_: sqlite3.Connection) -> None:
    open_.execute("update entry set seq = -1 where seq = 3")
    open_.execute("update entry set seq = 3 where seq = 4")
    open_.execute("update entry set seq = 4 where seq = -1")


@pytest.mark.parametrize(
    ("tamper", "named"), [(byte, "3"), (moment, "4"), (row, "4"), (pair, "3")], ids=["byte", "moment", "row", "pair"]
)
def test_what_was_changed_is_found_and_named(
    whole: Path, tmp_path: Path, tamper: Callable[[sqlite3.Connection], None], named: str
) -> None:
    folder = tmp_path / "data"
    shutil.copytree(whole, folder)
    with sqlite3.connect(folder / "kept.sqlite3") as open_:
        for (trigger,) in open_.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            open_.execute(f"drop trigger {trigger}")
        tamper(open_)
    open_.close()
    found = kept("evidence", "verify", "--data", folder)
    assert found.code == 1
    assert f"entry {named}" in found.out or f"{named} " in found.out, found.out
    as_json = kept("evidence", "verify", "--json", "--data", folder)
    assert as_json.code == 1
    assert as_json.json["whole"] is False
    assert int(named) in [item["seq"] for item in as_json.json["findings"]]


def test_without_dropping_the_triggers_nothing_can_be_changed(whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    shutil.copytree(whole, folder)
    open_ = sqlite3.connect(folder / "kept.sqlite3")
    for tamper in (byte, moment, row, pair):
        with pytest.raises(sqlite3.IntegrityError, match="write a new entry that names the old one"):
            tamper(open_)
    open_.close()


def test_the_bundle_is_checked_with_python_alone(whole: Path, tmp_path: Path) -> None:
    file = tmp_path / "bundle.zip"
    assert kept("evidence", "export", file, "--data", whole).code == 0
    with zipfile.ZipFile(io.BytesIO(file.read_bytes())) as bundle:
        assert bundle.testzip() is None
    command = [sys.executable, "-I", ROOT / "docs" / "verify_bundle.py", file]
    checked = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    head = kept("evidence", "head", "--json", "--data", whole).json
    assert head["digest"] in checked.stdout
    assert kept("evidence", "export", tmp_path / "no" / "folder.zip", "--data", whole).code == 2
