"""Commands for letters to clients: what is to be written, what is no longer true, plan, approve, issue."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

import typer

from app.cli import command
from app.cli.calling import answer, call
from app.cli.claims import asked
from app.cli.papers import Service, _service, moment
from app.cli.place import AsJson, Data, database, progress, say, settings, show_json, table
from app.errors import BadInput, NotFound

group = typer.Typer(help="Letters to clients, round by round.", no_args_is_help=True)
command.add_typer(group, name="notices")

Round = Annotated[str, typer.Argument(metavar="ID", help="The round's id; `kept notices list` shows them.")]
At = Annotated[str | None, typer.Option("--at", help="The moment asked about, with its offset; now if left out.")]
Somewhere = Annotated[str | None, typer.Option("--provider", help="The provider's name; all of them if left out.")]


def _all(what: str, query: dict[str, str], data: Path | None) -> list[Any]:
    rows: list[Any] = []
    after: str | None = None
    while True:
        asked_for = urlencode(query | {"limit": "500"} | ({"after": after} if after else {}))
        found = asked("GET", f"{what}?{asked_for}", None, data)
        rows += found["items"]
        after = found["next"]
        if after is None:
            return rows


def _id(text: str, field: str = "ID") -> str:
    """Raises BadInput for what is no id, before it stands in an address."""
    try:
        return str(UUID(text))
    except ValueError:
        raise BadInput(f"{text[:60]!r} is no id", field=field, example="as `kept notices list` shows it") from None


def _one(provider: str, service: str | None, data: Path | None) -> str:
    """The id of the service named. Raises NotFound naming those there are."""
    from sqlmodel import Session

    from app.db import reader

    with Session(reader(database(settings(data)))) as session:
        return str(_service(session, provider, service))


def _where(provider: str | None, service: str | None, data: Path | None) -> dict[str, str]:
    return {} if provider is None else {"service_id": _one(provider, service, data)}


@group.command("list", epilog="Example: kept notices list --provider 'Northgate Hosting'")
def list_(provider: Somewhere = None, service: Service = None, as_json: AsJson = False, data: Data = None) -> None:
    """List the rounds of letters: drafted, approved, issued."""
    rows = _all("notices", _where(provider, service, data), data)
    if as_json:
        show_json({"items": rows})
        return
    if not rows:
        say("No round of letters was drafted so far.")
        return
    table(
        "Rounds of letters",
        ["no.", "letter", "speaks of", "state", "by", "id"],
        [
            [
                str(row["number"]),
                row["kind"],
                row["as_at"],
                f"issued {row['issued_at']}" if row["issued_at"] else "approved" if row["plan"] else "drafted",
                row["approved_by"] or "",
                row["id"],
            ]
            for row in rows
        ],
    )


@group.command(
    "stale", epilog="Example: kept notices stale --provider 'Northgate Hosting' --at 2025-06-30T06:00:00+02:00"
)
def stale(
    provider: Somewhere = None, service: Service = None, at: At = None, as_json: AsJson = False, data: Data = None
) -> None:
    """Who believes what that is no longer true, since when, and which letter would put it right. Exit code 1 if
    somebody does."""
    moment(at, "--at")
    where = [_one(provider, service, data)] if provider else [one["id"] for one in _all("services", {}, data)]
    queries = [{"service_id": one} | ({"as_at": at} if at else {}) for one in where]
    rows = [row for query in queries for row in asked("GET", f"notices/stale?{urlencode(query)}", None, data)]
    if as_json:
        show_json({"items": rows})
    elif rows:
        table(
            "No longer true",
            ["client", "believes", "it is", "since", "told by", "put right by"],
            [
                [
                    f"{row['client_number']} {row['client']}",
                    "\n".join(item["told"] for item in row["untrue"]),
                    "\n".join(item["now"] for item in row["untrue"]),
                    row["since"],
                    f"{row['kind']}, {row['told_at']}",
                    f"{row['remedy']['kind'] or 'nothing yet'}: {row['remedy']['why']}",
                ]
                for row in rows
            ],
        )
    else:
        say("Nobody believes anything that is no longer true.")
    if rows:
        raise typer.Exit(1)


@group.command("due", epilog="Example: kept notices due --json")
def due(provider: Somewhere = None, service: Service = None, as_json: AsJson = False, data: Data = None) -> None:
    """Which rounds are to be written now and what is missing of each; what we promised clients and missed, or is still
    to come. Exit code 1 if a round is to be written or a promise of ours was missed and nothing was sent since."""
    query = urlencode(_where(provider, service, data))
    proposals = asked("GET", f"notices/proposals?{query}", None, data)
    promises = [row for row in asked("GET", f"notices/promises?{query}", None, data) if row["state"] != "kept"]
    waiting = [row for row in promises if row["kept_at"] is None]
    if as_json:
        show_json({"proposals": proposals, "promises": promises})
    else:
        _show_due(proposals, promises)
    if proposals or any(row["state"] == "broken" for row in waiting):
        raise typer.Exit(1)


def _show_due(proposals: list[Any], promises: list[Any]) -> None:
    if proposals:
        table(
            "To be written",
            ["letter", "service", "clients", "due", "why", "still missing"],
            [
                [
                    row["kind"],
                    row["service"],
                    str(len(row["clients"])),
                    row["due_at"],
                    row["why"],
                    f"drafted: {row['notice_id']}" if row["notice_id"] else _missing(row["missing"]),
                ]
                for row in proposals
            ],
        )
    else:
        say("No round is to be written.")
    if promises:
        table(
            "Our own promises to clients",
            ["round", "next message by", "state", "clients without", "written at last"],
            [
                [
                    f"{row['number']} ({row['kind']})",
                    row["due_at"],
                    "broken by us" if row["state"] == "broken" else "open",
                    f"{row['without']} of {row['letters']}",
                    row["kept_at"] or "not yet",
                ]
                for row in promises
            ],
        )


def _missing(missing: list[str]) -> str:
    """What a person has to give: the words' names, and in full what is otherwise wrong."""
    needed = [
        text.removeprefix("words.").removesuffix(": is needed") for text in missing if text.endswith(": is needed")
    ]
    others = [text for text in missing if not text.endswith(": is needed")]
    return "\n".join([", ".join(needed), *others]).strip() or "nothing"


@group.command("plan", epilog="Example: kept notices plan --event 01997a3e-7c1b-7d2e-9f00-5a6b7c8d9e0f")
def plan(
    notice: Annotated[str | None, typer.Option("--notice", metavar="ID", help="A drafted round.")] = None,
    event: Annotated[
        str | None, typer.Option("--event", metavar="WINDOW", help="All drafted rounds about this window or work.")
    ] = None,
    at: At = None,
    out: Annotated[Path | None, typer.Option(help="Also write every letter there as PDF, marked as a draft.")] = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Dry run: compose every letter, show who gets what and why and who is left out and why. Sends nothing. Prints the
    digest that approving and issuing ask for."""
    if (notice is None) == (event is None):
        raise BadInput("give one of them, and not both", field="--notice, --event", example="--notice ID")
    moment(at, "--at")
    ids = [_id(notice, "--notice")] if notice is not None else _drafted(_id(str(event), "--event"), data)
    query = {"at": at} if at else {}
    plans = [asked("GET", f"notices/{id_}/plan?{urlencode(query)}", None, data) for id_ in ids]
    for item in plans if out is not None else ():
        _print(item, Path(str(out)), data)
    if as_json:
        show_json({"plans": plans})
        return
    for item in plans:
        _show_plan(item)


def _drafted(event: str, data: Path | None) -> list[str]:
    rows = [row for row in _all("notices", {}, data) if event in (row["window_id"], row["work_id"])]
    ids = [row["id"] for row in rows if row["issued_at"] is None]
    if not ids:
        found = "every round about it is out" if rows else "no round is about this window or work"
        raise NotFound(f"{found}; `kept notices due` shows what is to be written", field="--event")
    return ids


def _print(item: Any, out: Path, data: Path | None) -> None:
    out.mkdir(parents=True, exist_ok=True)
    with progress() as bar:
        for one in bar.track(item["letters"], description="letters"):
            response = call("GET", f"notices/{item['notice']['id']}/plan/{one['client_id']}/letter.pdf", None, {}, data)
            if response.status_code >= 400:
                answer(response)
            (out / f"{item['notice']['number']}-{item['notice']['kind']}_{one['client_number']}.pdf").write_bytes(
                response.content
            )


def _show_plan(item: Any) -> None:
    notice = item["notice"]
    table(
        f"Round {notice['number']}, {notice['kind']}, speaking of {notice['as_at']}",
        ["client", "subject", "to", "why"],
        [
            [
                f"{one['client_number']} {one['client']}",
                one["subject"],
                "\n".join(f"{to['name']} ({to['address'] or to['channel']})" for to in one["to"]),
                "\n".join(to["why"] for to in one["to"]),
            ]
            for one in item["letters"]
        ],
    )
    if item["left_out"]:
        rows = [[f"{one['client_number']} {one['client']}", one["why"]] for one in item["left_out"]]
        table("Left out", ["client", "why"], rows)
    ways = ", ".join(f"{count} by {way}" for way, count in sorted(item["channels"].items()))
    say(f"{len(item['letters'])} letters: {ways}. {len(item['left_out'])} clients left out.")
    for text in item["hindrances"]:
        say(f"It would be refused now: {text}")
    if item["approval"] == "named":
        say(f"{notice['kind']} needs a person's first name and surname to approve it.")
    print(item["digest"])


@group.command("approve", epilog="Example: kept notices approve ID --plan DIGEST --by 'Dana Reyes'")
def approve(
    notice: Round,
    digest: Annotated[str, typer.Option("--plan", metavar="DIGEST", help="As `kept notices plan` prints it.")],
    by: Annotated[str, typer.Option(help="Who puts their name to it.")],
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Put a name to a plan; only this plan can be issued from then on."""
    row = asked("POST", f"notices/{_id(notice)}/approve", {"plan": digest, "approved_by": by}, data)
    _told(row, f"Round {row['number']} is approved by {row['approved_by']}.", as_json)


@group.command("issue", epilog="Example: kept notices issue ID --plan DIGEST --by 'Dana Reyes'")
def issue(
    notice: Round,
    digest: Annotated[str, typer.Option("--plan", metavar="DIGEST", help="As `kept notices plan` prints it.")],
    by: Annotated[str | None, typer.Option(help="Who approves it, where nobody has yet.")] = None,
    issued_at: Annotated[
        str | None, typer.Option(help="When they went out, where that was before; then Kept does not send them.")
    ] = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Freeze a round as its plan showed it and send it. Refused where the record has changed since, with what has."""
    moment(issued_at, "--issued-at")
    body = {"plan": digest, "approved_by": by} | ({"issued_at": issued_at} if issued_at else {})
    row = asked("POST", f"notices/{_id(notice)}/issue", body, data)
    _told(row, f"Round {row['number']} is out, approved by {row['approved_by']}.", as_json)


@group.command("renew", epilog="Example: kept notices renew ID")
def renew(notice: Round, at: At = None, as_json: AsJson = False, data: Data = None) -> None:
    """Let a draft speak of now, with the same words, after its facts have changed. An approval falls away."""
    moment(at, "--at")
    row = asked("POST", f"notices/{_id(notice)}/renew", {"as_at": at} if at else {}, data)
    _told(row, f"Round {row['number']} speaks of {row['as_at']}.", as_json)


def _told(row: Any, text: str, as_json: bool) -> None:
    if as_json:
        show_json(row)
    else:
        say(text)


@group.command("letters", epilog="Example: kept notices letters --notice ID")
def letters(
    notice: Annotated[str | None, typer.Option("--notice", metavar="ID", help="Only of this round.")] = None,
    client: Annotated[str | None, typer.Option("--client", metavar="ID", help="Only of this client.")] = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """List the letters that are out, with what they stated as fact."""
    given = {
        "notice_id": notice if notice is None else _id(notice, "--notice"),
        "client_id": client if client is None else _id(client, "--client"),
    }
    rows = _all("letters", {name: value for name, value in given.items() if value is not None}, data)
    if as_json:
        show_json({"items": rows})
        return
    if not rows:
        say("No letter is out.")
        return
    table(
        "Letters",
        ["id", "client", "states"],
        [
            [row["id"], row["client_id"], "\n".join(f"{fact}: {value}" for fact, value in row["stated"].items())]
            for row in rows
        ],
    )
