"""The life of a process: its stop, and its exit codes."""

from typing import Any

import pytest

from chassis import garbage
from chassis.health import Health
from chassis.process import Stop, main
from chassis.settings import ObservabilitySettings, SettingsError


@pytest.fixture(autouse=True)
def settled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """How often the collector was told that the start is over; the test's own process keeps its collector."""
    told: list[str] = []
    monkeypatch.setattr(garbage, "settled", lambda: told.append("settled"))
    return told


class Quiet(ObservabilitySettings):
    """Settings of a process that does nothing."""


class Once:
    """Runs `outcome` and ends."""

    def __init__(self, outcome: BaseException | None) -> None:
        self._outcome = outcome

    async def run(self, stop: Stop) -> None:
        assert not stop.is_set()
        if self._outcome is not None:
            raise self._outcome


def exit_code(monkeypatch: pytest.MonkeyPatch, outcome: BaseException | None) -> int:
    monkeypatch.setenv("KAIWA_HEALTH_HOST", "127.0.0.1")
    monkeypatch.setenv("KAIWA_HEALTH_PORT", "0")

    def build(_settings: Any, health: Health) -> Once:
        assert not health.ready
        return Once(outcome)

    return main("quiet", Quiet, build)


def test_asking_once_stops_and_asking_again_hurries() -> None:
    stop = Stop()
    stop.ask()
    assert (stop.is_set(), stop.hurry.is_set()) == (True, False)
    stop.ask()
    assert stop.hurry.is_set()


@pytest.mark.parametrize(("outcome", "code"), [(None, 0), (ValueError("broken"), 1), (SettingsError("wrong"), 2)])
def test_the_exit_code_says_how_it_ended(
    monkeypatch: pytest.MonkeyPatch, outcome: BaseException | None, code: int
) -> None:
    assert exit_code(monkeypatch, outcome) == code


def test_the_collector_is_told_once_when_the_process_is_built(
    monkeypatch: pytest.MonkeyPatch, settled: list[str]
) -> None:
    assert exit_code(monkeypatch, None) == 0
    assert settled == ["settled"]


def test_wrong_settings_are_told_before_anything_starts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def build(_settings: Any, _health: Health) -> Once:
        raise AssertionError("built with wrong settings")

    monkeypatch.setenv("KAIWA_HEALTH_PORT", "many")
    assert main("quiet", Quiet, build) == 2
    assert "KAIWA_HEALTH_PORT" in capsys.readouterr().err
