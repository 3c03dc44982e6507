"""Making a room (spec 8): one submission for the first 40 participants, more of them for the rest, in order.

Repeatable where the caller chooses the id: the same request again has the same answer, and completes what an
interrupted one began.
"""

import uuid
from dataclasses import dataclass

from contracts.limits import PARTICIPANTS_PER_SUBMISSION
from contracts.rows import RoomRow
from contracts.submissions import AddParticipants, CreateRoom
from services.persistence.api.commands import Commands, Late, happening_now
from services.persistence.api.problems import Problem, unavailable
from services.persistence.api.records import Records
from services.persistence.api.shapes import NewRoom


@dataclass(frozen=True, slots=True)
class Wanted:
    """A room as its creator wants it; the creator is the first participant, and nobody is in it twice."""

    chat_room_id: str
    name: str
    creator: str
    participant_ids: tuple[str, ...]

    @classmethod
    def of(cls, asked: NewRoom, creator: str) -> "Wanted":
        """What `creator` asks for, with an id of our own where none was chosen."""
        people = tuple(dict.fromkeys((creator, *asked.participant_ids)))
        return cls(asked.chat_room_id or str(uuid.uuid4()), asked.name, creator, people)

    @property
    def first(self) -> CreateRoom:
        """The submission that makes the room, with as many people as one may hold."""
        return CreateRoom(
            **happening_now(),
            chat_room_id=self.chat_room_id,
            name=self.name,
            participant_ids=self._parts[0],
            requested_by=self.creator,
        )

    @property
    def rest(self) -> tuple[AddParticipants, ...]:
        """The submissions that add everybody else."""
        return tuple(
            AddParticipants(**happening_now(), chat_room_id=self.chat_room_id, user_ids=part, requested_by=self.creator)
            for part in self._parts[1:]
        )

    def missing(self, room: RoomRow | None) -> tuple[AddParticipants, ...] | None:
        """What an interrupted request of these wishes left to be done; None where `room` cannot come from one.

        Each submission adds all of its people or none, in order. So a room with other people than the first few
        submissions make is another one, or somebody came or left meanwhile: nobody is put back.
        """
        if room is None or (room.created_by, room.name) != (self.creator, self.name):
            return None
        there, made = set(room.participant_ids), set[str]()
        for done, part in enumerate(self._parts):
            made |= set(part)
            if there == made:
                return self.rest[done:]
        return None

    @property
    def _parts(self) -> tuple[tuple[str, ...], ...]:
        starts = range(0, len(self.participant_ids), PARTICIPANTS_PER_SUBMISSION)
        return tuple(self.participant_ids[start : start + PARTICIPANTS_PER_SUBMISSION] for start in starts)


class Creation:
    """Makes rooms."""

    def __init__(self, commands: Commands, records: Records, *, participants_most: int) -> None:
        self._commands = commands
        self._records = records
        self._participants_most = participants_most

    async def create(self, asked: NewRoom, creator: str) -> RoomRow:
        """The room, now or earlier made by this request. Raises the refusal, or Late."""
        wanted = Wanted.of(asked, creator)
        if len(wanted.participant_ids) > self._participants_most:
            raise Problem("TOO_MANY_PARTICIPANTS", f"A room has at most {self._participants_most} participants.")
        if asked.chat_room_id is not None and wanted.rest:
            await self._create_in_steps(wanted)
            return _present(await self._records.room(wanted.chat_room_id))
        outcome = await self._commands.submit(wanted.first, *wanted.rest)
        return _present(await self._commands.read_after(outcome, self._records.room(wanted.chat_room_id)))

    async def _create_in_steps(self, wanted: Wanted) -> None:
        # Nobody is added before it is known that the room of this id is ours: it might be somebody else's.
        try:
            if missing := await self._begun(wanted):
                await self._commands.submit(*missing)
        except Late:
            raise _half_made() from None

    async def _begun(self, wanted: Wanted) -> tuple[AddParticipants, ...]:
        """What is still to be done once the room is there with its first people."""
        try:
            await self._commands.submit(wanted.first)
        except Problem as refusal:
            if refusal.code != "ROOM_EXISTS":
                raise
            # Decided on the first 40 alone, a repeated request looks like another room.
            missing = wanted.missing(await self._records.room(wanted.chat_room_id))
            if missing is None:
                raise
            return missing
        return wanted.rest


def _present(room: RoomRow | None) -> RoomRow:
    if room is None:
        raise unavailable("The room was decided and is not in the table.")
    return room


def _half_made() -> Problem:
    return unavailable("The room may have been made with a part of its people: repeat the request to complete it.")
