"""The API as the demo uses it: the same routes and checks as any client's, in process, without a socket."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx

from app.errors import Conflict

API = "/api/v1"
Say = Callable[[str], None]


class Door:
    """The API as a client sees it: same routes, same checks, no socket. Refuses anything but success."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def post(self, path: str, body: Any = None, **more: Any) -> Any:
        return self.read(await self.client.post(API + path, json=body, **more))

    async def put(self, path: str, body: Any) -> Any:
        return self.read(await self.client.put(API + path, json=body))

    async def get(self, path: str, **query: Any) -> Any:
        return self.read(await self.client.get(API + path, params=query))

    async def bytes(self, path: str, **query: Any) -> bytes:
        response = await self.client.get(API + path, params=query)
        self.read(response, as_json=False)
        return response.content

    @staticmethod
    def read(response: httpx.Response, as_json: bool = True) -> Any:
        if response.status_code >= 400:
            raise Conflict(f"{response.request.method} {response.request.url.path}: {response.json().get('detail')}")
        return response.json() if as_json else None
