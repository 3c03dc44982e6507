import time
import traceback
from collections.abc import AsyncIterator

import pytest

from chassis.auth.errors import KeysUnavailable, TokenError
from chassis.auth.issuer import IssuerConfig
from chassis.auth.verifier import Verifier
from tests.token_cases import CASES, PUBLISHED, Case
from tests.tokens import CLIENT_ID, ISSUER, KID, assembled, claims, jwk, jwks, private_key, token


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


NOW = 1_700_000_000.0


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_a_token_is_believed_or_refused_for_its_reason(issuer: Issuer, case: Case) -> None:
    issuer.document = PUBLISHED
    config = IssuerConfig(issuer=ISSUER, client_ids=(CLIENT_ID, "client-2"), leeway_s=case.leeway_s)
    verifier = Verifier(config, fetch=issuer.fetch, clock=lambda: NOW)
    if case.reason is not None:
        assert await reason(verifier, case.make(NOW)) == case.reason
        return
    assert (await verifier.verify(case.make(NOW))).user_id


async def test_the_other_client_will_do(issuer: Issuer) -> None:
    config = IssuerConfig(issuer=ISSUER, client_ids=(CLIENT_ID, "client-2"))
    assert (await Verifier(config, fetch=issuer.fetch).verify(token(claims(aud="client-2")))).user_id == "alice"


async def test_a_forger_is_not_told_which_claims_would_be_wrong(verifier: Verifier) -> None:
    assert await reason(verifier, token(claims(exp=1), key=private_key("evil"))) == "BAD_SIGNATURE"


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
