import pytest

from chassis.settings import SettingsError, load
from services.presence.settings import PresenceSettings
from tests.unit.services.presence.log import settings


def test_the_defaults_are_those_of_the_specification() -> None:
    found = PresenceSettings(kafka_bootstrap="h:1")
    assert found.connections_per_user == 20
    assert found.offline_grace_s == 5.0
    assert (found.tick_interval_s, found.ticks_to_lapse) == (5.0, 9)


def test_a_crashed_gateway_is_noticed_within_60_seconds() -> None:
    found = PresenceSettings(kafka_bootstrap="h:1")
    last_renewal_before_the_crash = found.tick_interval_s
    assert last_renewal_before_the_crash + found.ticks_to_lapse * found.tick_interval_s + found.retire_delay_s < 60.0


def test_all_that_is_wrong_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAIWA_CONNECTIONS_PER_USER", "0")
    monkeypatch.setenv("KAIWA_TICKS_TO_LAPSE", "1")
    with pytest.raises(SettingsError) as wrong:
        load(PresenceSettings)
    assert all(name in str(wrong.value) for name in ("CONNECTIONS_PER_USER", "TICKS_TO_LAPSE", "KAFKA_BOOTSTRAP"))


def test_tests_may_be_impatient() -> None:
    assert settings().offline_grace_s == 0.0
