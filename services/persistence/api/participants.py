"""Who is in a room (spec 8). What may be done is decided in the log; membership and messages have one order there."""

from typing import Annotated

from fastapi import APIRouter, Depends

from contracts.submissions import AddParticipants, RemoveParticipant, Submission
from services.persistence.api.answers import CommandOutcome
from services.persistence.api.authentication import Caller
from services.persistence.api.callers import caller
from services.persistence.api.commands import happening_now
from services.persistence.api.openapi import COMMAND_REFUSALS, LATE, REFUSALS
from services.persistence.api.parts import Parts, parts
from services.persistence.api.shapes import RoomPath, UserPath

PATH = "/api/rooms/{chatRoomId}/participants/{userId}"

router = APIRouter(tags=["participants"], responses=REFUSALS | COMMAND_REFUSALS | LATE)

Asking = Annotated[Caller, Depends(caller)]
On = Annotated[Parts, Depends(parts)]


@router.put(PATH, response_model_exclude_none=True)
async def add_participant(chat_room_id: RoomPath, user_id: UserPath, who: Asking, on: On) -> CommandOutcome:
    """Add somebody; approved participants may. Adding a member succeeds and changes nothing."""
    return await _decided(
        on,
        AddParticipants(
            **happening_now(),
            chat_room_id=chat_room_id,
            user_ids=(user_id,),
            requested_by=who.user_id,
        ),
    )


@router.delete(PATH, response_model_exclude_none=True)
async def remove_participant(chat_room_id: RoomPath, user_id: UserPath, who: Asking, on: On) -> CommandOutcome:
    """Remove somebody: the room's creator and admins others, everybody themselves. A non-member: no change."""
    return await _decided(
        on,
        RemoveParticipant(
            **happening_now(),
            chat_room_id=chat_room_id,
            user_id=user_id,
            requested_by=who.user_id,
            by_admin=who.is_admin,
        ),
    )


async def _decided(on: Parts, submission: Submission) -> CommandOutcome:
    outcome = await on.commands.submit(submission)
    return CommandOutcome(
        event_id=outcome.event_id, code=outcome.code, status=200, chat_room_id=submission.chat_room_id
    )
