"""`kept audit inspect`: what a site says of itself where there is no snapshot from before."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.audit import audit
from app.cli.place import show_json
from app.errors import BadInput

if TYPE_CHECKING:
    from app.integrity.published import Listed

TIMEOUT = 30  # seconds


@audit.command("inspect", epilog="Example: kept audit inspect /srv/www/C-001/shop.example --db env:SHOP_DB")
def audit_inspect(
    folder: Annotated[Path, typer.Argument(help="A site's folder.")],
    db: Annotated[
        str | None,
        typer.Option("--db", help="Its database: keys that leap, and WordPress's held against the uploads: ADDRESS, "
                     "or env:VARIABLE."),
    ] = None,
    known: Annotated[
        Path | None, typer.Option(help="Numbers that others know (a payment provider's list, a mail log), one a line.")
    ] = None,
    column: Annotated[
        str | None, typer.Option("--in", help="Where --known are to be found: TABLE.COLUMN.", show_default=False)
    ] = None,
    checksums: Annotated[
        list[str] | None,
        typer.Option(help="Published check sums of WordPress or a plugin: a file, or an address to ask. May be "
                     "repeated."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a script.")] = False,
) -> None:  # fmt: skip
    """Without any snapshot: files that end where their kind does not, and the hour after which nothing was written.

    With its database: numbers no row has, attachments without their file, uploads without a row, and whether both are
    of one date. With published check sums: vendor files that are other, gone, added, or of another version.
    """
    from app.integrity import published
    from app.integrity.compare.structure import inspect

    if not folder.is_dir():
        raise BadInput("is no folder", field="FOLDER", example="/srv/www/C-001/shop.example")
    numbers = _known(known, column, db)
    lists = [_list(source) for source in checksums or []]
    found = inspect(folder)
    parts: list[Any] = [found]
    told = found.as_json()
    if db is not None:
        from app.integrity.databases.attachments import held_against
        from app.integrity.databases.listed import named
        from app.integrity.databases.numbers import looked_through

        address = named([f"the site={db}"], os.environ)[0].url
        beside, through = held_against(folder, address), looked_through(address, numbers, column or "")
        parts += [beside, through]
        told |= {"database": beside.as_json(), "numbers": through.as_json()}
    vendors = published.held(folder, lists)
    parts += vendors
    if lists:
        told["published"] = [one.as_json() for one in vendors]
    if as_json:
        show_json(told)
    else:
        for line in (line for part in parts for line in part.lines()):
            print(line)
    if found.broken or any(part.damaged for part in parts[1:]):
        raise typer.Exit(3)
    if any(part.unlooked for part in parts[1:]):
        raise typer.Exit(5)


def _known(file: Path | None, column: str | None, db: str | None) -> list[str] | None:
    """The numbers, one a line; blank lines and those that begin with # are none."""
    if file is None and column is None:
        return None
    if file is None or column is None or db is None:
        raise BadInput("--known, --in and --db belong together", field="--known",
                       example="--db env:SHOP_DB --known payments.txt --in orders.id")  # fmt: skip
    if not all(column.partition(".")):
        raise BadInput(f"{column!r} is no TABLE.COLUMN", field="--in", example="orders.id")
    try:
        lines = [line.strip() for line in file.read_text("utf-8-sig").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{file} cannot be read: {error}", field="--known", example="payments.txt") from None
    return [line for line in lines if line and not line.startswith("#")]


def _list(source: str) -> Listed:
    from app.integrity import published

    if source.startswith(("https://", "http://")):
        return published.listed(_asked(source), source)
    try:
        with open(source, "rb") as stream:
            data = stream.read(published.MOST + 1)
    except OSError as error:
        raise BadInput(f"{source} cannot be read: {error.strerror}", field="--checksums",
                       example=published.EXAMPLE) from None  # fmt: skip
    return published.listed(data, Path(source).name)


def _asked(address: str) -> bytes:
    import httpx

    from app.integrity import published

    try:
        with httpx.stream("GET", address, timeout=TIMEOUT, follow_redirects=True) as answer:
            answer.raise_for_status()
            data = b""
            for part in answer.iter_bytes():
                data += part
                if len(data) > published.MOST:
                    break
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise BadInput(f"gave no list: {error}", field="--checksums", example=published.EXAMPLE) from None
    return data
