import time
import traceback
from collections.abc import AsyncIterator

import pytest

from chassis.auth.errors import KeysUnavailable, TokenError
from chassis.auth.issuer import IssuerConfig
from chassis.auth.verifier import Verifier
from tests.tokens import CLIENT_ID, ISSUER, KID, assembled, claims, jwk, jwks, part, private_key, token


class Issuer:
    """A key set without a network."""

    def __init__(self) -> None:
        self.document = jwks()
        self.asked: list[str] = []

    async def fetch(self, url: str) -> bytes:
        self.asked.append(url)
        return self.document


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
async def verifier(issuer: Issuer) -> AsyncIterator[Verifier]:
    verifier = Verifier(IssuerConfig(issuer=ISSUER, client_ids=(CLIENT_ID,)), fetch=issuer.fetch)
    yield verifier
    await verifier.close()


async def reason(verifier: Verifier, text: str) -> str:
    with pytest.raises(TokenError) as refusal:
        await verifier.verify(text)
    return refusal.value.reason


async def test_a_good_token_says_who_it_is(verifier: Verifier) -> None:
    payload = claims(**{"sub": "user-1", "name": "Alice", "cognito:groups": ["admin"]})
    identity = await verifier.verify(token(payload))
    assert (identity.user_id, identity.name, identity.groups) == ("user-1", "Alice", ("admin",))
    assert (identity.issued_at, identity.expires_at) == (payload["iat"], payload["exp"])


async def test_keys_are_asked_of_the_configured_issuer_whatever_the_token_says(
    verifier: Verifier, issuer: Issuer
) -> None:
    evil = {"jku": "https://evil.example/jwks", "x5u": "https://evil.example/x", "jwk": jwk("evil")}
    text = token(claims(iss="https://evil.example"), kid="evil", header=evil)
    assert await reason(verifier, text) == "UNKNOWN_KEY"
    assert issuer.asked == [ISSUER + "/.well-known/jwks.json"]


async def test_a_key_in_the_header_signs_nothing(verifier: Verifier) -> None:
    text = token(key=private_key("evil"), header={"jwk": jwk(KID, private_key("evil"))})
    assert await reason(verifier, text) == "BAD_SIGNATURE"


async def test_another_key_of_the_issuer_will_not_do(verifier: Verifier, issuer: Issuer) -> None:
    issuer.document = jwks(jwk(), jwk("key-2"))
    assert await reason(verifier, token(key=private_key("key-2"))) == "BAD_SIGNATURE"
    assert (await verifier.verify(token(kid="key-2"))).user_id == "alice"


async def test_changed_claims_break_the_signature(verifier: Verifier) -> None:
    header, _, signature = token().split(".")
    assert await reason(verifier, f"{header}.{part(claims(sub='mallory'))}.{signature}") == "BAD_SIGNATURE"


@pytest.mark.parametrize("signature", [b"\0", b"\0" * 256, b"\xff" * 256, b"\0" * 300])
async def test_an_invented_signature_is_no_signature(verifier: Verifier, signature: bytes) -> None:
    unsigned = token().rpartition(".")[0]
    assert await reason(verifier, f"{unsigned}.{part(signature)}") == "BAD_SIGNATURE"


async def test_a_forger_is_not_told_which_claims_would_be_wrong(verifier: Verifier) -> None:
    assert await reason(verifier, token(claims(exp=1), key=private_key("evil"))) == "BAD_SIGNATURE"


async def test_a_key_for_encryption_verifies_nothing(verifier: Verifier, issuer: Issuer) -> None:
    issuer.document = jwks(jwk(use="enc"))
    assert await reason(verifier, token()) == "UNSUITABLE_KEY"


async def test_claims_are_judged_by_the_given_clock(issuer: Issuer) -> None:
    config = IssuerConfig(issuer=ISSUER, client_ids=(CLIENT_ID,))
    verifier = Verifier(config, fetch=issuer.fetch, clock=lambda: time.time() + 7200)
    assert await reason(verifier, token()) == "EXPIRED"


async def test_an_issuer_that_cannot_be_reached_is_no_refusal() -> None:
    async def down(_url: str) -> bytes:
        raise KeysUnavailable("down")

    verifier = Verifier(IssuerConfig(issuer=ISSUER, client_ids=(CLIENT_ID,)), fetch=down)
    with pytest.raises(KeysUnavailable):
        await verifier.verify(token())
    with pytest.raises(KeysUnavailable):
        await verifier.warm()


async def test_a_warm_verifier_asks_nobody(verifier: Verifier, issuer: Issuer) -> None:
    await verifier.warm()
    await verifier.verify(token())
    assert len(issuer.asked) == 1


LEAKS = {
    "expired": token(claims(exp=1)),
    "unknown key": token(kid="secret-kid"),
    "bad signature": token(key=private_key("evil")),
    "not JSON": assembled({"alg": "RS256", "kid": KID}, '{"sub":"secret-subject"'),
}


@pytest.mark.parametrize("text", LEAKS.values(), ids=LEAKS)
async def test_no_part_of_a_token_is_in_an_error(verifier: Verifier, text: str) -> None:
    with pytest.raises(TokenError) as refusal:
        await verifier.verify(text)
    shown = "".join(traceback.format_exception(refusal.value, chain=True)) + repr(refusal.value) + repr(verifier)
    assert not [piece for piece in (*text.split("."), "secret-kid") if piece in shown]
