"""Tokens over the API: the owner makes, lists and revokes them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Path
from pydantic import Field

from app.access import actions
from app.access.guard import Owner, Viewer, need
from app.access.tables import Token
from app.fields import In, Line, Out
from app.web.edge import NowDep, Router, SessionDep

router = Router(prefix="/tokens", tags=["access"])


class TokenIn(In):
    name: Annotated[Line, Field(max_length=80, examples=["ci"])]
    role: Annotated[Literal["viewer", "operator", "owner"], Field(examples=["operator"])]


class TokenOut(Out):
    id: UUID
    name: str
    role: str
    hint: Annotated[str, Field(description="The token's first characters.")]
    created_at: datetime
    revoked_at: datetime | None


class TokenMade(TokenOut):
    token: Annotated[str, Field(description="Shown once; only its digest is kept.")]


@router.post("", status_code=201, dependencies=[Owner], openapi_extra={"x-secret": True})
def create_token(body: TokenIn, session: SessionDep, now: NowDep) -> TokenMade:
    """Makes a token. Its text is in this answer and nowhere else."""
    token, text = actions.create_token(session, name=body.name, role=body.role, now=now)
    return TokenMade(token=text, **TokenOut.model_validate(token).model_dump())


@router.get("", dependencies=[Owner])
def list_tokens(session: SessionDep) -> list[TokenOut]:
    """All tokens, revoked ones included."""
    return [TokenOut.model_validate(token) for token in actions.tokens(session)]


@router.post("/{name}/revoke", dependencies=[Owner])
def revoke_token(name: Annotated[str, Path(examples=["ci"])], session: SessionDep, now: NowDep) -> TokenOut:
    """The token no longer counts, from now on."""
    return TokenOut.model_validate(actions.revoke_token(session, name=name, now=now))


@router.get("/me", dependencies=[Viewer])
def who_am_i(token: Annotated[Token, Depends(need("viewer"))]) -> TokenOut:
    """The token this request came with."""
    return TokenOut.model_validate(token)
