"""create_app(): the only place that knows every room."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from sqlalchemy import Engine

import app.access.api
import app.agency.api
import app.agreements.api
import app.alerts.api
import app.claims.api
import app.clients.api
import app.correspondence.api
import app.correspondence.queries
import app.delivery.api
import app.due.api
import app.evidence.api
import app.incidents.api
import app.integrity.api
import app.integrity.assessing.api
import app.maintenance.api
import app.messages.api
import app.notices.api
import app.notices.own_texts_api
import app.notices.planning_api
import app.outcomes.api
import app.presets.api
import app.probes.api
import app.probes.history.api
import app.probes.live
import app.probes.locations.api
import app.sites.api
import app.statements.api
import app.watching.api
import app.watching.pictures
import app.watching.queries
from app.access.guard import identify
from app.db import make_engine, reader
from app.prober.addresses import Networks
from app.probes.vault import Vault
from app.settings import Settings
from app.web import docs, problems
from app.web.describe import describe
from app.web.edge import utc_now
from app.web.limits import BodyLimit

VERSION = "0.1.0"
ROOMS = (
    app.access.api,
    app.agency.api,
    app.agreements.api,
    app.presets.api,
    app.clients.api,
    app.sites.api,
    app.messages.api,
    app.maintenance.api,
    app.outcomes.api,
    app.incidents.api,
    app.evidence.api,
    app.probes.api,
    app.probes.history.api,
    app.probes.live,
    app.probes.locations.api,
    app.integrity.api,
    app.integrity.assessing.api,
    app.statements.api,
    app.notices.planning_api,
    app.notices.own_texts_api,
    app.notices.api,
    app.delivery.api,
    app.correspondence.api,
    app.claims.api,
    app.due.api,
    app.alerts.api,
    app.watching.api,
    app.watching.pictures,
)


class Health(BaseModel):
    status: str
    version: str


def create_app(settings: Settings, *, engine: Engine | None = None, clock: Callable[[], datetime] = utc_now) -> FastAPI:
    """The service. `engine` and `clock` are arguments so that tests pass their own."""
    service = FastAPI(title="Kept", version=VERSION, docs_url=None, redoc_url=None, description=DESCRIPTION)
    service.state.engine = engine or make_engine(settings.url)
    service.state.clock = clock
    service.state.guard = identify
    service.state.settings = settings
    service.state.networks = Networks.parse(settings.probe_allowed_networks)
    key = settings.secret_key
    service.state.vault = Vault(settings.data / "secret.key", key.get_secret_value() if key is not None else None)
    service.state.occasions = app.watching.queries.occasions
    service.state.letters_sent = app.correspondence.queries.told
    special = {"/observations": settings.max_import_bytes, "/messages": settings.max_message_bytes}
    special["/messages/raw"] = special["/deliveries/bounces"] = settings.max_message_bytes
    service.add_middleware(BodyLimit, limit=settings.max_body_bytes, special=special)
    problems.install(service)
    docs.install(service)
    for room in ROOMS:
        service.router.routes += room.router.routes
    service.router.routes += app.probes.live.outside.routes

    @service.get("/health", tags=["health"])
    def health() -> Health:
        """Whether the service and its database answer. The only route without a token."""
        with reader(service.state.engine).connect() as connection:
            connection.execute(sa.text("select 1"))
        return Health(status="ok", version=VERSION)

    def openapi() -> dict[str, Any]:
        if service.openapi_schema is None:
            schema = get_openapi(
                title=service.title, version=VERSION, description=DESCRIPTION, routes=service.routes, tags=TAGS
            )
            models = problems.Problem.model_json_schema(ref_template="#/components/schemas/{model}")
            schema["components"]["schemas"] |= models.pop("$defs") | {"Problem": models}
            describe(schema)
            service.openapi_schema = schema
        return service.openapi_schema

    service.openapi = openapi  # type: ignore[method-assign]
    return service


DESCRIPTION = """\
What a hosting provider **promised**, against what **happened**.

Send your token as `Authorization: Bearer kept_…` (the button *Authorize* above does it for this page). Times are
ISO 8601 with their offset (`2025-06-07T22:00:00+02:00`), money is text (`"400.00"`), lists come in pages
(`next` is the cursor of the following one). A POST with an `Idempotency-Key` is carried out once, however often it is
sent. Errors are RFC 9457 problems that name the field and show what would be right.
"""
TAGS = [
    {"name": "audit", "description": "Roots of what sites held, sealed before anybody knows what will be lost."},
    {"name": "observations", "description": "Monitors, what they saw, and when we were offline ourselves."},
    {"name": "access", "description": "Tokens and their roles."},
    {"name": "agency", "description": "Who we are: the sender of every letter."},
    {"name": "agreements", "description": "Providers, services, and what their contracts promise, from which day."},
    {"name": "terms", "description": "Well-known providers' terms as drafts, and the JSON Schema of all terms."},
    {"name": "clients", "description": "Who we answer to, and the people there as they were on any day."},
    {"name": "sites", "description": "Websites, the service each sits on, and whether they are back."},
    {"name": "messages", "description": "What the provider wrote or said, kept whole."},
    {"name": "maintenance", "description": "Works, agreed procedures, promised windows and every revision of them."},
    {"name": "outcomes", "description": "What was said of a window, found in it, and decided about it."},
    {"name": "incidents", "description": "The human account: incidents, notes, tickets, replies."},
    {"name": "evidence", "description": "The append-only, hash-chained log of everything that was entered."},
    {"name": "statements", "description": "A service's month, judged; its papers, previewed and issued."},
    {"name": "provider letters", "description": "Letters to providers, how they went out, what is still unanswered."},
    {"name": "deliveries", "description": "Messages on their way, what came back, who is not written to."},
    {"name": "notices", "description": "What clients were told, letter by letter, and what of it is no longer true."},
    {"name": "claims", "description": "What is asked of a provider: drafted, approved, filed, answered, credited."},
    {"name": "alerts", "description": "Telling the people who look after Kept, by whatever Apprise reaches."},
    {"name": "due", "description": "What is due: claims, tickets to open, promised updates; reminders, a calendar."},
]
