"""Many rows into a table, as fast as it takes them (or slower): BatchWriteItem in a few threads, without conditions.

For tables that nobody else writes, such as one that is being rebuilt: there is no order among rows and no fence. What
is written twice is the same; a throttled table is waited for, less and less hurriedly.
"""

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self

from botocore.exceptions import BotoCoreError, ClientError

from chassis.backoff import Backoff
from chassis.dynamodb import dynamodb
from chassis.items import Item, key_item
from chassis.pace import Pace
from chassis.settings import TableSettings
from chassis.table_errors import from_boto
from contracts.table import Key

BATCH_ITEMS = 25
TRIES = 60
"""With pauses of up to 5 s: some four minutes of a table that is away."""


class BulkWriter:
    """`async with BulkWriter(settings) as writer: await writer.write({key: item or None})`."""

    def __init__(self, settings: TableSettings, *, rows_per_s: float | None = None) -> None:
        self._name = settings.table
        self._client: Any = dynamodb(
            settings,
            max_pool_connections=settings.table_threads,
            parameter_validation=False,
            retries={"mode": "standard", "total_max_attempts": 2},
        )
        self._threads = ThreadPoolExecutor(settings.table_threads, thread_name_prefix="table-bulk")
        self._pace = Pace(rows_per_s)
        self.written = 0
        """Rows, those that were deleted included."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self._threads.shutdown)
        self._client.close()

    async def write(self, rows: Mapping[Key, Item | None]) -> None:
        """Put these items and delete those that are None; returns when all is done.

        Raises chassis.table_errors.TableError: what is not retryable at once, the rest after some minutes.
        """
        requests = [_request(key, made) for key, made in rows.items()]
        batches = [requests[start : start + BATCH_ITEMS] for start in range(0, len(requests), BATCH_ITEMS)]
        await asyncio.gather(*(self._write(batch) for batch in batches))

    async def _write(self, batch: list[dict[str, Any]]) -> None:
        await self._pace.take(len(batch))
        backoff, left = Backoff(), batch
        for attempt in range(TRIES):
            try:
                left = await self._send(left)
            except (ClientError, BotoCoreError) as error:
                ours = from_boto(error)
                if not ours.retryable or attempt == TRIES - 1:
                    raise ours from None
            if not left:
                break
            await backoff.wait()
        self.written += len(batch)

    async def _send(self, batch: list[dict[str, Any]]) -> list[dict[str, Any]]:
        loop = asyncio.get_running_loop()
        wanted = {self._name: batch}
        answer = await loop.run_in_executor(self._threads, lambda: self._client.batch_write_item(RequestItems=wanted))
        left: list[dict[str, Any]] = answer.get("UnprocessedItems", {}).get(self._name, [])
        return left


def _request(key: Key, made: Item | None) -> dict[str, Any]:
    return {"DeleteRequest": {"Key": key_item(key)}} if made is None else {"PutRequest": {"Item": made}}
