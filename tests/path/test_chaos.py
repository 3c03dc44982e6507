"""A short, fixed selection of the fault bench: what is acked is kept whatever is killed, paused or fooled."""

import asyncio
from pathlib import Path

import pytest

from tests.chaos.faults.crowds import Vanish
from tests.chaos.faults.poison import Poison
from tests.chaos.faults.processes import Kill, Stop
from tests.chaos.faults.table import Conflicting, LosingAnswers
from tests.chaos.run import Size, run
from tests.chaos.schedule import Plan

pytestmark = [pytest.mark.engine, pytest.mark.timeout(400)]


async def test_nothing_acked_is_lost_doubled_or_out_of_order_whatever_is_killed(tmp_path: Path) -> None:
    faults = [
        Kill("persistence"),
        LosingAnswers(4.0),
        Kill("fanout"),
        Poison(),
        Kill("gateway-1"),
        Vanish(),
        Conflicting(3.0),
        Stop("presence", 2.0),
    ]
    size = Size(rooms=8, rate=40.0, calm_s=0.0)
    outcome = await run(tmp_path / "chaos", Plan(seed=5), size, lambda _done, _text: None, asyncio.Event(), faults)
    assert [str(one) for one in outcome.violations] == []
    assert outcome.acked > 100
    assert outcome.not_done == []
