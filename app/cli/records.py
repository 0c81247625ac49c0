"""Commands on the record itself: tokens, imports."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from app.cli import command
from app.cli.place import AsJson, Data, database, progress, say, settings, show_json, table

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


@imports.command("observations", epilog="Example: kept import observations june.csv.gz")
def import_observations(
    file: Annotated[
        Path, typer.Argument(help="CSV or NDJSON, plain or gzip: at, monitor, state[, latency_ms, error].")
    ],
    form: Annotated[
        Literal["csv", "ndjson"] | None, typer.Option("--format", help="Read off the file's name if left out.")
    ] = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Take in a file of observations: all of it, or nothing. The same file twice adds nothing."""
    from app.db import transaction
    from app.errors import BadInput
    from app.probes.importing.files import import_file
    from app.web.edge import utc_now

    if not file.is_file():
        raise BadInput("is not a file that can be read", field="FILE", example="june.csv")
    plain = file.name.removesuffix(".gz")
    chosen: Literal["csv", "ndjson"] = form or ("csv" if plain.endswith(".csv") else "ndjson")
    with progress() as bar, transaction(database(settings(data))) as session:
        session.info["actor"] = "person:command line"
        task = bar.add_task(file.name, total=file.stat().st_size)
        result = import_file(
            session,
            file,
            name=file.name,
            format=chosen,
            now=utc_now(),
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    batch = result.batch
    if as_json:
        show_json(
            {"rows": batch.rows, "added": result.added, "already_there": result.already_there, "digest": batch.digest}
        )
    else:
        say(f"{batch.rows} observations read, {result.added} added, {result.already_there} there before.")
