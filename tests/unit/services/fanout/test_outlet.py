"""All roads out: no gateway delays another, and what has ended is not waited for."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from services.fanout.delivery import Delivery
from services.fanout.gateway_queue import QueueLimits
from services.fanout.gateways import Gateways
from services.fanout.outlet import Outlet
from services.fanout.push import Pusher
from services.fanout.route import EpochKey
from tests.unit.services.fanout import given
from tests.unit.services.fanout.gateway import Gateway


async def _never() -> None:
    await asyncio.Event().wait()


class Roads:
    """An outlet to two gateways."""

    def __init__(self) -> None:
        self.gateways: Gateways = given.known_gateways(given.KEY, given.OTHER)
        self.ends = {given.KEY: Gateway(), given.OTHER: Gateway()}
        self.outlet = Outlet(self.gateways, self._pusher)

    def _pusher(self, key: EpochKey) -> Pusher:
        return Pusher(
            key,
            worker_id="w",
            gateways=self.gateways,
            client=self.ends[key],
            limits=QueueLimits(),
            away_s=30.0,
            forget=lambda _connection_id: None,
            report=lambda _messages: None,
            catch_up=_never,
        )

    def push(self, key: EpochKey, message_id: str) -> Delivery:
        delivery = Delivery(0)
        self.outlet.push(key, given.item("a", delivery=delivery, message_id=message_id))
        delivery.seal()
        return delivery


@pytest.fixture
async def roads() -> AsyncIterator[Roads]:
    made = Roads()
    yield made
    await made.outlet.stop(0.0)


async def test_a_stalled_gateway_does_not_delay_another(roads: Roads) -> None:
    roads.ends[given.KEY].gate.clear()
    stalled = roads.push(given.KEY, "m1")
    await roads.push(given.OTHER, "m1").wait()
    assert not stalled.done
    roads.ends[given.KEY].gate.set()
    await stalled.wait()


async def test_a_push_to_an_epoch_that_has_ended_is_settled_at_once(roads: Roads) -> None:
    roads.gateways.end(given.KEY)
    assert roads.push(given.KEY, "m1").done
    roads.outlet.close(given.KEY, given.connection_id("a"))
    assert roads.ends[given.KEY].requests == []


async def test_what_is_under_way_when_an_epoch_ends_is_settled(roads: Roads) -> None:
    roads.ends[given.KEY].gate.clear()
    delivery = roads.push(given.KEY, "m1")
    await asyncio.sleep(0)
    roads.gateways.end(given.KEY)
    assert delivery.done


async def test_at_the_end_what_is_queued_gets_a_moment_to_arrive(roads: Roads) -> None:
    roads.push(given.KEY, "m1")
    roads.outlet.close(given.OTHER, given.connection_id("b"))
    await roads.outlet.stop(5.0)
    assert roads.ends[given.KEY].pushed == ["m1"]
    assert roads.ends[given.OTHER].requests[0].close == (given.connection_id("b"),)


async def test_a_road_that_breaks_is_told() -> None:
    def broken(_key: EpochKey) -> Pusher:
        pusher = roads._pusher(given.KEY)
        pusher.run = explode  # type: ignore[method-assign]
        return pusher

    async def explode() -> None:
        raise RuntimeError("a bug")

    roads = Roads()
    roads.outlet = Outlet(roads.gateways, broken)
    roads.push(given.KEY, "m1")
    with pytest.raises(RuntimeError, match="a bug"):
        await roads.outlet.watch()
    await roads.outlet.stop(0.0)
