"""Whatever is changed in a generation, in any of its files, is found; what is missing is told from what was changed."""

from __future__ import annotations

import json
import random
import shutil
import tarfile
import zipfile
from pathlib import Path

import pytest

from app.errors import BadInput
from app.integrity.agent import leaves
from app.integrity.agent.onesite import digest_of, rendered
from app.integrity.agent.sites import Site
from app.integrity.agent.snapshot import closed
from app.integrity.format import Generation, IncompleteEvidence, Unverifiable, read_generation
from app.integrity.manifests import against, check, verify
from tests.integrity.agent.trees import rest, take, write


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two generations of two sites, the second a delta, with digests of parts and something left out."""
    folder = tmp_path_factory.mktemp("chain")
    sites = [Site(name, "c", str(write(folder / "www" / name, {"a": b"1", "b/c": b"2" * 9000, "tmp/x": b"3", "d": b"4",
                                                               "e": b"5"}))) for name in ("s1", "s2")]  # fmt: skip
    rest()
    take(folder / "gens" / "g0", sites, chunks_from=4096, excludes=["*.bak"])
    write(folder / "www" / "s1", {"a": b"changed"})
    rest()
    take(folder / "gens" / "g1", sites, chunks_from=4096, excludes=["*.bak"], base=str(folder / "gens" / "g0"))
    return folder / "gens"


@pytest.fixture
def gens(chain: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(chain, tmp_path / "gens"))


def codes(bundle: Path) -> list[int]:
    return [item.exit_code for item in verify(bundle)]


def test_whole(gens: Path) -> None:
    assert codes(gens) == [0, 0]
    assert codes(gens / "g0") == [0]
    assert {part.delta for part in read_generation(gens / "g1").sites} == {True}


def test_any_byte_of_any_file_that_is_flipped_is_found(gens: Path) -> None:
    lot = random.Random(7)
    tried = 0
    for file in sorted(path for path in gens.rglob("*") if path.is_file()):
        whole = file.read_bytes()
        for place in {0, len(whole) - 1, *(lot.randrange(len(whole)) for _ in range(14))}:
            file.write_bytes(whole[:place] + bytes([whole[place] ^ (1 << lot.randrange(8))]) + whole[place + 1 :])
            try:
                found = codes(gens)
            except (Unverifiable, IncompleteEvidence):
                found = [4]
            assert 4 in found, (file, place)
            tried += 1
        file.write_bytes(whole)
    assert codes(gens) == [0, 0]
    assert tried > 100


def test_cut_short_and_missing_are_told_apart(gens: Path) -> None:
    file = gens / "g0" / "sites" / "s1.parquet"
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    found = check(gens / "g0")
    assert found.exit_code == 4
    assert "cut short" in found.findings[0].text
    file.unlink()
    found = check(gens / "g0")
    assert found.exit_code == 5
    assert found.findings[0].what == "missing"
    manifest = gens / "g1" / "manifest.json"
    manifest.write_bytes(manifest.read_bytes()[:-100])
    assert check(gens / "g1").exit_code == 4
    manifest.unlink()
    assert check(gens / "g1").exit_code == 5


def test_a_delta_without_its_base_and_a_hole_in_the_chain(gens: Path) -> None:
    shutil.move(gens / "g0", gens.parent / "away")
    found = check(gens / "g1")
    assert found.exit_code == 5
    assert "not beside it" in found.findings[0].text
    shutil.copytree(gens / "g1", gens / "g2")
    manifest = closed(json.loads((gens / "g2" / "manifest.json").read_text()) | {"id": "another"})
    (gens / "g2" / "manifest.json").write_bytes(rendered(manifest))
    assert any("not in the bundle" in one.text for item in verify(gens) for one in item.findings)


def forged(generation: Generation, change: dict[str, object]) -> None:
    """The manifest with one thing changed and its root reckoned anew, as somebody does who knows the format."""
    record = json.loads((generation.folder / "manifest.json").read_text())
    record["sites"][0] |= change
    (generation.folder / "manifest.json").write_bytes(rendered(closed(record)))


@pytest.mark.parametrize(
    "change",
    [{"entries": 1}, {"bytes": 1}, {"unreadable": 3}, {"unstable": 1}, {"root": "0" * 64}, {"content_root": "0" * 64},
     {"unread_digest": "0" * 64}, {"sha256": "0" * 64}, {"name": "s0"}],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_a_forger_who_knows_the_format_needs_another_root(gens: Path, change: dict[str, object]) -> None:
    generation = read_generation(gens / "g0")
    forged(generation, change)
    assert check(gens / "g0").exit_code == 4


def test_a_forgery_without_a_fault_has_another_root(gens: Path) -> None:
    """Consistent in itself; only the root that was given away before shows it."""
    generation = read_generation(gens / "g0")
    forged(generation, {"client": "another"})
    checked = [check(gens / "g0")]
    assert checked[0].exit_code == 0
    against(checked, generation.server_root)
    assert checked[0].exit_code == 4
    assert "after that root was given away" in checked[0].findings[0].text


def test_order_excludes_and_white_space(gens: Path) -> None:
    file = gens / "g0" / "manifest.json"
    whole = file.read_text()
    record = json.loads(whole)
    file.write_bytes(rendered(closed(record | {"sites": record["sites"][::-1]})))
    assert any("out of order" in one.text for one in check(gens / "g0").findings)
    file.write_bytes(rendered(closed(record | {"excludes": record["excludes"] | {"patterns": []}})))
    assert any("left out" in one.text for one in check(gens / "g0").findings)
    file.write_text(whole.replace("\n", "\n "))
    assert check(gens / "g0").exit_code == 4
    file.write_text(json.dumps(record | {"x": 1.5}))
    assert check(gens / "g0").exit_code == 4


def test_two_algorithms_and_other_excludes_are_said(gens: Path, tmp_path: Path) -> None:
    site = write(tmp_path / "www", {"a": b"1"})
    rest()
    take(gens / "g9", site, algorithm="blake2b")
    found = verify(gens)
    assert {item.exit_code for item in found} == {4}
    assert all(any("cannot be compared" in one.text for one in item.findings) for item in found)
    assert all(any("left out" in note for note in item.notes) for item in found)


def test_bundles(gens: Path, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "b.tar.gz", "w:gz") as archive:
        archive.add(gens, "gens")
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as packed:
        for file in gens.rglob("*"):
            packed.write(file, file.relative_to(gens))
    assert codes(tmp_path / "b.tar.gz") == codes(tmp_path / "b.zip") == [0, 0]
    (tmp_path / "cut.tar.gz").write_bytes((tmp_path / "b.tar.gz").read_bytes()[:-2000])
    with pytest.raises(Unverifiable):
        verify(tmp_path / "cut.tar.gz")
    (tmp_path / "empty").mkdir()
    with pytest.raises(IncompleteEvidence):
        verify(tmp_path / "empty")
    with pytest.raises(BadInput):
        verify(tmp_path / "nowhere")


def test_a_manifest_cannot_point_out_of_its_folder(gens: Path) -> None:
    file = gens / "g0" / "manifest.json"
    file.write_text(file.read_text().replace("sites/s1.parquet", "sites/../../../etc/passwd"))
    with pytest.raises(Unverifiable, match="is no file of sites/"):
        read_generation(gens / "g0")


def test_what_must_be_known_though_it_is_whole(gens: Path) -> None:
    (gens / "g0" / "letter.txt").write_text("x")
    notes = " ".join(check(gens / "g0").notes)
    assert "letter.txt lies there" in notes
    record = json.loads((gens / "g0" / "manifest.json").read_text())
    record["clock"] = {"offset_ns": None, "uncertainty_ns": None, "source": "unknown"}
    (gens / "g0" / "manifest.json").write_bytes(rendered(closed(record)))
    assert "nobody knows how far this server's clock was off" in check(gens / "g0").notes


def test_leaves_and_nodes_byte_for_byte() -> None:
    """As docs/audit.md says it, reckoned here by hand."""
    import hashlib

    def sha(*parts: bytes) -> bytes:
        return hashlib.sha256(b"".join(parts)).digest()

    content = sha(b"hello")
    one = leaves.leaf(b"a", "f", 0o644, "www-data", "a|b", 5, 17, content)
    assert one == sha(b"\0a\0f|644|www-data|a%7Cb|5|17|", content)
    assert leaves.content_leaf(b"a", "f", 5, content) == sha(b"\0a\0f|5|", content)
    two, three = sha(b"2"), sha(b"3")
    assert leaves.root([one, two, three]) == sha(b"\1", sha(b"\1", one, two), three)
    assert leaves.root([]) == sha(b"")
    assert leaves.root([one]) == one
    assert leaves.record_leaf("site", {"b": 1, "a": "ä"}) == sha(b'\0site\0{"a":"\\u00e4","b":1}')
    assert digest_of(__file__) == hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
