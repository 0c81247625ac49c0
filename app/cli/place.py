"""Where a command works: settings with its options laid over them, the database, output and progress."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import ValidationError

from app.errors import BadInput, KeptError
from app.settings import Settings

if TYPE_CHECKING:
    from rich.progress import Progress
    from sqlalchemy import Engine

Data = Annotated[Path | None, typer.Option("--data", help="Folder of the SQLite file (KEPT_DATA).", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a script.")]


class Missing(KeptError):
    """Something this machine needs is not there."""

    title, exit_code = "Something is missing on this machine", 6


def settings(data: Path | None = None, **more: Any) -> Settings:
    """The settings of the environment with the command's own options laid over them. Raises BadInput."""
    given = {name: value for name, value in ({"data": data} | more).items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else "settings"
        raise BadInput(first["msg"].removeprefix("Value error, "), field=f"KEPT_{name.upper()}") from None


def database(place: Settings, *, migrated: bool = True) -> Engine:
    """The engine. Raises Missing, with the command to run, when there is no migrated database yet."""
    from sqlalchemy.exc import OperationalError

    from app.db import make_engine
    from app.migrate import pending

    if place.database_url is None:
        if migrated and not (place.data / "kept.sqlite3").exists():
            raise Missing(f"there is no database in {place.data}", field="--data", example="kept init")
        place.data.mkdir(parents=True, exist_ok=True)
    engine = make_engine(place.url)
    try:
        stands, newest = pending(engine)
    except OperationalError as error:
        reason = str(error.orig).strip().split("\n")[0]
        raise Missing(
            f"the database does not answer: {reason}", field="KEPT_DATABASE_URL", example="kept doctor"
        ) from None
    if migrated and stands != newest:
        raise Missing("the database is of another version than this program", field="database", example="kept migrate")
    return engine


def say(text: str) -> None:
    """A line for a person, on standard error, so that standard output stays a script's."""
    print(text, file=sys.stderr, flush=True)


def show_json(value: Any) -> None:
    print(json.dumps(value, indent=2, ensure_ascii=False, default=str))


@contextmanager
def progress() -> Iterator[Progress]:
    """A bar on standard error for anything that takes longer than a second; silent where nobody looks."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=False, disable=not console.is_terminal) as bar:
        yield bar


def table(title: str, columns: list[str], rows: list[list[str]]) -> None:
    from rich.console import Console
    from rich.table import Table

    shown = Table(title=title, title_justify="left", header_style="bold")
    for name in columns:
        shown.add_column(name, overflow="fold")
    for row in rows:
        shown.add_row(*row)
    Console().print(shown)
