"""The road to one epoch: order, repetition, giving up, and closing what has a hole (spec 6)."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from prometheus_client import REGISTRY

from chassis.records import Outgoing
from services.fanout.delivery import Delivery
from services.fanout.gateway_queue import QueueLimits
from services.fanout.gateways import Gateways
from services.fanout.locations import Locations
from services.fanout.push import Pusher
from services.fanout.push_client import EpochOver, NoAnswer, PushRefused
from tests.unit.services.fanout import given
from tests.unit.services.fanout.gateway import Gateway
from tests.waiting import Eventually

NextRoad = Callable[..., "Road"]


class Road:
    """A pusher that runs, the gateway at its end, and the view it forgets in."""

    def __init__(self, *, limits: QueueLimits, away_s: float, gateways: Gateways) -> None:
        self.gateway = Gateway()
        self.locations = Locations()
        self.gateways = gateways
        self.reported: list[Outgoing] = []
        self.log_answers = True
        self.pusher = Pusher(
            given.KEY,
            worker_id="w",
            gateways=gateways,
            client=self.gateway,
            limits=limits,
            away_s=away_s,
            forget=self.locations.forget,
            report=self.reported.extend,
            catch_up=self.catch_up,
        )
        self.gateways.on_change(lambda _key: self.pusher.changed())
        self.task = asyncio.create_task(self.pusher.run())

    async def catch_up(self) -> None:
        if not self.log_answers:
            raise TimeoutError

    def push(self, message_id: str, name: str = "a", *, durable: bool = True) -> Delivery:
        delivery = Delivery(0)
        self.pusher.push(given.item(name, delivery=delivery, message_id=message_id, durable=durable))
        delivery.seal()
        return delivery


@pytest.fixture
async def road() -> AsyncIterator[NextRoad]:
    made: list[Road] = []

    def make(*, away_s: float = 30.0, limits: QueueLimits | None = None, gateways: Gateways | None = None) -> Road:
        made.append(
            Road(
                limits=limits or QueueLimits(),
                away_s=away_s,
                gateways=given.known_gateways(given.KEY) if gateways is None else gateways,
            )
        )
        return made[-1]

    yield make
    for one in made:
        one.task.cancel()
    await asyncio.gather(*(one.task for one in made), return_exceptions=True)


async def test_a_push_names_gateway_epoch_worker_and_number(road: NextRoad) -> None:
    one = road()
    await one.push("m1").wait()
    await one.push("m2").wait()
    first, second = one.gateway.requests
    assert (first.gateway_id, first.epoch, first.worker_id, first.number) == (*given.KEY, "w", 1)
    assert second.number == 2
    assert one.gateway.addresses[0] == "http://gateway-1/prod"
    assert first.pushes[0].connection_ids == (given.connection_id("a"),)


async def test_one_request_is_under_way_and_what_queues_up_is_the_next(road: NextRoad, eventually: Eventually) -> None:
    one = road()
    one.gateway.gate.clear()
    deliveries = [one.push("m1")]
    await eventually(lambda: len(one.gateway.requests) == 1)
    deliveries += [one.push(f"m{number}") for number in range(2, 6)]
    one.gateway.gate.set()
    for delivery in deliveries:
        await delivery.wait()
    assert [len(request.pushes) for request in one.gateway.requests] == [1, 4]
    assert one.gateway.pushed == ["m1", "m2", "m3", "m4", "m5"]


async def test_a_request_without_an_answer_is_sent_again_with_the_same_number(road: NextRoad) -> None:
    one = road()
    one.gateway.errors = [NoAnswer("lost"), NoAnswer("lost")]
    await one.push("m1").wait()
    assert [request.number for request in one.gateway.requests] == [1, 1, 1]
    assert one.gateway.requests[0] == one.gateway.requests[2]


async def test_a_gateway_away_too_long_is_given_up_and_its_connections_are_closed_first(
    road: NextRoad, eventually: Eventually
) -> None:
    one = road(away_s=0.2)
    one.locations.apply(given.presence("alice", 1, given.socket("a")), 0)
    one.gateway.silent = True
    dropped = await one.push("m1").wait()
    pushed, order = given.values(dropped)
    assert pushed["dropped"] == [given.connection_id("a")]
    assert (order["type"], order["connectionId"], order["code"]) == ("closeConnection", given.connection_id("a"), 4408)
    assert len(one.locations) == 0
    await one.push("m2", "b").wait()
    before = len(one.gateway.requests)
    one.gateway.silent = False
    await eventually(lambda: len(one.gateway.requests) > before and one.gateway.requests[-1].close)
    await one.pusher.drained()
    through = one.gateway.requests[-1]
    assert set(through.close) == {given.connection_id("a"), given.connection_id("b")}
    assert through.pushes == ()
    await one.push("m3", "c").wait()
    assert one.gateway.requests[-1].close == ()
    assert one.gateway.requests[-1].number > through.number


async def test_while_a_gateway_is_away_batches_do_not_wait_for_it(road: NextRoad) -> None:
    one = road(away_s=0.1)
    one.gateway.silent = True
    await one.push("m1").wait()
    later = one.push("m2")
    assert later.done


async def test_an_overflowing_queue_is_dropped_and_its_connections_are_closed(
    road: NextRoad, eventually: Eventually
) -> None:
    one = road(limits=QueueLimits(pushes=2))
    one.gateway.gate.clear()
    first = one.push("m1", "a")
    await eventually(lambda: len(one.gateway.requests) == 1)
    dropped = [one.push("m2", "b"), one.push("m3", "c"), one.push("m4", "d")]
    assert all(delivery.done for delivery in dropped)
    assert not first.done
    one.gateway.gate.set()
    await first.wait()
    await one.pusher.drained()
    assert one.gateway.pushed == ["m1"]
    assert set(one.gateway.requests[-1].close) == {given.connection_id(name) for name in "bcd"}


async def test_nobody_is_closed_for_a_lost_typing_notice(road: NextRoad) -> None:
    one = road(away_s=0.1)
    one.gateway.silent = True
    await one.push("t", durable=False).wait()
    one.gateway.silent = False
    await one.pusher.drained()
    assert all(request.close == () for request in one.gateway.requests)


async def test_a_gone_connection_is_retired(road: NextRoad) -> None:
    one = road()
    one.locations.apply(given.presence("alice", 1, given.socket("a"), given.socket("b")), 0)
    one.gateway.gone = frozenset({given.connection_id("a")})
    reports = given.values(await one.push("m1").wait())
    assert {event["type"] for event in reports} == {"pushed", "retired"}
    assert len(one.locations) == 1


async def test_another_epoch_s_answer_ends_this_one(road: NextRoad) -> None:
    one = road()
    one.gateway.errors = [EpochOver()]
    ended: list[object] = []
    one.gateways.on_change(ended.append)
    one.gateways.on_change(lambda _key: one.pusher.end())
    assert await one.push("m1").wait() == []
    assert ended == [given.KEY]
    assert one.gateways.has_ended(given.KEY)


async def test_what_waits_for_an_epoch_that_ends_is_settled(road: NextRoad, eventually: Eventually) -> None:
    one = road()
    one.gateway.gate.clear()
    deliveries = [one.push("m1"), one.push("m2")]
    await eventually(lambda: one.gateway.requests)
    deliveries.append(one.push("m3"))
    one.pusher.end()
    assert all(delivery.done for delivery in deliveries)


async def test_a_request_that_is_refused_for_good_is_not_repeated(road: NextRoad) -> None:
    one = road()
    one.gateway.errors = [PushRefused("too large")]
    (report,) = given.values(await one.push("m1").wait())
    assert report["dropped"] == [given.connection_id("a")]
    await one.pusher.drained()
    assert [(request.number, len(request.pushes)) for request in one.gateway.requests] == [(1, 1), (2, 0)]


async def test_an_epoch_whose_lease_is_not_read_yet_is_waited_for(road: NextRoad) -> None:
    gateways = Gateways()
    one = road(gateways=gateways)
    delivery = one.push("m1")
    await asyncio.sleep(0)
    assert one.gateway.requests == []
    gateways.apply(given.lease(given.KEY))
    await delivery.wait()
    assert one.gateway.pushed == ["m1"]


async def test_an_abandoned_push_is_not_repeated(road: NextRoad, eventually: Eventually) -> None:
    one = road()
    one.gateway.silent = True
    delivery = one.push("m1")
    await eventually(lambda: one.gateway.requests)
    queued = one.push("m2")
    for lost in (delivery, queued):
        lost.abandon()
    one.pusher.drop_abandoned()
    one.gateway.silent = False
    await one.pusher.drained()
    await one.push("m3").wait()
    assert one.gateway.pushed[-1] == "m3"
    assert "m2" not in one.gateway.pushed


async def test_a_connection_is_closed_on_demand(road: NextRoad) -> None:
    one = road()
    one.pusher.close(given.connection_id("a"))
    await one.pusher.drained()
    assert one.gateway.requests[0].close == (given.connection_id("a"),)


async def test_an_epoch_that_the_log_does_not_know_has_ended(road: NextRoad, eventually: Eventually) -> None:
    one = road(away_s=0.1, gateways=Gateways())
    one.gateway.silent = True
    await one.push("m1").wait()
    await eventually(lambda: one.gateways.has_ended(given.KEY))


async def test_an_epoch_is_not_called_over_while_the_log_does_not_answer(
    road: NextRoad, eventually: Eventually
) -> None:
    one = road(away_s=0.1, gateways=Gateways())
    one.log_answers = False
    await one.push("m1").wait()
    await one.push("m2").wait()
    assert not one.gateways.has_ended(given.KEY)


async def test_a_gateway_that_refuses_one_request_gets_the_next(road: NextRoad) -> None:
    one = road()
    one.gateway.gate.clear()
    one.gateway.errors = [PushRefused("400")]
    refused = one.push("m1")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    queued = one.push("m2", "b")
    one.gateway.gate.set()
    await refused.wait()
    await queued.wait()
    assert one.gateway.pushed == ["m1", "m2"]
    assert one.gateway.requests[-1].close == (given.connection_id("a"),)


async def test_who_is_found_gone_by_a_push_whose_partition_has_gone_is_told_all_the_same(
    road: NextRoad, eventually: Eventually
) -> None:
    one = road()
    one.locations.apply(given.presence("alice", 1, given.socket("a")), 0)
    one.gateway.gone = frozenset({given.connection_id("a")})
    one.gateway.gate.clear()
    delivery = one.push("m1")
    await eventually(lambda: one.gateway.requests)
    delivery.abandon()
    one.gateway.gate.set()
    await eventually(lambda: one.reported)
    (retired,) = given.values(one.reported)
    assert (retired["type"], retired["connectionId"]) == ("retired", given.connection_id("a"))


async def test_of_a_gateway_whose_epoch_is_over_no_metric_is_left(road: NextRoad) -> None:
    one = road()
    await one.push("m1").wait()
    assert shown(given.KEY.gateway_id)
    one.gateways.end(given.KEY)
    one.pusher.end()
    one.pusher._gauge()
    assert not shown(given.KEY.gateway_id)


def shown(gateway: str) -> set[str]:
    families = REGISTRY.collect()
    return {s.name for family in families for s in family.samples if s.labels.get("gateway") == gateway}
