"""The connection API as an OpenAPI document (spec 6), generated from its wire types: see contracts/schema.py."""

from typing import Any, Final

import msgspec

from contracts.connection_api import (
    API_ERRORS,
    BULK_CONTENT_TYPE,
    BULK_PATH_SUFFIX,
    ERROR_TYPE_HEADER,
    REQUEST_ID_HEADER,
    ApiError,
    ConnectionInfo,
    ErrorBody,
    PushAnswer,
    PushRequest,
)
from contracts.ids import CONNECTION_ID_PATTERN

Document = dict[str, Any]
_INFO: Final = (
    "What a signed client may do to a connection, as API Gateway's `@connections` does it; and the bulk push."
)
_SIGNED: Final = {
    "type": "apiKey",
    "in": "header",
    "name": "Authorization",
    "description": "AWS Signature Version 4, service execute-api.",
}


def document() -> Document:
    """OpenAPI 3.1."""
    _, schemas = msgspec.json.schema_components(
        [ConnectionInfo, ErrorBody, PushRequest, PushAnswer], ref_template="#/components/schemas/{name}"
    )
    return {
        "openapi": "3.1.0",
        "info": {"title": "Kaiwa connection API", "version": "1", "description": _INFO},
        "security": [{"sigv4": []}],
        "paths": {
            "/{stage}/@connections/{connectionId}": _connection(),
            f"/{{stage}}/{BULK_PATH_SUFFIX}": {"parameters": [_stage()], "post": _bulk()},
        },
        "components": {"schemas": dict(sorted(schemas.items())), "securitySchemes": {"sigv4": _SIGNED}},
    }


def _connection() -> Document:
    connection_id = {
        "name": "connectionId",
        "in": "path",
        "required": True,
        "schema": {"type": "string", "pattern": CONNECTION_ID_PATTERN.removesuffix(r"(?!\n)")},
    }
    info = {"application/json": {"schema": {"$ref": "#/components/schemas/ConnectionInfo"}}}
    text = {"application/octet-stream": {"schema": {"type": "string", "description": "UTF-8, sent as one text frame"}}}
    return {
        "parameters": [_stage(), connection_id],
        "post": _operation("PostToConnection", "Send a text frame", 200, 400, 403, 410, 413, 421, 429)
        | {"requestBody": {"required": True, "content": text}},
        "get": _operation("GetConnection", "Who is connected", 200, 400, 403, 410, 413, 421, 429, content=info),
        "delete": _operation("DeleteConnection", "Close it with 1000", 204, 400, 403, 410, 413, 421, 429),
    }


def _bulk() -> Document:
    answer = {BULK_CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/PushAnswer"}}}
    asked = {BULK_CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/PushRequest"}}}
    made = _operation("PushInBulk", "Push to many connections of one epoch", 200, 400, 403, 413, 421, content=answer)
    return made | {"requestBody": {"required": True, "content": asked}}


def _operation(name: str, summary: str, good: int, *refusals: int, content: Document | None = None) -> Document:
    answer: Document = {"description": "Done", "headers": {REQUEST_ID_HEADER: _string()}}
    if content is not None:
        answer["content"] = content
    return {
        "operationId": name,
        "summary": summary,
        "responses": {str(good): answer} | {str(status): _refusal(status) for status in refusals},
    }


def _refusal(status: int) -> Document:
    errors: list[ApiError] = [error for error in API_ERRORS if error.status == status]
    kinds = sorted({error.type for error in errors})
    made: Document = {
        "description": ", ".join(kinds),
        "headers": {REQUEST_ID_HEADER: _string(), ERROR_TYPE_HEADER: _string(kinds)},
    }
    if any(error.message is not None for error in errors):
        made["content"] = {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorBody"}}}
    return made


def _string(values: list[str] | None = None) -> Document:
    return {"required": True, "schema": {"type": "string"} | ({"enum": values} if values else {})}


def _stage() -> Document:
    return {"name": "stage", "in": "path", "required": True, "schema": {"type": "string", "default": "prod"}}
