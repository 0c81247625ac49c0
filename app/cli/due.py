"""The command `kept due`: what is due, and the reminders that are."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from app.cli import command
from app.cli.claims import asked
from app.cli.place import AsJson, Data, database, say, settings, show_json, table

WORDS = {"open_ticket": "open a ticket", "claim": "claim", "next_update": "update",
         "our_update": "write to clients", "reply": "answer",
         "request": "answer to a letter",
         "window": "say what became of it", "right": "right to leave"}  # fmt: skip


@command.command("due", epilog="Example: kept due --json")
def due(
    hand_over: Annotated[
        bool, typer.Option("--hand-over", help="Print only the reminders that are due, each once ever: for cron.")
    ] = False,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """What is due, most pressing first. Exit code 1 if something has to be done today: a ticket to open now, a last
    day, something missed. With --hand-over: the reminders that are due and were not given before; exit code 0."""
    if hand_over:
        _reminders(as_json, data)
        return
    items = asked("GET", "due", None, data)
    if as_json:
        show_json(items)
    else:
        rows = [
            [item["level"].replace("_", " "), WORDS.get(item["kind"], item["kind"]), item["title"],
             item["last_day"] or item["due_at"] or "-", item["claim"] or "-"]
            for item in items
        ]  # fmt: skip
        if rows:
            table("Due", ["how pressing", "what", "about", "by", "claim"], rows)
        else:
            say("Nothing is due.")
        for item in items:
            if item["kind"] == "open_ticket":
                print(f"\nOpen a ticket now, here is the text:\n\n{item['text']}")
    if any(item["level"] in ("now", "last_day", "missed") for item in items):
        raise typer.Exit(1)


def _reminders(as_json: bool, data: Path | None) -> None:
    """Printed before they are recorded: whoever is killed in between reads a reminder twice, never not at all."""
    from app.db import transaction
    from app.due.actions import hand_over
    from app.web.edge import utc_now

    with transaction(database(settings(data))) as session:
        session.info["actor"] = "person:command line"
        rows = hand_over(session, utc_now(), lambda _session, _row: None)
        if as_json:
            show_json([row.model_dump(mode="json") for row in rows])
        for row in [] if as_json else rows:
            print(f"{row.level.replace('_', ' ')}: {row.title}\n{row.text}\n")
        sys.stdout.flush()
