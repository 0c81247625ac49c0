"""The command that lets go of what old messages said."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.mail.trying import mail
from app.cli.place import AsJson, Data, database, say, settings, show_json


@mail.command("retain", epilog="Example: kept mail retain --dry-run")
def retain(
    months: Annotated[
        int | None,
        typer.Option(min=1, max=1200, help="Months to keep (KEPT_MAIL_MONTHS, 24).", show_default=False),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Let go of what older messages said, where no claim needs it. That they went, to whom, each answer and the digest
    of the contents stay."""
    from app.delivery.outbox.keeping import let_go
    from app.due.holding import notices_held
    from app.web.edge import utc_now

    place = settings(data, mail_months=months)
    found = let_go(database(place), utc_now(), months=place.mail_months, held=notices_held, dry=dry_run)
    if as_json:
        show_json({"messages": found.messages, "held": found.held, "why": found.why})
        return
    say(f"The contents of {found.messages} messages {'would go' if dry_run else 'were let go'}.")
    for why in found.why:
        say(f"Held: {why}.")
