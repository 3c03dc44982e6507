import pytest

from chassis.settings import SettingsError, load, masked
from gateway.settings import GatewaySettings

NEEDED = {
    "KAIWA_KAFKA_BOOTSTRAP": "127.0.0.1:9092",
    "KAIWA_ISSUER": "https://issuer.example.com",
    "KAIWA_CLIENT_ID": "client",
    "KAIWA_ACCESS_KEY_ID": "AKID",
    "KAIWA_SECRET_ACCESS_KEY": "s3cret",
}


def loaded(monkeypatch: pytest.MonkeyPatch, **changes: str) -> GatewaySettings:
    for name, value in {**NEEDED, **changes}.items():
        monkeypatch.setenv(name, value)
    return load(GatewaySettings)


def test_what_has_no_default_is_named_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NEEDED:
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SettingsError) as caught:
        load(GatewaySettings)
    for name in NEEDED:
        assert name in str(caught.value)


def test_the_limits_are_those_of_the_specification(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = loaded(monkeypatch)
    assert (settings.message_bytes, settings.frame_bytes, settings.content_characters) == (131_072, 32_768, 5000)
    assert (settings.idle_s, settings.duration_s, settings.expiry_grace_s) == (600, 7200, 30)
    assert (settings.connections, settings.connection_rate, settings.connection_burst) == (10_000, 500, 500)
    assert (settings.outbox_bytes, settings.outbox_s, settings.drain_s) == (1024 * 1024, 30, 30)
    assert (settings.ping_interval_s, settings.pong_timeout_s, settings.acknowledgement_s) == (25, 20, 5)


def test_the_page_may_connect_from_both_names_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    assert loaded(monkeypatch).origins == {"http://localhost:8080", "http://127.0.0.1:8080"}
    changed = loaded(monkeypatch, KAIWA_ALLOWED_ORIGINS="https://a.example, https://b.example")
    assert changed.origins == {"https://a.example", "https://b.example"}


def test_more_keys_come_as_json_and_may_do_less(monkeypatch: pytest.MonkeyPatch) -> None:
    text = '[{"accessKeyId":"old","secretAccessKey":"x"},{"accessKeyId":"r","secretAccessKey":"y","actions":["get"]}]'
    old, reader = loaded(monkeypatch, KAIWA_EXTRA_KEYS=text).extra_keys
    assert (old.access_key_id, old.actions) == ("old", ("post", "get", "delete", "bulk"))
    assert reader.actions == ("get",)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KAIWA_EXTRA_KEYS", '[{"accessKeyId":"r","secretAccessKey":"y","actions":["everything"]}]'),
        ("KAIWA_EXTRA_KEYS", "not json"),
        ("KAIWA_TRUSTED_PROXIES", "10.0.0.0/8,nonsense"),
        ("KAIWA_GATEWAY_ID", "has#hash"),
        ("KAIWA_STAGE", "a/b"),
        ("KAIWA_CONNECTION_API_ADDRESS", "http://without-stage"),
        ("KAIWA_CONNECTION_API_ADDRESS", "http://host:port/prod"),
        ("KAIWA_ALLOWED_ORIGINS", "https://chat.example.com/"),
        ("KAIWA_LEASE_INTERVAL_S", "60"),
        ("KAIWA_ENFORCE_EXPIRY", "sometimes"),
    ],
)
def test_a_wrong_setting_names_itself(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        loaded(monkeypatch, **{name: value})


def test_no_secret_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    text = '[{"accessKeyId":"old","secretAccessKey":"0ther-s3cret"}]'
    assert "s3cret" not in str(masked(loaded(monkeypatch, KAIWA_EXTRA_KEYS=text)))
