"""Messages stored a second, beside what the same table takes from nobody but a writer of the same transactions."""

import asyncio
import time
from dataclasses import dataclass

from bench.comparison.measuring import Measurer
from bench.comparison.path import connected
from bench.comparison.taken import SATURATED, Taken, Task
from bench.guests import House
from chassis.actions import Action, Put
from chassis.items import item
from chassis.projection.rooms import rows_of
from chassis.settings import TableSettings
from chassis.table import Table
from contracts import table
from contracts.facts import MessagePosted, SubmissionRef
from contracts.ids import derived_event_id, message_id, new_event_id
from contracts.rows import FenceRow
from contracts.timestamps import iso
from services.persistence.decide import Decision
from services.persistence.transaction import transaction_of

ROOMS, PEOPLE = 50, 2
_CONTENT = "x" * 200
_FIRST_MS = 1_790_000_000_000
_PREPARED = 100


@dataclass(frozen=True, slots=True)
class Storing:
    """Messages a second that were stored and delivered, and transactions of one message each that the table took."""

    messages_per_s: float
    transactions_per_s: float
    taken: Taken

    @property
    def share(self) -> float:
        return self.messages_per_s / self.transactions_per_s


async def measure(house: House, settings: TableSettings, seconds: float) -> Storing:
    """One message outstanding in each of 50 rooms; then the table alone, as many rooms side by side."""
    async with connected(house, ROOMS, PEOPLE) as target:
        await target.grow(ROOMS * PEOPLE)
        task = Task(kind=SATURATED, recipients=PEOPLE, window=ROOMS)
        taken = await Measurer(target, pipes=ROOMS * PEOPLE).lasting(task, seconds)
    raw = await _transactions_per_s(settings, seconds)
    return Storing(taken.outcome.sent / taken.outcome.seconds, raw, taken)


async def _transactions_per_s(settings: TableSettings, seconds: float) -> float:
    async with Table(settings) as reads_and_writes:
        rooms = [await _prepared(reads_and_writes, f"bench-raw-{number}") for number in range(ROOMS)]
        began = time.monotonic()
        counts = await asyncio.gather(*(_write(reads_and_writes, room, began + seconds) for room in rooms))
        return sum(counts) / (time.monotonic() - began)


async def _write(to: Table, transactions: list[tuple[Action, ...]], until: float) -> int:
    """One after the other, as persistence does for a room."""
    for count, actions in enumerate(transactions):
        if time.monotonic() > until:
            return count
        await to.transact(actions)
    return len(transactions)


async def _prepared(to: Table, room: str) -> list[tuple[Action, ...]]:
    """The transactions of a room's messages, each on the FENCE that the one before left; the first FENCE stands."""
    found = FenceRow(position=0, seq=0, timestamp=_FIRST_MS, facts=())
    await to.write(Put(item(table.fence(room), found)))
    transactions = []
    for seq in range(1, _PREPARED + 1):
        writes = rows_of(fact := _fact(room, seq), {table.fence(room): found})
        transaction = transaction_of([Decision(fact, writes)], table.fence(room), found)
        transactions.append(transaction.actions)
        moved = writes[table.fence(room)]
        assert isinstance(moved, FenceRow)
        found = moved
    return transactions


def _fact(room: str, seq: int) -> MessagePosted:
    asked, timestamp = new_event_id(), _FIRST_MS + seq
    return MessagePosted(
        event_id=derived_event_id(asked),
        occurred_at=iso(timestamp),
        chat_room_id=room,
        submission=SubmissionRef(partition=0, offset=seq, event_id=asked),
        message_id=message_id("bench", room, client_message_id=None, event_id=asked),
        sender_id="bench",
        content=_CONTENT,
        created_at=iso(timestamp),
        timestamp=timestamp,
        seq=seq,
    )
