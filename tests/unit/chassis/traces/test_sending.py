import asyncio
from typing import Any

import pytest

from chassis.publisher import Publisher, PublishFailed
from chassis.records import Outgoing
from chassis.settings import KafkaSettings
from chassis.traces.sending import acknowledged
from tests.doubles.traces import Kept, carried, is_under, said, traceparent

SETTINGS = KafkaSettings(kafka_bootstrap="127.0.0.1:1")
UNRECORDED = (("traceparent", b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"),)


def enqueued(publisher: Publisher, message: Outgoing) -> Any:
    future = publisher.enqueue(message)
    pending = next(iter(publisher._unresolved.values()))
    assert pending.future is future
    return pending


async def test_a_record_of_a_recorded_trace_carries_the_step_that_sends_it() -> None:
    kept = Kept()
    root = kept.root()
    publisher = Publisher(SETTINGS, name="test", traces=kept.traces)
    pending = enqueued(
        publisher, Outgoing("chat.rooms", "lobby", b"secret words", (("traceparent", root.traceparent),))
    )
    await publisher.stop(limit_s=0)
    sent = kept.one("send chat.rooms")
    assert is_under(sent, root.traceparent)
    assert carried(pending.message.headers) == traceparent(sent)
    assert said(sent)["error.type"] == PublishFailed.code


@pytest.mark.parametrize("headers", [UNRECORDED, ()])
async def test_other_records_go_as_they_are(headers: Any) -> None:
    kept = Kept()
    publisher = Publisher(SETTINGS, name="test", traces=kept.traces)
    message = Outgoing("chat.rooms", "lobby", b"v", headers)
    assert enqueued(publisher, message).message is message
    await publisher.stop(limit_s=0)
    assert kept.spans == []


async def test_an_acknowledgement_says_where_the_record_stands() -> None:
    from chassis.publisher import Position

    kept = Kept()
    span = kept.root()
    acknowledged(span, Position("chat.rooms", 3, 17, 0))
    assert said(kept.one("root")) == {"messaging.destination.partition.id": "3", "messaging.kafka.offset": 17}


async def test_a_publisher_without_traces_leaves_every_header_alone() -> None:
    headers = (("traceparent", Kept().root().traceparent),)
    publisher = Publisher(SETTINGS, name="test")
    assert enqueued(publisher, Outgoing("chat.rooms", "lobby", b"v", headers)).message.headers is headers
    await asyncio.gather(publisher.stop(limit_s=0))
