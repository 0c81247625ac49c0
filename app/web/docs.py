"""The API's own documentation page, with nothing loaded from elsewhere."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.staticfiles import StaticFiles
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse

STATIC = Path(__file__).parent / "static"


def install(app: FastAPI) -> None:
    """`/docs` shows `/openapi.json`; both describe the product and hold nobody's data, so they need no token."""
    app.mount("/static", StaticFiles(directory=STATIC), name="static")

    @app.get("/docs", include_in_schema=False)
    def docs(_: Request) -> HTMLResponse:
        return get_swagger_ui_html(
            openapi_url="/openapi.json",
            title="Kept - the API",
            swagger_js_url="/static/swagger/swagger-ui-bundle.js",
            swagger_css_url="/static/swagger/swagger-ui.css",
            swagger_favicon_url="/static/swagger/favicon-32x32.png",
            swagger_ui_parameters={
                "persistAuthorization": True,
                "docExpansion": "none",
                "filter": True,
                "validatorUrl": None,
            },
        )

    @app.get("/", include_in_schema=False)
    def front(_: Request) -> RedirectResponse:
        return RedirectResponse("/docs")
