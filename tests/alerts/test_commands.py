"""Alerts by hand: added without its address standing anywhere, tested, read in the log, retired."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

import app.cli
from app.errors import KeptError
from tests.alerts.test_alerts import taking

app.cli.hang_in()


def test_a_channel_by_hand(tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(sqlite_template, tmp_path / "kept.sqlite3")

    def run(*words: str, code: int = 0) -> str:
        done = CliRunner().invoke(app.cli.command, ["alerts", *words, "--data", str(tmp_path)])
        if isinstance(done.exception, KeptError):
            assert done.exception.exit_code == code
            return str(done.exception)
        assert done.exit_code == code, done.output
        return done.stdout if "--json" in words else done.output

    with taking() as (port, got):
        monkeypatch.setenv("KEPT_ALERT_ALLOWED_NETWORKS", "127.0.0.0/8")
        monkeypatch.setenv("ADDRESS", f"json://127.0.0.1:{port}/very-secret")
        said = run("add", "Anna", "$ADDRESS", "--kind", "outage", "--quiet", "22:00-07:00", "--json")
        assert json.loads(said)["quiet"]["zone"] == "UTC"  # no agency is entered
        assert "nothing in the environment" in run("add", "Ben", "$NOBODY", code=2)
        assert "22:00-07:00" in run("add", "Ben", "$ADDRESS", "--quiet", "22", code=2)
        assert "was taken" in run("test", "Anna")
        assert [one["title"] for one in got] == ["Kept: a test"]
        run("retire", "Anna")
        run("test", "Anna", code=5)
        run("test", "Cora", code=4)
        log = run("log", "--json")
        assert [one["sendings"][0]["state"] for one in json.loads(log)] == ["sent"]
        assert "very-secret" not in said + log + run("list", "--json") + run("list")
