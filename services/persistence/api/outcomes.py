"""What became of a command whose outcome was late (spec 8)."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends

from services.persistence.api.answers import CommandOutcome
from services.persistence.api.authentication import Caller
from services.persistence.api.callers import caller
from services.persistence.api.commands import Late, Outcome
from services.persistence.api.openapi import LATE, REFUSALS
from services.persistence.api.parts import Parts, parts

router = APIRouter(prefix="/api/commands", tags=["commands"], responses=REFUSALS)


@router.get("/{eventId}", response_model_exclude_none=True, responses=LATE)
async def command(
    eventId: UUID,  # noqa: N803 - the name in the path
    _who: Annotated[Caller, Depends(caller)],
    on: Annotated[Parts, Depends(parts)],
) -> CommandOutcome:
    """200 with the outcome; 202 while it is not decided.

    An id that was never given, or more than 24 h ago, cannot be told from one that waits.
    """
    found = await on.commands.outcome(str(eventId))
    if found is None:
        raise Late(str(eventId))
    return CommandOutcome(**_told(found))


def _told(found: Outcome) -> dict[str, Any]:
    refusal = found.refusal
    done = 201 if found.code == "CREATED" else 200
    return {
        "event_id": found.event_id,
        "code": refusal.code if refusal else found.code,
        "status": refusal.status if refusal else done,
        "chat_room_id": found.chat_room_id,
    }
