"""Records that are bad in themselves, in each topic that a service reads."""

import json

from aiokafka import AIOKafkaProducer

from contracts.topics import CONNECTIONS, CONTROLS, GATEWAYS, PRESENCE, ROOMS, SIGNALS, SUBMISSIONS, USERS
from tests.chaos.faults.fault import Fault, Stage

READ = (SUBMISSIONS, ROOMS, USERS, CONNECTIONS, PRESENCE, GATEWAYS, CONTROLS, SIGNALS)
_ENVELOPE = {"version": 1, "eventId": "poison", "occurredAt": "2025-01-01T00:00:00.000Z"}
VALUES: tuple[bytes | None, ...] = (
    b"",
    b"\xff\xfe not json",
    b"[]",
    b'{"type":"sendMessage","version":1}',
    json.dumps({"type": "neverHeardOf", **_ENVELOPE}).encode(),
    b"{" * 10_000,
    None,
)


class Poison(Fault):
    """Several of them into each topic, under keys of rooms that are in use."""

    name = "poison"

    async def begin(self, stage: Stage) -> None:
        bootstrap = stage.cluster.described["kafkaBootstrap"]
        async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all") as producer:
            for topic in READ:
                for value in VALUES:
                    key = b"poison-%d" % stage.dice.randrange(1000)
                    if value is None and topic.compacted:
                        continue  # A tombstone is a deletion there, and no poison.
                    await producer.send_and_wait(topic.name, value, key=key)
