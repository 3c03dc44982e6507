from pathlib import Path

import pytest
from pydantic import ValidationError

from chassis.settings import (
    IssuerSettings,
    KafkaSettings,
    ObservabilitySettings,
    SettingsError,
    TableSettings,
    load,
    masked,
)


class Everything(ObservabilitySettings, KafkaSettings, TableSettings, IssuerSettings):
    pass


NEEDED = {
    "KAIWA_KAFKA_BOOTSTRAP": "b1:9092, b2:9092",
    "KAIWA_ISSUER": "https://issuer.example",
    "KAIWA_CLIENT_ID": "one, two",
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in NEEDED.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_all_that_is_wrong_is_told_at_once_by_the_names_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAIWA_LOG_LEVEL", "loud")
    monkeypatch.setenv("KAIWA_HEALTH_PORT", "70000")
    with pytest.raises(SettingsError) as caught:
        load(Everything)
    text = str(caught.value)
    assert "KAIWA_KAFKA_BOOTSTRAP is missing: host:port" in text
    assert "KAIWA_ISSUER is missing" in text
    assert "KAIWA_CLIENT_ID is missing" in text
    assert "KAIWA_LOG_LEVEL is wrong: Input should be 'debug'" in text
    assert "KAIWA_HEALTH_PORT is wrong" in text


def test_a_secret_may_come_from_a_file_and_the_environment_wins(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    environment.setenv("KAIWA_SECRETS_DIR", str(tmp_path))
    (tmp_path / "kaiwa_access_key_id").write_text("from a file\n")
    (tmp_path / "kaiwa_secret_access_key").write_text("hunter2\n")
    (tmp_path / "another").write_text("not ours")
    environment.setenv("KAIWA_ACCESS_KEY_ID", "AKID")
    settings = load(Everything)
    assert settings.access_key_id == "AKID"
    assert settings.secret_access_key
    assert settings.secret_access_key.get_secret_value() == "hunter2"


def test_a_folder_of_secrets_that_is_not_there_is_told(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    environment.setenv("KAIWA_SECRETS_DIR", str(tmp_path / "gone"))
    with pytest.raises(SettingsError, match=r"KAIWA_SECRETS_DIR is wrong: .*gone is no folder"):
        load(Everything)


def test_lists_are_split(environment: pytest.MonkeyPatch) -> None:
    settings = load(Everything)
    assert settings.bootstrap_servers == ["b1:9092", "b2:9092"]
    assert settings.client_ids == ("one", "two")


def test_secrets_are_masked_and_settings_are_frozen(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("KAIWA_ACCESS_KEY_ID", "AKID")
    environment.setenv("KAIWA_SECRET_ACCESS_KEY", "hunter2")
    settings = load(Everything)
    assert "hunter2" not in f"{settings!r} {masked(settings)}"
    with pytest.raises(ValidationError):
        settings.table = "other"  # type: ignore[misc] # that is the point


def test_sasl_without_a_name_or_password_is_told(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("KAIWA_KAFKA_SECURITY_PROTOCOL", "SASL_SSL")
    with pytest.raises(SettingsError, match="SASL needs KAIWA_KAFKA_SASL_USERNAME"):
        load(Everything)


def test_sasl_over_tls_reaches_aiokafka(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("KAIWA_KAFKA_SECURITY_PROTOCOL", "SASL_SSL")
    environment.setenv("KAIWA_KAFKA_SASL_USERNAME", "kaiwa")
    environment.setenv("KAIWA_KAFKA_SASL_PASSWORD", "hunter2")
    arguments = load(Everything).aiokafka()
    assert arguments["ssl_context"] is not None
    assert arguments["sasl_mechanism"] == "SCRAM-SHA-512"
    assert (arguments["sasl_plain_username"], arguments["sasl_plain_password"]) == ("kaiwa", "hunter2")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KAIWA_KAFKA_BOOTSTRAP", ","),
        ("KAIWA_KAFKA_CA_FILE", "/nope"),
        ("KAIWA_DYNAMODB_ENDPOINT", "localhost:8000"),
        ("KAIWA_REGION", "eu west 1"),
        ("KAIWA_ISSUER", "foo"),
        ("KAIWA_JWKS_URL", "foo"),
        ("KAIWA_CLIENT_ID", ","),
        ("KAIWA_TOKEN_USE", "access"),
    ],
)
def test_a_wrong_setting_names_itself(environment: pytest.MonkeyPatch, name: str, value: str) -> None:
    environment.setenv(name, value)
    with pytest.raises(SettingsError, match=f"{name} is wrong"):
        load(Everything)


def test_half_an_access_key_is_told(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("KAIWA_ACCESS_KEY_ID", "AKID")
    with pytest.raises(SettingsError, match="set both of KAIWA_ACCESS_KEY_ID and KAIWA_SECRET_ACCESS_KEY"):
        load(Everything)
