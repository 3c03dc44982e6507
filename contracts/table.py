"""Keys of the single table (spec 5). No id can hold `#`, so a key reads back unambiguously."""

from typing import Final, NamedTuple

PARTITION_KEY: Final = "PK"
SORT_KEY: Final = "SK"
TTL_ATTRIBUTE: Final = "ttl"

METADATA: Final = "METADATA"
PROFILE: Final = "PROFILE"
LAST_MESSAGE: Final = "LASTMESSAGE"
FENCE: Final = "FENCE"
OUTCOME: Final = "OUTCOME"
CHECKPOINT: Final = "CHECKPOINT"
MESSAGE_PREFIX: Final = "MESSAGE#"
CONNECTION_PREFIX: Final = "CONNECTION#"
CHATROOM_PREFIX: Final = "CHATROOM#"
NAME_PREFIX: Final = "NAME#"


class Key(NamedTuple):
    """The primary key of a row."""

    pk: str
    sk: str


def connection_pk(connection_id: str) -> str:
    return f"CONNECTION#{connection_id}"


def user_pk(user_id: str) -> str:
    return f"USER#{user_id}"


def room_pk(chat_room_id: str) -> str:
    return f"CHATROOM#{chat_room_id}"


def connection(connection_id: str) -> Key:
    return Key(connection_pk(connection_id), METADATA)


def user_connection(user_id: str, connection_id: str) -> Key:
    return Key(user_pk(user_id), f"CONNECTION#{connection_id}")


def profile(user_id: str) -> Key:
    return Key(user_pk(user_id), PROFILE)


def membership(user_id: str, chat_room_id: str) -> Key:
    return Key(user_pk(user_id), f"CHATROOM#{chat_room_id}")


def room(chat_room_id: str) -> Key:
    return Key(room_pk(chat_room_id), METADATA)


def last_message(chat_room_id: str) -> Key:
    return Key(room_pk(chat_room_id), LAST_MESSAGE)


def message(chat_room_id: str, timestamp: int, message_id: str) -> Key:
    """`timestamp` has 13 digits until the year 2286, so that the sort key orders as the log does."""
    return Key(room_pk(chat_room_id), f"{message_sort_prefix(timestamp)}{message_id}")


def message_sort_prefix(timestamp: int) -> str:
    """Where the messages of `timestamp` (epoch ms) stand; padded, so that `0` sorts before all of them."""
    return f"{MESSAGE_PREFIX}{timestamp:013d}#"


def client_message(chat_room_id: str, sender_id: str, client_message_id: str) -> Key:
    return Key(room_pk(chat_room_id), f"CLIENTMESSAGE#{sender_id}#{client_message_id}")


def fence(chat_room_id: str) -> Key:
    return Key(room_pk(chat_room_id), FENCE)


def outcome(event_id: str) -> Key:
    return Key(f"COMMAND#{event_id}", OUTCOME)


def checkpoint(topic: str, partition: int) -> Key:
    return Key(f"PARTITION#{topic}#{partition}", CHECKPOINT)


def directory_name(display_name: str, user_id: str) -> Key:
    return Key("DIRECTORY", f"{directory_prefix(display_name)}#{user_id}")


def directory_prefix(start_of_name: str) -> str:
    """Where the names that start so stand, whatever their case."""
    return f"{NAME_PREFIX}{start_of_name.lower()}"


LOG_ID: Final = Key("LOG", "ID")
DIRECTORY_PK: Final = "DIRECTORY"
