from typing import get_args

from contracts.facts import RejectionCode
from contracts.problems import STATUS, OutcomeCode, ProblemCode


def test_every_problem_has_a_status_of_the_specification() -> None:
    assert set(STATUS) == set(get_args(ProblemCode))
    assert set(STATUS.values()) <= {400, 401, 403, 404, 409, 413, 422, 429, 500, 503}


def test_a_room_one_is_not_in_looks_like_one_that_is_not_there() -> None:
    assert "NOT_A_PARTICIPANT" not in STATUS
    assert STATUS["NOT_FOUND"] == 404


def test_every_refusal_of_persistence_has_a_status() -> None:
    assert set(get_args(OutcomeCode)) - {"OK", "CREATED", "NOT_A_PARTICIPANT"} <= set(STATUS)


def test_every_refusal_of_a_command_may_stand_in_its_outcome() -> None:
    assert set(get_args(RejectionCode)) - {"INVALID_MESSAGE"} <= set(get_args(OutcomeCode))
