"""Facts of a stretch of chat.rooms that is read beside the run loop: ahead of it, or behind the place of a takeover."""

from collections.abc import AsyncIterator
from contextlib import aclosing

from aiokafka import TopicPartition

from chassis.log_reader import Keep, Reader, Span
from chassis.records import Record
from contracts.envelope import ContractError
from contracts.facts import Fact
from contracts.topics import ROOMS


async def facts_in(reader: Reader, number: int, span: Span, keep: Keep | None = None) -> AsyncIterator[Fact]:
    """The facts that stand there in their room's order; what is bad in itself is passed over. Raises LogSilent."""
    async with aclosing(reader.records({TopicPartition(ROOMS.name, number): span}, keep=keep)) as batches:
        async for batch in batches:
            for record in batch:
                if (fact := _fact(record)) is not None:
                    yield fact


def _fact(record: Record) -> Fact | None:
    try:
        fact = ROOMS.decode(record.value)
    except ContractError:
        # Who routes it puts it aside.
        return None
    return fact if isinstance(fact, Fact) and record.key == fact.chat_room_id.encode() else None
