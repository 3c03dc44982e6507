"""The history of a room, in pages (spec 8): one key condition, strongly consistent, always ascending."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from contracts.limits import PAGE_MESSAGES
from services.persistence.api.answers import Message, Messages
from services.persistence.api.authentication import Caller
from services.persistence.api.callers import caller
from services.persistence.api.openapi import REFUSALS
from services.persistence.api.parts import Parts, parts
from services.persistence.api.problems import Problem, no_such_room
from services.persistence.api.shapes import RoomPath

router = APIRouter(prefix="/api/rooms", tags=["messages"], responses=REFUSALS)

DEFAULT_PAGE = 50
# One less than what 13 digits hold: `after` looks from the next millisecond on.
LATEST = 9_999_999_999_998

Timestamp = Annotated[int | None, Query(ge=0, le=LATEST, description="`timestamp` of a message that one holds")]


@router.get("/{chatRoomId}/messages", response_model_exclude_none=True)
async def messages(
    chat_room_id: RoomPath,
    who: Annotated[Caller, Depends(caller)],
    on: Annotated[Parts, Depends(parts)],
    after: Timestamp = None,
    before: Timestamp = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_MESSAGES)] = DEFAULT_PAGE,
) -> Messages:
    """The messages next to one that the caller holds: `after` or `before` it; with neither, the newest.

    `after=0` starts at the beginning. `hasMore` tells of that side. Participants only, the whole history.
    """
    if after is not None and before is not None:
        raise Problem("UNPROCESSABLE", "Ask for messages after or before one, not both.")
    if await on.records.membership(who.user_id, chat_room_id) is None:
        raise no_such_room()
    # One more than asked for tells whether there are more.
    if after is not None:
        found = await on.records.messages_after(chat_room_id, after, limit + 1)
        page = found[:limit]
    else:
        found = await on.records.messages_before(chat_room_id, before, limit + 1)
        page = found[:limit][::-1]
    return Messages(messages=[Message.of(row) for row in page], has_more=len(found) > limit)
