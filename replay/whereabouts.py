"""Who was in the room and which of their connections were open, as the story goes on. Pure.

Folded with presence's own function from chat.connections, so it also knows what the compacted chat.presence forgot.
"""

from collections.abc import Iterable

from contracts.connections import Connected
from contracts.facts import Fact, ParticipantRemoved, ParticipantsAdded, RoomCreated
from contracts.presence import OpenConnection
from services.presence.received import Received
from services.presence.state import UserState, fold


class OpenConnections:
    """Open connections of some users, or of all."""

    def __init__(self, users: Iterable[str] | None = None) -> None:
        self._only = None if users is None else frozenset(users)
        self._states: dict[str, UserState] = {}

    def apply(self, received: Received) -> None:
        """Take the next event of the user's partition."""
        user_id = received.event.user_id
        if self._only is not None and user_id not in self._only:
            return
        before = self._states.get(user_id)
        if before is None and not isinstance(received.event, Connected):
            return
        after = fold(before or UserState(user_id), received)
        if after.connections:
            self._states[user_id] = after
        else:
            self._states.pop(user_id, None)

    def of(self, user_id: str) -> tuple[OpenConnection, ...]:
        """What the user has open now, the newest last."""
        state = self._states.get(user_id)
        return () if state is None else state.connections


class Membership:
    """The participants of one room after each of its facts."""

    def __init__(self) -> None:
        self.people: tuple[str, ...] = ()
        self.ever: set[str] = set()
        self.position = -1

    def apply(self, fact: Fact) -> None:
        """Take the room's next fact; one that comes again changes nothing."""
        if fact.submission.offset <= self.position:
            return
        self.position = fact.submission.offset
        match fact:
            case RoomCreated():
                self.people = fact.participant_ids
            case ParticipantsAdded():
                self.people += fact.user_ids
            case ParticipantRemoved():
                self.people = tuple(user for user in self.people if user != fact.user_id)
        self.ever.update(self.people)
