"""Commands for letters to providers: draft, print, approve, issue, record the sending, list what is unanswered."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

import typer

from app.cli import command
from app.cli.calling import _body as body_of
from app.cli.calling import answer as answered
from app.cli.calling import call
from app.cli.papers import Provider, Service, _service, moment
from app.cli.place import AsJson, Data, database, say, settings, show_json, table
from app.errors import BadInput

group = typer.Typer(help="Letters to providers.", no_args_is_help=True)
command.add_typer(group, name="provider-letters")

Letter = Annotated[str, typer.Argument(metavar="ID", help="The letter's id; `kept provider-letters list` shows them.")]
HEAD = {"content-type": "application/json"}


def _asked(method: str, what: str, body: Any, data: Path | None) -> Any:
    """The answer of the API as JSON; a refusal ends the command with one sentence and its exit code."""
    response = call(method, what, None if body is None else json.dumps(body).encode(), HEAD, data)
    if response.status_code >= 400:
        answered(response)
    return response.json()


def _told(row: Any, as_json: bool) -> None:
    if as_json:
        show_json(row)
    else:
        print(row["id"])
        say(f"{row['ref']}: {row['state']}")


@group.command(
    "draft",
    epilog="""Example: kept provider-letters draft P1 '{"answer_by": "2025-06-26T12:00:00+02:00", "volume": "2 TB"}' """
    "--provider 'Northgate Hosting'",
)
def draft(
    kind: Annotated[Literal["P1", "P2", "P3", "P4", "P5", "P6"], typer.Argument(help="Which letter.")],
    words: Annotated[
        str, typer.Argument(help="What only a person can give, as JSON, @FILE, or - (docs/provider-letters.md).")
    ],
    provider: Provider,
    service: Service = None,
    as_at: Annotated[
        str | None, typer.Option(help="The moment it speaks of, with its offset; now if left out.")
    ] = None,
    attention: Annotated[str | None, typer.Option(help="A desk or person at the provider's.")] = None,
    address: Annotated[
        list[str] | None, typer.Option(help="A line of the postal address; give it several times.")
    ] = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Draft a letter from the record. Prints its id; nothing is sent."""
    from sqlmodel import Session

    from app.db import reader

    given = json.loads(body_of(words))
    if not isinstance(given, dict):
        raise BadInput("must be a JSON object", field="WORDS", example='{"answer_by": "2025-06-26T12:00:00+02:00"}')
    moment(as_at, "--as-at")
    with Session(reader(database(settings(data)))) as session:
        service_id = _service(session, provider, service)
    body: dict[str, Any] = {"service_id": str(service_id), "words": {"kind": kind, **given}}
    if as_at:
        body["as_at"] = as_at
    if attention or address:
        body["to"] = {"attention": attention, "address": address or []}
    _told(_asked("POST", "provider-letters", body, data), as_json)


@group.command("list", epilog="Example: kept provider-letters list --json")
def list_(as_json: AsJson = False, data: Data = None) -> None:
    """List the letters to providers with where each stands."""
    rows = _all("provider-letters", {}, data)
    if as_json:
        show_json({"items": rows})
        return
    table(
        "Letters to providers",
        ["reference", "state", "as at", "sent", "unanswered", "id"],
        [
            [
                row["ref"],
                row["state"],
                row["as_at"],
                row["sent_at"] or "",
                f"{row['unanswered']} of {row['requests']}",
                row["id"],
            ]
            for row in rows
        ],
    )


@group.command("requests", epilog="Example: kept provider-letters requests --state overdue")
def requests(
    state: Annotated[
        Literal["open", "overdue", "answered"] | None, typer.Option(help="Only those in this state.")
    ] = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """List what was asked of providers: wanted by when, how old, answered or not."""
    rows = _all("provider-requests", {} if state is None else {"state": state}, data)
    if as_json:
        show_json({"items": rows})
        return
    table(
        "Asked of providers",
        ["request", "state", "wanted by", "asked", "text"],
        [
            [
                f"{row['letter']} {row['number']}",
                row["state"],
                row["wanted_at"],
                row["asked_at"] or "not sent",
                row["text"],
            ]
            for row in rows
        ],
    )


def _all(what: str, query: dict[str, str], data: Path | None) -> list[Any]:
    rows: list[Any] = []
    after: str | None = None
    while True:
        found = _asked(
            "GET", f"{what}?{urlencode(query | {'limit': '500'} | ({'after': after} if after else {}))}", None, data
        )
        rows += found["items"]
        after = found["next"]
        if after is None:
            return rows


@group.command("render", epilog="Example: kept provider-letters render 01997a3e-7c1b-7d2e-9f00-5a6b7c8d9e0f --out out")
def render(
    letter: Letter,
    out: Annotated[Path | None, typer.Option(help="Folder to write to (KEPT_OUT).", show_default=False)] = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Write a letter as PDF and as text for a ticket form: issued ones as they were frozen, drafts marked as drafts."""
    place = settings(data, out=out)
    document = _asked("GET", f"provider-letters/{letter}/letter.json", None, data)
    draft_ = "" if document["header"]["status"] == "issued" else "_draft"
    place.out.mkdir(parents=True, exist_ok=True)
    files = []
    for what, ending in (("letter.pdf", "pdf"), ("text", "txt")):
        response = call("GET", f"provider-letters/{letter}/{what}", None, {}, data)
        if response.status_code >= 400:
            answered(response)
        file = place.out / f"{document['header']['number']}{draft_}.{ending}"
        file.write_bytes(response.content)
        files.append(str(file))
    if as_json:
        show_json({"files": files})
    else:
        print("\n".join(files))


@group.command("approve", epilog="Example: kept provider-letters approve ID --by 'Dana Reyes'")
def approve(
    letter: Letter,
    by: Annotated[str, typer.Option(help="Who puts their name to it.")],
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Put a name to a letter as it stands."""
    _told(_asked("POST", f"provider-letters/{letter}/approve", {"approved_by": by}, data), as_json)


@group.command("issue", epilog="Example: kept provider-letters issue ID")
def issue(letter: Letter, as_json: AsJson = False, data: Data = None) -> None:
    """Freeze an approved letter with its PDF; its requests are open from the first sending."""
    _told(_asked("POST", f"provider-letters/{letter}/issue", {}, data), as_json)


@group.command(
    "sent",
    epilog="Example: kept provider-letters sent ID --at 2025-06-24T17:05:00+02:00 --to support@northgate.example "
    "--by 'Dana Reyes'",
)
def sent(
    letter: Letter,
    at: Annotated[str, typer.Option(help="When, with its offset.")],
    to: Annotated[str, typer.Option(help="The address it went to, or with --channel ticket the ticket's number.")],
    by: Annotated[str, typer.Option(help="Who sent it.")],
    channel: Annotated[
        Literal["email", "ticket", "portal", "post", "fax", "other"],
        typer.Option(help="How. `ticket` records a new ticket, and its reply clock starts."),
    ] = "email",
    receipt: Annotated[str | None, typer.Option(help="What proves it.")] = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Record that a letter went out."""
    moment(at, "--at")
    if channel == "ticket":
        body: dict[str, Any] = {"number": to, "opened_at": at, "sent_by": by}
        row = _asked("POST", f"provider-letters/{letter}/ticket", body, data)
        text = f"Ticket {row['number']} is recorded; its clock runs from {at}."
    else:
        body = {"sent_at": at, "channel": channel, "address": to, "sent_by": by, "receipt": receipt}
        row = _asked("POST", f"provider-letters/{letter}/sendings", body, data)
        text = f"Recorded as sent to {to}."
    if as_json:
        show_json(row)
    else:
        say(text)
