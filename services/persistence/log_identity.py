"""Persistence starts only on the topics that the table's positions refer to (spec 11)."""

import asyncio
from collections.abc import Awaitable, Callable

from aiokafka.errors import KafkaError
from botocore.exceptions import BotoCoreError, ClientError

from chassis.backoff import Backoff
from chassis.health import Health
from chassis.log_id import NoTable, log_id, read_log_id, require_same_log
from chassis.logs import get_logger
from chassis.settings import KafkaSettings, TableSettings
from chassis.topic_ids import TopicIdentity, topic_ids
from contracts.rows import LogIdRow

_log = get_logger(__name__)

PART = "log identity"


class IdentitySettings(KafkaSettings, TableSettings):
    """Where topics and table are."""


class NotPrepared(Exception):
    """Topics or the LOG row are missing: somebody has to prepare them."""

    code = "NOT_PREPARED"
    retryable = True


AskTopics = Callable[[KafkaSettings], Awaitable[dict[str, TopicIdentity]]]
AskTable = Callable[[TableSettings], LogIdRow | None]


async def require_own_log(
    settings: IdentitySettings,
    health: Health,
    stop: asyncio.Event,
    *,
    ask_topics: AskTopics = topic_ids,
    ask_table: AskTable = read_log_id,
) -> bool:
    """True once the table is known to belong to these topics; False when `stop` came first.

    Waits, not ready, for what is away or not prepared yet. Raises chassis.log_id.OtherLog, after which nothing may be
    written: against other topics every position in the table would lie.
    """
    backoff = Backoff(first_s=0.2)
    while not stop.is_set():
        try:
            await _compare(settings, ask_topics, ask_table)
        except (NotPrepared, NoTable, KafkaError, BotoCoreError, ClientError, OSError) as error:
            health.set(PART, str(error)[:300] or type(error).__name__)
            _log.warning("waiting for the topics and the table", error=f"{type(error).__name__}: {error}"[:300])
            await backoff.wait(stop)
        else:
            health.set(PART, None)
            return True
    return False


async def _compare(settings: IdentitySettings, ask_topics: AskTopics, ask_table: AskTable) -> None:
    topics = await ask_topics(settings)
    try:
        now = log_id(topics)
    except KeyError as missing:
        raise NotPrepared(f"Kafka has no topic {missing}: make the topics with `kaiwa topics`") from None
    held = await asyncio.to_thread(ask_table, settings)
    if held is None:
        raise NotPrepared(f"the table {settings.table} does not say which topics it belongs to: run `kaiwa topics`")
    require_same_log(held, now, settings.table)
