"""People: profiles, search, sessions (spec 8)."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from msgspec import UNSET

from contracts.controls import SessionsRevoked
from contracts.limits import DISPLAY_NAME_CHARACTERS
from contracts.users import ProfileUpdated
from services.persistence.api.answers import Me, People, Person, Profile
from services.persistence.api.authentication import Caller
from services.persistence.api.callers import admin, caller
from services.persistence.api.commands import happening_now
from services.persistence.api.openapi import COMMAND_REFUSALS, LATE, REFUSALS
from services.persistence.api.parts import Parts, parts
from services.persistence.api.problems import Problem
from services.persistence.api.settings import ApiSettings
from services.persistence.api.shapes import ProfileChange, UserPath, fitting_name

router = APIRouter(prefix="/api/users", tags=["users"], responses=REFUSALS)

Asking = Annotated[Caller, Depends(caller)]
On = Annotated[Parts, Depends(parts)]


@router.get("/me", responses=LATE)
async def me(who: Asking, on: On) -> Me:
    """Who the caller is; the first time it makes the profile, or names it if nobody has, from the token's name."""
    profile = await on.records.profile(who.user_id)
    if profile is None or profile.unnamed is True:
        profile = await on.commands.update_profile(first_profile(who, on.settings))
    return Me(**Profile.of(profile).model_dump(), is_admin=who.is_admin)


@router.get("")
async def people(
    _who: Asking, on: On, query: Annotated[str, Query(min_length=1, max_length=DISPLAY_NAME_CHARACTERS)]
) -> People:
    """People whose display name starts with `query`, whatever its case; 20 at most. 404 where it is switched off."""
    if on.settings.user_search == "off":
        raise Problem("NOT_FOUND", "The search for people is switched off here.")
    found = await on.records.people_named(query)
    return People(users=[Person(user_id=row.user_id, display_name=row.display_name) for row in found])


@router.put("/{userId}/profile", responses=COMMAND_REFUSALS | LATE)
async def change_profile(user_id: UserPath, change: ProfileChange, who: Asking, on: On) -> Profile:
    """Set one's own display name; an admin sets everybody's, and whether they are approved."""
    update = profile_update(user_id, change, who)
    first = await _first(user_id, who, on)
    return Profile.of(await on.commands.update_profile(*first, update))


@router.delete("/{userId}/sessions", status_code=204, response_class=Response, responses=COMMAND_REFUSALS)
async def revoke_sessions(user_id: UserPath, _who: Annotated[Caller, Depends(admin)], on: On) -> None:
    """Close all the user's connections and refuse the tokens issued until now; admins only."""
    envelope = happening_now()
    event = SessionsRevoked(**envelope, user_id=user_id, revoked_at=envelope["occurred_at"])
    await on.commands.revoke_sessions(event)
    # Others hear of it from the topic; whoever reads this answer must find it done here.
    on.authentication.revoke(event)


async def _first(user_id: str, who: Caller, on: Parts) -> list[ProfileUpdated]:
    """What must come before a change that else would make a profile, or complete one, in the sign-in's place."""
    profile = await on.records.profile(user_id)
    if user_id == who.user_id:
        return [first_profile(who, on.settings)] if profile is None or profile.unnamed is True else []
    return [] if profile is not None else [default_profile(user_id, who, on.settings)]


def default_profile(user_id: str, who: Caller, settings: ApiSettings) -> ProfileUpdated:
    """The profile of somebody who has not signed in yet: verified as this site has it, and still without a name."""
    return ProfileUpdated(
        **happening_now(),
        user_id=user_id,
        updated_by=who.user_id,
        verification_status=settings.default_verification,
        only_if_absent=True,
    )


def first_profile(who: Caller, settings: ApiSettings) -> ProfileUpdated:
    """The profile that the first sign-in makes; where one exists it gives a name at most, if nobody has."""
    return ProfileUpdated(
        **happening_now(),
        user_id=who.user_id,
        updated_by=who.user_id,
        verification_status=settings.default_verification,
        display_name=fitting_name(who.name, otherwise=who.user_id),
        only_if_absent=True,
    )


def profile_update(user_id: str, change: ProfileChange, who: Caller) -> ProfileUpdated:
    """The update with the fields that `who` may set; raises FORBIDDEN for others, UNPROCESSABLE for none."""
    if change.display_name is None and change.verification_status is None:
        raise Problem("UNPROCESSABLE", "Name at least one of displayName and verificationStatus.")
    if user_id != who.user_id or change.verification_status is not None:
        who.require_admin()
    return ProfileUpdated(
        **happening_now(),
        user_id=user_id,
        updated_by=who.user_id,
        verification_status=UNSET if change.verification_status is None else change.verification_status,
        display_name=UNSET if change.display_name is None else change.display_name,
    )
