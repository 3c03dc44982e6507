"""How far each thing is taken. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Each rising."""

    task_s: float
    """How long one measurement lasts, about."""
    recipients: tuple[int, ...]
    """Of one push at one gateway."""
    connections: tuple[int, ...]
    """At one gateway, of which 100 get each push. 20,000 open files are what a machine commonly allows."""
    rest_s: float
    """How long idle connections are watched."""
    crowd: int
    """Clients who come back at once."""
    rooms: tuple[int, ...]
    """Rooms of one person each; multiples of 100 above 100."""
    people: tuple[int, ...]
    """Of one room, all connected. A room may have 1,000, or 5,000 where a site allows it; each takes a profile."""
    quiet_s: float
    """How long quiet rooms are listened to."""
    gateways: tuple[int, ...]
    workers: tuple[int, ...]
    """Persistence and fan-out processes, each."""
    steady_s: float
    per_second: int
    """Messages, for the last two."""


FULL = Sizes(
    task_s=2.0,
    recipients=(1, 10, 100, 1_000, 5_000),
    connections=(100, 1_000, 5_000, 15_000),
    rest_s=20.0,
    crowd=5_000,
    rooms=(1, 10, 100, 1_000, 10_000),
    people=(1, 10, 100, 1_000),
    quiet_s=20.0,
    gateways=(1, 2, 4),
    workers=(1, 2, 4),
    steady_s=15.0,
    per_second=40,
)
QUICK = Sizes(
    task_s=0.4,
    recipients=(1, 100),
    connections=(100, 500),
    rest_s=2.0,
    crowd=200,
    rooms=(1, 100),
    people=(1, 50),
    quiet_s=3.0,
    gateways=(1, 2),
    workers=(1, 2),
    steady_s=3.0,
    per_second=20,
)
