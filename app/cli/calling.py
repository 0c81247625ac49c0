"""Every action of the API by hand, on this machine's database, without a running service."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from app.cli import command
from app.cli.place import Data, database, say, settings
from app.errors import BadInput
from app.settings import Settings

EXITS = {401: 3, 403: 3, 404: 4, 409: 5, 412: 5, 413: 2, 422: 2}


@command.command(
    "record", epilog="""Example: kept record providers '{"name": "Northgate Hosting", "account": "NG-20417"}'"""
)
def record(
    what: Annotated[
        str,
        typer.Argument(help="Where it goes, as in the API below /api/v1: providers, windows, works/ID/procedures …"),
    ],
    body: Annotated[str, typer.Argument(help="JSON, @FILE, or - for standard input.")] = "{}",
    method: Annotated[
        Literal["POST", "PUT", "PATCH"], typer.Option(help="PUT for the agency, PATCH for changes.")
    ] = "POST",
    key: Annotated[str | None, typer.Option(help="The same key again is answered, not carried out again.")] = None,
    data: Data = None,
) -> None:
    """Record a fact: any write of the API, with the same checks and the same entry in the log. Prints JSON."""
    headers = {"content-type": "application/json"} | ({"idempotency-key": key} if key else {})
    answer(call(method, what, _body(body), headers, data))


@command.command("show", epilog="Example: kept show 'windows?limit=5'")
def show(
    what: Annotated[str, typer.Argument(help="What to read, as in the API below /api/v1: services, statements/ID …")],
    data: Data = None,
) -> None:
    """Read from the record: any GET of the API. Prints JSON, or the bytes of a paper."""
    answer(call("GET", what, None, {}, data))


def _body(text: str) -> bytes:
    if text == "-":
        text = sys.stdin.read()
    elif text.startswith("@"):
        try:
            text = Path(text[1:]).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(f"cannot be read: {error}", field="BODY", example="@window.json") from None
    try:
        json.loads(text)
    except ValueError as error:
        raise BadInput(f"is not JSON: {error}", field="BODY", example='{"name": "Northgate Hosting"}') from None
    return text.encode()


@cache
def _service(place: Settings) -> Any:
    """The service over this place's database, made once however often a command asks it."""
    from app.main import create_app

    return create_app(place, engine=database(place))


def call(method: str, what: str, body: bytes | None, headers: Mapping[str, str], data: Path | None) -> Any:
    import anyio
    import httpx

    from app.access.guard import LOCAL, AtTheKeyboard

    service = _service(settings(data))

    async def here(scope: Any, receive: Any, send: Any) -> None:
        await service({**scope, LOCAL: AtTheKeyboard()}, receive, send)

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(here)
        async with httpx.AsyncClient(transport=transport, base_url="http://kept", timeout=None) as client:
            return await client.request(method, f"/api/v1/{what.lstrip('/')}", content=body, headers=dict(headers))

    return anyio.run(ask)


def answer(response: Any) -> None:
    if response.status_code >= 400:
        problem = response.json()
        say(f"kept: {problem.get('detail') or problem.get('title')}")
        for item in problem.get("errors") or []:
            example = f" (for example: {item['example']})" if item.get("example") else ""
            line = f"{item['field']}: {item['reason']}{example}"
            if line != problem.get("detail"):
                say(f"  {line}")
        raise typer.Exit(EXITS.get(response.status_code, 1))
    if response.headers.get("content-type", "").startswith("application/json"):
        print(json.dumps(response.json(), indent=2, ensure_ascii=False))
    else:
        sys.stdout.buffer.write(response.content)
