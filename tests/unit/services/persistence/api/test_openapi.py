"""The document at /api/openapi.json is whole: every operation, every answer, every refusal."""

import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from services.persistence.api.problems import Problem
from tests.unit.services.persistence.api.asgi import app_of, ask


@pytest.fixture(scope="module")
def document() -> Any:
    return json.loads(json.dumps(app_of().openapi()))


def operations(document: Any) -> Iterator[tuple[str, str, Any]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def refs(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        yield from (value for key, value in part.items() if key == "$ref")
        for value in part.values():
            yield from refs(value)
    elif isinstance(part, list):
        for item in part:
            yield from refs(item)


def test_the_operations_are_those_of_the_specification(document: Any) -> None:
    assert {(method, path) for method, path, _ in operations(document)} == {
        ("GET", "/api/rooms"),
        ("POST", "/api/rooms"),
        ("GET", "/api/rooms/{chatRoomId}"),
        ("GET", "/api/rooms/{chatRoomId}/presence"),
        ("GET", "/api/rooms/{chatRoomId}/messages"),
        ("PUT", "/api/rooms/{chatRoomId}/participants/{userId}"),
        ("DELETE", "/api/rooms/{chatRoomId}/participants/{userId}"),
        ("GET", "/api/users/me"),
        ("GET", "/api/users"),
        ("PUT", "/api/users/{userId}/profile"),
        ("DELETE", "/api/users/{userId}/sessions"),
        ("GET", "/api/commands/{eventId}"),
    }


def test_every_operation_says_what_it_does_and_asks_for_a_token(document: Any) -> None:
    for method, path, operation in operations(document):
        assert operation["description"], (method, path)
        assert operation["security"] == [{"HTTPBearer": []}], (method, path)


def test_every_refusal_is_problem_json_and_every_answer_has_a_schema(document: Any) -> None:
    for method, path, operation in operations(document):
        responses = operation["responses"]
        assert {"401", "404", "413", "422", "429", "500", "503"} <= set(responses), (method, path)
        for status, response in responses.items():
            if int(status) >= 400:
                schema = response["content"]["application/problem+json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/ProblemBody"}, (method, path, status)
                assert list(response["content"]) == ["application/problem+json"]
            elif status != "204":
                assert "$ref" in response["content"]["application/json"]["schema"], (method, path, status)


def test_what_waits_for_a_decision_may_be_late(document: Any) -> None:
    for method, path, operation in operations(document):
        waits = method != "GET" and "sessions" not in path
        if waits:
            assert {"202", "403", "409"} <= set(operation["responses"]), (method, path)


def test_every_ref_resolves(document: Any) -> None:
    for ref in set(refs(document)):
        assert ref.removeprefix("#/components/schemas/") in document["components"]["schemas"]


def test_a_real_refusal_follows_its_schema(document: Any) -> None:
    schema = {"$ref": "#/components/schemas/ProblemBody", "components": document["components"]}
    body = json.loads(bytes(Problem("ROOM_EXISTS", "Why.").response().body))
    jsonschema.Draft202012Validator(schema).validate(body)


async def test_it_is_served_to_everybody() -> None:
    answer = await ask(app_of(), path="/api/openapi.json")
    assert (answer.status, answer.json()["openapi"][:2]) == (200, "3.")


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
async def test_no_page_that_loads_scripts_from_elsewhere_is_served(path: str) -> None:
    assert b"cdn" not in (await ask(app_of(), path=path)).body
