"""A table that answers, and not as one would like."""

# ruff: noqa: ARG002 - each behaviour needs some of what it is told

import asyncio
import json
import random
from collections.abc import Sequence

from tests.chaos.faults.fault import Fault, Stage
from tests.chaos.gates import Forward, plainly

WRITES = frozenset({"TransactWriteItems", "PutItem", "DeleteItem", "UpdateItem", "BatchWriteItem"})
_PREFIX = "com.amazonaws.dynamodb.v20120810#"


class TableFault(Fault):
    """One behaviour of all gates before the table."""

    share: float = 0.3
    """Of the requests that it could treat."""

    def __init__(self, hold_s: float = 10.0) -> None:
        super().__init__("", hold_s)
        self.dice = random.Random()

    async def begin(self, stage: Stage) -> None:
        self.dice = random.Random(stage.dice.random())
        for gate in stage.cluster.tables.values():
            gate.mind = self._mind

    async def end(self, stage: Stage) -> None:
        for gate in stage.cluster.tables.values():
            if gate.mind == self._mind:
                gate.mind = plainly

    async def _mind(self, operation: str, forward: Forward) -> bytes | None:
        if self.dice.random() < self.share:
            return await self.treat(operation, forward)
        return await forward()

    async def treat(self, operation: str, forward: Forward) -> bytes | None:
        """The answer to a request that is hit."""
        return await forward()


class SlowTable(TableFault):
    """Every answer takes up to half a second more, now and then three."""

    name = "slow table"
    share = 1.0

    async def treat(self, operation: str, forward: Forward) -> bytes | None:
        await asyncio.sleep(3.0 if self.dice.random() < 0.02 else self.dice.uniform(0.0, 0.5))
        return await forward()


class Throttling(TableFault):
    """No more throughput."""

    name = "throttling table"

    async def treat(self, operation: str, forward: Forward) -> bytes | None:
        return refusal("ProvisionedThroughputExceededException", "more than the table is given")


class Conflicting(TableFault):
    """Transactions that meet another one."""

    name = "conflicting table"

    async def treat(self, operation: str, forward: Forward) -> bytes | None:
        if operation not in WRITES:
            return await forward()
        if operation == "TransactWriteItems":
            return cancelled(["TransactionConflict"])
        return refusal("TransactionConflictException", "a transaction is under way")


class LosingAnswers(TableFault):
    """The write is done and nobody hears of it."""

    name = "table loses answers"

    async def treat(self, operation: str, forward: Forward) -> bytes | None:
        answer = await forward()
        return None if operation in WRITES else answer


class BrokenTable(TableFault):
    """Answers 500, before or after the write."""

    name = "table answers 500"

    async def treat(self, operation: str, forward: Forward) -> bytes | None:
        if self.dice.random() < 0.5:
            await forward()
        return refusal("InternalServerError", "internal", status="500 Internal Server Error")


def refusal(
    code: str, message: str, *, status: str = "400 Bad Request", more: dict[str, object] | None = None
) -> bytes:
    """An error as DynamoDB words it."""
    body = json.dumps({"__type": _PREFIX + code, "message": message, **(more or {})}).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def cancelled(reasons: Sequence[str]) -> bytes:
    """A transaction that was not done."""
    told = [{"Code": reason, "Message": "ongoing"} for reason in reasons]
    return refusal("TransactionCanceledException", f"cancelled {reasons}", more={"CancellationReasons": told})
