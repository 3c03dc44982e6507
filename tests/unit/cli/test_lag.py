from __future__ import annotations

import uuid
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from cli.lag import Lag, lags

pytestmark = pytest.mark.engine


async def test_a_group_is_behind_by_what_it_has_not_committed(engines: Any) -> None:
    bootstrap, name = engines.kafka.bootstrap, f"lag-{uuid.uuid4().hex}"
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(name, num_partitions=2, replication_factor=1)])
    await admin.close()
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
        for partition in (0, 0, 0, 1):
            await producer.send_and_wait(name, b"x", partition=partition)
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=name, enable_auto_commit=False) as consumer:
        consumer.assign([TopicPartition(name, 0), TopicPartition(name, 1)])
        await consumer.commit({TopicPartition(name, 0): 1, TopicPartition(name, 1): 1})
    assert Lag(group=name, topic=name, records=2) in await lags(bootstrap)
