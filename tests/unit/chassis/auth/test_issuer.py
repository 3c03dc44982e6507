import pytest

from chassis.auth.issuer import IssuerConfig, cognito_issuer


def test_the_issuer_of_a_user_pool() -> None:
    assert cognito_issuer("eu-west-1", "eu-west-1_Ab") == "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab"


@pytest.mark.parametrize("issuer", ["https://issuer.example/pool", "https://issuer.example/pool/"])
def test_the_keys_are_under_the_issuer(issuer: str) -> None:
    config = IssuerConfig(issuer=issuer, client_ids=("c",))
    assert config.keys_url == "https://issuer.example/pool/.well-known/jwks.json"


def test_the_keys_can_be_elsewhere() -> None:
    config = IssuerConfig(issuer="https://issuer.example", client_ids=("c",), jwks_url="http://127.0.0.1:9/keys")
    assert config.keys_url == "http://127.0.0.1:9/keys"
