"""Every route has a guard, refuses a stranger and (where it writes) a viewer, and says what it takes and answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from sqlmodel import Session, select
from starlette.routing import Mount, Route

import app.sla.clauses
import app.sla.terms
from app.evidence.tables import Entry
from app.main import create_app
from app.settings import Settings
from tests.build import NOBODY

OPEN = {
    "/health": "the load balancer that asks has no token, and learns only whether the database answers",
    "/docs": "the page describes the product and holds nobody's data",
    "/openapi.json": "what the page shows",
    "/static": "the page's own script and style",
    "/": "leads to the page",
    "/heartbeats/{secret}": "the address is the secret: a site that calls has no token, and learns nothing",
    "/api/v1/calendar/{secret}.ics": "a calendar program sends no token; the address is a reader's own secret",
}
READS = ("GET", "HEAD")


@dataclass(frozen=True)
class Door:
    """One method at one path, with the route behind it where it is one of ours."""

    method: str
    path: str
    route: APIRoute | None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def address(self) -> str:
        filled = self.path.replace("{form}", "json").replace("{name}", "nobody")
        return re.sub(r"\{[^}]+\}", NOBODY, filled)


def walk(routes: list[Any], prefix: str = "") -> Iterator[Door]:
    for route in routes:
        if isinstance(route, Mount):
            yield Door("GET", prefix + route.path, None)
        else:
            assert isinstance(route, Route | APIRoute), f"{type(route)}: teach this test to walk it"
            for method in sorted(route.methods or ()):
                yield Door(method, prefix + route.path, route if isinstance(route, APIRoute) else None)


@cache
def service() -> Any:
    return create_app(Settings(data=Path("nowhere")), engine=sa.create_engine("sqlite://"))


DOORS = list(walk(service().routes))
GUARDED = [door for door in DOORS if door.path not in OPEN]


def roles(dependant: Dependant) -> set[str]:
    """The roles that guards among the dependencies ask for."""
    mine = getattr(dependant.call, "needs_role", None)
    below = [roles(part) for part in dependant.dependencies]
    return {mine}.union(*below) - {None} if mine else set().union(*below)


def test_the_walk_sees_what_the_documentation_describes() -> None:
    described = {(method.upper(), path) for path, item in service().openapi()["paths"].items() for method in item}
    seen = {(door.method, door.path) for door in DOORS if door.route and door.route.include_in_schema}
    assert seen == described
    assert len(GUARDED) > 100


def test_what_needs_no_token_is_on_the_list_and_nothing_else() -> None:
    assert {door.path for door in DOORS} - {door.path for door in GUARDED} == set(OPEN)
    for door in GUARDED:
        assert door.path.startswith("/api/v1/") or door.path == "/metrics", door
        assert door.route is not None, f"{door} is no route of ours"
        assert roles(door.route.dependant), f"{door} has no guard; write dependencies=[Viewer], [Operator] or [Owner]"


def test_reading_asks_for_a_viewer_and_writing_for_more() -> None:
    for door in GUARDED:
        assert door.route is not None
        asked = roles(door.route.dependant)
        if door.method in READS:
            assert asked & {"viewer", "owner", "agent"}, door
        else:
            assert asked & {"operator", "owner", "agent"}, f"{door} writes, and lets a viewer do it"


def entries(engine: sa.Engine) -> int:
    with Session(engine) as session:
        return len(session.exec(select(Entry.seq)).all())


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_every_route_refuses_whoever_brings_no_token(app_client: TestClient, engine: sa.Engine) -> None:
    for door in GUARDED:
        for header in ({}, {"authorization": "Bearer kept_nobody-made-this"}, {"authorization": "Basic ZGFuYQ=="}):
            answer = app_client.request(door.method, door.address, headers=header)
            assert answer.status_code == 401, (str(door), answer.text)
            assert answer.headers["www-authenticate"] == "Bearer"
            assert answer.headers["content-type"] == "application/problem+json"
    assert entries(engine) == 0


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_whoever_may_not_hears_so_before_a_word_about_what_was_sent(app_client: TestClient, viewer: TestClient) -> None:
    broken = {"content": b'{"title": ', "headers": {"content-type": "application/json"}}
    for door in GUARDED:
        if door.method not in READS:
            assert app_client.request(door.method, door.address, **broken).status_code == 401, str(door)
            assert viewer.request(door.method, door.address, **broken).status_code == 403, str(door)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_every_route_that_writes_refuses_a_viewer(viewer: TestClient, engine: sa.Engine) -> None:
    before = entries(engine)
    for door in GUARDED:
        if door.method not in READS:
            for headers in ({}, {"idempotency-key": f"{door}"}):
                answer = viewer.request(door.method, door.address, headers=headers)
                assert answer.status_code == 403, (str(door), answer.text)
                assert "viewer" in answer.json()["detail"]
    assert entries(engine) == before


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_revoked_token_opens_nothing(owner: TestClient, app_client: TestClient) -> None:
    made = owner.post("/api/v1/tokens", json={"name": "Jo Marsh", "role": "operator"}).json()
    mine = {"authorization": f"Bearer {made['token']}"}
    assert app_client.get("/api/v1/tokens/me", headers=mine).json()["name"] == "Jo Marsh"
    assert owner.post("/api/v1/tokens/Jo Marsh/revoke").status_code == 200
    for door in GUARDED:
        assert app_client.request(door.method, door.address, headers=mine).status_code == 401, str(door)


# --- what the documentation says --------------------------------------------------------------------------------------


def test_every_route_says_what_it_does() -> None:
    silent = [str(door) for door in GUARDED if door.route is not None and not door.route.description]
    assert not silent, f"a docstring of one sentence is missing at {silent}"


def test_every_operation_is_documented_with_its_answers() -> None:
    for path, item in service().openapi()["paths"].items():
        for method, operation in item.items():
            if path in OPEN:
                continue
            answers = operation["responses"]
            assert {"401", "403", "422"} <= set(answers), (method, path)
            good = [answer for status, answer in answers.items() if status.startswith("2")]
            assert len(good) == 1, (method, path)
            assert good[0]["description"], (method, path)
            assert good[0]["content"], (method, path)
            for status, answer in answers.items():
                if status >= "400":
                    assert set(answer["content"]) == {"application/problem+json"}, (method, path, status)


def self_explaining(schema: dict[str, Any], known: dict[str, Any], seen: frozenset[str] = frozenset()) -> bool:
    """Whether a stranger can fill the field in: an example, a description, a closed list, a telling type."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return name in seen or self_explaining(known[name], known, seen | {name})
    if any(schema.get(word) for word in ("examples", "example", "description", "enum", "const", "format", "pattern")):
        return True
    if parts := schema.get("anyOf") or schema.get("oneOf"):
        return all(self_explaining(part, known, seen) for part in parts if part.get("type") != "null")
    match schema.get("type"):
        case "boolean":
            return True
        case "array":
            return self_explaining(schema["items"], known, seen)
        case "object":
            return "properties" in schema
        case "integer" | "number":
            return "minimum" in schema or "default" in schema
    return False


def of_the_law(name: str) -> bool:
    """The clauses of a contract: `terms` shows them in one worked example, and their names end in their unit."""
    return hasattr(app.sla.clauses, name) or hasattr(app.sla.terms, name)


def fields(schema: dict[str, Any], known: dict[str, Any], seen: set[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(Shape.field, its schema) of a request's body, those of the shapes within it included."""
    parts = schema.get("anyOf", []) + schema.get("oneOf", []) + ([schema["items"]] if "items" in schema else [])
    for part in parts:
        yield from fields(part, known, seen)
    if "$ref" in schema and (name := schema["$ref"].rpartition("/")[2]) not in seen:
        seen.add(name)
        for field, inner in known[name].get("properties", {}).items():
            if not of_the_law(name):
                yield f"{name}.{field}", inner
            yield from fields(inner, known, seen)


def test_every_field_a_request_takes_explains_itself() -> None:
    document = service().openapi()
    known, unclear, seen = document["components"]["schemas"], set(), set[str]()
    for path, item in document["paths"].items():
        for method, operation in item.items():
            for content in operation.get("requestBody", {}).get("content", {}).values():
                for name, schema in fields(content["schema"], known, seen):
                    if not self_explaining(schema, known):
                        unclear.add(name)
            for parameter in operation.get("parameters", []):
                given = parameter["schema"] | {"description": parameter.get("description")}
                if not self_explaining(given, known):
                    unclear.add(f"{method.upper()} {path}?{parameter['name']}")
    assert not unclear
