"""`kept audit watch`: snapshots at regular times while work runs. `kept audit discover`: which sites there are."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated, Literal

import typer

from app.cli.audit import audit
from app.cli.audit.snapshots import Excludes, Listed, Paths, Server, Tree, databases_of, sites_of
from app.cli.place import say
from app.errors import BadInput


@audit.command(
    "watch",
    epilog="Example: kept audit watch --server old --until 2025-06-30T06:00:00Z --into gens --sites sites.toml",
)
def audit_watch(
    server: Server,
    into: Annotated[Path, typer.Option("--into", help="The folder that the generations are made in.")],
    until: Annotated[str, typer.Option(help="The moment after which none is begun: the cut-over, with its zone.")],
    paths: Paths = None,
    sites: Listed = None,
    tree: Tree = None,
    every: Annotated[str, typer.Option(help="How long between two: 30m, 1h; a minute at least.")] = "1h",
    label: Annotated[Literal["pre", "during", "post"], typer.Option(help="Seen from the migration.")] = "during",
    base: Annotated[
        Path | None, typer.Option(help="A generation in the same folder that the first one is made on.")
    ] = None,
    exclude: Excludes = None,
    db: Annotated[list[str] | None, typer.Option("--db", help="A database of a site: SITE=ADDRESS.")] = None,
    gentle: Annotated[bool, typer.Option("--gentle", help="Lowest priority, one site at a time.")] = True,
) -> None:
    """Take a snapshot now and at regular times until a moment, each made on the last: only what changed is read.

    Ctrl-C ends it; the same command goes on where it was. Exit code 5 where a site could not be opened.
    """
    from app.integrity.agent import main as agent
    from app.integrity.agent import watching
    from app.integrity.agent.sites import Wrong
    from app.integrity.agent.snapshot import Plan, snapshot

    def take(out: str, on: str | None) -> bool:
        plan = Plan(
            out=out, sites=sites_of(paths, sites, tree), label=label, server=server, base=on, gentle=gentle,
            excludes=exclude or [],
        )  # fmt: skip
        made = snapshot(plan, say, databases_of(db or [], sites, None if on is None else Path(on), "auto"))
        told = agent.summary(out, made)
        print(f"{told['id']}: {told['entries']} entries, {told['reused']} as before, root {told['server_root']}")
        sys.stdout.flush()
        return not told["not_opened"]

    try:
        whole = watching.watch(
            take, str(into), f"{label}-{server}", watching.every(every), agent.moment(until, "--until") / 10**9,
            time.time, time.sleep, say, str(base) if base else None,
        )  # fmt: skip
    except Wrong as error:
        raise BadInput(error.reason, field=error.field or None, example=error.example or None) from None
    if not all(whole):
        raise typer.Exit(5)


@audit.command("discover", epilog="Example: kept audit discover --clients clients.csv > sites.toml")
def audit_discover(
    root: Annotated[Path, typer.Option(help="Where the server's own / lies: a mounted copy has it elsewhere.")] = Path(
        "/"
    ),
    clients: Annotated[
        Path | None, typer.Option(help="Lines of SITE,CLIENT: whose each site is. From `kept show sites`, say.")
    ] = None,
) -> None:
    """Find the websites of this server and their databases, and print them as a list for `kept audit snapshot --sites`.

    Reads what nginx, Apache, cPanel and Plesk serve, and the settings of WordPress and of .env files. No password is
    printed: databases are named by the variable that must hold their address.
    """
    from app.integrity.discovering import as_toml, discover, owners

    if not root.is_dir():
        raise BadInput("is no folder", field="--root", example="/mnt/old-server")
    found = discover(root)
    if not found.sites:
        raise BadInput(
            f"no site was found below {root}; looked at: {', '.join(found.looked) or 'nothing that is there'}",
            field="--root", example="kept audit snapshot --tree /srv/www",
        )  # fmt: skip
    print(as_toml(found, owners(clients) if clients else {}), end="")
    for line in found.notes:
        say(line)
    say(f"{len(found.sites)} sites, {len(found.databases)} databases. Read the list before you use it.")
