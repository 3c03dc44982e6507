"""Asks the HTTP API who is in the room and who is online."""

from __future__ import annotations

from cli.terminal.conversation import Conversation
from cli.terminal.http_api import HttpApi, Seen
from contracts.server_frames import PresenceFrame


async def load_people(api: HttpApi, conversation: Conversation) -> None:
    """Names, read marks and presence of the conversation's room; nothing if another room was entered meanwhile.

    Raises ApiRefusedError if the room is closed to us, or ApiUnavailableError.
    """
    chat_room_id, people = conversation.chat_room_id, conversation.people
    room = await api.room(chat_room_id)
    people.are({person.user_id: person.display_name for person in room.participants})
    for person in room.participants:
        if person.last_read_seq is not None:
            people.read(person.user_id, person.last_read_seq)
    for seen in await api.presence(chat_room_id):
        people.presence(_as_frame(seen))


def _as_frame(seen: Seen) -> PresenceFrame:
    return PresenceFrame(user_id=seen.user_id, status=seen.status, last_seen_at=seen.last_seen_at, version=seen.version)
