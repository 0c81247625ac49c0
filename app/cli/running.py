"""Commands that set up and run the service."""

from __future__ import annotations

import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from app.cli import command
from app.cli.place import AsJson, Data, Missing, database, say, settings, show_json, table
from app.settings import Settings

M_ARENA_MAX = -8  # of GNU's malloc.h


@command.command(epilog="Example: kept init --data /srv/kept")
def init(data: Data = None) -> None:
    """Make the data folder, migrate the database and show a first owner's token."""
    from sqlmodel import Session

    from app.access.actions import create_token, tokens
    from app.db import transaction
    from app.migrate import upgrade
    from app.web.edge import utc_now

    place = settings(data)
    engine = database(place, migrated=False)
    upgrade(engine)
    with Session(engine) as session:
        if tokens(session):
            say("The database is ready. It has tokens already: `kept token list` shows them.")
            return
    with transaction(engine) as session:
        session.info["actor"] = "person:command line"
        _, text = create_token(session, name="owner", role="owner", now=utc_now())
    print(text)
    say("The database is ready. This is the owner's token; it is not shown again. Next: kept serve")


@command.command(epilog="Example: kept migrate")
def migrate(data: Data = None) -> None:
    """Bring the database to the newest schema. Safe to run at every start."""
    from app.migrate import pending, upgrade

    engine = database(settings(data), migrated=False)
    before, newest = pending(engine)
    upgrade(engine)
    say(f"The database is at {newest}." if before != newest else f"Nothing to do: the database is at {newest}.")


@command.command(epilog="Example: kept serve --port 8080")
def serve(
    host: Annotated[
        str | None, typer.Option(help="Address to listen on (KEPT_HOST, 127.0.0.1).", show_default=False)
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port to listen on (KEPT_PORT, 8000).", show_default=False)
    ] = None,
    data: Data = None,
) -> None:
    """Serve the API; its documentation is at /docs."""
    run_service(settings(data, host=host, port=port))


def port_is_free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def need_port(place: Settings) -> None:
    """Raises Missing, with a free port as the example, when the port is taken."""
    if not port_is_free(place.host, place.port):
        free = next(
            (port for port in range(place.port + 1, place.port + 50) if port_is_free(place.host, port)), place.port + 1
        )
        raise Missing(
            f"port {place.port} on {place.host} is in use or not ours to use",
            field="port",
            example=f"PORT={free} make run, or kept serve --port {free}",
        )


def thrifty() -> None:
    """Many threads share two heaps: one for each would keep what it freed. Where the C library lets us say so."""
    import ctypes

    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 2)


def run_service(place: Settings) -> None:
    thrifty()
    import uvicorn

    from app.cli.monitors.probing import prober
    from app.cli.working import working
    from app.main import create_app
    from app.probes.running import Beside

    need_port(place)
    engine = database(place)
    # uvicorn hands the signal on when it is done; ending by it at once would cut the prober off
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with working(place, engine), Beside(prober(place, engine, probes=place.prober, listens=True)):
        uvicorn.run(
            create_app(place, engine=engine),
            host=place.host,
            port=place.port,
            log_level=place.log_level,
            server_header=False,
        )


@command.command(epilog="Example: kept demo --serve --data data --out out --port 8000")
def demo(
    serve_after: Annotated[bool, typer.Option("--serve", help="Serve afterwards.")] = False,
    data: Data = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the papers (KEPT_OUT).", show_default=False)] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, show_default=False)] = None,
) -> None:
    """Load the story once through the API, write its papers, and show what to try. Again changes nothing."""
    from app.demo.cast import AGENCY
    from app.demo.catcher import Catcher
    from app.demo.play import play
    from app.migrate import upgrade

    place = settings(data, out=out, port=port)
    if serve_after:
        need_port(place)
    engine = database(place, migrated=False)
    upgrade(engine)
    with Catcher(place.out / "mail", page_port=place.port + 1 if serve_after else None) as catcher:
        place = place.model_copy(update=catcher.settings(f"{AGENCY['contact_person']} <{AGENCY['email']}>"))
        play(place, engine, say)
        if serve_after:
            print(f"Letters  {catcher.url}   (what went out by e-mail, caught on this machine)\n", flush=True)
            run_service(place)


@command.command(epilog="Example: kept doctor")
def doctor(as_json: AsJson = False, data: Data = None) -> None:
    """What is missing on this machine, and how to get it. Exit code 6 if something needed is missing."""
    from app.doctor import checks

    found = checks(settings(data))
    if as_json:
        show_json(
            [
                {
                    "name": item.name,
                    "ok": item.ok,
                    "found": item.found,
                    "why": item.why,
                    "how": item.how,
                    "required": item.required,
                }
                for item in found
            ]
        )
    else:
        rows = [
            [
                item.name,
                "ok" if item.ok else "missing" if item.required else "not there",
                item.found,
                "" if item.ok else item.how,
            ]
            for item in found
        ]
        table("This machine", ["what", "", "found", "how to get it"], rows)
    if any(item.required and not item.ok for item in found):
        raise typer.Exit(6)


@command.command(epilog="Example: kept move --to postgresql://kept@db/kept")
def move(
    to: Annotated[str, typer.Option(help="Address of the new, migrated, empty database.")],
    data: Data = None,
) -> None:
    """Copy everything from the SQLite file to PostgreSQL in one transaction, and compare every row."""
    from pydantic import SecretStr

    import app.tables
    from app.move import move as copy

    source = database(settings(data))
    target = database(Settings(database_url=SecretStr(to)))
    counts = copy(source, target, app.tables.metadata)
    rows = sum(counts.values())
    say(f"{rows} rows in {len(counts)} tables copied and compared. Now set KEPT_DATABASE_URL.")
