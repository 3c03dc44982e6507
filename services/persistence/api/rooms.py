"""Rooms: making, listing and looking into them (spec 8)."""

from typing import Annotated

from fastapi import APIRouter, Depends

from contracts.limits import READ_AND_TYPING_PARTICIPANTS
from contracts.rows import RoomRow
from services.persistence.api.answers import (
    Participant,
    Presence,
    Room,
    RoomDetails,
    RoomPresence,
    Rooms,
    RoomSummary,
    summary,
)
from services.persistence.api.authentication import Caller
from services.persistence.api.callers import caller
from services.persistence.api.creation import Creation
from services.persistence.api.openapi import COMMAND_REFUSALS, LATE, REFUSALS
from services.persistence.api.parts import Parts, parts
from services.persistence.api.problems import no_such_room, unavailable
from services.persistence.api.records import Records
from services.persistence.api.shapes import NewRoom, RoomPath

router = APIRouter(prefix="/api/rooms", tags=["rooms"], responses=REFUSALS)

Asking = Annotated[Caller, Depends(caller)]
On = Annotated[Parts, Depends(parts)]


@router.get("", response_model_exclude_none=True)
async def my_rooms(who: Asking, on: On) -> Rooms:
    """The caller's rooms, newest message first (a room without messages counts from its creation)."""
    memberships = {mine.chat_room_id: mine for mine in await on.records.memberships(who.user_id)}
    found = await on.records.rooms(list(memberships))
    summaries = [
        RoomSummary.of(memberships[room_id], room, last)
        for room_id, (room, last) in found.items()
        # The caller may have been removed between the two reads.
        if who.user_id in room.participant_ids
    ]
    return Rooms(rooms=sorted(summaries, key=_newest, reverse=True))


@router.post("", status_code=201, responses=COMMAND_REFUSALS | LATE)
async def create_room(asked: NewRoom, who: Asking, on: On) -> Room:
    """Make a room; approved users only, and the caller is always in it.

    With a `chatRoomId` the request may be repeated: the same answer again, or 409 where a different room has the id.
    503 tells to repeat it.
    """
    creation = Creation(on.commands, on.records, participants_most=on.settings.participants_most)
    return Room.of(await creation.create(asked, who.user_id))


@router.get("/{chatRoomId}", response_model_exclude_none=True)
async def room(chat_room_id: RoomPath, who: Asking, on: On) -> RoomDetails:
    """A room that the caller is in, with its people's names."""
    found = (await on.records.rooms([chat_room_id])).get(chat_room_id)
    mine = await on.records.membership(who.user_id, chat_room_id)
    if found is None or mine is None:
        raise no_such_room()
    return RoomDetails(**summary(mine, *found), participants=await _participants(on.records, found[0]))


@router.get("/{chatRoomId}/presence", response_model_exclude_none=True)
async def presence(chat_room_id: RoomPath, who: Asking, on: On) -> RoomPresence:
    """Who of the room is online; PRESENCE frames with a higher `version` are newer than this."""
    stored = await _room_of(on.records, chat_room_id, who)
    if not on.presence_known():
        raise unavailable("It is not known yet who is online; try again.")
    return RoomPresence(presence=[_presence(on, user_id) for user_id in stored.participant_ids])


async def _room_of(records: Records, chat_room_id: str, who: Caller) -> RoomRow:
    stored = await records.room(chat_room_id)
    if stored is None or who.user_id not in stored.participant_ids:
        raise no_such_room()
    return stored


async def _participants(records: Records, stored: RoomRow) -> list[Participant]:
    profiles = await records.profiles(stored.participant_ids)
    small = len(stored.participant_ids) <= READ_AND_TYPING_PARTICIPANTS
    marks = await records.read_marks(stored.chat_room_id, stored.participant_ids) if small else {}
    return [
        Participant(
            user_id=user_id,
            display_name=profiles[user_id].display_name if user_id in profiles else user_id,
            last_read_seq=marks.get(user_id),
        )
        for user_id in stored.participant_ids
    ]


def _presence(on: Parts, user_id: str) -> Presence:
    found = on.presence.of(user_id)
    return Presence(user_id=user_id, status=found.status, last_seen_at=found.last_seen_at, version=found.version)


def _newest(one: RoomSummary) -> tuple[str, str]:
    return (one.last_message.created_at if one.last_message else one.created_at, one.chat_room_id)
