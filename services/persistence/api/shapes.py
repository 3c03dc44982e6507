"""What request bodies and paths may hold: shapes and sizes only (spec 3 and 8)."""

import unicodedata
from typing import Annotated

from fastapi import Path
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema
from pydantic.alias_generators import to_camel

from contracts.ids import ID_PATTERN, is_id
from contracts.limits import DISPLAY_NAME_CHARACTERS, PARTICIPANTS_HIGHEST, ROOM_NAME_CHARACTERS
from contracts.users import VerificationStatus

# Lone surrogates cannot be written as UTF-8; control characters would act in a terminal.
_REFUSED_CATEGORIES = frozenset({"Cc", "Cs"})


def _an_id(value: str) -> str:
    if not is_id(value):
        raise ValueError("an id has 1 to 64 of the characters A-Z a-z 0-9 _ . @ : -")
    return value


def _a_name(value: str) -> str:
    if not value.strip():
        raise ValueError("must not be blank")
    if any(unicodedata.category(character) in _REFUSED_CATEGORIES for character in value):
        raise ValueError("must not hold control characters")
    return value


IdText = Annotated[str, AfterValidator(_an_id), WithJsonSchema({"type": "string", "pattern": ID_PATTERN})]
RoomName = Annotated[str, Field(min_length=1, max_length=ROOM_NAME_CHARACTERS), AfterValidator(_a_name)]
DisplayName = Annotated[str, Field(min_length=1, max_length=DISPLAY_NAME_CHARACTERS), AfterValidator(_a_name)]

RoomPath = Annotated[IdText, Path(alias="chatRoomId")]
UserPath = Annotated[IdText, Path(alias="userId")]


class Body(BaseModel):
    """A request body: camelCase; fields that are not known are ignored."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)


class NewRoom(Body):
    """A room to make."""

    name: RoomName
    participant_ids: Annotated[list[IdText], Field(max_length=PARTICIPANTS_HIGHEST)] = []
    """Whom to put in it; the creator is in it anyway."""
    chat_room_id: IdText | None = None
    """Makes the request repeatable; absent: the server chooses one."""


class ProfileChange(Body):
    """The fields to set; absent ones stay as they are."""

    verification_status: VerificationStatus | None = None
    display_name: DisplayName | None = None


def fitting_name(text: str, otherwise: str) -> str:
    """`text` as a display name, cut and cleaned; `otherwise` where nothing is left of it."""
    kept = "".join(c for c in text if unicodedata.category(c) not in _REFUSED_CATEGORIES).strip()
    return kept[:DISPLAY_NAME_CHARACTERS] or otherwise
