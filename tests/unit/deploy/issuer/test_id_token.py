import jwt
import pytest

from deploy.issuer.id_token import Mint, TokenRequest
from tests.tokens import private_key

NOW = 1_700_000_000
MINT = Mint("http://127.0.0.1:9000", "kaiwa-local", "admin", 3600, private_key("issuer"))


def test_the_claims_are_those_of_a_cognito_id_token() -> None:
    claims = MINT.claims(TokenRequest("alice"), NOW)
    assert claims.pop("jti")
    assert claims == {
        "sub": "alice",
        "iss": "http://127.0.0.1:9000",
        "aud": "kaiwa-local",
        "token_use": "id",
        "auth_time": NOW,
        "iat": NOW,
        "exp": NOW + 3600,
        "cognito:username": "alice",
        "name": "Alice",
        "email": "alice@example.com",
        "email_verified": True,
    }


def test_an_admin_is_in_the_admin_group() -> None:
    assert MINT.claims(TokenRequest("alice", admin=True), NOW)["cognito:groups"] == ["admin"]


def test_a_stranger_is_called_by_their_id() -> None:
    claims = MINT.claims(TokenRequest("Zoe@example.org"), NOW)
    assert (claims["name"], claims["email"]) == ("Zoe@example.org", "Zoe@example.org")


@pytest.mark.parametrize(
    ("expires_in", "issued", "expires"), [(5, NOW, NOW + 5), (0, NOW, NOW), (-60, NOW - 60, NOW - 60)]
)
def test_the_expiry_is_as_asked_for(expires_in: int, issued: int, expires: int) -> None:
    claims = MINT.claims(TokenRequest("alice", expires_in=expires_in), NOW)
    assert (claims["iat"], claims["exp"]) == (issued, expires)


def test_the_token_names_the_published_key_and_another_key_has_another_name() -> None:
    other = Mint("i", "a", "admin", 1, private_key("other"))
    header = jwt.get_unverified_header(MINT.token(TokenRequest("alice"), NOW))
    assert (header["alg"], header["kid"]) == ("RS256", MINT.public_jwk()["kid"])
    assert header["kid"] != other.public_jwk()["kid"]


def test_only_the_public_key_is_published_and_the_private_one_is_not_shown() -> None:
    assert set(MINT.public_jwk()) == {"kty", "n", "e", "kid", "use", "alg"}
    assert "key" not in repr(MINT)
