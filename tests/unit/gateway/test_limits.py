import pytest

from contracts.close_codes import ABNORMAL, GOING_AWAY, TOKEN_EXPIRED
from gateway.limits import Breach, Life, TimeLimits, verdict

LIMITS = TimeLimits(idle_s=600, duration_s=7200, expiry_grace_s=30, ping_interval_s=25, pong_timeout_s=20)


def life(**changes: float | None) -> Life:
    values: dict[str, float | None] = {
        "opened_s": 0.0,
        "active_s": 0.0,
        "heard_s": 0.0,
        "expires_s": None,
        "pinged_s": None,
        "next_ping_s": 25.0,
    }
    return Life(**{**values, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "now", "expected"),
    [
        ({}, 24.9, 25.0),
        ({}, 25.0, "ping"),
        ({"next_ping_s": 9999.0}, 599.9, 600.0),
        ({"next_ping_s": 9999.0}, 600.0, Breach("idle_s", GOING_AWAY)),
        ({"next_ping_s": 9999.0, "active_s": 500.0}, 600.0, 1100.0),
        ({"next_ping_s": 9999.0, "active_s": 7100.0}, 7200.0, Breach("duration_s", GOING_AWAY)),
        ({"expires_s": 0.0}, 10.0, 25.0),
        ({"expires_s": 0.0, "next_ping_s": 50.0}, 29.9, 30.0),
        ({"expires_s": 0.0}, 30.0, Breach("expiry_grace_s", TOKEN_EXPIRED)),
        ({"pinged_s": 25.0, "next_ping_s": 50.0}, 44.9, 45.0),
        ({"pinged_s": 25.0, "next_ping_s": 50.0}, 45.0, Breach("pong_timeout_s", ABNORMAL)),
        ({"pinged_s": 25.0, "next_ping_s": 50.0, "heard_s": 25.1}, 45.0, 50.0),
        ({"pinged_s": 25.0, "next_ping_s": 50.0, "heard_s": 25.1}, 50.0, "ping"),
    ],
)
def test_what_is_due(changes: dict[str, float | None], now: float, expected: Breach | float | str) -> None:
    assert verdict(life(**changes), LIMITS, now) == expected
