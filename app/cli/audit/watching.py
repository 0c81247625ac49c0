"""`kept audit watch`: snapshots at regular times while work runs. `kept audit discover`: which sites there are."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from app.cli.audit import audit
from app.cli.audit.snapshots import Excludes, Listed, Paths, Server, Tree, databases_of, sites_of
from app.cli.place import say
from app.errors import BadInput

if TYPE_CHECKING:
    from app.integrity.agent.excludes import Patterns


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


@audit.command("exclude", epilog="Example: kept audit exclude --explain wp-content/cache/a.html --exclude 'backups/**'")
def audit_exclude(
    explain: Annotated[
        list[str] | None, typer.Option("--explain", help="A path below the site's folder. May be repeated.")
    ] = None,
    exclude: Excludes = None,
    judge_volatile: Annotated[bool, typer.Option("--judge-volatile", help="As of snapshot.")] = False,
) -> None:
    """Say which paths a snapshot would count and never judge, and by which pattern; without a path, list the patterns.

    The list stands in every manifest and below its root, so nobody can say afterwards that losses were left out.
    """
    from app.integrity.agent.excludes import VOLATILE, VOLATILE_VERSION, Patterns

    built_in = () if judge_volatile else VOLATILE
    try:
        patterns = Patterns(exclude or [], built_in)
    except ValueError as error:
        raise BadInput(str(error), field="--exclude", example="backups/**") from None
    for text in explain or []:
        print(f"{text}: {_left_out(patterns, text, exclude or [])}")
    if not explain:
        for pattern in patterns.texts:
            print(f"{pattern}{'' if pattern in (exclude or []) else f'   (built in, version {VOLATILE_VERSION})'}")


def _left_out(patterns: Patterns, text: str, own: list[str]) -> str:
    """What becomes of a path: the first folder above it that matches takes everything below along."""
    parts = text.strip("/").encode("utf-8", "surrogateescape").split(b"/")
    for depth in range(1, len(parts) + 1):
        number = patterns.match(parts[depth - 1], b"/".join(parts[:depth]))
        if number >= 0:
            pattern = patterns.texts[number]
            above = (
                "" if depth == len(parts) else f", with all below {b'/'.join(parts[:depth]).decode(errors='replace')}"
            )
            return f"counted and not judged by {pattern}{'' if pattern in own else ' (built in)'}{above}"
    return "read and judged"
