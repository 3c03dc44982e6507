"""A consumer ends within its limit, whatever it waits for."""

import asyncio

from aiokafka.errors import KafkaConnectionError

from chassis.consumers import stop_consumer


class Part:
    """Of a consumer: its fetcher, or its client."""

    def __init__(self) -> None:
        self.closed = False

    async def close(self) -> None:
        self.closed = True


class Consumer:
    """Waits for ever in `stop`, or ends as told."""

    def __init__(self, *, ends: bool = False, error: Exception | None = None) -> None:
        self.ends, self.error = ends, error
        self._fetcher, self._client = Part(), Part()

    async def stop(self) -> None:
        if self.error is not None:
            raise self.error
        if not self.ends:
            await asyncio.Event().wait()
        await self._client.close()

    @property
    def connections_closed(self) -> bool:
        return self._client.closed


async def test_a_consumer_that_waits_for_ever_is_cut_off() -> None:
    consumer = Consumer()
    await stop_consumer(consumer, limit_s=0.01)
    assert consumer.connections_closed


async def test_a_consumer_that_fails_at_its_end_is_cut_off() -> None:
    consumer = Consumer(error=KafkaConnectionError("the broker is away"))
    await stop_consumer(consumer)
    assert consumer.connections_closed


async def test_a_consumer_that_ends_is_left_alone() -> None:
    consumer = Consumer(ends=True)
    await stop_consumer(consumer)
    assert consumer.connections_closed
    assert not consumer._fetcher.closed
