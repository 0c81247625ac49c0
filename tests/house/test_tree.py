"""The tree: small files, no drawer names, one clock, no floats in the law, nothing left lying about."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DRAWERS = {"util", "utils", "helper", "helpers", "common", "core", "service", "services", "manager", "managers",
           "repository", "repositories", "misc", "shared", "lib"}  # fmt: skip
LONGEST = 400  # lines of a file
MOST = 12  # files of a room, __init__ left out
CODE = ("app", "reports", "migrations", "benchmarks", "scripts", "tests")


@cache
def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def python(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from sorted(path for path in (ROOT / folder).rglob("*.py") if "__pycache__" not in path.parts)


def named(path: Path, node: ast.AST | int) -> str:
    line = node if isinstance(node, int) else getattr(node, "lineno", 0)
    return f"{path.relative_to(ROOT)}:{line}"


def nodes(*folders: str) -> Iterator[tuple[Path, ast.AST]]:
    for path in python(*folders):
        for node in ast.walk(ast.parse(text(path))):
            yield path, node


def dotted(node: ast.AST) -> str:
    """`datetime.now` of the expression datetime.now, "" for anything that is no such path."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (before := dotted(node.value)):
        return f"{before}.{node.attr}"
    return ""


def rooms() -> list[Path]:
    return [path for path in (ROOT / "app").iterdir() if (path / "__init__.py").exists()]


def test_no_file_is_longer_than_one_can_hold_in_mind() -> None:
    lengths = {path: len(text(path).splitlines()) for path in python("app", "reports")}
    assert not {named(path, lines) for path, lines in lengths.items() if lines >= LONGEST}


def test_no_drawers() -> None:
    """In this field a service is the thing under contract; a file named `helpers` says nothing about what is in it."""
    found = [path.relative_to(ROOT) for path in python("app", "reports") if {path.stem, *path.parent.parts} & DRAWERS]
    assert not found


def test_no_room_is_two() -> None:
    crowded = {}
    for room in rooms():
        if room.name != "sla":  # the law is one room of many small rules
            files = [path for path in room.glob("*.py") if path.name != "__init__.py"]
            if len(files) > MOST:
                crowded[room.name] = len(files)
    assert not crowded


def test_rooms_carry_no_orm_relationships() -> None:
    """Rooms refer to one another by id; joins stand in queries."""
    asked = [(path, node) for path, node in nodes("app") if isinstance(node, ast.Call)]
    assert not [named(path, node) for path, node in asked if dotted(node.func).lower().endswith("relationship")]


def test_one_clock() -> None:
    """`now` enters at the edge, once, and travels as an argument."""
    clocks = {
        "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "datetime.datetime.now", "time.time",
        "datetime.datetime.utcnow", "datetime.date.today", "time.time_ns", "time.localtime",
    }  # fmt: skip
    found = [
        named(path, node)
        for path, node in nodes("app", "reports")
        if isinstance(node, ast.Call) and dotted(node.func) in clocks
    ]
    # the audit's agent runs on another machine, without this edge: it has one of its own
    edges = ["app/integrity/agent/clock.py", "app/web/edge.py"]
    assert [place.partition(":")[0] for place in found] == edges, found


# The worked examples of `kept availability` take their answers as JSON numbers: turned into one at the very end.
FLOATS = {("availability.py", "_percent"), ("availability.py", "_number")}


def test_the_law_reckons_without_floats() -> None:
    found = set()
    for path in python("app/sla"):
        for top in ast.parse(text(path)).body:
            for node in ast.walk(top):
                literal = isinstance(node, ast.Constant) and isinstance(node.value, float)
                called = isinstance(node, ast.Call) and dotted(node.func) in ("float", "math.sqrt", "math.floor")
                seconds = isinstance(node, ast.Call) and dotted(node.func).endswith(".total_seconds")
                if literal or called or seconds:
                    found.add((path.name, getattr(top, "name", named(path, node))))
    assert found == FLOATS


def test_no_rule_commits() -> None:
    """One commit per request or command: actions leave it to the edge."""
    found = []
    for path, node in nodes("app"):
        inside = path.name in ("actions.py", "queries.py", "gather.py", "drafting.py", "issuing.py")
        inside = inside or "importing" in path.parts
        if inside and isinstance(node, ast.Call) and dotted(node.func) in ("session.commit", "connection.commit"):
            found.append(named(path, node))
    assert not found


def test_fakes_are_arguments() -> None:
    """Nothing of ours is patched in a test."""
    found = []
    for path, node in nodes("tests"):
        match node:
            case ast.ImportFrom(module="unittest.mock") | ast.ImportFrom(module="mock"):
                found.append(named(path, node))
            case ast.Import(names=names) if any(name.name in ("mock", "unittest.mock") for name in names):
                found.append(named(path, node))
            case ast.Call(func=func) if dotted(func) in ("mocker.patch", "mock.patch"):
                found.append(named(path, node))
    assert not found


def test_nothing_is_left_for_later() -> None:
    marks = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
    found = [
        named(path, number)
        for path in [*python(*CODE), *sorted(ROOT.glob("docs/**/*.md")), ROOT / "README.md"]
        for number, line in enumerate(text(path).splitlines(), 1)
        if marks.search(line)
    ]
    assert not found


def test_no_text_names_a_machine() -> None:
    """Paths of the folder this was written in have no meaning on another machine."""
    home = re.compile(r"(?<![\w.])/(?:home|Users|root|work)/\w+")
    files = [path for path in ROOT.glob("*") if path.is_file() and path.suffix not in (".png", ".lock")]
    texts = [*python(*CODE), *ROOT.glob("docs/**/*.md"), *files, *(ROOT / "scripts").glob("*"), ROOT / ".ci" / "run"]
    found = [
        named(path, number)
        for path in texts
        if path.is_file()
        for number, line in enumerate(text(path).splitlines(), 1)
        if home.search(line)
    ]
    assert not found


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_locks_hold_versions_and_digests_and_no_address(name: str) -> None:
    lock = text(ROOT / name)
    assert "://" not in lock
    assert not re.search(r"^\s*(-i|--index-url|--extra-index-url|--find-links|--trusted-host)", lock, re.MULTILINE)


def test_every_room_says_in_one_line_what_it_is() -> None:
    for folder in [*rooms(), ROOT / "reports"]:
        said = ast.get_docstring(ast.parse(text(folder / "__init__.py"))) or ""
        assert said.split("\n")[0].strip(), f"{folder.name}/__init__.py has no docstring"
    silent = [named(path, 1) for path in python("app", "reports")
              if path.name != "__init__.py" and not ast.get_docstring(ast.parse(text(path)))]  # fmt: skip
    assert not silent


def test_the_readme_names_every_room() -> None:
    readme = text(ROOT / "README.md")
    missing = [room.name for room in rooms() if not re.search(rf"\b{room.name}/", readme)]
    assert not missing
