"""Errors as RFC 9457 problems: the field, what was wrong with it, and an example of what is right."""

from __future__ import annotations

import logging
import types
import typing
from typing import Annotated, Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from sqlalchemy.exc import IntegrityError, OperationalError
from starlette.exceptions import HTTPException

from app.errors import KeptError

log = logging.getLogger("kept")
MEDIA_TYPE = "application/problem+json"


class FieldProblem(BaseModel):
    field: Annotated[str, Field(description="Path of the value at fault.", examples=["span.end"])]
    reason: str
    example: str | None = None


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str | None = None
    errors: list[FieldProblem] | None = None


REASONS = {
    401: "No token, or one that does not count.",
    403: "The token's role does not reach this far.",
    404: "There is no such thing.",
    409: "Right in itself, but it does not fit what is recorded.",
    413: "More bytes than this door takes.",
    422: "A field is not what it must be; `errors` names it, says why and shows what is right.",
}
RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"description": text, "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    for status, text in REASONS.items()
}


def answer(request: Request, body: dict[str, Any], headers: dict[str, str] | None = None) -> JSONResponse:
    body = {name: value for name, value in body.items() if value is not None} | {"instance": request.url.path}
    return JSONResponse(body, body["status"], headers, MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Hangs the handlers into the application. Whatever a user sends, the answer is one of these."""

    @app.exception_handler(KeptError)
    async def _ours(request: Request, error: KeptError) -> JSONResponse:
        headers = {"www-authenticate": "Bearer"} if error.status == 401 else None
        return answer(request, error.problem(), headers)

    @app.exception_handler(RequestValidationError)
    async def _fields(request: Request, error: RequestValidationError) -> JSONResponse:
        errors = [_field_problem(request, item) for item in error.errors()[:50]]
        title = (
            "A value is not what it must be" if len(errors) == 1 else f"{len(errors)} values are not what they must be"
        )
        first = errors[0]
        example = f" (for example: {first['example']})" if first["example"] else ""
        detail = f"{first['field']}: {first['reason']}{example}"
        return answer(
            request,
            {"type": "urn:kept:problem:BadInput", "title": title, "status": 422, "detail": detail, "errors": errors},
        )

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> JSONResponse:
        status = 422 if error.status_code == 400 else error.status_code
        title = {404: "There is no such address", 405: "This address does not take that method"}.get(
            status, str(error.detail)
        )
        body = {"type": "about:blank", "title": title, "status": status, "detail": str(error.detail)}
        return answer(request, body, dict(error.headers or {}))

    @app.exception_handler(IntegrityError)
    async def _integrity(request: Request, error: IntegrityError) -> JSONResponse:
        log.warning("integrity: %s", type(error.orig).__name__)
        detail = "it names something that is not there, or repeats something that may stand only once"
        return answer(
            request,
            {
                "type": "urn:kept:problem:Conflict",
                "title": "It does not fit what is recorded",
                "status": 409,
                "detail": detail,
            },
        )

    @app.exception_handler(OperationalError)
    async def _busy(request: Request, error: OperationalError) -> JSONResponse:
        log.error("database: %s", error.orig)
        detail = "the database did not answer in time; nothing was written, send the same request again"
        return answer(
            request,
            {"type": "about:blank", "title": "The database is busy", "status": 503, "detail": detail},
            {"retry-after": "1"},
        )

    @app.exception_handler(Exception)
    async def _defect(request: Request, error: Exception) -> JSONResponse:
        log.error("defect: %s %s", request.method, request.url.path, exc_info=error)
        detail = "a defect in Kept, nothing of yours; nothing was written. The log of the service says where"
        body = {"type": "about:blank", "title": "Something went wrong inside Kept", "status": 500, "detail": detail}
        return answer(request, body)


def _field_problem(request: Request, item: dict[str, Any]) -> dict[str, Any]:
    where = [str(part) for part in item["loc"]]
    path = where[1:] if where and where[0] in ("body", "query", "path", "header") and len(where) > 1 else where
    reason = item["msg"].removeprefix("Value error, ")
    if item["type"] == "extra_forbidden":
        reason = "there is no such field"
    elif item["type"] == "missing":
        reason = "is needed and was not given"
    elif item["type"] == "json_invalid":
        path, reason = ["body"], f"is not JSON: {item.get('ctx', {}).get('error', 'it cannot be read')}"
    return {"field": ".".join(path) or "body", "reason": reason, "example": _example(request, where)}


def _example(request: Request, where: list[str]) -> str | None:
    """An example of what is right, read from the shape the route declares."""
    route = request.scope.get("route")
    dependant = getattr(route, "dependant", None)
    if dependant is None or not where:
        return None
    if where[0] == "body":
        body_field = getattr(route, "body_field", None)
        return _walk(body_field.field_info.annotation, where[1:]) if body_field is not None else None
    for group in (dependant.query_params, dependant.path_params, dependant.header_params):
        for parameter in group:
            annotation = parameter.field_info.annotation
            if _model(annotation) and (text := _walk(annotation, where[1:])):
                return text
            if parameter.alias == where[-1] and parameter.field_info.examples:
                return str(parameter.field_info.examples[0])
    return None


def _model(annotation: Any) -> type[BaseModel] | None:
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def _walk(annotation: Any, path: list[str]) -> str | None:
    origin = typing.get_origin(annotation)
    if origin in (typing.Union, types.UnionType, Annotated, list, tuple):
        inner = path[1:] if origin in (list, tuple) and path and path[0].isdigit() else path
        for part in typing.get_args(annotation):
            if text := _walk(part, inner):
                return text
        return None
    model = _model(annotation)
    if model is None or not path:
        return None
    field = model.model_fields.get(path[0])
    if field is None:
        return ", ".join(list(model.model_fields)[:12]) + " are the fields there are"
    if len(path) > 1 and (text := _walk(field.annotation, path[1:])):
        return text
    if field.examples:
        return str(field.examples[0])
    for part in typing.get_args(field.annotation):
        for meta in getattr(part, "__metadata__", ()):
            if getattr(meta, "examples", None):
                return str(meta.examples[0])
    return None
