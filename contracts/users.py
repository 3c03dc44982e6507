"""chat.users (key: userId): profiles, from api to persistence (spec 8)."""

from typing import Literal

from msgspec import UNSET, UnsetType

from contracts.envelope import Event
from contracts.ids import Id

VerificationStatus = Literal["approved", "pending", "rejected"]


class ProfileUpdated(Event, frozen=True, kw_only=True):
    """The fields that its author may set, and no others; absent ones stay as they are."""

    user_id: Id
    updated_by: Id
    verification_status: VerificationStatus | UnsetType = UNSET
    display_name: str | UnsetType = UNSET
    only_if_absent: bool = False
    """The profile that the first sign-in makes. Where one exists it never undoes an approval; it gives it a name if
    nobody has."""
