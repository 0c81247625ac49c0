"""A snapshot that reads only what changed says the same as one that reads everything."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import pytest

from app.integrity.agent.sites import Site, Wrong
from app.integrity.format import (
    IncompleteEvidence,
    Unverifiable,
    chunk_columns,
    read_generation,
    schema_of,
    site_columns,
)  # fmt: skip
from tests.integrity.agent.trees import entries, rest, take, write


def edit(site: Path, lot: random.Random) -> None:
    """One change of any kind, some of them made to look like none."""
    files = sorted(path for path in site.rglob("*") if path.is_file() and not path.is_symlink())
    one = lot.choice(files) if files else site / "first"
    match lot.randrange(12):
        case 0 | 1:
            one.write_bytes(lot.randbytes(lot.randrange(9000)))
        case 2 if one.exists():  # other content, same size, same time
            info = one.stat()
            one.write_bytes(lot.randbytes(info.st_size))
            os.utime(one, ns=(info.st_atime_ns, info.st_mtime_ns))
        case 3 if one.exists():
            one.unlink()
        case 4 if one.exists():
            one.rename(one.with_name(f"moved{lot.randrange(99)}"))
        case 5 if one.exists():
            one.chmod(lot.choice([0o600, 0o644, 0o755]))
        case 6 if one.exists():
            target = one.with_name(f"link{lot.randrange(9)}")
            target.unlink(missing_ok=True)
            os.link(one, target)
        case 7 if one.exists():
            one.unlink()
            one.symlink_to("somewhere")
        case 8 if one.exists():
            os.truncate(one, one.stat().st_size // 2)
        case 9 if one.exists():  # replaced by another file with the same content
            copy = one.with_name("copy")
            shutil.copy2(one, copy)
            copy.rename(one)
        case 10:
            (site / f"dir{lot.randrange(5)}").mkdir(exist_ok=True)
        case _:
            inside = site / f"dir{lot.randrange(5)}"
            if inside.is_dir():
                shutil.rmtree(inside)
            else:
                write(site, {f"new{lot.randrange(99)}": lot.randbytes(70000)})


@pytest.mark.parametrize("seed", range(8))
def test_the_incremental_root_is_the_full_root(tmp_path: Path, seed: int) -> None:
    lot = random.Random(seed)
    site = write(
        tmp_path / "www", {f"dir{number % 4}/f{number}": lot.randbytes(lot.randrange(5000)) for number in range(40)}
    )
    (site / "dir9").mkdir()
    rest()
    base = take(tmp_path / "g0", site, chunks_from=4096)
    for step in range(1, 4):
        for _ in range(lot.randrange(6)):
            edit(site, lot)
        if lot.random() < 0.7:
            rest()
        less = take(tmp_path / f"g{step}", site, base=str(base.folder), chunks_from=4096)
        full = take(tmp_path / f"full{step}", site, chunks_from=4096)
        assert less.sites[0].root == full.sites[0].root
        assert less.sites[0].content_root == full.sites[0].content_root
        unlike = ("flags",)  # what was racy for one is at rest for the other, a moment later
        assert site_columns(less, "site").drop(unlike).equals(site_columns(full, "site").drop(unlike))
        mine, other = chunk_columns(less, "site"), chunk_columns(full, "site")
        assert mine is not None
        assert other is not None
        assert mine.sort("key").equals(other.sort("key"))
        base = less


def test_only_what_changed_is_read_and_written(tmp_path: Path) -> None:
    site = write(tmp_path / "www", {f"f{number}": bytes([number]) * 1000 for number in range(100)})
    rest()
    base = take(tmp_path / "g0", site)
    (site / "f7").write_bytes(b"new")
    (site / "f8").unlink()
    rest()
    less = take(tmp_path / "g1", site, base=str(base.folder))
    part = less.sites[0]
    assert part.delta
    assert part.record["read_bytes"] == 3
    assert part.record["reused"] == 98
    import polars as pl

    rows = pl.read_parquet(less.folder / part.file)
    assert {bytes(path): kind for path, kind in rows.select("path", "kind").iter_rows()} == {b"f7": "f", b"f8": "-"}
    assert set(entries(less)) == {f"f{number}".encode() for number in range(100) if number != 8}
    assert less.previous_root == base.server_root


def test_what_changed_a_moment_before_it_was_read_is_never_reused(tmp_path: Path) -> None:
    """Written twice within one tick of the file system's clock: size and times are the same, the content is not."""
    site = write(tmp_path / "www", {"page": b"one"})
    base = take(tmp_path / "g0", site)  # no rest: it was fresh when the snapshot began
    info = (site / "page").stat()
    (site / "page").write_bytes(b"two")
    os.utime(site / "page", ns=(info.st_atime_ns, info.st_mtime_ns))
    rest()
    less = take(tmp_path / "g1", site, base=str(base.folder))
    assert less.sites[0].record["reused"] == 0
    assert entries(less)[b"page"].digest != entries(base)[b"page"].digest


def test_nothing_is_reused_from_another_machine_or_another_place(tmp_path: Path) -> None:
    import json

    site = write(tmp_path / "www", {"page": b"one"})
    rest()
    base = take(tmp_path / "g0", site)
    assert take(tmp_path / "same", site, base=str(base.folder)).sites[0].record["reused"] == (1 if base.machine else 0)
    copy = tmp_path / "copy"
    shutil.copytree(site, copy)
    rest()
    assert take(tmp_path / "elsewhere", copy, base=str(base.folder)).sites[0].record["reused"] == 0
    assert take(tmp_path / "full", site, base=str(base.folder), full=True).sites[0].record["reused"] == 0
    file = base.folder / "manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"machine": "another"}))
    assert take(tmp_path / "moved", site, base=str(base.folder)).sites[0].record["reused"] == 0


def test_a_base_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    site = write(tmp_path / "www", {"page": b"one"})
    base = str(take(tmp_path / "g0", site).folder)
    with pytest.raises(Wrong, match="sha256"):
        take(tmp_path / "g1", site, base=base, algorithm="blake2b")
    with pytest.raises(Wrong, match="old server"):
        take(tmp_path / "g2", site, base=base, server="new")
    with pytest.raises(Wrong, match="beside"):
        take(tmp_path / "sub" / "g3", site, base=base)
    with pytest.raises(Wrong, match="no generation"):
        take(tmp_path / "g4", site, base=str(tmp_path))


def test_a_delta_without_its_base_is_incomplete_and_with_another_is_unverifiable(tmp_path: Path) -> None:
    site = write(tmp_path / "www", {f"page{number}": b"one" for number in range(9)})
    rest()
    base = take(tmp_path / "g0", site)
    less = take(tmp_path / "g1", site, base=str(base.folder))
    base.folder.rename(tmp_path.parent / f"{tmp_path.name}-away")
    with pytest.raises(IncompleteEvidence, match="not beside it"):
        site_columns(less, "site")
    shutil.rmtree(tmp_path.parent / f"{tmp_path.name}-away")
    take(tmp_path / "other", site)
    file = tmp_path / "other" / "manifest.json"
    file.write_text(file.read_text().replace(read_generation(tmp_path / "other").id, base.id))
    with pytest.raises(Unverifiable, match="its root is another"):
        site_columns(less, "site")


def test_a_long_chain_begins_anew(tmp_path: Path) -> None:
    site = write(tmp_path / "www", {"page": b"one", "other": b"two"})
    rest()
    base = take(tmp_path / "g00", site)
    kinds = []
    for number in range(1, 27):
        base = take(tmp_path / f"g{number:02d}", site, base=str(base.folder))
        kinds.append(base.sites[0].delta)
    assert kinds.count(False) == 1
    assert entries(base).keys() == {b"page", b"other"}


def test_sites_come_and_go_between_snapshots(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        write(tmp_path / "www" / name, {"page": name.encode()})
    rest()
    sites = {name: Site(name, "x", str(tmp_path / "www" / name)) for name in "abc"}
    base = take(tmp_path / "g0", [sites["a"], sites["b"]])
    less = take(tmp_path / "g1", [sites["b"], sites["c"]], base=str(base.folder))
    assert [part.name for part in less.sites] == ["b", "c"]
    assert [part.delta for part in less.sites] == [True, False]
    assert set(entries(less, "c")) == {b"page"}
    assert set(schema_of()) == set(site_columns(less, "b").columns)
