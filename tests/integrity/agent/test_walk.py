"""What the agent makes of a tree that is hostile, alive, or partly shut."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import pytest

from app.integrity.agent import marks
from app.integrity.format import EXCLUDED, UNREADABLE, UNSTABLE
from tests.integrity.agent.trees import as_another_user, entries, rest, take, write

LONGER = 400_000_000  # nanoseconds: a writer that waits for its turn on a busy machine is still writing


def test_every_kind_of_entry_with_its_name_byte_for_byte(tmp_path: Path) -> None:
    site = tmp_path / "www"
    names = [b"plain.txt", b"new\nline", b"\xff\xfe not utf-8", b" lead", b"100%41", "ä".encode(), b"a" * 255, b"-rf"]
    os.makedirs(site / "sub")
    for name in names:
        Path(os.fsdecode(os.fsencode(site) + b"/" + name)).write_bytes(name)
    os.mkfifo(site / "fifo")
    (site / "sub" / "loop").symlink_to("..")
    (site / "self").symlink_to("self")
    (site / "out").symlink_to("/etc/passwd")
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(site)
        try:
            server.bind("socket")
        finally:
            os.chdir(here)
    rest()
    found = entries(take(tmp_path / "gen", site))
    assert set(found) == {*names, b"fifo", b"sub", b"sub/loop", b"self", b"out", b"socket"}
    assert all(found[name].digest == hashlib.sha256(name).digest() for name in names)
    kinds = {path: entry.kind for path, entry in found.items() if path not in names}
    assert kinds == {b"fifo": "p", b"sub": "d", b"sub/loop": "l", b"self": "l", b"out": "l", b"socket": "s"}
    assert found[b"out"].target == b"/etc/passwd"
    assert not any(entry.flags for entry in found.values())


def test_entries_carry_what_a_comparison_needs(tmp_path: Path) -> None:
    site = write(tmp_path / "www", {"a": b"one", "tail": b"x" * 5000 + bytes(5000), "zeros": bytes(70000)})
    os.chmod(site / "a", 0o4640)
    os.utime(site / "a", ns=(1, 1_600_000_000_123_456_789))
    os.link(site / "a", site / "b")
    os.setxattr(site / "tail", "user.note", b"kept")
    rest()
    found = entries(take(tmp_path / "gen", site))
    a, b = found[b"a"], found[b"b"]
    assert (a.mode, a.size, a.mtime_ns, a.nlink) == (0o4640, 3, 1_600_000_000_123_456_789, 2)
    assert a.hlgroup == b.hlgroup == a.key != 0
    assert found[b"tail"].hlgroup == 0
    assert (a.tail0, found[b"tail"].tail0, found[b"zeros"].tail0) == (0, 5000, 70000)
    assert a.xattr8 == 0 != found[b"tail"].xattr8
    assert a.key == int.from_bytes(hashlib.sha256(b"site\0a").digest()[:8], "big")
    assert a.owner
    assert a.ctime_ns > 0


def test_a_large_file_is_hashed_whole(tmp_path: Path) -> None:
    content = bytes(range(256)) * 4096 * 3 + b"end\0\0"
    site = write(tmp_path / "www", {"large": content})
    rest()
    entry = entries(take(tmp_path / "gen", site))[b"large"]
    assert (entry.digest, entry.size, entry.tail0) == (hashlib.sha256(content).digest(), len(content), 2)


def test_what_is_shut_is_named_and_never_taken_for_absent() -> None:
    with tempfile.TemporaryDirectory() as name:  # a test's own folder is shut to everybody else
        folder = Path(name)
        folder.chmod(0o777)
        site = write(folder / "www", {"open": b"1", "shut": b"2", "locked/in": b"3", "listed/in": b"4"})
        site.chmod(0o755)
        (site / "shut").chmod(0)
        (site / "locked").chmod(0)
        (site / "listed").chmod(0o744)
        rest()
        with as_another_user():
            generation = take(folder / "gen", site, container="ndjson.gz")
        found = entries(generation)
        (site / "locked").chmod(0o755)
    assert found[b"open"].examined
    assert found[b"shut"].flags & UNREADABLE
    assert found[b"shut"].digest is None
    assert found[b"locked"].flags & UNREADABLE
    assert found[b"listed"].flags & UNREADABLE
    assert b"locked/in" not in found
    assert generation.sites[0].unreadable == 3


def test_a_site_that_is_not_there_is_no_empty_site(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    for name in ("absent", "file"):
        generation = take(tmp_path / f"gen-{name}", tmp_path / name)
        assert generation.sites[0].unopened
        assert generation.sites[0].entries == 0


def test_devices_are_not_opened_and_other_file_systems_not_entered(tmp_path: Path) -> None:
    inside = [
        name for name in os.listdir("/dev") if os.path.isdir(f"/dev/{name}") and not os.path.islink(f"/dev/{name}")
    ]
    mounted = [name for name in inside if os.lstat(f"/dev/{name}").st_dev != os.lstat("/dev").st_dev]
    if not mounted:
        pytest.skip("nothing is mounted below /dev here")
    found = entries(take(tmp_path / "gen", Path("/dev")))
    assert found[b"null"].kind == "c"
    assert found[b"null"].digest is None
    for name in mounted:
        assert found[name.encode()].flags & marks.ELSEWHERE
        assert not any(path.startswith(name.encode() + b"/") for path in found)


def test_a_tree_deeper_than_anybody_needs(tmp_path: Path) -> None:
    site = tmp_path / "www"
    site.mkdir()
    here = os.open(site, os.O_RDONLY)
    for _ in range(520):
        os.mkdir("d", dir_fd=here)
        inner = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(here)
    generation = take(tmp_path / "gen", site)
    deepest = max(entries(generation).values(), key=lambda entry: len(entry.path))
    assert deepest.flags & marks.TOO_DEEP
    assert generation.sites[0].unreadable == 1
    subprocess.run(["rm", "-rf", str(site)], check=True)


def test_larger_than_allowed_is_said_and_not_read(tmp_path: Path) -> None:
    site = write(tmp_path / "www", {"small": b"1", "large": b"2" * 2000})
    rest()
    generation = take(tmp_path / "gen", site, file_bytes=1000)
    found = entries(generation)
    assert found[b"large"].flags & marks.CAPPED
    assert found[b"large"].digest is None
    assert generation.sites[0].unreadable == 1
    assert found[b"small"].examined


def test_a_file_that_is_written_to_all_the_time_is_unstable(tmp_path: Path) -> None:
    site = write(tmp_path / "www", {"hot.log": b"0", "calm": b"1"})
    rest()
    stop = threading.Event()

    def keep_writing() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            (site / "hot.log").write_bytes(str(number).encode() * 1000)
            time.sleep(0.001)

    thread = threading.Thread(target=keep_writing)
    thread.start()
    try:
        generation = take(tmp_path / "gen", site, quiet_ns=LONGER)
    finally:
        stop.set()
        thread.join(20)
    found = entries(generation)
    assert found[b"hot.log"].flags & UNSTABLE
    assert not found[b"calm"].flags & UNSTABLE
    assert generation.sites[0].unstable == 1


def test_a_file_that_was_just_written_is_read_again_and_then_at_rest(tmp_path: Path) -> None:
    site = write(tmp_path / "www", {"fresh": b"1"})
    generation = take(tmp_path / "gen", site, quiet_ns=300_000_000)
    assert generation.sites[0].record["reread"] == 1
    assert not entries(generation)[b"fresh"].flags & UNSTABLE


def test_no_torn_read_goes_unseen(tmp_path: Path) -> None:
    """Files rewritten in steps while they are read: what is not flagged is one of the whole contents."""
    site = tmp_path / "www"
    contents = {hashlib.sha256(bytes([fill]) * 200_000).digest() for fill in range(256)}
    write(site, {f"f{number}": bytes([0]) * 200_000 for number in range(12)})
    rest()
    stop = threading.Event()

    def rewrite() -> None:
        fill = 0
        while not stop.is_set():
            fill = (fill + 1) % 256
            for number in range(12):
                with open(site / f"f{number}", "r+b", buffering=0) as out:
                    for _ in range(4):
                        out.write(bytes([fill]) * 50_000)
                        time.sleep(0.0002)

    thread = threading.Thread(target=rewrite)
    thread.start()
    try:
        generations = [take(tmp_path / f"gen{number}", site, quiet_ns=LONGER) for number in range(2)]
    finally:
        stop.set()
        thread.join(20)
    torn = [
        entry
        for generation in generations
        for entry in entries(generation).values()
        if not entry.flags & UNSTABLE and entry.digest not in contents
    ]
    assert torn == []
    assert sum(generation.sites[0].unstable for generation in generations) > 0


def test_files_that_vanish_while_the_site_is_read(tmp_path: Path) -> None:
    site = write(tmp_path / "www", {f"d{number % 20}/f{number}": b"x" * 3000 for number in range(600)})
    rest()
    gone = threading.Event()

    def remove() -> None:
        for number in range(0, 600, 3):
            (site / f"d{number % 20}" / f"f{number}").unlink()
        shutil.rmtree(site / "d7", ignore_errors=True)
        gone.set()

    thread = threading.Thread(target=remove)
    thread.start()
    generation = take(tmp_path / "gen", site)
    thread.join(20)
    assert gone.is_set()
    found = entries(generation)
    left = {os.fsencode(path.relative_to(site)) for path in site.rglob("*")}
    assert left <= set(found)
    assert all(entry.digest == hashlib.sha256(b"x" * 3000).digest() for entry in found.values()
               if entry.kind == "f" and not entry.flags & (UNREADABLE | UNSTABLE))  # fmt: skip


def test_dated_in_the_future_by_a_wrong_clock_and_at_rest(tmp_path: Path) -> None:
    site = write(tmp_path / "www", {"later": b"1"})
    os.utime(site / "later", ns=(1, 4_000_000_000 * 10**9))
    rest()
    entry = entries(take(tmp_path / "gen", site))[b"later"]
    assert not entry.flags & UNSTABLE
    assert entry.flags & marks.RACY  # never reused


def test_excludes_and_volatile_paths_are_counted_and_stand_below_no_root(tmp_path: Path) -> None:
    files = {"index.php": b"1", "cache/a/b": b"22", "wp-content/cache/x": b"333", "deep/cache/code.php": b"4",
             "composer.lock": b"5", "backups/old.zip": b"6666", "error_log": b"7", "sub/error_log": b"88"}  # fmt: skip
    site = write(tmp_path / "www", files)
    rest()
    generation = take(tmp_path / "gen", site, excludes=["backups/**"])
    found = entries(generation)
    left_out = {path for path, entry in found.items() if entry.flags & EXCLUDED}
    assert left_out == {b"cache", b"cache/a", b"cache/a/b", b"wp-content/cache", b"wp-content/cache/x", b"backups",
                        b"backups/old.zip", b"error_log", b"sub/error_log"}  # fmt: skip
    assert all(found[path].digest is None for path in left_out)
    part = generation.sites[0]
    assert part.excluded == len(left_out)
    assert part.record["excluded"]["patterns"]["backups/**"] == {"entries": 2, "bytes": 4}
    assert part.record["excluded"]["patterns"]["error_log"] == {"entries": 2, "bytes": 3}
    judged = take(tmp_path / "all", site, volatile=False)
    assert not any(entry.flags & EXCLUDED for entry in entries(judged).values())
    (site / "cache" / "more").write_bytes(b"9")
    rest()
    os.utime(site / "cache")
    again = take(tmp_path / "gen2", site, excludes=["backups/**"])
    assert again.sites[0].root == part.root
    assert again.excludes_digest == generation.excludes_digest != judged.excludes_digest


def test_the_time_of_access_is_left_alone(tmp_path: Path) -> None:
    site = write(tmp_path / "www", {"a": b"1"})
    os.utime(site / "a", ns=(10**18, 10**18))
    before = os.stat(site / "a").st_atime_ns
    rest()
    take(tmp_path / "gen", site)
    assert os.stat(site / "a").st_atime_ns == before
