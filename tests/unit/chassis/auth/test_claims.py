from typing import Any

import pytest

from chassis.auth.claims import Identity, verify_claims
from chassis.auth.issuer import IssuerConfig
from tests.tokens import CLIENT_ID, ISSUER

NOW = 1_700_000_000.0
CONFIG = IssuerConfig(issuer=ISSUER, client_ids=(CLIENT_ID, "client-2"))
GOOD: dict[str, Any] = {
    "sub": "alice",
    "iss": ISSUER,
    "aud": CLIENT_ID,
    "token_use": "id",
    "iat": NOW - 10,
    "exp": NOW + 3600,
}


def with_(**changes: object) -> dict[str, Any]:
    return {**GOOD, **changes}


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in GOOD.items() if key != name}


def test_good_claims_say_who_it_is() -> None:
    claims = with_(**{"name": "Alice", "cognito:groups": ["admin", "staff"]})
    assert verify_claims(claims, CONFIG, NOW) == Identity("alice", "Alice", ("admin", "staff"), NOW - 10, NOW + 3600)


def test_another_issuer_need_not_say_token_use() -> None:
    config = IssuerConfig(issuer=ISSUER, client_ids=(CLIENT_ID,), token_use=None, groups_claim="groups")
    assert verify_claims({**without("token_use"), "groups": ["admin"]}, config, NOW).groups == ("admin",)


NAMES = {
    "the name": ({"name": "Alice", "cognito:username": "al"}, "Alice"),
    "the user name, where there is no name": ({"cognito:username": "al"}, "al"),
    "the subject, where there is nothing": ({}, "alice"),
    "a blank name is none": ({"name": " \n", "cognito:username": "al"}, "al"),
    "a name of the wrong type is none": ({"name": ["Alice"]}, "alice"),
    "half a surrogate pair is none": ({"name": "A\ud800"}, "alice"),
    "without space around": ({"name": " Alice "}, "Alice"),
    "at most 100 characters": ({"name": "あ" * 101}, "あ" * 100),
}


@pytest.mark.parametrize(("claims", "name"), NAMES.values(), ids=NAMES)
def test_the_name_is_always_one_that_can_be_shown(claims: dict[str, Any], name: str) -> None:
    assert verify_claims({**GOOD, **claims}, CONFIG, NOW).name == name


@pytest.mark.parametrize(("groups", "expected"), [(None, ()), ("admin", ()), ([1, "a"], ("a",)), ({"admin": 1}, ())])
def test_only_a_list_of_strings_makes_groups(groups: object, expected: tuple[str, ...]) -> None:
    assert verify_claims(with_(**{"cognito:groups": groups}), CONFIG, NOW).groups == expected


def test_an_expiry_beyond_the_calendar_can_still_be_written_as_a_date() -> None:
    assert verify_claims(with_(exp=2**62), CONFIG, NOW).expires_at == 253_402_300_799
