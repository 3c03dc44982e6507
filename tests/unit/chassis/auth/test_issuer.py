import pytest

from chassis.auth.issuer import IssuerConfig, cognito_issuer
from chassis.settings import IssuerSettings, load


def test_the_issuer_of_a_user_pool() -> None:
    assert cognito_issuer("eu-west-1", "eu-west-1_Ab") == "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab"


@pytest.mark.parametrize("issuer", ["https://issuer.example/pool", "https://issuer.example/pool/"])
def test_the_keys_are_under_the_issuer(issuer: str) -> None:
    config = IssuerConfig(issuer=issuer, client_ids=("c",))
    assert config.keys_url == "https://issuer.example/pool/.well-known/jwks.json"


def test_the_keys_can_be_elsewhere() -> None:
    config = IssuerConfig(issuer="https://issuer.example", client_ids=("c",), jwks_url="http://127.0.0.1:9/keys")
    assert config.keys_url == "http://127.0.0.1:9/keys"


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("KAIWA_ISSUER", "https://issuer.example/realms/staff")
    monkeypatch.setenv("KAIWA_CLIENT_ID", "web, desktop")
    return monkeypatch


def test_settings_that_say_nothing_else_mean_cognitos_id_tokens(environment: pytest.MonkeyPatch) -> None:
    assert IssuerConfig.of(load(IssuerSettings)) == IssuerConfig(
        issuer="https://issuer.example/realms/staff",
        client_ids=("web", "desktop"),
        token_use="id",
        groups_claim="cognito:groups",
    )


def test_settings_may_name_any_openid_connect_issuer(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("KAIWA_JWKS_URL", "https://issuer.example/realms/staff/certs")
    environment.setenv("KAIWA_TOKEN_LEEWAY_S", "5")
    environment.setenv("KAIWA_TOKEN_USE", "any")
    environment.setenv("KAIWA_GROUPS_CLAIM", "groups")
    assert IssuerConfig.of(load(IssuerSettings)) == IssuerConfig(
        issuer="https://issuer.example/realms/staff",
        client_ids=("web", "desktop"),
        jwks_url="https://issuer.example/realms/staff/certs",
        leeway_s=5,
        token_use=None,
        groups_claim="groups",
    )
