"""Who makes rooms, and who is in them (spec 8). Pure."""

from contracts.facts import Fact, ParticipantRemoved, ParticipantsAdded, RoomCreated
from contracts.rows import RoomRow
from contracts.submissions import AddParticipants, CreateRoom, RemoveParticipant
from contracts.timestamps import iso
from services.persistence.case import Case, is_approved


def create(case: Case, asked: CreateRoom) -> Fact:
    """Make the room; the creator is always in it. The same request again finds it made."""
    if case.room is not None and _is_same(case.room, asked):
        return case.nothing()
    profile = case.profile(asked.requested_by)
    if not is_approved(profile):
        return case.refuse("VERIFICATION_REQUIRED", profile)
    if case.room is not None:
        return case.refuse("ROOM_EXISTS", profile)
    people = _people(asked)
    if len(people) > case.rules.participants_most:
        return case.refuse("TOO_MANY_PARTICIPANTS", profile)
    return RoomCreated(
        **case.envelope(profile),
        name=asked.name,
        participant_ids=people,
        created_by=asked.requested_by,
        created_at=iso(case.received.arrived_ms),
    )


def add(case: Case, asked: AddParticipants) -> Fact:
    """Add those who are not in the room; approved participants may.

    Who is added reads the whole history, so being an admin opens no room: `by_admin` counts for nothing here.
    """
    profile = case.profile(asked.requested_by)
    if not is_approved(profile):
        return case.refuse("VERIFICATION_REQUIRED", profile)
    room = case.room
    if room is None or asked.requested_by not in room.participant_ids:
        return case.refuse("NOT_A_PARTICIPANT", profile)
    there = set(room.participant_ids)
    new = tuple(user_id for user_id in dict.fromkeys(asked.user_ids) if user_id not in there)
    if not new:
        return case.nothing(profile)
    if len(there) + len(new) > case.rules.participants_most:
        return case.refuse("TOO_MANY_PARTICIPANTS", profile)
    return ParticipantsAdded(
        **case.envelope(profile),
        name=room.name,
        user_ids=new,
        added_by=asked.requested_by,
        joined_at=iso(case.received.arrived_ms),
        last_read_seq=case.fence.seq if case.fence else 0,
        participant_count=len(there) + len(new),
    )


def remove(case: Case, asked: RemoveParticipant) -> Fact:
    """Take one person out; everyone may go, the creator (while in the room) and admins remove others."""
    room = case.room
    if room is None:
        return case.refuse("NOT_FOUND" if asked.by_admin else "NOT_A_PARTICIPANT")
    if not asked.by_admin and asked.user_id != asked.requested_by:
        if asked.requested_by not in room.participant_ids:
            return case.refuse("NOT_A_PARTICIPANT")
        if asked.requested_by != room.created_by:
            return case.refuse("FORBIDDEN")
    if asked.user_id not in room.participant_ids:
        return case.nothing()
    return ParticipantRemoved(
        **case.envelope(),
        name=room.name,
        user_id=asked.user_id,
        removed_by=asked.requested_by,
        participant_count=len(room.participant_ids) - 1,
    )


def _people(asked: CreateRoom) -> tuple[str, ...]:
    """Each once; a creator who is not named stands first."""
    named = asked.participant_ids
    return tuple(dict.fromkeys(named if asked.requested_by in named else (asked.requested_by, *named)))


def _is_same(room: RoomRow, asked: CreateRoom) -> bool:
    return (
        room.created_by == asked.requested_by
        and room.name == asked.name
        and set(room.participant_ids) == set(_people(asked))
    )
