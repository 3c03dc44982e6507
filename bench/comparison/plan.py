"""How much is measured, so that all of it ends in time. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    """Seconds and counts."""

    rounds: int
    """Every system in turn, so many times: what the machine does meanwhile meets all of them."""
    task_s: float
    """How long one measurement lasts, about."""
    recipients: tuple[int, ...]
    """To how many a publication goes, rising."""
    rates: tuple[float, ...]
    """Publications a second to 100 connections."""
    idle: int
    """The largest number of idle connections."""
    path_rates: tuple[float, ...]
    """Messages a second through the whole path, to 100 connections."""

    fewest_at_a_rate: int
    """How many publications at least, however slowly they follow each other."""
    settle_s: float
    """How long idle connections rest before memory is read."""

    @property
    def compared(self) -> int:
        """The number of recipients of the figures that are compared."""
        return 100


FULL = Plan(
    rounds=3,
    task_s=2.0,
    recipients=(1, 10, 100, 1_000),
    rates=(20, 100, 500),
    idle=10_000,
    path_rates=(2, 10, 30),
    fewest_at_a_rate=20,
    settle_s=2.0,
)
QUICK = Plan(
    rounds=1,
    task_s=0.4,
    recipients=(1, 100),
    rates=(100,),
    idle=500,
    path_rates=(2, 10),
    fewest_at_a_rate=6,
    settle_s=0.5,
)

FEWEST, MOST = 20, 20_000


def publications(per_second: float, seconds: float, fewest: int = FEWEST) -> int:
    """How many last about that long, from what a few took."""
    return max(fewest, min(MOST, int(per_second * seconds)))


def bearable(rates: tuple[float, ...], most_per_second: float) -> tuple[float, ...]:
    """The rates that a system can hold: beyond two thirds of what it managed at most, only its queue is measured."""
    return tuple(rate for rate in rates if rate <= most_per_second * 2 / 3)
