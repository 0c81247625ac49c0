"""Both containers hold the same, and the agent as one file needs nothing but Python."""

from __future__ import annotations

import ast
import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.integrity.agent import containers, packing, sites
from app.integrity.agent.sites import Site, Wrong
from app.integrity.format import Unverifiable, chunk_columns, read_generation, site_columns
from tests.integrity.agent.trees import rest, take, write

AGENT = Path(packing.__file__).parent
SYSTEM = next((path for path in ("/usr/bin/python3",) if os.access(path, os.X_OK)), sys.executable)


def tree(folder: Path) -> list[Site]:
    write(folder / "a", {"x\ny": b"1", "sub/ä": b"2" * 9000, "t": bytes(6000)})
    Path(os.fsdecode(os.fsencode(folder / "a") + b"/\xff")).write_bytes(b"3")
    (folder / "a" / "link").symlink_to(os.fsdecode(b"\xfe/target"))
    write(folder / "b", {"only": b"4"})
    rest()
    return [Site("a.example", "C-1", str(folder / "a")), Site("B/1".replace("/", "_"), "", str(folder / "b"))]


def test_the_containers_hold_the_same(tmp_path: Path) -> None:
    listed = tree(tmp_path / "www")
    parquet = take(tmp_path / "p", listed, container="parquet", chunks_from=4096)
    lines = take(tmp_path / "n", listed, container="ndjson.gz", chunks_from=4096)
    for one, other in zip(parquet.sites, lines.sites, strict=True):
        assert (one.root, one.content_root, one.unreadable) == (other.root, other.content_root, other.unreadable)
        assert site_columns(parquet, one.name).equals(site_columns(lines, one.name))
        mine, theirs = chunk_columns(parquet, one.name), chunk_columns(lines, one.name)
        assert mine is not None
        assert theirs is not None
        assert mine.equals(theirs)
    assert {Path(part.file).suffix for part in parquet.sites} == {".parquet"}


def test_the_agent_as_one_file_under_a_bare_python(tmp_path: Path) -> None:
    """No third-party module can be imported there, and the roots are the same."""
    agent = tmp_path / "kept-agent.pyz"
    agent.write_bytes(packing.packed())
    listed = tree(tmp_path / "www")
    file = tmp_path / "sites.toml"
    file.write_text("".join(f'[[site]]\nname = "{one.name}"\nclient = "{one.client}"\npath = "{one.folder}"\n\n'
                            for one in listed))  # fmt: skip
    command = [SYSTEM, "-I", "-S", str(agent), "snapshot", "--label", "pre", "--server", "old", "--settle", "0.02",
               "--chunks", "4k", "--workers", "2", "--sites", str(file), "--out", str(tmp_path / "bare")]  # fmt: skip
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    bare, house = read_generation(tmp_path / "bare"), take(tmp_path / "house", listed, chunks_from=4096)
    assert json.loads(ran.stdout)["server_root"] == bare.server_root
    assert "2 of 2" in ran.stderr
    assert {Path(part.file).suffix for part in bare.sites} == {".gz"}
    assert {Path(part.file).suffix for part in house.sites} == {".parquet"}
    for one, other in zip(bare.sites, house.sites, strict=True):
        assert (one.name, one.root, one.content_root) == (other.name, other.root, other.content_root)
        assert site_columns(bare, one.name).equals(site_columns(house, one.name))
    assert bare.record["agent"]["sha256"] == house.record["agent"]["sha256"] == packing.own_digest()
    again = subprocess.run([*command[:-1], str(tmp_path / "again"), "--base", str(tmp_path / "bare")], env=environment,
                           capture_output=True, text=True, check=False, cwd=tmp_path)  # fmt: skip
    assert again.returncode == 0, again.stderr
    assert [part.root for part in read_generation(tmp_path / "again").sites] == [part.root for part in bare.sites]
    other = subprocess.run([*command[:-1], str(tmp_path / "third"), "--base", str(tmp_path / "house")], env=environment,
                           capture_output=True, text=True, check=False, cwd=tmp_path)  # fmt: skip
    assert (other.returncode, "is Parquet, and pyarrow is not installed here" in other.stderr) == (2, True)
    nothing = subprocess.run([SYSTEM, "-I", "-S", "-c", "import pyarrow"], capture_output=True, check=False)
    assert nothing.returncode != 0


def test_the_agent_is_one_sequence_of_bytes_and_says_what_is_wrong(tmp_path: Path) -> None:
    assert packing.packed() == packing.packed()
    agent = tmp_path / "kept-agent.pyz"
    agent.write_bytes(packing.packed())
    command = [SYSTEM, "-I", str(agent), "snapshot", "--label", "pre", "--server", "old", "--out", "x", "."]
    ran = subprocess.run([*command, "--max-read", "fast"], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert ran.returncode == 2
    assert ran.stderr == "kept-agent: --max-read: 'fast' is no amount (for example: 64k)\n"
    missing = {path.stem for path in AGENT.glob("*.py")} ^ set(packing.FILES)
    assert not missing


# What Python 3.9 does not have, of what one is tempted to write.
LATER = {"tomllib", "StrEnum", "pairwise", "batched", "UTC", "Self", "override", "ExceptionGroup", "TaskGroup", "slots",
         "strict", "file_digest", "kw_only"}  # fmt: skip


@pytest.mark.parametrize("file", sorted(AGENT.glob("*.py")), ids=lambda file: file.stem)
def test_the_agent_is_written_in_python_3_9_and_its_library(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    nodes = list(ast.walk(ast.parse(text, feature_version=(3, 9))))
    assert not any(isinstance(node, ast.Match) for node in nodes)
    imported = {alias.name.split(".")[0] for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    imported |= {
        (node.module or "").split(".")[0] for node in nodes if isinstance(node, ast.ImportFrom) and not node.level
    }
    beyond = imported - sys.stdlib_module_names
    assert beyond <= {"pyarrow", "blake3"}
    names = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    names |= {node.arg for node in nodes if isinstance(node, ast.keyword) and node.arg}
    names |= {alias.name for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert not names & LATER
    if "| None" in text:  # as an annotation that nobody reads at run time
        assert "from __future__ import annotations" in text


def test_cut_short_or_changed_lines_are_damaged(tmp_path: Path) -> None:
    generation = take(tmp_path / "n", tree(tmp_path / "www"), container="ndjson.gz")
    file = generation.folder / generation.sites[1].file
    whole = file.read_bytes()
    for broken in (whole[:-20], whole[:10], b"", gzip.compress(gzip.decompress(whole).rsplit(b"\n", 2)[0])):
        file.write_bytes(broken)
        with pytest.raises(Unverifiable, match="cut short or damaged"):
            site_columns(generation, generation.sites[1].name)
        with pytest.raises((containers.Damaged, OSError)):
            containers.read(str(file))


def test_sites_from_a_file_with_and_without_pythons_own_reader(tmp_path: Path) -> None:
    text = """# ours
[[site]]
name = "shop.example"   # a shop
client = 'C-1'
path = "/var/www/\\u00e4"
live = true
aliases = ["a.example", "b.example"]

[[ site ]]
name = "b"
path = "rel"
count = 3
"""
    assert sites.small_toml(text) == sites.toml(text)
    file = tmp_path / "sites.toml"
    file.write_text(text)
    assert sites.from_file(str(file)) == [
        Site("shop.example", "C-1", "/var/www/ä"), Site("b", "", str(tmp_path / "rel")),
    ]  # fmt: skip
    for wrong in ("[site]\nname = 1", "[[site]]\nname = x", "[[site]]\nname = 'a' 'b'", "[[site]]\nname = ['a'\n", "a"):
        with pytest.raises(ValueError):
            sites.small_toml(wrong)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no \\[\\[site\\]\\]"),
        ('[[site]]\nname = "a"', "needs a name and a path"),
        ('[[site]]\nname = ""\npath = "/x"', "needs a name and a path"),
        ('[[site]]\nname = "a/b"\npath = "/x"', "is no name"),
        ('[[site]]\nname = "a\\nb"\npath = "/x"', "is no name"),
        ('[[site]]\nname = 3\npath = "/x"', "as text"),
    ],
)
def test_a_list_of_sites_that_is_none(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "sites.toml"
    file.write_text(text)
    with pytest.raises(Wrong, match=said):
        sites.from_file(str(file))


def test_sites_by_folder_and_their_files_names(tmp_path: Path) -> None:
    write(tmp_path, {"tree/C-1/a.example/x": b"", "tree/C-1/b.example/x": b"", "tree/C-2/Ä/x": b"", "tree/file": b""})
    found = sites.in_tree(str(tmp_path / "tree"))
    assert [(one.client, one.name) for one in found] == [("C-1", "a.example"), ("C-1", "b.example"), ("C-2", "Ä")]
    assert sites.named(f"C-9/x={tmp_path}") == Site("x", "C-9", str(tmp_path))
    with pytest.raises(Wrong, match="two sites"):
        sites.unique([Site("a", "", "/1"), Site("a", "", "/2")])
    names = ["a", "A", "ä", "Ä", "..", "a" * 300, "a" * 301, "con.", "x.delta", "shop.example", "sh op", "sh_op"]
    files = [sites.file_name(name) for name in names]
    assert len({name.lower() for name in files}) == len(names)
    assert all(len(name) < 120 and name[0] != "." and name.isascii() for name in files)
    assert sites.file_name("shop.example") == "shop.example"
