"""Settings of the process `fanout`."""

import pytest

from chassis.settings import SettingsError, load
from services.fanout.settings import FanoutSettings


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("KAIWA_ACCESS_KEY_ID", "KAIWA_SECRET_ACCESS_KEY", "KAIWA_PUSH_ACCESS_KEY_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KAIWA_KAFKA_BOOTSTRAP", "127.0.0.1:9092")
    return monkeypatch


def test_pushes_are_signed_with_the_table_s_key_unless_there_is_another(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("KAIWA_ACCESS_KEY_ID", "table")
    environment.setenv("KAIWA_SECRET_ACCESS_KEY", "s1")
    assert load(FanoutSettings).signing_key == ("table", "s1")
    environment.setenv("KAIWA_PUSH_ACCESS_KEY_ID", "push")
    environment.setenv("KAIWA_PUSH_SECRET_ACCESS_KEY", "s2")
    assert load(FanoutSettings).signing_key == ("push", "s2")


def test_a_key_is_needed_and_its_settings_are_named(environment: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match="KAIWA_PUSH_ACCESS_KEY_ID"):
        load(FanoutSettings)
    environment.setenv("KAIWA_PUSH_ACCESS_KEY_ID", "push")
    with pytest.raises(SettingsError, match="KAIWA_PUSH_SECRET_ACCESS_KEY"):
        load(FanoutSettings)
