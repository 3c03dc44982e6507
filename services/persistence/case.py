"""One submission before its judge: what was asked, what is known, and the words for an answer. Pure."""

from dataclasses import dataclass
from typing import Any

from msgspec import UNSET, UnsetType

from chassis.projection.view import Rows, held
from contracts import table
from contracts.facts import Fact, NothingChanged, RejectionCode
from contracts.limits import PARTICIPANTS
from contracts.rows import FenceRow, ProfileRow, RoomRow
from services.persistence.received import Received
from services.persistence.refusals import TEXTS, VERIFICATION_MESSAGE, command_of, refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a site may set."""

    participants_most: int = PARTICIPANTS
    verification_message: str = VERIFICATION_MESSAGE


@dataclass(frozen=True, slots=True)
class Case:
    """`rows` holds all that `decide.reads_of` names and the room's FENCE and METADATA, where they exist."""

    received: Received
    rows: Rows
    rules: Rules

    @property
    def room_id(self) -> str:
        """The room that it is about."""
        return self.received.submission.chat_room_id

    @property
    def fence(self) -> FenceRow | None:
        """How far the room is decided; None: there is no such room."""
        return held(self.rows, table.fence(self.room_id), FenceRow)

    @property
    def room(self) -> RoomRow | None:
        """The room and its people."""
        return held(self.rows, table.room(self.room_id), RoomRow)

    def profile(self, user_id: str) -> ProfileRow | None:
        """Who somebody is."""
        return held(self.rows, table.profile(user_id), ProfileRow)

    def envelope(self, profile: ProfileRow | None = None) -> dict[str, Any]:
        """What every fact of this case has; `profile` is the one that the decision stood on."""
        return {
            "event_id": self.received.fact_id,
            "occurred_at": self.received.submission.occurred_at,
            "chat_room_id": self.room_id,
            "submission": self.received.reference,
            "profile_position": position_of(profile),
        }

    def refuse(self, code: RejectionCode, profile: ProfileRow | None = None) -> Fact:
        """No, and why."""
        text = self.rules.verification_message if code == "VERIFICATION_REQUIRED" else TEXTS[code]
        return refusal(self.received, code, text, position_of(profile))

    def nothing(self, profile: ProfileRow | None = None, *, message_id: str | UnsetType = UNSET) -> Fact:
        """It was already so."""
        command = command_of(self.received.submission)
        return NothingChanged(**self.envelope(profile), command=command, message_id=message_id)


def position_of(profile: ProfileRow | None) -> int | UnsetType:
    """Where the profile stands in chat.users; UNSET where there is none."""
    return UNSET if profile is None else profile.position


def is_approved(profile: ProfileRow | None) -> bool:
    """Whether its owner may post, make rooms and add people (spec 3 and 8)."""
    return profile is not None and profile.verification_status == "approved"
