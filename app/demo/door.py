"""The API as the demo uses it: the same routes and checks as any client's, in process, without a socket."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx

from app.errors import Conflict

API = "/api/v1"
Say = Callable[[str], None]


class Door:
    """The API as a client sees it: same routes, same checks, no socket. Refuses anything but success."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client, self.sent = client, 0

    async def post(self, path: str, body: Any, key: str | None = None) -> Any:
        """Sent with a key made of its place in the story, or its own: the same request again gets the same answer."""
        self.sent += key is None
        headers = {"idempotency-key": f"story-{key or self.sent}"}
        return self.read(await self.client.post(API + path, json=body, headers=headers))

    async def put(self, path: str, body: Any) -> Any:
        return self.read(await self.client.put(API + path, json=body))

    async def get(self, path: str, **query: Any) -> Any:
        return self.read(await self.client.get(API + path, params=query))

    async def all(self, path: str, **query: Any) -> AsyncIterator[Any]:
        """Every item of a paged list."""
        page = await self.get(path, limit=200, **query)
        while True:
            for item in page["items"]:
                yield item
            if page["next"] is None:
                return
            page = await self.get(path, limit=200, after=page["next"], **query)

    async def bytes(self, path: str, **query: Any) -> bytes:
        response = await self.client.get(API + path, params=query)
        self.read(response, as_json=False)
        return response.content

    @staticmethod
    def read(response: httpx.Response, as_json: bool = True) -> Any:
        if response.status_code >= 400:
            raise Conflict(f"{response.request.method} {response.request.url.path}: {response.json().get('detail')}")
        return response.json() if as_json else None
