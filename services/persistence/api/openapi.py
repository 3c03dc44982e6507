"""The OpenAPI document at /api/openapi.json: every answer and every refusal has its schema (spec 8)."""

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from contracts.problems import STATUS
from services.persistence.api.answers import Accepted
from services.persistence.api.problems import MEDIA_TYPE, ProblemBody

Responses = dict[int | str, dict[str, Any]]

_TEXTS: Final = {
    400: "The body is not JSON",
    401: "No token, or one that is not believed",
    403: "Not allowed, or the profile is not approved",
    404: "Not there, or a room that one is not in",
    409: "The id is taken by another room",
    413: "The body is too long",
    422: "A value has the wrong shape, or there are too many participants",
    429: "Too many requests; Retry-After tells the seconds to wait",
    500: "A fault of the server",
    503: "Kafka, the table or the issuer is away; Retry-After tells the seconds to wait",
}


def _refusal(status: int) -> dict[str, Any]:
    codes = ", ".join(sorted(code for code, its_status in STATUS.items() if its_status == status))
    schema = {"$ref": f"#/components/schemas/{ProblemBody.__name__}"}
    described: dict[str, Any] = {
        "description": f"{_TEXTS[status]} ({codes})",
        "content": {MEDIA_TYPE: {"schema": schema}},
    }
    if status in (429, 503):
        described["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "description": "seconds"}}
    return described


def refusals(*statuses: int) -> Responses:
    """The refusals an endpoint may answer with, for `responses=`."""
    return {status: _refusal(status) for status in statuses}


REFUSALS: Final = refusals(401, 404, 413, 422, 429, 500, 503)
"""What every endpoint of the API may answer."""
COMMAND_REFUSALS: Final = refusals(400, 403, 409)
"""What those that ask for something to be done may answer besides."""
LATE: Final[Responses] = {202: {"model": Accepted, "description": "In the log, and not decided within 2 s"}}


def document(app: FastAPI) -> dict[str, Any]:
    """The whole document; FastAPI alone would leave out the schema of refusals."""
    made = get_openapi(
        title="Kaiwa",
        version="1",
        summary="Rooms, people and history of a Kaiwa deployment",
        description="Writes are decided in the log. Later than 2 s they are answered 202 with an `eventId`.",
        routes=app.routes,
    )
    schema = ProblemBody.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas = made.setdefault("components", {}).setdefault("schemas", {})
    schemas.update(schema.pop("$defs", {}))
    schemas[ProblemBody.__name__] = schema
    return made
