"""The table's `LOG | ID` row: the topics that its positions refer to (spec 5 and 11).

A position is an offset, and an offset means nothing without its topic: against a topic that was deleted and made again,
or against another Kafka, every fence would lie. So the row is written once, and who starts compares.
"""

from collections.abc import Mapping
from typing import Any

from chassis.dynamodb import dynamodb
from chassis.settings import TableSettings
from chassis.topic_ids import TopicIdentity
from contracts import table
from contracts.rows import LogIdRow
from contracts.topics import CONNECTIONS, ROOMS, SUBMISSIONS, USERS

POSITION_TOPICS = (CONNECTIONS.name, SUBMISSIONS.name, ROOMS.name, USERS.name)
"""Rows refer to offsets of these; the facts of `chat.rooms` to those of `chat.submissions`."""


class OtherLog(Exception):
    """The table belongs to other topics than those in Kafka now: nothing may write to it."""

    code = "OTHER_LOG"
    retryable = False


class NoTable(Exception):
    """There is no table to write the row to."""

    code = "NO_TABLE"
    retryable = False


def log_id(topics: Mapping[str, TopicIdentity]) -> LogIdRow:
    """The row that the topics in Kafka now would have. Raises KeyError for a missing topic."""
    return LogIdRow(
        topics={name: topics[name].id for name in POSITION_TOPICS},
        partitions={name: topics[name].partitions for name in POSITION_TOPICS},
    )


def to_item(row: LogIdRow) -> dict[str, Any]:
    """The row as DynamoDB holds it."""
    return {
        table.PARTITION_KEY: {"S": table.LOG_ID.pk},
        table.SORT_KEY: {"S": table.LOG_ID.sk},
        "topics": {"M": {name: {"S": topic_id} for name, topic_id in row.topics.items()}},
        "partitions": {"M": {name: {"N": str(count)} for name, count in row.partitions.items()}},
    }


def from_item(item: Mapping[str, Any]) -> LogIdRow:
    """The inverse of `to_item`."""
    return LogIdRow(
        topics={name: value["S"] for name, value in item["topics"]["M"].items()},
        partitions={name: int(value["N"]) for name, value in item["partitions"]["M"].items()},
    )


def require_same_log(held: LogIdRow, now: LogIdRow, table_name: str) -> None:
    """Returns if the table that holds `held` belongs to the topics that stand `now`, else raises OtherLog."""
    if held == now:
        return
    names = sorted({*held.topics, *now.topics})
    other = [name for name in names if _pair(held, name) != _pair(now, name)]
    raise OtherLog(
        f"the table {table_name} was written from other topics than those in Kafka now ({', '.join(other)}):"
        " point KAIWA_KAFKA_BOOTSTRAP at the Kafka it belongs to,"
        " or name another KAIWA_TABLE, make it with `kaiwa table`, and rebuild it with `kaiwa replay rebuild`"
        " (a local cluster without anything worth keeping: `kaiwa down --wipe`)"
    )


def ensure_log_id(settings: TableSettings, now: LogIdRow) -> bool:
    """Writes the row if the table has none (True), else compares. Blocking; safe to repeat, and to run twice at once.

    Raises OtherLog, NoTable, or botocore's errors.
    """
    client = dynamodb(settings)
    try:
        client.put_item(
            TableName=settings.table,
            Item=to_item(now),
            ConditionExpression=f"attribute_not_exists({table.PARTITION_KEY})",
        )
    except client.exceptions.ConditionalCheckFailedException:
        require_same_log(read_log_id(settings) or now, now, settings.table)
        return False
    except client.exceptions.ResourceNotFoundException:
        raise NoTable(
            f"there is no table {settings.table}: make it with `kaiwa table`, then run `kaiwa topics`"
        ) from None
    return True


def read_log_id(settings: TableSettings) -> LogIdRow | None:
    """The row that the table holds. Blocking. Raises NoTable, or botocore's errors."""
    client = dynamodb(settings)
    key = {table.PARTITION_KEY: {"S": table.LOG_ID.pk}, table.SORT_KEY: {"S": table.LOG_ID.sk}}
    try:
        item = client.get_item(TableName=settings.table, Key=key, ConsistentRead=True).get("Item")
    except client.exceptions.ResourceNotFoundException:
        raise NoTable(
            f"there is no table {settings.table}: make it with `kaiwa table`, then run `kaiwa topics`"
        ) from None
    return None if item is None else from_item(item)


def _pair(row: LogIdRow, name: str) -> tuple[str | None, int | None]:
    return row.topics.get(name), row.partitions.get(name)
