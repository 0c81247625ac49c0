"""docs/rules.md names only tests that exist, and every numbered invariant."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
NAMED = re.findall(r"`(tests/sla/\w+\.py)::(\w+)`", (ROOT / "docs" / "rules.md").read_text(encoding="utf-8"))


def test_every_named_test_exists() -> None:
    assert len(NAMED) > 60
    for file, name in NAMED:
        assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8"), f"{file}::{name}"


def test_every_invariant_is_named() -> None:
    numbers = {int(match[1]) for _, name in NAMED if (match := re.match(r"test_inv_(\d\d)_", name))}
    assert numbers == set(range(1, 22))
