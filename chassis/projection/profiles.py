"""An event of chat.users as rows (spec 5 and 8): a person's profile, and their place in the directory. Pure."""

import msgspec
from msgspec import UNSET

from chassis.projection.view import Rows, Writes, held
from contracts import table
from contracts.rows import DirectoryRow, ProfileRow
from contracts.users import ProfileUpdated


def rows_of_profile(event: ProfileUpdated, position: int, rows: Rows) -> Writes:
    """What the event at `position` makes of the profile in `rows`; nothing where it stands there already.

    A name that changes moves its directory row. Where the first event of a user leaves something out, the profile is
    `pending` and the name is the user's id, until somebody chooses one or a first sign-in brings the token's.
    """
    known = held(rows, table.profile(event.user_id), ProfileRow)
    if known is not None and position <= known.position:
        return {}
    if known is not None and event.only_if_absent:
        if known.unnamed is UNSET or event.display_name is UNSET:
            return {}
        event = msgspec.structs.replace(event, verification_status=UNSET)
    changed = _changed(event, position, known)
    return {table.profile(event.user_id): changed} | _moved(known, changed)


def _moved(known: ProfileRow | None, changed: ProfileRow) -> Writes:
    if known is not None and known.display_name == changed.display_name:
        return {}
    writes: Writes = {} if known is None else {_place(known): None}
    # In this order: a name of which only the case changed stays at its key.
    writes[_place(changed)] = DirectoryRow(
        position=changed.position, user_id=changed.user_id, display_name=changed.display_name
    )
    return writes


def _changed(event: ProfileUpdated, position: int, known: ProfileRow | None) -> ProfileRow:
    status = known.verification_status if known else "pending"
    name = known.display_name if known else event.user_id
    unnamed = known.unnamed if known else True
    return ProfileRow(
        position=position,
        user_id=event.user_id,
        verification_status=status if event.verification_status is UNSET else event.verification_status,
        display_name=name if event.display_name is UNSET else event.display_name,
        updated_at=event.occurred_at,
        unnamed=unnamed if event.display_name is UNSET else UNSET,
    )


def _place(profile: ProfileRow) -> table.Key:
    return table.directory_name(profile.display_name, profile.user_id)
