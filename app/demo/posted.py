"""The story's letters go out by e-mail, to whatever mail server the settings name: in the demo one that keeps them."""

from __future__ import annotations

from sqlalchemy import Engine
from sqlmodel import Session

from app.db import reader
from app.delivery import queries
from app.delivery.sending.turns import Post
from app.delivery.shapes import Ways
from app.demo.door import Say
from app.settings import Settings
from app.web.edge import utc_now


def post(place: Settings, engine: Engine, say: Say) -> None:
    """Sends what waits in the outbox, each message once; again, it finds nothing to do."""
    office = Post(engine, Ways.of(place), utc_now, per_minute=None)
    sent = 0
    while keys := office.due(engine, utc_now()):
        for key in keys:
            office.turn(engine, key, utc_now())
        sent += len(keys)
    if sent:
        with Session(reader(engine)) as session:
            counts = queries.counts(session)
        told = ", ".join(f"{number} {state.replace('_', ' ')}" for state, number in sorted(counts.items()))
        say(f"{sent} letters sent by e-mail: {told}")
