"""Topics, table, and the table's memory of the topics: what `kaiwa topics` and `kaiwa table` do everywhere."""

from __future__ import annotations

import asyncio

from aiokafka.errors import KafkaError
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import SecretStr

from chassis.log_id import NoTable, OtherLog, ensure_log_id, log_id
from chassis.settings import KafkaSettings, TableSettings
from chassis.table_schema import TableNotReady, ensure_table
from chassis.topic_ids import topic_ids
from chassis.topics import TopicRefused, TopicsNotReady, ensure_topics
from deploy.local.faults import LocalClusterError
from deploy.local.processes import Cluster


async def make_topics(cluster: Cluster) -> None:
    """Every topic is there and has its leaders. Raises LocalClusterError ``NO_TOPICS``."""
    try:
        await ensure_topics(_kafka(cluster))
    except (KafkaError, TopicRefused, TopicsNotReady) as error:
        raise LocalClusterError(
            "NO_TOPICS", f"The topics cannot be made: {error!r}; see {cluster.home.log('kafka')}."
        ) from error


async def make_table(cluster: Cluster) -> None:
    """The table is there and active. Raises LocalClusterError ``NO_TABLE``."""
    try:
        await asyncio.to_thread(ensure_table, _table(cluster))
    except (BotoCoreError, ClientError, TableNotReady) as error:
        raise LocalClusterError(
            "NO_TABLE", f"The table cannot be made: {error}; see {cluster.home.log('dynamodb')}."
        ) from error


async def remember_topics(cluster: Cluster) -> None:
    """The table knows which topics its rows come from. Raises LocalClusterError ``OTHER_LOG`` if it is not these."""
    try:
        standing = await topic_ids(_kafka(cluster))
        await asyncio.to_thread(ensure_log_id, _table(cluster), log_id(standing))
    except (KafkaError, BotoCoreError, ClientError, NoTable, OtherLog) as error:
        raise LocalClusterError("OTHER_LOG", f"The table and the topics do not go together: {error}.") from error


def _kafka(cluster: Cluster) -> KafkaSettings:
    return KafkaSettings(kafka_bootstrap=cluster.kafka_bootstrap, kafka_security_protocol="PLAINTEXT")


def _table(cluster: Cluster) -> TableSettings:
    environ = cluster.environment()
    return TableSettings(
        table=environ["KAIWA_TABLE"],
        dynamodb_endpoint=cluster.dynamodb_endpoint,
        region=environ["KAIWA_REGION"],
        access_key_id=cluster.keys.access_key_id,
        secret_access_key=SecretStr(cluster.keys.secret_access_key),
    )
