"""Commands on what is watched: monitors, the prober alone, every state at a glance."""

from __future__ import annotations

import json
import signal
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli import command
from app.cli.calling import answer, call
from app.cli.place import AsJson, Data, database, say, settings, show_json, table
from app.errors import BadInput, NotFound
from app.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from app.prober.checks.ways import Ways
    from app.probes.running import Running
    from app.probes.vault import Vault

monitor = typer.Typer(help="What is watched.", no_args_is_help=True)
command.add_typer(monitor, name="monitor")
COLOURS = {"up": "green", "degraded": "yellow", "down": "bold red", "unknown": "dim"}
PAGE = 500


@monitor.command("add", epilog="Example: kept monitor add https://shop.larkfield.example --text Basket")
def add(
    address: Annotated[
        str,
        typer.Argument(
            help="https://… http://… tcp://host:22,443 tls://host dns://name smtp://host imap:// ftp:// ssh:// ping:// "
            "or `heartbeat`: the site calls us."
        ),
    ],
    site: Annotated[str | None, typer.Option(help="The site it watches, by name; else found by the host.")] = None,
    service: Annotated[str | None, typer.Option(help="The service it watches, by name, instead of a site.")] = None,
    name: Annotated[str | None, typer.Option(help="What it is called; read off the address if left out.")] = None,
    every: Annotated[int, typer.Option(help="Seconds between two questions.")] = 60,
    confirm: Annotated[int | None, typer.Option(help="Failures in a row that make an outage: 3.")] = None,
    text: Annotated[str | None, typer.Option(help="Must be in the page.")] = None,
    pattern: Annotated[str | None, typer.Option(help="Regular expression that must fit somewhere in the page.")] = None,
    status: Annotated[str | None, typer.Option(help="Good answers: 200-299,401.")] = None,
    header: Annotated[list[str] | None, typer.Option(help="'Name: value', sent along, stored encrypted.")] = None,
    from_: Annotated[
        list[str] | None, typer.Option("--from", help="A location to ask from, `here` among them; may be repeated.")
    ] = None,
    agree: Annotated[
        str | None, typer.Option(help="Down where so many say so: any, majority, all, or a number (majority).")
    ] = None,
    slow: Annotated[int | None, typer.Option(help="Degraded where it takes more milliseconds.")] = None,
    timeout: Annotated[int | None, typer.Option(help="Milliseconds for all of it: 10000.")] = None,
    check: Annotated[str | None, typer.Option(help="Further fields of the check as JSON; docs/monitors.md.")] = None,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Watch a site or a service; its first answer is there within seconds where a prober runs."""
    from app.prober.spec import from_address

    try:
        spec = {"kind": "heartbeat"} if address == "heartbeat" else from_address(address)
        spec |= json.loads(check) if check else {}
    except ValueError as error:
        raise BadInput(str(error), field="ADDRESS", example="https://shop.larkfield.example") from None
    given = {"text": text, "pattern": pattern, "status": status, "slow_ms": slow, "timeout_ms": timeout}
    spec |= {key: value for key, value in given.items() if value is not None}
    body: dict[str, Any] = {"check": spec, "interval_seconds": every, "confirm_after": confirm, "name": name}
    if site is not None:
        body["site_id"] = _id("sites", site, data)
    if service is not None:
        body["service_id"] = _id("services", service, data)
    if from_:
        body["locations"] = from_
    if agree is not None:
        body["agreement"] = int(agree) if agree.isascii() and agree.isdigit() else agree
    if header:
        body["headers"] = dict(_header(one) for one in header)
    made = _post("monitors", {key: value for key, value in body.items() if value is not None}, data)
    if made["kind"] == "heartbeat":
        made["call"] = _post(f"monitors/{made['id']}/heartbeat", {}, data)["path"]
    if as_json:
        show_json(made)
        return
    say(f"{made['name']!r} is watched every {made['interval_seconds']} s. `kept status` shows how it is.")
    if "call" in made:
        print(made["call"])
        say("This is what the site calls, by GET or POST, below Kept's own address. It is not shown again.")


@monitor.command("list", epilog="Example: kept monitor list --json")
def list_(as_json: AsJson = False, data: Data = None) -> None:
    """List the monitors, retired ones included."""
    items = list(_all("monitors", data))
    if as_json:
        show_json(items)
        return
    rows = [
        [one["name"], one["kind"], _asked(one), f"{one['interval_seconds']} s", str(one["confirm_after"]),
         "retired" if one["until_at"] else ""]
        for one in items
    ]  # fmt: skip
    table("Monitors", ["name", "kind", "what is asked", "every", "confirm", ""], rows)


@monitor.command("show", epilog="Example: kept monitor show shop.larkfield.example")
def show(
    name: Annotated[str, typer.Argument(help="Its name or id.")], as_json: AsJson = False, data: Data = None
) -> None:
    """One monitor: what it asks, how it is, and its newest answers with how long each part took."""
    id_ = _id("monitors", name, data)
    whole = _get(f"monitors/{id_}", data) | {"now": _get(f"monitors/{id_}/state", data)}
    answers = _get(f"monitors/{id_}/measurements?limit=10", data)["items"]
    if as_json:
        show_json(whole | {"measurements": answers})
        return
    show_json(whole)
    parts = ("dns_us", "connect_us", "tls_us", "first_byte_us", "total_us")
    rows = [
        [one["at"], one["state"], one["error"] or "", *(_ms(one[part]) for part in parts), one["detail"] or ""]
        for one in answers
    ]
    table("Newest answers", ["at", "", "error", "dns", "connect", "tls", "first byte", "total", ""], rows)


@command.command("status", epilog="Example: kept status --watch")
def status(
    watch: Annotated[bool, typer.Option("--watch", help="Live, until Ctrl-C.")] = False,
    every: Annotated[int, typer.Option(min=1, max=3600, help="Seconds between two looks.")] = 2,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """How every monitor is now. Exit code 1 where one is down."""
    from rich.console import Console
    from rich.live import Live

    if as_json or not watch:
        shown = _status(data)
        if as_json:
            show_json(shown)
        else:
            Console().print(_table(shown))
        if any(one["state"] == "down" for one in shown["items"]):
            raise typer.Exit(1)
        return
    with Live(_table(_status(data)), screen=False, auto_refresh=False) as live:
        while True:
            time.sleep(every)
            live.update(_table(_status(data)), refresh=True)


@command.command("probe", epilog="Example: kept probe --server https://kept.example --location frankfurt")
def probe(
    server: Annotated[
        str | None, typer.Option(help="Ask for that server instead, from another place, without a database.")
    ] = None,
    location: Annotated[str | None, typer.Option(help="The name of that place; `kept location add` made it.")] = None,
    data: Data = None,
) -> None:
    """Probe without serving the API, until SIGTERM or Ctrl-C. Where another prober works on this database, wait."""
    place = settings(data)
    if server is not None or location is not None:
        from app.cli.remote.agent import ask

        ask(place, ways(place), server, location)
        return
    running = prober(place, database(place), probes=True, listens=False)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: running.stop())
    say("Probing. `kept status` shows what is found.")
    running.run()
    say("Stopped; what was answered is written.")


def ways(place: Settings) -> Ways:
    """How to probe, as the settings want it."""
    from app.prober.addresses import Networks
    from app.prober.checks.ways import Ways
    from app.prober.online import references

    servers = [server.strip() for server in place.probe_nameservers.split(",") if server.strip()]
    return Ways(
        networks=Networks.parse(place.probe_allowed_networks), name_servers=servers,
        authorities=str(place.probe_authorities) if place.probe_authorities else None,
        references=references(place.probe_references), references_needed=place.probe_references_needed,
        per_host=place.probe_per_host,
    )  # fmt: skip


def prober(place: Settings, engine: Engine, *, probes: bool, listens: bool) -> Running:
    """The prober as the settings want it."""
    from app.probes.running import Running
    from app.watching.queries import occasions
    from app.web.edge import utc_now

    return Running(
        engine, vault(place), ways(place), utc_now, probes=probes, listens=listens, occasions=occasions
    )  # fmt: skip


def vault(place: Settings) -> Vault:
    """What secrets are sealed with: the key of the settings, or the file beside the database."""
    from app.probes.vault import Vault

    key = place.secret_key.get_secret_value() if place.secret_key is not None else None
    return Vault(place.data / "secret.key", key)


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise BadInput("has no name before a colon", field="--header", example="Authorization: Basic a2VwdDpzZWNyZXQ=")
    return name.strip(), value.strip()


def _post(what: str, body: dict[str, Any], data: Path | None) -> Any:
    said = call("POST", what, json.dumps(body).encode(), {"content-type": "application/json"}, data)
    if said.status_code >= 400:
        answer(said)
    return said.json()


def _get(what: str, data: Path | None) -> Any:
    said = call("GET", what, None, {}, data)
    if said.status_code >= 400:
        answer(said)
    return said.json()


def _all(what: str, data: Path | None) -> list[dict[str, Any]]:
    out: list[dict[str, Any]] = []
    page = _get(f"{what}?limit={PAGE}", data)
    while True:
        out += page["items"]
        if page["next"] is None:
            return out
        page = _get(f"{what}?limit={PAGE}&after={page['next']}", data)


def _id(what: str, name: str, data: Path | None) -> str:
    found = [one for one in _all(what, data) if name in (one["name"], one["id"]) and not one.get("ended_at")]
    if len(found) != 1:
        said = f"{len(found)} of the {what} are called {name!r}" if found else f"none of the {what} is called {name!r}"
        raise NotFound(said, field=what.removesuffix("s"), example=f"kept show {what}")
    return str(found[0]["id"])


def _status(data: Path | None) -> dict[str, Any]:
    first: dict[str, Any] = _get(f"status?limit={PAGE}", data)
    return first | {"items": _all("status", data) if first["next"] else first["items"]}


def _asked(one: dict[str, Any]) -> str:
    check = one["check"] or {}
    return str(check.get("url") or check.get("name") or "")


def _ms(micros: int | None) -> str:
    return "" if micros is None else f"{micros / 1000:.1f}"


def _table(shown: dict[str, Any]) -> Any:
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    out = Table(header_style="bold")
    for name in ("", "monitor", "since", "last answer", "ms", "24 h", "what"):
        out.add_column(name, overflow="fold")
    order = ("down", "degraded", "unknown", "up")
    for one in sorted(shown["items"], key=lambda one: (order.index(one["state"]), one["name"])):
        doubtful = one["state"] == "down" and not one["confirmed"]
        said = f"down ({one['failures']}, not confirmed)" if doubtful else one["state"]
        what = " ".join(part for part in (one["error"], one["detail"]) if part)
        out.add_row(
            Text(said, style=COLOURS[one["state"]]), one["name"], _clock(one["since_at"]), _clock(one["last_at"]),
            str(one["latency_ms"] or ""), _day(one["last_day"]), what[:120],
        )  # fmt: skip
        for place in one["locations"]:
            said = "missing" if place["missing"] else place["state"]
            what = " ".join(part for part in (place["error"], place["detail"]) if part)
            out.add_row(
                Text(said, style=COLOURS[place["state"]]), f"  from {place['location']}", _clock(place["since_at"]),
                _clock(place["last_at"]), str(place["latency_ms"] or ""), "", what[:120],
            )  # fmt: skip
    return Group(out, Text(_prober_said(shown["prober"])))


def _prober_said(prober: dict[str, Any]) -> str:
    if not prober["running"]:
        return "Nobody probes now: start `kept serve` or `kept probe`."
    parts = [f"Prober: {prober['monitors']} monitors, seen {_clock(prober['seen_at'])}, {prober['lag_ms']} ms late"]
    if prober["waiting"]:
        parts.append(f"{prober['waiting']} answers to be written")
    if prober["offline_since"]:
        parts.append(f"WE ARE OFFLINE OURSELVES since {_clock(prober['offline_since'])}")
    elif not prober["references"]:
        parts.append("no reference addresses: an outage of our own line would look like theirs")
    return "; ".join(parts) + "."


def _clock(text: str | None) -> str:
    return "" if text is None else f"{datetime.fromisoformat(text):%d %b %H:%M:%SZ}"


def _day(day: dict[str, int]) -> str:
    """Never 100 where it was not: cut off, not rounded."""
    known = day["up"] + day["degraded"] + day["down"]
    if not known:
        return "-"
    hundredths = (day["up"] + day["degraded"]) * 10_000 // known
    return f"{hundredths // 100}.{hundredths % 100:02d} %"
