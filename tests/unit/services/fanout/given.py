"""Facts, signals, values of chat.presence and views, as few words as a test needs; and an outlet that remembers."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import UNSET

from chassis.records import Outgoing, Record
from contracts.connections import ConnectionRef
from contracts.envelope import Event, encode
from contracts.facts import (
    CommandRejected,
    MessagePosted,
    MessageRejected,
    MessagesRead,
    ParticipantRemoved,
    ParticipantsAdded,
    RejectionCode,
    RoomCreated,
    SubmissionRef,
)
from contracts.gateways import LeaseRenewed
from contracts.presence import OpenConnection, PresenceChanged
from contracts.rows import RoomRow
from contracts.signals import Typing
from contracts.timestamps import iso
from contracts.topics import GATEWAYS, ROOMS, SIGNALS
from services.fanout.delivery import Delivery
from services.fanout.dispatch import Dispatch
from services.fanout.gateway_queue import Item
from services.fanout.gateways import Gateways
from services.fanout.locations import Locations
from services.fanout.membership import Membership
from services.fanout.partition import Partition, Takeover
from services.fanout.route import EpochKey
from services.fanout.window import Window

ROOM = "lobby"
KEY = EpochKey("gateway-1", "0a0b0c0d")
OTHER = EpochKey("gateway-2", "11121314")
AT = iso(1_700_000_000_000)
MINUTE_MS = 60_000


def connection_id(name: str) -> str:
    """A well-formed id that still shows the name."""
    return (name + "A" * 15)[:15] + "="


def _envelope(position: int, room: str) -> dict[str, Any]:
    reference = SubmissionRef(partition=0, offset=position, event_id=f"s{position}")
    return {"event_id": f"f{position}", "occurred_at": AT, "chat_room_id": room, "submission": reference}


def message(position: int, *, room: str = ROOM, sender: str = "alice", seq: int | None = None) -> MessagePosted:
    return MessagePosted(
        **_envelope(position, room),
        message_id=f"m{position}",
        sender_id=sender,
        content=f"text {position}",
        created_at=AT,
        timestamp=1_700_000_000_000 + position,
        seq=position if seq is None else seq,
    )


def created(position: int, *people: str, room: str = ROOM) -> RoomCreated:
    return RoomCreated(
        **_envelope(position, room), name="Lobby", participant_ids=people, created_by=people[0], created_at=AT
    )


def added(position: int, *people: str, room: str = ROOM, count: int = 9) -> ParticipantsAdded:
    return ParticipantsAdded(
        **_envelope(position, room),
        name="Lobby",
        user_ids=people,
        added_by="alice",
        joined_at=AT,
        last_read_seq=0,
        participant_count=count,
    )


def removed(position: int, person: str, *, room: str = ROOM, count: int = 1) -> ParticipantRemoved:
    return ParticipantRemoved(
        **_envelope(position, room), name="Lobby", user_id=person, removed_by="alice", participant_count=count
    )


def read(position: int, person: str, *, seq: int = 7, room: str = ROOM) -> MessagesRead:
    return MessagesRead(**_envelope(position, room), user_id=person, seq=seq)


def asking(*features: str, name: str = "asker", key: EpochKey = KEY) -> ConnectionRef:
    return ConnectionRef(
        connection_id=connection_id(name), gateway_id=key.gateway_id, epoch=key.epoch, features=features
    )


def rejected(
    position: int, code: RejectionCode, connection: ConnectionRef | None, *, client_message_id: str | None = None
) -> MessageRejected:
    return MessageRejected(
        **_envelope(position, ROOM),
        sender_id="dave",
        code=code,
        message="no",
        client_message_id=client_message_id or UNSET,
        connection=connection or UNSET,
    )


def command_rejected(position: int, connection: ConnectionRef | None) -> CommandRejected:
    return CommandRejected(
        **_envelope(position, ROOM),
        command="markRead",
        requested_by="dave",
        code="NOT_A_PARTICIPANT",
        message="no",
        connection=connection or UNSET,
    )


def typing(person: str, *, room: str = ROOM) -> Typing:
    return Typing(event_id="t", occurred_at=AT, chat_room_id=room, user_id=person, connection_id=connection_id(person))


def record(fact: Event, offset: int, time_ms: int = 0, *, partition: int = 0, room: str = ROOM) -> Record:
    topic = SIGNALS.name if isinstance(fact, Typing) else ROOMS.name
    return Record(topic, partition, offset, time_ms, room.encode(), encode(fact))


def socket(name: str, *features: str, since_ms: int = 10_000, key: EpochKey = KEY) -> OpenConnection:
    return OpenConnection(
        connection_id=connection_id(name),
        gateway_id=key.gateway_id,
        epoch=key.epoch,
        connected_at=AT,
        timestamp=since_ms,
        features=features,
    )


def presence(person: str, position: int, *sockets: OpenConnection, version: int = 1) -> PresenceChanged:
    return PresenceChanged(
        event_id=f"p{position}",
        occurred_at=AT,
        user_id=person,
        status="online" if sockets else "offline",
        last_seen_at=AT,
        presence_version=version,
        position=position,
        connections=sockets,
    )


def row(position: int, *people: str, room: str = ROOM) -> RoomRow:
    return RoomRow(
        position=position,
        chat_room_id=room,
        name="Lobby",
        participant_ids=people,
        created_by=people[0] if people else "alice",
        created_at=AT,
    )


def window(*, reaches_ms: int = 0, frames: int = 1_000, size: int = 1_000_000) -> Window:
    return Window(reaches_ms=reaches_ms, length_ms=MINUTE_MS, frames_most=frames, bytes_most=size)


def partition(takeover: Takeover | None = None, number: int = 0, *, frames: int = 1_000) -> Partition:
    takeover = takeover or Takeover(start=0, committed=0)
    return Partition(number, takeover, window(reaches_ms=takeover.reaches_ms, frames=frames))


class Outbox:
    """An outlet that remembers what went out, and answers at once unless `held`."""

    def __init__(self, *, held: bool = False) -> None:
        self.held = held
        self.items: list[tuple[EpochKey, Item]] = []
        self.closed: list[tuple[EpochKey, str]] = []

    def push(self, key: EpochKey, item: Item) -> None:
        self.items.append((key, item))
        if not self.held:
            item.delivery.settle(1)

    def close(self, key: EpochKey, connection_id: str) -> None:
        self.closed.append((key, connection_id))

    def answer(self) -> None:
        """Settle all that was held."""
        for _, item in self.items:
            item.delivery.settle(1)

    def frames(self, name: str) -> list[dict[str, Any]]:
        """What one connection got, in order."""
        wanted = connection_id(name)
        return [json.loads(item.payload) for _, item in self.items if wanted in item.connection_ids]

    def seqs(self, name: str) -> list[int]:
        """The messages among them."""
        return [frame["seq"] for frame in self.frames(name) if frame["type"] == "MESSAGE"]


class Site:
    """A dispatch with its views and an outbox."""

    def __init__(self, *, held: bool = False, rooms_most: int = 1_000, participants_most: int = 10_000) -> None:
        self.membership = Membership(rooms_most=rooms_most, participants_most=participants_most)
        self.locations = Locations()
        self.outbox = Outbox(held=held)
        self.loose: list[Delivery] = []
        self.dispatch = Dispatch(self.membership, self.locations, self.outbox, self.loose.append)
        self.positions: defaultdict[str, int] = defaultdict(int)

    def holds(self, takeover: Takeover | None = None, number: int = 0, *, frames: int = 1_000) -> Partition:
        held = partition(takeover, number, frames=frames)
        self.dispatch.take_over(held)
        return held

    def connect(self, person: str, *sockets: OpenConnection, at_ms: int = 0, version: int = 1) -> None:
        self.positions[person] += 1
        value = presence(person, self.positions[person], *sockets, version=version)
        self.dispatch.learn(self.locations.apply(value, at_ms))

    def route(self, held: Partition, fact: Any, offset: int, time_ms: int = 0) -> Delivery:
        delivery = Delivery(held.number)
        self.dispatch.fact(held, record(fact, offset, time_ms), fact, delivery)
        delivery.seal()
        return delivery


def known_gateways(*keys: EpochKey) -> Gateways:
    """Leases of these epochs."""
    gateways = Gateways()
    for key in keys:
        gateways.apply(lease(key))
    return gateways


def lease(key: EpochKey) -> Record:
    renewed = LeaseRenewed(
        event_id="l",
        occurred_at=AT,
        gateway_id=key.gateway_id,
        epoch=key.epoch,
        address=f"http://{key.gateway_id}/prod",
    )
    return Record(GATEWAYS.name, 0, 0, 0, key.gateway_id.encode(), encode(renewed))


def item(name: str, *, delivery: Delivery | None = None, message_id: str = "m", durable: bool = True) -> Item:
    """A push to one connection, expected by its delivery."""
    delivery = delivery or Delivery(0)
    delivery.expect()
    return Item(b'"%s"' % message_id.encode(), (connection_id(name),), delivery, ROOM, message_id, durable)


def values(messages: Iterable[Outgoing]) -> Sequence[dict[str, Any]]:
    """The events in what is to be published."""
    return [json.loads(message.value or b"null") for message in messages]
