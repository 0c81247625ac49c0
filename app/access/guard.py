"""The guard at every route: who asks, and whether the role reaches that far.

`viewer` reads, `operator` also writes, `owner` also manages tokens and the agency's own data. `agent` stands beside
them: it reaches what is there for agents and nothing else, and nobody else reaches that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Security
from fastapi.security import HTTPBearer
from sqlmodel import Session

from app.access.actions import recognise
from app.access.tables import AGENT, ROLES, Token
from app.db import reader
from app.errors import NotAllowed
from app.web.edge import Edge

bearer = HTTPBearer(
    auto_error=False, description="A token made by `kept token create`, sent as `Authorization: Bearer kept_…`."
)

LOCAL = "kept.local"
"""A key of the ASGI scope, which no request over a socket can set: the command line calling in process."""


NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True)
class AtTheKeyboard:
    """Whoever runs `kept` on the machine that holds the database may do what its owner may."""

    id: UUID = NOBODY
    name: str = "command line"
    role: str = "owner"
    actor: str = "person:command line"


def identify(request: Request) -> Token:
    """The token of this request, looked up once. Raises NotSignedIn."""
    edge: Edge = request.state.edge
    if edge.token is None and LOCAL in request.scope:
        edge.token = request.scope[LOCAL]
    if edge.token is None:
        # a session of its own: it never waits for, or holds, the write lock
        with Session(reader(edge.engine), expire_on_commit=False) as session:
            edge.token = recognise(session, request.headers.get("authorization"))
    return edge.token  # type: ignore[return-value]


def need(role: str) -> Callable[..., Token]:
    """A dependency that lets pass only tokens of `role` or above. It is marked, so that a test can find it."""
    reach = (AGENT,) if role == AGENT else ROLES[ROLES.index(role) :]

    def guard(request: Request, _: Annotated[object, Security(bearer)]) -> Token:
        token = identify(request)
        if token.role not in reach:
            raise NotAllowed(
                f"the token {token.name!r} has the role {token.role}; this needs {role}", field="Authorization"
            )
        return token

    guard.needs_role = role  # type: ignore[attr-defined]
    return guard


Viewer = Depends(need("viewer"))
Operator = Depends(need("operator"))
Owner = Depends(need("owner"))
Agent = Depends(need(AGENT))
