"""Which faults come is told by the seed alone."""

import random
from itertools import islice

from tests.chaos.faults import catalog
from tests.chaos.faults.fault import Fault
from tests.chaos.schedule import described


def row(seed: int, count: int, longest_s: float = 20.0) -> list[Fault]:
    dice = random.Random(seed)
    return [catalog.drawn(dice, longest_s) for _ in range(count)]


def test_a_seed_draws_the_same_row_of_faults_each_time() -> None:
    one, other = ([(fault.name, described(fault)) for fault in row(7, 50)] for _ in range(2))
    assert one == other
    assert one != [(fault.name, described(fault)) for fault in row(8, 50)]


def test_every_fault_is_drawn_in_the_end_and_none_is_held_longer_than_asked() -> None:
    drawn = row(1, 2_000)
    # Kills of our processes and of the engines are drawn apart.
    assert len({fault.name for fault in drawn}) == len(catalog.WEIGHTED) - 1
    assert max(fault.hold_s for fault in drawn) <= 20.0
    assert max(fault.hold_s for fault in row(1, 2_000, 120.0)) == 120.0


def test_a_kill_is_of_every_process() -> None:
    dice = random.Random(1)
    targets = {fault.target for fault in islice((catalog.drawn_kill(dice) for _ in iter(int, 1)), 500)}
    assert targets == {*catalog.OURS, *catalog.ENGINES, ""}
