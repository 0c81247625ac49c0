"""Commands for the agency's own texts: save a version, show them, preview, withdraw."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli import command
from app.cli.claims import asked
from app.cli.place import AsJson, Data, say, show_json, table
from app.errors import BadInput

group = typer.Typer(help="The agency's own wording of letters.", no_args_is_help=True)
command.add_typer(group, name="own-texts")

Kind = Annotated[str, typer.Argument(metavar="KIND", help="Which letter: L1 … L11.")]
Language = Annotated[str, typer.Argument(metavar="LANGUAGE", help="In which language: en, de, …")]
Subject = Annotated[str, typer.Option(help="A template; at most 70 characters come of it.")]
Text = Annotated[str, typer.Option(help="A template: the text, @FILE, or - for standard input.")]


def _text(given: str) -> str:
    if given == "-":
        return sys.stdin.read()
    if not given.startswith("@"):
        return given
    try:
        return Path(given[1:]).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"cannot be read: {error}", field="--text", example="@overrun.txt") from None


@group.command(
    "save",
    epilog="Example: kept own-texts save L5 en --subject '{{ sites[0].host_name }}: back since "
    "{{ body.back_since|time }}' --text @back.txt --by 'Dana Reyes'",
)
def save(
    kind: Kind,
    language: Language,
    subject: Subject,
    text: Text,
    by: Annotated[str, typer.Option(help="Who saves it.")],
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Save the next version. It is tried first, and refused where it could not be written in every letter."""
    body = {"kind": kind, "language": language, "subject": subject, "text": _text(text), "saved_by": by}
    row = asked("POST", "own-texts", body, data)
    _told(row, f"{row['kind']} {row['language']} v{row['version']} is in use.", as_json)


@group.command("show", epilog="Example: kept own-texts show --kind L5")
def show(
    kind: Annotated[str | None, typer.Option(help="Only of this letter.")] = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Show every version, and which are in use."""
    rows: list[Any] = []
    after = ""
    while True:
        page = asked("GET", "own-texts?limit=500" + (f"&kind={kind}" if kind else "") + after, None, data)
        rows += page["items"]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    if as_json:
        show_json({"items": rows})
        return
    table(
        "Own texts",
        ["version", "state", "by", "subject", "text", "id"],
        [
            [
                f"{row['kind']} {row['language']} v{row['version']}",
                "in use" if row["in_use"] else "withdrawn" if row["withdrawn_at"] else "replaced",
                row["saved_by"],
                row["subject"],
                row["text"],
                row["id"],
            ]
            for row in rows
        ],
    )


@group.command("fields", epilog="Example: kept own-texts fields L5")
def fields(kind: Kind, data: Data = None) -> None:
    """Show what a template of a letter can read, with the values of an invented one. Prints JSON."""
    show_json(asked("GET", f"own-texts/fields?kind={kind}", None, data)["values"])


@group.command(
    "preview",
    epilog="Example: kept own-texts preview L5 en --subject 'Back' --text @back.txt --notice ID",
)
def preview(
    kind: Kind,
    language: Language,
    subject: Subject,
    text: Text,
    notice: Annotated[
        str | None, typer.Option("--notice", metavar="ID", help="Every letter of this drafted round; else an invented.")
    ] = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Show what templates would write, in an invented letter or in a real round. Keeps nothing."""
    body = {"kind": kind, "language": language, "subject": subject, "text": _text(text)}
    rows = asked("POST", "own-texts/preview", body | ({"notice_id": notice} if notice else {}), data)
    if as_json:
        show_json({"items": rows})
        return
    for row in rows:
        print(f"--- {row['client_number'] or 'invented'} ({row['words']} words)\n{row['subject']}\n")
        print("\n\n".join(row["paragraphs"]) + "\n")


@group.command("withdraw", epilog="Example: kept own-texts withdraw ID --by 'Dana Reyes'")
def withdraw(
    text: Annotated[str, typer.Argument(metavar="ID", help="The version in use.")],
    by: Annotated[str, typer.Option(help="Who withdraws it.")],
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Go back to Kept's own words. Letters that went out keep theirs."""
    row = asked("POST", f"own-texts/{text}/withdraw", {"withdrawn_by": by}, data)
    _told(row, f"{row['kind']} {row['language']} is in Kept's own words again.", as_json)


def _told(row: Any, text: str, as_json: bool) -> None:
    if as_json:
        show_json(row)
    else:
        print(row["id"])
        say(text)
