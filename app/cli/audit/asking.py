"""The record asked by a command: the one here, or a running service's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import typer

from app.cli.place import say
from app.errors import BadInput, NotFound


def ask(
    method: str, what: str, body: dict[str, Any] | None, service: str | None, token: str | None, data: Path | None
) -> dict[str, Any]:
    """The record here, or a running service's. Ends the command with the problem's words where it refuses."""
    from app.cli.calling import EXITS, call

    headers = {"content-type": "application/json"}
    content = None if body is None else json.dumps(body).encode()
    if service is None:
        answer = call(method, what, content, headers, data)
        given = answer.json()
    else:
        import httpx

        if not token:
            raise BadInput("a running service wants a token", field="--token", example="KEPT_TOKEN=kept_…")
        try:
            answer = httpx.request(
                method, f"{service.rstrip('/')}/api/v1/{what}", content=content, timeout=120,
                headers=headers | {"authorization": f"Bearer {token}"},
            )  # fmt: skip
            given = answer.json()
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise BadInput(f"does not answer as Kept does: {error}", field="--service",
                           example="http://127.0.0.1:8000") from None  # fmt: skip
    if answer.status_code >= 400:
        say(f"kept: {given.get('detail') or given.get('title')}")
        raise typer.Exit(EXITS.get(answer.status_code, 1))
    return dict(given)


def service_called(name: str, service: str | None, token: str | None, data: Path | None) -> str:
    """The id of the service of this name. Raises NotFound where there is none, or more than one."""
    listed = ask("GET", "services?limit=500", None, service, token, data)["items"]
    found = [item["id"] for item in listed if item["name"] == name]
    if len(found) != 1:
        raise NotFound(f"{len(found) or 'no'} services are called {name!r}", field="--for", example="HOST-1")
    return str(found[0])
