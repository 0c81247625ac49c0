"""How many bytes a request may bring, counted as they arrive."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class BodyLimit:
    """ASGI middleware. `special` maps the end of a path to its own limit, in bytes."""

    def __init__(self, app: ASGIApp, limit: int, special: dict[str, int]) -> None:
        self.app, self.limit, self.special = app, limit, special

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path: str = scope["path"]
        limit = next((size for end, size in self.special.items() if path.endswith(end)), self.limit)
        text = f"the body is larger than the {limit} bytes this address takes; split it, or raise the setting"
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > limit:
            body = {
                "type": "urn:kept:problem:TooLarge",
                "title": "The body is too large",
                "status": 413,
                "detail": text,
                "instance": path,
            }
            await JSONResponse(body, 413, {"connection": "close"}, "application/problem+json")(scope, receive, send)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > limit:
                raise HTTPException(413, text)
            return message

        await self.app(scope, counted, send)
