"""Submissions with the dull parts filled in, and a room's judge without table or broker."""

import itertools
from typing import Any

from msgspec import UNSET

from chassis.projection.view import apply
from chassis.records import Headers, Record
from contracts import table
from contracts.connections import ConnectionRef
from contracts.envelope import encode
from contracts.facts import Fact
from contracts.headers import REDRIVEN
from contracts.ids import new_connection_id
from contracts.rows import OutcomeRow, ProfileRow, Row
from contracts.submissions import AddParticipants, CreateRoom, MarkRead, RemoveParticipant, SendMessage, Submission
from contracts.table import Key
from contracts.topics import SUBMISSIONS, USERS
from contracts.users import ProfileUpdated
from services.persistence.case import Rules
from services.persistence.decide import Decision, decide
from services.persistence.received import Received

NOON = 1_753_900_200_000
"""An append time, epoch ms."""
AT = "2025-07-30T18:29:59.000Z"
"""When a client's clock said that it asked."""
SOCKET = ConnectionRef(connection_id=new_connection_id("0a0b0c0d"), gateway_id="gateway-1", epoch="0a0b0c0d")

_numbers = itertools.count(1)


def event(**fields: Any) -> dict[str, Any]:
    """An envelope with an eventId of its own."""
    return {"event_id": f"event-{next(_numbers)}", "occurred_at": AT} | fields


def send(sender: str, content: str = "hello", *, room: str = "room", key: str | None = None) -> SendMessage:
    given = UNSET if key is None else key
    fields = event(chat_room_id=room, sender_id=sender, content=content, connection=SOCKET, client_message_id=given)
    return SendMessage(**fields)


def create(creator: str, *others: str, room: str = "room", name: str = "A room") -> CreateRoom:
    return CreateRoom(**event(chat_room_id=room, name=name, participant_ids=others, requested_by=creator))


def add(who: str, *users: str, room: str = "room", by_admin: bool = False) -> AddParticipants:
    return AddParticipants(**event(chat_room_id=room, user_ids=users, requested_by=who, by_admin=by_admin))


def remove(who: str, user: str, *, room: str = "room", by_admin: bool = False) -> RemoveParticipant:
    return RemoveParticipant(**event(chat_room_id=room, user_id=user, requested_by=who, by_admin=by_admin))


def read(who: str, seq: int, *, room: str = "room") -> MarkRead:
    return MarkRead(**event(chat_room_id=room, user_id=who, seq=seq, connection=SOCKET))


def profile(user: str, status: Any = UNSET, name: Any = UNSET, **fields: Any) -> ProfileUpdated:
    given = {"user_id": user, "updated_by": "root", "verification_status": status, "display_name": name}
    return ProfileUpdated(**event(**given, **fields))


def record(asked: Submission | ProfileUpdated | bytes | None, offset: int, **fields: Any) -> Record:
    """`asked` as it stands in its topic; `key`, `timestamp`, `headers` may be given."""
    of_user = isinstance(asked, ProfileUpdated)
    default = asked.user_id if isinstance(asked, ProfileUpdated) else getattr(asked, "chat_room_id", "room")
    headers: Headers = fields.get("headers", ())
    return Record(
        topic=USERS.name if of_user else SUBMISSIONS.name,
        partition=0,
        offset=offset,
        timestamp=fields.get("timestamp", NOON + offset),
        key=fields.get("key", default.encode()),
        value=asked if isinstance(asked, bytes | None) else encode(asked),
        headers=headers,
    )


REDRIVEN_HEADER: Headers = ((REDRIVEN, b"1"),)


class Scene:
    """Decides one submission after the other on rows in memory: a room with nobody between it and `decide`."""

    def __init__(self, *approved: str, rules: Rules | None = None) -> None:
        self.rows: dict[Key, Row] = {}
        self.rules = rules or Rules()
        self.offset = 0
        for user in approved:
            self.judge(user, "approved")

    def judge(self, user: str, status: Any) -> None:
        """Give the user a profile with that status."""
        self.offset += 1
        row = ProfileRow(
            position=self.offset, user_id=user, verification_status=status, display_name=user, updated_at=AT
        )
        self.rows[table.profile(user)] = row

    def decide(self, asked: Submission, *, arrived_ms: int | None = None, redriven: bool = False) -> Decision:
        """The decision at the next offset; its rows are written."""
        self.offset += 1
        arrived = NOON + self.offset if arrived_ms is None else arrived_ms
        received = Received(submission=asked, partition=0, offset=self.offset, arrived_ms=arrived, redriven=redriven)
        decision = decide(received, self.rows, self.rules)
        apply(self.rows, decision.writes)
        return decision

    def fact(self, asked: Submission, **place: Any) -> Fact:
        """What was decided."""
        return self.decide(asked, **place).fact

    def outcome(self, asked: Submission) -> str | None:
        """What the HTTP API will read."""
        row = self.rows.get(table.outcome(asked.event_id))
        return row.code if isinstance(row, OutcomeRow) else None
