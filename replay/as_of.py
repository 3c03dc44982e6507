"""A room as it was at some moment: people, profiles, read marks, last messages, open connections. Topics only."""

from collections import deque
from dataclasses import dataclass
from typing import Any

from chassis.projection.view import Contradiction, held
from contracts import table
from contracts.facts import Fact, MessagePosted
from contracts.presence import OpenConnection
from contracts.rows import FenceRow, MembershipRow, ProfileRow, RoomRow, Row
from contracts.timestamps import iso
from contracts.topics import CONNECTIONS, ROOMS, SUBMISSIONS, USERS
from contracts.users import ProfileUpdated
from replay.fold import Fold
from replay.log import Log, Place
from replay.seen import connection_event, see
from replay.timeline import OPEN_BEFORE_MS, NotFound, OnProgress
from replay.whereabouts import OpenConnections
from replay.words import hidden

LAST_MESSAGES = 10
TOPICS = (SUBMISSIONS, ROOMS, USERS, CONNECTIONS)


@dataclass(frozen=True, slots=True)
class Moment:
    """A place in the room's order (an offset of chat.submissions), or a broker time; one of the two."""

    offset: int | None = None
    time_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """A participant, as they were."""

    user_id: str
    profile: ProfileRow | None
    membership: MembershipRow | None
    connections: tuple[OpenConnection, ...]

    def data(self, seq: int) -> dict[str, Any]:
        """As JSON holds it; `seq`: the room's last."""
        read = self.membership.last_read_seq if self.membership else 0
        return {
            "userId": self.user_id,
            "displayName": self.profile.display_name if self.profile else None,
            "verificationStatus": self.profile.verification_status if self.profile else None,
            "joinedAt": self.membership.joined_at if self.membership else None,
            "lastReadSeq": read,
            "unread": seq - read,
            "connections": [
                {"connectionId": one.connection_id, "gatewayId": one.gateway_id, "connectedAt": one.connected_at}
                for one in self.connections
            ],
        }


@dataclass(frozen=True, slots=True)
class RoomAsOf:
    """A room, as it was."""

    room: RoomRow
    fence: FenceRow
    time_ms: int
    people: tuple[Person, ...]
    messages: tuple[MessagePosted, ...]

    def data(self, *, show_content: bool) -> dict[str, Any]:
        """As JSON holds it."""
        return {
            "chatRoomId": self.room.chat_room_id,
            "name": self.room.name,
            "createdBy": self.room.created_by,
            "createdAt": self.room.created_at,
            "time": iso(self.time_ms),
            "position": self.fence.position,
            "seq": self.fence.seq,
            "participants": [one.data(self.fence.seq) for one in self.people],
            "lastMessages": [_message(one, show_content) for one in self.messages],
        }


def _message(fact: MessagePosted, show_content: bool) -> dict[str, Any]:
    return {
        "seq": fact.seq,
        "messageId": fact.message_id,
        "senderId": fact.sender_id,
        "createdAt": fact.created_at,
        "content": fact.content if show_content else hidden(fact.content),
    }


async def room_as_of(
    log: Log, chat_room_id: str, moment: Moment, on_progress: OnProgress, *, last_messages: int = LAST_MESSAGES
) -> RoomAsOf:
    """The room; raises NotFound where it did not exist then, as far as the log still tells."""
    until_ms = moment.time_ms if moment.offset is None else await _time_at(log, chat_room_id, moment.offset)
    fold, messages, time_ms = await _folded(log, chat_room_id, moment, on_progress, last_messages)
    room = held(fold.rows, table.room(chat_room_id), RoomRow)
    fence = held(fold.rows, table.fence(chat_room_id), FenceRow)
    if room is None or fence is None:
        raise NotFound(f"there was no room {chat_room_id} then, as far as the log tells")
    time_ms = time_ms if until_ms is None else until_ms
    profiles = await _profiles(log, room.participant_ids, until_ms)
    open_ = await _connections(log, room.participant_ids, until_ms)
    people = (_person(user, chat_room_id, fold, profiles, open_) for user in room.participant_ids)
    return RoomAsOf(room, fence, time_ms, tuple(people), tuple(messages))


async def _time_at(log: Log, chat_room_id: str, offset: int) -> int | None:
    """When the submission at `offset` came; None: none has come there yet, so all that there is."""
    record = await log.record_at(Place(*log.part_of(SUBMISSIONS, chat_room_id), offset))
    return None if record is None else record.timestamp


async def _folded(
    log: Log, chat_room_id: str, moment: Moment, on_progress: OnProgress, last_messages: int
) -> tuple[Fold, deque[MessagePosted], int]:
    rows: dict[table.Key, Row] = {}
    fold, messages, time_ms = Fold(rows, messages=False), deque[MessagePosted](maxlen=last_messages), 0
    spans = await log.between([log.part_of(ROOMS, chat_room_id)], None, moment.time_ms)
    key, total = chat_room_id.encode(), sum(len(span) for span in spans.values())
    async with log.reading(spans, keep=lambda found, _value: found == key) as reading:
        while not reading.done:
            for seen in [see(log.original(record)) for record in await reading.any()]:
                if not isinstance(seen.event, Fact) or not _is_in_time(seen.event, seen.record.timestamp, moment):
                    continue
                if _folds(fold, seen.event) and isinstance(seen.event, MessagePosted):
                    messages.append(seen.event)
                time_ms = seen.record.timestamp
            on_progress(reading.read, total)
    return fold, messages, time_ms


def _folds(fold: Fold, fact: Fact) -> bool:
    try:
        return bool(fold.fact(fact))
    except Contradiction:
        # Its beginning has expired: said by `history begins at`, and by NotFound.
        return False


def _is_in_time(fact: Fact, time_ms: int, moment: Moment) -> bool:
    if moment.offset is not None:
        return fact.submission.offset <= moment.offset
    return moment.time_ms is None or time_ms <= moment.time_ms


async def _profiles(log: Log, people: tuple[str, ...], until_ms: int | None) -> dict[str, ProfileRow]:
    wanted, fold = {user.encode() for user in people}, Fold(messages=False)
    spans = await log.between({log.part_of(USERS, user) for user in people}, None, until_ms)
    async for batch in log.records(spans, keep=lambda key, _value: key in wanted):
        for record in batch:
            event = see(record).event
            if isinstance(event, ProfileUpdated) and (until_ms is None or record.timestamp <= until_ms):
                fold.profile(event, record.offset)
    found = {user: held(fold.rows, table.profile(user), ProfileRow) for user in people}
    return {user: row for user, row in found.items() if row is not None}


async def _connections(log: Log, people: tuple[str, ...], until_ms: int | None) -> OpenConnections:
    wanted, open_ = {user.encode() for user in people}, OpenConnections(people)
    since = None if until_ms is None else until_ms - OPEN_BEFORE_MS
    spans = await log.between({log.part_of(CONNECTIONS, user) for user in people}, since, until_ms)
    async for batch in log.records(spans, keep=lambda key, _value: key in wanted):
        for record in batch:
            received = connection_event(see(record))
            if received is not None and (until_ms is None or record.timestamp <= until_ms):
                open_.apply(received)
    return open_


def _person(
    user: str, chat_room_id: str, fold: Fold, profiles: dict[str, ProfileRow], open_: OpenConnections
) -> Person:
    membership = held(fold.rows, table.membership(user, chat_room_id), MembershipRow)
    return Person(user, profiles.get(user), membership, open_.of(user))
