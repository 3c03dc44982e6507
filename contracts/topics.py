"""The table of topics (spec 11): one glance shows the system."""

from dataclasses import dataclass, field
from typing import Final

from contracts import connections, controls, deliveries, facts, gateways, presence, signals, submissions, users
from contracts.envelope import Event, EventDecoder

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
FOR_EVER = -1


@dataclass(frozen=True, kw_only=True)
class Topic:
    """One topic: who writes what to whom, and how long it is kept."""

    name: str
    key: str
    events: tuple[type[Event], ...]
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    retention_ms: int = FOR_EVER
    compacted: bool = False
    single_partition: bool = False
    """One order for all of it; the others share the site's partition count."""
    decode: EventDecoder = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "decode", EventDecoder(self.events))


CONNECTIONS: Final = Topic(
    name="chat.connections",
    key="userId",
    events=(connections.Connected, connections.Disconnected, connections.Retired),
    producers=("gateway", "presence", "fanout"),
    consumers=("presence", "replay"),
    retention_ms=30 * DAY_MS,
)
SUBMISSIONS: Final = Topic(
    name="chat.submissions",
    key="chatRoomId",
    events=(
        submissions.SendMessage,
        submissions.CreateRoom,
        submissions.AddParticipants,
        submissions.RemoveParticipant,
        submissions.MarkRead,
    ),
    producers=("gateway", "api"),
    consumers=("persistence", "replay"),
)
ROOMS: Final = Topic(
    name="chat.rooms",
    key="chatRoomId",
    events=(
        facts.MessagePosted,
        facts.MessageRejected,
        facts.RoomCreated,
        facts.ParticipantsAdded,
        facts.ParticipantRemoved,
        facts.MessagesRead,
        facts.CommandRejected,
        facts.NothingChanged,
    ),
    producers=("persistence",),
    consumers=("fanout", "replay"),
)
USERS: Final = Topic(
    name="chat.users",
    key="userId",
    events=(users.ProfileUpdated,),
    producers=("api",),
    consumers=("persistence", "replay"),
)
SIGNALS: Final = Topic(
    name="chat.signals",
    key="chatRoomId",
    events=(signals.Typing,),
    producers=("gateway",),
    consumers=("fanout",),
    retention_ms=HOUR_MS,
)
PRESENCE: Final = Topic(
    name="chat.presence",
    key="userId",
    events=(presence.PresenceChanged,),
    producers=("presence",),
    consumers=("fanout", "api", "replay"),
    compacted=True,
)
GATEWAYS: Final = Topic(
    name="chat.gateways",
    key="gatewayId",
    events=(gateways.LeaseRenewed, gateways.Stopped, gateways.Tick),
    producers=("gateway", "presence"),
    consumers=("gateway", "presence", "fanout"),
    compacted=True,
    single_partition=True,
)
CONTROLS: Final = Topic(
    name="chat.controls",
    key="userId or gatewayId",
    events=(controls.SessionsRevoked, controls.CloseConnection, controls.EpochLapsed),
    producers=("api", "presence", "fanout"),
    consumers=("gateway", "api", "presence", "fanout"),
    retention_ms=DAY_MS,
    single_partition=True,
)
DELIVERIES: Final = Topic(
    name="chat.deliveries",
    key="chatRoomId",
    events=(deliveries.Pushed,),
    producers=("fanout",),
    consumers=("replay",),
    retention_ms=30 * DAY_MS,
)
DEAD_LETTERS: Final = Topic(
    name="chat.dead-letters",
    key="source key",
    events=(),
    producers=("persistence", "presence", "fanout"),
    consumers=("replay",),
    retention_ms=30 * DAY_MS,
)

TOPICS: Final = (
    CONNECTIONS,
    SUBMISSIONS,
    ROOMS,
    USERS,
    SIGNALS,
    PRESENCE,
    GATEWAYS,
    CONTROLS,
    DELIVERIES,
    DEAD_LETTERS,
)
BY_NAME: Final = {topic.name: topic for topic in TOPICS}
