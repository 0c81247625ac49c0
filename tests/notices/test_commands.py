"""`kept notices` and `kept own-texts` on the small story, in process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer.main

import app.cli
from app.demo.told import at
from app.errors import KeptError
from tests.statements.ministory import Story

app.cli.hang_in()
COMMANDS = typer.main.get_command(app.cli.command)  # building the tree of all commands takes longer than most of them
NORTHGATE = ("--provider", "Northgate Hosting", "--service", "HOST-1")


@pytest.fixture
def kept(story: Story, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs a command on the story's database: exit code and output."""
    folder = str(story.engine.url.database).rpartition("/")[0]
    monkeypatch.setenv("COLUMNS", "250")

    def run(*words: str) -> tuple[int, str]:
        capsys.readouterr()
        try:
            COMMANDS.main([*words, "--data", folder], prog_name="kept")
        except KeptError as error:
            return error.exit_code, error.sentence()
        except SystemExit as ended:
            said = capsys.readouterr()
            return int(ended.code or 0), said.out + said.err
        raise AssertionError("a command ends with its exit code")

    return run


def test_a_round_by_hand(story: Story, kept: Any, tmp_path: Path) -> None:
    others = [story.ids[f"C-00{n}"] for n in range(3, 7)]
    notice, moment = story.draft("planned", leave_out=others)["id"], at(3, "14:00")
    drafts = tmp_path / "drafts"
    code, out = kept("notices", "plan", "--event", story.ids["w1"], "--at", moment, "--out", str(drafts), "--json")
    (seen,) = json.loads(out)["plans"]
    assert (code, seen["notice"]["id"], len(seen["letters"])) == (0, notice, 2)
    assert sorted(path.name for path in drafts.iterdir())[0] == "1-L1_C-001.pdf"
    assert len(list(drafts.iterdir())) == 2
    code, out = kept("notices", "plan", "--notice", notice, "--at", moment)
    assert code == 0
    for said in ("C-001 Larkfield Garden Centre", "Ngozi Okafor (office@larkfield.example)", "left out by decision",
                 "2 letters: 2 by email. 4 clients left out.", seen["digest"]):  # fmt: skip
        assert said in out
    assert kept("notices", "plan")[0] == 2
    assert kept("notices", "plan", "--notice", notice, "--event", notice)[0] == 2
    code, out = kept("notices", "plan", "--event", story.ids["w2"])
    assert (code, "no round is about this window or work" in out) == (4, True)

    by = ("--by", "Dana Reyes")
    code, out = kept("notices", "issue", notice, "--plan", "0" * 64, *by)
    assert (code, "no plan of this round" in out) == (5, True)
    code, out = kept("notices", "issue", notice, "--plan", seen["digest"], *by)  # by now it would be untrue
    assert (code, "would be untrue" in out, "renew" in out) == (5, True, True)
    assert kept("notices", "renew", notice)[0] == 2  # its words name a next message that has passed
    plan = ("--plan", seen["digest"])
    assert kept("notices", "approve", notice, *plan, *by)[0] == 0
    code, out = kept("notices", "approve", notice, *plan, "--by", "Jo Marsh")
    assert (code, "Dana Reyes approved this very plan before" in out) == (5, True)
    assert kept("notices", "issue", notice, *plan, "--issued-at", "yesterday")[0] == 2
    code, out = kept("notices", "issue", notice, *plan, "--issued-at", moment)
    assert (code, "Round 1 is out, approved by Dana Reyes." in out) == (0, True)
    assert len(json.loads(kept("notices", "letters", "--notice", notice, "--json")[1])["items"]) == 2
    assert "issued" in kept("notices", "list", *NORTHGATE)[1]
    assert kept("notices", "plan", "--event", story.ids["w1"])[0] == 4  # every round about it is out

    assert kept("notices", "stale", *NORTHGATE, "--at", at(7, "23:00"))[0] == 0
    code, out = kept("notices", "stale", *NORTHGATE, "--at", at(8, "09:41"))
    assert code == 1
    for said in ("C-001 Larkfield Garden Centre", "planned", "did not take place", "L2: "):
        assert said in out
    code, out = kept("notices", "due", *NORTHGATE)
    assert code == 1
    assert "broken by us" in out
    due = json.loads(kept("notices", "due", "--json")[1])
    assert {row["kind"] for row in due["proposals"]} >= {"L6", "L7"}
    assert kept("notices", "stale", "--provider", "Nobody")[0] == 4


def test_own_texts_by_hand(story: Story, kept: Any, tmp_path: Path) -> None:
    notice = story.draft("planned")["id"]
    file = tmp_path / "planned.txt"
    file.write_text("Away on {{ body.window.start_at|date }}.\n\nSorry.")
    text = ("--subject", "{{ sites[0].host_name }}: away", "--text", f"@{file}")
    code, out = kept("own-texts", "preview", "L1", "en", *text, "--notice", notice)
    assert code == 0
    assert "larkfield.example: away" in out
    assert "Away on Saturday, 7 June.\n\nSorry." in out
    code, out = kept("own-texts", "save", "L1", "en", *text, "--by", "Dana Reyes", "--json")
    saved = json.loads(out)
    assert (code, saved["version"], saved["in_use"]) == (0, 1, True)
    assert "L1 en v1" in kept("own-texts", "show", "--kind", "L1")[1]
    assert "next_contact_at" in kept("own-texts", "fields", "L1")[1]
    assert kept("own-texts", "save", "L1", "en", *text[:3], "@nowhere.txt", "--by", "Dana Reyes")[0] == 2
    code, out = kept("own-texts", "save", "L1", "en", *text[:3], "{{ ''.__class__ }}", "--by", "Dana Reyes")
    assert (code, "line 1: the text asks for __class__" in out) == (2, True)
    assert kept("own-texts", "withdraw", saved["id"], "--by", "Dana Reyes")[0] == 0
    assert kept("own-texts", "withdraw", saved["id"], "--by", "Dana Reyes")[0] == 5
