"""Making, revoking and recognising tokens."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

from sqlmodel import Session, col, select

from app.access.tables import AGENT, ROLES, Token
from app.errors import BadInput, Conflict, NotFound, NotSignedIn
from app.evidence import actions as evidence


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def create_token(
    session: Session, *, name: str, role: str, now: datetime, of_location: bool = False
) -> tuple[Token, str]:
    """A new token and its text, which is stored nowhere. Raises Conflict for a name already taken. Those of role agent
    are made with their location."""
    if role == AGENT and not of_location:
        raise BadInput(
            "an agent's token is made with its location", field="role", example="kept location add frankfurt"
        )
    if role not in (*ROLES, AGENT):
        raise BadInput(f"there is no role {role!r}; roles are {', '.join(ROLES)}", field="role", example="operator")
    if session.exec(select(Token).where(Token.name == name)).first():
        raise Conflict(f"a token named {name!r} exists", field="name", example=f"{name}-2")
    text = "kept_" + secrets.token_urlsafe(32)
    token = Token(name=name, role=role, digest=_digest(text), hint=text[:9] + "…", created_at=now)
    session.add(token)
    evidence.append(session, "token.created", token, now, body={"name": name, "role": role})
    return token, text


def revoke_token(session: Session, *, name: str, now: datetime) -> Token:
    """The token no longer counts from now on. Raises NotFound, or Conflict if it was revoked before."""
    token = session.exec(select(Token).where(Token.name == name)).first()
    if token is None:
        raise NotFound(f"no token is named {name!r}; `kept token list` shows them", field="name")
    if token.revoked_at is not None:
        raise Conflict(f"the token {name!r} was revoked before", field="name")
    token.revoked_at = now
    session.add(token)
    evidence.append(session, "token.revoked", token, now, body={"name": name})
    return token


def tokens(session: Session) -> list[Token]:
    return list(session.exec(select(Token).order_by(col(Token.id))))


def recognise(session: Session, header: str | None) -> Token:
    """The token behind an `Authorization: Bearer …` header. Raises NotSignedIn, saying what is missing."""
    scheme, _, text = (header or "").partition(" ")
    if scheme.lower() != "bearer" or not text.strip():
        raise NotSignedIn("send a token", field="Authorization", example="Bearer kept_…  (made by `kept token create`)")
    token = session.exec(select(Token).where(Token.digest == _digest(text.strip()))).first()
    if token is None:
        raise NotSignedIn("this token is not known here", field="Authorization", example="Bearer kept_…")
    if token.revoked_at is not None:
        raise NotSignedIn("this token was revoked; ask for a new one", field="Authorization", example="Bearer kept_…")
    return token
