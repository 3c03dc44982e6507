"""The fence of one partition: its CHECKPOINT row, which only the worker that claimed it last can move (spec 5).

A worker that has lost the partition and does not know it (paused, cut off) finds its claim taken: it can bring no
deleted record back, and learns from it that its view is old.

Guarantee: `move` writes the records of a stretch of the log exactly once, in order, whoever tries and how often.
"""

import time
from collections.abc import Callable, Sequence

from msgspec import UNSET

from chassis.actions import Action, Condition, Put, absent, position_is
from chassis.items import attribute, item, row
from chassis.table import TablePort
from chassis.table_errors import ConditionFailed
from contracts import table
from contracts.rows import CheckpointRow
from contracts.topics import CONNECTIONS

CLAIM_TRIES = 5


class Fenced(Exception):
    """Another worker has claimed the partition since."""

    code = "FENCED"
    retryable = False


class ClaimContended(Exception):
    """Others claim the partition at the same time."""

    code = "CLAIM_CONTENDED"
    retryable = True


class FenceMoved(Exception):
    """An earlier write of ours, whose answer got lost, was done: what is left is written next."""

    code = "FENCE_MOVED"
    retryable = True


class Fence:
    """One worker's hold on one partition's records."""

    def __init__(self, writes: TablePort, partition: int, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._table = writes
        self._key = table.checkpoint(CONNECTIONS.name, partition)
        self._monotonic = monotonic
        self._claim = 0
        self._sure_at = 0.0
        self.position = 0
        """Everything below is in the table."""

    async def claim(self) -> None:
        """Take the partition over; whoever held it writes no more. Raises TableError or ClaimContended (retryable)."""
        for _ in range(CLAIM_TRIES):
            began = self._monotonic()
            held = await self._read()
            try:
                await self._table.write(Put(item(self._key, _next_claim(held)), _still(held)))
            except ConditionFailed:
                continue
            self._hold(_next_claim(held), began)
            return
        raise ClaimContended(f"{self._key.pk} is being claimed by others")

    async def move(self, actions: Sequence[Action], following: int) -> None:
        """Write `actions` and set the position to `following`, in one transaction; nothing if it is there already.

        Raises Fenced, FenceMoved (retryable: `position` is another now), or TableError.
        """
        if following <= self.position:
            return
        began = self._monotonic()
        to = CheckpointRow(position=following, claim=self._claim)
        try:
            await self._table.transact([Put(item(self._key, to), self._ours()), *actions])
        except ConditionFailed:
            await self._reread(following)
        self._hold(to, began)

    async def make_sure(self, within_s: float) -> None:
        """Return if the partition was ours within the last `within_s`, asking the table if need be; raises Fenced.

        Before anything is published: a process that was paused for minutes goes on as if no time had passed.
        """
        began = self._monotonic()
        if began - self._sure_at <= within_s:
            return
        held = await self._read()
        if held is None or held.claim != self._claim:
            raise Fenced(f"{self._key.pk} was claimed by another worker")
        self._sure_at = began

    async def _reread(self, following: int) -> None:
        """The condition failed: either an answer got lost and the write is ours, or the partition is not."""
        held = await self._read()
        if held is None or held.claim != self._claim:
            raise Fenced(f"{self._key.pk} was claimed by another worker")
        if held.position < following:
            self.position = held.position
            raise FenceMoved(f"{self._key.pk} stands at {held.position}")

    async def _read(self) -> CheckpointRow | None:
        stored = await self._table.get(self._key)
        return None if stored is None else row(CheckpointRow, stored)

    def _hold(self, held: CheckpointRow, began: float) -> None:
        self._claim = 0 if held.claim is UNSET else held.claim
        self.position = held.position
        self._sure_at = began

    def _ours(self) -> Condition:
        return _at(self.position, self._claim)


def _next_claim(held: CheckpointRow | None) -> CheckpointRow:
    if held is None:
        return CheckpointRow(position=0, claim=1)
    return CheckpointRow(position=held.position, claim=1 if held.claim is UNSET else held.claim + 1)


def _still(held: CheckpointRow | None) -> Condition:
    if held is None:
        return absent()
    return position_is(held.position) if held.claim is UNSET else _at(held.position, held.claim)


def _at(position: int, claim: int) -> Condition:
    return Condition(
        "#position = :was AND #claim = :ours",
        {"#position": "position", "#claim": "claim"},
        {":was": attribute(position), ":ours": attribute(claim)},
    )
