"""Locations: other places to ask from, made and retired by hand; what their agents lack."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli import command
from app.cli.calling import answer, call
from app.cli.place import AsJson, Data, say, show_json, table

location = typer.Typer(help="Other places to ask from.", no_args_is_help=True)
command.add_typer(location, name="location")
Name = Annotated[str, typer.Argument(help="Small letters, digits and dashes.")]
PAGE = 500


@location.command("add", epilog="Example: kept location add frankfurt")
def add(name: Name, as_json: AsJson = False, data: Data = None) -> None:
    """A place to ask from. Prints the token of its agent, which is not shown again."""
    made = _asked("POST", "locations", data, {"name": name})
    _token(made["token"], name, as_json, made)


@location.command("token", epilog="Example: kept location token frankfurt")
def token(name: Name, as_json: AsJson = False, data: Data = None) -> None:
    """Another token for its agent; the one before counts no more."""
    made = _asked("POST", f"locations/{name}/token", data, {})
    _token(made["token"], name, as_json, made)


@location.command("list", epilog="Example: kept location list --json")
def list_(as_json: AsJson = False, data: Data = None) -> None:
    """Every location and how its agent is. Exit code 1 where one that is in use is not heard of."""
    items = _asked("GET", f"locations?limit={PAGE}", data)["items"]
    if as_json:
        show_json(items)
    else:
        rows = [
            [one["name"], _how(one), one["seen_at"] or "", _offset(one["offset_ms"]), str(one["monitors"]),
             str(one["waiting"]), str(one["dropped"] or "")]
            for one in items
        ]  # fmt: skip
        table("Locations", ["name", "", "heard of", "clock", "monitors", "waiting", "lost"], rows)
    if any(not one["until_at"] and not one["asks"] for one in items):
        raise typer.Exit(1)


@location.command("gaps", epilog="Example: kept location gaps frankfurt")
def gaps(
    name: Annotated[str | None, typer.Argument(help="Of one location alone.")] = None,
    as_json: AsJson = False, data: Data = None,
) -> None:  # fmt: skip
    """When a location could tell nothing: cut off, its clock wrong, its answers lost."""
    items: list[dict[str, Any]] = []
    path = f"location-gaps?limit={PAGE}" + (f"&location={name}" if name else "")
    page = _asked("GET", path, data)
    items += page["items"]
    while page["next"] is not None:
        page = _asked("GET", f"{path}&after={page['next']}", data)
        items += page["items"]
    if as_json:
        show_json(items)
        return
    rows = [
        [one["location"], one["kind"], one["start_at"], one["end_at"], str(one["answers"] or ""), one["reason"]]
        for one in items
    ]
    table("Gaps", ["location", "", "from", "until", "answers", "why"], rows)


@location.command("retire", epilog="Example: kept location retire frankfurt --reason 'the contract there ended'")
def retire(
    name: Name, reason: Annotated[str, typer.Option(help="Why; it stands in the log.")], data: Data = None
) -> None:  # fmt: skip
    """It takes no part from now on, and its token counts no more."""
    _asked("POST", f"locations/{name}/retire", data, {"reason": reason})
    say(f"{name} is retired. What it saw stays.")


def _token(text: str, name: str, as_json: bool, made: dict[str, Any]) -> None:
    if as_json:
        show_json(made)
        return
    print(text)
    say(f"This is the token of {name}'s agent. It is not shown again. There:")
    say(f"  KEPT_AGENT_TOKEN=kept_… kept probe --server https://THIS-SERVER --location {name}")
    say(f"Then: kept monitor add https://… --from here --from {name}")


def _asked(method: str, what: str, data: Path | None, body: dict[str, Any] | None = None) -> Any:
    content = None if body is None else json.dumps(body).encode()
    said = call(method, what, content, {"content-type": "application/json"} if content else {}, data)
    if said.status_code >= 400:
        answer(said)
    return said.json()


def _how(one: dict[str, Any]) -> str:
    if one["until_at"]:
        return "retired"
    if one["seen_at"] is None:
        return "never heard of"
    if not one["asks"]:
        return "SILENT"
    return "CLOCK WRONG: counts for nothing" if one["clock_wrong"] else "asks"


def _offset(ms: int | None) -> str:
    return "" if ms is None else f"{ms / 1000:+.1f} s"
