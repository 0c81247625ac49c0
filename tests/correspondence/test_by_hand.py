"""The same by hand: `kept provider-letters`, on the small story's database."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import app.cli
from tests.correspondence.letters import issued
from tests.statements.ministory import Story, at


@pytest.fixture
def kept(story: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs a command on the story's data; gives its exit code and what it printed."""
    monkeypatch.setenv("KEPT_DATA", str(tmp_path))
    monkeypatch.setenv("KEPT_OUT", str(tmp_path / "out"))

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["kept", *words])
        with pytest.raises(SystemExit) as ended:
            app.cli.main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return run


def test_a_letter_by_hand(kept: Any, story: Story, tmp_path: Path) -> None:
    words = json.dumps({"answer_by": at(26, "12:00"), "volume": "2 TB", "rate": "150 MB/s"})
    who = ("--provider", "Northgate Hosting", "--service", "HOST-1")
    code, out, err = kept("provider-letters", "draft", "P1", words, *who, "--as-at", at(24, "17:00"), "--json")
    assert code == 0, err
    row = json.loads(out)
    assert row["ref"] == "HOST-1/P1-01"
    code, out, err = kept("provider-letters", "render", row["id"], "--json")
    assert code == 0, err
    files = [Path(name) for name in json.loads(out)["files"]]
    assert [file.name for file in files] == ["2025-06_HOST-1_P1-01_draft.pdf", "2025-06_HOST-1_P1-01_draft.txt"]
    assert "278 MB/s sustained" in files[1].read_text()
    assert files[0].read_bytes().startswith(b"%PDF")
    code, out, err = kept("provider-letters", "issue", row["id"])
    assert (code, "nobody has put a name" in err) == (5, True)
    issued(story, row)
    sent = ("--at", "2025-06-24T18:00:00+02:00", "--to", "support@northgate.example", "--by", "Dana Reyes")
    code, _, err = kept("provider-letters", "sent", row["id"], *sent)
    assert code == 0, err
    code, out, _ = kept("provider-letters", "requests", "--state", "overdue", "--json")
    assert [item["number"] for item in json.loads(out)["items"]] == ["R1", "R2", "R3", "R4"]


def test_what_is_wrong_is_one_sentence(kept: Any) -> None:
    who = ("--provider", "Northgate Hosting", "--service", "HOST-1")
    bad = json.dumps({"answer_by": at(26, "12:00"), "volume": "2 TiB"})
    code, out, err = kept("provider-letters", "draft", "P1", bad, *who)
    assert (code, out) == (2, "")
    assert "binary units" in err
    assert "Traceback" not in err
    assert kept("provider-letters", "draft", "P1", "[]", *who)[0] == 2
    assert kept("provider-letters", "draft", "P1", "{}", "--provider", "Nobody")[0] == 4
