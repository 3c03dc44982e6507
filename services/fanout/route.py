"""Which frame a fact or a signal becomes, and for whom (spec 3). Pure: no queue, no clock, no table.

A frame is encoded once, whatever the number of connections that get it.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from msgspec import UNSET, UnsetType

from contracts.connections import ConnectionRef, Feature
from contracts.facts import (
    CommandRejected,
    Fact,
    MessagePosted,
    MessageRejected,
    MessagesRead,
    ParticipantRemoved,
    ParticipantsAdded,
    RejectionCode,
    RoomCreated,
)
from contracts.limits import READ_AND_TYPING_PARTICIPANTS
from contracts.presence import PresenceChanged
from contracts.server_frames import (
    ErrorCode,
    ErrorFrame,
    MessageFrame,
    PresenceFrame,
    ReadFrame,
    RoomFrame,
    TypingNoticeFrame,
    VerificationRequiredFrame,
    encode_frame,
)
from contracts.signals import Typing

NEEDS_PARTICIPANTS: Final = (MessagePosted, RoomCreated, ParticipantsAdded, ParticipantRemoved, MessagesRead)
"""Facts that are routed to the room's people; the others are replies."""

_ERRORS: Final[dict[RejectionCode, ErrorCode]] = {
    "NOT_A_PARTICIPANT": "NOT_A_PARTICIPANT",
    # A room one is not in looks like one that is not there.
    "NOT_FOUND": "NOT_A_PARTICIPANT",
    "FORBIDDEN": "NOT_A_PARTICIPANT",
    "INVALID_MESSAGE": "INVALID_MESSAGE",
}


class EpochKey(NamedTuple):
    """One life of one gateway."""

    gateway_id: str
    epoch: str


@dataclass(frozen=True, slots=True)
class Frame:
    """One payload for all connections of some users, or for those of them that asked for `feature`."""

    payload: bytes
    users: frozenset[str]
    feature: Feature | None = None
    message_id: str | None = None
    accepted_ms: int = 0
    """When the log accepted the message that it shows; 0 for other frames."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One payload for the connection that asked, at the gateway that it named (spec 3), known or not."""

    payload: bytes
    connection: ConnectionRef

    @property
    def epoch(self) -> EpochKey:
        """Where it goes."""
        return EpochKey(self.connection.gateway_id, self.connection.epoch)


def route(fact: Fact, participants: frozenset[str]) -> Frame | Reply | None:
    """What `fact` becomes in a room that has these `participants` once the fact is applied; None: nobody is told."""
    match fact:
        case MessagePosted():
            return Frame(_message(fact), participants, message_id=fact.message_id, accepted_ms=fact.timestamp)
        case MessageRejected() | CommandRejected():
            return _refusal(fact)
        case RoomCreated() | ParticipantsAdded() | ParticipantRemoved():
            return _room(fact, participants)
        case MessagesRead():
            readers = participants if len(participants) <= READ_AND_TYPING_PARTICIPANTS else frozenset({fact.user_id})
            frame = ReadFrame(chat_room_id=fact.chat_room_id, user_id=fact.user_id, seq=fact.seq)
            return Frame(encode_frame(frame), readers, "read")
    return None


def route_typing(typing: Typing, participants: frozenset[str]) -> Frame | None:
    """The notice for the others; None in a large room, and for who is not in it."""
    if typing.user_id not in participants or len(participants) > READ_AND_TYPING_PARTICIPANTS:
        return None
    frame = TypingNoticeFrame(chat_room_id=typing.chat_room_id, user_id=typing.user_id)
    return Frame(encode_frame(frame), participants - {typing.user_id}, "typing")


def route_presence(value: PresenceChanged, rooms: Iterable[Collection[str]], *, participants_most: int) -> Frame | None:
    """The news for everybody who shares a room of at most `participants_most` with the user; None if nobody does."""
    people = {person for room in rooms if len(room) <= participants_most for person in room}
    if not people:
        return None
    frame = PresenceFrame(
        user_id=value.user_id,
        status=value.status,
        last_seen_at=value.last_seen_at,
        version=value.presence_version,
    )
    return Frame(encode_frame(frame), frozenset(people), "presence")


def _message(fact: MessagePosted) -> bytes:
    return encode_frame(
        MessageFrame(
            message_id=fact.message_id,
            chat_room_id=fact.chat_room_id,
            sender_id=fact.sender_id,
            content=fact.content,
            message_type=fact.message_type,
            created_at=fact.created_at,
            timestamp=fact.timestamp,
            seq=fact.seq,
            client_message_id=fact.client_message_id,
        )
    )


def _room(fact: RoomCreated | ParticipantsAdded | ParticipantRemoved, participants: frozenset[str]) -> Frame:
    change: Literal["created", "added", "removed"]
    match fact:
        case RoomCreated():
            change, people, count = "created", fact.participant_ids, len(fact.participant_ids)
        case ParticipantsAdded():
            change, people, count = "added", fact.user_ids, fact.participant_count
        case ParticipantRemoved():
            change, people, count = "removed", (fact.user_id,), fact.participant_count
            participants |= {fact.user_id}
    frame = RoomFrame(
        change=change, chat_room_id=fact.chat_room_id, name=fact.name, user_ids=people, participant_count=count
    )
    return Frame(encode_frame(frame), participants, "rooms")


def _refusal(fact: MessageRejected | CommandRejected) -> Reply | None:
    """Clients of the source design know VERIFICATION_REQUIRED; ERROR goes to who gave a key or has any feature."""
    connection = fact.connection
    if isinstance(connection, UnsetType):
        return None
    key = fact.client_message_id if isinstance(fact, MessageRejected) else UNSET
    if fact.code == "VERIFICATION_REQUIRED":
        asked = VerificationRequiredFrame(message=fact.message, chat_room_id=fact.chat_room_id, client_message_id=key)
        return Reply(encode_frame(asked), connection)
    if isinstance(key, UnsetType) and not connection.features:
        return None
    error = ErrorFrame(
        code=_ERRORS.get(fact.code, "INTERNAL"),
        message=fact.message,
        retryable=False,
        client_message_id=key,
        chat_room_id=fact.chat_room_id,
    )
    return Reply(encode_frame(error), connection)
