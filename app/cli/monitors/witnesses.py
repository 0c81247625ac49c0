"""Commands that bring in what other monitoring saw: `kept import kuma|gatus|upptime|prometheus`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.place import AsJson, Data, database, progress, say, settings, show_json, table
from app.cli.records import imports

if TYPE_CHECKING:
    from app.witnesses.answers import Source

Service = Annotated[
    str | None, typer.Option("--service", help="The service of those monitors whose host is none of the sites.")
]
Only = Annotated[list[str] | None, typer.Option("--only", help="Only their monitor of this name; repeatable.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would become of each monitor; bring nothing in.")]
Again = Annotated[bool, typer.Option("--again", help="Read from the beginning, for answers that came in late.")]


@imports.command("kuma", epilog="Example: kept import kuma kuma.db --service HOST-1")
def import_kuma(
    file: Annotated[Path, typer.Argument(help="Uptime Kuma's SQLite file, kuma.db (a copy, or the one in use).")],
    service: Service = None, only: Only = None, dry_run: DryRun = False, again: Again = False,
    as_json: AsJson = False, data: Data = None,
) -> None:  # fmt: skip
    """Bring in what an Uptime Kuma saw. Maintenance there is unknown here; what is here already is not read again."""
    from app.witnesses.kuma import Kuma

    _bring(Kuma(file), service, only, dry_run, again, as_json, data)


@imports.command("gatus", epilog="Example: kept import gatus data.db --service HOST-1")
def import_gatus(
    file: Annotated[Path, typer.Argument(help="Gatus' SQLite file.")],
    service: Service = None, only: Only = None, dry_run: DryRun = False, again: Again = False,
    as_json: AsJson = False, data: Data = None,
) -> None:  # fmt: skip
    """Bring in what a Gatus saw. It keeps few results, so run this as often as it forgets them."""
    from app.witnesses.gatus import Gatus

    _bring(Gatus(file), service, only, dry_run, again, as_json, data)


@imports.command("upptime", epilog="Example: kept import upptime ./status-pages --service HOST-1")
def import_upptime(
    folder: Annotated[Path, typer.Argument(help="A clone of the Upptime repository.")],
    every: Annotated[int, typer.Option(min=60, max=31 * 86_400, help="Seconds for which an answer holds.")] = 86_400,
    service: Service = None, only: Only = None, dry_run: DryRun = False, again: Again = False,
    as_json: AsJson = False, data: Data = None,
) -> None:  # fmt: skip
    """Bring in an Upptime's history, from every version of its history files."""
    from app.witnesses.upptime import Upptime

    _bring(Upptime(folder, every), service, only, dry_run, again, as_json, data)


@imports.command(
    "prometheus", epilog="Example: kept import prometheus http://127.0.0.1:9090 --from 2025-06-01T00:00:00+02:00"
)
def import_prometheus(
    address: Annotated[str, typer.Argument(help="The server's address.")],
    start: Annotated[str, typer.Option("--from", help="The first moment, with its offset.")],
    end: Annotated[str | None, typer.Option("--to", help="The last moment; now if left out.")] = None,
    query: Annotated[str, typer.Option(help="The series of a blackbox exporter.")] = "probe_success",
    every: Annotated[int, typer.Option(min=1, max=86_400, help="Seconds between two scrapes.")] = 60,
    token_file: Annotated[Path | None, typer.Option(help="A file that holds a bearer token.")] = None,
    service: Service = None, only: Only = None, dry_run: DryRun = False, again: Again = False,
    as_json: AsJson = False, data: Data = None,
) -> None:  # fmt: skip
    """Bring in the samples of a blackbox exporter from a Prometheus server, each at its own time."""
    import httpx

    from app.errors import BadInput
    from app.web.edge import utc_now
    from app.witnesses.prometheus import Prometheus

    begin, until = _moment(start, "--from"), _moment(end, "--to") if end is not None else utc_now()
    if until <= begin:
        raise BadInput("must be later than --from", field="--to", example="2025-07-01T00:00:00+02:00")
    if not address.startswith(("http://", "https://")):
        raise BadInput("is no address of a server", field="ADDRESS", example="http://127.0.0.1:9090")
    headers = {}
    if token_file is not None:
        if not token_file.is_file():
            raise BadInput("is not a file that can be read", field="--token-file", example="prometheus-token")
        headers["authorization"] = f"Bearer {token_file.read_text('utf-8').strip()}"
    try:
        client = httpx.Client(base_url=address.rstrip("/") + "/", headers=headers, timeout=60)
    except (httpx.InvalidURL, ValueError):
        raise BadInput("is no address of a server", field="ADDRESS", example="http://127.0.0.1:9090") from None
    source = Prometheus(client, start=begin, end=until, selector=query, every=every)
    _bring(source, service, only, dry_run, again, as_json, data)


def _moment(text: str, option: str) -> datetime:
    from app.errors import BadInput

    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise BadInput("is not a time with its offset", field=option, example="2025-06-01T00:00:00+02:00")
    return moment


def _bring(
    source: Source, service: str | None, only: list[str] | None, dry_run: bool, again: bool, as_json: bool,
    data: Path | None,
) -> None:  # fmt: skip
    from sqlmodel import Session

    from app.db import reader
    from app.errors import BadInput
    from app.web.edge import utc_now
    from app.witnesses.bring import bring, plan

    try:
        engine = database(settings(data))
        with Session(reader(engine)) as session:
            places = plan(session, source, service=service, only=tuple(only or ()))
        rows = [
            [one.foreign.name, one.name if one.subject else "", one.subject or f"left out: {one.left_out}"]
            for one in places
        ]
        if dry_run:
            if as_json:
                show_json([dict(zip(("theirs", "monitor", "becomes"), row, strict=True)) for row in rows])
            else:
                table(f"{source.kind}, {source.name}", ["theirs", "monitor here", "witness of"], rows)
            return
        for name, _, why in rows:
            if why.startswith("left out"):
                say(f"{name}: {why}")
        if not any(place.subject for place in places):
            raise BadInput("none of its monitors watches a site or service here", field="--service", example="HOST-1")
        with progress() as bar:
            task = bar.add_task("", total=None)
            brought = list(
                bring(engine, source, places, now=utc_now(), actor="person:command line", again=again,
                      progress=lambda name, done: bar.update(task, description=name, completed=done))
            )  # fmt: skip
        for line in source.unread.lines():
            say(line)
        if as_json:
            keys = ("name", "read", "added", "first_at", "last_at")
            show_json([{key: getattr(one, key) for key in keys} for one in brought])
        else:
            say(f"{sum(one.read for one in brought)} answers of {len(brought)} monitors read, "
                f"{sum(one.added for one in brought)} added.")  # fmt: skip
    finally:
        source.close()
