"""Few errors, each with an HTTP status and a text that ends in an example of what is right.

    KeptError
    ├── BadInput      422  a field is not what it must be
    ├── NotSignedIn   401  no token, or one that does not count
    ├── NotAllowed    403  the token's role does not reach this far
    ├── NotFound      404  there is no such thing
    ├── Conflict      409  right in itself, but not together with what is recorded
    ├── Stale         412  it was changed since you read it
    └── TooLarge      413  more bytes than this door takes

They become RFC 9457 problems at the API and one sentence with an exit code on the command line.
"""

from __future__ import annotations

from typing import Any, TypeVar

Row = TypeVar("Row")


class KeptError(Exception):
    """`field` is the path of the value at fault (`window.end_at`), `example` one that would be right."""

    status = 400
    title = "The request cannot be carried out"
    exit_code = 1

    def __init__(self, reason: str, *, field: str | None = None, example: str | None = None, **more: Any) -> None:
        self.reason, self.field, self.example, self.more = reason, field, example, more
        super().__init__(self.sentence())

    def sentence(self) -> str:
        said = f"{self.field}: {self.reason}" if self.field else self.reason
        return f"{said} (for example: {self.example})" if self.example else said

    def problem(self) -> dict[str, Any]:
        """The body of an `application/problem+json` answer (RFC 9457)."""
        body: dict[str, Any] = {
            "type": f"urn:kept:problem:{type(self).__name__}",
            "title": self.title,
            "status": self.status,
            "detail": self.sentence(),
        }
        if self.field:
            body["errors"] = [{"field": self.field, "reason": self.reason, "example": self.example}]
        return body | self.more


class BadInput(KeptError):
    status, title, exit_code = 422, "A value is not what it must be", 2


class NotSignedIn(KeptError):
    status, title, exit_code = 401, "A token is needed", 3


class NotAllowed(KeptError):
    status, title, exit_code = 403, "This token may not do that", 3


class NotFound(KeptError):
    status, title, exit_code = 404, "There is no such thing", 4


class Conflict(KeptError):
    status, title, exit_code = 409, "It does not fit what is recorded", 5


class Stale(KeptError):
    status, title, exit_code = 412, "It has changed since you read it", 5


class TooLarge(KeptError):
    status, title, exit_code = 413, "The body is too large", 2


def found(row: Row | None, what: str, id_: object) -> Row:
    """The row, or NotFound naming what was looked for."""
    if row is None:
        raise NotFound(f"no {what} has the id {id_}", field=f"{what}_id")
    return row
