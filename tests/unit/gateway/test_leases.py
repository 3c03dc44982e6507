import asyncio
from typing import Any

import pytest
from prometheus_client import REGISTRY

from chassis.health import Health
from chassis.publisher import PublishFailed
from contracts.gateways import LeaseRenewed, Stopped
from contracts.topics import GATEWAYS
from gateway.epochs import Epochs
from gateway.leases import Lease, Superseded
from gateway.metrics import LEASE_RENEWED
from tests.waiting import eventually


class Publishes:
    """A publisher that fails as often as it is told to."""

    def __init__(self) -> None:
        self.failures = 0
        self.events: list[Any] = []

    async def publish(self, messages: Any) -> None:
        if self.failures:
            self.failures -= 1
            raise PublishFailed("away")
        self.events += [GATEWAYS.decode(message.value) for message in messages]


class Held:
    """A lease on a fake publisher."""

    def __init__(self) -> None:
        self.publisher, self.epochs, self.health = Publishes(), Epochs(), Health()
        self.health.started()
        self.lease = Lease(
            gateway_id="gateway-1",
            publisher=self.publisher,  # type: ignore[arg-type]
            epochs=self.epochs,
            health=self.health,
            interval_s=0.01,
            wall_ms=lambda: 0,
        )
        self.lease.address = "http://a/prod"
        self.task = asyncio.create_task(self.lease.run())

    def read(self, event: Any) -> None:
        self.lease.watch(event)
        self.epochs.apply(event, 0)

    async def end(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


def renewed(epoch: str) -> LeaseRenewed:
    return LeaseRenewed(event_id="e", occurred_at="t", gateway_id="gateway-1", epoch=epoch, address="http://b/prod")


async def test_it_is_not_ready_before_the_lease_is_in_the_log() -> None:
    held = Held()
    assert not held.health.ready
    await eventually(lambda: held.health.ready, every_s=0.005)
    assert held.publisher.events[0].epoch == held.lease.epoch
    assert held.publisher.events[0].address == "http://a/prod"
    await eventually(lambda: len(held.publisher.events) > 3, every_s=0.005)
    await held.end()


async def test_a_renewal_that_fails_is_tried_again() -> None:
    held = Held()
    held.publisher.failures = 3
    await eventually(lambda: held.health.ready, every_s=0.005)
    await held.end()


async def test_its_own_lapse_begins_another_epoch_and_another_s_does_not() -> None:
    held = Held()
    await eventually(lambda: held.health.ready, every_s=0.005)
    before = held.lease.epoch
    assert not held.lease.lapsed("ffffffff")
    assert held.lease.epoch == before
    assert held.lease.lapsed(before)
    assert held.lease.epoch != before
    assert not held.health.ready
    assert not held.lease.lapsed(before)
    await eventually(lambda: held.health.ready, every_s=0.005)
    await held.end()


async def test_an_earlier_process_s_renewals_are_no_rivals() -> None:
    held = Held()
    held.read(renewed("00000001"))
    held.read(renewed(held.lease.epoch))
    held.read(renewed("00000001"))
    await eventually(lambda: held.health.ready, every_s=0.005)
    await held.end()


async def test_a_later_process_under_the_same_name_ends_this_one() -> None:
    held = Held()
    held.read(renewed(held.lease.epoch))
    held.read(renewed("00000002"))
    with pytest.raises(Superseded, match="KAIWA_GATEWAY_ID"):
        await asyncio.wait_for(held.task, 5)


async def test_stopped_names_the_epoch() -> None:
    held = Held()
    await held.lease.stopped()
    ended = [event for event in held.publisher.events if isinstance(event, Stopped)]
    assert [(event.gateway_id, event.epoch) for event in ended] == [("gateway-1", held.lease.epoch)]
    await held.end()


async def test_only_a_renewal_that_kafka_took_counts_as_one() -> None:
    def taken() -> float:
        return REGISTRY.get_sample_value("kaiwa_gateway_lease_renewed_timestamp_seconds") or 0.0

    LEASE_RENEWED.set(0)
    held = Held()
    held.publisher.failures = 1_000_000
    await eventually(lambda: held.publisher.failures < 999_998, every_s=0.005)
    assert taken() == 0
    held.publisher.failures = 0
    await eventually(lambda: taken() > 0, every_s=0.005)
    await held.end()
