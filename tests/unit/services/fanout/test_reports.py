"""Outcomes that no batch waits for."""

import asyncio
from collections.abc import Sequence
from typing import cast

import pytest

from chassis.publisher import Publisher, PublishFailed
from chassis.records import Outgoing
from services.fanout import reports
from services.fanout.delivery import Delivery
from services.fanout.reports import Reports
from tests.waiting import Eventually


class Kafka:
    """Takes what is published, after some failures."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.got: list[Outgoing] = []

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        if self.failures:
            self.failures -= 1
            raise PublishFailed("away")
        self.got.extend(messages)


def report(number: int) -> Outgoing:
    return Outgoing("chat.deliveries", "lobby", b"%d" % number)


async def test_outcomes_are_published_when_kafka_is_back(eventually: Eventually) -> None:
    kafka, delivery = Kafka(failures=2), Delivery(0)
    delivery.settle(0, [report(1)])
    pending = Reports(cast(Publisher, kafka))
    pending.take(delivery)
    task = asyncio.create_task(pending.run())
    await eventually(lambda: kafka.got == [report(1)])
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_memory_is_bounded_and_the_oldest_go_first(
    monkeypatch: pytest.MonkeyPatch, eventually: Eventually
) -> None:
    monkeypatch.setattr(reports, "PENDING_MOST", 2)
    kafka = Kafka()
    pending = Reports(cast(Publisher, kafka))
    pending.add([report(1), report(2), report(3)])
    task = asyncio.create_task(pending.run())
    await eventually(lambda: kafka.got == [report(2), report(3)])
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
