"""`kept audit` as a person types it: from the snapshot to the proof, and what it says to bad input."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.integrity.agent.trees import rest, write
from tests.running import ROOT, kept

TAKE = ("audit", "snapshot", "--server", "old", "--settle", "0.02", "--workers", "1", "--container", "ndjson.gz")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sites of two clients, a generation of them, and a data folder."""
    folder = tmp_path_factory.mktemp("audit")
    write(folder / "www", {"C-1/shop.example/index.php": b"<?php", "C-1/shop.example/img/a.jpg": b"a" * 5000,
                           "C-2/blog.example/post": b"words"})  # fmt: skip
    rest()
    made = kept(*TAKE, "--label", "pre", "--tree", folder / "www", "--out", folder / "g0", "--chunks", "4k", "--json")
    assert made.code == 0, made.err
    assert made.json["sites"] == 2
    assert "2 of 2" in made.err
    assert kept("init", "--data", folder / "data").code == 0
    return folder


def test_sealed_verified_and_proved(place: Path, tmp_path: Path) -> None:
    sealed = kept("audit", "seal", place / "g0", "--salted", "--json", "--data", place / "data")
    assert sealed.code == 0, sealed.err
    root = sealed.json["server_root"]
    ticket = kept("audit", "seal", place / "g0", "--ticket-text", "--data", place / "data")
    assert ticket.out.count("\n") == 1
    assert root in ticket.out
    assert sealed.json["salted_root"] in ticket.out
    assert "It was sealed before" in ticket.err
    whole = kept("audit", "verify", place / "g0", "--expect", root)
    assert (whole.code, f"root {root}" in whole.out) == (0, True)
    assert kept("audit", "verify", place / "g0", "--expect", "0" * 64).code == 4
    assert kept("audit", "verify", place / "g0", "--expect", "root").code == 2
    proof = kept("audit", "prove", place / "g0", "C-1/shop.example/index.php", "--salted")
    assert proof.code == 0, proof.err
    assert "blog.example" not in proof.out
    file = tmp_path / "proof.json"
    file.write_text(proof.out)
    assert kept("audit", "verify", file, "--expect", sealed.json["salted_root"]).code == 0
    assert kept("audit", "verify", file, "--expect", root).code == 4
    script = [sys.executable, "-I", "-S", ROOT / "docs" / "verify_manifest.py", file, sealed.json["salted_root"]]
    assert subprocess.run(script, capture_output=True, check=False).returncode == 0
    assert kept("evidence", "verify", "--data", place / "data").code == 0


def test_exit_codes_tell_changed_from_missing(place: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(place / "g0", tmp_path / "g0"))
    (copy / "sites" / "shop.example.ndjson.gz").unlink()
    missing = kept("audit", "verify", copy)
    assert (missing.code, "NOT ALL THERE" in missing.out) == (5, True)
    (copy / "sites" / "blog.example.ndjson.gz").write_bytes(b"PAR1")
    changed = kept("audit", "verify", copy, "--json")
    assert changed.code == 4
    assert {one["what"] for one in changed.json[0]["findings"]} == {"missing", "changed"}
    assert kept("audit", "seal", copy, "--data", place / "data").code == 4
    (copy / "manifest.json").unlink()
    assert kept("audit", "verify", copy).code == 5
    assert kept("audit", "prove", copy, "x").code == 5


def test_the_next_snapshot_a_backup_and_a_challenge(place: Path, tmp_path: Path) -> None:
    less = kept(*TAKE, "--label", "during", "--tree", place / "www", "--base", place / "g0", "--out", place / "g1",
                "--chunks", "4k", "--json")  # fmt: skip
    assert less.code == 0, less.err
    assert kept("audit", "verify", place / "g1").code == 0
    questions = kept("audit", "challenge", place / "g1", "--sample", "2")
    assert len(questions.json["questions"]) == 2
    (tmp_path / "q.json").write_text(questions.out)
    answers = kept("audit", "probe", place / "g1", tmp_path / "q.json")
    assert answers.code == 0, answers.err
    (tmp_path / "a.json").write_text(answers.out)
    checked = kept("audit", "challenge", place / "g1", "--check", tmp_path / "a.json", "--json")
    assert (checked.code, checked.json["counts"]) == (0, {"same": 2})
    (tmp_path / "q.json").write_text("[]")
    assert kept("audit", "probe", place / "g1", tmp_path / "q.json").code == 2
    with tarfile.open(tmp_path / "b.tar", "w") as archive:
        archive.add(place / "www" / "C-1" / "shop.example", "shop")
    imported = kept("audit", "import", "tar", tmp_path / "b.tar", "C-1/shop.example=shop", "--server", "old",
                    "--taken-at", "2025-06-01T03:00:00Z", "--out", tmp_path / "old", "--json")  # fmt: skip
    assert imported.code == 0, imported.err
    manifests = [json.loads((folder / "manifest.json").read_text()) for folder in (tmp_path / "old", place / "g0")]
    roots = [{one["name"]: one["content_root"] for one in manifest["sites"]} for manifest in manifests]
    assert roots[0]["shop.example"] == roots[1]["shop.example"]


def test_the_agent_as_one_file(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from app.cli import main; main()", "audit", "agent"]
    made = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    (tmp_path / "kept-agent.pyz").write_bytes(made.stdout)
    said = subprocess.run([sys.executable, "-I", "-S", tmp_path / "kept-agent.pyz", "version"], capture_output=True,
                          text=True, check=True)  # fmt: skip
    assert said.stdout.split("sha256:")[1].strip() in made.stderr.decode()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--label", "pre"), "names no site"),
        (("--label", "pre", "--max-read", "fast", "."), "--max-read: 'fast' is no amount"),
        (("--label", "pre", "--taken-at", "2025-06-01T03:00:00Z", "."), "only be claimed for what is imported"),
        (("--label", "test", "--taken-at", "2025-06-01 03:00", "."), "does not say its zone"),
        (("--label", "pre", "--base", "nowhere", "x=/nowhere"), "is no generation"),
        (("--label", "pre", "--hash", "md5", "."), "is none of sha256, blake2b, blake3"),
        (("--label", "pre", "--sites", "nowhere.toml"), "cannot be read"),
        (("--label", "pre", "--tree", "nowhere"), "cannot be listed"),
        (("--label", "pre", "--exclude", "/", "."), "would leave out everything"),
    ],
)
def test_a_command_line_that_is_wrong(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    ran = kept(*TAKE, *words, "--out", tmp_path / "gen", folder=tmp_path)
    assert ran.code == 2
    assert said in ran.err
    assert not (tmp_path / "gen" / "manifest.json").exists()


def test_a_site_that_is_not_there_is_said_and_is_an_incomplete_snapshot(tmp_path: Path) -> None:
    site = write(tmp_path / "here", {"a": b"1"})
    ran = kept(*TAKE, "--label", "pre", site, f"gone={tmp_path / 'gone'}", "--out", tmp_path / "gen")
    assert ran.code == 5
    assert "gone could not be looked at" in ran.err
    assert kept("audit", "verify", tmp_path / "gen").code == 0
