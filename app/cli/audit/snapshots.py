"""`kept audit`: snapshots of sites, the agent as one file, older backups as snapshots.

Exit codes of this group: 0 clean · 3 losses were found · 4 the evidence does not hold · 5 part of it is not there.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from app.cli.audit import audit
from app.cli.place import AsJson, say, show_json
from app.errors import BadInput

if TYPE_CHECKING:
    from app.integrity.agent.sites import Site

Paths = Annotated[list[str] | None, typer.Argument(help="Sites: FOLDER, SITE=FOLDER or CLIENT/SITE=FOLDER.")]
Listed = Annotated[Path | None, typer.Option("--sites", help="A file of [[site]] tables with name, client and path.")]
Tree = Annotated[Path | None, typer.Option("--tree", help="A folder with folders client/site below it.")]
Label = Literal["pre", "during", "post", "import", "test"]
Out = Annotated[Path, typer.Option("--out", help="The generation's folder: new, or begun before and interrupted.")]
Server = Annotated[Literal["old", "new"], typer.Option(help="Which server it is of.")]
Excludes = Annotated[
    list[str] | None, typer.Option("--exclude", help="Paths to count and never judge: 'backups/**'. May be repeated.")
]
Judged = Annotated[bool, typer.Option("--judge-volatile", help="Judge caches, sessions and logs as well.")]
TakenAt = Annotated[str | None, typer.Option("--taken-at", help="The time to claim, with its zone.")]
Container = Annotated[str, typer.Option(help="parquet, or ndjson.gz; by default what there is.")]


@audit.command(
    "snapshot", epilog="Example: kept audit snapshot --label pre --server old --out gens/pre-old --sites sites.toml"
)
def audit_snapshot(
    label: Annotated[Label, typer.Option(help="When it is taken, seen from the migration.")],
    server: Server,
    out: Out,
    paths: Paths = None,
    sites: Listed = None,
    tree: Tree = None,
    base: Annotated[
        Path | None, typer.Option(help="The generation before: read and write only what changed since.")
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Read everything again all the same.")] = False,
    algorithm: Annotated[str, typer.Option("--hash", help="sha256, blake2b, or blake3 where installed.")] = "sha256",
    workers: Annotated[int, typer.Option(min=0, max=64, help="How many sites at once; 0: as the machine bears.")] = 0,
    gentle: Annotated[bool, typer.Option("--gentle", help="Lowest priority, one site at a time.")] = False,
    max_read: Annotated[str, typer.Option(help="No more than so many megabytes a second.")] = "0",
    chunks: Annotated[
        str | None, typer.Option(help="Digests of parts for files of this size and more: 64k, before work 4k.")
    ] = None,
    nonce: Annotated[str, typer.Option(help="Hexadecimal digits to stand in the manifest.")] = "",
    taken_at: TakenAt = None,
    clock_offset: Annotated[
        str | None, typer.Option(help="Seconds this clock is ahead of true time: 0.2±0.5.", show_default=False)
    ] = None,
    exclude: Excludes = None,
    judge_volatile: Judged = False,
    db: Annotated[
        list[str] | None,
        typer.Option("--db", help="A database of a site: SITE=ADDRESS, or SITE=env:VARIABLE. May be repeated."),
    ] = None,
    db_rows: Annotated[
        Literal["auto", "all", "none"],
        typer.Option(help="Digests of every row, of none (parts only), or as the size of each table suggests."),
    ] = "auto",
    settle: Annotated[str, typer.Option(help="A file younger than so many seconds when read is read again.")] = "2",
    max_file: Annotated[str, typer.Option(help="Larger files are not read, and said to be so.")] = "64g",
    container: Container = "",
    as_json: AsJson = False,
) -> None:
    """Read sites into a generation: every path, its times, the digest of its content. Nothing of them is changed.

    The same as one file for a server without Kept: `kept audit agent`.
    """
    from app.integrity.agent import main as agent
    from app.integrity.agent.sites import Wrong
    from app.integrity.agent.snapshot import Plan, snapshot

    try:
        plan = Plan(
            out=str(out), sites=sites_of(paths, sites, tree), label=label, server=server,
            base=str(base) if base else None, full=full, algorithm=algorithm, workers=workers, gentle=gentle,
            max_read=agent.amount(max_read, "--max-read", 1 << 20),
            chunks_from=agent.amount(chunks, "--chunks") if chunks else None, nonce=nonce,
            taken_at=agent.moment(taken_at) if taken_at else None, clock_offset=clock_offset,
            excludes=exclude or [], volatile=not judge_volatile, quiet_ns=agent.seconds(settle),
            file_bytes=agent.amount(max_file, "--max-file"), container=container,
        )  # fmt: skip
        made = snapshot(plan, say, databases_of(db or [], sites, None if full else base, db_rows))
    except Wrong as error:
        raise BadInput(error.reason, field=error.field or None, example=error.example or None) from None
    for record in made["dbs"]:
        tables = f"{len(record['tables'])} tables" if record["unopened"] is None else record["unopened"]
        say(f"database {record['name']} of {record['site']}: {tables}")
    _told(agent.summary(str(out), made), as_json)


def databases_of(
    given: list[str], sites: Path | None, base: Path | None, rows: Literal["auto", "all", "none"]
) -> Callable[[str], list[dict[str, Any]]] | None:
    """What reads the databases once the sites are done; None where there is none."""
    import os
    import time

    from app.integrity.databases.listed import apart, listed, named

    found = apart(named(given, os.environ) + (listed(sites, os.environ) if sites and sites.is_file() else []))
    if not found:
        return None

    def take(out: str) -> list[dict[str, Any]]:
        from app.integrity.databases import snapshot
        from app.integrity.format import read_generation

        before = list(read_generation(base).dbs) if base is not None else []
        return snapshot.take(Path(out), found, base=base, base_records=before, rows=rows, clock=time.time_ns, say=say)

    return take


def _told(summary: dict[str, Any], as_json: bool) -> None:
    if as_json:
        show_json(summary)
    else:
        print(f"{summary['id']}: {summary['sites']} sites, {summary['entries']} entries, {summary['bytes']} bytes; "
              f"not examined {summary['unreadable']}, unstable {summary['unstable']}")  # fmt: skip
        print(f"root {summary['server_root']}")
        say(f"Seal it now: kept audit seal {summary['folder']} --ticket-text")
    for name, reason in summary["not_opened"].items():
        say(f"kept: {name} could not be looked at: {reason}")
    if summary["not_opened"]:
        raise typer.Exit(5)


def sites_of(paths: list[str] | None, file: Path | None, tree: Path | None) -> list[Site]:
    from app.integrity.agent import sites

    found = [sites.named(path) for path in paths or []]
    found += sites.from_file(str(file)) if file else []
    return found + (sites.in_tree(str(tree)) if tree else [])


@audit.command("agent", epilog="Example: kept audit agent > kept-agent.pyz")
def audit_agent() -> None:
    """Write the agent as one file, to standard output: runs anywhere with `python3 kept-agent.pyz snapshot …`."""
    from app.integrity.agent.packing import own_digest, packed

    if sys.stdout.isatty():
        raise BadInput("would write a program to the screen", field="standard output",
                       example="kept audit agent > kept-agent.pyz")  # fmt: skip
    sys.stdout.buffer.write(packed())
    sys.stdout.buffer.flush()
    say(f"The agent's digest, as every manifest names it: {own_digest()}")


@audit.command("import", epilog="Example: kept audit import tar june.tar.gz shop.example=var/www/shop.example --server "
               "old --taken-at 2025-06-01T03:00:00Z --out gens/june")  # fmt: skip
def audit_import(
    kind: Annotated[Literal["dir", "tar", "restic", "borg"], typer.Argument(help="What the backup is.")],
    source: Annotated[Path, typer.Argument(help="The folder, the tar, or the listing as lines of JSON.")],
    places: Annotated[list[str], typer.Argument(help="Sites within it: SITE=FOLDER or CLIENT/SITE=FOLDER.")],
    server: Server,
    out: Out,
    taken_at: Annotated[
        str, typer.Option("--taken-at", help="When the backup was made, with its zone; stands as claimed.")
    ],
    exclude: Excludes = None,
    judge_volatile: Judged = False,
    container: Container = "",
    as_json: AsJson = False,
) -> None:
    """Take an older backup in as a generation. restic names the content of small files, borg of all, tar holds it."""
    from app.integrity import importing
    from app.integrity.agent import main as agent
    from app.integrity.agent.sites import Site, Wrong, named
    from app.integrity.agent.snapshot import Plan, snapshot

    try:
        found = []
        for place in places:
            if "=" not in place:
                raise Wrong(f"{place!r} does not say where the site lies in the backup", "PLACES",
                            "shop.example=var/www/shop.example")  # fmt: skip
            site, folder = named(place), place.partition("=")[2]
            found.append(Site(site.name, site.client, str(source / folder.lstrip("/")) if kind == "dir" else folder))
        plan = Plan(out=str(out), sites=found, label="import", server=server, taken_at=agent.moment(taken_at),
                    excludes=exclude or [], volatile=not judge_volatile, container=container)  # fmt: skip
        made = snapshot(plan, say) if kind == "dir" else importing.generation(plan, kind, source)
    except Wrong as error:
        raise BadInput(error.reason, field=error.field or None, example=error.example or None) from None
    summary = agent.summary(str(out), made)
    if untold := sum(record["unreadable"] for record in made["sites"]):
        say(f"{untold} files are in it by name only: the backup does not tell what was in them")
    _told(summary, as_json)
