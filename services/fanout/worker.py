"""The handler of the run loop: a batch of one room is routed at once, and done when every gateway has answered.

    batch ─▶ decode ─▶ people of the room (table and log, on first need) ─▶ dispatch ─▶ queues ─▶ answers ─▶ offsets

A process that dies anywhere here leaves the offsets where they were: its successor routes the rest again.
"""

import time
from collections.abc import Sequence

from chassis.batches import Handled
from chassis.items import row
from chassis.records import Headers, Outgoing, Record
from chassis.table import TablePort
from chassis.table_errors import TableError
from chassis.traces.port import Traces
from contracts import table as keys
from contracts.envelope import ContractError
from contracts.facts import Fact, RoomCreated
from contracts.headers import TRACEPARENT
from contracts.rows import RoomRow
from contracts.signals import Typing
from contracts.topics import ROOMS, SIGNALS
from services.fanout import metrics, tracing
from services.fanout.ahead import Ahead
from services.fanout.behind import Behind, asks_from
from services.fanout.delivery import Delivery
from services.fanout.dispatch import Dispatch
from services.fanout.holdings import Holdings
from services.fanout.membership import Membership
from services.fanout.partition import Partition
from services.fanout.route import NEEDS_PARTICIPANTS

Routable = list[tuple[Record, Fact]]


class PartitionLost(Exception):
    """It was taken from us while the table was asked: its next owner routes the batch."""

    code = "PARTITION_LOST"
    retryable = True


class RoomUnknown(Exception):
    """A fact of a room that the table does not know, though rooms are written before their facts: bad in itself."""

    code = "ROOM_UNKNOWN"
    retryable = False


class WrongKey(Exception):
    """The record's key is not its room, so it stands outside of the room's order: bad in itself."""

    code = "WRONG_KEY"
    retryable = False


class Worker:
    """Facts and signals in, pushes out."""

    def __init__(
        self,
        *,
        dispatch: Dispatch,
        membership: Membership,
        holdings: Holdings,
        table: TablePort,
        ahead: Ahead,
        behind: Behind,
        traces: Traces | None = None,
    ) -> None:
        self._dispatch = dispatch
        self._membership = membership
        self._holdings = holdings
        self._table = table
        self._ahead = ahead
        self._behind = behind
        self._traces = traces

    async def handle(self, batch: Sequence[Record]) -> Handled:
        """Route one room's records in order. Raises before anything is routed, or not at all."""
        if batch[0].topic == SIGNALS.name:
            return await self._signals(batch)
        partition = self._partition(batch[0])
        facts = _readable(batch, partition)
        if any(isinstance(fact, NEEDS_PARTICIPANTS) for _, fact in facts):
            await self._know_before(*facts[0], partition)
            facts = self._in_known_rooms(facts, partition)
            await self._know_repetitions(facts, partition)
        return self._route(partition, facts) if facts else Handled()

    def _route(self, partition: Partition, facts: Routable) -> Handled:
        delivery = self._holdings.deliver(partition.number, _trace(facts[0][0]))
        # What a connection still gets out of the window stands before this batch in its queue, and in the commit.
        before = tuple(partition.catch_ups)
        for record, fact in facts:
            routing = None if self._traces is None else tracing.routing(self._traces, record, fact.chat_room_id)
            self._dispatch.fact(partition, record, fact, delivery, routing)
            if routing is not None:
                routing.end()
        metrics.FACT_SECONDS.observe(max(0.0, time.time() - facts[0][0].timestamp / 1000))
        delivery.seal()
        self._dispatch.trim()
        if delivery.done and not delivery.reports and not before:
            return Handled()
        return Handled(effects=_all_arrived(delivery, before))

    async def _signals(self, batch: Sequence[Record]) -> Handled:
        """Show who is typing: at most once, so nothing is waited for, the table neither."""
        newest = {typing.user_id: typing for typing in (_typing(record) for record in batch)}
        partition = self._dispatch.partitions.get(batch[0].partition)
        if partition is None or batch[-1].offset < self._holdings.signals_from(partition.number):
            return Handled()
        room_id = next(iter(newest.values())).chat_room_id
        try:
            await self._know(room_id, partition)
        except (TableError, PartitionLost):
            return Handled()
        for typing in newest.values():
            self._dispatch.typing(typing)
        self._dispatch.trim()
        return Handled()

    async def _know_before(self, record: Record, fact: Fact, partition: Partition) -> None:
        """The room's people as they were before the fact, also where the table is ahead of it."""
        room_id, position = fact.chat_room_id, fact.submission.offset
        if self._membership.is_behind(room_id, position):
            return
        stored = await self._stored(room_id, partition)
        if stored is None or stored.position < position:
            self._load(room_id, partition, stored)
            return
        people = await self._ahead.people_before(record, fact, stored)
        self._require_held(partition)
        self._membership.load_as_of(room_id, partition.number, people, position - 1)

    async def _know_repetitions(self, facts: Routable, partition: Partition) -> None:
        """Whether some of the room's first messages since the takeover stand before it too."""
        since_ms = asks_from([fact for _, fact in facts], partition.takeover)
        if since_ms is None or self._membership.looked_behind(facts[0][1].chat_room_id):
            return
        room_id = facts[0][1].chat_room_id
        last = await self._behind.last_of(room_id, since_ms, partition.number, partition.takeover)
        self._require_held(partition)
        self._membership.was_routed(room_id, partition.number, last)

    async def _know(self, chat_room_id: str, partition: Partition) -> None:
        """The room's people as they are now."""
        if not self._membership.knows(chat_room_id):
            self._load(chat_room_id, partition, await self._stored(chat_room_id, partition))

    async def _stored(self, chat_room_id: str, partition: Partition) -> RoomRow | None:
        stored = await self._table.get(keys.room(chat_room_id))
        self._require_held(partition)
        return None if stored is None else row(RoomRow, stored)

    def _load(self, chat_room_id: str, partition: Partition, stored: RoomRow | None) -> None:
        if stored is not None:
            self._membership.load(chat_room_id, partition.number, stored)

    def _require_held(self, partition: Partition) -> None:
        if self._dispatch.partitions.get(partition.number) is not partition:
            raise PartitionLost

    def _partition(self, record: Record) -> Partition:
        partition = self._dispatch.partitions.get(record.partition)
        if partition is None:
            raise PartitionLost
        return partition

    def _in_known_rooms(self, facts: Routable, partition: Partition) -> Routable:
        kept: Routable = []
        known = self._membership.knows(facts[0][1].chat_room_id)
        for record, fact in facts:
            known = known or isinstance(fact, RoomCreated)
            if known or not isinstance(fact, NEEDS_PARTICIPANTS):
                kept.append((record, fact))
            elif not partition.is_repetition(record.offset):
                raise RoomUnknown(f"the table has no room {fact.chat_room_id}")
        return kept


async def _all_arrived(delivery: Delivery, before: Sequence[Delivery]) -> Sequence[Outgoing]:
    reports = await delivery.wait()
    for catch_up in before:
        await catch_up.wait()
    return reports


def _readable(batch: Sequence[Record], partition: Partition) -> Routable:
    """The facts of a batch; raises for one that is bad, unless an earlier worker has put it aside already."""
    facts: Routable = []
    for record in batch:
        try:
            facts.append((record, _fact(record)))
        except (ContractError, WrongKey) as error:
            if error.retryable or not partition.is_repetition(record.offset):
                raise
    return facts


def _fact(record: Record) -> Fact:
    fact = ROOMS.decode(record.value)
    if not isinstance(fact, Fact):
        raise TypeError(f"{ROOMS.name} carries a {type(fact).__name__}")
    if record.key != fact.chat_room_id.encode():
        raise WrongKey("the record's key is not its chatRoomId")
    return fact


def _typing(record: Record) -> Typing:
    typing = SIGNALS.decode(record.value)
    if not isinstance(typing, Typing):
        raise TypeError(f"{SIGNALS.name} carries a {type(typing).__name__}")
    if record.key != typing.chat_room_id.encode():
        raise WrongKey("the record's key is not its chatRoomId")
    return typing


def _trace(record: Record) -> Headers:
    value = record.header(TRACEPARENT)
    return () if value is None else ((TRACEPARENT, value),)
