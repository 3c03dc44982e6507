"""The ASGI application: routers, limits, CORS, and every error as problem+json (spec 8)."""

from typing import Any, Final

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from chassis.traces.port import Traces
from services.persistence.api import messages, openapi, outcomes, participants, rooms, users
from services.persistence.api.answers import Accepted
from services.persistence.api.commands import Late
from services.persistence.api.guard import Guard
from services.persistence.api.page import page_router
from services.persistence.api.parts import Parts
from services.persistence.api.problems import Problem, invalid
from services.persistence.api.settings import ApiSettings
from services.persistence.api.sign_in import sign_in_router

ROUTERS: Final = tuple(endpoints.router for endpoints in (rooms, participants, messages, users, outcomes))
"""All of /api."""


def application(parts: Parts) -> FastAPI:
    """All that is served on the public port."""
    app = FastAPI(openapi_url="/api/openapi.json", docs_url=None, redoc_url=None, redirect_slashes=False)
    app.state.parts = parts
    for router in ROUTERS:
        app.include_router(router)
    _document(app)
    if parts.settings.sign_in_url:
        app.include_router(sign_in_router(parts.settings.sign_in_url, allow_remote=parts.settings.issuer_allow_remote))
    app.include_router(page_router(parts.settings))
    _answer_errors(app)
    _limit(app, parts.settings, parts.traces)
    return app


def _document(app: FastAPI) -> None:
    def document() -> dict[str, Any]:
        app.openapi_schema = app.openapi_schema or openapi.document(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]  # as FastAPI documents it


def _limit(app: FastAPI, settings: ApiSettings, traces: Traces | None) -> None:
    app.add_middleware(
        Guard,
        body_bytes=settings.http_body_bytes,
        body_limit_s=settings.http_body_limit_s,
        time_limit_s=settings.http_time_limit_s,
        concurrency=settings.http_concurrency,
        traces=traces,
    )
    # Added last, so it stands outside: refusals carry its headers too.
    app.add_middleware(
        CORSMiddleware,
        allow_origins=settings.origins,
        allow_methods=["GET", "POST", "PUT", "DELETE"],
        allow_headers=["Authorization", "Content-Type", "traceparent"],
        expose_headers=["Retry-After", "WWW-Authenticate"],
    )


def _answer_errors(app: FastAPI) -> None:
    app.add_exception_handler(Late, _late)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _refused)


async def _late(_request: Request, error: Exception) -> Response:
    event_id = error.event_id if isinstance(error, Late) else ""
    headers = {"Retry-After": "1", "Location": f"/api/commands/{event_id}"}
    return JSONResponse(Accepted(event_id=event_id).model_dump(by_alias=True), 202, headers=headers)


async def _malformed(_request: Request, error: Exception) -> Response:
    return invalid(error.errors() if isinstance(error, RequestValidationError) else []).response()


async def _refused(request: Request, error: Exception) -> Response:
    # What went wrong while the body was read, FastAPI hides behind a 400.
    if isinstance(error.__cause__, Problem):
        return error.__cause__.response()
    if isinstance(error, HTTPException) and error.status_code == 400:
        return Problem("BAD_REQUEST", "The body cannot be read.").response()
    return Problem("NOT_FOUND", f"There is no {request.method} {request.url.path}.").response()
