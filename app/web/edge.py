"""The edge every room shares: one transaction a request, the clock, paging, replays, ETags.

A route made by `Router` runs in one transaction that is committed before the answer leaves. A POST
with an `Idempotency-Key` is answered once: its answer is written in the same transaction, and the
same request again gets the same answer without being carried out again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, Protocol, TypeVar
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute
from pydantic import BaseModel
from sqlalchemy import Engine
from sqlmodel import Session, SQLModel, col
from sqlmodel.sql.expression import SelectOfScalar

from app.db import reader
from app.errors import BadInput, Conflict
from app.web import problems
from app.web.tables import Idempotency

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class Asker(Protocol):
    """Whoever holds the token of a request; the room `access` knows more."""

    id: UUID
    name: str
    role: str


@dataclass(slots=True)
class Edge:
    """What one request holds: its session, who asks, and the moment it came in."""

    engine: Engine
    now: datetime
    writes: bool
    session: Session | None = None
    token: Asker | None = None

    @property
    def actor(self) -> str:
        """Who the log names for what this request writes."""
        if self.token is None:
            return "unknown"
        return str(getattr(self.token, "actor", f"token:{self.token.name}"))

    def open(self) -> Session:
        """The request's one session, which knows who asks."""
        if self.session is None:
            self.session = Session(self.engine if self.writes else reader(self.engine), expire_on_commit=False)
        self.session.info["actor"] = self.actor
        return self.session

    def close(self, commit: bool) -> None:
        if self.session is not None:
            try:
                self.session.commit() if commit and self.writes else self.session.rollback()
            finally:
                self.session.close()
                self.session = None


class EdgeRoute(APIRoute):
    def get_route_handler(self) -> Handler:
        inner = super().get_route_handler()
        guards: list[Callable[..., Any]] = [
            one.call for one in self.dependant.dependencies if one.call is not None and hasattr(one.call, "needs_role")
        ]

        async def handle(request: Request) -> Response:
            clock: Callable[[], datetime] = request.app.state.clock
            edge = Edge(request.app.state.engine, clock(), request.method not in ("GET", "HEAD"))
            request.state.edge = edge
            done = False
            try:
                for guard in guards:  # who asks comes before what was sent: a stranger's body is not even read
                    await run_in_threadpool(guard, request, None)
                key = request.headers.get("idempotency-key") if request.method == "POST" else None
                if key is not None and not (self.openapi_extra or {}).get("x-secret"):
                    if not 1 <= len(key) <= 200 or not key.isprintable():
                        raise BadInput(
                            "must be 1 to 200 printable characters", field="Idempotency-Key", example="3f2c9a"
                        )
                    response = await _once(request, edge, key, inner)
                else:
                    response = await inner(request)
                await run_in_threadpool(edge.close, response.status_code < 400)
                done = True
            finally:
                if not done:
                    await run_in_threadpool(edge.close, False)
            return _with_etag(request, response)

        return handle


async def _once(request: Request, edge: Edge, key: str, inner: Handler) -> Response:
    """Carries the request out unless it was carried out before; raises Conflict for a key used otherwise."""
    body = await request.body()
    digest = hashlib.sha256(f"{request.method} {request.url.path}?{request.url.query}\0".encode() + body).hexdigest()
    guard: Callable[[Request], Asker] = request.app.state.guard
    token = await run_in_threadpool(guard, request)
    before = await run_in_threadpool(lambda: edge.open().get(Idempotency, (token.id, key)))
    if before is not None:
        if before.request != digest:
            raise Conflict("this key came with another request before; use a new one", field="Idempotency-Key")
        headers = json.loads(before.headers) | {"Idempotency-Replayed": "true"}
        return Response(before.body, before.status, headers)
    response = await inner(request)
    if response.status_code < 400 and isinstance(response.body, bytes):
        kept = {name: response.headers[name] for name in ("content-type", "location") if name in response.headers}
        row = Idempotency(
            token_id=token.id, key=key, request=digest, status=response.status_code,
            headers=json.dumps(kept), body=response.body, created_at=edge.now,
        )  # fmt: skip
        edge.open().add(row)
    return response


def _with_etag(request: Request, response: Response) -> Response:
    body = getattr(response, "body", None)
    if request.method != "GET" or response.status_code != 200 or not isinstance(body, bytes):
        return response
    tag = response.headers.get("etag") or f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    if tag in [part.strip().removeprefix("W/") for part in request.headers.get("if-none-match", "").split(",")]:
        return Response(status_code=304, headers={"etag": tag})
    response.headers["etag"] = tag
    return response


class Router(APIRouter):
    """An APIRouter whose routes run at the edge described above and document the answers they may give.

    They have their whole path from the start: `include_router` would build each a second time, for a third of a second
    and several megabytes.
    """

    def __init__(self, prefix: str = "", root: str = "/api/v1", **settings: Any) -> None:
        super().__init__(route_class=EdgeRoute, prefix=root + prefix, responses=problems.RESPONSES, **settings)


def _session(request: Request) -> Session:
    edge: Edge = request.state.edge
    return edge.open()


def _now(request: Request) -> datetime:
    return request.state.edge.now  # type: ignore[no-any-return]


SessionDep = Annotated[Session, Depends(_session)]
NowDep = Annotated[datetime, Depends(_now)]

T = TypeVar("T")
RowT = TypeVar("RowT", bound=SQLModel)


class Page(BaseModel, Generic[T]):
    """One page of a list, oldest first. `next` is the cursor of the following page, null on the last."""

    items: list[T]
    next: UUID | None = None


class Paging(BaseModel):
    after: Annotated[UUID | None, Query(description="`next` of the page before.")] = None
    limit: Annotated[int, Query(ge=1, le=500, description="How many at the most.")] = 100


PagingDep = Annotated[Paging, Query()]


def page(
    session: Session, query: SelectOfScalar[RowT], id_column: Any, paging: Paging
) -> tuple[Sequence[RowT], UUID | None]:
    """Rows of one page by their id (UUID of version 7: in the order they were made) and the next cursor."""
    if paging.after is not None:
        query = query.where(col(id_column) > paging.after)
    rows = session.exec(query.order_by(col(id_column)).limit(paging.limit + 1)).all()
    if len(rows) > paging.limit:
        return rows[: paging.limit], rows[paging.limit - 1].id  # type: ignore[attr-defined]
    return rows, None


def utc_now() -> datetime:
    """The one clock; `create_app` takes another in tests."""
    return datetime.now(UTC)
