"""Reads one partition of chat.presence to its end: the state that a worker starts from (spec 11)."""

from aiokafka import AIOKafkaConsumer, TopicPartition

from chassis.logs import get_logger
from chassis.settings import KafkaSettings
from contracts.envelope import ContractError
from contracts.presence import PresenceChanged
from contracts.topics import PRESENCE
from services.presence.state import UserState, state_of

_log = get_logger(__name__)

POLL_MS = 200


async def load(settings: KafkaSettings, partition: int) -> dict[str, UserState]:
    """Users of the partition by id; a value with a lower position than the one held is ignored.

    Raises aiokafka's KafkaError. Records that cannot be read are passed over: their user's next event writes anew.
    """
    place = TopicPartition(PRESENCE.name, partition)
    users: dict[str, UserState] = {}
    consumer = AIOKafkaConsumer(**settings.aiokafka(), enable_auto_commit=False, auto_offset_reset="earliest")
    try:
        await consumer.start()
        consumer.assign([place])
        await consumer.seek_to_beginning(place)
        end = (await consumer.end_offsets([place]))[place]
        while await consumer.position(place) < end:
            for message in (await consumer.getmany(place, timeout_ms=POLL_MS)).get(place, []):
                _take(users, message.value, message.offset)
    finally:
        await consumer.stop()
    return users


def _take(users: dict[str, UserState], value: bytes | None, offset: int) -> None:
    try:
        event = PRESENCE.decode(value)
    except ContractError as error:
        _log.error("a record of chat.presence cannot be read", offset=offset, error=str(error))
        return
    if isinstance(event, PresenceChanged):
        held = users.get(event.user_id)
        if held is None or held.position <= event.position:
            users[event.user_id] = state_of(event)
