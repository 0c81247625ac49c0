"""Commands on the record itself: tokens, imports."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli import command
from app.cli.place import AsJson, Data, database, say, settings, show_json, table

token = typer.Typer(help="Make, list and revoke API tokens.", no_args_is_help=True)
command.add_typer(token, name="token")
imports = typer.Typer(help="Bring in files.", no_args_is_help=True)
command.add_typer(imports, name="import")


@token.command("create", epilog="Example: kept token create ci --role viewer")
def token_create(
    name: Annotated[str, typer.Argument(help="A name to recognise it by.")],
    role: Annotated[
        str, typer.Option(help="viewer reads, operator also writes, owner also manages tokens.")
    ] = "operator",
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Make a token. It is shown once; only its digest is kept."""
    from app.access.actions import create_token
    from app.db import transaction
    from app.web.edge import utc_now

    with transaction(database(settings(data))) as session:
        session.info["actor"] = "person:command line"
        row, text = create_token(session, name=name, role=role, now=utc_now())
    if as_json:
        show_json({"name": row.name, "role": row.role, "token": text})
    else:
        print(text)
        say(f"This is the token {row.name!r} ({row.role}). It is not shown again.")


@token.command("list", epilog="Example: kept token list --json")
def token_list(as_json: AsJson = False, data: Data = None) -> None:
    """List the tokens, revoked ones included."""
    from sqlmodel import Session

    from app.access.actions import tokens
    from app.db import reader

    with Session(reader(database(settings(data)))) as session:
        rows = tokens(session)
        if as_json:
            show_json([row.model_dump(include={"name", "role", "hint", "created_at", "revoked_at"}) for row in rows])
            return
        shown = [
            [
                row.name,
                row.role,
                row.hint,
                f"{row.created_at:%Y-%m-%d %H:%M}Z",
                f"{row.revoked_at:%Y-%m-%d %H:%M}Z" if row.revoked_at else "",
            ]
            for row in rows
        ]
    table("Tokens", ["name", "role", "begins", "made", "revoked"], shown)


@token.command("revoke", epilog="Example: kept token revoke ci")
def token_revoke(name: str, data: Data = None) -> None:
    """A token no longer counts, from now on."""
    from app.access.actions import revoke_token
    from app.db import transaction
    from app.web.edge import utc_now

    with transaction(database(settings(data))) as session:
        session.info["actor"] = "person:command line"
        revoke_token(session, name=name, now=utc_now())
    say(f"The token {name!r} is revoked.")
