from contracts.timestamps import epoch_ms
from services.presence.parts import wall_clock


def test_the_wall_clock_tells_times_as_events_have_them() -> None:
    assert wall_clock().endswith("Z")
    assert epoch_ms(wall_clock()) > 0
