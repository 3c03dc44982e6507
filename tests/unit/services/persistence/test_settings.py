"""Settings of the process, from the environment."""

import pytest

from chassis.settings import SettingsError, load
from services.persistence.settings import PersistenceSettings


@pytest.fixture(autouse=True)
def _kafka(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAIWA_KAFKA_BOOTSTRAP", "localhost:9092")


def test_the_defaults_are_the_specifications() -> None:
    rules = load(PersistenceSettings).rules
    assert (rules.participants_most, rules.verification_message) == (1_000, "本人確認が必要です")


def test_a_site_may_set_the_text_and_the_number_of_people(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAIWA_VERIFICATION_MESSAGE", "Please verify")
    monkeypatch.setenv("KAIWA_PARTICIPANTS_MOST", "5000")
    rules = load(PersistenceSettings).rules
    assert (rules.participants_most, rules.verification_message) == (5_000, "Please verify")


def test_more_than_five_thousand_people_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAIWA_PARTICIPANTS_MOST", "5001")
    with pytest.raises(SettingsError, match="KAIWA_PARTICIPANTS_MOST"):
        load(PersistenceSettings)
