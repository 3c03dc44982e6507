"""The table client: boto3 in one small thread pool, typed attribute maps in and out (design 3).

Reads are strongly consistent unless said otherwise. Every call has a limit in time; errors are those of table_errors.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Protocol, Self

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError

from chassis import metrics
from chassis.actions import Action, Check, Put, arguments_of, is_done, request_of
from chassis.backoff import Backoff
from chassis.dynamodb import dynamodb
from chassis.items import Item, key_item, key_of
from chassis.joined_reads import JoinedReads
from chassis.settings import TableSettings
from chassis.table_errors import TableError, TableUnavailable, from_boto, is_throttled
from contracts.table import PARTITION_KEY, SORT_KEY, Key

BATCH_GET_KEYS = 100
BATCH_GET_TRIES = 8


class TableReads(Protocol):
    """The reading half of TablePort, for those who must not write."""

    async def get(self, key: Key, *, consistent: bool = True) -> Item | None:
        """The item, or None."""

    async def batch_get(self, keys: Sequence[Key], *, consistent: bool = True) -> dict[Key, Item]:
        """Those of the items that exist; any number of keys, repeated ones too."""

    async def query(
        self,
        pk: str,
        *,
        begins_with: str | None = None,
        between: tuple[str, str] | None = None,
        ascending: bool = True,
        limit: int | None = None,
        consistent: bool = True,
    ) -> list[Item]:
        """Items of one partition key in the order of their sort keys; `between` includes both its ends."""


class TableScans(TableReads, Protocol):
    """Reads of a whole table, for those who look back."""

    def scan(
        self, segment: int, segments: int, *, keys_only: bool = False, page: int | None = None
    ) -> AsyncGenerator[list[Item]]:
        """One of `segments` shares of the table, page by page (of `page` items at most), consistent item by item.

        Items of one partition key come together and in order. What is written meanwhile may come or not.
        """


class TablePort(TableReads, Protocol):
    """What services ask of the table; the real one and the double of the tests pass the same conformance suite.

    A transaction happens wholly or not at all, and its conditions see all that was written before it.
    """

    async def transact(self, actions: Sequence[Action]) -> None:
        """All of the writes, or ConditionFailed and none; at most 100, each item once."""

    async def write(self, action: Action) -> None:
        """One write, or ConditionFailed."""


class Table:
    """The real table."""

    def __init__(self, settings: TableSettings) -> None:
        self._name = settings.table
        self._client: Any = dynamodb(
            settings,
            max_pool_connections=2 * settings.table_threads,
            parameter_validation=False,
            retries={"mode": "standard", "total_max_attempts": 2},
        )
        self._client.meta.events.register("response-received.dynamodb", _count_throttled)
        # Two pools, so that a read does not stand behind all transactions that wait: a room needs one before the other.
        self._readers = ThreadPoolExecutor(settings.table_threads, thread_name_prefix="table-read")
        self._writers = ThreadPoolExecutor(settings.table_threads, thread_name_prefix="table-write")
        self._commits = JoinedReads(self.batch_get) if settings.table_answers_early else None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Let go of threads and connections; calls under way are waited for."""
        await asyncio.to_thread(self._readers.shutdown)
        await asyncio.to_thread(self._writers.shutdown)
        self._client.close()

    async def get(self, key: Key, *, consistent: bool = True) -> Item | None:
        """See TablePort."""
        answer = await self._read("get_item", Key=key_item(key), ConsistentRead=consistent, TableName=self._name)
        found: Item | None = answer.get("Item")
        return found

    async def batch_get(self, keys: Sequence[Key], *, consistent: bool = True) -> dict[Key, Item]:
        """See TablePort."""
        unique = list(dict.fromkeys(keys))
        chunks = [unique[start : start + BATCH_GET_KEYS] for start in range(0, len(unique), BATCH_GET_KEYS)]
        parts = await asyncio.gather(*(self._batch_get(chunk, consistent) for chunk in chunks))
        return {key: found for part in parts for key, found in part.items()}

    async def _batch_get(self, keys: Sequence[Key], consistent: bool) -> dict[Key, Item]:
        found: dict[Key, Item] = {}
        wanted: Any = {self._name: {"Keys": [key_item(key) for key in keys], "ConsistentRead": consistent}}
        backoff = Backoff()
        for _ in range(BATCH_GET_TRIES):
            answer = await self._read("batch_get_item", RequestItems=wanted)
            found |= {key_of(stored): stored for stored in answer["Responses"].get(self._name, [])}
            wanted = answer.get("UnprocessedKeys")
            if not wanted:
                return found
            await backoff.wait()
        raise TableUnavailable("keys stay unprocessed: the table is throttled")

    async def query(
        self,
        pk: str,
        *,
        begins_with: str | None = None,
        between: tuple[str, str] | None = None,
        ascending: bool = True,
        limit: int | None = None,
        consistent: bool = True,
    ) -> list[Item]:
        """See TablePort."""
        request = self._query_request(pk, begins_with, between)
        request |= {"ScanIndexForward": ascending, "ConsistentRead": consistent}
        found: list[Item] = []
        while limit is None or len(found) < limit:
            if limit is not None:
                request["Limit"] = limit - len(found)
            answer = await self._read("query", **request)
            found.extend(answer["Items"])
            if "LastEvaluatedKey" not in answer:
                break
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
        return found

    def _query_request(self, pk: str, begins_with: str | None, between: tuple[str, str] | None) -> dict[str, Any]:
        condition, values = "#pk = :pk", {":pk": {"S": pk}}
        names = {"#pk": PARTITION_KEY}
        if begins_with is not None:
            condition, values = f"{condition} AND begins_with(#sk, :start)", values | {":start": {"S": begins_with}}
        elif between is not None:
            condition = f"{condition} AND #sk BETWEEN :from AND :to"
            values |= {":from": {"S": between[0]}, ":to": {"S": between[1]}}
        if begins_with is not None or between is not None:
            names["#sk"] = SORT_KEY
        return {
            "TableName": self._name,
            "KeyConditionExpression": condition,
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": values,
        }

    async def scan(
        self, segment: int, segments: int, *, keys_only: bool = False, page: int | None = None
    ) -> AsyncGenerator[list[Item]]:
        """See TableScans."""
        request: dict[str, Any] = {"TableName": self._name, "ConsistentRead": True}
        request |= {"Segment": segment, "TotalSegments": segments}
        request |= {"Limit": page} if page is not None else {}
        if keys_only:
            request |= {
                "ProjectionExpression": "#pk, #sk, #position",
                "ExpressionAttributeNames": {"#pk": PARTITION_KEY, "#sk": SORT_KEY, "#position": "position"},
            }
        while True:
            answer = await self._read("scan", **request)
            yield answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    async def transact(self, actions: Sequence[Action]) -> None:
        """See TablePort."""
        await self._write("transact_write_items", TransactItems=[request_of(action, self._name) for action in actions])
        await self._read_back(actions)

    async def write(self, action: Action) -> None:
        """See TablePort."""
        if isinstance(action, Put):
            await self._write("put_item", TableName=self._name, Item=action.item, **arguments_of(action.condition))
        else:
            await self._write(
                "delete_item", TableName=self._name, Key=key_item(action.key), **arguments_of(action.condition)
            )
        await self._read_back([action])

    async def _read(self, operation: str, **arguments: Any) -> Any:
        return await self._call(self._readers, operation, arguments)

    async def _write(self, operation: str, **arguments: Any) -> Any:
        return await self._call(self._writers, operation, arguments)

    async def _read_back(self, actions: Sequence[Action]) -> None:
        """Of a table that answers early: raise TableUnavailable where a write is not there."""
        changes = [action for action in actions if not isinstance(action, Check)]
        if self._commits is None or not changes:
            return
        # All of a transaction is there or nothing; what has a condition was certainly different before.
        change = next((action for action in changes if action.condition is not None), changes[0])
        found = (await self._commits.read([change.key])).get(change.key)
        if not is_done(change, found):
            raise TableUnavailable("the table answered, and does not hold what it was given")

    async def _call(self, pool: ThreadPoolExecutor, operation: str, arguments: dict[str, Any]) -> Any:
        began = time.monotonic()
        method: Callable[..., Any] = getattr(self._client, operation)
        try:
            return await asyncio.get_running_loop().run_in_executor(pool, lambda: method(**arguments))
        except (ClientError, BotoCoreError) as error:
            ours: TableError = from_boto(error)
            metrics.TABLE_ERRORS.labels(operation, ours.code).inc()
            raise ours from None
        finally:
            metrics.TABLE_SECONDS.labels(operation).observe(time.monotonic() - began)


def _count_throttled(event_name: str, parsed_response: dict[str, Any] | None, **_rest: Any) -> None:
    # botocore tries a throttled call again by itself: only here each of its answers is seen.
    if parsed_response is not None and is_throttled(parsed_response):
        metrics.TABLE_THROTTLED.labels(xform_name(event_name.rpartition(".")[2])).inc()
