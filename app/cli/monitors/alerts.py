"""Commands on alerts: where they go, whether they get there, what was told."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli import command
from app.cli.calling import call
from app.cli.monitors.probing import _all, _get, _id, _post
from app.cli.place import AsJson, Data, say, show_json, table
from app.errors import BadInput

alerts = typer.Typer(help="Telling the people who look after Kept.", no_args_is_help=True)
command.add_typer(alerts, name="alerts")
Name = Annotated[str, typer.Argument(help="The channel's name or id.")]


@alerts.command(
    "add", epilog="Example: kept alerts add Anna ntfys://ntfy.example/kept --kind outage --quiet 22:00-07:00"
)
def add(
    name: Annotated[str, typer.Argument(help="What the channel is called.")],
    url: Annotated[
        str,
        typer.Argument(
            help="Its address as Apprise writes it. So that it stays out of the shell's history: - reads it from "
            "standard input, '$NAME' from the environment."
        ),
    ],
    kind: Annotated[list[str] | None, typer.Option(help="Only this kind; may be repeated. All, if left out.")] = None,
    quiet: Annotated[str | None, typer.Option(help="Quiet hours, as 22:00-07:00: alerts wait for their end.")] = None,
    zone: Annotated[str | None, typer.Option(help="Whose clock they go by; the agency's if left out.")] = None,
    always: Annotated[
        list[str] | None,
        typer.Option(help="Told in quiet hours all the same: outage, window_overruns, prober_stopped if left out."),
    ] = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:  # fmt: skip
    """A channel for alerts raised from now on. Its address is stored encrypted and never shown again."""
    body: dict[str, Any] = {"name": name, "url": _secret(url)}
    if kind:
        body["kinds"] = kind
    if quiet is not None:
        start, dash, end = quiet.partition("-")
        if not dash:
            raise BadInput("are two times with a dash between", field="--quiet", example="22:00-07:00")
        body["quiet"] = {"start": start.strip(), "end": end.strip(), "zone": zone or _zone(data)}
        if always is not None:
            body["quiet"]["always"] = always
    made = _post("alerts/channels", body, data)
    if as_json:
        show_json(made)
        return
    say(f"{made['name']!r} gets {len(made['kinds'])} kinds of alerts. Try it: kept alerts test {json.dumps(name)}")


@alerts.command("list", epilog="Example: kept alerts list")
def list_(as_json: AsJson = False, data: Data = None) -> None:
    """The channels; of their addresses nothing but the kind is shown."""
    items = _all("alerts/channels", data)
    if as_json:
        show_json(items)
        return
    rows = [
        [one["name"], one["scheme"] + "://…", ", ".join(one["kinds"]), _quiet(one["quiet"]),
         "retired" if one["retired_at"] else ""]
        for one in items
    ]  # fmt: skip
    table("Channels", ["name", "address", "kinds", "quiet hours", ""], rows)


@alerts.command("test", epilog="Example: kept alerts test Anna")
def send_test(name: Name, data: Data = None) -> None:
    """Send a test to one channel at once. Exit code 1 where it was not taken."""
    said = _post(f"alerts/channels/{_channel(name, data)}/test", {}, data)
    if not said["sent"]:
        say(f"It was not taken: {said['error']}")
        raise typer.Exit(1)
    say("It was taken. Whether it arrived, only the channel knows.")


@alerts.command("retire", epilog="Example: kept alerts retire Anna")
def retire(name: Name, data: Data = None) -> None:
    """The channel gets nothing more; what was on its way to it is dropped."""
    _post(f"alerts/channels/{_channel(name, data)}/retire", {}, data)
    say(f"{name!r} gets nothing more.")


@alerts.command("log", epilog="Example: kept alerts log --kind outage --newest 50")
def log(
    newest: Annotated[int, typer.Option(min=1, max=500, help="How many.")] = 20,
    kind: Annotated[str | None, typer.Option(help="Only of this kind.")] = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """What was told, newest last, and what became of it. Exit code 1 where one of them was given up."""
    only = f"&kind={kind}" if kind else ""
    items = _get(f"alerts?newest=true&limit={newest}{only}", data)["items"]
    if as_json:
        show_json(items)
    else:
        rows = [[one["created_at"], one["kind"], one["title"], _went(one)] for one in items]
        table("Alerts", ["at", "kind", "what", "where it went"], rows)
    if any(sending["state"] == "given_up" for one in items for sending in one["sendings"]):
        raise typer.Exit(1)


def _secret(text: str) -> str:
    if text == "-":
        return sys.stdin.readline().strip()
    if text.startswith("$"):
        value = os.environ.get(text[1:])
        if value is None:
            raise BadInput(f"nothing in the environment is called {text[1:]}", field="URL", example="ntfys://…")
        return value
    return text


def _zone(data: Path | None) -> str:
    said = call("GET", "agency", None, {}, data)
    return str(said.json()["zone"]) if said.status_code == 200 else "UTC"


def _channel(name: str, data: Path | None) -> str:
    return _id("alerts/channels", name, data)


def _quiet(quiet: dict[str, Any] | None) -> str:
    if quiet is None:
        return ""
    return f"{quiet['start']}-{quiet['end']} {quiet['zone']}, always: {', '.join(quiet['always']) or 'nothing'}"


def _went(one: dict[str, Any]) -> str:
    if one["quiet"]:
        return f"nobody: {one['quiet']}"
    parts = [
        f"{sending['channel']}: {sending['state'].replace('_', ' ')}"
        + (f" after {sending['attempts']} tries ({sending['error']})" if sending["error"] else "")
        for sending in one["sendings"]
    ]
    return "; ".join(parts) or "no channel takes this kind"
