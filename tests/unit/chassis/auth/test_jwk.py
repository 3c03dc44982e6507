import json

import pytest

from chassis.auth.errors import KeysUnavailable
from chassis.auth.jwk import keys_of
from tests.tokens import KID, jwk, jwks, private_key

USABLE = {
    "as Cognito publishes it": jwk(),
    "without use": jwk(use=None),
    "without alg": jwk(alg=None),
    "with members nobody knows": jwk(x="y", key_ops=["verify"]),
}


@pytest.mark.parametrize("key", USABLE.values(), ids=USABLE)
def test_usable_keys(key: object) -> None:
    found = keys_of(jwks(key))[KID]
    assert found is not None
    assert found.public_numbers() == private_key().public_key().public_numbers()


UNSUITABLE = {
    "for encryption": jwk(use="enc"),
    "use null": {**jwk(), "use": None},
    "for RS512": jwk(alg="RS512"),
    "for HS256": jwk(alg="HS256"),
    "another kind": jwk(kty="EC"),
    "a kind in other case": jwk(kty="rsa"),
    "no kind": jwk(kty=None),
    "a secret": {"kty": "oct", "kid": KID, "k": "c2VjcmV0"},
    "no modulus": jwk(n=None),
    "a modulus that is no text": jwk(n=12),
    "a modulus that is no base64": jwk(n="é"),
    "an empty modulus": jwk(n=""),
    "an even exponent": jwk(e="AA"),
    "an exponent of one": jwk(e="AQ"),
    "1024 bits": jwk(KID, private_key("short", 1024)),
}


@pytest.mark.parametrize("key", UNSUITABLE.values(), ids=UNSUITABLE)
def test_keys_that_are_known_but_not_for_tokens(key: object) -> None:
    assert keys_of(jwks(key)) == {KID: None}


def test_a_broken_key_does_not_spoil_its_neighbours() -> None:
    keys = keys_of(jwks({"kty": "RSA"}, 7, None, jwk("broken", private_key(), n="?"), jwk()))
    assert {kid: key is not None for kid, key in keys.items()} == {"broken": False, KID: True}


def test_of_two_keys_with_one_name_the_first_counts() -> None:
    found = keys_of(jwks(jwk(), jwk(KID, private_key("other"))))[KID]
    assert found is not None
    assert found.public_numbers() == private_key().public_key().public_numbers()


def test_a_private_key_is_never_built() -> None:
    found = keys_of(jwks(jwk(d="AQAB")))[KID]
    assert found is not None
    assert not hasattr(found, "private_numbers")


NO_KEY_SET = {
    "nothing": b"",
    "a page": b"<html>",
    "a list": b"[]",
    "null": b"null",
    "no keys": b"{}",
    "keys null": b'{"keys":null}',
    "keys a number": b'{"keys":1}',
    "not UTF-8": b'{"keys":["\xff"]}',
    "too deep": b"[" * 100_000,
    "empty": b'{"keys":[]}',
    "only keys without a name": json.dumps({"keys": [jwk(kid=None)]}).encode(),  # type: ignore[arg-type]  # the point
}


@pytest.mark.parametrize("document", NO_KEY_SET.values(), ids=NO_KEY_SET)
def test_what_is_no_key_set_is_an_outage(document: bytes) -> None:
    with pytest.raises(KeysUnavailable):
        keys_of(document)
