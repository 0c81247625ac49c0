"""The arrows between the rooms hold, and every contract that guards them bites when one is turned round."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# contract -> (file, a line that must not stand there, what the linter then says)
TURNED = {
    "rooms": ("app/agreements/queries.py", "import app.notices.tables", "app.agreements.queries -> app.notices.tables"),
    "acyclic": ("app/sites/queries.py", "import app.clients.tables", "app.clients"),
    "outcomes": ("app/outcomes/queries.py", "import app.probes.tables", "app.outcomes.queries -> app.probes.tables"),
    "law": ("app/sla/deadlines.py", "import sqlalchemy", "app.sla.deadlines -> sqlalchemy"),
    "agent": ("app/integrity/agent/marks.py", "import app.errors", "app.integrity.agent.marks -> app.errors"),
    "prober": ("app/prober/schedule.py", "import app.db", "app.prober.schedule -> app.db"),
    "mail": ("app/delivery/mime.py", "import app.db", "app.delivery.mime -> app.db"),
    "log": ("app/evidence/actions.py", "import app.access.tables", "app.evidence.actions -> app.access.tables"),
    "actions": ("app/incidents/actions.py", "import app.web.edge", "app.incidents.actions -> app.web.edge"),
    "settings": ("app/messages/actions.py", "import app.settings", "app.messages.actions -> app.settings"),
    "print-shop": ("reports/words.py", "import app.fields", "reports.words -> app.fields"),
    "print-shop-customers": ("app/incidents/queries.py", "import reports.words", "app.incidents.queries -> reports"),
    "printer": ("app/papers/figures.py", "import weasyprint", "app.papers.figures -> weasyprint"),
}


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [Path(sys.executable).parent / "lint-imports", "--no-cache"]
    environment = os.environ | {"PYTHONPATH": str(folder), "COLUMNS": "200", "NO_COLOR": "1"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the sources that a test may spoil."""
    leave = shutil.ignore_patterns("__pycache__", "static", "fonts", "samples", "styles", "templates")
    for name in ("app", "reports", "migrations"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=leave)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def contracts() -> dict[str, str]:
    tables = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    return {table["id"]: table["name"] for table in tables}


def test_every_contract_has_an_arrow_turned_below() -> None:
    assert set(TURNED) == set(contracts())


def test_the_arrows_hold_and_each_contract_bites(tree: Path) -> None:
    intact = lint(tree)
    assert intact.returncode == 0, intact.stdout
    for file, line, _ in TURNED.values():
        path = tree / file
        path.write_text(path.read_text(encoding="utf-8") + f"\n{line}\n", encoding="utf-8")
    # a room that nobody placed
    (tree / "app/ledger").mkdir()
    (tree / "app/ledger/__init__.py").touch()
    spoilt = lint(tree)
    assert spoilt.returncode == 1, spoilt.stdout
    told = " ".join(spoilt.stdout.split())
    for id_, name in contracts().items():
        assert f"{name} BROKEN" in told, id_
        assert TURNED[id_][2] in told, (id_, spoilt.stdout)
    assert "app.ledger" in told
