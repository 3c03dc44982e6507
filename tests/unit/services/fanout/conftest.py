"""The worker that most tests of fan-out begin with."""

import pytest

from tests.unit.services.fanout import given
from tests.unit.services.fanout.worker_bench import Bench


@pytest.fixture
def bench() -> Bench:
    """It holds the partition of the lobby, where alice and bob are; bob is connected."""
    made = Bench()
    made.stored(0, "alice", "bob")
    made.site.holds()
    made.site.connect("bob", given.socket("b", "typing"))
    return made
