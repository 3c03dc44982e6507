import json
from typing import get_args

import pytest

from chassis.publisher import Overloaded, PublishFailed
from chassis.table_errors import TableRefused, TableUnavailable
from contracts.problems import STATUS, ProblemCode
from services.persistence.api.problems import Problem, invalid, problem_of


@pytest.mark.parametrize("code", get_args(ProblemCode))
def test_a_refusal_is_problem_json_with_its_code_and_status(code: ProblemCode) -> None:
    response = Problem(code, "Why.", headers={"Retry-After": "3"}).response()
    body = json.loads(bytes(response.body))
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["retry-after"] == "3"
    assert response.status_code == body["status"] == STATUS[code]
    assert (body["type"], body["code"], body["detail"]) == (f"urn:kaiwa:problem:{code}", code, "Why.")
    assert "errors" not in body


@pytest.mark.parametrize(
    "error", [TableUnavailable("x"), PublishFailed("x"), Overloaded("x"), TimeoutError(), OSError("x")]
)
def test_what_is_away_may_be_asked_again(error: Exception) -> None:
    problem = problem_of(error)
    assert (problem.code, problem.headers) == ("UNAVAILABLE", {"Retry-After": "1"})


@pytest.mark.parametrize("error", [TableRefused("key ALICE"), ValueError("secret"), KeyError("secret")])
def test_a_fault_is_told_without_its_details(error: Exception) -> None:
    problem = problem_of(error)
    assert problem.code == "INTERNAL"
    assert "secret" not in problem.detail
    assert "ALICE" not in problem.detail


def test_every_value_that_is_wrong_is_named() -> None:
    problem = invalid(
        [
            {"loc": ("body", "name"), "msg": "too long", "type": "string_too_long", "input": "private"},
            {"loc": ("body", "participantIds", 3), "msg": "not an id", "type": "value_error"},
        ]
    )
    assert problem.code == "UNPROCESSABLE"
    assert [error.where for error in problem.errors] == ["body.name", "body.participantIds.3"]
    assert "private" not in bytes(problem.response().body).decode()


def test_what_is_not_json_is_a_bad_request() -> None:
    assert invalid([{"loc": ("body", 1), "msg": "JSON decode error", "type": "json_invalid"}]).code == "BAD_REQUEST"
