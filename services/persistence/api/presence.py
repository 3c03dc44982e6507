"""Who is online, as chat.presence tells it (spec 9). The whole topic: before its end an answer would be a guess."""

from dataclasses import dataclass

from chassis.records import Record
from contracts.presence import PresenceChanged, PresenceStatus
from contracts.topics import PRESENCE


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """One user's status."""

    status: PresenceStatus
    last_seen_at: str | None
    version: int
    position: int


NEVER_SEEN = Whereabouts("offline", None, 0, -1)


class PresenceView:
    """One entry for each user who ever connected; `apply` is a Tail's on_record."""

    def __init__(self) -> None:
        self._users: dict[str, Whereabouts] = {}

    def apply(self, record: Record) -> None:
        """Take one record; one that stands at a lower position than the one held is ignored."""
        if record.value is None:
            self._users.pop((record.key or b"").decode("utf-8", "replace"), None)
            return
        event = PRESENCE.decode(record.value)
        if not isinstance(event, PresenceChanged):
            return
        held = self._users.get(event.user_id, NEVER_SEEN)
        if event.position >= held.position:
            self._users[event.user_id] = Whereabouts(
                event.status, event.last_seen_at, event.presence_version, event.position
            )

    def of(self, user_id: str) -> Whereabouts:
        """Where the user is; offline for one who never connected."""
        return self._users.get(user_id, NEVER_SEEN)
