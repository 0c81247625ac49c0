"""`kept claims` and `kept due` on the small story, in process."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from typer.testing import CliRunner

import app.cli
from app.db import transaction
from app.errors import KeptError
from app.web.edge import utc_now
from tests.claims.test_claims import NETWORK, reworded
from tests.statements.ministory import Story

app.cli.hang_in()
BY = ("--by", "Dana Reyes")


@pytest.fixture
def kept(story: Story) -> Any:
    """Runs a command on the story's database: exit code and standard output."""
    folder = str(story.engine.url.database).rpartition("/")[0]

    def run(*words: str) -> tuple[int, str]:
        ran = CliRunner().invoke(app.cli.command, [*words, "--data", folder])
        if isinstance(ran.exception, KeptError):
            return ran.exception.exit_code, ran.exception.sentence()
        assert ran.exception is None or isinstance(ran.exception, SystemExit), ran.exception
        return ran.exit_code, ran.output

    return run


def test_a_claim_by_hand(kept: Any) -> None:
    month = ("--provider", "Northgate Hosting", "--month", "2025-06", "--service", "HOST-1")
    code, out = kept("claims", "draft", *month, *BY, "--at", "2025-07-02T09:00:00+02:00", "--json")
    assert (code, json.loads(out)["number"]) == (0, "0001")
    assert kept("claims", "draft", *month, *BY)[0] == 5  # the same minutes again
    assert kept("claims", "draft", "--provider", "Nobody", "--month", "2025-06", *BY)[0] == 4
    assert kept("claims", "approve", "0001", *BY, "--at", "2025-07-02T10:00:00+02:00", "--holds", "Paid.")[0] == 0
    filed = ("--channel", "portal", "--receipt", "R-1", "--at", "2025-07-03T09:00:00+02:00")
    assert kept("claims", "file", "0001", *BY, *filed)[0] == 0
    refusal = ("claims", "record", "0001", "refused", *BY, "--at", "2025-07-09T09:00:00+02:00", "--figure", "99.95 %")
    code, out = kept(*refusal)
    assert code == 2
    assert "words" in out
    assert kept(*refusal, "--words", "Maintenance.")[0] == 0
    code, out = kept("claims", "show", "0001")
    assert code == 0
    assert "State: refused" in out
    assert "refused, Dana Reyes: 99.95 %; Maintenance." in out
    assert "Minutes: 2025-06-28T22:00:00Z to 2025-06-29T20:00:00Z" in out
    (row,) = json.loads(kept("claims", "list", "--state", "refused", "--json")[1])
    assert row["amount"] == "120.00"


def test_what_a_person_must_settle_is_shown(kept: Any, story: Story) -> None:
    reworded(story, guarantees=[NETWORK], stacking="as the provider sees fit")
    month = ("--provider", "Northgate Hosting", "--month", "2025-06", "--service", "HOST-1")
    assert kept("claims", "draft", *month, *BY, "--at", "2025-07-02T09:00:00+02:00")[0] == 0
    out = kept("claims", "show", "0001")[1]
    assert "To be settled: The terms say of several credits for one event: as the provider sees fit." in out
    assert kept("claims", "paper", "0001", *BY)[0] == 5  # nobody approved it
    assert kept("claims", "approve", "0001", *BY)[0] == 0


def test_what_is_due_by_hand(kept: Any, story: Story) -> None:
    code, _ = kept("due")
    assert code == 0  # a year later nothing of it presses
    now = utc_now().replace(microsecond=0)
    story.clock.now = now
    story.post("/windows", {
        "work_id": story.ids["work"], "start_at": (now - timedelta(hours=4)).isoformat(),
        "end_at": (now - timedelta(hours=2)).isoformat(), "announced_at": (now - timedelta(days=5)).isoformat(),
        "note": "told on the phone",
    })  # fmt: skip
    code, out = kept("due", "--json")
    assert code == 1
    assert [item["kind"] for item in json.loads(out)] == ["window"]
    code, out = kept("due", "--hand-over")
    assert code == 0
    assert "now: HOST-1: say what became of window 4" in out
    assert kept("due", "--hand-over") == (0, "")
    with transaction(story.engine) as session:
        assert "what became of" in session.connection().exec_driver_sql("select title from reminder").scalar_one()
