import json

import pytest

from gateway import refusals
from gateway.refusals import Refusal, Refused

ALL = [value for value in vars(refusals).values() if isinstance(value, Refusal)]


@pytest.mark.parametrize("refusal", ALL, ids=lambda refusal: f"{refusal.status} {refusal.message}")
def test_every_refusal_has_a_body_and_a_type(refusal: Refusal) -> None:
    assert json.loads(refusal.body) == {"message": refusal.message}
    assert refusal.all_headers["x-amzn-ErrorType"] == refusal.type
    assert refusal.all_headers["content-type"] == "application/json"


def test_who_may_come_back_is_told_when() -> None:
    assert all("retry-after" in refusal.all_headers for refusal in ALL if refusal.status in (429, 503))


def test_the_statuses_are_those_of_the_specification() -> None:
    assert {refusal.status for refusal in ALL} == {401, 403, 426, 429, 503}


def test_an_error_carries_its_refusal() -> None:
    error = Refused(refusals.UNAUTHORIZED, "EXPIRED")
    assert (error.code, error.why, error.retryable) == ("UnauthorizedException", "EXPIRED", False)
