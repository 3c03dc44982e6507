import pytest

from chassis.settings import SettingsError, load, masked
from services.persistence.api.settings import ApiSettings
from tests.unit.services.persistence.api.asgi import settings


def test_the_allowed_origins_are_the_own_address_unless_named() -> None:
    assert settings(http_port=8123).origins == ("http://localhost:8123", "http://127.0.0.1:8123")
    assert settings(allowed_origins="https://a.example.com, https://b.example.com").origins == (
        "https://a.example.com",
        "https://b.example.com",
    )


def test_in_production_the_local_issuers_sign_in_stays_shut() -> None:
    assert settings(dev_issuer_url="http://127.0.0.1:9").sign_in_url == "http://127.0.0.1:9"
    assert settings(dev_issuer_url="http://127.0.0.1:9", environment="production").sign_in_url is None


def test_all_that_is_wrong_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "KAIWA_WEBSOCKET_URL": "http://not-a-socket",
        "KAIWA_DEFAULT_VERIFICATION": "maybe",
        "KAIWA_USER_SEARCH": "sometimes",
        "KAIWA_PARTICIPANTS_MOST": "5001",
        "KAIWA_KAFKA_BOOTSTRAP": "127.0.0.1:1",
    }.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as raised:
        load(ApiSettings)
    told = str(raised.value)
    for name in (
        "KAIWA_WEBSOCKET_URL",
        "KAIWA_DEFAULT_VERIFICATION",
        "KAIWA_USER_SEARCH",
        "KAIWA_PARTICIPANTS_MOST",
        "KAIWA_ISSUER is missing",
        "KAIWA_CLIENT_ID is missing",
    ):
        assert name in told


def test_secrets_are_masked_when_the_settings_are_printed() -> None:
    assert "hush" not in str(masked(settings(access_key_id="AKID", secret_access_key="hush")))
