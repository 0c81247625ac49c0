"""A proof of one path, checked with nothing but Python, that names nobody else."""

from __future__ import annotations

import copy
import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app.errors import BadInput, NotFound
from app.integrity import challenging, proving, sealing, tree
from app.integrity.agent import asking, leaves
from app.integrity.agent.main import folders
from app.integrity.agent.sites import Site, Wrong
from app.integrity.format import Generation, IncompleteEvidence, Unverifiable, read_generation
from tests.integrity.agent.trees import rest, take, write

SCRIPT = Path(__file__).resolve().parents[3] / "docs" / "verify_manifest.py"


@pytest.fixture
def generation(tmp_path: Path) -> Generation:
    for name in ("alpha.example", "beta.example", "gamma.example"):
        site = write(tmp_path / "www" / name, {f"d/f{number}": f"{name}{number}".encode() for number in range(11)})
        write(site, {"n\nl": b"1", "tmp/x": b"2"})
        (site / "link").symlink_to("d/f1")
        Path(os.fsdecode(os.fsencode(site) + b"/\xff%41")).write_bytes(b"3")
    rest()
    sites = [
        Site(folder.name, f"client of {folder.name}", str(folder)) for folder in sorted((tmp_path / "www").iterdir())
    ]
    return take(tmp_path / "gen", sites)


def by_script(proof: Any, root: str, tmp_path: Path, *more: str) -> subprocess.CompletedProcess[str]:
    file = tmp_path / "proof.json"
    file.write_text(json.dumps(proof))
    command = [sys.executable, "-I", "-S", str(SCRIPT), str(file), root, *more]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_every_size_of_tree_and_every_place_in_it() -> None:
    for count in range(1, 34):
        level = [bytes([number]) * 32 for number in range(count)]
        root = leaves.root(level)
        for index in range(count):
            siblings = tree.path(level, index)
            assert tree.climbed(level[index], index, count, siblings) == root
            assert tree.climbed(bytes(32), index, count, siblings) != root or level[index] == bytes(32)
            assert tree.climbed(level[index], index, count, [*siblings, bytes(32)]) is None
            assert not siblings or tree.climbed(level[index], index, count, siblings[:-1]) != root
    assert tree.climbed(bytes(32), 1, 1, []) is None


@pytest.mark.parametrize("salted", [False, True])
def test_a_proof_holds_with_nothing_but_python(generation: Generation, tmp_path: Path, salted: bool) -> None:
    key = bytes(range(32)) if salted else None
    root = sealing.salt(generation, key) if salted else generation.server_root
    for path in (b"d/f7", b"n\nl", b"link", b"d", b"\xff%41"):
        proof = json.loads(json.dumps(proving.prove(generation, "beta.example", path, key=key)))
        assert proof["root"] == root
        assert proving.check(proof)[0] == root
        ran = by_script(proof, root, tmp_path)
        assert (ran.returncode, ran.stderr) == (0, ""), ran.stdout
        assert "alpha" not in json.dumps(proof)
        assert "gamma" not in json.dumps(proof)
    file = tmp_path / "www" / "beta.example" / "d" / "f7"
    proof = proving.prove(generation, "beta.example", b"d/f7", key=key)
    assert by_script(proof, root, tmp_path, str(file)).returncode == 0
    other = by_script(proof, root, tmp_path, str(file.with_name("f8")))
    assert other.returncode == 4
    assert "not the content that was sealed" in other.stdout


def changed(value: Any) -> Any:
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case str() if len(value) >= 64 and set(value) <= set("0123456789abcdef"):
            return ("1" if value[0] == "0" else "0") + value[1:]
        case str():
            return value + "x"
    return "x"


@pytest.mark.parametrize("salted", [False, True])
def test_nothing_in_a_proof_can_be_changed(generation: Generation, tmp_path: Path, salted: bool) -> None:
    proof = json.loads(
        json.dumps(proving.prove(generation, "beta.example", b"d/f7", key=bytes(32) if salted else None))
    )
    lot = random.Random(1)
    places = [("leaf", name) for name in proof["leaf"]] + [("site_path", "index"), ("site_path", "of")]
    places += [
        ("server_path", "index"),
        ("server_path", "of"),
        ("head_path", "of"),
        ("head", "label"),
        ("head", "id"),
        ("head", "nonce"),
    ]
    places += [("site", "client"), ("site", "entries"), ("site", "root")] + [
        ("salts", name) for name in proof["salts"] or ()
    ]
    for one, other in places:
        forged = copy.deepcopy(proof)
        forged[one][other] = changed(forged[one][other])
        with pytest.raises(Unverifiable):
            proving.check(forged)
    for one, other in lot.sample(places, 4):
        forged = copy.deepcopy(proof)
        forged[one][other] = changed(forged[one][other])
        assert by_script(forged, proof["root"], tmp_path).returncode == 4, (one, other)
    for name in ("site_path", "server_path", "head_path"):
        for place in range(len(proof[name]["siblings"])):
            forged = copy.deepcopy(proof)
            forged[name]["siblings"][place] = changed(forged[name]["siblings"][place])
            with pytest.raises(Unverifiable):
                proving.check(forged)
    assert by_script(proof, "0" * 64, tmp_path).returncode == 4
    assert by_script({"format": "kept-proof-1"}, "0" * 64, tmp_path).returncode == 4
    for broken in (None, [], {}, {"format": "other"}, proof | {"site_path": None}):
        with pytest.raises(Unverifiable):
            proving.check(broken)


def test_a_guess_at_a_neighbour_fails_against_the_salted_proof(generation: Generation) -> None:
    """Without salt, who knows a file may look for it among the siblings; with it, nobody can."""
    columns = proving.columns_of(generation, "beta.example")
    guesses, _ = leaves.site_leaves(columns)
    for key, found in ((None, True), (bytes(range(32)), False)):
        proof = proving.prove(generation, "beta.example", b"d/f7", key=key)
        siblings = {bytes.fromhex(item) for item in proof["site_path"]["siblings"]}
        assert bool(siblings & set(guesses)) is found


def test_paths_as_a_person_writes_them(generation: Generation) -> None:
    assert proving.located(generation, "beta.example/d/f7") == ("beta.example", b"d/f7")
    assert proving.located(generation, "client of beta.example/beta.example/d/f7") == ("beta.example", b"d/f7")
    assert proving.located(generation, "beta.example/%FF%2541") == ("beta.example", b"\xff%41")
    assert proving.located(generation, "beta.example/n%0Al") == ("beta.example", b"n\nl")
    with pytest.raises(NotFound):
        proving.located(generation, "beta.example/absent")
    with pytest.raises(BadInput, match="names no site"):
        proving.located(generation, "delta.example/d/f7")
    with pytest.raises(BadInput, match="left out"):
        proving.prove(generation, "beta.example", b"tmp/x")
    with pytest.raises(IncompleteEvidence):
        proving.columns_of(generation, "delta.example")


def test_the_key_of_the_salted_root_is_its_owners_alone(generation: Generation) -> None:
    with pytest.raises(BadInput, match="not sealed with a salted root"):
        proving.key_of(generation)
    root = sealing.salt(generation)
    assert sealing.salt(generation) == root
    assert (generation.folder / "salt.key").stat().st_mode & 0o777 == 0o600


def ask(generation: Generation, questions: dict[str, Any]) -> dict[str, Any]:
    raw = json.dumps(questions).encode()
    return asking.answers(questions, raw, folders(generation.record), generation.algorithm)


def test_a_challenge_and_what_follows_from_it(generation: Generation, tmp_path: Path) -> None:
    questions = challenging.questions(generation, 1000, "ab" * 32, random.Random(1))
    assert len(questions["questions"]) == 3 * 13
    assert len(challenging.questions(generation, 5, "ab" * 32, random.Random(1))["questions"]) == 5
    result = challenging.check(generation, ask(generation, questions), None)
    assert (result.counts, result.exit_code) == ({"same": 39}, 0)
    site = tmp_path / "www" / "beta.example"
    (site / "d" / "f1").write_bytes(b"other")
    (site / "d" / "f2").unlink()
    (site / "d" / "f3").unlink()
    (site / "d" / "f3").symlink_to("f4")
    result = challenging.check(generation, ask(generation, questions), None)
    assert result.counts == {"same": 36, "changed": 1, "gone": 1, "not read": 1}
    assert ("gone", "beta.example/d/f2") in result.paths


def test_who_has_only_digests_cannot_answer(generation: Generation, tmp_path: Path) -> None:
    """A server that kept the manifest and not the files gives the right digest, and a wrong one with the nonce."""
    questions = challenging.questions(generation, 39, "cd" * 32, random.Random(2))
    answers = ask(generation, questions)
    copies = tmp_path / "www"
    assert challenging.check(generation, answers, copies).proved == 39
    older = ask(generation, questions | {"nonce": "ef" * 32})
    for answer, old in zip(answers["answers"], older["answers"], strict=True):
        answer["nonce_digest"] = old["nonce_digest"]
    result = challenging.check(generation, answers, copies)
    assert (result.counts, result.exit_code) == ({"false": 39}, 4)


def test_questions_about_parts(generation: Generation, tmp_path: Path) -> None:
    import zlib

    content = bytes(range(256)) * 20
    (tmp_path / "www" / "beta.example" / "cut").write_bytes(content)
    question = {"site": "beta.example", "path": "cut", "chunk": 1024, "count": 3, "prefixes": [64, 128, 9999]}
    answer = ask(generation, {"format": 1, "questions": [question]})["answers"][0]
    crcs = [zlib.crc32(content[start : start + 1024]) for start in (0, 1024, 2048)]
    assert answer["digests"] == b"".join(crc.to_bytes(4, "big") for crc in crcs).hex()
    crcs = [zlib.crc32(content[:64]), zlib.crc32(content[:128])]
    assert answer["prefixes"] == b"".join(crc.to_bytes(4, "big") for crc in crcs).hex()
    outside = [
        {"site": "beta.example", "path": path} for path in ("../alpha.example/n", "/etc/passwd", "d/../link", "")
    ]
    outside += [{"site": "nobody", "path": "x"}, {"site": "beta.example", "path": "link"}]
    states = [item["state"] for item in ask(generation, {"format": 1, "questions": outside})["answers"]]
    assert "read" not in states


@pytest.mark.parametrize(
    "questions",
    [None, [], {}, {"format": 2}, {"format": 1}, {"format": 1, "nonce": "xx", "questions": []},
     {"format": 1, "questions": [{}]}, {"format": 1, "questions": [{"site": "a", "path": "b", "chunk": 0}]},
     {"format": 1, "questions": [{"site": "a", "path": "b", "prefixes": ["x"]}]}],
)  # fmt: skip
def test_questions_that_are_none(questions: Any) -> None:
    with pytest.raises(Wrong):
        asking.checked(questions)


def test_answers_that_are_none(generation: Generation, tmp_path: Path) -> None:
    for answers in (None, [], {}, {"nonce": "x"}, {"nonce": "", "answers": [{}], "answered_ns": 0, "received_ns": 0}):
        with pytest.raises(BadInput):
            challenging.check(generation, answers, None)
    with pytest.raises(BadInput):
        challenging.read(tmp_path / "absent")
    assert read_generation(generation.folder).id == generation.id
