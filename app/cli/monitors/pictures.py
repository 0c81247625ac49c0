"""The command `kept monitor chart`: one monitor's response time and states as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from urllib.parse import urlencode

import typer

from app.cli.calling import answer, call
from app.cli.monitors.probing import _get, _id, monitor
from app.cli.place import Data, Missing, say
from app.errors import BadInput


@monitor.command("chart", epilog="Example: kept monitor chart shop.larkfield.example --out shop.png")
def chart(
    name: Annotated[str, typer.Argument(help="The monitor's name or id.")],
    out: Annotated[Path, typer.Option(help="File to write; .png or .svg says which.")],
    since: Annotated[
        str | None, typer.Option("--from", help="2025-06-28T00:00:00+02:00; a day before --to if left out.")
    ] = None,
    to: Annotated[str | None, typer.Option(help="Now, if left out.")] = None,
    zone: Annotated[str | None, typer.Option(help="Whose clock the marks go by; the service's if left out.")] = None,
    data: Data = None,
) -> None:
    """Response time, states and announced windows as a picture; prints what it shows in words."""
    form = out.suffix.lower()
    if form not in (".png", ".svg"):
        raise BadInput("must end in .png or .svg", field="--out", example="shop.png")
    given = {"from": since, "to": to, "zone": zone}
    asked = urlencode({key: value for key, value in given.items() if value is not None})
    id_ = _id("monitors", name, data)
    said = call("GET", f"monitors/{id_}/chart{form}?{asked}", None, {}, data)
    if said.status_code >= 400:
        answer(said)
    try:
        out.write_bytes(said.content)
    except OSError as error:
        raise Missing(f"cannot be written: {error.strerror}", field="--out", example="shop.png") from None
    say(_get(f"monitors/{id_}/chart?{asked}", data)["sentence"])
    print(out)
