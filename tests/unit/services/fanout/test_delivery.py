"""What one routed batch still waits for."""

import asyncio

import pytest

from chassis.batches import Revoked
from chassis.records import Outgoing
from services.fanout.delivery import Delivery

REPORT = Outgoing("chat.deliveries", "lobby", b"{}")


async def test_a_delivery_is_done_when_it_is_sealed_and_every_push_is_settled() -> None:
    delivery = Delivery(0)
    delivery.expect()
    delivery.expect()
    waiting = asyncio.create_task(delivery.wait())
    delivery.settle(2, [REPORT])
    await asyncio.sleep(0)
    assert not delivery.done
    delivery.seal()
    assert await waiting == [REPORT]


async def test_a_delivery_without_pushes_is_done_when_it_is_sealed() -> None:
    delivery = Delivery(0)
    delivery.seal()
    assert await delivery.wait() == []


async def test_an_abandoned_delivery_is_revoked_for_who_waits_and_who_comes_later() -> None:
    delivery = Delivery(0)
    waiting = asyncio.create_task(delivery.wait())
    await asyncio.sleep(0)
    delivery.abandon()
    with pytest.raises(Revoked):
        await waiting
    with pytest.raises(Revoked):
        await delivery.wait()


def test_what_is_done_cannot_be_abandoned() -> None:
    ended: list[Delivery] = []
    delivery = Delivery(0, on_done=ended.append)
    delivery.seal()
    delivery.abandon()
    assert not delivery.abandoned
    assert ended == [delivery]


def test_answers_after_the_end_are_ignored() -> None:
    delivery = Delivery(0)
    delivery.expect()
    delivery.abandon()
    delivery.settle(1, [REPORT])
    assert delivery.reports == []
