"""What all routes share, written into the API's description: replays, ETags, a busy database."""

from __future__ import annotations

from typing import Any

from app.web.problems import MEDIA_TYPE

PROBLEM = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Your own name for this request. Sent again with the same key, it is not carried out again: "
    "the first answer comes back, with `Idempotency-Replayed: true`.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$", "example": "3f2c9a"},
}
KNOWN = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "The `ETag` of the answer you hold; 304 if it is still the same.",
    "schema": {"type": "string", "pattern": "^[!-~]*$", "example": '"9f86d081884c7d65"'},
}
UNCHANGED = {"description": "Nothing has changed since the answer with this `ETag`."}
BUSY = {"description": "The database did not answer in time; nothing was written, send it again.", "content": PROBLEM}


def describe(document: dict[str, Any]) -> None:
    """Adds to every operation under /api/v1 what the edge does for it."""
    for path, item in document["paths"].items():
        if not path.startswith("/api/v1/"):
            continue
        for method, operation in item.items():
            operation["responses"]["503"] = BUSY
            if method == "get":
                operation.setdefault("parameters", []).append(KNOWN)
                operation["responses"]["304"] = UNCHANGED
            if method == "post" and not operation.pop("x-secret", False):
                operation.setdefault("parameters", []).append(KEY)
            operation["responses"] = dict(sorted(operation["responses"].items()))
