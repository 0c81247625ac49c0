"""Older backups as generations: what they say of contents, and what they do not."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import tarfile
from pathlib import Path
from typing import Any

import pytest

from app.errors import BadInput
from app.integrity import importing
from app.integrity.agent.sites import Site
from app.integrity.agent.snapshot import Plan
from app.integrity.format import EXCLUDED, NOT_TOLD, Generation, read_generation
from app.integrity.manifests import check
from tests.integrity.agent.trees import entries, rest, take, write

TAKEN = 1_748_746_800 * 10**9


def taken_in(kind: str, source: Path, out: Path, place: str = "var/www/site", **more: Any) -> Generation:
    plan = Plan(
        out=str(out), sites=[Site("site", "client", place)], label="import", server="old", taken_at=TAKEN, **more
    )
    importing.generation(plan, kind, source)
    return read_generation(out)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    site = write(tmp_path / "var" / "www" / "site", {"a": b"one", "sub/ä": b"2" * 90_000, "cache/x": b"3", "n\nl": b""})
    Path(os.fsdecode(os.fsencode(site) + b"/\xff")).write_bytes(b"4")
    (site / "link").symlink_to("sub/ä")
    os.link(site / "a", site / "hard")
    rest()
    return site


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT], ids=["pax", "gnu"])
@pytest.mark.parametrize("packed", ["", "gz", "bz2", "xz"])
def test_a_tar_has_the_same_content_root_as_the_site(tmp_path: Path, site: Path, form: int, packed: str) -> None:
    with tarfile.open(tmp_path / "b.tar", f"w:{packed}", format=form) as archive:
        archive.add(tmp_path / "var", "./var")
    imported = taken_in("tar", tmp_path / "b.tar", tmp_path / "gen")
    live = take(tmp_path / "live", site)
    assert imported.sites[0].content_root == live.sites[0].content_root
    assert (imported.label, imported.claimed, imported.start_ns) == ("import", True, TAKEN)
    assert not imported.clock.known
    found = entries(imported)
    assert found[b"cache/x"].flags & EXCLUDED
    assert found[b"a"].mode == (site / "a").stat().st_mode & 0o7777
    if form == tarfile.PAX_FORMAT:
        assert found[b"a"].mtime_ns // 10**6 == (site / "a").stat().st_mtime_ns // 10**6
    assert check(tmp_path / "gen").findings == []


def test_of_two_members_of_one_name_the_later_counts(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "b.tar", "w") as archive:
        for content in (b"old", b"newer"):
            member = tarfile.TarInfo("var/www/site/a")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    found = entries(taken_in("tar", tmp_path / "b.tar", tmp_path / "gen"))
    assert (found[b"a"].digest, found[b"a"].size) == (hashlib.sha256(b"newer").digest(), 5)


def test_a_tar_cut_short_and_one_that_holds_nothing(tmp_path: Path, site: Path) -> None:
    with tarfile.open(tmp_path / "b.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "var", "var")
    whole = (tmp_path / "b.tar.gz").read_bytes()
    plain = gzip.decompress(whole)
    cuts = [whole[:length] for length in range(0, len(whole), len(whole) // 9)] + [whole[:-1], whole[:-9]]
    cuts += [plain[:length] for length in range(0, len(plain) - 9728, 512 * 17)] + [plain[:700]]
    for cut in cuts:
        (tmp_path / "cut").write_bytes(cut)
        with pytest.raises(BadInput, match="cut short"):
            taken_in("tar", tmp_path / "cut", tmp_path / "gen")
    assert not (tmp_path / "gen").exists()
    with pytest.raises(BadInput, match="holds nothing below"):
        taken_in("tar", tmp_path / "b.tar.gz", tmp_path / "gen", place="srv/other")
    with pytest.raises(BadInput, match="sha256"):
        taken_in("tar", tmp_path / "b.tar.gz", tmp_path / "gen", algorithm="blake2b")


def restic_trees() -> list[str]:
    """What `restic cat snapshot` and `restic cat tree` print for two folders and five files."""
    inner = {"nodes": [
        {"name": "empty", "type": "file", "mode": 420, "mtime": "2025-05-30T10:00:00Z", "uid": 33, "gid": 33, "size": 0,
         "content": []},
        {"name": "large", "type": "file", "mode": 420, "mtime": "2025-05-30T10:00:00.123456789+02:00", "uid": 33,
         "gid": 33, "user": "www-data", "group": "www-data", "size": 9_000_000, "content": ["aa" * 32, "bb" * 32]},
        {"name": "small", "type": "file", "mode": 384, "mtime": "2025-05-30T10:00:00Z", "uid": 33, "gid": 33, "size": 3,
         "content": [hashlib.sha256(b"one").hexdigest()]},
        {"name": "to", "type": "symlink", "mode": 134218239, "mtime": "2025-05-30T10:00:00Z", "linktarget": "small"},
    ]}  # fmt: skip
    lines = [json.dumps(inner)]
    for name in ("site", "www", "var"):
        below = hashlib.sha256(lines[-1].encode() + b"\n").hexdigest()
        lines.append(json.dumps({"nodes": [{"name": name, "type": "dir", "mode": 2147484141, "uid": 0, "gid": 0,
                                            "mtime": "2025-05-30T10:00:00Z", "subtree": below}]}))  # fmt: skip
    top = hashlib.sha256(lines[-1].encode() + b"\n").hexdigest()
    return [json.dumps({"time": "2025-06-01T03:00:00Z", "tree": top, "paths": ["/var/www"], "hostname": "h"}), *lines]


def test_restics_trees_name_the_content_of_files_in_one_piece(tmp_path: Path) -> None:
    (tmp_path / "r.jsonl").write_text("\n".join(restic_trees()))
    generation = taken_in("restic", tmp_path / "r.jsonl", tmp_path / "gen")
    found = entries(generation)
    assert found[b"small"].digest == hashlib.sha256(b"one").digest()
    assert found[b"empty"].digest == hashlib.sha256(b"").digest()
    large = found[b"large"]
    assert (large.digest, large.flags, large.size) == (None, NOT_TOLD, 9_000_000)
    assert large.mtime_ns == 1_748_592_000_123_456_789
    assert (large.owner, large.mode) == ("www-data", 0o644)
    assert (found[b"to"].kind, found[b"to"].target) == ("l", b"small")
    assert not large.examined
    assert generation.sites[0].unreadable == 1


def test_restics_trees_are_held_against_their_own_names(tmp_path: Path) -> None:
    lines = restic_trees()
    (tmp_path / "r.jsonl").write_text("\n".join([lines[0], lines[1].replace("large", "other"), *lines[2:]]))
    with pytest.raises(BadInput, match="lacks the tree"):
        taken_in("restic", tmp_path / "r.jsonl", tmp_path / "gen")
    (tmp_path / "r.jsonl").write_text("\n".join(lines[1:]))
    with pytest.raises(BadInput, match="names 0 snapshots"):
        taken_in("restic", tmp_path / "r.jsonl", tmp_path / "gen")


def test_restics_listing_names_no_content(tmp_path: Path) -> None:
    lines = [
        {"struct_type": "snapshot", "time": "2025-06-01T03:00:00Z", "tree": "ab" * 32},
        {"struct_type": "node", "name": "a", "type": "file", "path": "/var/www/site/a", "uid": 0, "gid": 0, "size": 3,
         "mode": 420, "mtime": "2025-05-30T10:00:00Z"},
    ]  # fmt: skip
    (tmp_path / "r.jsonl").write_text("\n".join(map(json.dumps, lines)))
    entry = entries(taken_in("restic", tmp_path / "r.jsonl", tmp_path / "gen"))[b"a"]
    assert (entry.digest, entry.flags, entry.size) == (None, NOT_TOLD, 3)


def test_borgs_lines(tmp_path: Path) -> None:
    common = {"user": "www-data", "group": "www-data", "uid": 33, "gid": 33, "healthy": True, "flags": None}
    common |= {"source": "", "linktarget": ""}
    lines = [
        common | {"type": "d", "mode": "drwxr-sr-t", "path": "var/www/site/d", "size": 0,
                  "mtime": "2025-05-30T10:00:00.000000"},
        common | {"type": "-", "mode": "-rwsr-x---", "path": "var/www/site/d/a", "size": 3,
                  "mtime": "Fri, 2025-05-30 10:00:00", "isomtime": "2025-05-30T10:00:00.250000",
                  "sha256": hashlib.sha256(b"one").hexdigest()},
        common | {"type": "-", "mode": "-rw-r--r--", "path": "var/www/site/b", "size": 9,
                  "mtime": "2025-05-30T10:00:00+02:00"},
        common | {"type": "l", "mode": "lrwxrwxrwx", "path": "var/www/site/l", "source": "d/a", "linktarget": "d/a",
                  "size": 3, "mtime": "2025-05-30T10:00:00"},
    ]  # fmt: skip
    (tmp_path / "b.jsonl").write_text("\n".join(map(json.dumps, lines)))
    found = entries(taken_in("borg", tmp_path / "b.jsonl", tmp_path / "gen"))
    assert (found[b"d"].mode, found[b"d/a"].mode) == (0o3755, 0o4750)
    assert found[b"d/a"].digest == hashlib.sha256(b"one").digest()
    assert found[b"d/a"].mtime_ns == 1_748_599_200_250_000_000
    assert found[b"b"].mtime_ns == 1_748_592_000_000_000_000
    assert found[b"b"].flags == NOT_TOLD
    assert found[b"l"].target == b"d/a"


@pytest.mark.parametrize("kind", ["restic", "borg"])
@pytest.mark.parametrize("text", ["", "{", "[]", '{"type": "-"}', '{"struct_type": "node"}', '{"nodes": [1], "x": 1}'])
def test_listings_that_are_none(tmp_path: Path, kind: str, text: str) -> None:
    (tmp_path / "x.jsonl").write_text(text)
    with pytest.raises(BadInput):
        taken_in(kind, tmp_path / "x.jsonl", tmp_path / "gen")
    with pytest.raises(BadInput):
        taken_in(kind, tmp_path / "absent", tmp_path / "gen")
