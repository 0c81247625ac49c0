"""A snapshot that is killed in the middle is taken up where it broke off, and is no generation before its last file."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.integrity.agent.sites import Site, Wrong
from app.integrity.format import IncompleteEvidence, read_generation
from app.integrity.manifests import check
from tests.integrity.agent.trees import QUIET, rest, take, write

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def sites(tmp_path: Path) -> list[Site]:
    for number in range(6):
        write(tmp_path / "www" / f"s{number}", {f"f{file}": os.urandom(300_000) for file in range(10)})
    rest()
    return [Site(f"s{number}", "c", str(tmp_path / "www" / f"s{number}")) for number in range(6)]


def begin(out: Path, listed: list[Site], *more: str) -> subprocess.Popen[bytes]:
    named = [f"{one.client}/{one.name}={one.folder}" for one in listed]
    command = [sys.executable, "-m", "app.integrity.agent", "snapshot", "--label", "pre", "--server", "old"]
    command += ["--out", str(out), "--settle", "0.02", *more, *named]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.mark.parametrize("workers", [1, 2])
def test_killed_in_the_middle_and_taken_up_again(tmp_path: Path, sites: list[Site], workers: int) -> None:
    out = tmp_path / "gen"
    slow = begin(out, sites, "--workers", str(workers), "--max-read", "6")
    for _ in range(600):
        finished = (
            [name for name in os.listdir(out / "unfinished") if name.endswith(".json") and name[0] == "s"]
            if out.exists()
            else []
        )
        if finished:
            break
        time.sleep(0.02)
    slow.send_signal(signal.SIGKILL)
    slow.wait(20)
    assert finished
    assert not (out / "manifest.json").exists()
    with pytest.raises(IncompleteEvidence, match="begun here and not finished"):
        read_generation(out)
    time.sleep(0.3)  # a worker whose pipe broke ends by itself
    said: list[str] = []
    from app.integrity.agent.snapshot import Plan, snapshot

    plan = Plan(out=str(out), sites=sites, label="pre", server="old", quiet_ns=QUIET, workers=workers)
    snapshot(plan, said.append)
    assert any("taken up again" in line for line in said)
    generation = read_generation(out)
    assert generation.record["resumed"] == 1
    assert check(out).findings == []
    assert not (out / "unfinished").exists()
    whole = take(tmp_path / "whole", sites)
    assert [part.root for part in generation.sites] == [part.root for part in whole.sites]


def broken_off(out: Path, sites: list[Site]) -> None:
    """As a snapshot lies there that was stopped behind its first site."""
    take(out, sites)
    manifest = json.loads((out / "manifest.json").read_text())
    (out / "unfinished").mkdir()
    (out / "unfinished" / "s0.json").write_text(json.dumps(manifest["sites"][0]))
    (out / "manifest.json").unlink()


def test_a_site_whose_file_was_half_written_is_read_again(tmp_path: Path, sites: list[Site]) -> None:
    out = tmp_path / "gen"
    broken_off(out, sites)
    file = out / "sites" / "s0.parquet"
    file.write_bytes(file.read_bytes()[:-9])
    generation = take(out, sites)
    assert check(out).findings == []
    assert generation.record["resumed"] == 0


def test_what_was_finished_is_not_read_again(tmp_path: Path, sites: list[Site]) -> None:
    out = tmp_path / "gen"
    broken_off(out, sites)
    before = os.stat(out / "sites" / "s0.parquet").st_ino
    generation = take(out, sites)
    assert os.stat(out / "sites" / "s0.parquet").st_ino == before
    assert generation.record["resumed"] == 1


def test_another_plan_does_not_take_it_up(tmp_path: Path, sites: list[Site]) -> None:
    out = tmp_path / "gen"
    slow = begin(out, sites, "--workers", "1", "--max-read", "6")
    for _ in range(600):
        if (out / "unfinished" / "begun.json").exists():
            break
        time.sleep(0.02)
    with pytest.raises(Wrong, match="another snapshot is writing there"):
        take(out, sites)
    slow.kill()
    slow.wait(20)
    with pytest.raises(Wrong, match="begun otherwise \\(label, excludes\\)"):
        take(out, sites, label="post", excludes=["x"])
    (out / "unfinished" / "begun.json").write_text("{")
    with pytest.raises(Wrong, match="cannot be taken up again"):
        take(out, sites)


def test_a_finished_generation_is_never_written_over(tmp_path: Path, sites: list[Site]) -> None:
    take(tmp_path / "gen", sites)
    with pytest.raises(Wrong, match="holds a finished generation"):
        take(tmp_path / "gen", sites)
    with pytest.raises(Wrong, match="would hold its own snapshot"):
        take(tmp_path / "www" / "s1" / "gen", sites)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"label": "before"}, "--label"),
        ({"server": "middle"}, "--server"),
        ({"algorithm": "md5"}, "--hash"),
        ({"taken_at": 1}, "--taken-at"),
        ({"nonce": "XYZ"}, "--nonce"),
        ({"excludes": ["/"]}, "everything"),
        ({"clock_offset": "soon"}, "no number of seconds"),
        ({"container": "csv"}, "--container"),
    ],
)
def test_a_plan_that_is_none(tmp_path: Path, more: dict[str, object], said: str) -> None:
    with pytest.raises(Wrong) as caught:
        take(tmp_path / "gen", tmp_path, **more)
    assert said in caught.value.sentence()


def test_a_claimed_time_stands_as_claimed_and_a_clock_as_given(tmp_path: Path, sites: list[Site]) -> None:
    generation = take(tmp_path / "gen", sites[:1], label="test", taken_at=10**18, clock_offset="7200±0.5")
    assert generation.claimed
    assert (generation.start_ns, generation.end_ns) == (10**18, 10**18)
    assert generation.record["taken_at"]["read_start_ns"] > 10**18
    assert (generation.clock.offset_ns, generation.clock.uncertainty_ns) == (7200 * 10**9, 5 * 10**8)
    assert generation.clock.known
