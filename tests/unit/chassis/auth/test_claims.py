from typing import Any

import pytest

from chassis.auth.claims import Identity, verify_claims
from chassis.auth.errors import TokenError
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


ACCEPTED = {
    "the other client": with_(aud="client-2"),
    "expires in a moment": with_(exp=NOW + 0.001),
    "valid from now": with_(nbf=NOW),
    "no iat": without("iat"),
    "iat ahead, which aws-jwt-verify does not look at": with_(iat=NOW + 99),
    "a fraction of a second": with_(exp=NOW + 0.5),
    "a subject of Cognito's": with_(sub="3f2c8a52-10b1-7001-bd3e-0a4d4b2b3f11"),
    "a subject that is an address": with_(sub="alice@example.com"),
    "a scope": with_(scope="openid email"),
}


@pytest.mark.parametrize("claims", ACCEPTED.values(), ids=ACCEPTED)
def test_accepted_claims(claims: dict[str, Any]) -> None:
    assert verify_claims(claims, CONFIG, NOW).user_id == claims["sub"]


REFUSED = {
    "exp missing": (without("exp"), "EXPIRY_MISSING"),
    "exp null": (with_(exp=None), "MALFORMED_CLAIMS"),
    "exp a string": (with_(exp="9999999999"), "MALFORMED_CLAIMS"),
    "exp true": (with_(exp=True), "MALFORMED_CLAIMS"),
    "exp infinite": (with_(exp=float("inf")), "MALFORMED_CLAIMS"),
    "exp beyond any float": (with_(exp=10**400), "MALFORMED_CLAIMS"),
    "exp now": (with_(exp=NOW), "EXPIRED"),
    "exp past": (with_(exp=NOW - 1), "EXPIRED"),
    "exp zero": (with_(exp=0), "EXPIRED"),
    "nbf ahead": (with_(nbf=NOW + 1), "NOT_YET_VALID"),
    "nbf a string": (with_(nbf="0"), "MALFORMED_CLAIMS"),
    "iat a list": (with_(iat=[]), "MALFORMED_CLAIMS"),
    "iss missing": (without("iss"), "WRONG_ISSUER"),
    "iss of another pool": (with_(iss=ISSUER + "2"), "WRONG_ISSUER"),
    "iss with a slash more": (with_(iss=ISSUER + "/"), "WRONG_ISSUER"),
    "iss in another case": (with_(iss=ISSUER.upper()), "WRONG_ISSUER"),
    "iss a list": (with_(iss=[ISSUER]), "MALFORMED_CLAIMS"),
    "token_use missing": (without("token_use"), "WRONG_USE"),
    "an access token": (with_(token_use="access"), "WRONG_USE"),
    "token_use null": (with_(token_use=None), "MALFORMED_CLAIMS"),
    "aud missing": (without("aud"), "WRONG_AUDIENCE"),
    "aud of another client": (with_(aud="client-9"), "WRONG_AUDIENCE"),
    "aud a part of the client": (with_(aud=CLIENT_ID[:-1]), "WRONG_AUDIENCE"),
    "aud empty": (with_(aud=""), "WRONG_AUDIENCE"),
    "aud a list": (with_(aud=[CLIENT_ID]), "MALFORMED_CLAIMS"),
    "sub missing": (without("sub"), "BAD_SUBJECT"),
    "sub empty": (with_(sub=""), "BAD_SUBJECT"),
    "sub a number": (with_(sub=7), "MALFORMED_CLAIMS"),
    "sub with the table's mark": (with_(sub="alice#x"), "BAD_SUBJECT"),
    "sub with a newline": (with_(sub="alice\n"), "BAD_SUBJECT"),
    "sub in other letters": (with_(sub="アリス"), "BAD_SUBJECT"),
    "sub too long": (with_(sub="a" * 65), "BAD_SUBJECT"),
    "scope a list": (with_(scope=["openid"]), "MALFORMED_CLAIMS"),
    "jti a number": (with_(jti=1), "MALFORMED_CLAIMS"),
}


@pytest.mark.parametrize(("claims", "reason"), REFUSED.values(), ids=REFUSED)
def test_refused_claims(claims: dict[str, Any], reason: str) -> None:
    with pytest.raises(TokenError) as refusal:
        verify_claims(claims, CONFIG, NOW)
    assert refusal.value.reason == reason


LEEWAY = {
    "expired for less than the leeway": (with_(exp=NOW - 4.9), None),
    "expired for the leeway": (with_(exp=NOW - 5), "EXPIRED"),
    "valid within the leeway": (with_(nbf=NOW + 5), None),
    "valid after the leeway": (with_(nbf=NOW + 5.1), "NOT_YET_VALID"),
}


@pytest.mark.parametrize(("claims", "reason"), LEEWAY.values(), ids=LEEWAY)
def test_the_leeway_counts_on_both_sides(claims: dict[str, Any], reason: str | None) -> None:
    config = IssuerConfig(issuer=ISSUER, client_ids=(CLIENT_ID,), leeway_s=5)
    if reason is None:
        assert verify_claims(claims, config, NOW).user_id == "alice"
        return
    with pytest.raises(TokenError) as refusal:
        verify_claims(claims, config, NOW)
    assert refusal.value.reason == reason


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
